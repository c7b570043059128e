"""What a review must be before anything leaves: whom a decision covers, where decisions contradict, what is missing.

Pure: members, texts and decisions in, findings out.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from archiver.core.errors import BadInput
from archiver.core.records import CataloguedItem, RecordId
from archiver.core.reviews import RELEASE, RESPONSIVE, Coding, Decided, Member, Subject
from exports.requests.law_rules import Law


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which items of a set a bulk decision is for; everything given must hold of an item.

    `like` only tells how `items` were found: they say nearly the same as that item.
    """

    records: frozenset[RecordId] = frozenset()
    items: frozenset[str] = frozenset()
    phrase: str = ""
    creator: str = ""
    tag: str = ""
    hits: bool = False
    undecided: bool = False
    like: str = ""

    @property
    def told(self) -> str:
        """In words, as it is kept with the batch; no name or phrase of it is in the trail."""
        parts = [
            f"{len(self.records)} records" if self.records else "",
            f"{len(self.items)} items" + (f" like {self.like}" if self.like else "") if self.items else "",
            f"text holds {self.phrase!r}" if self.phrase else "",
            f"by {self.creator!r}" if self.creator else "",
            f"tagged {self.tag!r}" if self.tag else "",
            "found by a search" if self.hits else "",
            "undecided" if self.undecided else "",
        ]
        return ", ".join(filter(None, parts)) or "everything in the set"


@dataclass(frozen=True, kw_only=True)
class Change:
    """What a coding changes or would change. `before` is the item's effective coding, None where undecided."""

    item_id: str
    record_id: RecordId
    text: str
    before: Coding | None
    after: Coding


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """The same text coded differently; `codings` has the items of each way it is coded."""

    text: str
    codings: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, kw_only=True)
class ReviewFinding:
    """One thing that keeps a review from being finished. `stops`: nothing may be produced before it is settled."""

    subject: str
    problem: str
    stops: bool


Decisions = Mapping[Subject, Decided]


def effective(decisions: Decisions, record: RecordId, item: str) -> Decided | None:
    """What holds of an item: its own decision, else its record's, None where neither was decided."""
    return decisions.get((record, item)) or decisions.get((record, ""))


def same_text(text: str) -> str:
    """One spelling for texts that a reader takes for the same."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def check_coding(coding: Coding, law: Law | None) -> None:
    """Raises BadInput for a coding that contradicts itself. Whether its sections exist is asked of the law apart."""
    if coding.responsive not in RESPONSIVE:
        raise BadInput(f"{coding.responsive!r} is none of {', '.join(RESPONSIVE)}")
    if coding.release not in RELEASE:
        raise BadInput(f"{coding.release!r} is none of {', '.join(RELEASE)}")
    if coding.responsive != "no" and coding.release in ("redacted", "withheld") and not coding.sections:
        where = law.title if law else "the law"
        raise BadInput(f"what is {coding.release} needs the section of {where} that allows it: --section")
    if coding.privileged and coding.release == "full":
        raise BadInput("what is privileged is not released in full: decide it withheld or redacted")


def select(
    selection: Selection, members: Iterable[Member], texts: Mapping[str, CataloguedItem], decisions: Decisions
) -> list[Member]:
    """The members that the selection names, in their order."""
    phrase, creator = same_text(selection.phrase), same_text(selection.creator)
    found = []
    for member in members:
        entry = texts.get(member.item_id)
        decided = effective(decisions, member.record_id, member.item_id)
        if (
            (selection.records and member.record_id not in selection.records)
            or (selection.items and member.item_id not in selection.items)
            or (selection.hits and not member.hit)
            or (selection.undecided and decided is not None and decided.coding.release != "undecided")
            or (selection.tag and (decided is None or selection.tag not in decided.coding.tags))
        ):
            continue
        if phrase and (entry is None or not any(phrase in same_text(text) for text in every_text(entry))):
            continue
        if creator and (
            entry is None or creator not in (same_text(entry.item.creator_name), same_text(entry.item.creator_handle))
        ):
            continue
        found.append(member)
    return found


def every_text(entry: CataloguedItem) -> list[str]:
    """The item's text and every earlier one."""
    return [entry.item.text, *(each.text for each in entry.versions)]


