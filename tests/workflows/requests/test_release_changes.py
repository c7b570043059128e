"""What happens between review and production: records damaged, destroyed, edited; hits that stand elsewhere."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from archiver.core.archive import Archive
from archiver.core.errors import LeakFound, PreflightFailed
from archiver.core.records import CataloguedItem, ItemVersion, ObjectRole, RecordId
from archiver.workflows.requests.redact import acknowledge_leak, add_redaction
from archiver.workflows.requests.release import make_production, preflight
from archiver.workflows.requests.review import code, review_state
from exports.requests.review_rules import Selection
from tests.workflows.requests.test_release import PLAIN, ask, clear_all, release_all, second
from tests.workflows.town import NOW, clerk

pytestmark = pytest.mark.browser


@pytest.fixture
def reviewed(archive: Archive) -> str:
    number = ask(archive)
    release_all(archive, number)
    return number


def records(archive: Archive, number: str) -> list[RecordId]:
    members = archive.reviews.members(archive.reviews.set_of(number).id)
    return list(dict.fromkeys(each.record_id for each in members))


def stops(archive: Archive, number: str) -> list[str]:
    return [f"{each.subject} {each.problem}" for each in preflight(archive, number) if each.stops]


def test_evidence_that_was_damaged_after_the_review_stops_it_and_is_named(archive: Archive, reviewed: str) -> None:
    capture = archive.catalogue.captures(records(archive, reviewed)[0])[-1]
    stored = next(each for each in archive.catalogue.objects(capture.id) if each.role is ObjectRole.WARC)
    place = archive.objects.path_of(stored.path)
    place.chmod(0o644)
    place.write_bytes(place.read_bytes()[:-1] + b"x")
    (told,) = stops(archive, reviewed)
    assert records(archive, reviewed)[0] in told
    assert "capture.warc.gz" in told


def test_a_record_that_is_gone_since_the_review_stops_it_item_by_item(archive: Archive, reviewed: str) -> None:
    """Its request holds it; gone it can only be by force, or from a backup that knows of its disposal."""
    record = records(archive, reviewed)[0]
    items = [each.id for each in archive.catalogue.items(record)]
    archive.db.conn.execute("PRAGMA foreign_keys = OFF")
    archive.db.conn.execute("DELETE FROM items WHERE record_id = ?", (record,))
    archive.db.conn.commit()
    assert [each.split(" ")[0] for each in stops(archive, reviewed)] == items
    with pytest.raises(PreflightFailed, match="in the archive no longer"):
        make_production(archive, reviewed, PLAIN, actor=clerk(archive), now=NOW)


def test_an_item_edited_after_the_set_was_frozen_is_shown_and_is_decided_anew(
    archive: Archive, reviewed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = archive.reviews.members(archive.reviews.set_of(reviewed).id)[0]
    later, read = NOW + timedelta(days=1), archive.catalogue.items

    def edited(record: RecordId) -> list[CataloguedItem]:
        found = list(read(record))
        for place, each in enumerate(found):
            if each.id == member.item_id:
                told = (each.item.text, f"{each.item.text} and more")
                seen = zip(told, (each.first_seen, later), strict=True)
                versions = tuple(
                    ItemVersion(number=number, text=text, seen=at, capture_id=archive.catalogue.captures(record)[0].id)
                    for number, (text, at) in enumerate(seen, 1)
                )
                found[place] = replace(each, versions=versions)
        return found

    monkeypatch.setattr(archive.catalogue, "items", edited)
    assert review_state(archive, reviewed).additions.edited == (member.item_id,)
    assert stops(archive, reviewed) == [f"{member.item_id} was edited after the set was frozen (1 texts then, 2 now)"]
    coding = archive.reviews.decisions(reviewed)[(member.record_id, member.item_id)].coding
    code(
        archive, reviewed, Selection(items=frozenset({member.item_id})), replace(coding, note="read again"),
        actor=clerk(archive), now=later + timedelta(hours=1),
    )  # fmt: skip
    assert stops(archive, reviewed) == []


def test_what_must_be_acknowledged_is_listed_whole_in_a_file_beside_the_bundle(archive: Archive, reviewed: str) -> None:
    clear_all(archive, reviewed)
    member = next(
        each for each in archive.reviews.members(archive.reviews.set_of(reviewed).id)
        if any("water" in item.item.text for item in archive.catalogue.items(each.record_id) if item.id == each.item_id)
    )  # fmt: skip
    add_redaction(
        archive, reviewed, kind="phrase", target={"phrases": ["water"]}, scope="here", section="14", reason="here",
        record=member.record_id, item=member.item_id, actor=clerk(archive), now=NOW,
    )  # fmt: skip
    second(archive)
    with pytest.raises(LeakFound, match="redact acknowledge") as found:
        make_production(archive, reviewed, PLAIN, actor=clerk(archive), now=NOW)
    (listed,) = (archive.directory / "productions").glob("*.leaks.txt")
    places = listed.read_text(encoding="utf-8").splitlines()
    assert tuple(places) == found.value.elsewhere
    assert not any("water" in each for each in places)  # nothing of what is redacted is quoted
    for each in places:
        acknowledge_leak(archive, reviewed, each, reason="a common word", actor=clerk(archive), now=NOW)
    made, released = make_production(archive, reviewed, PLAIN, actor=clerk(archive), now=NOW)
    assert len(released.leaks.leaks) == len(places)
    assert Path(made.path).is_dir()
