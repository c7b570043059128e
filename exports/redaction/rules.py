"""What is redacted, and where in a text it stands. Pure.

A phrase is found whatever form, case, line breaks or signs part it, in hashtags, handles and addresses too,
as whole words; `inside` finds it within longer words as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from archiver.core.errors import RedactionRefused
from exports.redaction.detectors import detect, find_detector
from exports.redaction.spelling import Spelled, spell, tokens

KINDS = ("phrase", "pattern", "person", "item", "rectangle")
SCOPES = ("everywhere", "here")


@dataclass(frozen=True, kw_only=True)
class RedactionRule:
    """One redaction. `record` and `item` are where a redaction `here` holds; an item's is always so.

    `phrases` are the words of a phrase, or a person's names and handles; `detector` a pattern's; `rectangle` is the
    capture and left, top, width, height in pixels of its full page.
    """

    id: str
    kind: str
    scope: str
    section: str
    phrases: tuple[str, ...] = ()
    inside: bool = False
    detector: str = ""
    record: str = ""
    item: str = ""
    rectangle: tuple[str, int, int, int, int] | None = None

    def holds(self, record: str, item: str) -> bool:
        """Whether the rule is for that item, or, with no item, for what is the record's own."""
        if self.scope == "everywhere":
            return True
        return self.record == record and (not self.item or not item or self.item == item)


@dataclass(frozen=True, order=True)
class Hit:
    """A part of a text that is redacted, by character places, and the rule that says so."""

    start: int
    end: int
    rule: str
    section: str


def check_rule(rule: RedactionRule) -> None:
    """Raises RedactionRefused for a rule that would redact nothing, or everything by mistake."""
    if rule.kind not in KINDS or rule.scope not in SCOPES:
        raise RedactionRefused(
            f"{rule.kind} {rule.scope}: a redaction is one of {', '.join(KINDS)}, everywhere or here"
        )
    if not rule.section.strip():
        raise RedactionRefused("a redaction needs the section that allows it")
    if rule.kind in ("phrase", "person"):
        if not rule.phrases:
            raise RedactionRefused("say which words are redacted")
        for phrase in rule.phrases:
            if not tokens(phrase):
                raise RedactionRefused(f"{phrase!r} has no letter, digit or sign to look for")
    if rule.kind == "pattern":
        find_detector(rule.detector)
    if rule.kind == "item" and not (rule.record and rule.item):
        raise RedactionRefused("say which item is redacted")
    if rule.kind == "rectangle" and (
        rule.rectangle is None or min(rule.rectangle[1:3]) < 0 or min(rule.rectangle[3:]) < 1
    ):
        raise RedactionRefused("a rectangle is a capture, and left, top, width and height in pixels of its page")
    if rule.scope == "here" and not rule.record:
        raise RedactionRefused("say where: a redaction here needs its record, or its item")


def find_hits(text: str, rules: Iterable[RedactionRule]) -> list[Hit]:
    """Every part of the text that the rules redact, in order; parts may overlap."""
    if not text:
        return []
    hits = []
    for rule in rules:
        if rule.kind == "pattern":
            spans: Iterable[tuple[int, int]] = detect(rule.detector, text)
        elif rule.kind in ("phrase", "person"):
            spans = (span for phrase in rule.phrases for span in find_phrase(text, phrase, inside=rule.inside))
        elif rule.kind == "item":
            spans = [(0, len(text))]
        else:
            spans = ()
        hits += [Hit(start, end, rule.id, rule.section) for start, end in spans]
    return sorted(set(hits))


def find_phrase(text: str, phrase: str, *, inside: bool = False) -> Iterator[tuple[int, int]]:
    """Places of the phrase in the text."""
    spelled = spell(text)
    for start, end in match_words(spelled, _words(phrase), inside=inside):
        yield spelled.span(start, end)


@lru_cache(maxsize=4096)
def _words(phrase: str) -> tuple[str, ...]:
    return tuple(tokens(phrase))


def match_words(spelled: Spelled, words: Sequence[str], *, inside: bool = False) -> Iterator[tuple[int, int]]:
    """Places in the folding where the words follow one another, joined or parted by what is no letter."""
    if not words:
        return
    pattern, place = _following(tuple(words)), 0
    while found := pattern.search(spelled.text, place):
        start, end = found.span()
        if inside or (start in spelled.bounds and end in spelled.bounds):
            yield start, end
            place = end
        else:
            place = start + 1


@lru_cache(maxsize=4096)
def _following(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(" ?".join(map(re.escape, words)))


def label(section: str) -> str:
    """What stands in place of a redacted part."""
    return f"[{section}]"


def redact(text: str, rules: Iterable[RedactionRule]) -> tuple[str, list[Hit]]:
    """The text with every hit replaced by its section's label, and the hits.

    Hits that touch or overlap become one, with the sections of all.
    """
    hits = find_hits(text, rules)
    if not hits:
        return text, []
    parts, end = [], 0
    for start, stop, sections in _merged(hits):
        parts += [text[end:start], label(", ".join(sections))]
        end = stop
    return "".join([*parts, text[end:]]), hits


def _merged(hits: Sequence[Hit]) -> Iterator[tuple[int, int, list[str]]]:
    start, end, sections = hits[0].start, hits[0].end, [hits[0].section]
    for each in hits[1:]:
        if each.start < end:
            end = max(end, each.end)
            if each.section not in sections:
                sections.append(each.section)
        else:
            yield start, end, sections
            start, end, sections = each.start, each.end, [each.section]
    yield start, end, sections


def redact_address(address: str, rules: Iterable[RedactionRule]) -> tuple[str, list[Hit]]:
    """An address is replaced as a whole: what is left of one would often still lead there."""
    hits = find_hits(address, rules)
    if not hits:
        return address, []
    return label(", ".join(dict.fromkeys(each.section for each in hits))), hits
