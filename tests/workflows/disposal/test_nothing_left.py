"""After a destruction, every byte of the archive is looked through: what is left is on the certificate."""

from __future__ import annotations

import gzip
import shutil
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from archiver.core.assets import file_references
from archiver.core.errors import ArchiverError
from archiver.core.fixity import digest_bytes
from archiver.core.people import Role
from archiver.core.records import RecordKind
from archiver.core.warc import read_records
from archiver.workflows.archive.admit import add_person
from archiver.workflows.disposal.certify import read_certificate
from archiver.workflows.disposal.propose import propose_batches
from archiver.workflows.disposal.review import approve, exclude
from archiver.workflows.disposal.run import run_batch
from archiver.workflows.keeping.preserve import check_fixity, copy_to_second
from archiver.workflows.rebuild import rebuild_archive
from archiver.workflows.verification.verify import verify_archive
from tests.workflows.disposal.shelf import LATER, approved_batch, file_thread, make_shelf, no_print, record_id, run
from tests.workflows.town import SECRET, Town, clerk

THEN = datetime(2029, 1, 10, 12, tzinfo=UTC)
PNG = b"\x89PNG zqxpicture of the weir, as the resident sent it, pixel by pixel"
PLANTED = {
    "title": "zqxtitle বান পানীৰ জাননী",
    "text": "zqxtext the weir at Disangmukh opens on Sunday, said nobody at all",
    "comment": "zqxcomment मैंने यह कल देखा था, लिखित में",
    "name": "Resident 1-1",
}


def holders(directory: Path, needle: bytes) -> set[str]:
    """Files below `directory` that hold it, as they are or decompressed in any way an archive compresses."""
    return {
        path.relative_to(directory).as_posix()
        for path in directory.rglob("*")
        if path.is_file() and any(needle in content for content in _forms(path))
    }


def _forms(path: Path) -> Iterator[bytes]:
    raw = path.read_bytes()
    yield raw
    if raw[:2] == b"\x1f\x8b":
        yield gzip.decompress(raw)
        try:
            for record in read_records(path):
                yield record.content()
        except (ArchiverError, ValueError, zlib.error):
            return


def test_planted_words_names_and_pictures_are_in_no_byte_but_of_what_the_certificate_lists(tmp_path: Path) -> None:
    second = tmp_path / "second"
    second.mkdir()
    shelf = make_shelf(tmp_path, second_copy=str(second))
    with shelf.open() as archive:
        file_thread(
            archive, 1, PLANTED["text"], PLANTED["comment"], title=PLANTED["title"],
            bodies={"https://town.example/p.png": PNG},
        )  # fmt: skip
        timeline = file_thread(
            archive, 2, "Newest: " + PLANTED["text"], at=LATER, kind=RecordKind.TIMELINE,
            bodies={"https://town.example/p.png": PNG},
        )  # fmt: skip
        margin = file_thread(
            archive, 3, "roads", at=LATER, bodies={"https://town.example/m": PLANTED["comment"].encode()}
        )
        file_thread(archive, 4, "another thread of no interest here", at=LATER)
        archive.finish_run(at=LATER)
        assert copy_to_second(archive) > 0
        archive.finish_run(at=LATER)
    old = tmp_path / "old"
    shutil.copytree(shelf.directory, old)
    with shelf.open() as archive:
        done = run(archive, approved_batch(archive))
        told = read_certificate(archive, str(done.certificate))
        assert verify_archive(archive).findings == ()
    listed = {each["place"] for each in told["residue"]}
    assert listed == {timeline, margin}
    shutil.copy(shelf.directory / "trail" / "events.jsonl", old / "trail" / "events.jsonl")
    rebuild_archive(old, now=LATER, config_directory=shelf.config)
    for needle in (*PLANTED.values(), PNG[:30].decode("latin-1")):
        for place in (shelf.directory, second, old):
            kept = holders(place, needle.encode("latin-1" if "PNG" in needle else "utf-8"))
            records = {part for name in kept for part in name.split("/") if part.startswith("rec_")}
            assert records <= listed, (needle, place, kept)
            assert all(name.startswith(("catalogue.", "snapshots/")) or "rec_" in name for name in kept), kept
    with shelf.open() as archive:
        for text in (PLANTED["title"], PLANTED["name"]):
            assert holders(shelf.directory, text.encode()) | holders(old, text.encode()) == set()
        assert archive.catalogue.record_ids() == [record_id(2), record_id(3), record_id(4)]


