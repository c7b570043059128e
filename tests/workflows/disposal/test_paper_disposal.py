"""Papers of the archive's own go as records do: proposed, agreed to by two people, behind guards, certified."""

from __future__ import annotations

import html
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from click.testing import CliRunner

from archiver.cli import archiver
from archiver.core.archive import DISPOSAL_LOCK, Archive
from archiver.core.errors import BadInput, SecondPersonNeeded
from archiver.core.events import EventType
from archiver.core.nights import NightRun, Nights
from archiver.core.paper_files import are_there, has_files
from archiver.core.paper_stubs import paper_stubs
from archiver.core.papers import PaperKind, papers
from archiver.core.requests import FiledProduction
from archiver.workflows.backups.restore import restore_archive
from archiver.workflows.disposal import destroy_papers as destroying
from archiver.workflows.disposal import paper_guards
from archiver.workflows.disposal import review as reviewing
from archiver.workflows.disposal.propose import propose_batches
from archiver.workflows.disposal.review import approve, exclude
from archiver.workflows.disposal.transfer import record_receipt
from archiver.workflows.keeping.classify import not_a_record, reclassify
from archiver.workflows.keeping.keep_holds import place_hold, release_hold, reopen_request
from archiver.workflows.keeping.keep_papers import explain_paper
from archiver.workflows.keeping.plan_retention import activate_file_plan, load_file_plan, preview_activating
from archiver.workflows.rebuild import rebuild_archive
from archiver.workflows.recover import recover
from archiver.workflows.requests.answer import open_request
from archiver.workflows.verification.verify import verify_archive
from retention import batches
from retention.batches import Batch, ItemState, Status
from retention.decisions import State
from retention.holds import Scope, ScopeKind
from tests.workflows.disposal.shelf import FILED, LATER, PLAN, Shelf, file_thread, make_shelf, person, run
from tests.workflows.disposal.test_papers import OF_PAPERS, ask, end, put_in_force

PROVE = bool(os.environ.get("ARCHIVER_PROVE"))
KILLS = 100 if PROVE else 2
NIGHTS = 200 if PROVE else 30
DUE = datetime(2030, 1, 10, 12, tzinfo=UTC)
DESTROYED = OF_PAPERS.replace('action = "review"\napprovals = 1', 'action = "destroy"')
PLANTED = "zqxplanted who asked about the weir at Disangmukh"
DISPOSAL = "archiver.workflows.disposal"


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    made = make_shelf(tmp_path)
    with made.open() as archive:
        put_in_force(archive, tmp_path, DESTROYED)
    return made


def answer(archive: Archive, number: str, id: str = "prod_00000000000000a1") -> Path:
    """A bundle that answered the request, with the plan it was made from."""
    place = archive.directory / "productions" / f"{number}-{id[5:]}"
    (place / "data").mkdir(parents=True)
    (place / "data" / "letter.txt").write_text(f"{PLANTED}: উত্তৰ", encoding="utf-8")
    place.with_name(place.name + ".plan.json").write_text(json.dumps({"who": PLANTED}), encoding="utf-8")
    with archive.change(at=LATER, actor="shelf") as change:
        archive.requests.file_production(
            FiledProduction(
                id=id, request_number=number, path=str(place), sha256="0" * 64, records=1, items=1, made_at=LATER,
                made_by="shelf",
            )
        )  # fmt: skip
        archive.request_files.file_production_details(
            id, set_id=1, profile="requester", prefix="A", first=1, width=4, last=41, replaces="", why="", salt="00"
        )
        change.record(
            EventType.PRODUCED,
            [number, id],
            commits=[("productions", id), ("requests", number), ("production_details", id)],
        )
    return place


def answered(archive: Archive) -> tuple[str, Path]:
    """A request that was answered and closed in June 2026, and its bundle."""
    file_thread(archive, 1, "kept for ever", code="P4")
    number = ask(archive, 1)
    place = answer(archive, number)
    end(archive, number, at=LATER)
    return number, place


