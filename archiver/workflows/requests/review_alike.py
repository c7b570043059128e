"""What of a review set says nearly the same, so that it can be decided together: each item's own decision is shown."""

from __future__ import annotations

from dataclasses import dataclass, replace

from archiver.core.archive import Archive
from archiver.core.errors import BadInput, NotFound
from archiver.core.records import RecordId
from archiver.core.reviews import Coding, Member
from archiver.workflows.requests.review import read_texts
from archiver.workflows.search.find_resembling import LEAST_WORDS
from exports.requests.review_rules import Selection, effective
from index.resemblance import group_texts, words_of


@dataclass(frozen=True, kw_only=True)
class AlikeMember:
    """An item of a group; `nearness` is to the group's first, `coding` what holds of it, None where undecided."""

    item_id: str
    record_id: RecordId
    text: str
    nearness: float
    coding: Coding | None


@dataclass(frozen=True, kw_only=True)
class AlikeMembers:
    """Items of a review set that say nearly the same. `differ`: some of them are decided otherwise than others."""

    differ: bool
    items: tuple[AlikeMember, ...]


def alike_in_review(
    archive: Archive, number: str, *, nearness: float = 0.8, least_words: int = LEAST_WORDS
) -> list[AlikeMembers]:
    """Groups of the request's newest set, the largest first, by the items' texts now.

    Shorter texts than `least_words` are in none: they say the same by chance. Raises BadInput, NotFound.
    """
    if not 0.0 < nearness <= 1.0:
        raise BadInput(f"the nearness is a number above 0 and up to 1, not {nearness}")
    request = archive.requests.request(number)
    members = archive.reviews.members(archive.reviews.set_of(request.number).id)
    texts, decisions = read_texts(archive, members), archive.reviews.decisions(request.number)
    worded: list[tuple[Member, tuple[str, ...]]] = []
    for member in members:
        words = words_of(texts[member.item_id].item.text) if member.item_id in texts else ()
        if len(words) >= max(1, least_words):
            worded.append((member, words))
    groups = []
    for found in group_texts([words for _, words in worded], nearness=nearness):
        items = []
        for place, near in zip(found.texts, found.nearness, strict=True):
            member = worded[place][0]
            decided = effective(decisions, member.record_id, member.item_id)
            items.append(
                AlikeMember(
                    item_id=member.item_id,
                    record_id=member.record_id,
                    text=texts[member.item_id].item.text,
                    nearness=near,
                    coding=decided.coding if decided else None,
                )
            )
        releases = {(each.coding.responsive, each.coding.release) if each.coding else None for each in items}
        groups.append(AlikeMembers(differ=len(releases) > 1, items=tuple(items)))
    return sorted(groups, key=lambda group: (-len(group.items), group.items[0].item_id))


def with_alike(archive: Archive, number: str, selection: Selection, item: str, *, nearness: float = 0.8) -> Selection:
    """The selection narrowed to `item` and what of the set says nearly the same. Raises NotFound, BadInput."""
    request = archive.requests.request(number)
    if item not in {each.item_id for each in archive.reviews.members(archive.reviews.set_of(request.number).id)}:
        raise NotFound(f"{item} is not in the review set of {request.number}")
    groups = alike_in_review(archive, number, nearness=nearness)
    group = next((each.items for each in groups if item in {one.item_id for one in each.items}), ())
    return replace(selection, items=frozenset(each.item_id for each in group) | {item}, like=item)
