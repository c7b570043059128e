"""A WARC is written as the standard says, read back as written, and no damage goes unnoticed."""

from __future__ import annotations

import gzip
import io
import itertools
import os
import resource
import subprocess
import sys
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import brotli  # type: ignore[import-untyped]  # it ships no types
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver.core.errors import BadWarc, StorageFull
from archiver.core.warc import (
    Exchange,
    WarcRecord,
    WarcWriter,
    check_stream,
    check_warc,
    read_record,
    read_records,
    read_stream,
    recover,
)
from archiver.core.warc.decoding import decode_body

NOON = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)
SENTENCES = "The dam is safe. Le barrage est sûr. বান্ধ সুৰক্ষিত। बाँध सुरक्षित है। بند محفوظ ہے۔ 🛟"


def fixed_ids() -> Callable[[], str]:
    numbers = itertools.count(1)
    return lambda: f"<urn:uuid:00000000-0000-4000-8000-{next(numbers):012d}>"


def writer_for(path: Path, **info: str) -> WarcWriter:
    return WarcWriter(path, info=info, now=lambda: NOON, new_record_id=fixed_ids())


def an_exchange(
    body: bytes = SENTENCES.encode(), *, fields: bytes = b"", uri: str = "https://example.gov.in/notice"
) -> Exchange:
    return Exchange(
        uri=uri,
        date=NOON,
        request_head=b"GET /notice HTTP/1.1\r\nHost: example.gov.in\r\n\r\n",
        response_head=b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n" + fields + b"\r\n",
        response_body=body,
        ip_address="192.0.2.7",
        protocols=("h2", "tls/1.3"),
        cipher_suite="TLS_AES_128_GCM_SHA256",
        metadata={"certificates": ["sha256:ab"]},
    )


def write(path: Path, *exchanges: Exchange) -> Path:
    writer = writer_for(path, masked="cookies")
    for exchange in exchanges:
        writer.write_exchange(exchange)
    writer.write_resource("urn:dom:https://example.gov.in/notice", "text/html", b"<p>\xc3\xa9</p>")
    writer.finish()
    return path


@pytest.fixture
def warc(tmp_path: Path) -> Path:
    return write(tmp_path / "capture.warc.gz", an_exchange())


