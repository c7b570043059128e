"""A thinned WARC gives back every record as recorded, or says which two files keep it from doing so."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.core.errors import BadWarc
from archiver.core.warc import (
    Exchange,
    Holder,
    KnownPayloads,
    Thinned,
    WarcRecord,
    WarcWriter,
    check_warc,
    read_records,
    read_restored,
    repeats_of,
    thin,
)
from tests.core.values import SENTENCES

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
PAGE = "https://example.gov.in/notice"


@dataclass(frozen=True)
class Part:
    """One exchange or resource of a capture."""

    uri: str
    payload: bytes
    head: bytes = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
    request_body: bytes = b""
    truncated: str | None = None


BODIES = st.sampled_from([b"", b"\x00\r\n\r\nWARC/1.1\r\n", *(text.encode() for text in SENTENCES)]) | st.binary(
    max_size=40
)
HEADS = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: /caf\xe9\r\n\r\n",
        "HTTP/1.1 200 শিৱসাগৰ\r\nX-আপডেট: हाँ 🛟\r\n\r\n".encode(),
    ]
)
PARTS = st.builds(
    Part,
    uri=st.sampled_from([PAGE, "https://example.gov.in/style.css", "urn:dom:" + PAGE, "https://example.gov.in/ব?q=é"]),
    payload=BODIES,
    head=HEADS,
    request_body=BODIES,
    truncated=st.sampled_from([None, None, None, "length"]),
)
CAPTURES = st.lists(st.lists(PARTS, max_size=5), min_size=1, max_size=4)

_numbers = itertools.count(1)


def write(path: Path, parts: list[Part]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    ids: Callable[[], str] = lambda: f"<urn:uuid:00000000-0000-4000-8000-{next(_numbers):012d}>"  # noqa: E731
    writer = WarcWriter(path, info={"masked": "cookies"}, now=lambda: NOON, new_record_id=ids)
    for part in parts:
        if part.uri.startswith("urn:"):
            writer.write_resource(part.uri, "text/html", part.payload)
        else:
            writer.write_exchange(
                Exchange(
                    uri=part.uri,
                    date=NOON,
                    request_head=b"GET / HTTP/1.1\r\nHost: example.gov.in\r\n\r\n",
                    request_body=part.request_body,
                    response_head=part.head,
                    response_body=part.payload,
                    metadata={"certificates": ["sha256:ab"]},
                    truncated=part.truncated,
                )
            )
    writer.finish()
    return path


def as_recorded(records: list[WarcRecord]) -> list[tuple[object, ...]]:
    return [
        (each.type, each.id, each.date, each.uri, each.headers, each.http_head, each.payload_size, each.payload())
        for each in records
    ]


class Record:
    """The captures of one record below `root`, each thinned against those before it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.warcs: list[tuple[str, Path]] = []
        self.recorded: list[list[tuple[object, ...]]] = []
        self.thinned: list[Thinned] = []

    def resolve(self, file: str) -> Path:
        return self.root / file

    def capture(self, *parts: Part) -> Path:
        name = f"cap_{len(self.warcs):016d}/capture.warc.gz"
        path = write(self.root / name, list(parts))
        self.recorded.append(as_recorded(list(read_records(path))))
        known = KnownPayloads(self.warcs)
        self.thinned.append(
            thin(
                path,
                url=PAGE,
                find=lambda record, _: known.find(record.header("WARC-Payload-Digest") or "", record.uri),
                resolve=self.resolve,
            )
        )
        self.warcs.append((name, path))
        return path


@pytest.fixture
def record(tmp_path: Path) -> Record:
    return Record(tmp_path)


PAGE_PART = Part(PAGE, "Le barrage est sûr. বান্ধ সুৰক্ষিত।".encode() * 40)
DOM_PART = Part("urn:dom:" + PAGE, b"<p>The dam is safe.</p>" * 40)


@given(captures=CAPTURES)
def test_what_is_thinned_gives_back_every_record_of_every_capture(captures: list[list[Part]]) -> None:
    with TemporaryDirectory() as place:
        record = Record(Path(place))
        for parts in captures:
            record.capture(*parts)
        for (_, path), recorded, thinned in zip(record.warcs, record.recorded, record.thinned, strict=True):
            assert as_recorded(list(read_restored(path, record.resolve))) == recorded
            assert check_warc(path, records=thinned.records).ok


def test_what_repeats_is_kept_once_and_what_differs_is_kept_whole(record: Record) -> None:
    record.capture(PAGE_PART, DOM_PART)
    first = record.warcs[0][1].stat().st_size
    advert = Part("https://example.gov.in/advert", b"an advert " * 100)
    second = record.capture(PAGE_PART, DOM_PART, advert)
    assert [each.uri for each in read_records(second) if each.type == "response"] == [advert.uri]
    assert record.thinned[1].holders == (
        Holder(
            file="cap_0000000000000000/capture.warc.gz",
            offset=record.thinned[1].holders[0].offset,
            id=str(record.recorded[0][1][1]),
            uri=PAGE,
            date="2026-11-21T12:00:00.000000Z",
        ),
        record.thinned[1].holders[1],
    )
    third = record.capture(PAGE_PART, DOM_PART, advert)
    assert [each.type for each in read_records(third)] == ["warcinfo", "resource"]
    assert {each.file for each in record.thinned[2].holders} == {name for name, _ in record.warcs[:2]}
    assert third.stat().st_size < first * 2


