"""Records that were written before a secret in them was known: masked when the capture ends.

A page often carries in its text the very token that its scripts send an instant later.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast

from archiver.core.warc import Rewritten, WarcRecord
from capture.proxy.heads import read_fields, write_head
from capture.secrets.echoes import without_echoes
from capture.secrets.masking import Secrets, mask_layout

_IN_MEMORY = 1 << 20


def masking(secrets: Secrets, folder: Path, echoed: Callable[[str], None]) -> Callable[[WarcRecord], Rewritten | None]:
    """The change a record needs so that it holds none of `secrets`; None where it holds none.

    `echoed` is told the address of every response whose body gave one back.
    """

    def new_file() -> BinaryIO:
        return cast(BinaryIO, tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY, dir=str(folder)))

    def change(record: WarcRecord) -> Rewritten | None:
        uri = secrets.mask_url(record.uri)
        head = secrets.mask(record.http_head)
        if record.type == "response":
            first_line, fields = read_fields(head)
            kept = without_echoes(fields, _body(record, new_file), secrets, new_file)
            if kept.echoes:
                echoed(uri)
                metadata = {"echoes": "a secret value in the body was masked"}
                body = kept.body or b""
                return Rewritten(uri=uri, head=write_head(first_line, kept.fields), body=body, metadata=metadata)
            if (uri, head) == (record.uri, record.http_head):
                return None
            return Rewritten(uri=uri, head=head, body=kept.body or b"")
        if record.type == "warcinfo" or (record.type == "resource" and record.media_type.startswith("image/")):
            return None
        plain = record.payload()
        body = _mask_payload(record, plain, secrets)
        if (uri, head, body) == (record.uri, record.http_head, plain):
            return None
        return Rewritten(uri=uri, head=head, body=body)

    return change


def _mask_payload(record: WarcRecord, plain: bytes, secrets: Secrets) -> bytes:
    if record.uri.startswith("urn:layout:"):
        return mask_layout(plain, secrets)[0]
    return secrets.mask(plain)


def _body(record: WarcRecord, new_file: Callable[[], BinaryIO]) -> BinaryIO:
    file = new_file()
    for piece in record.iter_payload():
        file.write(piece)
    return file