def run_tool(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", f"from {module} import main; main()", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


# -- writing ----------------------------------------------------------------------------------


def test_records_are_written_byte_for_byte_as_the_standard_says(tmp_path: Path) -> None:
    writer = writer_for(tmp_path / "a.warc.gz")
    writer.write_exchange(an_exchange(b"safe"))
    writer.finish()
    members = [
        gzip.decompress((tmp_path / "a.warc.gz").read_bytes()[record.offset :][: record.length])
        for record in read_records(tmp_path / "a.warc.gz")
    ]
    assert members[0].startswith(
        b"WARC/1.1\r\n"
        b"WARC-Type: warcinfo\r\n"
        b"WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000001>\r\n"
        b"WARC-Date: 2026-11-21T12:00:00.123456Z\r\n"
        b"WARC-Filename: a.warc.gz\r\n"
        b"WARC-Block-Digest: sha256:"
    )
    assert members[1] == (
        b"WARC/1.1\r\n"
        b"WARC-Type: response\r\n"
        b"WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000002>\r\n"
        b"WARC-Date: 2026-11-21T12:00:00.123456Z\r\n"
        b"WARC-Target-URI: https://example.gov.in/notice\r\n"
        b"WARC-IP-Address: 192.0.2.7\r\n"
        b"WARC-Protocol: h2\r\n"
        b"WARC-Protocol: tls/1.3\r\n"
        b"WARC-Cipher-Suite: TLS_AES_128_GCM_SHA256\r\n"
        b'WARC-JSON-Metadata: {"certificates":["sha256:ab"]}\r\n'
        b"WARC-Block-Digest: sha256:01dc003dab605248b93e13069ee018057a3f850ade234ebb3a011dd7367d4549\r\n"
        b"WARC-Payload-Digest: sha256:8b3369944dd2a3fab39e32d1aeb1f763946a458ae3e6368a46432adc8f3a0860\r\n"
        b"Content-Type: application/http;msgtype=response\r\n"
        b"Content-Length: 64\r\n"
        b"\r\n"
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nsafe"
        b"\r\n\r\n"
    )
    assert members[2].startswith(
        b"WARC/1.1\r\nWARC-Type: request\r\nWARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000003>\r\n"
    )
    assert b"WARC-Concurrent-To: <urn:uuid:00000000-0000-4000-8000-000000000002>\r\n" in members[2]


def test_the_warcinfo_names_software_format_and_what_was_masked(warc: Path) -> None:
    lines = next(read_records(warc)).payload().decode().splitlines()
    assert lines[0].startswith("software: Archiver/")
    assert lines[1:] == [
        "format: WARC File Format 1.1",
        "conformsTo: https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
        "masked: cookies",
    ]


def test_the_summary_tells_records_size_and_digest_of_the_file(tmp_path: Path) -> None:
    writer = writer_for(tmp_path / "a.warc.gz")
    writer.write_exchange(an_exchange())
    summary = writer.finish()
    found = subprocess.run(["sha256sum", summary.path], capture_output=True, text=True, check=True).stdout
    assert summary.sha256 == f"sha256:{found.split()[0]}"
    assert (summary.records, summary.size) == (3, summary.path.stat().st_size)


def test_nothing_appears_under_the_name_before_the_file_is_finished(tmp_path: Path) -> None:
    writer = writer_for(tmp_path / "a.warc.gz")
    writer.write_exchange(an_exchange())
    assert [path.name for path in tmp_path.iterdir()] == ["a.warc.gz.part"]
    writer.abandon()
    assert list(tmp_path.iterdir()) == []


def test_a_line_break_in_a_value_cannot_forge_a_header(tmp_path: Path) -> None:
    writer = writer_for(tmp_path / "a.warc.gz", title="x\r\nmasked: nothing")
    writer.write_resource("urn:x", "text/plain", b"", headers={"WARC-Page-ID": "1\r\nWARC-Type: response"})
    writer.finish()
    info, page = read_records(tmp_path / "a.warc.gz")
    assert "masked: nothing" not in info.payload().decode().splitlines()
    assert page.type == "resource"


def test_other_tools_accept_the_file(warc: Path) -> None:
    assert subprocess.run(["gzip", "-t", warc], check=False).returncode == 0
    checked = run_tool("warcio.cli", "check", "-v", str(warc))
    assert (checked.returncode, checked.stdout.count("digest pass")) == (0, 4)


def test_a_body_longer_than_memory_pieces_is_streamed_through(tmp_path: Path) -> None:
    body = bytes(range(256)) * 12_000  # 3 MB: read again from the file, not kept
    path = write(tmp_path / "a.warc.gz", Exchange(**{**vars(an_exchange()), "response_body": io.BytesIO(body)}))
    response = list(read_records(path))[1]
    assert response.payload_size == len(body)
    assert response.payload() == body
    assert max(map(len, response.iter_payload())) <= 1 << 18
    assert check_warc(path, records=4).ok


def test_a_long_body_is_written_without_holding_it(tmp_path: Path) -> None:
    with (tmp_path / "long").open("wb+") as body:
        body.truncate(60_000_000)
        tracemalloc.start()
        write(tmp_path / "a.warc.gz", replace(an_exchange(), response_body=body))
        assert check_warc(tmp_path / "a.warc.gz", records=4).ok
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 10_000_000


def test_a_disk_that_refuses_leaves_whole_records_and_fails_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    writer = writer_for(path)
    writer.write_exchange(an_exchange())
    whole = (tmp_path / "a.warc.gz.part").stat().st_size
    noise = bytes(zlib.crc32(b"%d" % n) & 255 for n in range(9999))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (whole + 500, limits[1]))
    try:
        with pytest.raises(StorageFull, match=r"a\.warc\.gz could not be written"):
            writer.write_resource("urn:noise", "image/png", noise)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (tmp_path / "a.warc.gz.part").stat().st_size == whole
    with pytest.raises(StorageFull):
        writer.write_exchange(an_exchange())
    with pytest.raises(StorageFull):
        writer.finish()
    assert not path.exists()
    assert recover(tmp_path / "a.warc.gz.part").records == 3
    writer.abandon()


