"""A thread whose first post is withheld or redacted as a whole: nothing that describes the thread tells of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from archiver.core.errors import LeakFound
from archiver.core.records import RecordKind
from exports.bundle.produced import ProducedRecord
from exports.redaction.first_post import first_post
from exports.redaction.gate import Gate, ItemRelease, Page
from exports.redaction.rules import RedactionRule
from tests.exports.leaks.planted import Drawn, Planted, around, release
from tests.exports.leaks.test_planted_secrets import found_in
from tests.exports.sample import make_record

TITLE = "ফেৰীঘাটৰ গোপন কথা Zoë"
TOLD = [Planted(TITLE, "as", "title")]
WITHHELD = ItemRelease(release="withheld", label="[14]")


def layout(*words: str) -> dict[str, Any]:
    told = [[each, 10 + 60 * place, 10, 50, 20] for place, each in enumerate(words)]
    return {"exact": True, "cut": False, "texts": [{"path": "/h1", "words": told}], "regions": []}


@pytest.fixture
def thread(tmp_path: Path) -> ProducedRecord:
    return make_record(tmp_path, title=TITLE, captures=1)


def gate(thread: ProducedRecord, *rules: RedactionRule, **how: ItemRelease) -> Gate:
    page = Page(layout=layout(*TITLE.split()), boxes={thread.items[0].item.native_id: (0, 40, 300, 60)})
    return Gate(rules=rules, releases=how, page=lambda produced, capture: page, cleared={}, salt="00" * 16)


def whole(thread: ProducedRecord) -> RedactionRule:
    return RedactionRule(
        id="red_1", kind="item", scope="here", section="14", record=thread.record.id, item=thread.items[0].id
    )


@pytest.mark.parametrize("profile", ["requester", "court", "transfer"])
@pytest.mark.parametrize("way", ["withheld", "redacted"])
def test_title_creator_and_address_go_with_the_first_post(
    thread: ProducedRecord, tmp_path: Path, profile: str, way: str
) -> None:
    first = thread.items[0].id
    out = gate(thread, **{first: WITHHELD}) if way == "withheld" else gate(thread, whole(thread))
    released = out.release(thread)
    assert (released.produced.record.title, released.produced.record.creator_name) == ("[14]", "")
    assert released.produced.record.canonical_url == "[14]"
    assert "title and address" in [each.field for each in released.log]
    made = release([Drawn(thread, {}, {})], (), tmp_path / "bundle", profile=profile, gate=out)
    assert found_in(made.path, TOLD) == []


def test_the_title_is_painted_on_the_page_wherever_it_stands(thread: ProducedRecord) -> None:
    released = gate(thread, **{thread.items[0].id: WITHHELD}).release(thread)
    assert released.painted == 2  # the post's own place, and its heading
    assert not any(TITLE.split()[0] in words for words in released.left.values())


def test_who_wrote_a_redacted_item_is_not_looked_for_in_what_else_they_wrote(thread: ProducedRecord) -> None:
    """The agency's own name would stop every production and be painted on every page."""
    released = gate(thread, whole(thread)).release(thread)
    assert {each.text for each in released.secrets} == {TITLE, thread.items[0].item.text, "a road"}
    assert released.produced.items[0].item.creator_name == "[14]"
    assert released.produced.items[1].item.creator_name == "Public Works"


def test_an_answer_that_is_withheld_takes_nothing_of_the_thread(thread: ProducedRecord) -> None:
    shown = replace(gate(thread, **{thread.items[2].id: WITHHELD}), page=lambda produced, capture: Page(layout=None))
    assert shown.release(thread).produced.record.title == TITLE


def test_a_timeline_stands_for_several_posts_and_keeps_its_own_title(thread: ProducedRecord) -> None:
    timeline = replace(thread.record, kind=RecordKind.TIMELINE, native_root_id=None)
    assert first_post(timeline, thread.items) is None
    page = replace(thread.record, kind=RecordKind.PAGE, native_root_id=None)
    assert first_post(page, thread.items) is thread.items[0]


def test_an_answer_to_a_post_that_is_not_in_the_record_is_renamed_where_its_id_tells(thread: ProducedRecord) -> None:
    """`at://ritadas.example/post/7` names who is answered, though that post is another record's."""
    answer = replace(thread.items[1], item=replace(thread.items[1].item, parent_id="at://ritadas.example/post/7"))
    rule = RedactionRule(id="red_1", kind="person", scope="everywhere", section="14", phrases=("ritadas",))
    released = gate(thread, rule).release(replace(thread, items=(thread.items[0], answer)))
    assert "ritadas" not in str(released.produced.items[1].item.parent_id)


@pytest.mark.parametrize("profile", ["requester", "court"])
def test_what_is_withheld_here_and_still_shows_on_another_page_stops_the_sealing(tmp_path: Path, profile: str) -> None:
    """In a sidebar, say: no item has it, and OCR need not be there to read it."""
    secret = "the well at the ferry is poisoned"
    one, other = (make_record(tmp_path, digit, captures=1) for digit in "12")
    last = one.items[-1]
    hidden = replace(last, item=replace(last.item, text=secret, media=()))
    one = replace(one, items=(*one.items[:-1], hidden))
    pages = {
        one.record.id: Page(layout=layout(*secret.split()), boxes={hidden.item.native_id: (0, 0, 600, 40)}),
        other.record.id: Page(layout=layout("Latest:", *secret.split())),
    }
    out = Gate(
        rules=(), releases={hidden.id: WITHHELD}, page=lambda produced, capture: pages[produced.record.id],
        cleared={}, salt="00" * 16,
    )  # fmt: skip
    drawn = [Drawn(one, {}, {}), Drawn(other, {}, {})]
    with pytest.raises(LeakFound, match=r"pictures from ABC-\d+ on, of cap_\w+: the text of what is withheld"):
        release(drawn, (), tmp_path / "bundle", profile=profile, gate=out, images="png")


def test_what_is_redacted_here_in_the_first_post_may_stand_in_the_answers(
    thread: ProducedRecord, tmp_path: Path
) -> None:
    """The thread's conversation file is named by its first page, and is not that post's alone."""
    rule = RedactionRule(
        id="red_1", kind="phrase", scope="here", section="14", phrases=("a road",), record=thread.record.id,
        item=thread.items[0].id,
    )  # fmt: skip
    out, drawn = gate(thread, rule), [Drawn(thread, {}, {})]
    with pytest.raises(LeakFound) as found:
        release(drawn, (), tmp_path / "bundle", profile="court", gate=out)
    places = str(found.value).removeprefix("nothing was sealed: ").split("; ")
    assert any("ABC-000001.rsmf" in each for each in places)
    acknowledged = around(acknowledged=dict.fromkeys(places, "a common word"))
    made = release(drawn, (), tmp_path / "bundle", profile="court", gate=out, surroundings=acknowledged)
    assert len(made.leaks.leaks) == len(places)
