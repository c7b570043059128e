"""Holding, approving and destroying on the command line: two people log in one after the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from archiver.core.errors import (
    BackupDamaged,
    BackupKeyWrong,
    BadInput,
    BatchNotReady,
    NotPermitted,
    SecondPersonNeeded,
)
from tests.commands.test_cli import Terminal, outside
from tests.workflows.disposal.shelf import LATER, SECRET, Shelf, file_thread, make_shelf, record_id

assert outside  # the fixture is this module's too


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    made = make_shelf(tmp_path / "shelf")
    with made.open() as archive:
        for number in (1, 2, 3):
            file_thread(archive, number, title=f"জাননী {number}")
        archive.finish_run(at=LATER)
    return made


@pytest.fixture
def desk(outside: Terminal, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("ARCHIVER_ARCHIVE", str(shelf.directory))
    monkeypatch.setenv("ARCHIVER_CONFIG", str(shelf.config))
    assert outside("login", "Ann", typed=[SECRET]).code == 0
    return outside


def test_from_what_is_due_to_the_certificate(desk: Terminal) -> None:
    assert "Due since 2026-04-10 to be destroyed" in desk("retention", "why", record_id(1)).out
    (batch,) = desk("disposal", "propose", "--json").json
    held = desk(
        "hold", "place", "Bora v. Town", "--mandate", "order", "--custodian", "Clerk", "--reason", "quoted",
        "--record", record_id(2), "--json",
    ).json  # fmt: skip
    assert held["ejected"] == [record_id(2)]
    assert "Bora v. Town" in desk("record", "show", record_id(2)).out
    assert desk("record", "show", record_id(2), "--json").json["held"] == [f"Bora v. Town ({held['hold']['id']})"]
    assert f"held for Bora v. Town ({held['hold']['id']})" in desk("search", "জাননী").out
    hits = desk("search", "জাননী", "--json").json["hits"]
    told = {each["record"]["id"]: each["held"] for each in hits}
    assert told == {record_id(1): [], record_id(2): [f"Bora v. Town ({held['hold']['id']})"], record_id(3): []}
    assert "Still lacking" in desk("disposal", "approve", batch["id"]).out
    assert desk("disposal", "run", batch["id"]).code == SecondPersonNeeded.exit_code
    assert desk("login", "Bob", typed=[SECRET]).code == 0
    assert "It may be carried out" in desk("disposal", "approve", batch["id"]).out
    done = desk("disposal", "run", batch["id"], "--json").json
    assert done["batch"]["status"] == "done"
    certificate = desk("disposal", "certificate", done["certificate"], "--json").json
    assert (certificate["counts"]["gone"], certificate["counts"]["stayed"]) == (2, 1)
    assert desk("disposal", "run", batch["id"]).code == BatchNotReady.exit_code
    assert [each["id"] for each in desk("record", "list", "--json").json] == [record_id(2)]
    assert record_id(1) in desk("record", "list", "--disposed").out


def test_the_reports_and_the_notice_are_written(desk: Terminal, tmp_path: Path) -> None:
    page, tables, notice = tmp_path / "r.html", tmp_path / "tables", tmp_path / "n.html"
    ran = desk("retention", "report", "--html", str(page), "--csv", str(tables), "--json")
    assert len(ran.json["overdue"]) == 3
    assert "<svg" in page.read_text(encoding="utf-8")
    assert "জাননী 1" in (tables / "overdue.csv").read_text(encoding="utf-8")
    assert {each.stem for each in tables.iterdir()} == {
        "overdue", "due_soon", "held", "unclassified", "papers_due", "gone", "by_month", "schedules_to_review",
        "storage", "formats", "papers",
    }  # fmt: skip
    assert (tables / "papers.csv").read_text(encoding="utf-8").splitlines() == [
        "kind,papers,keep,due,permanent,undecided,held", "file_plan,1,0,0,0,0,1", "trail,1,0,0,0,0,1",
    ]  # fmt: skip
    storage = (tables / "storage.csv").read_text(encoding="utf-8")
    assert storage.startswith("class,records,papers,files,bytes,lies_at\nR,3,0,9,")
    assert desk("notice", "-o", str(notice), "--ask", "Room 2").code == 0
    assert 'lang="as"' in notice.read_text(encoding="utf-8")
    assert desk("preserve", "fixity", "--all", "--json").json["checked"] == 9


def test_a_backup_is_made_checked_restored_for_practice_and_in_earnest(desk: Terminal, tmp_path: Path) -> None:
    key, place = str(tmp_path / "keys" / "b.key"), str(tmp_path / "backup")
    assert desk("login", "Clerk", typed=[SECRET]).code == 0
    assert desk("backup", "key", key).code == 0
    made = desk("backup", "make", place, "--key", key, "--json").json
    assert made["sealed"] == made["files"]
    assert [each["set"] for each in desk("backup", "list", place, "--key", key, "--json").json] == [made["set"]]
    assert desk("backup", "check", place, "--key", key, "--json").json["findings"] == []
    drilled = desk("backup", "drill", place, "--key", key, "--json").json
    assert (drilled["passed"], drilled["records"]) == (True, 3)
    other = str(tmp_path / "keys" / "other.key")
    assert desk("backup", "key", other).code == 0
    assert desk("backup", "check", place, "--key", other).code == BackupKeyWrong.exit_code
    restored = desk("restore", place, str(tmp_path / "again"), "--key", key, "--json").json
    assert restored["locked"]
    box = next(path for path in (tmp_path / "backup" / "boxes").rglob("*") if path.is_file())
    box.write_bytes(box.read_bytes()[:-1] + bytes([box.read_bytes()[-1] ^ 1]))
    told = desk("backup", "check", place, "--key", key)
    assert told.code == BackupDamaged.exit_code
    assert str(box) in told.out.replace("\n", "")
    secret = ["পাছফ্ৰেজ battery staple", "পাছফ্ৰেজ battery staple"]
    assert desk("backup", "make", str(tmp_path / "two"), typed=secret).code == 0
    assert desk("backup", "list", str(tmp_path / "two"), typed=["wrong"]).code == BackupKeyWrong.exit_code


def test_an_unattended_backup_and_its_drill_are_told_of_as_the_night_is(
    desk: Terminal, shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, place, told = tmp_path / "b.key", tmp_path / "backup", tmp_path / "told"
    assert desk("backup", "make", "--tell").code == NotPermitted.exit_code, "Ann approves, and does not back up"
    assert desk("login", "Clerk", typed=[SECRET]).code == 0
    assert desk("backup", "make").code == BadInput.exit_code, "no place is named anywhere"
    assert desk("backup", "key", str(key)).code == 0
    token = desk("person", "add", "nightly", "--role", "service", "--json").json["token"]
    settings = shelf.directory / "archive.toml"
    text = settings.read_text(encoding="utf-8")
    for old, new in (
        ('place = ""', f'place = "{place}"'),
        ('key_file = ""', f'key_file = "{key}"'),
        ("notify_command = []", f'notify_command = ["sh", "-c", "cat > {told}"]'),
    ):
        assert text.count(old) == 1
        text = text.replace(old, new)
    settings.write_text(text, encoding="utf-8")
    units = desk("timer", "--at", "23:00", "--json").json
    assert [each["name"] for each in units["more"] if each["name"].endswith(".timer")] == [
        "archiver-backup.timer", "archiver-drill.timer",
    ]  # fmt: skip
    assert "OnCalendar=*-*-* 05:30:00" in units["more"][1]["text"], "six hours, and half a one, after the night began"
    assert "archiver-drill.timer" in desk("timer").out

    assert desk("logout").code == 0
    monkeypatch.setenv("ARCHIVER_TOKEN", token)
    assert desk("backup", "make", "--tell", "--json").code == 0
    assert desk("backup", "drill", "--tell", "--json").json["passed"]
    assert not told.exists(), "`notify` is `trouble`, and there was none"
    box = next(path for path in (place / "boxes").rglob("*") if path.is_file())
    whole = box.read_bytes()
    box.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert desk("backup", "drill", "--tell").code == BackupDamaged.exit_code
    assert "restore drill: trouble" in told.read_text(encoding="utf-8")
    assert "শিৱসাগৰ" in told.read_text(encoding="utf-8")
    told.unlink()
    key.write_text("no key", encoding="ascii")
    assert desk("backup", "make", "--tell").code == BackupKeyWrong.exit_code
    assert "backup: trouble" in told.read_text(encoding="utf-8")
    told.unlink()
    key.unlink()
    box.write_bytes(whole)
    assert desk("backup", "make").code == BackupKeyWrong.exit_code
    assert not told.exists(), "nobody asked to tell"


def test_a_plan_goes_out_as_a_spreadsheet_and_comes_back(desk: Terminal, tmp_path: Path) -> None:
    table = tmp_path / "plan.csv"
    assert desk("fileplan", "export", str(table)).code == 0
    assert desk("fileplan", "check", str(table)).code == 0
    table.write_text(table.read_text(encoding="utf-8").replace("P90D", "P60D", 1), encoding="utf-8")
    assert desk("fileplan", "load", str(table), "--json").json["version"] == 2
    preview = desk("fileplan", "diff", "2", "--json").json
    assert preview["shortens"]
    assert desk("fileplan", "activate", "2").code == SecondPersonNeeded.exit_code
    assert desk("fileplan", "approve", "2").code == 0
    assert desk("login", "Bob", typed=[SECRET]).code == 0
    assert desk("fileplan", "activate", "2").code == 0
