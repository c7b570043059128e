"""From a search to a signed bundle on the sample town: reviewed, redacted, produced in every profile, verified."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from archiver.core.archive import Archive
from archiver.core.commitments import check_commitments
from archiver.core.errors import BadInput, PreflightFailed, ProductionRefused
from archiver.core.events import EventType
from archiver.core.people import Person, Role
from archiver.core.reviews import Coding
from archiver.workflows.keeping.keep_holds import place_hold, release_hold
from archiver.workflows.requests import release as workflow
from archiver.workflows.requests.answer import open_request, produce, search_for_request
from archiver.workflows.requests.redact import add_redaction, clear_picture, unknown_pictures_of
from archiver.workflows.requests.release import Making, make_production, preflight, repeat_production
from archiver.workflows.requests.review import code, freeze_review, review_state, undo_coding
from exports.checking.verifier import check
from exports.leaks.readings import Reading, read_all
from exports.leaks.squeezing import squeeze
from exports.redaction.rules import find_phrase
from exports.redaction.spelling import tokens
from exports.release.load_files import FIELDS, read_dat, read_opt
from exports.requests.review_rules import Selection
from retention.holds import Scope, ScopeKind
from tests.workflows.town import NOW, clerk

pytestmark = pytest.mark.browser

PLAIN = Making(ocr=False, pdf=False)


def second(archive: Archive) -> Person:
    with archive.change(at=NOW, actor="per_0") as change:
        made = archive.people.add("Second", Role.APPROVER, "correct horse battery", now=NOW, by="per_0")
        change.record(EventType.PERSON_ADDED, [made.id], commits=[("people", made.id)])
    return made


def ask(archive: Archive, query: str = "water") -> str:
    actor = clerk(archive)
    request = open_request(
        archive, law="MFIPPA", received=date(2026, 3, 1), requester="Zoë نور", subject="Water", actor=actor, now=NOW
    )
    search_for_request(archive, request.number, query, actor=actor, now=NOW)
    freeze_review(archive, request.number, actor=actor, now=NOW)
    return request.number


def release_all(archive: Archive, number: str) -> None:
    code(archive, number, Selection(), Coding(responsive="yes", release="full"), actor=clerk(archive), now=NOW)


def clear_all(archive: Archive, number: str) -> None:
    for capture in sorted({each.capture_id for each in unknown_pictures_of(archive, number)}):
        clear_picture(archive, number, capture, "*", reason="a crest and photographs", actor=clerk(archive), now=NOW)


def creators(archive: Archive, number: str) -> Iterator[str]:
    for each in archive.reviews.members(archive.reviews.set_of(number).id):
        for item in archive.catalogue.items(each.record_id):
            if item.id == each.item_id and item.item.kind.value == "comment" and item.item.creator_name:
                yield item.item.creator_name


def redact_person(archive: Archive, number: str) -> str:
    """One commenter by name, agreed to by a second person; the name."""
    name = next(creators(archive, number))
    add_redaction(
        archive,
        number,
        kind="person",
        target={"phrases": [name]},
        scope="everywhere",
        section="14",
        reason="a private person",
        actor=clerk(archive),
        now=NOW,
    )
    return name


def test_nothing_is_produced_before_the_review_is_finished(archive: Archive, tmp_path: Path) -> None:
    number = ask(archive)
    with pytest.raises(PreflightFailed, match="is undecided"):
        make_production(archive, number, PLAIN, actor=clerk(archive), now=NOW, into=tmp_path)
    assert list(tmp_path.glob("REQ*")) == []


def test_what_is_withheld_needs_a_second_person(archive: Archive) -> None:
    number = ask(archive)
    release_all(archive, number)
    chosen = archive.reviews.members(archive.reviews.set_of(number).id)[-1]
    coding = Coding(responsive="yes", release="withheld", sections=("14",))
    selection = Selection(items=frozenset({chosen.item_id}))
    code(archive, number, selection, coding, actor=clerk(archive), now=NOW)
    assert [each.problem for each in preflight(archive, number) if each.stops] == [
        "is withheld, and no second reviewer has agreed"
    ]
    with pytest.raises(BadInput, match="another person"):
        code(archive, number, selection, coding, actor=clerk(archive), now=NOW, level=2)
    code(archive, number, selection, coding, actor=second(archive), now=NOW, level=2)
    assert [each for each in preflight(archive, number) if each.stops] == []
    assert list(check_commitments(archive.db, archive.trail.events())) == []


def test_a_section_that_the_law_does_not_have_is_refused(archive: Archive) -> None:
    number = ask(archive)
    with pytest.raises(BadInput, match="has no exemption 99"):
        code(
            archive,
            number,
            Selection(),
            Coding(responsive="yes", release="withheld", sections=("99",)),
            actor=clerk(archive),
            now=NOW,
        )


def test_a_batch_is_undone_and_what_held_before_holds_again(archive: Archive) -> None:
    number = ask(archive)
    release_all(archive, number)
    batch = code(
        archive,
        number,
        Selection(phrase="water"),
        Coding(responsive="no", release="withheld"),
        actor=clerk(archive),
        now=NOW,
    )
    assert review_state(archive, number).conflicts == ()
    undo_coding(archive, number, batch.id, actor=clerk(archive), now=NOW)
    released = {each.coding.release for each in archive.reviews.decisions(number).values()}
    assert released == {"full"}


def test_the_requester_s_bundle_names_nobody_who_is_redacted(archive: Archive, tmp_path: Path) -> None:
    number = ask(archive)
    release_all(archive, number)
    clear_all(archive, number)
    name = redact_person(archive, number)
    making = replace(PLAIN, pdf=shutil.which("pdftotext") is not None)  # a PDF nobody can search is not sealed
    made, released = make_production(archive, number, making, actor=clerk(archive), now=NOW, into=tmp_path)
    bundle = Path(made.path)
    assert released.leaks.stopping == ()
    told = subprocess.run(
        [sys.executable, "-I", str(bundle / "verify.py")], capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stdout
    subprocess.run(["sha256sum", "-c", "--quiet", "manifest-sha256.txt"], cwd=bundle, check=True)
    for path in sorted(each for each in bundle.rglob("*") if each.is_file()):
        for reading in read_all(path.name, path.read_bytes()):
            if isinstance(reading, Reading) and "".join(tokens(name)) in squeeze(reading.text):
                assert list(find_phrase(reading.text, name)) == [], (path, reading.place)
    rows = list(csv.reader((bundle / "data/exemptions.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert {row[3] for row in rows[1:]} == {"14"}
    assert "a private person" in {row[4] for row in rows[1:]}
    assert "[14]" in (bundle / "data/items.jsonl").read_text(encoding="utf-8")
    assert not list(bundle.rglob("*.warc.gz"))
    assert "UNVERIFIED" in (bundle / "data/letter.html").read_text(encoding="utf-8")


def test_the_court_s_bundle_has_originals_of_whole_records_only(archive: Archive, tmp_path: Path) -> None:
    number = ask(archive)
    release_all(archive, number)
    clear_all(archive, number)
    redact_person(archive, number)
    made, _ = make_production(
        archive, number, replace(PLAIN, profile="court"), actor=clerk(archive), now=NOW, into=tmp_path
    )
    bundle = Path(made.path)
    described = json.loads((bundle / "data/production.json").read_text(encoding="utf-8"))
    originals = {each["id"] for each in described["records"] if each["original"]}
    redacted = {each["id"] for each in described["records"]} - originals
    assert originals
    assert redacted
    assert {path.parts[-3] for path in bundle.rglob("capture.json")} == originals
    rows = list(read_dat((bundle / "data/VOL01/LOADFILES/VOL01.dat").read_bytes()))
    assert tuple(rows[0]) == FIELDS
    assert len(rows) - 1 == made.items
    pages = read_opt((bundle / "data/VOL01/LOADFILES/VOL01.opt").read_bytes())
    numbers = [int(each.page[-7:]) for each in pages]
    assert numbers == list(range(1, len(pages) + 1))
    for page in pages:
        assert (bundle / "data" / page.path[2:].replace("\\", "/")).is_file()
    trail = json.loads((bundle / "data/trail.json").read_text(encoding="utf-8"))
    assert {"line" in each for each in trail["events"]} == {True, False}
    assert check(bundle)[0] == []
    record = described["records"][0]
    assert all(len(each["hmac_sha256"]) == 64 for each in record["left_out"])


def test_a_court_reads_that_a_record_is_held_and_nobody_reads_what_for(archive: Archive, tmp_path: Path) -> None:
    number = ask(archive)
    release_all(archive, number)
    clear_all(archive, number)
    held = archive.reviews.members(archive.reviews.set_of(number).id)[0].record_id
    placed = place_hold(
        archive,
        matter="Quillfeather v. Town",
        mandate="an order",
        custodian="Clerk",
        reason="quoted",
        scopes=[Scope(kind=ScopeKind.RECORD, value=held)],
        actor=clerk(archive),
        now=NOW,
    )
    for profile, told in (("court", True), ("requester", False)):
        making = replace(PLAIN, profile=profile)
        made, _ = make_production(archive, number, making, actor=clerk(archive), now=NOW, into=tmp_path / profile)
        files = [path.read_bytes() for path in Path(made.path).rglob("*") if path.is_file()]
        assert any(placed.hold.id.encode() in each for each in files) == told
        assert not any(b"Quillfeather" in each for each in files)
        if told:
            release_hold(archive, placed.hold.id, reason="settled", actor=second(archive), now=NOW)
            again = repeat_production(archive, number, made.id, actor=clerk(archive), into=tmp_path / "again")
            assert again.sha256 == made.sha256


def test_a_production_repeated_gives_the_same_bytes(archive: Archive, tmp_path: Path) -> None:
    number = ask(archive)
    release_all(archive, number)
    redact_person(archive, number)
    making = replace(PLAIN, profile="court")
    made, released = make_production(archive, number, making, actor=clerk(archive), now=NOW, into=tmp_path / "one")
    again = repeat_production(archive, number, made.id, actor=clerk(archive), into=tmp_path / "two")
    assert again.sha256 == released.sha256
    left, right = (
        {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}
        for root in (Path(made.path), again.path)
    )
    assert left == right


def test_a_second_production_continues_the_numbers_and_says_what_it_replaces(archive: Archive, tmp_path: Path) -> None:
    number = ask(archive)
    release_all(archive, number)
    first, one = make_production(archive, number, PLAIN, actor=clerk(archive), now=NOW, into=tmp_path)
    redact_person(archive, number)
    making = replace(PLAIN, replaces=first.id, why="a name had been left in")
    _, two = make_production(archive, number, making, actor=clerk(archive), now=NOW, into=tmp_path)
    assert int(two.first[-7:]) == int(one.last[-7:]) + 1
    assert first.id in (two.path / "data/index.html").read_text(encoding="utf-8")


def test_the_plain_export_refuses_a_request_with_redactions(archive: Archive, tmp_path: Path) -> None:
    number = ask(archive)
    release_all(archive, number)
    redact_person(archive, number)
    with pytest.raises(ProductionRefused, match="archiver production make"):
        produce(archive, number, actor=clerk(archive), now=NOW, into=tmp_path)


def test_a_killed_production_is_taken_up_with_its_number_moment_and_proofs(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = ask(archive)
    release_all(archive, number)

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(workflow, "make_release", killed)
        with pytest.raises(KeyboardInterrupt):
            make_production(archive, number, PLAIN, actor=clerk(archive), now=NOW, into=tmp_path)
    (plan,) = tmp_path.glob("*.plan.json")
    later = NOW + timedelta(hours=3)
    made, _ = make_production(archive, number, PLAIN, actor=clerk(archive), now=later, into=tmp_path)
    assert f"{Path(made.path).name}.plan.json" == plan.name
    assert made.made_at == NOW
    assert len(list(tmp_path.glob("*.plan.json"))) == 1


def test_a_production_broken_off_goes_on_with_the_pages_it_had(archive: Archive, tmp_path: Path) -> None:
    number = ask(archive)
    release_all(archive, number)
    clear_all(archive, number)

    def stopped(done: int, total: int, what: str = "") -> None:
        if done == 1:
            raise KeyboardInterrupt

    making, actor = replace(PLAIN, profile="court"), clerk(archive)
    with pytest.raises(KeyboardInterrupt):
        make_production(archive, number, making, actor=actor, now=NOW, into=tmp_path / "one", progress=stopped)
    made, released = make_production(archive, number, making, actor=actor, now=NOW, into=tmp_path / "one")
    assert released.taken_up == 1
    again = repeat_production(archive, number, made.id, actor=actor, into=tmp_path / "two")
    assert (again.sha256, again.taken_up) == (released.sha256, 0)


def test_after_a_further_redaction_only_the_pages_that_it_changes_are_made_again(
    archive: Archive, tmp_path: Path
) -> None:
    number = ask(archive)
    release_all(archive, number)
    clear_all(archive, number)
    seen: list[int] = []

    def stopped(done: int, total: int, what: str = "") -> None:
        seen.append(done)
        if done == total:
            raise KeyboardInterrupt

    making, actor = replace(PLAIN, profile="court"), clerk(archive)
    with pytest.raises(KeyboardInterrupt):
        make_production(archive, number, making, actor=actor, now=NOW, into=tmp_path / "one", progress=stopped)
    redact_person(archive, number)
    made, released = make_production(archive, number, making, actor=actor, now=NOW, into=tmp_path / "one")
    assert released.taken_up == seen[-1] - 1
    again = repeat_production(archive, number, made.id, actor=actor, into=tmp_path / "two")
    assert (again.sha256, again.taken_up) == (released.sha256, 0)
    assert not list((tmp_path / "one").glob("*.journal"))


def test_what_came_after_the_set_was_frozen_is_withheld_and_shown(archive: Archive, tmp_path: Path) -> None:
    number = ask(archive)
    release_all(archive, number)
    chosen = archive.reviews.members(archive.reviews.set_of(number).id)[-1].item_id
    archive.db.conn.execute("DELETE FROM review_members WHERE item_id = ?", (chosen,))
    assert chosen in review_state(archive, number).additions.items
    made, _ = make_production(archive, number, PLAIN, actor=clerk(archive), now=NOW, into=tmp_path)
    lines = (Path(made.path) / "data/items.jsonl").read_text(encoding="utf-8").splitlines()
    (left,) = (told for told in map(json.loads, lines) if told["item"]["text"] == "[not responsive]")
    assert chosen not in str(left)
    assert left["item"]["creator_name"] == ""
