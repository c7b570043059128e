"""The command line as an officer meets it: words, codes, and the JSON contract."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from archiver.cli import main
from archiver.core.archive import Archive
from archiver.core.records import RecordId, RecordKind
from archiver.core.signing import fingerprint
from archiver.core.stubs import Stub, add_stub
from archiver.workflows.filing.disposed import file_disposed
from tests.workflows.town import NOW, SECRET, Town


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Terminal:
    """Types commands into an archive of the test's own."""

    def __init__(self, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.place = place
        self._patch = monkeypatch
        self._capsys = capsys

    def __call__(self, *arguments: str, typed: Sequence[str] = ()) -> Ran:
        self._patch.setattr(sys, "argv", ["archiver", *arguments])
        self._patch.setattr(sys, "stdin", StringIO("".join(line + "\n" for line in typed)))
        self._capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        out, err = self._capsys.readouterr()
        return Ran(code, out, err)


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """A terminal without an archive."""
    monkeypatch.setenv("ARCHIVER_CONFIG", str(tmp_path / "config"))
    monkeypatch.delenv("ARCHIVER_ARCHIVE", raising=False)
    monkeypatch.delenv("ARCHIVER_TOKEN", raising=False)
    return Terminal(tmp_path, monkeypatch, capsys)


@pytest.fixture
def fresh(outside: Terminal, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal with an empty archive, its administrator logged in."""
    made = outside("init", str(outside.place / "archive"), "--agency", "Town of Rivermouth", "--jurisdiction", "CA-ON")
    assert made.code == 0, made.err
    monkeypatch.setenv("ARCHIVER_ARCHIVE", str(outside.place / "archive"))
    return outside


@pytest.fixture
def full(outside: Terminal, captured_town: Town, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal with the captured town's archive."""
    town = captured_town.copy_to(outside.place / "town")
    monkeypatch.setenv("ARCHIVER_ARCHIVE", str(town.directory))
    monkeypatch.setenv("ARCHIVER_CONFIG", str(town.config))
    assert outside("login", "Clerk", typed=[SECRET]).code == 0
    return outside


def test_init_says_what_it_made_and_the_secret_once(outside: Terminal) -> None:
    ran = outside("init", str(outside.place / "a"), "--agency", "شہر", "--jurisdiction", "PK-BA", "--json")
    assert ran.code == 0
    assert set(ran.json) == {"directory", "archive_id", "administrator", "fingerprint", "secret"}
    assert ran.json["secret"] not in (outside.place / "a" / "archive.toml").read_text(encoding="utf-8")
    assert "شہر" in (outside.place / "a" / "archive.toml").read_text(encoding="utf-8")


def test_the_printed_secret_logs_in(outside: Terminal) -> None:
    place = str(outside.place / "a")
    secret = outside("init", place, "--agency", "A", "--jurisdiction", "IN-AS", "--json").json["secret"]
    assert outside("logout", "--archive", place).code == 0
    assert outside("whoami", "--archive", place).code == 15
    assert outside("login", "administrator", "--archive", place, typed=["not the secret"]).code == 16
    assert outside("login", "administrator", "--archive", place, typed=[secret]).code == 0
    assert "administrator" in outside("whoami", "--archive", place).out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("status",), 4, "is no archive"),
        (("verify",), 4, "archiver init"),
        (("rebuild",), 4, "is no archive"),
        (("record", "show"), 2, "Missing argument"),
        (("frobnicate",), 2, "No such command"),
    ],
)
def test_without_an_archive_the_error_says_what_to_do(
    outside: Terminal, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], code: int, words: str
) -> None:
    monkeypatch.chdir(outside.place)
    ran = outside(*arguments)
    assert (ran.code, words in ran.err) == (code, True), ran.err


def test_init_never_overwrites(fresh: Terminal) -> None:
    ran = fresh("init", str(fresh.place / "archive"), "--agency", "B", "--jurisdiction", "CA-ON")
    assert (ran.code, "not empty" in ran.err) == (5, True)


@pytest.mark.parametrize("zone", ["Mars/Olympus", ""])
def test_init_with_a_wrong_time_zone_makes_nothing(outside: Terminal, zone: str) -> None:
    ran = outside("init", str(outside.place / "a"), "--agency", "A", "--jurisdiction", "X", "--time-zone", zone)
    assert (ran.code, "archive.time_zone" in ran.err) == (6, True)
    assert not (outside.place / "a" / "archive.toml").exists()


