"""Everything that a file can be read as: its bytes decompressed and decoded again and again, until nothing is left.

ZIP, gzip and zlib, base64, MIME, UTF-16, JSON's escapes, PDF streams and texts, the chunks of pictures, names.
"""

from __future__ import annotations

import base64
import binascii
import email
import io
import json
import re
import shutil
import subprocess
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from email.message import Message
from pathlib import Path

import pikepdf

from archiver.core.errors import BadWarc
from archiver.core.warc import read_records

MOST_BYTES = 1 << 29
"""What is larger, unpacked, is told as not searched."""
_DEEPEST = 8
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{20,}={0,2}(?:\r?\n[A-Za-z0-9+/_-]+={0,2})*")
_HEX = re.compile(rb"[0-9a-fA-F]{48,}")
_PRINTED = re.compile(rb"[\x20-\x7e\x80-\xff\t\r\n]{4,}")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_HIGH = rb"[\x00\x01\x02\x03\x04\x06\x09\x0a\x20\xd8-\xdf\xfb-\xff]"
_WIDE = {
    "utf-16-le": re.compile(rb"(?:[\x00-\xff]" + _HIGH + rb"){4,}"),
    "utf-16-be": re.compile(rb"(?:" + _HIGH + rb"[\x00-\xff]){4,}"),
}
"""Runs of UTF-16 in bytes that are something else besides, as in EXIF, at whatever place they begin."""
_PLAIN_ALPHABET = bytes.maketrans(b"-_", b"+/")
_ZLIB = re.compile(rb"\x78[\x01\x5e\x9c\xda]")
_GZIP = b"\x1f\x8b\x08"


@dataclass(frozen=True)
class Reading:
    """One text found in a file. `place` leads to it; `plain` says that it is text as people write it."""

    place: str
    text: str
    plain: bool


class NotSearched(Exception):
    """A part that could not be searched, and why."""


def read_all(name: str, content: bytes) -> Iterator[Reading | NotSearched]:
    """Every reading of a file, its name first; what could not be searched is told among them."""
    yield Reading(f"{name} (its name)", name, True)
    yield from _read(name, content, 0)


def _read(place: str, content: bytes, depth: int) -> Iterator[Reading | NotSearched]:
    if not content:
        return
    if depth > _DEEPEST:
        yield NotSearched(f"{place}: packed deeper than {_DEEPEST} times")
        return
    if content[:4] == b"PK\x03\x04" or content[:4] == b"PK\x05\x06":
        yield from _read_zip(place, content, depth)
        return
    if content[:3] == _GZIP:
        yield from _read_gzip(place, content, depth)
        return
    if content[:5] == b"%PDF-":
        yield from _read_pdf(place, content, depth)
        return
    if content[:8] == b"\x89PNG\r\n\x1a\n":
        yield from _read_png(place, content, depth)
        return
    yield from _read_texts(place, content)
    if _looks_like_mail(content):
        yield from _read_mail(place, email.message_from_bytes(content), depth)
    yield from _read_encoded(place, content, depth)


def _read_texts(place: str, content: bytes) -> Iterator[Reading]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        yield Reading(f"{place} (bytes)", b" ".join(_PRINTED.findall(content)).decode("utf-8", "ignore"), False)
        for order, runs in _WIDE.items():
            found = [each.decode(order, "ignore") for each in runs.findall(content)]
            if found:
                yield Reading(f"{place} ({order})", "\n".join(found), False)
        return
    if "\0" in text:
        for order in ("utf-16-le", "utf-16-be"):
            yield Reading(f"{place} ({order})", content.decode(order, "ignore"), False)
    if "\\u" in text:
        text = _unescape(text)
    yield Reading(place, text, True)
    if text.startswith("{") and place.endswith(".jsonl"):
        yield from _read_lines(place, text)


def _read_lines(place: str, text: str) -> Iterator[Reading]:
    """Each line of a table by itself, named by its item."""
    for line in text.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and "item_id" in entry:
            yield Reading(f"{place}#{entry['item_id']}", json.dumps(entry, ensure_ascii=False), False)


