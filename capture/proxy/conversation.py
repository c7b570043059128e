"""One web socket's messages while they pass: a line of JSON each, kept as a resource record."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import BinaryIO

from capture.secrets.masking import Secrets, mask_message

MEDIA_TYPE = "application/jsonl"


class Conversation:
    """The record `urn:websocket:<url>`. `spend` gives the part of a message that the byte budget covers.

    Each line has `at` (UTC), `from` (client or server), `type` (text or binary) and `text` or
    `base64`; a last one of the type `close` has `code` and `reason`. A message over the budget is
    told as `cut`, with its length, and ends the record.
    """

    def __init__(self, url: str, file: BinaryIO, spend: Callable[[bytes], bytes]) -> None:
        self.url = url
        self.file = file
        self.cut = False
        self._spend = spend

    def hear(self, content: bytes, *, client: bool, text: bool, at: float, secrets: Secrets) -> None:
        """Keep one whole message."""
        if self.cut:
            return
        line: dict[str, object] = {"at": _moment(at), "from": "client" if client else "server"}
        if len(self._spend(content)) < len(content):
            self.cut = True
            self._write({**line, "type": "cut", "bytes": len(content)})
        elif text:
            self._write({**line, "type": "text", "text": mask_message(content, secrets).decode("utf-8", "replace")})
        else:
            masked = secrets.mask(content)
            self._write({**line, "type": "binary", "base64": b64encode(masked).decode()})

    def close(self, code: int, reason: str, *, client: bool, at: float, secrets: Secrets) -> None:
        """Keep how it ended; `code` as in RFC 6455, 7.4."""
        said = secrets.mask(reason.encode("utf-8", "replace")).decode("utf-8", "replace")
        who = "client" if client else "server"
        self._write({"at": _moment(at), "from": who, "type": "close", "code": code, "reason": said})

    def _write(self, line: dict[str, object]) -> None:
        self.file.write(json.dumps(line, ensure_ascii=False).encode("utf-8", "replace") + b"\n")


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