# -- reading ----------------------------------------------------------------------------------


def test_what_was_written_is_read(warc: Path) -> None:
    info, response, request, dom = read_records(warc)
    assert [record.type for record in (info, response, request, dom)] == [
        "warcinfo",
        "response",
        "request",
        "resource",
    ]
    assert (response.uri, response.date, response.status) == ("https://example.gov.in/notice", NOON, 200)
    assert (response.media_type, response.content().decode()) == ("text/plain", SENTENCES)
    assert response.headers.count(("WARC-Protocol", "h2")) == 1
    assert (request.method, request.status, request.http_header("host")) == ("GET", None, "example.gov.in")
    assert (dom.media_type, dom.content(), dom.http_headers) == ("text/html", b"<p>\xc3\xa9</p>", ())
    assert read_record(warc, dom.offset) == dom


def test_header_bytes_that_are_not_ascii_stay_as_they_were(tmp_path: Path) -> None:
    fields = b"X-Place: caf\xe9\r\nX-Town: \xe0\xa6\x97\r\nX-Folded: a\r\n  b\r\n"
    response = list(read_records(write(tmp_path / "a.warc.gz", an_exchange(fields=fields))))[1]
    assert fields in response.http_head
    assert response.http_header("x-place") == "café"
    assert response.http_header("X-TOWN") == "গ"
    assert response.http_header("x-folded") == "a b"


def test_an_address_in_another_script_is_written_in_ascii(tmp_path: Path) -> None:
    response = list(read_records(write(tmp_path / "a.warc.gz", an_exchange(uri="https://a.in/জাননী ?q=ہ"))))[1]
    assert response.uri == "https://a.in/%E0%A6%9C%E0%A6%BE%E0%A6%A8%E0%A6%A8%E0%A7%80%20?q=%DB%81"


def _deflate(body: bytes, bits: int) -> bytes:
    packer = zlib.compressobj(wbits=bits)
    return packer.compress(body) + packer.flush()


PLAIN = SENTENCES.encode() * 50
CHUNKED = b"".join(b"%x;a=b\r\n%s\r\n" % (len(p), p) for p in (PLAIN[:10], PLAIN[10:])) + b"0\r\n\r\n"


@pytest.mark.parametrize(
    ("fields", "stored"),
    [
        (b"", PLAIN),
        (b"Content-Encoding: gzip\r\n", gzip.compress(PLAIN)),
        (b"Content-Encoding: deflate\r\n", _deflate(PLAIN, 15)),
        (b"Content-Encoding: deflate\r\n", _deflate(PLAIN, -15)),
        (b"Content-Encoding: br\r\n", brotli.compress(PLAIN)),
        (b"Content-Encoding: gzip, br\r\n", brotli.compress(gzip.compress(PLAIN))),
        (b"Transfer-Encoding: chunked\r\n", CHUNKED),
        (b"Content-Encoding: gzip\r\n", PLAIN),  # claimed, not so
        (b"Content-Encoding: br\r\n", PLAIN),
        (b"Transfer-Encoding: chunked\r\n", PLAIN),
        (b"Content-Encoding: x-unknown\r\n", PLAIN),
    ],
)
def test_content_comes_without_its_encodings(fields: bytes, stored: bytes, tmp_path: Path) -> None:
    response = list(read_records(write(tmp_path / "a.warc.gz", an_exchange(stored, fields=fields))))[1]
    assert response.payload() == stored
    assert response.content() == PLAIN


