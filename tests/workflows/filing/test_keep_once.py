"""What is kept once is there for every capture that needs it, and no record lies in another one's file."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.core.archive import Archive
from archiver.core.assets import known_assets, release_assets
from archiver.core.fixity import Fault, digest_bytes
from archiver.core.manifest import read_items, read_manifest
from archiver.core.objects import MANIFEST
from archiver.core.records import Capture, CaptureId, ObjectRole, Outcome, RecordId, RecordKind, new_id
from archiver.core.register import site_of
from archiver.core.stubs import Stub, add_stub
from archiver.core.warc import Exchange, WarcRecord, WarcWriter, read_records, read_restored
from archiver.sample import serve
from archiver.workflows.capturing.run import open_session
from archiver.workflows.filing.disposed import file_disposed
from archiver.workflows.filing.file_capture import Filed, file_observation
from archiver.workflows.rebuild import rebuild_archive
from archiver.workflows.recover import recover
from archiver.workflows.verification.verify import verify_archive
from capture.extraction import extract
from capture.job import CapturedFile, Observation
from tests.workflows.town import NOW, Ticking, Town, clerk, make, threads

pytestmark = pytest.mark.browser


def warcs(archive: Archive) -> Iterator[tuple[RecordId, Capture, Path]]:
    for capture in archive.catalogue.all_captures():
        if capture.record_id is not None:
            for each in archive.catalogue.objects(capture.id):
                if each.role is ObjectRole.WARC:
                    yield capture.record_id, capture, archive.objects.path_of(each.path)


def as_recorded(records: Iterator[WarcRecord]) -> list[tuple[object, ...]]:
    return [(each.type, each.id, each.headers, each.http_head, each.payload()) for each in records]


def night_bytes(archive: Archive, capture: Capture) -> int:
    """What the capture itself takes on disk."""
    assert capture.record_id is not None
    folder = archive.objects.root / archive.objects.place(capture.id, capture.record_id)
    return sum(path.stat().st_size for path in folder.iterdir())


# -- real captures --------------------------------------------------------------------------


def test_every_record_of_a_real_capture_comes_back_as_recorded(tmp_path: Path) -> None:
    now = Ticking()
    with serve(night=1) as site:
        directory, config = make(tmp_path, site_of(site.url))
        with Archive.open(directory, config_directory=config) as archive, open_session(archive) as session:
            for number in range(2):
                id = CaptureId(new_id("cap"))
                staged = archive.objects.begin(id)
                seen = session.capture(f"{site.url}/posts/4104", capture_id=id, into=staged, now=now)
                shutil.copy(staged / "capture.warc.gz", tmp_path / f"{number}.warc.gz")
                filed = file_observation(archive, seen, staged, actor=clerk(archive).id)
                assert filed.capture.outcome is (Outcome.UNCHANGED if number else Outcome.COMPLETE)
            for number, (record, _, path) in enumerate(warcs(archive)):
                whole = tmp_path / f"{number}.warc.gz"
                assert path.stat().st_size < whole.stat().st_size
                assert as_recorded(read_restored(path, archive.resolver(record))) == as_recorded(read_records(whole))
            first, second = archive.catalogue.all_captures()
            assert night_bytes(archive, second) <= 0.05 * night_bytes(archive, first)


def test_an_unchanged_thread_costs_a_twentieth_of_its_first_capture(archive: Archive) -> None:
    unchanged = 0
    for record in threads(archive):
        first, *later = archive.catalogue.captures(record.id)
        for capture in later:
            if capture.outcome is Outcome.UNCHANGED:
                unchanged += 1
                assert night_bytes(archive, capture) <= 0.05 * night_bytes(archive, first)
                assert {each.role for each in archive.catalogue.objects(capture.id)} == set(ObjectRole)
    assert unchanged > 0


def test_a_thinned_warc_gives_the_items_that_were_read_from_the_full_one(archive: Archive) -> None:
    for record, capture, path in warcs(archive):
        place = archive.objects.place(capture.id, record)
        manifest = read_manifest(archive.objects.path_of(f"{place}/{MANIFEST}"))
        assert manifest.items_path is not None
        extraction = extract(path, resolve=archive.resolver(record))
        assert extraction.items == read_items(archive.objects.path_of(manifest.items_path))
        filed = manifest.extraction
        assert filed is not None
        if filed.kind is RecordKind.TIMELINE:  # its snapshots are one record a month
            filed = replace(filed, native_root_id=None)
        assert replace(extraction, items=()) == filed


def test_a_picture_changed_in_its_place_is_no_unchanged_capture(tmp_path: Path) -> None:
    """The page and every text are the same; only the bytes under the picture's address are others."""
    directory, config = make(tmp_path)
    page = (
        b'<html><head><meta property="og:type" content="article"><title>Plan</title></head><body><article>'
        b"<h1>Plan</h1><p>The plan for the square, as it is to be built next year, open for comment.</p>"
        b'<img src="/plan.jpg"></article></body></html>'
    )
    with Archive.open(directory, config_directory=config) as archive:
        outcomes = [
            capture_by_hand(archive, "https://town.example/plan", number, {"/": page, "/plan.jpg": picture}).capture
            for number, picture in enumerate([b"one" * 900, b"one" * 900, b"two" * 900])
        ]
        shown = archive.catalogue.items(str(outcomes[0].record_id))
        assert [medium.url for each in shown for medium in each.item.media] == ["https://town.example/plan.jpg"]
        assert [each.outcome for each in outcomes] == [Outcome.COMPLETE, Outcome.UNCHANGED, Outcome.COMPLETE]


