"""What vouches for the trail from outside: a published key, tree heads kept elsewhere, stamps, committed rows."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from archiver.core.archive import Archive
from archiver.core.clock import to_iso
from archiver.core.config import TimestampSettings
from archiver.core.errors import BadInput, BadSettings, SecondPersonNeeded, TimestampFailed
from archiver.core.events import EventType
from archiver.core.fixity import Fault
from archiver.core.people import Role
from archiver.core.signing import fingerprint, make_key
from archiver.core.witness import compare_exports, read_head, read_witness
from archiver.workflows.archive.admit import add_person, disable_person
from archiver.workflows.archive.keep_register import add_account, add_job, set_job_status
from archiver.workflows.archive.timestamp import stamp, stamp_if_due, stamp_state
from archiver.workflows.archive.trail_keys import commit_rows_found, export_trail_head, rotate_key, trail_key
from archiver.workflows.keeping.plan_retention import activate_file_plan, load_file_plan
from archiver.workflows.requests.answer import open_request
from archiver.workflows.verification.verify import Verified, verify_archive
from retention.plan_file import example_plan
from tests.core.authority import NOW, Authority, needs_openssl
from tests.workflows.town import SECRET, clerk, make

LATER = NOW + timedelta(hours=2)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """An archive with one decision of each kind, nothing captured."""
    directory, config = make(tmp_path)
    (tmp_path / "plan.toml").write_text(example_plan(), encoding="utf-8")
    with Archive.open(directory, config_directory=config) as opened:
        actor = clerk(opened)
        add_person(opened, "নাদিয়া বেগম", Role.OFFICER, SECRET, actor=actor, second=None, now=NOW)
        add_account(
            opened, handle="@town", url="https://town.example/", site="", department="Communications",
            contact="Clerk", actor=actor, now=NOW,
        )  # fmt: skip
        add_job(opened, name="nightly", account="@town", urls=(), every="night", depth=1, actor=actor, now=NOW)
        activate_file_plan(
            opened, load_file_plan(opened, tmp_path / "plan.toml", actor=actor, now=NOW), actor=actor, now=NOW
        )
        open_request(
            opened, law="MFIPPA", received=date(2026, 11, 20), requester="آمنہ", subject="water", actor=actor, now=NOW
        )
        opened.finish_run(at=NOW)
        yield opened


def verify(
    archive: Archive, *keys: str, now: datetime = LATER, witnesses: tuple[Path, ...] = (), head: str = ""
) -> Verified:
    witnessed = [each for path in witnesses for each in read_witness(path)] + ([read_head(head)] if head else [])
    return verify_archive(archive, trusted_keys=keys, witnessed=witnessed, now=lambda: now)


def messages(found: Verified) -> list[str]:
    return [f"{each.subject}: {each.message}" for each in found.findings]


# -- rows of decisions ------------------------------------------------------------------------


def test_decisions_that_were_made_as_the_trail_tells_have_no_findings(archive: Archive) -> None:
    actor = clerk(archive)
    set_job_status(archive, "nightly", "paused", actor=actor, now=NOW)
    disable_person(archive, "নাদিয়া বেগম", actor=actor, now=NOW)
    assert verify(archive).findings == ()


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("UPDATE people SET role = 'administrator' WHERE role = 'officer'", "people"),
        ("UPDATE people SET secret_hash = 'mine' WHERE role = 'officer'", "people"),
        ("UPDATE people SET status = 'disabled' WHERE role = 'officer'", "people"),
        ("INSERT INTO people VALUES ('per_x', 'Mallory', 'approver', '', 'active', '2026', 'x')", "people"),
        ("DELETE FROM people WHERE role = 'officer'", "people"),
        ("UPDATE accounts SET department = 'Other'", "accounts"),
        ("UPDATE jobs SET every = 'once'", "jobs"),
        ("UPDATE requests SET requester = 'B. Other'", "requests"),
        ("UPDATE plan_versions SET activated_at = NULL", "plan_versions"),
        ("UPDATE schedule_versions SET period = 'P1D' WHERE rowid = 1", "plan_versions"),
        ("UPDATE classification_rules SET class_code = 'X' WHERE rowid = 1", "plan_versions"),
        ("DELETE FROM record_classes WHERE rowid = 1", "plan_versions"),
        ("UPDATE commitments SET salt = '00'", "people"),
    ],
)  # fmt: skip
def test_a_decision_changed_past_the_archive_is_found(sql: str, kind: str, archive: Archive) -> None:
    archive.db.conn.execute("PRAGMA foreign_keys = OFF")
    archive.db.conn.execute(sql)
    found = [each for each in verify(archive).findings if each.fault is Fault.DECISION]
    assert found
    assert any(each.subject.startswith(f"{kind}/") for each in found)


def test_when_a_job_ran_is_no_decision(archive: Archive) -> None:
    archive.db.conn.execute("UPDATE jobs SET last_run = ?", [to_iso(NOW)])
    assert verify(archive).findings == ()


def test_no_event_holds_what_it_commits_to(archive: Archive) -> None:
    text = archive.trail.path.read_text("utf-8")
    assert not [word for word in ("নাদিয়া", "آمنہ", "Communications", "water") if word in text]


def test_rows_of_an_earlier_version_are_found_until_an_administrator_commits_to_them(archive: Archive) -> None:
    archive.db.conn.execute("INSERT INTO people VALUES ('per_x', 'Old', 'auditor', '', 'active', '2026', 'x')")
    assert ["archiver trail commit" in each for each in messages(verify(archive))] == [True]
    assert commit_rows_found(archive, actor=clerk(archive), now=NOW) == ["people/per_x"]
    assert verify(archive).findings == ()
    assert commit_rows_found(archive, actor=clerk(archive), now=NOW) == []


def test_an_archive_without_a_snapshot_is_found(archive: Archive) -> None:
    for path in (archive.directory / "snapshots").iterdir():
        path.unlink()
    assert [each.fault for each in verify(archive).findings] == [Fault.SNAPSHOT]


def test_a_snapshot_of_another_trail_is_found(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    other = next(iter((make(tmp_path / "b")[0] / "snapshots").iterdir()))
    newest = max((archive.directory / "snapshots").iterdir())
    newest.write_bytes(other.read_bytes())
    assert [each.fault for each in verify(archive).findings] == [Fault.SNAPSHOT]


# -- the key ----------------------------------------------------------------------------------


def test_after_a_rotation_both_fingerprints_verify_and_a_strangers_does_not(archive: Archive, tmp_path: Path) -> None:
    before = trail_key(archive)
    made = rotate_key(archive, actor=clerk(archive), lost=False, second=None, now=NOW)
    archive.finish_run(at=NOW)
    assert made.fingerprint != before.fingerprint
    assert trail_key(archive) == made
    assert made.here
    assert not archive.next_key_file.exists()
    for each in (before, made):
        assert verify(archive, each.fingerprint).findings == ()
    assert verify(archive, fingerprint(make_key(tmp_path / "s.pem").public_key)).findings


def test_the_old_key_signs_nothing_after_its_successor(archive: Archive) -> None:
    old = archive.key_file.read_bytes()
    rotate_key(archive, actor=clerk(archive), lost=False, second=None, now=NOW)
    assert archive.signing_key() is not None
    archive.key_file.write_bytes(old)
    archive.finish_run(at=NOW)
    assert any("while the trail's key was" in each for each in messages(verify(archive)))


def test_a_rotation_cut_short_before_its_event_changes_nothing_and_after_it_is_finished(archive: Archive) -> None:
    before = trail_key(archive)
    successor = make_key(archive.next_key_file)
    assert trail_key(archive) == before
    made = rotate_key(archive, actor=clerk(archive), lost=False, second=None, now=NOW)
    assert made.public_key == successor.public_key


def test_a_lost_key_is_replaced_by_two_administrators_and_both_fingerprints_are_published(archive: Archive) -> None:
    actor, before = clerk(archive), trail_key(archive)
    add_person(archive, "Deputy", Role.ADMINISTRATOR, SECRET, actor=actor, second=None, now=NOW)
    with pytest.raises(BadInput, match="the key is not lost"):
        rotate_key(archive, actor=actor, lost=True, second=None, now=NOW)
    archive.key_file.unlink()
    with pytest.raises(BadInput, match="--lost"):
        rotate_key(archive, actor=actor, lost=False, second=None, now=NOW)
    with pytest.raises(SecondPersonNeeded):
        rotate_key(archive, actor=actor, lost=True, second=None, now=NOW)
    made = rotate_key(archive, actor=actor, lost=True, second=("Deputy", SECRET), now=NOW)
    archive.finish_run(at=NOW)
    assert verify(archive, before.fingerprint, made.fingerprint).findings == ()
    assert verify(archive, before.fingerprint).findings
    assert verify(archive, made.fingerprint).findings


# -- copies kept elsewhere --------------------------------------------------------------------


def export(archive: Archive, path: Path, since: Path | None = None) -> Path:
    made = export_trail_head(archive, read_witness(since)[-1] if since else None, now=NOW)
    path.write_text(json.dumps(made), encoding="utf-8")
    return path


def drop_last_event(archive: Archive) -> None:
    """The event, the checkpoint over it, and the tree's note of it: nothing inside the archive tells."""
    lines = archive.trail.path.read_bytes().splitlines(keepends=True)[:-1]
    archive.trail.path.write_bytes(b"".join(lines))
    checkpoints = archive.directory / "trail" / "checkpoints.jsonl"
    kept = [
        each for each in checkpoints.read_bytes().splitlines(keepends=True) if json.loads(each)["size"] <= len(lines)
    ]
    checkpoints.write_bytes(b"".join(kept))
    events = list(archive.trail.events())
    archive.db.conn.execute("DELETE FROM events")
    archive.db.conn.execute("DELETE FROM meta WHERE key = 'trail_frontier'")
    for event in events[:-1]:
        archive.trail.insert_line(event.line)
    for path in (archive.directory / "snapshots").iterdir():
        if int(path.name.split("-")[1]) > len(lines):
            path.unlink()