@pytest.mark.parametrize(
    ("fields", "stored"),
    [
        (b"Content-Encoding: gzip\r\n", gzip.compress(PLAIN, 0)[:-3000]),
        (b"Transfer-Encoding: chunked\r\n", CHUNKED[:-3000]),
    ],
)
def test_a_body_cut_in_transit_gives_what_came(fields: bytes, stored: bytes, tmp_path: Path) -> None:
    response = list(read_records(write(tmp_path / "a.warc.gz", an_exchange(stored, fields=fields))))[1]
    assert len(response.content()) > 1000
    assert PLAIN.startswith(response.content())


@pytest.mark.parametrize(
    ("encoding", "stored"),
    [("", CHUNKED), ("gzip", gzip.compress(PLAIN)), ("br", brotli.compress(PLAIN))],
)
def test_no_cut_puts_anything_into_a_text_that_was_not_there(encoding: str, stored: bytes) -> None:
    transfer = "" if encoding else "chunked"
    for length in range(20, len(stored) + 1):
        assert PLAIN.startswith(decode_body(stored[:length], transfer, encoding))
    assert decode_body(stored, transfer, encoding) == PLAIN


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("br", brotli.compress)])
def test_a_long_body_damaged_midway_gives_what_came_before_it(
    encoding: str, pack: Callable[[bytes], bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    plain = b"".join(b"%d %x; " % (n, zlib.crc32(b"%d" % n)) for n in range(20_000))
    stored = pack(plain)
    read = decode_body(stored[:60_000] + b"\xff" * 64 + stored[60_064:], "", encoding)
    assert 30_000 < len(read) < len(plain)
    assert plain.startswith(read[:30_000])
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("body", [b"0\r\n\r\n", b"0\r\n", b"0\r\nExpires: 0\r\n\r\n"])
def test_a_chunked_body_without_chunks_is_empty(body: bytes) -> None:
    assert decode_body(body, "chunked", "") == b""


def test_a_cut_exchange_says_why(tmp_path: Path) -> None:
    cut = replace(an_exchange(), truncated="length")
    assert [record.truncated for record in read_records(write(tmp_path / "a.warc.gz", cut))] == [
        None,
        "length",
        None,
        None,
    ]


@settings(
    max_examples=500 if os.environ.get("ARCHIVER_PROVE") else 25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    body=st.binary(max_size=4096),
    value=st.binary(max_size=80).filter(lambda value: not set(value) & set(b"\r\n")),
    text=st.text(max_size=40).filter(lambda text: text.isprintable()),
)
def test_any_body_and_header_survive(body: bytes, value: bytes, text: str, tmp_path: Path) -> None:
    writer = writer_for(tmp_path / "a.warc.gz", title=text)
    exchange = an_exchange(body, fields=b"X-Any: " + value + b"\r\n")
    writer.write_exchange(exchange)
    writer.finish()
    info, response, request = read_records(tmp_path / "a.warc.gz")
    assert f"title: {text}\r\n".encode() in info.payload()
    assert (response.http_head, response.payload()) == (exchange.response_head, body)
    assert (request.http_head, request.payload()) == (exchange.request_head, b"")
    assert check_warc(tmp_path / "a.warc.gz", records=3).ok


def test_a_file_of_another_writer_is_read(tmp_path: Path) -> None:
    import warcio.warcwriter  # the reference implementation

    with (tmp_path / "other.warc.gz").open("wb") as file:
        other = warcio.warcwriter.WARCWriter(file, gzip=True)
        head = warcio.statusandheaders.StatusAndHeaders("200 OK", [("X", "y")], protocol="HTTP/1.1")
        other.write_record(
            other.create_warc_record("http://a.in/", "response", payload=io.BytesIO(b"hi"), length=2, http_headers=head)
        )
    (record,) = read_records(tmp_path / "other.warc.gz")
    assert (record.uri, record.status, record.content()) == ("http://a.in/", 200, b"hi")
    assert check_warc(tmp_path / "other.warc.gz").ok


def test_no_damaged_file_is_read_to_its_end_as_if_it_were_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "a.warc.gz", an_exchange(b"safe"))
    content, whole = path.read_bytes(), list(read_records(path))
    for length in set(range(1, len(content))) - {record.offset for record in whole}:
        with pytest.raises(BadWarc, match=r"a\.warc\.gz, record at offset \d+: "):
            list(read_stream(io.BytesIO(content[:length]), path))
    for place in range(len(content)):
        flipped = bytearray(content)
        flipped[place] ^= 1 << place % 8
        try:
            read = list(read_stream(io.BytesIO(flipped), path))
        except BadWarc:
            continue
        assert read == whole  # a bit that no checksum covers, and nothing that was read hangs on it
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("place", [0, 1])
def test_an_empty_gzip_member_is_no_record(place: int, warc: Path) -> None:
    members = [warc.read_bytes(), gzip.compress(b"")]
    content = b"".join(members if place else reversed(members))
    with pytest.raises(BadWarc, match="does not begin with a WARC header"):
        list(read_stream(io.BytesIO(content), warc))


def test_a_head_without_end_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    for head in (b"WARC/1.1\r\nX: " + b"x" * 40_000_000, b"WARC/1.1\r\n" + b"X: y\r\n" * 6_000_000):
        packed = gzip.compress(head, 1)
        tracemalloc.start()
        with pytest.raises(BadWarc, match="does not begin with a WARC header"):
            list(read_stream(io.BytesIO(packed), tmp_path / "a.warc.gz"))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 30_000_000


# -- checking ---------------------------------------------------------------------------------


def problems(content: bytes, records: int | None = None) -> list[str]:
    return [f.problem for f in check_stream(io.BytesIO(content), Path("x.warc.gz"), records=records).findings]


def test_every_flipped_bit_is_found(tmp_path: Path) -> None:
    content = write(tmp_path / "a.warc.gz", an_exchange(b"safe")).read_bytes()
    assert problems(content, 4) == []
    unnoticed = []
    for place, bit in itertools.product(range(len(content)), range(8)):
        flipped = bytearray(content)
        flipped[place] ^= 1 << bit
        if not problems(bytes(flipped), 4):
            unnoticed.append((place, bit))
    assert unnoticed == []


def test_every_cut_is_found(tmp_path: Path) -> None:
    path = write(tmp_path / "a.warc.gz", an_exchange(b"safe"))
    content, starts = path.read_bytes(), {record.offset for record in read_records(path)} - {0}
    assert [length for length in range(len(content)) if not problems(content[:length], 4)] == []
    # only a cut exactly between two records needs the number of records to be noticed
    assert {length for length in range(len(content)) if not problems(content[:length])} == starts


def test_bytes_after_the_last_record_are_found(warc: Path) -> None:
    assert problems(warc.read_bytes() + b"\0") != []
    assert problems(warc.read_bytes() + gzip.compress(b"")) != []


def test_a_record_written_twice_is_found(warc: Path) -> None:
    dom = list(read_records(warc))[3]
    content = warc.read_bytes()
    again = content + content[dom.offset :]
    assert problems(again) == [f"WARC-Record-ID {dom.id} is used twice"]
    assert problems(again, 4)[-1] == "5 records where 4 were written"


def test_one_gzip_member_for_all_records_is_found(warc: Path) -> None:
    assert problems(gzip.compress(gzip.decompress(warc.read_bytes()), mtime=0)) != []


HEAD = (
    "WARC/1.1\r\nWARC-Type: resource\r\nWARC-Record-ID: <urn:uuid:1>\r\nWARC-Date: 2026-11-21T12:00:00Z\r\n"
    "WARC-Target-URI: urn:x\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n"
    "WARC-Block-Digest: sha256:8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4\r\n"
    "WARC-Payload-Digest: sha256:8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4\r\n"
)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("WARC-Type: resource\r\n", "", "WARC-Type '' is not one of WARC 1.1"),
        ("WARC-Type: resource", "WARC-Type: thing", "WARC-Type 'thing' is not one of WARC 1.1"),
        ("WARC-Record-ID: <urn:uuid:1>\r\n", "", "WARC-Record-ID is missing"),
        ("WARC-Date: 2026-11-21T12:00:00Z", "WARC-Date: yesterday", "WARC-Date is missing or no date"),
        ("WARC-Target-URI: urn:x\r\n", "", "WARC-Target-URI is missing"),
        ("WARC-Block-Digest: sha256:8", "WARC-Block-Digest: sha256:9", "the block differs from its digest"),
        (
            "WARC-Payload-Digest: sha256:8",
            "WARC-Payload-Digest: sha256:9",
            "the payload differs from its digest",
        ),
        ("WARC-Payload-Digest", "X-Payload-Digest", "the payload digest is missing"),
    ],
)
def test_each_defect_of_a_record_is_named(old: str, new: str, problem: str) -> None:
    assert problems(gzip.compress(f"{HEAD}\r\nhi\r\n\r\n".encode())) == []
    assert problems(gzip.compress(f"{HEAD.replace(old, new)}\r\nhi\r\n\r\n".encode())) == [problem]


