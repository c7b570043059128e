"""Everything that a file can be read as: its bytes decompressed and decoded again and again, until nothing is left.

ZIP, gzip and zlib, base64, MIME, UTF-16, JSON's escapes, PDF streams and texts, the chunks of pictures, names.
"""

from __future__ import annotations

import email
import io
import json
import re
import shutil
import subprocess
import zipfile
import zlib
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from email.message import Message
from pathlib import Path

import pikepdf

from archiver.core.child_environment import child_environment
from exports.leaks.byte_runs import GZIP, PNG, printed, unpacked_runs, wide_runs
from exports.leaks.markup import letters_without_tags, without_tags
from exports.leaks.recorded import take_apart

MOST_BYTES = 1 << 29
"""What is larger, unpacked, is told as not searched."""
_DEEPEST = 8
_PDF = b"%PDF-"
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_BREAK = re.compile(r"\\[nrtbf]")
"""Line breaks as JSON writes them: read as letters they would hide the words beside them."""
_QUOTES = ("þ\x14þ", "\nþ", "þ\r\n", "þ\n")
"""Around the cells of a Concordance load file."""
_CLOSING_TAG = re.compile(rb"<\\?/[A-Za-z][A-Za-z0-9-]{0,30}>|<[bB][rR] ?/?>")
_NAMED_LINE = re.compile(rb'\{"item_id": ("(?:[^"\\]|\\.)*")')
"""A line of our own tables begins with its item."""
_ZLIB = re.compile(rb"\x78[\x01\x5e\x9c\xda]")
_FED = 1 << 16
_SLICE = 1 << 22
"""Bytes of a text that are read at a time, so that a table of any length takes no more memory."""
_SLICE_OVERLAP = 1 << 18


@dataclass(frozen=True)
class Reading:
    """One text found in a file. `place` leads to it; `plain` says that it is text as people write it.

    Where `words` is given, `text` has only the right letters in a row; what parts them is right in what `words` gives.
    """

    place: str
    text: str
    plain: bool
    words: Callable[[], str] | None = None


class NotSearched(Exception):
    """A part that could not be searched, and why."""


class Memory:
    """What was read before and held nothing, so that it need not be read again. This one knows nothing."""

    def is_clean(self, content: bytes) -> bool:
        """Whether all readings of the very same bytes were searched, and nothing was found."""
        return False

    def keep(self, content: bytes, begun: int) -> None:
        """Its readings were given since `begun`: it is clean where nothing was found in them."""

    def begin(self) -> int:
        """A mark for `found` and `keep`."""
        return 0

    def found(self, begun: int) -> bool:
        """Whether anything was found, or may have been, in the readings given since the mark was made."""
        return True


_FORGETS = Memory()


def read_all(name: str, content: bytes, memory: Memory = _FORGETS) -> Iterator[Reading | NotSearched]:
    """Every reading of a file, its name first; what could not be searched is told among them."""
    yield Reading(f"{name} (its name)", name, True)
    yield from _read(name, content, 0, memory)


def is_package(start: bytes) -> bool:
    """Whether a file that begins so is a ZIP."""
    return start[:4] in (b"PK\x03\x04", b"PK\x05\x06")


def read_package(name: str, path: Path, memory: Memory = _FORGETS) -> Iterator[Reading | NotSearched]:
    """The same of a ZIP on disk, of which only one file is in memory at a time."""
    yield Reading(f"{name} (its name)", name, True)
    yield from _read_zip(name, path, 0, memory)


def _read(place: str, content: bytes, depth: int, memory: Memory = _FORGETS) -> Iterator[Reading | NotSearched]:
    if not content:
        return
    if depth > _DEEPEST:
        yield NotSearched(f"{place}: packed deeper than {_DEEPEST} times")
        return
    if is_package(content):
        yield from _read_zip(place, io.BytesIO(content), depth)
        return
    if content[:3] == GZIP:
        yield from _read_gzip(place, content, depth, memory)
        return
    if content[:5] == _PDF:
        yield from _read_pdf(place, content, depth)
        return
    if content[:8] == PNG:
        yield from _read_png(place, content, depth)
        return
    yield from _read_texts(place, content, memory)
    message = email.message_from_bytes(content) if _looks_like_mail(content) else None
    parts = tuple(_parts_of_mail(place, message)) if message else ()
    if message:
        yield from _read_heads_of_mail(place, message)
    for where, inner in parts:
        yield from _read(where, inner, depth + 1)
    yield from _read_encoded(place, content, depth, frozenset(inner for _, inner in parts))