def file_night(archive: Archive, number: int) -> str:
    id = f"run_{number:016x}"
    nights = Nights(archive.db)
    with archive.change(at=FILED, actor="shelf"):
        nights.begin(NightRun(id=id, night=FILED.date(), started=FILED, actor="shelf", trail_size=1))
        nights.finish(id, at=FILED, exit_code=0, figures={})
    folder = archive.directory / "runs" / id
    folder.mkdir(parents=True)
    (folder / "report.json").write_text("{}", encoding="utf-8")
    return id


def approved(archive: Archive, *, at: datetime = DUE) -> Batch:
    """The one batch of papers that is due, agreed to by Ann and Bob."""
    made = propose_batches(archive, actor=person(archive, "Clerk").id, now=at)
    (batch,) = [each for each in made if each.of_papers]
    approve(archive, batch.id, actor=person(archive, "Ann"), now=at)
    return approve(archive, batch.id, actor=person(archive, "Bob"), now=at)


def there(archive: Archive) -> set[str]:
    return {each.id for each in papers(archive.db, DUE.date(), archive.settings.archive.zone)}


def files_holding(directory: Path, text: str) -> list[str]:
    return [
        path.relative_to(directory).as_posix()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and text.encode() in path.read_bytes()
    ]


def test_a_bundle_goes_then_its_request_and_nothing_of_them_is_left(shelf: Shelf) -> None:
    with shelf.open() as archive:
        number, place = answered(archive)
        with archive.change(at=LATER, actor="shelf") as change:
            change.db.conn.execute("UPDATE requests SET subject = ? WHERE number = ?", (PLANTED, number))
            change.record(EventType.ROWS_COMMITTED, [number], commits=[("requests", number)])
        archive.finish_run(at=LATER)
        first = run(archive, approved(archive), at=DUE)
        assert first.batch.counts == {"destroyed": 1}
        assert not place.exists()
        assert number in there(archive)
        second = run(archive, approved(archive), at=DUE)
        assert second.batch.counts == {"destroyed": 1}
        assert number not in there(archive)
        assert {each.id: each.kind for each in paper_stubs(archive.db)} == {
            number: PaperKind.REQUEST, "prod_00000000000000a1": PaperKind.PRODUCTION,
        }  # fmt: skip
        assert verify_archive(archive).findings == ()
        assert archive.catalogue.record_ids(), "no record went"
    assert files_holding(shelf.directory, "zqxplanted") == []
    told = json.loads((shelf.directory / "certificates" / str(second.certificate) / "certificate.json").read_bytes())
    assert [(line["record"], line["kind"], line["rows"]) for line in told["lines"]] == [(number, "request", 7)]
    assert [json.loads(each["line"])["type"] for each in told["trail"]["events"]].count("paper_disposed") == 1


def test_the_certificate_of_papers_verifies_with_stock_tools(shelf: Shelf) -> None:
    with shelf.open() as archive:
        answered(archive)
        done = run(archive, approved(archive), at=DUE)
    place = shelf.directory / "certificates" / str(done.certificate)
    subprocess.run(["sha256sum", "--strict", "-c", "SHA256SUMS"], cwd=place, check=True, capture_output=True)
    verify = "openssl pkeyutl -verify -pubin -inkey public-key.pem -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig"
    subprocess.run(verify.split(), cwd=place, check=True, capture_output=True)
    assert "production of this archive, 2 rows" in (place / "certificate.html").read_text(encoding="utf-8")


def test_the_command_shows_what_papers_a_batch_lists(shelf: Shelf) -> None:
    with shelf.open() as archive:
        number, _ = answered(archive)
        (batch,) = propose_batches(archive, actor="shelf", now=DUE)
    env = {"ARCHIVER_CONFIG": str(shelf.config), "ARCHIVER_ARCHIVE": str(shelf.directory), "COLUMNS": "200"}
    shown = CliRunner().invoke(archiver, ["disposal", "show", batch.id], env=env)
    assert shown.exit_code == 0, shown.output
    assert f"{number}: 1 records, 1 items" in shown.stdout
    assert "it has the approval of 0 of 2 different people" in " ".join(shown.stdout.split())


