"""Near-duplicates of a review set are offered together, and each is decided by itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from archiver.core.archive import Archive
from archiver.core.errors import BadInput, NotFound
from archiver.core.records import CataloguedItem
from archiver.core.reviews import Coding
from archiver.workflows.requests import review_alike
from archiver.workflows.requests.review import code, read_texts, undo_coding
from archiver.workflows.requests.review_alike import alike_in_review, with_alike
from exports.requests.review_rules import Selection
from tests.workflows.requests.test_release import ask, release_all
from tests.workflows.town import NOW, clerk

pytestmark = pytest.mark.browser

SAID = {
    "en": "Please read before Friday: the pump at Mill Street stays closed until the pipe is mended.",
    "as": "অনুগ্ৰহ কৰি শুকুৰবাৰৰ আগতে পঢ়ক: মিল ষ্ট্ৰীটৰ পাম্প পাইপ মেৰামতি নোহোৱালৈ বন্ধ থাকিব।",
    "ur": "براہ کرم جمعہ سے پہلے پڑھیں: مل سٹریٹ کا پمپ پائپ کی مرمت تک بند رہے گا۔",
}


@pytest.fixture(params=sorted(SAID))
def alike(archive: Archive, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> tuple[str, list[str]]:
    """A request, and three items of its set that say nearly the same: as posted, with a sign more, in capitals."""
    number = ask(archive)
    members = archive.reviews.members(archive.reviews.set_of(number).id)
    chosen, said = [each.item_id for each in members[-3:]], SAID[request.param]
    texts = dict(zip(chosen, (said, f"{said} 🙏", said.upper()), strict=True))

    def reposted(archive: Archive, members: object) -> dict[str, CataloguedItem]:
        found = read_texts(archive, members)  # type: ignore[arg-type]
        return {
            id: replace(each, item=replace(each.item, text=texts.get(id, each.item.text))) for id, each in found.items()
        }

    monkeypatch.setattr(review_alike, "read_texts", reposted)
    return number, chosen


def group_of(archive: Archive, number: str, item: str) -> review_alike.AlikeMembers:
    return next(
        each for each in alike_in_review(archive, number) if item in {one.item_id for one in each.items}
    )  # fmt: skip


def test_a_group_is_decided_together_and_each_item_has_its_own_decision(
    archive: Archive, alike: tuple[str, list[str]]
) -> None:
    number, chosen = alike
    group = group_of(archive, number, chosen[0])
    assert {each.item_id for each in group.items} == set(chosen)
    assert all(each.coding is None for each in group.items)
    assert not group.differ
    selection = with_alike(archive, number, Selection(), chosen[1])
    assert selection.told == f"3 items like {chosen[1]}"
    batch = code(archive, number, selection, Coding(responsive="no", release="withheld"), actor=clerk(archive), now=NOW)
    assert batch.size == 3
    decided = {item for _, item in archive.reviews.decisions(number)}
    assert decided == set(chosen)
    one = Selection(items=frozenset(chosen[:1]))
    code(archive, number, one, Coding(responsive="yes", release="full"), actor=clerk(archive), now=NOW)
    assert group_of(archive, number, chosen[0]).differ
    undo_coding(archive, number, batch.id, actor=clerk(archive), now=NOW)
    assert {each.coding.release if each.coding else "" for each in group_of(archive, number, chosen[0]).items} == {
        "full", "",
    }  # fmt: skip


def test_an_item_like_no_other_is_alone_and_one_of_another_set_is_refused(archive: Archive) -> None:
    number = ask(archive)
    release_all(archive, number)
    item = archive.reviews.members(archive.reviews.set_of(number).id)[0].item_id
    assert item in with_alike(archive, number, Selection(), item, nearness=1.0).items
    with pytest.raises(NotFound, match="is not in the review set"):
        with_alike(archive, number, Selection(), "rec_0/0")
    with pytest.raises(BadInput, match="above 0"):
        alike_in_review(archive, number, nearness=0)
