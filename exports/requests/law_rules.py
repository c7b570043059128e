"""The access laws as dated data: each rule with its source, its days in force, and how far it was verified.

The rows lie in `laws/*.toml`. They are no legal advice: whatever shows a date shows its rule's status beside it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from archiver.core.errors import BadInput


class Standing(StrEnum):
    """How far a rule was verified."""

    VERIFIED = "verified"  # read in the official text or the commissioner's guide
    REPORTED = "reported"  # read on secondary pages
    NEEDS_COUNSEL = "needs counsel"  # from memory, or no source was found

    @property
    def warning(self) -> str:
        """What is shown beside a date that rests on it; "" for a verified one."""
        return {
            Standing.VERIFIED: "",
            Standing.REPORTED: "UNVERIFIED: reported only, have counsel confirm it",
            Standing.NEEDS_COUNSEL: "UNVERIFIED: needs counsel",
        }[self]


class Unit(StrEnum):
    """What a period is counted in."""

    CALENDAR = "calendar"  # every day
    WORKING = "working"  # days on which the office is open


@dataclass(frozen=True, kw_only=True)
class Term:
    """A period beside the main one. `days` 0: the law gives no number, the officer names it."""

    days: int
    status: Standing
    source: str
    unit: Unit = Unit.CALENDAR
    most: int = 1  # how often
    within_first: bool = False  # notice must be given before the first period ends


@dataclass(frozen=True, kw_only=True)
class Pause:
    """What stops the clock: `fee`, `clarification`, `staged access`."""

    kind: str
    status: Standing
    source: str


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One version of a law's clock. Both ends of its time in force are inclusive; `since` None: announced only.

    Day zero is the day of receipt. `rolls`: an answer due on a closed day is due on the next open one.
    """

    id: str
    law: str
    since: date | None
    until: date | None
    status: Standing
    source: str
    days: int
    unit: Unit
    rolls: bool
    urgent_days: int | None
    urgent_hours: int | None
    urgent_for: str
    deemed: str
    refusal_tells: str
    transfer: Term | None
    third_party: Term | None
    extension: Term | None
    appeal: Term | None
    pauses: tuple[Pause, ...]


@dataclass(frozen=True, kw_only=True)
class Exemptions:
    """The sections of a law that may be cited, as of its days in force. `mandatory` leave no choice."""

    id: str
    since: date
    until: date | None
    status: Standing
    source: str
    sections: tuple[str, ...]
    mandatory: tuple[str, ...]
    personal: tuple[str, ...]
    notes: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Law:
    code: str
    title: str
    jurisdiction: str
    aliases: tuple[str, ...]
    rules: tuple[Rule, ...]
    exemptions: tuple[Exemptions, ...]

    def rule_on(self, received: date, in_force: Mapping[str, date] | None = None) -> Rule:
        """The rule in force on the day of receipt, of which the newest counts. Raises BadInput.

        `in_force` gives announced rules, by id, the day counsel says they came into force.
        """
        entered = in_force or {}
        dated = [(each.since or entered.get(each.id), each) for each in self.rules]
        standing = [
            (since, each)
            for since, each in dated
            if since is not None and since <= received and (each.until is None or received <= each.until)
        ]
        if not standing:
            raise BadInput(f"{self.title} has no rule in force on {received}: see `archiver request laws`")
        return max(standing, key=lambda each: each[0])[1]

    def exemptions_on(self, day: date) -> Exemptions | None:
        """The list in force; None where none was found for that day."""
        standing = [e for e in self.exemptions if e.since <= day and (e.until is None or day <= e.until)]
        return max(standing, key=lambda each: each.since, default=None)


@cache
def laws() -> tuple[Law, ...]:
    """Every law that is known, by code."""
    folder = files("exports.requests").joinpath("laws")
    read = [read_law(each.read_text(encoding="utf-8")) for each in folder.iterdir() if each.name.endswith(".toml")]
    return tuple(sorted(read, key=lambda each: each.code))


def find_law(name: str) -> Law | None:
    """By code, title or another name, upper or lower case; None for a law or an order without a row here."""
    wanted = " ".join(name.split()).casefold()
    for law in laws():
        if wanted in {each.casefold() for each in (law.code, law.title, *law.aliases)}:
            return law
    return None


def check_sections(law: Law | None, day: date, sections: Sequence[str]) -> None:
    """Raises BadInput for a section that the law's list in force on that day does not have."""
    listed = None if law is None else law.exemptions_on(day)
    if law is None or listed is None:
        return  # no list was found: counsel's word stands
    unknown = [each for each in sections if each not in listed.sections]
    if unknown:
        raise BadInput(
            f"{law.title} has no exemption {', '.join(unknown)} in its list of {day} ({listed.id}): "
            f"it has {', '.join(listed.sections)}"
        )


def read_law(text: str) -> Law:
    """One law's TOML. Raises KeyError, ValueError, TypeError for a row that is not as the others are."""
    entry = tomllib.loads(text)
    about = entry["law"]
    return Law(
        code=about["code"],
        title=about["title"],
        jurisdiction=about["jurisdiction"],
        aliases=tuple(about["aliases"]),
        rules=tuple(_rule(about["code"], each) for each in entry["rule"]),
        exemptions=tuple(_exemptions(each) for each in entry.get("exemptions", ())),
    )


def _rule(law: str, entry: Mapping[str, Any]) -> Rule:
    return Rule(
        id=entry["id"],
        law=law,
        since=entry.get("from"),
        until=entry.get("until"),
        status=Standing(entry["status"]),
        source=entry["source"],
        days=entry["days"],
        unit=Unit(entry["unit"]),
        rolls=entry["rolls"],
        urgent_days=entry.get("urgent_days"),
        urgent_hours=entry.get("urgent_hours"),
        urgent_for=entry.get("urgent_for", ""),
        deemed=entry.get("deemed", ""),
        refusal_tells=entry.get("refusal_tells", ""),
        transfer=_term(entry.get("transfer")),
        third_party=_term(entry.get("third_party")),
        extension=_term(entry.get("extension")),
        appeal=_term(entry.get("appeal")),
        pauses=tuple(_pauses(entry.get("pause", ()))),
    )


def _pauses(entries: Iterable[Mapping[str, Any]]) -> Iterable[Pause]:
    for each in entries:
        yield Pause(kind=each["kind"], status=Standing(each["status"]), source=each["source"])


def _term(entry: Mapping[str, Any] | None) -> Term | None:
    if entry is None:
        return None
    return Term(
        days=entry["days"],
        status=Standing(entry["status"]),
        source=entry["source"],
        unit=Unit(entry.get("unit", "calendar")),
        most=entry.get("most", 1),
        within_first=entry.get("within_first", False),
    )


def _exemptions(entry: Mapping[str, Any]) -> Exemptions:
    return Exemptions(
        id=entry["id"],
        since=entry["from"],
        until=entry.get("until"),
        status=Standing(entry["status"]),
        source=entry["source"],
        sections=tuple(entry["sections"]),
        mandatory=tuple(entry["mandatory"]),
        personal=tuple(entry["personal"]),
        notes=dict(entry["notes"]),
    )