def test_a_wrong_setting_is_named_by_its_key(fresh: Terminal) -> None:
    path = fresh.place / "archive" / "archive.toml"
    path.write_text(path.read_text("utf-8").replace("load_seconds = 30", 'load_seconds = "soon"\ncolour = 1'), "utf-8")
    ran = fresh("status")
    assert ran.code == 6
    assert "capture.load_seconds: must be a whole number" in ran.err
    assert "capture.colour: unknown key" in ran.err


@pytest.mark.parametrize(
    "arguments",
    [("record", "show", "\udcff"), ("request", "new", "--law", "\udcff"), ("capture", "http://x.example/\udcff")],
)
def test_bytes_that_are_no_text_are_refused_before_anything_starts(fresh: Terminal, arguments: tuple[str, ...]) -> None:
    ran = fresh(*arguments)
    assert (ran.code, "is not UTF-8 text" in ran.err) == (20, True)


def test_a_token_that_is_no_text_is_refused(fresh: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {**os.environ, "ARCHIVER_TOKEN": "\udcff"})
    assert fresh("whoami").code == 20


def test_a_place_that_cannot_be_written_is_told_as_such(outside: Terminal) -> None:
    ran = outside("init", "/proc/archive", "--agency", "A", "--jurisdiction", "X")
    assert (ran.code, "/proc/archive" in ran.err) == (9, True)


def test_a_plan_that_is_no_text_is_refused(fresh: Terminal) -> None:
    (fresh.place / "plan.toml").write_bytes(b"\xff\xfe")
    assert fresh("fileplan", "load", str(fresh.place / "plan.toml")).code == 24


def test_errors_are_one_json_object_where_json_is_asked_for(fresh: Terminal) -> None:
    ran = fresh("record", "show", "rec_0000000000000000", "--json")
    assert ran.code == 21
    told = json.loads(ran.err)
    assert (told["error"], told["exit_code"]) == ("NotFound", 21)
    assert ran.out == ""


def test_who_is_not_logged_in_changes_nothing_but_may_look(fresh: Terminal) -> None:
    fresh("logout")
    assert fresh("account", "add", "@a", "https://town.example/").code == 15
    assert fresh("account", "list", "--json").json == []