# -- verification, rebuild, recovery --------------------------------------------------------


def test_a_flipped_byte_of_an_asset_is_found_with_every_capture_that_needs_it(town: Town) -> None:
    with town.open() as archive:
        ((asset, needed_by),) = known_assets(archive.db).items()
        path = archive.directory / asset.name
        whole = path.read_bytes()
        for offset in (0, len(whole) // 2, len(whole) - 1):
            path.write_bytes(whole[:offset] + bytes([whole[offset] ^ 4]) + whole[offset + 1 :])
            found = verify_archive(archive).findings
            named = {each.subject for each in found}
            assert asset.name in named
            assert {path.relative_to(archive.objects.root).as_posix() for _, _, path in warcs(archive)} <= named
            assert all(asset.name in each.message for each in found if each.fault is Fault.MISSING)
        assert len(needed_by) == len(list(warcs(archive)))
        path.write_bytes(whole[:-1])
        assert asset.name in {each.subject for each in verify_archive(archive).findings}
        path.unlink()
        assert asset.name in {each.subject for each in verify_archive(archive).findings}
        path.write_bytes(whole)
        assert verify_archive(archive).findings == ()


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM asset_references WHERE rowid = (SELECT max(rowid) FROM asset_references)",
        "DELETE FROM repeated_objects WHERE rowid = (SELECT max(rowid) FROM repeated_objects)",
        "INSERT INTO repeated_objects SELECT (SELECT min(id) FROM captures), (SELECT max(path) FROM objects)",
        "UPDATE assets SET size = size + 1",
    ],
)
def test_a_count_that_is_not_what_the_captures_state_is_found(archive: Archive, statement: str) -> None:
    archive.db.conn.execute(statement)
    assert any("agree" in each.message or each.fault is Fault.LENGTH for each in verify_archive(archive).findings)


def test_damage_to_a_first_capture_is_told_with_the_later_ones_that_rely_on_it(town: Town) -> None:
    with town.open() as archive:
        record, later = next(
            (record, capture) for record, capture, _ in warcs(archive) if capture.outcome is Outcome.UNCHANGED
        )
        first = archive.catalogue.captures(record)[0]
        place = archive.objects.place(first.id, record)
        path = archive.objects.path_of(f"{place}/capture.warc.gz")
        path.write_bytes(path.read_bytes()[:-1])
        found = verify_archive(archive).findings
        relying = f"{archive.objects.place(later.id, record)}/capture.warc.gz"
        assert any(each.subject == relying and f"{place}/capture.warc.gz" in each.message for each in found)


def test_a_rebuild_counts_again_who_needs_what(town: Town) -> None:
    with town.open() as archive:
        before = known_assets(archive.db), archive.catalogue.repeated_objects()
    shutil.rmtree(town.directory / "snapshots")
    (town.directory / "snapshots").mkdir()
    rebuild_archive(town.directory, now=NOW + timedelta(days=3), config_directory=town.config)
    with town.open() as archive:
        assert (known_assets(archive.db), archive.catalogue.repeated_objects()) == before
        assert [each for each in verify_archive(archive).findings if each.fault is not Fault.TRAIL] == []