def test_a_dropped_last_event_is_found_by_whoever_kept_a_tree_head(archive: Archive, tmp_path: Path) -> None:
    with archive.change(at=NOW, actor="archive") as change:
        change.record(EventType.LOGGED_IN, ["per_x"])
    archive.finish_run(at=NOW)
    kept = export(archive, tmp_path / "kept.json")
    copy = tmp_path / "checkpoints.jsonl"
    copy.write_bytes((archive.directory / "trail" / "checkpoints.jsonl").read_bytes())
    head = archive.trail.head()
    assert verify(archive, witnesses=(kept, copy), head=f"{head.size}:{head.root}").findings == ()
    drop_last_event(archive)
    assert verify(archive).findings == ()  # as the manual says: no log can tell of itself
    for found in (
        verify(archive, witnesses=(kept,)),
        verify(archive, witnesses=(copy,)),
        verify(archive, head=f"{head.size}:{head.root}"),
    ):
        assert all("its tail was cut off" in each for each in messages(found))
        assert found.findings


def test_another_archives_tree_head_is_no_witness(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    directory, config = make(tmp_path / "b")
    with Archive.open(directory, config_directory=config) as other:
        kept = export(other, tmp_path / "kept.json")
    assert any("the trail was changed" in each for each in messages(verify(archive, witnesses=(kept,))))


def test_two_tree_heads_are_compared_without_the_archive(archive: Archive, tmp_path: Path) -> None:
    old = export(archive, tmp_path / "old.json")
    for number in range(5):
        with archive.change(at=NOW, actor="archive") as change:
            change.record(EventType.LOGGED_IN, [f"per_{number}"])
    new = export(archive, tmp_path / "new.json", since=old)
    assert compare_exports(old, new) == []
    forged = json.loads(new.read_text())
    forged["since"]["proof"][0] = "00" * 32
    (tmp_path / "forged.json").write_text(json.dumps(forged))
    assert compare_exports(old, tmp_path / "forged.json")
    with pytest.raises(BadInput, match="--since"):
        compare_exports(new, old)


@pytest.mark.parametrize("text", ["", "12", "12:abc", "a:" + "0" * 64, "শিৱ"])
def test_what_is_no_tree_head_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        read_head(text)
    (tmp_path / "w").write_text(text, encoding="utf-8")
    with pytest.raises(BadInput):
        read_witness(tmp_path / "w")


# -- time-stamps ------------------------------------------------------------------------------


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "tsa")