def _read_texts(place: str, content: bytes, memory: Memory = _FORGETS) -> Iterator[Reading]:
    whole = _decoded(content)
    if whole is None:
        yield Reading(f"{place} (bytes)", text := printed(content), False)
        if _CLOSING_TAG.search(content):
            yield from _read_markup(f"{place} (bytes)", text)
        for order, runs in wide_runs(content).items():
            if runs:
                yield Reading(f"{place} ({order})", "\n".join(each.decode(order, "ignore") for each in runs), False)
        return
    if b"\0" in content:
        for order in ("utf-16-le", "utf-16-be"):
            yield Reading(f"{place} ({order})", content.decode(order, "ignore"), False)
    table = content[:1] == b"{" and place.endswith(".jsonl")
    begun = memory.begin() if table else 0
    for start, end in _slices(content):
        text = whole or content[start:end].decode("utf-8", "ignore")
        yield from _read_text(place, text.removeprefix("\ufeff"))
    # what is in a line is in the whole, unless a comment or a load file's quotes go on from one line to another
    if table and (b"<!--" in content or b"\x14" in content or memory.found(begun)):
        yield from _read_lines(place, content)


def _read_text(place: str, text: str, *, plain: bool = True) -> Iterator[Reading]:
    """As it stands, and as the format means it where it writes line breaks in its own way."""
    if "þ\x14þ" in text:
        for quotes in _QUOTES:
            text = text.replace(quotes, "\n\n")
        text = text.removeprefix("þ").removesuffix("þ").replace("þþ", "þ").replace("®", "\n")
    if "\\" in text:
        text = _unescape(text) if "\\u" in text else text
        if (broken := _BREAK.sub("\n", text)) != text:
            yield Reading(place, broken, False)
            yield from _read_markup(place, broken)
    yield Reading(place, text, plain)
    yield from _read_markup(place, text)


def _read_markup(place: str, text: str) -> Iterator[Reading]:
    if "<" in text and (letters := letters_without_tags(text)) != text:
        yield Reading(f"{place} (without tags)", letters, False, lambda: without_tags(text))


def _slices(content: bytes) -> Iterator[tuple[int, int]]:
    """Parts of a long text, each beginning well before the last one's end; they are cut between lines where there are
    lines, for a part of a number may look like another number.
    """
    start = end = 0
    while end < len(content):
        end = min(end + _SLICE, len(content))
        line = content.find(b"\n", end, end + _SLICE_OVERLAP)
        end = line + 1 if line >= 0 else end
        yield start, end
        line = content.rfind(b"\n", max(0, end - 2 * _SLICE_OVERLAP), end - _SLICE_OVERLAP)
        start = line + 1 if line >= 0 else max(0, end - _SLICE_OVERLAP)


def _decoded(content: bytes) -> str | None:
    """The text that it is, "" where it is a long one, which is read in slices; None where it is something else."""
    try:
        if len(content) <= _SLICE:
            return content.decode()
        decoder = getincrementaldecoder("utf-8")()
        for start in range(0, len(content), _SLICE):
            decoder.decode(content[start : start + _SLICE], start + _SLICE >= len(content))
    except UnicodeDecodeError:
        return None
    return ""


def _read_lines(place: str, content: bytes) -> Iterator[Reading]:
    """Each line of a table by itself, named by its item."""
    for line in io.BytesIO(content):
        try:
            named = _NAMED_LINE.match(line)
            item = json.loads(named[1].decode()) if named else json.loads(line)["item_id"]
        except (ValueError, LookupError, TypeError):
            continue
        yield from _read_text(f"{place}#{item}", line.decode("utf-8", "ignore"), plain=False)


def _unescape(text: str) -> str:
    joined = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    return joined.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _read_encoded(
    place: str, content: bytes, depth: int, known: frozenset[bytes] = frozenset(), *, first: int = 1
) -> Iterator[Reading | NotSearched]:
    """`known` is what was read out of it by other means, a message's parts; a gzip begins at `first` or later."""
    for kind, start, inner in unpacked_runs(content):
        if inner not in known:
            yield from _read(f"{place}, {kind} at byte {start}", inner, depth + 1)
    position = content.find(GZIP, first)
    while position >= 0:  # bodies inside a WARC, say
        yield from _read_gzip(f"{place}, gzip at byte {position}", content[position:], depth, certain=False)
        position = content.find(GZIP, position + 3)


