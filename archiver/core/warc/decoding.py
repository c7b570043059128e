"""Taking transfer and content encodings off a body, as far as it goes, with warcio's readers.

As they come, those readers crash on brotli, write into the text the size line where a chunked
body was cut, and report damage on stderr, once per block.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterator
from typing import BinaryIO

import brotli  # type: ignore[import-untyped]  # it ships no types
import zstandard
from warcio.bufferedreaders import BufferedReader, ChunkedDataException, ChunkedDataReader, gzip_decompressor

_CHUNK_SIZE = re.compile(rb"[0-9a-fA-F]+[ \t]*(;|\r\n)")


def decode_body(body: bytes, transfer_encoding: str, content_encoding: str) -> bytes:
    """`body` without the encodings its two headers name, the last applied taken off first.

    A body that is cut gives what came before the cut; one that is not what the header
    claims, or in an encoding not known here, is returned as it is. Known: chunked, gzip,
    deflate (with and without the zlib wrapper), br, zstd.
    """
    if "chunked" in _names(transfer_encoding):
        body = _ChunkReader(io.BytesIO(body)).read()
    for name in reversed(_names(content_encoding)):
        body = _decode(body, name)
    return body


def decode_pieces(body: BinaryIO, content_encoding: str, size: int = 1 << 20) -> Iterator[bytes]:
    """The bytes of `body`, from its start, without its content encodings, in pieces of about `size`.

    What `decode_body` says of damaged bodies and unknown encodings is true here too.
    """
    body.seek(0)
    reader = body
    for name in reversed(_names(content_encoding)):
        if name in _BodyReader.DECOMPRESSORS:
            reader = _BodyReader(reader, decomp_type=name)
    while piece := reader.read(size):
        yield piece


def _names(header: str) -> list[str]:
    return [name.strip().lower() for name in header.split(",") if name.strip()]


def _decode(body: bytes, name: str) -> bytes:
    if name not in _BodyReader.DECOMPRESSORS:
        return body
    reader = _BodyReader(io.BytesIO(body), decomp_type=name)
    plain: bytes = reader.read()
    return plain if reader.decompressor else body  # warcio drops the decompressor of what is not encoded


class _Brotli:
    """brotli's decompressor with the methods warcio calls."""

    unused_data = b""

    def __init__(self) -> None:
        self._decompressor = brotli.Decompressor()

    def decompress(self, packed: bytes) -> bytes:
        plain: bytes = self._decompressor.process(packed)
        return plain


class _BodyReader(BufferedReader):  # type: ignore[misc]  # warcio ships no types
    DECOMPRESSORS = {  # noqa: RUF012
        **BufferedReader.DECOMPRESSORS,
        "x-gzip": gzip_decompressor,
        "br": _Brotli,
        "zstd": lambda: zstandard.ZstdDecompressor().decompressobj(),
    }

    def _decompress(self, packed: bytes) -> bytes:
        plain: bytes
        if not (self.num_block_read and self.decompressor):  # warcio's own way finds whether it is encoded at all
            plain = super()._decompress(packed)
            return plain
        try:
            plain = self.decompressor.decompress(packed)
        except (zlib.error, brotli.error, zstandard.ZstdError):
            self.stream = io.BytesIO()  # what came before the damage is all there is
            return b""
        return plain


class _ChunkReader(ChunkedDataReader):  # type: ignore[misc]  # warcio ships no types
    """A body that begins with a chunk size is chunked to its end; any other is left as it is."""

    def _try_decode(self, length_header: bytes) -> None:
        try:
            super()._try_decode(length_header)
        except ChunkedDataException as cut:
            if not self.num_read and not _CHUNK_SIZE.match(length_header):
                raise
            self.all_chunks_read = True
            self._process_read(cut.data)