def stamped_by(archive: Archive, authority: Authority, url: str = "http://127.0.0.1:1/tsa", every: str = "run") -> None:
    wanted = TimestampSettings(url=url, ca_file=str(authority.ca_file), every=every)
    archive.settings = replace(archive.settings, timestamp=wanted)


def asking(authority: Authority) -> Callable[[str, bytes], bytes]:
    return lambda _, request: authority.answer(request)


@needs_openssl
def test_a_stamp_is_kept_told_of_verified_and_openssl_agrees(archive: Archive, authority: Authority) -> None:
    with authority.serve() as url:
        stamped_by(archive, authority, url)
        made = stamp(archive, now=NOW)
    archive.finish_run(at=NOW)
    found = verify(archive)
    assert found.findings == ()
    assert [(each.events, each.at, each.authority) for each in found.proved] == [
        (made.events, made.at, "CN=Authority of Rivermouth")
    ]
    checkpoint, token = made.files
    command = ["openssl", "ts", "-verify", "-data", checkpoint, "-in", token, "-CAfile", str(authority.ca_file)]
    ran = subprocess.run(command, cwd=archive.directory, capture_output=True, text=True, check=False)
    assert "Verification: OK" in ran.stdout + ran.stderr
    manual = (Path(__file__).parents[3] / "docs" / "administrators.md").read_text("utf-8")
    assert "openssl ts -verify -data" in manual