def test_the_inner_warc_is_one_that_other_tools_read(record: Record, tmp_path: Path) -> None:
    """Taken out, it is a WARC/1.1 file of revisit and request records."""
    from warcio.archiveiterator import ArchiveIterator

    record.capture(PAGE_PART, DOM_PART)
    carrier, _ = repeats_of(record.capture(PAGE_PART, DOM_PART))
    assert carrier is not None
    assert (carrier.media_type, carrier.uri) == ("application/warc", f"urn:repeats:{PAGE}")
    (tmp_path / "inner.warc").write_bytes(carrier.payload())
    with (tmp_path / "inner.warc").open("rb") as file:
        seen = [
            (
                each.rec_type,
                each.rec_headers.get_header("WARC-Target-URI"),
                each.rec_headers.get_header("WARC-Profile"),
                each.rec_headers.get_header("WARC-Refers-To-Target-URI"),
                each.http_headers.get_statuscode() if each.rec_type == "revisit" and each.http_headers else None,
            )
            for each in ArchiveIterator(file)
        ]
    profile = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
    assert seen == [
        ("revisit", PAGE, profile, PAGE, "200"),
        ("request", PAGE, None, None, None),
        ("revisit", "urn:dom:" + PAGE, profile, "urn:dom:" + PAGE, None),
    ]


def test_a_screenshot_beside_the_warc_is_not_kept_in_it_too(record: Record) -> None:
    picture = b"\x89PNG" + bytes(range(256)) * 30
    (record.root / "cap_x").mkdir()
    (record.root / "cap_x/page.png").write_bytes(picture)
    path = write(record.root / "cap_x/capture.warc.gz", [Part("urn:fullPage:" + PAGE, picture), PAGE_PART])
    before = as_recorded(list(read_records(path)))
    digest = f"sha256:{sha256(picture).hexdigest()}"
    thin(
        path,
        url=PAGE,
        find=lambda each, _: Holder(file="cap_x/page.png") if each.header("WARC-Payload-Digest") == digest else None,
        resolve=record.resolve,
    )
    assert path.stat().st_size < len(picture)
    assert as_recorded(list(read_restored(path, record.resolve))) == before


def test_a_payload_whose_keeper_is_damaged_is_kept_again(record: Record) -> None:
    first = record.capture(PAGE_PART)
    whole = bytearray(first.read_bytes())
    known = KnownPayloads(record.warcs)
    holder = known.find(str(dict(record.recorded[0][1][4])["WARC-Payload-Digest"]), PAGE)  # type: ignore[call-overload]
    assert holder is not None
    assert holder.offset is not None
    whole[holder.offset + 400] ^= 0xFF
    first.write_bytes(bytes(whole))
    second = write(record.root / "cap_y/capture.warc.gz", [PAGE_PART])
    before = second.read_bytes()
    assert thin(second, url=PAGE, find=lambda *_: holder, resolve=record.resolve).holders == ()
    assert second.read_bytes() == before


def test_a_missing_payload_names_both_files(record: Record) -> None:
    record.capture(PAGE_PART)
    second = record.capture(PAGE_PART)
    shutil.rmtree(record.root / "cap_0000000000000000")
    restored = list(read_restored(second, record.resolve))[1]
    assert restored.http_header("Content-Type") == "text/html"  # heads are its own
    with pytest.raises(BadWarc, match=r"cap_0000000000000001/capture.warc.gz needs .*cap_0000000000000000/capture"):
        restored.payload()


def test_another_payload_in_its_place_is_told(record: Record) -> None:
    picture = b"\x89PNG one"
    (record.root / "page.png").write_bytes(picture)
    path = write(record.root / "capture.warc.gz", [Part("urn:fullPage:" + PAGE, picture)])
    thin(path, url=PAGE, find=lambda *_: Holder(file="page.png"), resolve=record.resolve)
    (record.root / "page.png").write_bytes(b"\x89PNG two")
    with pytest.raises(BadWarc, match=r"another payload lies"):
        list(read_restored(path, record.resolve))[1].payload()


def test_a_thinned_warc_without_its_archive_says_where_the_payload_lies(record: Record) -> None:
    record.capture(PAGE_PART)
    second = record.capture(PAGE_PART)
    with pytest.raises(BadWarc, match=r"cap_0000000000000000/capture\.warc\.gz"):
        list(read_restored(second))[1].payload()


@pytest.mark.parametrize(("start", "stop"), [(3, None), (0, -1), (0, -400), (700, None), (0, 30)])
def test_a_damaged_inner_warc_is_told_not_misread(record: Record, start: int, stop: int | None) -> None:
    record.capture(PAGE_PART)
    carrier, _ = repeats_of(record.capture(PAGE_PART))
    assert carrier is not None
    path = record.root / "bad.warc.gz"
    writer = WarcWriter(path, info={}, now=lambda: NOON)
    writer.write_resource(carrier.uri, "application/warc", carrier.payload()[start:stop])
    writer.finish()
    with pytest.raises(BadWarc, match=r"bad.warc.gz, record at offset \d+"):
        repeats_of(path)