@pytest.mark.parametrize(
    ("member", "reason"),
    [
        (f"{HEAD}\r\nhi there\r\n\r\n", "longer than its Content-Length"),
        (f"{HEAD}\r\nhi\r\n\r\nmore", "more than one record|longer"),
        (f"{HEAD}\r\nh", "shorter than its Content-Length"),
        (HEAD.replace("Content-Length: 2", "Content-Length: two") + "\r\nhi\r\n\r\n", "no number"),
        ("GET / HTTP/1.1\r\n\r\n", "does not begin with a WARC header"),
    ],
)
def test_what_cannot_be_read_names_file_offset_and_reason(member: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.warc.gz"
    path.write_bytes(gzip.compress(member.encode()))
    with pytest.raises(BadWarc, match=rf"bad\.warc\.gz, record at offset 0: .*({reason})"):
        list(read_records(path))
    assert not check_warc(path).ok


@pytest.mark.parametrize("name", ["WARC-Type", "WARC-Record-ID", "WARC-Date"])
def test_a_record_without_its_mandatory_headers_is_not_read(name: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.warc.gz"
    path.write_bytes(gzip.compress(f"{HEAD.replace(name, 'X-Other')}\r\nhi\r\n\r\n".encode()))
    with pytest.raises(BadWarc, match=name):
        list(read_records(path))


def test_an_empty_file_is_no_warc(tmp_path: Path) -> None:
    (tmp_path / "a.warc.gz").touch()
    assert [f.problem for f in check_warc(tmp_path / "a.warc.gz").findings] == ["the file holds no record"]


# -- recovering -------------------------------------------------------------------------------


def cuts(content: bytes) -> Iterator[int]:
    yield from range(0, len(content) + 1, 37)
    yield len(content)


def test_a_leftover_is_cut_to_its_last_whole_record(warc: Path, tmp_path: Path) -> None:
    content = warc.read_bytes()
    ends: list[WarcRecord] = list(read_records(warc))
    for length in cuts(content):
        part = tmp_path / "left.warc.gz.part"
        part.write_bytes(content[:length])
        recovered = recover(part)
        whole = [record for record in ends if record.offset + record.length <= length]
        assert recovered.records == len(whole)
        assert recovered.size + recovered.cut_bytes == length
        assert part.read_bytes() == content[: recovered.size]
        assert [record.id for record in read_records(part)] == [record.id for record in whole]
