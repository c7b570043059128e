"""The trail: one line an event, in the catalogue and in the file; whoever touches either is found out."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from archiver.core.archive import Archive
from archiver.core.errors import StorageFull, TrailBroken
from archiver.core.events import EventType, read_event, read_trail_file
from archiver.core.merkle import hash_leaf, tree_root

AT = datetime(2026, 11, 21, 7, 45, tzinfo=UTC)


def note(archive: Archive, *names: str) -> None:
    """One transaction with an event for each name."""
    with archive.change(at=AT, actor="per_1") as change:
        for name in names:
            change.record(EventType.RECORD_TAGGED, [name], {"tags": 1})


@pytest.fixture
def told(archive: Archive) -> Archive:
    """An archive with six events."""
    for number in range(6):
        note(archive, f"rec_{number}")
    return archive


def lines(archive: Archive) -> list[str]:
    return archive.trail.path.read_text("utf-8").split("\n")[:-1]


def run(script: str, archive: Archive, argument: str) -> subprocess.Popen[bytes]:
    """Another process, at work on the same archive."""
    return subprocess.Popen(
        [sys.executable, "-c", script, str(archive.directory), str(archive.config_directory), argument]
    )


def reopen(archive: Archive) -> Archive:
    return Archive.open(archive.directory, config_directory=archive.config_directory)


# -- what is written ------------------------------------------------------------------------


def test_an_event_is_one_line_of_json_in_a_fixed_order(archive: Archive) -> None:
    with archive.change(at=AT, actor="per_1") as change:
        event = change.record(EventType.CLASSIFIED, ["rec_1", "ৰেকৰ্ড"], {"plan": 2, "class": "ADM-04", "to": None})
    salt = json.loads(event.line)["salt"]
    assert (
        archive.trail.path.read_bytes()
        == (
            '{"actor":"per_1","at":"2026-11-21T07:45:00.000000Z",'
            '"detail":{"class":"ADM-04","plan":2,"to":null},"premis":"poa",'
            f'"salt":"{salt}","seq":0,"subjects":["rec_1","ৰেকৰ্ড"],"type":"classified"}}\n'
        ).encode()
    )
    assert len(bytes.fromhex(salt)) == 16


def test_a_leaf_is_the_hash_of_the_lines_bytes(told: Archive) -> None:
    expected = [sha256(b"\x00" + line.encode()).digest() for line in lines(told)]
    assert told.trail.leaves() == expected
    assert [each.leaf for each in told.trail.events()] == expected
    assert told.trail.head().size == 6
    assert told.trail.head().root == tree_root(expected).hex()


def test_the_same_event_twice_has_two_leaves(archive: Archive) -> None:
    note(archive, "rec_1", "rec_1")
    first, second = archive.trail.events()
    assert json.loads(first.line)["salt"] != json.loads(second.line)["salt"]


def test_a_line_break_in_an_identifier_breaks_no_line(archive: Archive) -> None:
    note(archive, "a\nb\r\u2028\x85c")
    note(archive, "d")
    assert [each.subjects for each in archive.trail.events()] == [("a\nb\r\u2028\x85c",), ("d",)]
    assert len(lines(archive)) == 2
    assert archive.trail.verify() == []
    with reopen(archive) as again:
        assert again.trail.verify() == []


def test_the_empty_trail_is_sound(archive: Archive) -> None:
    archive.trail.publish()
    assert archive.trail.head().size == 0
    assert archive.trail.verify() == []


def test_an_untouched_trail_is_sound(told: Archive) -> None:
    assert told.trail.verify() == []
    with reopen(told) as again:
        assert again.trail.verify() == []
        assert again.trail.head() == told.trail.head()


@pytest.mark.parametrize("type", list(EventType))
def test_premis_codes_are_of_its_vocabulary(type: EventType) -> None:
    known = {"cap", "ing", "mes", "fix", "mee", "dsg", "dig", "poa", "red", "exp", "dis", "tra", "dea", "del", "val"}
    assert type.premis is None or type.premis in known


def test_observations_are_no_decisions() -> None:
    assert {each.value for each in EventType if not each.decision} == {
        "archive_made", "captured", "capture_ended", "job_run", "logged_in", "logged_out",
        "site_session_stored", "site_session_set", "site_session_kept", "site_session_checked",
        "site_session_forgotten", "night_begun", "night_ended", "night_told",
        "rows_committed", "key_rotated", "timestamped", "timestamp_failed",
        "disposal_begun", "disposal_stopped", "requester_seen", "packed",
        "backed_up", "restore_drilled", "handed_over",
    }  # fmt: skip


@pytest.mark.parametrize("line", ["", "{}", "[]", "null", '"x"', '{"seq": 0}', "{", "শিৱসাগৰ"])
def test_what_is_no_event_is_refused(line: str) -> None:
    with pytest.raises(TrailBroken, match="a line of the trail is no event"):
        read_event(line)


# -- the file is tampered with --------------------------------------------------------------


def edit(line: list[str]) -> None:
    line[2] = line[2].replace("rec_2", "rec_9")


def insert(line: list[str]) -> None:
    line.insert(3, line[2])


def delete(line: list[str]) -> None:
    del line[2]


def reorder(line: list[str]) -> None:
    line[2], line[3] = line[3], line[2]


def cut(line: list[str]) -> None:
    del line[4:]


def add(line: list[str]) -> None:
    line.append(line[-1].replace('"seq":5', '"seq":6'))


@pytest.mark.parametrize(
    ("tamper", "finding"),
    [
        (edit, "event 2 differs between the catalogue and events.jsonl"),
        (insert, "event 3 differs between the catalogue and events.jsonl"),
        (delete, "event 2 differs between the catalogue and events.jsonl"),
        (reorder, "event 2 differs between the catalogue and events.jsonl"),
        (cut, "events.jsonl ends at event 3, the catalogue at 5: its tail is cut"),
        (add, "the catalogue ends at event 5, events.jsonl at 6: the catalogue is older than its trail"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_a_changed_file_is_found(told: Archive, tamper: Callable[[list[str]], None], finding: str) -> None:
    changed = lines(told)
    tamper(changed)
    told.trail.path.write_text("".join(line + "\n" for line in changed), "utf-8")
    assert finding in told.trail.verify()


def test_a_missing_file_is_found(told: Archive) -> None:
    told.trail.path.unlink()
    assert told.trail.verify() == [f"{told.trail.path} is missing"]


def test_a_file_that_is_no_text_is_found_and_refused(told: Archive) -> None:
    content = told.trail.path.read_bytes()
    told.trail.path.write_bytes(content[:-20] + b"\xff" + content[-19:])
    assert told.trail.verify() == [f"{told.trail.path} is damaged at byte {len(content) - 20}"]
    with pytest.raises(TrailBroken):
        reopen(told)


def test_a_changed_last_line_keeps_the_archive_closed(told: Archive) -> None:
    told.trail.path.write_text(told.trail.path.read_text("utf-8").replace("rec_5", "rec_9"), "utf-8")
    with pytest.raises(TrailBroken, match=r"event 5 differs between the catalogue and .*: run `archiver verify`"):
        reopen(told)
    with Archive.open(told.directory, config_directory=told.config_directory, reconcile=False) as looked_at:
        assert looked_at.trail.verify() == ["event 5 differs between the catalogue and events.jsonl"]


# -- the catalogue is tampered with ---------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        ("DELETE FROM events WHERE seq = 3", "event 3 differs"),
        ("DELETE FROM events WHERE seq = 5", "the catalogue is older than its trail"),
        ("UPDATE events SET line = replace(line, 'rec_2', 'rec_9') WHERE seq = 2", "event 2 differs"),
        ("UPDATE events SET line = '{}' WHERE seq = 2", "a line of the trail is no event"),
        ("UPDATE events SET leaf = 'zz' WHERE seq = 2", "a leaf hash in the catalogue is not its event's"),
        ("UPDATE events SET leaf = (SELECT leaf FROM events WHERE seq = 1) WHERE seq = 2", "a leaf hash"),
        ("UPDATE events SET seq = 9 WHERE seq = 2", "event 2 differs"),
        ("UPDATE meta SET value = replace(value, '6', '5') WHERE key = 'trail_frontier'", "the tree's root"),
        ("DELETE FROM meta WHERE key = 'trail_frontier'", "the tree's root in the catalogue is not the one"),
    ],
)
def test_a_changed_row_is_found(told: Archive, statement: str, finding: str) -> None:
    told.db.conn.execute(statement)
    assert finding in "\n".join(told.trail.verify())


def test_both_copies_reordered_alike_are_found(told: Archive) -> None:
    """Who changes file and rows alike is betrayed by the numbers, and by every checkpoint."""
    first, second = lines(told)[2:4]
    rows = [(second, hash_leaf(second.encode()).hex(), 2), (first, hash_leaf(first.encode()).hex(), 3)]
    told.db.conn.executemany("UPDATE events SET line = ?, leaf = ? WHERE seq = ?", rows)
    changed = [*lines(told)[:2], second, first, *lines(told)[4:]]
    told.trail.path.write_text("".join(line + "\n" for line in changed), "utf-8")
    assert told.trail.verify() == [
        "event 2 is numbered otherwise: the trail was reordered",
        "event 3 is numbered otherwise: the trail was reordered",
        "the tree's root in the catalogue is not the one its events give",
    ]


@pytest.mark.parametrize("value", ["", "{}", "[]", "null", '{"size": 1, "peaks": ["zz"]}'])
def test_a_damaged_note_of_the_tree_is_refused(told: Archive, value: str) -> None:
    told.db.conn.execute("UPDATE meta SET value = ? WHERE key = 'trail_frontier'", (value,))
    with pytest.raises(TrailBroken, match="the catalogue's note of the trail's tree is damaged"):
        told.trail.head()


def test_a_catalogue_older_than_its_trail_stays_closed(told: Archive) -> None:
    told.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    older = (told.directory / "catalogue.db").read_bytes()
    note(told, "rec_6")
    told.close()
    (told.directory / "catalogue.db").write_bytes(older)
    with pytest.raises(TrailBroken, match=r"the catalogue is older than its trail .* goes on to event 6"):
        reopen(told)


# -- crashes --------------------------------------------------------------------------------


def test_a_torn_last_line_is_completed_at_the_next_start(told: Archive) -> None:
    whole = told.trail.path.read_bytes()
    for left in (1, 30, len(lines(told)[-1].encode())):
        told.trail.path.write_bytes(whole[:-left])
        with reopen(told) as again:
            assert again.trail.path.read_bytes() == whole
            assert again.trail.verify() == []


def test_a_file_of_one_torn_line_is_completed(archive: Archive) -> None:
    note(archive, "rec_1")
    whole = archive.trail.path.read_bytes()
    archive.trail.path.write_bytes(whole[:10])
    archive.trail.publish()
    assert archive.trail.path.read_bytes() == whole


def test_a_line_longer_than_what_is_read_at_once_is_completed(archive: Archive) -> None:
    note(archive, "x" * 200_000)
    note(archive, "y" * 200_000)
    whole = archive.trail.path.read_bytes()
    archive.trail.path.write_bytes(whole[:-100_000])
    archive.trail.publish()
    assert archive.trail.path.read_bytes() == whole


def test_what_was_committed_but_not_published_is_published_at_the_next_start(told: Archive) -> None:
    """A crash between the commit and the trail file."""
    told.db.conn.execute("BEGIN IMMEDIATE")
    told.trail.append(EventType.RECORD_TAGGED, ["rec_6"], {}, at=AT, actor="per_1")
    told.trail.append(EventType.RECORD_TAGGED, ["rec_7"], {}, at=AT, actor="per_1")
    told.db.conn.execute("COMMIT")
    assert len(lines(told)) == 6
    with reopen(told) as again:
        assert [read_event(line).subjects for line in lines(again)[6:]] == [("rec_6",), ("rec_7",)]
        assert again.trail.verify() == []


def test_a_lost_file_is_made_anew(told: Archive) -> None:
    whole = told.trail.path.read_bytes()
    told.trail.path.unlink()
    with reopen(told):
        assert told.trail.path.read_bytes() == whole


def test_a_torn_line_is_not_read(told: Archive) -> None:
    told.trail.path.write_bytes(told.trail.path.read_bytes()[:-5])
    assert len(read_trail_file(told.trail.path)) == 5


def test_lines_are_taken_over_in_their_order_only(told: Archive, tmp_path: Path) -> None:
    other = told.trail
    told.db.conn.execute("BEGIN IMMEDIATE")
    with pytest.raises(TrailBroken, match="event 2 of the trail stands where event 6 must stand"):
        other.insert_line(lines(told)[2])
    told.db.conn.execute("ROLLBACK")


def test_a_full_disk_is_told_and_the_next_change_mends_the_file(told: Archive) -> None:
    """The trail file takes the first bytes of a line and no more."""
    before = told.trail.path.stat().st_size
    told.db.conn.execute("BEGIN IMMEDIATE")
    told.trail.append(EventType.RECORD_TAGGED, ["x" * 5000], {}, at=AT, actor="per_1")
    told.db.conn.execute("COMMIT")
    child = run(PUBLISH_WITH_LITTLE_ROOM, told, str(before + 1000))
    assert child.wait(60) == StorageFull.exit_code
    assert before < told.trail.path.stat().st_size <= before + 1000
    told.trail.publish()
    assert told.trail.verify() == []


PUBLISH_WITH_LITTLE_ROOM = """
import resource, signal, sys
from pathlib import Path
from archiver.core.archive import Archive
from archiver.core.durable import storage_errors
from archiver.core.errors import StorageFull
directory, config_directory, limit = sys.argv[1:]
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with Archive.open(Path(directory), config_directory=Path(config_directory), reconcile=False) as archive:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
    try:
        with storage_errors(archive.trail.path):
            archive.trail.publish()
    except StorageFull as error:
        sys.exit(error.exit_code)
"""


# -- several processes ----------------------------------------------------------------------


NOTE_MANY = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from archiver.core.archive import Archive
from archiver.core.events import EventType
directory, config_directory, name = sys.argv[1:]
with Archive.open(Path(directory), config_directory=Path(config_directory)) as archive:
    for number in range(15):
        with archive.change(at=datetime.now(UTC), actor=name) as change:
            change.record(EventType.RECORD_TAGGED, [f"{name}{number}"])
            change.record(EventType.RECORD_TAGGED, [f"{name}{number}'"])
"""


def test_processes_writing_at_once_make_one_trail(archive: Archive) -> None:
    writers = [run(NOTE_MANY, archive, name) for name in "abc"]
    assert [each.wait(120) for each in writers] == [0, 0, 0]
    assert archive.trail.verify() == []
    written = [read_event(line) for line in lines(archive)]
    assert [each.seq for each in written] == list(range(90))
    subjects = [each.subjects[0] for each in written]
    # a transaction's events stand together, and each process's in its own order
    assert [each + "'" for each in subjects[::2]] == subjects[1::2]
    for name in "abc":
        assert [each for each in subjects[::2] if each[0] == name] == [f"{name}{n}" for n in range(15)]