@needs_openssl
@pytest.mark.parametrize("kind", ["tsr", "checkpoint"])
def test_a_changed_or_missing_token_is_found(kind: str, archive: Archive, authority: Authority) -> None:
    stamped_by(archive, authority)
    made = stamp(archive, now=NOW, ask=asking(authority))
    path = next(archive.directory / each for each in made.files if each.endswith(kind))
    whole = path.read_bytes()
    for content in (whole[:-1], whole + b"\0", b"", whole.replace(b"2026", b"2025")):
        if content != whole:
            path.write_bytes(content)
            assert Fault.TIMESTAMP in {each.fault for each in verify(archive).findings}
    path.unlink()
    assert [each.fault for each in verify(archive).findings] == [Fault.TIMESTAMP]


@needs_openssl
def test_a_token_of_another_authority_put_in_its_place_is_found(
    archive: Archive, authority: Authority, tmp_path: Path
) -> None:
    stamped_by(archive, authority)
    made = stamp(archive, now=NOW, ask=asking(authority))
    other = Authority(tmp_path / "other")
    request = subprocess.run(
        ["openssl", "ts", "-query", "-data", archive.directory / made.files[0], "-sha512", "-cert"],
        capture_output=True, check=True,
    ).stdout  # fmt: skip
    (archive.directory / made.files[1]).write_bytes(other.answer(request))
    assert any("is not the token that event" in each for each in messages(verify(archive)))


@needs_openssl
def test_stamps_without_trust_anchors_are_what_could_not_be_checked(archive: Archive, authority: Authority) -> None:
    stamped_by(archive, authority)
    stamp(archive, now=NOW, ask=asking(authority))
    archive.settings = replace(archive.settings, timestamp=TimestampSettings())
    assert any("1 stamps cannot be checked: timestamp.ca_file" in each for each in messages(verify(archive)))


@needs_openssl
def test_a_stamp_whose_certificate_ended_counts_where_it_was_renewed_in_time(archive: Archive, tmp_path: Path) -> None:
    short = Authority(tmp_path / "short", ends=NOW + timedelta(days=100))
    long = Authority(tmp_path / "long", ends=NOW + timedelta(days=2000))
    roots = tmp_path / "roots.pem"
    roots.write_bytes(short.ca_file.read_bytes() + long.ca_file.read_bytes())
    stamped_by(archive, replace_ca(short, roots))
    stamp(archive, now=NOW, ask=asking(short))
    then = NOW + timedelta(days=200)
    assert any("and no later stamp was made before that" in each for each in messages(verify(archive, now=then)))
    assert (
        stamp_if_due(archive, now=NOW + timedelta(days=1), ask=asking(long)) is None
    )  # nothing happened, nothing ends
    assert stamp_if_due(archive, now=NOW + timedelta(days=11), ask=asking(long)) is not None  # 89 days before its end
    assert [each for each in messages(verify(archive, now=then)) if "no later stamp" in each] == []


def replace_ca(authority: Authority, path: Path) -> Authority:
    authority.ca_file = path
    return authority


@needs_openssl
@pytest.mark.parametrize("body", [b"garbage", b"", b"<html>"])
def test_an_authority_that_fails_never_fails_the_run_and_is_tried_again(
    body: bytes, archive: Archive, authority: Authority
) -> None:
    with authority.serve(body=body) as url:
        stamped_by(archive, authority, url)
        assert stamp_if_due(archive, now=NOW - timedelta(hours=2)) is None
    state = stamp_state(archive)
    assert state.failed == NOW - timedelta(hours=2)
    assert "no time-stamp response" in state.reason
    assert stamp_if_due(archive, now=NOW - timedelta(minutes=90), ask=asking(authority)) is None
    assert stamp_if_due(archive, now=NOW, ask=asking(authority)) is not None
    assert stamp_state(archive).failed is None
    assert verify(archive).findings == ()


@needs_openssl
def test_stamped_by_hand_a_failure_is_an_error_and_nothing_is_kept(archive: Archive, authority: Authority) -> None:
    with authority.serve(status=500) as url:
        stamped_by(archive, authority, url)
        with pytest.raises(TimestampFailed, match="status 500"):
            stamp(archive, now=NOW)
    assert not (archive.directory / "trail" / "timestamps").exists()


def test_without_an_address_nothing_is_asked(archive: Archive) -> None:
    assert stamp_if_due(archive, now=NOW) is None
    with pytest.raises(BadSettings, match=re.escape("timestamp.url is not set")):
        stamp(archive, now=NOW)