def test_numbers_of_what_is_gone_are_never_given_again(shelf: Shelf) -> None:
    with shelf.open() as archive:
        number, _ = answered(archive)
        run(archive, approved(archive), at=DUE)
        assert archive.request_files.next_page(number) == 42
        run(archive, approved(archive), at=DUE)
        following = open_request(
            archive, law="RTI Act 2005", received=FILED.date(), requester="B. Resident", subject="next",
            actor=person(archive, "Olu"), now=DUE,
        )  # fmt: skip
        assert (number, following.number) == ("REQ-2026-0001", "REQ-2026-0002")


def test_one_person_is_not_enough_for_a_paper_either(shelf: Shelf) -> None:
    with shelf.open() as archive:
        _, place = answered(archive)
        (batch,) = propose_batches(archive, actor="shelf", now=DUE)
        approve(archive, batch.id, actor=person(archive, "Ann"), now=DUE)
        with pytest.raises(SecondPersonNeeded):
            run(archive, batch, at=DUE)
        assert place.exists()


def test_a_plan_that_lets_papers_go_sooner_by_another_rule_takes_a_second_person_too(
    shelf: Shelf, tmp_path: Path
) -> None:
    """The schedules stay as they are: only the class that the rule gives to requests is another."""
    with shelf.open() as archive:
        number, _ = answered(archive)
        sooner = DESTROYED.replace('["certificate", "night_report"]', '["certificate", "night_report", "request"]')
        (tmp_path / "sooner.toml").write_text(
            PLAN + sooner.replace('["request", "production", "hold"]', '["production", "hold"]'), encoding="utf-8"
        )
        loaded = load_file_plan(archive, tmp_path / "sooner.toml", actor=person(archive, "Ann"), now=LATER)
        preview = preview_activating(archive, loaded, today=LATER.date())
        assert [(each.record_id, each.sooner) for each in preview.changes] == [(number, True)]
        assert preview.shortens
        with pytest.raises(SecondPersonNeeded):
            activate_file_plan(archive, loaded, actor=person(archive, "Bob"), now=LATER)


@pytest.mark.parametrize("keep_copy", [False, True])
def test_a_bundle_is_handed_over_as_a_package_and_goes_or_stays_after_the_receipt(
    tmp_path: Path, keep_copy: bool
) -> None:
    outside = tmp_path / "provincial"
    outside.mkdir()
    shelf = make_shelf(tmp_path, transfer_to=str(outside))
    handed_over = DESTROYED.replace('"destroy"', f'"transfer"\nkeep_copy = {str(keep_copy).lower()}')
    with shelf.open() as archive:
        put_in_force(archive, tmp_path, handed_over)
        number, place = answered(archive)
        batch = approved(archive)
        assert run(archive, batch, at=DUE).certificate is None
        package = outside / batch.id / "prod_00000000000000a1"
        checked = ["sha256sum", "--strict", "-c", "manifest-sha256.txt"]
        subprocess.run(checked, cwd=package, check=True, capture_output=True)
        (letter,) = package.rglob("letter.txt")
        assert PLANTED in letter.read_text(encoding="utf-8")
        (rows,) = package.rglob("rows.json")
        assert json.loads(rows.read_bytes())["productions"][0]["request_number"] == number
        assert "papers of an archive's own work" in html.unescape(
            (package / "data" / "METS.xml").read_text(encoding="utf-8")
        )
        assert place.exists()
        record_receipt(archive, batch.id, "PAS-2030-1", actor=person(archive, "Ann"), now=DUE)
        done = run(archive, batch, at=DUE)
        assert done.batch.counts == {"transferred": 1}
        assert done.certificate is not None
        assert place.exists() is keep_copy
        assert bool(paper_stubs(archive.db)) is not keep_copy
        if keep_copy:
            assert propose_batches(archive, actor="shelf", now=DUE) == []
        assert verify_archive(archive).findings == ()