def _unescape(text: str) -> str:
    joined = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    return joined.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _read_encoded(place: str, content: bytes, depth: int) -> Iterator[Reading | NotSearched]:
    for found in _BASE64.finditer(content):
        packed = re.sub(rb"[\s=]", b"", found[0]).translate(_PLAIN_ALPHABET)
        try:
            inner = base64.b64decode(packed + b"=" * (-len(packed) % 4) if len(packed) % 4 != 1 else packed[:-1])
        except (binascii.Error, ValueError):
            continue
        if _is_worth_reading(inner):
            yield from _read(f"{place}, base64 at byte {found.start()}", inner, depth + 1)
    for found in _HEX.finditer(content):
        inner = bytes.fromhex(found[0][: len(found[0]) // 2 * 2].decode())
        if _is_worth_reading(inner):
            yield from _read(f"{place}, hex at byte {found.start()}", inner, depth + 1)
    position = content.find(_GZIP)
    while position > 0:  # bodies inside a WARC, say
        yield from _read_gzip(f"{place}, gzip at byte {position}", content[position:], depth, certain=False)
        position = content.find(_GZIP, position + 3)


def _is_worth_reading(inner: bytes) -> bool:
    """Whether decoded bytes are text or a package, and not a digest or a key."""
    if inner[:3] == _GZIP or inner[:4] in (b"PK\x03\x04", b"%PDF", b"\x89PNG"):
        return True
    if inner.count(0) * 3 > len(inner):
        return True
    try:
        inner.decode()
    except UnicodeDecodeError as error:
        return error.start > max(8, len(inner) // 2)
    return True


def _read_zip(place: str, content: bytes, depth: int) -> Iterator[Reading | NotSearched]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            if package.comment:
                yield from _read(f"{place} (its comment)", package.comment, depth + 1)
            for each in package.infolist():
                yield Reading(f"{place}!{each.filename} (its name)", each.filename, True)
                if each.file_size > MOST_BYTES:
                    yield NotSearched(f"{place}!{each.filename}: {each.file_size} bytes are too many to search")
                elif each.flag_bits & 1:
                    yield NotSearched(f"{place}!{each.filename} is encrypted")
                elif not each.is_dir():
                    yield from _read(f"{place}!{each.filename}", package.read(each), depth + 1)
    except (zipfile.BadZipFile, NotImplementedError, zlib.error, RuntimeError, EOFError) as error:
        yield NotSearched(f"{place} cannot be unpacked: {error}")


def _read_gzip(place: str, content: bytes, depth: int, *, certain: bool = True) -> Iterator[Reading | NotSearched]:
    """All members, one after the other, read as one; what follows them is read as it is."""
    parts: list[bytes] = []
    rest, size = content, 0
    while rest[:3] == _GZIP:
        unpacker = zlib.decompressobj(31)
        try:
            piece = unpacker.decompress(rest, MOST_BYTES - size + 1)
        except zlib.error as error:
            if certain:
                yield NotSearched(f"{place} cannot be unpacked: {error}")
            break
        parts.append(piece)
        size += len(piece)
        if size > MOST_BYTES:
            yield NotSearched(f"{place}: more than {MOST_BYTES} bytes unpacked are too many to search")
            return
        if not certain or not unpacker.eof:
            rest = b""
            break
        rest = unpacker.unused_data
    if parts:
        yield from _read(f"{place} (unpacked)", b"".join(parts), depth + 1)
    if parts and parts[0][:5] == b"WARC/":
        yield from _read_bodies(place, content, depth)
    if certain and rest:
        yield from _read_texts(f"{place} (after its end)", rest)


def _read_bodies(place: str, content: bytes, depth: int) -> Iterator[Reading | NotSearched]:
    """Bodies of recorded traffic that came in an encoding of their own (brotli, say)."""
    with tempfile.NamedTemporaryFile(prefix="archiver-", suffix=".warc.gz") as file:
        file.write(content)
        file.flush()
        try:
            for record in read_records(Path(file.name)):
                if record.http_head and record.http_header("Content-Encoding"):
                    yield from _read(f"{place}, {record.type} of {record.uri}", record.content(), depth + 1)
        except BadWarc as error:
            yield NotSearched(f"{place} cannot be read as a WARC: {error}")


def _read_pdf(place: str, content: bytes, depth: int) -> Iterator[Reading | NotSearched]:
    yield from _read_texts(f"{place} (its bytes)", content)
    try:
        with pikepdf.open(io.BytesIO(content)) as opened:
            for number, each in enumerate(opened.objects):
                if isinstance(each, pikepdf.Stream):
                    try:
                        inner = each.read_bytes()
                    except pikepdf.PdfError:
                        inner = each.read_raw_bytes()
                    yield from _read(f"{place}, object {number}", inner, depth + 1)
                yield from _pdf_strings(f"{place}, object {number}", each)
    except pikepdf.PdfError as error:
        yield NotSearched(f"{place} cannot be read as a PDF: {error}")
    tool = shutil.which("pdftotext")
    if tool is None:
        yield NotSearched(f"{place}: its pages' text was not read, pdftotext is not installed (package poppler-utils)")
        return
    done = subprocess.run([tool, "-q", "-", "-"], input=content, capture_output=True, check=False, timeout=600)
    yield Reading(f"{place} (pages)", done.stdout.decode("utf-8", "replace"), True)


def _pdf_strings(place: str, thing: object, depth: int = 0) -> Iterator[Reading]:
    """Titles, bookmarks, addresses of links, alternative texts."""
    if depth > 4:
        return
    if isinstance(thing, pikepdf.String):
        yield Reading(f"{place} (a string)", str(thing), False)
    elif isinstance(thing, pikepdf.Array):
        for each in list(thing):
            yield from _pdf_strings(place, each, depth + 1)
    elif isinstance(thing, pikepdf.Dictionary | pikepdf.Stream):
        entries = thing.stream_dict if isinstance(thing, pikepdf.Stream) else thing
        for key in list(entries.keys()):
            value = entries.get(key)
            if isinstance(value, pikepdf.Object) and value.is_indirect:
                continue  # it has its own turn
            yield from _pdf_strings(f"{place}{key}", value, depth + 1)


def _read_png(place: str, content: bytes, depth: int) -> Iterator[Reading | NotSearched]:
    """Chunks that hold no pixels, and what follows the end."""
    position = 8
    while position + 12 <= len(content):
        length = int.from_bytes(content[position : position + 4], "big")
        kind = content[position + 4 : position + 8].decode("latin-1")
        inner = content[position + 8 : position + 8 + length]
        if kind not in ("IHDR", "IDAT", "IEND", "PLTE", "pHYs"):
            where = f"{place}, chunk {kind}"
            yield from _read(where, inner, depth + 1)
            for begins in (found.start() for found in _ZLIB.finditer(inner)):
                with suppress(zlib.error):
                    unpacked = zlib.decompressobj().decompress(inner[begins:], MOST_BYTES)
                    yield from _read(f"{where} (unpacked)", unpacked, depth + 1)
        position += 12 + length
        if kind == "IEND":
            break
    if position < len(content):
        yield from _read(f"{place} (after its end)", content[position:], depth + 1)


def _looks_like_mail(content: bytes) -> bool:
    head = b"\n" + content[:8192]
    return b"\nMIME-Version:" in head and b"\nContent-Type:" in head and content[:5] != b"WARC/"


def _read_mail(place: str, message: Message, depth: int) -> Iterator[Reading | NotSearched]:
    for part in message.walk():
        for key, value in part.items():
            yield Reading(f"{place} ({key})", str(email.header.make_header(email.header.decode_header(value))), True)
        if part.is_multipart():
            continue
        inner = part.get_payload(decode=True)
        if isinstance(inner, bytes) and inner:
            yield from _read(f"{place}/{part.get_filename() or part.get_content_type()}", inner, depth + 1)