def preview(
    members: Sequence[Member], texts: Mapping[str, CataloguedItem], decisions: Decisions, coding: Coding
) -> list[Change]:
    """What the coding would change; members that are coded so already are left out."""
    changes = []
    for member in members:
        decided = effective(decisions, member.record_id, member.item_id)
        before = decided.coding if decided else None
        after = coding if before is None else _merged(before, coding)
        if before != after:
            entry = texts.get(member.item_id)
            changes.append(
                Change(
                    item_id=member.item_id,
                    record_id=member.record_id,
                    text=entry.item.text if entry else "",
                    before=before,
                    after=after,
                )
            )
    return changes


def _merged(before: Coding, coding: Coding) -> Coding:
    """Tags add up and a note is kept where none is given; all else is decided anew."""
    return replace(
        coding,
        note=coding.note or before.note,
        tags=tuple(dict.fromkeys((*before.tags, *coding.tags))),
    )


def find_conflicts(
    members: Iterable[Member], texts: Mapping[str, CataloguedItem], decisions: Decisions
) -> list[Conflict]:
    """Texts that stand in the set more than once and are coded differently; empty texts are left alone."""
    groups: dict[str, dict[str, list[str]]] = {}
    for member in members:
        entry = texts.get(member.item_id)
        decided = effective(decisions, member.record_id, member.item_id)
        if entry is None or decided is None or not same_text(entry.item.text):
            continue
        coding = decided.coding
        told = " ".join([coding.responsive, coding.release, *sorted(coding.sections)])
        groups.setdefault(same_text(entry.item.text), {}).setdefault(told, []).append(member.item_id)
    return [
        Conflict(text=text, codings=tuple((told, tuple(ids)) for told, ids in sorted(coded.items())))
        for text, coded in groups.items()
        if len(coded) > 1
    ]


def duplicates(members: Iterable[Member], texts: Mapping[str, CataloguedItem]) -> dict[str, list[str]]:
    """Ids of the items that share one text, by that text; only texts that stand there more than once."""
    groups: dict[str, list[str]] = {}
    for member in members:
        entry = texts.get(member.item_id)
        if entry is not None and same_text(entry.item.text):
            groups.setdefault(same_text(entry.item.text), []).append(member.item_id)
    return {text: ids for text, ids in groups.items() if len(ids) > 1}


def check_review(
    members: Sequence[Member],
    texts: Mapping[str, CataloguedItem],
    decisions: Decisions,
    *,
    redacted: frozenset[str],
    second_for: frozenset[str] = frozenset({"withheld", "redacted"}),
) -> list[ReviewFinding]:
    """Everything that keeps the review from being finished, in the set's order.

    `redacted` are ids of the items that a redaction changes; `second_for` the ways of release that a second person
    must agree to.
    """
    found: list[ReviewFinding] = []

    def tell(subject: str, problem: str, *, stops: bool = True) -> None:
        found.append(ReviewFinding(subject=subject, problem=problem, stops=stops))

    for member in members:
        decided = effective(decisions, member.record_id, member.item_id)
        entry = texts.get(member.item_id)
        if entry is None:
            tell(member.item_id, "is in the archive no longer: it was destroyed or its record is gone")
            continue
        if decided is None or decided.coding.release == "undecided":
            tell(member.item_id, "is undecided")
            continue
        coding = decided.coding
        now = max(1, len(entry.versions))
        if now > member.versions and entry.versions and decided.at < entry.versions[-1].seen:
            tell(member.item_id, f"was edited after the set was frozen ({member.versions} texts then, {now} now)")
        if coding.responsive == "no" and coding.release != "withheld":
            tell(member.item_id, f"is not responsive, yet to be released {coding.release}")
        if coding.privileged and coding.release == "full":
            tell(member.item_id, "is privileged, yet to be released in full")
        if coding.release == "redacted" and member.item_id not in redacted:
            tell(member.item_id, "is to be redacted, and no redaction changes it")
        if coding.release == "full" and member.item_id in redacted:
            tell(member.item_id, "is to be released in full, and a redaction changes it", stops=False)
        if coding.responsive != "no" and coding.release in second_for and not decided.second:
            tell(member.item_id, f"is {coding.release}, and no second reviewer has agreed", stops=True)
    for each in find_conflicts(members, texts, decisions):
        ids = [ids[0] for _, ids in each.codings]
        tell(ids[0], f"has the same text as {', '.join(ids[1:])}, coded differently", stops=False)
    return found