def test_certificates_the_trail_and_the_plan_in_force_are_never_proposed(shelf: Shelf) -> None:
    far = datetime(2199, 1, 1, tzinfo=UTC)
    with shelf.open() as archive:
        answered(archive)
        done = run(archive, approved(archive), at=DUE)
        run(archive, approved(archive), at=DUE)
        assert propose_batches(archive, actor="shelf", now=far) == []
        assert {"trail", str(done.certificate), "plan-2"} <= there(archive)


def test_an_officer_gives_a_paper_another_class_with_a_reason_and_it_leaves_its_batch(shelf: Shelf) -> None:
    olu = "Olu"
    with shelf.open() as archive:
        number, place = answered(archive)
        run(archive, approved(archive), at=DUE)
        batch = approved(archive)
        done = reclassify(archive, [number], "P4", reason="the inquiry's", actor=person(archive, olu), now=DUE)
        assert done.ejected == (number,)
        paper = explain_paper(archive, number, today=DUE.date())
        assert paper is not None
        assert (paper.decision.state, paper.class_reason) == (State.PERMANENT, "by an officer: the inquiry's")
        assert batches.batch(archive.db, batch.id).counts == {"ejected": 1}
        with pytest.raises(BadInput, match="paper of the archive's own"):
            not_a_record(archive, [number], reason="no", actor=person(archive, olu), now=DUE)
        assert verify_archive(archive).findings == ()
    assert not place.exists()


def test_a_restored_copy_from_before_has_no_destroyed_paper(shelf: Shelf, tmp_path: Path) -> None:
    with shelf.open() as archive:
        number, _ = answered(archive)
        archive.finish_run(at=LATER)
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-r", str(shelf.directory), str(copy)], check=True)
    with shelf.open() as archive:
        run(archive, approved(archive), at=DUE)
        run(archive, approved(archive), at=DUE)
    restored = tmp_path / "restored"
    mirror = shelf.directory / "trail"
    restore_archive(copy, restored, mirror=mirror, now=DUE, config_directory=shelf.config)
    with Archive.open(restored, config_directory=shelf.config) as archive:
        assert number not in there(archive)
        assert {each.id for each in paper_stubs(archive.db)} == {number, "prod_00000000000000a1"}
        assert archive.request_files.next_page(number) == 42
    assert files_holding(restored, "zqxplanted") == []


def test_a_rebuild_knows_what_went(shelf: Shelf) -> None:
    with shelf.open() as archive:
        number, _ = answered(archive)
        run(archive, approved(archive), at=DUE)
        run(archive, approved(archive), at=DUE)
    rebuild_archive(shelf.directory, now=DUE, config_directory=shelf.config)
    with shelf.open() as archive:
        assert number not in there(archive)
        assert verify_archive(archive).findings == ()


@pytest.mark.parametrize("place", ["catalogue.db", "", "trail", "objects/ab", "productions", "runs/..", "runs/a/b"])
def test_nothing_but_a_papers_own_directory_is_ever_taken_for_its_files(place: str) -> None:
    assert not has_files(place)


# -- each guard taken away --------------------------------------------------------------------


def locked_meanwhile(archive: Archive, number: str, place: Path) -> None:
    lock = "INSERT INTO meta VALUES (?, '{\"missing\": []}')"
    meanwhile(archive, lambda: archive.db.conn.execute(lock, (DISPOSAL_LOCK,)))


def taken_out_meanwhile(archive: Archive, number: str, place: Path) -> None:
    batch = approved(archive)
    real = destroying.destroy_papers

    def first_taken_out(*args: Any, **kwargs: Any) -> Any:
        batches.set_state(archive.db, batch.id, batch.items[0].record_id, ItemState.EXCLUDED, "", actor="", at=DUE)
        return real(*args, **kwargs)

    with mock.patch(f"{DISPOSAL}.run.destroy_papers", first_taken_out):
        run(archive, batch, at=DUE)