def test_a_rebuild_is_whole_though_the_clock_jumped_back_between_two_captures(tmp_path: Path) -> None:
    directory, config = make(tmp_path)
    answers = {
        "/": b"<article><h1>Notice</h1><p>" + b"the water is safe " * 30 + b"</p></article>",
        "/a.css": b"i{}" * 900,
    }
    with Archive.open(directory, config_directory=config) as archive:
        for hour in (5, 2):
            capture_by_hand(archive, "https://town.example/notice", hour, answers)
        assert archive.catalogue.repeated_objects()
        archive.finish_run(at=NOW)
    shutil.rmtree(directory / "snapshots")
    (directory / "snapshots").mkdir()
    rebuild_archive(directory, now=NOW + timedelta(days=3), config_directory=config)
    with Archive.open(directory, config_directory=config) as archive:
        for record, _, path in warcs(archive):
            assert [each.payload() for each in read_restored(path, archive.resolver(record)) if each.type == "response"]
        assert archive.catalogue.repeated_objects()


def test_an_asset_of_a_capture_that_a_crash_ended_is_swept_and_one_that_rows_were_lost_of_is_not(town: Town) -> None:
    with town.open() as archive:
        ((asset, _),) = known_assets(archive.db).items()
        staging = archive.directory / "objects"
        stray = archive.assets.keep(digest_bytes(b"body{}"), [b"body{}"], staging=staging)
        assert stray is not None
        archive.db.conn.execute("DELETE FROM asset_references")
        archive.db.conn.execute("DELETE FROM assets")
        recover(archive, now=NOW)
        assert not (archive.directory / stray.name).exists()
        assert (archive.directory / asset.name).exists()


# -- removing one record leaves all others whole --------------------------------------------

PAYLOADS = st.sampled_from([b"body{color:red}" * 100, b"let a = 1;" * 200, b"\x00font" * 400, "বতৰা".encode() * 150])
NIGHTS = st.lists(
    st.tuples(st.integers(0, 2), st.dictionaries(st.sampled_from(["/a.css", "/b.js", "/c.woff2"]), PAYLOADS)),
    min_size=1,
    max_size=6,
)
_TYPES = {".css": b"text/css", ".js": b"application/javascript", ".woff2": b"font/woff2", ".jpg": b"image/jpeg"}
_numbers = count()


def capture_by_hand(archive: Archive, url: str, hour: int, answers: dict[str, bytes]) -> Filed:
    """File a page `/` with its files as a browser's capture would have left them."""
    id = CaptureId(new_id("cap"))
    staged = archive.objects.begin(id)
    started = NOW + timedelta(hours=hour)
    writer = WarcWriter(staged / "capture.warc.gz", info={}, now=lambda: started)
    for path, body in answers.items():
        kind = next((kind for suffix, kind in _TYPES.items() if path.endswith(suffix)), b"text/html")
        writer.write_exchange(
            Exchange(
                uri=url if path == "/" else "https://town.example" + path,
                date=started,
                request_head=b"GET / HTTP/1.1\r\n\r\n",
                response_head=b"HTTP/1.1 200 OK\r\nContent-Type: " + kind + b"\r\n\r\n",
                response_body=body,
            )
        )
    written = writer.finish()
    observed = Observation(
        capture_id=id,
        url=url,
        final_url=url,
        started=started,
        finished=started,
        outcome=Outcome.COMPLETE,
        http_status=200,
        files=(CapturedFile(name="capture.warc.gz", role=ObjectRole.WARC, media_type="application/warc"),),
        warc_records=written.records,
    )
    return file_observation(archive, observed, staged, actor="per_0000000000000001")


@contextmanager
def empty_archive(place: Path) -> Iterator[Archive]:
    directory, config = make(place / f"a{next(_numbers)}")
    with Archive.open(directory, config_directory=config) as archive:
        yield archive