def test_a_captured_thread_is_destroyed_without_a_trace_but_in_the_pages_the_certificate_names(town: Town) -> None:
    """A real capture: its margins, feeds and timelines showed parts of the thread too."""
    with town.open() as archive:
        actor = clerk(archive)
        second, _ = add_person(archive, "Deputy", Role.APPROVER, SECRET, actor=actor, second=None, now=THEN)
        made = propose_batches(archive, actor=actor.id, now=THEN, confirmed_by=actor)
        batch = next(each for each in made if each.class_code == "COMMS-1")
        chosen, *others = [each.record_id for each in batch.items]
        if others:
            exclude(archive, batch.id, others, reason="only one is looked at", actor=actor, now=THEN)
        texts = [each.item.text for each in archive.catalogue.items(chosen) if len(each.item.text) > 30]
        assert texts
        for each in (actor, second):
            approve(archive, batch.id, actor=each, now=THEN)
        done = run_batch(archive, batch.id, actor=actor, now=lambda: THEN, printed=no_print)
        assert done.batch.counts["destroyed"] == 1
        listed = {each["place"] for each in read_certificate(archive, str(done.certificate))["residue"]}
        assert verify_archive(archive).findings == ()
    for text in texts:
        line = max(text.splitlines(), key=len)[:60]
        for name in holders(town.directory, line.encode()):
            record = next((part for part in name.split("/") if part.startswith("rec_")), name)
            assert record in listed or name == "catalogue.db" or name.startswith("snapshots/"), (line, name)


def test_a_changed_file_is_repaired_only_from_a_copy_that_matches_its_hash(tmp_path: Path) -> None:
    second = tmp_path / "second"
    second.mkdir()
    shelf = make_shelf(tmp_path, second_copy=str(second), fixity_days=3)
    with shelf.open() as archive:
        for number in (1, 2, 3):
            file_thread(archive, number)
        assert copy_to_second(archive) == 9
        assert copy_to_second(archive) == 0
        first = check_fixity(archive, now=LATER)
        assert (first.total, first.checked, first.overdue, first.findings) == (9, 3, 6, ())
        assert check_fixity(archive, now=LATER).overdue == 3
        assert check_fixity(archive, now=LATER).overdue == 0
        (warc,) = archive.objects.root.rglob("rec_*0002/cap_*/capture.warc.gz")
        warc.write_bytes(warc.read_bytes()[:-1])
        done = check_fixity(archive, now=LATER, everything=True)
        assert (len(done.repaired), done.findings) == (1, ())
        assert verify_archive(archive).findings == ()
        warc.unlink()
        (copy,) = second.rglob("rec_*0002/cap_*/capture.warc.gz")
        copy.write_bytes(b"x")
        done = check_fixity(archive, now=LATER, everything=True)
        assert done.repaired == ()
        assert "the file is missing" in done.findings[0]


def test_a_shared_file_is_hashed_copied_repaired_and_goes_with_the_last_capture_that_needs_it(tmp_path: Path) -> None:
    second = tmp_path / "second"
    second.mkdir()
    shelf = make_shelf(tmp_path, second_copy=str(second))
    style = b"body { color: #123456 }"
    with shelf.open() as archive:
        file_thread(archive, 1)
        asset = archive.assets.keep(digest_bytes(style), [style], staging=tmp_path)
        assert asset is not None
        with archive.change(at=LATER, actor="shelf") as change:
            file_references(change.db, archive.catalogue.captures(record_id(1))[0].id, [asset])
        assert copy_to_second(archive) == 4
        assert (second / asset.name).read_bytes() == style
        archive.assets.path_of(asset.name).write_bytes(b"body {}")
        done = check_fixity(archive, now=LATER, everything=True)
        assert (done.total, done.overdue, done.repaired, done.findings) == (4, 0, (asset.name,), ())
        assert archive.assets.path_of(asset.name).read_bytes() == style
        run(archive, approved_batch(archive))
        assert not archive.assets.path_of(asset.name).exists()
        assert not (second / asset.name).exists()