def approver_disabled(archive: Archive, number: str, place: Path) -> None:
    meanwhile(archive, lambda: archive.db.conn.execute("UPDATE people SET status = 'disabled' WHERE name = 'Bob'"))


def appealed(archive: Archive, number: str, place: Path) -> None:
    batch = approved(archive)
    reopen_request(archive, number, reason="appealed", actor=person(archive, "Olu"), now=DUE)
    run(archive, batch, at=DUE)


def hold_over_the_paper(archive: Archive, number: str, place: Path) -> None:
    def held() -> None:
        place_hold(
            archive, matter="Bora v. Town", mandate="order", custodian="Clerk", reason="quoted",
            scopes=[Scope(kind=ScopeKind.RECORD, value="prod_00000000000000a1")], actor=person(archive, "Olu"), now=DUE,
        )  # fmt: skip

    meanwhile(archive, held)


def put_in_another_class(archive: Archive, number: str, place: Path) -> None:
    def given() -> None:
        reclassify(archive, ["prod_00000000000000a1"], "P4", reason="kept", actor=person(archive, "Olu"), now=DUE)

    meanwhile(archive, given)


def row_added(archive: Archive, number: str, place: Path) -> None:
    change = "UPDATE productions SET items = items + 1"
    meanwhile(archive, lambda: archive.db.conn.execute(change))


def file_changed(archive: Archive, number: str, place: Path) -> None:
    batch = approved(archive)
    (place / "data" / "letter.txt").write_text("something else", encoding="utf-8")
    run(archive, batch, at=DUE)


def meanwhile(archive: Archive, act: Callable[[], object]) -> None:
    """Something happens after the batch was announced, before anything of it goes."""
    batch = approved(archive)
    real = destroying.destroy_papers

    def first(*args: Any, **kwargs: Any) -> Any:
        act()
        return real(*args, **kwargs)

    with mock.patch(f"{DISPOSAL}.run.destroy_papers", first):
        run(archive, batch, at=DUE)


SCENES: dict[str, tuple[Callable[[Archive, str, Path], None], str]] = {
    "not_locked": (locked_meanwhile, "a paper goes while decisions are known to be missing"),
    "announced": (taken_out_meanwhile, "a paper goes that a reviewer took out"),
    "approved": (approver_disabled, "a paper goes on the word of one person who is still entitled"),
    "not_held, an appeal": (appealed, "a bundle goes whose request was taken up again"),
    "not_held, a hold": (hold_over_the_paper, "a bundle goes that a hold is over"),
    "still_due": (put_in_another_class, "a bundle goes that has another schedule now"),
    "unchanged_paper": (row_added, "a paper goes that is not what was agreed to"),
    "whole_paper": (file_changed, "damage is swept away with the bundle"),
}
STAND_INS = {"still_due": ("unchanged_paper",), "not_held, an appeal": ("still_due",)}
"""Guards that find the same in another way: a decision on a paper is a row of it, and what is taken up again has no day
of closing to count from. The scene parts the two.
"""


@contextmanager
def without(*names: str) -> Iterator[None]:
    left = tuple(each for each in paper_guards.PAPER_GUARDS if each.__name__ not in names)
    with mock.patch.object(paper_guards, "PAPER_GUARDS", left):
        yield


@pytest.mark.parametrize("name", SCENES)
def test_with_every_guard_in_place_the_bundle_stays_and_without_it_goes(name: str, shelf: Shelf) -> None:
    play, _ = SCENES[name]
    with shelf.open() as archive:
        number, place = answered(archive)
        with without(*STAND_INS.get(name, ())):
            play(archive, number, place)
        assert (place / "data" / "letter.txt").exists()
        assert not paper_stubs(archive.db)
        assert "prod_00000000000000a1" in there(archive)