def _read_zip(
    place: str, file: Path | io.BytesIO, depth: int, memory: Memory = _FORGETS
) -> Iterator[Reading | NotSearched]:
    try:
        with zipfile.ZipFile(file) as package:
            if package.comment:
                yield from _read(f"{place} (its comment)", package.comment, depth + 1)
            for each in package.infolist():
                yield Reading(f"{place}!{each.filename} (its name)", each.filename, True)
                if each.file_size > MOST_BYTES:
                    yield NotSearched(f"{place}!{each.filename}: {each.file_size} bytes are too many to search")
                elif each.flag_bits & 1:
                    yield NotSearched(f"{place}!{each.filename} is encrypted")
                elif not each.is_dir() and not memory.is_clean(inner := package.read(each)):
                    yield from _read(f"{place}!{each.filename}", inner, depth + 1)
    except (zipfile.BadZipFile, NotImplementedError, zlib.error, RuntimeError, EOFError) as error:
        yield NotSearched(f"{place} cannot be unpacked: {error}")


def _read_gzip(
    place: str, content: bytes, depth: int, memory: Memory = _FORGETS, *, certain: bool = True
) -> Iterator[Reading | NotSearched]:
    """All members, one after the other, read as one, but records of a WARC each by itself; what follows them is read
    as it is.
    """
    parts: list[bytes] = []
    place_after, size = 0, 0
    while content[place_after : place_after + 3] == GZIP:
        unpacker = zlib.decompressobj(31)
        member: list[bytes] = []
        broken = False
        try:
            while not unpacker.eof and place_after < len(content):
                fed = content[place_after : place_after + _FED]
                place_after += len(fed)
                member.append(unpacker.decompress(fed, MOST_BYTES - size + 1))
                size += len(member[-1])
                if size > MOST_BYTES:
                    yield NotSearched(f"{place}: more than {MOST_BYTES} bytes unpacked are too many to search")
                    return
        except zlib.error as error:
            broken = True
            if certain:
                yield NotSearched(f"{place} cannot be unpacked: {error}")
        if certain and member and member[0][:5] == b"WARC/":
            yield from _read_record(place, b"".join(member), depth, memory)
        else:
            parts += member
        if broken:
            break
        if not certain or not unpacker.eof:
            place_after = len(content)
            break
        place_after -= len(unpacker.unused_data)
    unpacked, rest = b"".join(parts), content[place_after:]
    if unpacked:
        yield from _read(f"{place} (unpacked)", unpacked, depth + 1)
    if certain and rest:
        yield from _read_texts(f"{place} (after its end)", rest)


def _read_record(place: str, record: bytes, depth: int, memory: Memory) -> Iterator[Reading | NotSearched]:
    """One record of recorded traffic: its heads, its body as it was sent, and without its encodings (brotli, say)."""
    parts = take_apart(record)
    where = f"{place}, {parts.label}"
    yield from _read_texts(where, parts.heads)
    if not parts.whole and b"content-encoding" in record.lower():
        yield NotSearched(f"{where} cannot be read as a WARC: it is not as long as it says")
    for body in filter(None, (parts.body, parts.decoded)):
        if memory.is_clean(body):  # scripts, styles and fonts of a site come with every page
            continue
        begun = memory.begin()
        if body is parts.decoded or is_package(body) or body[:5] == _PDF:
            yield from _read(where, body, depth + 1)
        elif body[:8] == PNG:
            yield from _read_png(where, body, depth)
        else:
            yield from _read_texts(where, body)
            yield from _read_encoded(where, body, depth, first=0)
        memory.keep(body, begun)


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
    done = subprocess.run(
        [tool, "-q", "-", "-"], input=content, capture_output=True, check=False, timeout=600, env=child_environment()
    )
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


def _read_heads_of_mail(place: str, message: Message) -> Iterator[Reading]:
    for part in message.walk():
        for key, value in part.items():
            yield Reading(f"{place} ({key})", str(email.header.make_header(email.header.decode_header(value))), True)


def _parts_of_mail(place: str, message: Message) -> Iterator[tuple[str, bytes]]:
    for part in message.walk():
        inner = None if part.is_multipart() else part.get_payload(decode=True)
        if isinstance(inner, bytes) and inner:
            yield f"{place}/{part.get_filename() or part.get_content_type()}", inner