def test_a_token_in_the_environment_acts_as_its_service(fresh: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    token = fresh("person", "add", "night", "--role", "service", "--json").json["token"]
    monkeypatch.setenv("ARCHIVER_TOKEN", token)
    assert fresh("whoami", "--json").json["role"] == "service"
    ran = fresh("account", "add", "@a", "https://town.example/")
    assert (ran.code, "officer" in ran.err) == (17, True)


def test_a_second_administrator_confirms_with_a_secret_of_their_own(fresh: Terminal) -> None:
    assert fresh("person", "add", "Deputy", "--role", "administrator", typed=[SECRET, SECRET]).code == 0
    ran = fresh("person", "add", "Third", "--role", "approver", typed=[SECRET, SECRET])
    assert (ran.code, "--second Deputy" in ran.err) == (18, True)
    wrong = fresh(
        "person", "add", "Third", "--role", "approver", "--second", "Deputy", typed=[SECRET, SECRET, "no no no no"]
    )
    assert wrong.code == 16
    done = fresh("person", "add", "Third", "--role", "approver", "--second", "Deputy", typed=[SECRET, SECRET, SECRET])
    assert done.code == 0
    assert [each["name"] for each in fresh("person", "list", "--json").json] == ["administrator", "Deputy", "Third"]


def test_accounts_are_registered_listed_and_shown(fresh: Terminal) -> None:
    added = fresh("account", "add", "@শহৰ", "https://town.example/a", "--department", "দপ্তর", "--json").json
    assert added["site"] == "town.example"
    assert fresh("account", "list", "--json").json == [added]
    assert fresh("account", "show", "শহৰ", "--json").json == {"account": added, "records": []}
    assert fresh("account", "add", "@শহৰ", "https://town.example/b").code == 22
    assert fresh("account", "add", "@b", "ftp://town.example/").code == 20
    assert "শহৰ" in fresh("account", "list").out


def test_jobs_are_kept_paused_and_resumed(fresh: Terminal) -> None:
    job = fresh("job", "add", "council", "https://town.example/", "--every", "week", "--json").json
    assert (job["every"], job["urls"], job["status"]) == ("week", ["https://town.example/"], "active")
    assert fresh("job", "pause", "council", "--json").json["status"] == "paused"
    assert fresh("job", "run", "council").code == 20
    assert fresh("job", "resume", "council", "--json").json["status"] == "active"
    assert fresh("job", "show", "council", "--json").json["captures"] == []
    assert "council" in fresh("job", "list").out
    assert fresh("job", "add", "both").code == 20


@pytest.mark.browser
def test_a_refused_address_ends_with_its_own_code_and_a_kept_outcome(fresh: Terminal) -> None:
    ran = fresh("capture", "http://127.0.0.1:18999/", "--json")
    assert ran.code == 101
    assert ran.json[0]["capture"]["outcome"] == "refused"
    assert "allow_hosts" in ran.err or "127.0.0.1" in ran.err
    assert fresh("verify").code == 0


@pytest.mark.parametrize(
    "address", ["", "town.example", "javascript:alert(1)", "https://", "http://a b/", "http://u:p@h/"]
)
def test_what_is_no_address_is_refused_before_anything_starts(fresh: Terminal, address: str) -> None:
    assert fresh("capture", address).code == 20


@pytest.mark.browser
class TestACapturedTown:
    def test_search_marks_hits_and_says_how_it_read_the_query(self, full: Terminal) -> None:
        ran = full("search", "water OR পানী")
        assert ran.code == 0
        assert "interpreted as" in ran.out
        found = full("search", "water OR পানী", "--all", "--json").json
        assert found["total"] == len(found["hits"]) > 0
        assert {"item", "record", "snippet", "earlier_text", "marks", "title_marks", "held"} == set(found["hits"][0])

    def test_a_malformed_query_points_at_its_place(self, full: Terminal) -> None:
        ran = full("search", "water AND (road")
        assert ran.code == 23
        assert ran.err.splitlines()[-1].strip() == "^"
        told = json.loads(full("search", "water AND (road", "--json").err)
        assert told["position"] == 10

    def test_a_record_is_shown_with_its_history(self, full: Terminal) -> None:
        gone = full("search", "state:gone", "--json").json["hits"][0]["record"]["id"]
        ran = full("record", "show", gone)
        assert ran.code == 0
        assert "gone between" in ran.out
        shown = full("record", "show", gone, "--json").json
        assert {"record", "held", "observed", "class_reason", "corrections", "items", "captures"} == set(shown)
        assert len(shown["captures"]) == 2

    def test_a_correction_and_a_tag_are_kept_beside_what_was_observed(self, full: Terminal) -> None:
        record = full("record", "list", "--kind", "thread", "--json").json[0]
        done = full(
            "record", "edit", record["id"], "--title", "عنوان", "--created", "2026-01-31", "--reason", "misread"
        )
        assert done.code == 0, done.err
        assert full("record", "tag", record["id"], "flood", "সেৱা").code == 0
        shown = full("record", "show", record["id"], "--json").json
        assert shown["record"]["title"] == "عنوان"
        assert shown["record"]["created"] == "2026-01-31T05:00:00.000000Z"
        assert shown["record"]["tags"] == ["flood", "সেৱা"]
        assert shown["observed"]["title"] == record["title"]
        assert full("record", "edit", record["id"], "--title", "x", "--reason", " ").code == 20
        assert full("record", "edit", record["id"], "--created", "soon", "--reason", "x").code == 20
        assert "misread" in full("record", "show", record["id"]).out
        assert [each["id"] for each in full("record", "list", "--tag", "flood", "--json").json] == [record["id"]]

    def test_retention_gives_every_record_a_date_or_a_reason(self, full: Terminal) -> None:
        planned = full("retention", "plan", "--json").json
        assert len(planned) == len(full("record", "list", "--json").json)
        for each in planned:
            assert each["explanation"]
            assert each["decision"]["reasons"]
        assert full("retention", "plan", "--today", "2026-11-21").code == 0

    def test_a_request_goes_from_register_to_bundle(self, full: Terminal, tmp_path: Path) -> None:
        request = full("request", "new", "--law", "MFIPPA", "--requester", "نور", "--subject", "পানী", "--json").json
        assert full("export", request["number"]).code == 51
        searched = full("request", "search", request["number"], "water", "--json").json
        assert searched["total"] > 0
        made = full("export", request["number"], "--json").json
        bundle = made["filed"]["path"]
        assert full("check", bundle).code == 0
        shown = full("request", "show", request["number"], "--json").json
        assert shown["request"]["status"] == "produced"
        assert len(shown["productions"]) == 1
        assert request["number"] in full("request", "list").out
        pack = ("production", "zip", request["number"], made["filed"]["id"], "--into")
        packed = full(*pack, str(tmp_path / "one.zip"), "--json", typed=["a sentence of its own"] * 2)
        assert packed.json["files"] > 5
        page = Path(bundle) / "data" / "index.html"
        page.write_bytes(page.read_bytes() + b" ")
        ran = full("check", bundle)
        assert ran.code == 50
        assert "data/index.html" in ran.out
        assert full(*pack, str(tmp_path / "two.zip"), typed=["a sentence of its own"] * 2).code == 50

    def test_verify_fails_with_its_own_code_and_names_the_file(self, full: Terminal) -> None:
        assert full("verify").code == 0
        path = next((Path(os.environ["ARCHIVER_ARCHIVE"]) / "objects").rglob("thumb.webp"))
        path.write_bytes(path.read_bytes()[:-1])
        ran = full("verify", "--json")
        assert ran.code == 30
        named = {each["subject"].rsplit("/", 1)[1] for each in ran.json["findings"]}
        assert "thumb.webp" in named
        assert named <= {"thumb.webp", "capture.json"}  # of a later capture that repeats it

    def test_status_trail_and_index_tell_of_the_archive(self, full: Terminal) -> None:
        status = full("status", "--json").json
        assert status["counts"]["records"] == len(full("record", "list", "--json").json)
        trail = full("trail", "--json").json
        assert trail["head"]["size"] == status["trail"]["size"]
        assert full("index", "rebuild", "--json").json["rebuilt"] is True
        assert full("index", "update", "--json").json["items"] == status["counts"]["items"]
        assert "Trail" in full("trail", "--last", "3").out

    def test_rebuild_lists_what_no_snapshot_holds(self, full: Terminal) -> None:
        directory = Path(os.environ["ARCHIVER_ARCHIVE"])
        for path in (directory / "snapshots").iterdir():
            path.unlink()
        ran = full("rebuild")
        assert ran.code == 0
        assert "person_added" in ran.out
        assert "LOCKED" in ran.out
        assert full("rebuild", "--administrator", "New Clerk", typed=[SECRET, SECRET]).code == 0
        assert full("login", "New Clerk", typed=[SECRET]).code == 0
        assert "LOCKED" in full("status").out


def test_a_file_plan_is_loaded_previewed_and_activated(fresh: Terminal) -> None:
    example = fresh("fileplan", "example").out
    plan = fresh.place / "plan.toml"
    plan.write_text(example, encoding="utf-8")
    assert fresh("retention", "plan").code == 21
    loaded = fresh("fileplan", "load", str(plan), "--json").json
    assert loaded["version"] == 1
    papers = [each["record_id"] for each in loaded["due_dates_changed"]]
    assert papers == ["plan-1", "trail"]  # the archive's own are under the plan, too
    assert fresh("fileplan", "activate", "7").code == 21
    assert fresh("fileplan", "activate", "1").code == 0
    assert fresh("fileplan", "show").out == example
    assert [each["active"] for each in fresh("fileplan", "list", "--json").json] == [True]
    plan.write_text(example.replace("[", "[[", 1), encoding="utf-8")
    assert fresh("fileplan", "load", str(plan)).code == 24


def test_the_fingerprint_init_prints_is_the_one_verify_takes(outside: Terminal) -> None:
    place = str(outside.place / "a")
    made = outside("init", place, "--agency", "A", "--jurisdiction", "IN-AS", "--json").json
    assert made["fingerprint"].startswith("ed25519:")
    assert outside("verify", "--archive", place, "--key", made["fingerprint"]).code == 0
    assert outside("verify", "--archive", place, "--key", fingerprint("AAAA" * 8)).code == 30


def test_a_site_s_login_is_stored_listed_and_forgotten_and_no_value_is_ever_shown(fresh: Terminal) -> None:
    value = "0123456789abcdef0123456789abcdef"
    file = fresh.place / "cookies.txt"
    file.write_text(
        f"#HttpOnly_.town.example\tTRUE\t/\tTRUE\t4102444800\tsid\t{value}\n"
        ".advert.example\tTRUE\t/\tFALSE\t4102444800\tid\tx\n"
    )
    stored = fresh("session", "import", "https://www.town.example/", str(file), "--expect", "বিদায়")
    assert stored.code == 0, stored.err
    assert "Left out, of other sites: advert.example (1)." in stored.out
    assert f"Delete {file} now" in " ".join(stored.out.split())
    listed = fresh("session", "list", "--json")
    (standing,) = listed.json
    assert (standing["session"]["site"], standing["session"]["source"]) == ("town.example", "cookies.txt")
    assert (standing["session"]["expect"], standing["warnings"]) == ("বিদায়", ["never checked"])
    assert "town.example" in fresh("session", "list").out
    assert fresh("session", "forget", "town.example").code == 0
    again = fresh("session", "forget", "town.example")
    assert (again.code, "no login is stored for town.example" in again.err) == (21, True)
    for ran in (stored, listed, fresh("trail", "--json"), fresh("session", "list", "--json")):
        assert value not in ran.out + ran.err
    assert fresh("verify").code == 0


def test_a_cookie_file_that_is_none_is_refused_with_its_line(fresh: Terminal) -> None:
    file = fresh.place / "cookies.txt"
    file.write_text("sid=1\n")
    ran = fresh("session", "import", "town.example", str(file))
    assert ran.code == 20
    assert "line 1: cookies.txt has 7 fields parted by tabs, this line 1" in ran.err.replace("\n", "")


def test_checks_of_one_site_are_not_set_for_all(fresh: Terminal) -> None:
    assert fresh("session", "check", "--expect", "x").code == 2
    assert fresh("session", "check").code == 0


def test_destroyed_records_are_listed_with_when_they_were_last_seen_online(fresh: Terminal) -> None:
    stub = Stub(
        record_id=RecordId("rec_00000000000000dd"),
        site="town.example",
        kind=RecordKind.THREAD,
        native_root_id="9",
        canonical_url="https://town.example/পানী",
        urls=("https://town.example/?p=9",),
        destroyed_at=NOW,
        certificate="cert_1",
    )
    with Archive.open(fresh.place / "archive", config_directory=fresh.place / "config") as archive:
        with archive.change(at=NOW, actor="per_1") as change:
            add_stub(change.db, stub)
        assert fresh("record", "list", "--disposed", "--json").json[0]["seen_online"] is None
        assert fresh("status", "--json").json["still_online"] == 0
        file_disposed(archive, stub.urls[0], stub, actor="per_1", now=NOW)
    (listed,) = fresh("record", "list", "--disposed", "--json").json
    assert listed == {
        "record_id": "rec_00000000000000dd",
        "site": "town.example",
        "kind": "thread",
        "native_root_id": "9",
        "canonical_url": "https://town.example/পানী",
        "urls": ["https://town.example/?p=9"],
        "destroyed_at": "2026-03-02T12:00:00.000000Z",
        "certificate": "cert_1",
        "seen_online": "2026-03-02T12:00:00.000000Z",
    }
    assert "cert_1" in fresh("record", "list", "--disposed").out
    assert fresh("status", "--json").json["still_online"] == 1
    assert fresh("record", "list", "--disposed", "--tag", "flood").code == 20


def test_the_trails_key_is_shown_rotated_and_followed_by_verify(outside: Terminal) -> None:
    place = str(outside.place / "a")
    made = outside("init", place, "--agency", "A", "--jurisdiction", "IN-AS", "--json").json
    shown = outside("trail", "key", "--archive", place)
    assert made["fingerprint"] in shown.out
    published, head = outside.place / "published.txt", outside.place / "head.json"
    published.write_text(shown.out, encoding="utf-8")
    assert outside("trail", "rotate-key", "--archive", place).code == 0
    new = outside("trail", "key", "--archive", place, "--json").json["fingerprint"]
    assert new != made["fingerprint"]
    assert outside("trail", "export", str(head), "--archive", place).code == 0
    for given in (str(published), new):
        assert outside("verify", "--archive", place, "--key", given, "--witness", str(head)).code == 0
    assert outside("verify", "--archive", place, "--checkpoint", "1:" + "0" * 64).code == 30
    assert outside("verify", "--archive", place, "--key", "nonsense").code == 20
    assert outside("timestamp", "--now", "--archive", place).code == 6
    assert [each["type"] for each in outside("trail", "--archive", place, "--json").json["events"]][-1] == "key_rotated"


@pytest.mark.parametrize("typed", ["30.11.2026", "2026-11-31", "tomorrow", "২০২৬-১১-৩০x", ""])
def test_what_is_no_day_is_refused_with_one_that_is(fresh: Terminal, typed: str) -> None:
    ran = fresh("retention", "report", "--today", typed)
    assert ran.code == 2
    assert f"{typed!r} is no day: write it like 2026-11-30" in ran.err.replace("\n", "")


def test_when_a_request_came_is_a_day_or_a_moment(fresh: Terminal) -> None:
    told = ("--law", "RTI Act 2005", "--requester", "A", "--subject", "B", "--received")
    ran = fresh("request", "new", *told, "2026-11-30T25:00")
    assert ran.code == 2
    assert "'2026-11-30T25:00' is no day or moment: write it like 2026-11-30T23:59+00:00" in ran.err.replace("\n", "")
    assert [fresh("request", "new", *told, each).code for each in ("2026-11-20", "2026-11-20T23:59+00:00")] == [0, 0]