@given(nights=NIGHTS, removed=st.integers(0, 2))
@settings(max_examples=15)
def test_removing_any_record_leaves_all_others_whole_and_no_asset_unreferenced(
    tmp_path_factory: pytest.TempPathFactory, nights: list[tuple[int, dict[str, bytes]]], removed: int
) -> None:
    with empty_archive(tmp_path_factory.mktemp("removal")) as archive:
        sent: dict[CaptureId, list[bytes]] = {}
        for hour, (page, files) in enumerate(nights):
            answers = {"/": f"<article><h1>{page}</h1><p>{'text ' * 40}</p></article>".encode(), **files}
            filed = capture_by_hand(archive, f"https://town.example/{page}", hour, answers)
            sent[filed.capture.id] = list(answers.values())
        records = archive.catalogue.record_ids()
        gone = records[removed % len(records)]
        with archive.change(at=NOW, actor="per_0000000000000001") as change:
            released = release_assets(change.db, gone)
        for asset in released:
            archive.assets.remove(asset.name)
        shutil.rmtree(archive.objects.root / archive.objects.place_of_record(gone))
        for record, capture, path in warcs(archive):
            if record != gone:
                restored = read_restored(path, archive.resolver(record))
                bodies = [each.payload() for each in restored if each.type == "response"]
                assert bodies == sent[capture.id]
        counted = known_assets(archive.db)
        assert all(counted.values())
        assert {each.name for each in counted} == set(archive.assets.names())


# -- destroyed records ----------------------------------------------------------------------


@pytest.fixture
def disposed(town: Town) -> Iterator[tuple[Archive, Stub]]:
    """An archive in which a thread of the sample site was destroyed, before it was ever captured."""
    with town.open() as archive:
        stub = Stub(
            record_id=RecordId("rec_00000000000000dd"),
            site="town.example",
            kind=threads(archive)[0].kind,
            native_root_id=None,
            canonical_url="https://town.example/9",
            urls=("https://town.example/?p=9",),
            destroyed_at=NOW,
            certificate="cert_1",
        )
        with archive.change(at=NOW, actor=clerk(archive).id) as change:
            add_stub(change.db, stub)
        yield archive, stub


def test_a_destroyed_record_is_not_taken_in_again_and_nothing_of_it_stays(disposed: tuple[Archive, Stub]) -> None:
    archive, stub = disposed
    page = b"<article><h1>Nine</h1><p>" + b"what was destroyed " * 20 + b"</p></article>"
    filed = capture_by_hand(archive, stub.canonical_url, 30, {"/": page, "/a.css": b"i{}" * 900})
    assert (filed.capture.outcome, filed.capture.record_id) == (Outcome.DISPOSED, None)
    assert "destroyed under its schedule (certificate cert_1)" in filed.capture.reason
    folder = archive.objects.root / archive.objects.place(filed.capture.id, None)
    assert [path.name for path in folder.iterdir()] == [MANIFEST]
    assert b"what was destroyed" not in (folder / MANIFEST).read_bytes()
    event = list(archive.trail.events())[-1]
    assert (event.type, event.detail["outcome"], event.detail["stub"]) == ("capture_ended", "disposed", stub.record_id)
    archive.finish_run(at=NOW)
    assert verify_archive(archive).findings == ()
    (known,) = archive.catalogue.stubs()
    assert known.seen_online == filed.capture.finished


@pytest.mark.parametrize("url", ["https://town.example/9", "https://town.example/?p=9"])
def test_an_address_of_a_destroyed_record_is_known_and_ends_without_a_visit(
    disposed: tuple[Archive, Stub], url: str
) -> None:
    archive, stub = disposed
    known = archive.catalogue.stub_of_url(url)
    assert known == stub
    assert known is not None
    filed = file_disposed(archive, url, known, actor=clerk(archive).id, now=NOW)
    assert filed.capture.outcome is Outcome.DISPOSED
    assert "was not visited" in filed.capture.reason
    assert [each.seen_online for each in archive.catalogue.stubs()] == [NOW]


def test_other_addresses_and_sites_are_no_stubs(disposed: tuple[Archive, Stub]) -> None:
    archive, stub = disposed
    assert archive.catalogue.stub_of_url("https://town.example/99") is None
    assert archive.catalogue.find_stub("other.example", stub.kind, None, stub.canonical_url) is None
    assert archive.catalogue.find_stub(stub.site, stub.kind, "9", stub.canonical_url) is None