@pytest.mark.parametrize("name", SCENES)
def test_without_the_guard_it_goes(name: str, shelf: Shelf) -> None:
    play, broken = SCENES[name]
    guard = name.partition(",")[0]
    with shelf.open() as archive:
        number, place = answered(archive)
        with without(guard, *STAND_INS.get(name, ())):
            play(archive, number, place)
        assert paper_stubs(archive.db), f"the scene must show that {broken}"


def test_every_guard_of_papers_is_on_the_list() -> None:
    assert {each.__name__ for each in paper_guards.PAPER_GUARDS} == {name.partition(",")[0] for name in SCENES}


def test_a_hold_released_lets_the_paper_be_proposed_again(shelf: Shelf) -> None:
    with shelf.open() as archive:
        number, place = answered(archive)
        hold_over_the_paper(archive, number, place)
        (held,) = archive.db.conn.execute("SELECT id FROM holds").fetchone()
        release_hold(archive, held, reason="judgment", actor=person(archive, "Ann"), now=DUE)
        run(archive, approved(archive), at=DUE)
        assert not place.exists()


def test_a_reviewer_takes_a_paper_out_and_it_is_proposed_again(shelf: Shelf) -> None:
    with shelf.open() as archive:
        answered(archive)
        batch = approved(archive)
        exclude(archive, batch.id, [], reason="look again", actor=person(archive, "Olu"), now=DUE)
        assert batches.batch(archive.db, batch.id).status is Status.DONE
        assert reviewing.sample(approved(archive), 5) == ["prod_00000000000000a1"]


# -- kills ------------------------------------------------------------------------------------

WORK = """
import sys
from pathlib import Path
from tests.workflows.disposal.shelf import Shelf, run
from tests.workflows.disposal.test_paper_disposal import DUE
from retention import batches
with Shelf(Path(sys.argv[1]), Path(sys.argv[2])).open() as archive:
    print("ready", flush=True)
    run(archive, batches.batch(archive.db, sys.argv[3]), at=DUE)
"""


def carry_out(shelf: Shelf, batch: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WORK, str(shelf.directory), str(shelf.config), batch]
    root = Path(__file__).parents[3]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root, start_new_session=True)


@pytest.mark.timeout(3_600 if PROVE else 240)
def test_kill_minus_nine_at_any_moment_leaves_each_paper_whole_or_gone_with_its_line(
    shelf: Shelf, tmp_path: Path
) -> None:
    with shelf.open() as archive:
        every = {file_night(archive, number) for number in range(NIGHTS)}
        batch = approved(archive).id
    for attempt in range(KILLS):
        work = carry_out(shelf, batch)
        assert work.stdout is not None
        work.stdout.readline()
        time.sleep(random.Random(attempt).uniform(0, 0.15))
        os.killpg(work.pid, signal.SIGKILL)
        work.wait()
        work.stdout.close()
        check_whole_or_gone(shelf, batch, every)
    with shelf.open() as archive:
        if batches.batch(archive.db, batch).status is not Status.DONE:
            run(archive, batches.batch(archive.db, batch), at=DUE)
        assert batches.batch(archive.db, batch).counts == {"destroyed": len(every)}
        assert verify_archive(archive).findings == ()
    assert check_whole_or_gone(shelf, batch, every) == len(every)


def check_whole_or_gone(shelf: Shelf, batch: str, every: set[str]) -> int:
    """How many are gone."""
    with shelf.open() as archive:
        recover(archive, now=DUE)
        whole = there(archive) & every
        gone = {json.loads(line)["record"] for line in batches.lines(archive.db, batch)}
        assert whole | gone == every
        assert not whole & gone
        assert gone == {each.id for each in paper_stubs(archive.db)}
        for id in every:
            assert are_there(archive.directory, f"runs/{id}") == (id in whole)
        return len(gone)
