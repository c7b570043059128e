"""The rules by which a page that is no content is told: data, the product's own and those of the settings.

A rule names an outcome, a cause and conditions; it applies where every condition holds, and a
condition that is a list holds where any entry does.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from archiver.core.errors import BadSettings
from archiver.core.records import Outcome
from capture.observation import PageSigns
from capture.verdict.sentences import fold, sentences

_FILE = Path(__file__).with_name("outcomes.toml")

_OUTCOMES = (Outcome.LOGIN_WALL, Outcome.CHALLENGE, Outcome.THROTTLED, Outcome.FAILED, Outcome.PARTIAL)
_PATTERNS = ("path", "address", "title", "text", "sentence")
_NUMBERS = ("max_text", "max_main", "password_share", "banner_share")
_FLAGS = ("undated", "redirected", "password", "challenge")
_LISTS = (*_PATTERNS, "sites", "header", "selector")
_CONDITIONS = (*_LISTS, *_NUMBERS, *_FLAGS, "status")
_KEYS = ("name", "outcome", "cause", "reason", *_CONDITIONS)
_CLASSES = {"ok": range(200, 400), "4xx": range(400, 500), "5xx": range(500, 600)}


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What rules look at. Header names are in lower case; `banner_share` is of a banner that stayed, 0 to 1."""

    wanted: str
    address: str
    status: int | None
    headers: Mapping[str, str]
    is_page: bool
    signs: PageSigns
    banner_share: float = 0.0

    @cached_property
    def title(self) -> str:
        """Folded, as patterns are."""
        return fold(self.signs.title)

    @cached_property
    def text(self) -> str:
        """The main part's, folded."""
        return fold(self.signs.text)

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        """The main part's and the title's parts, folded."""
        return sentences(self.title, map(fold, self.signs.lines or (self.signs.text,)))


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule. Lists that are empty, and numbers that are None, are no conditions."""

    name: str
    outcome: Outcome
    cause: str
    reason: str
    sites: tuple[str, ...] = ()  # host names, `*` standing for anything
    status: frozenset[int] = frozenset()
    header: tuple[tuple[str, re.Pattern[str]], ...] = ()
    path: tuple[re.Pattern[str], ...] = ()  # of the final address's path
    address: tuple[re.Pattern[str], ...] = ()  # of the whole final address
    title: tuple[re.Pattern[str], ...] = ()
    text: tuple[re.Pattern[str], ...] = ()  # of the main part's text
    sentence: tuple[re.Pattern[str], ...] = ()  # all of one sentence of the main part, or of a part of the title
    undated: bool = False  # the page shows no post with its date
    selector: tuple[str, ...] = ()
    max_text: int | None = None  # characters of the page's text
    max_main: int | None = None  # characters of its main part's
    redirected: bool = False  # to another path or host
    password: bool = False
    password_share: int | None = None  # percent of the first screen
    banner_share: int | None = None
    challenge: bool = False  # the page carries a known service's challenge

    @property
    def doubts(self) -> bool:
        """Whether a page it applies to is filed as content all the same, and said to be doubtful."""
        return self.outcome is Outcome.PARTIAL

    def applies(self, seen: Seen) -> bool:
        """Whether every condition holds."""
        signs = seen.signs
        parts = urlsplit(seen.address)
        words = self.title or self.text or self.sentence or self.selector or self.password or self.challenge
        return (
            (seen.is_page or not words)
            and (not self.sites or any(fnmatchcase((parts.hostname or "").lower(), each) for each in self.sites))
            and (not self.status or seen.status in self.status)
            and (not self.header or any(rule.search(seen.headers.get(name, "")) for name, rule in self.header))
            and (not self.path or _found(self.path, parts.path))
            and (not self.address or _found(self.address, seen.address))
            and (not self.undated or not signs.dated)
            and (not self.title or _found(self.title, seen.title))
            and (not self.text or _found(self.text, seen.text))
            and (not self.sentence or self.sentence_of(seen) is not None)
            and (not self.selector or any(each in signs.matched for each in self.selector))
            and (self.max_text is None or signs.text_length < self.max_text)
            and (self.max_main is None or signs.main_length < self.max_main)
            and (not self.redirected or _place(seen.address) != _place(seen.wanted))
            and (not self.password or signs.password_fields > 0)
            and (self.password_share is None or 100 * signs.password_share >= self.password_share)
            and (self.banner_share is None or 100 * seen.banner_share >= self.banner_share)
            and (not self.challenge or bool(signs.challenges))
        )

    def sentence_of(self, seen: Seen) -> str | None:
        """The first sentence of the page that matches as a whole."""
        return next((each for each in seen.sentences if any(rule.fullmatch(each) for rule in self.sentence)), None)


@dataclass(frozen=True, kw_only=True)
class OutcomeRules:
    """All rules in the order they are asked, and the services whose challenges are known, by selector."""

    rules: tuple[Rule, ...]
    services: Mapping[str, str] = field(default_factory=dict)

    @property
    def selectors(self) -> tuple[str, ...]:
        """Every selector a page is asked about."""
        return tuple(dict.fromkeys(selector for rule in self.rules for selector in rule.selector))

    def first(self, seen: Seen) -> Rule | None:
        """The rule by which the page is no content."""
        return next((rule for rule in self.rules if not rule.doubts and rule.applies(seen)), None)

    def doubt(self, seen: Seen) -> Rule | None:
        """The rule by which the page may be content or not; it matters where nothing else decides."""
        return next((rule for rule in self.rules if rule.doubts and rule.applies(seen)), None)


@cache
def shipped_rules() -> OutcomeRules:
    """The product's own."""
    tables = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    faults: list[str] = []
    rules = parse_rules(tables["rule"], "rule", faults)
    assert not faults, faults
    return OutcomeRules(rules=rules, services={each["name"]: each["selector"] for each in tables["service"]})


def rules_with(own: Sequence[Mapping[str, Any]], without: Iterable[str] = (), *, rules_file: str = "") -> OutcomeRules:
    """The archive's rules before the product's, those of its file before those in its settings.

    Rules named in `without` are left out. Raises BadSettings with every fault, each naming its key.
    """
    shipped, faults, added = shipped_rules(), list[str](), list[Rule]()
    if rules_file:
        added += _read_file(Path(rules_file), faults)
    added += parse_rules(own, "outcomes.rule", faults)
    known = {rule.name for rule in shipped.rules}
    names = set[str]()
    for rule in added:
        if rule.name in names or rule.name in known:
            faults.append(f"outcomes: two rules are named {rule.name!r}; name this one otherwise")
        names.add(rule.name)
    left_out = set(without)
    faults += [f"outcomes.without: no rule is named {name!r}" for name in sorted(left_out - known - names)]
    if faults:
        raise BadSettings("\n".join(f"archive.toml: {fault}" for fault in faults))
    every = (*added, *shipped.rules)
    return OutcomeRules(rules=tuple(each for each in every if each.name not in left_out), services=shipped.services)


def _read_file(path: Path, faults: list[str]) -> tuple[Rule, ...]:
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        faults.append(f"outcomes.rules_file: {path} cannot be read: {error}")
        return ()
    faults += [f"{path}: {key}: unknown key; known: rule" for key in tables if key != "rule"]
    listed = tables.get("rule", [])
    return parse_rules(listed if isinstance(listed, list) else [], f"{path}: rule", faults)


def parse_rules(tables: Sequence[Mapping[str, Any]], where: str, faults: list[str]) -> tuple[Rule, ...]:
    """The rules `tables` state; what is wrong with one is added to `faults`, and that rule left out."""
    parsed: list[Rule] = []
    for number, table in enumerate(tables, 1):
        before = len(faults)
        rule = _parse_rule(table, f"{where}[{number}]", faults)
        if rule is not None and len(faults) == before:
            parsed.append(rule)
    return tuple(parsed)


def _parse_rule(table: Mapping[str, Any], key: str, faults: list[str]) -> Rule | None:
    if not isinstance(table, Mapping):
        faults.append(f"{key}: must be a table")
        return None
    before = len(faults)
    faults += [f"{key}.{name}: unknown key; known: {', '.join(_KEYS)}" for name in table if name not in _KEYS]
    values: dict[str, Any] = {}
    for name in ("name", "outcome", "cause", "reason"):
        value = table.get(name)
        if not isinstance(value, str) or not value.strip():
            faults.append(f"{key}.{name}: must be a text")
        values[name] = value
    if isinstance(values["cause"], str) and not re.fullmatch(r"[a-z][a-z0-9_]*", values["cause"]):
        faults.append(f"{key}.cause: {values['cause']!r} must be of the letters a-z, digits and _")
    if values["outcome"] not in _OUTCOMES:
        faults.append(f"{key}.outcome: {values['outcome']!r} is none of {', '.join(each.value for each in _OUTCOMES)}")
    else:
        values["outcome"] = Outcome(values["outcome"])
    for name in _LISTS:
        if name in table:
            values[name] = _parse_list(f"{key}.{name}", name, table[name], faults)
    for name in _NUMBERS:
        if name in table:
            if not isinstance(table[name], int) or isinstance(table[name], bool) or table[name] < 0:
                faults.append(f"{key}.{name}: must be a whole number of at least 0, not {table[name]!r}")
            values[name] = table[name]
    for name in _FLAGS:
        if name in table:
            if not isinstance(table[name], bool):
                faults.append(f"{key}.{name}: must be true or false, not {table[name]!r}")
            values[name] = table[name]
    if "status" in table:
        values["status"] = _parse_status(f"{key}.status", table["status"], faults)
    if not any(table.get(name) for name in _CONDITIONS if name not in ("sites", "max_text", "max_main", "undated")):
        faults.append(
            f"{key}: has no condition that tells one page of a site from another; see {', '.join(_CONDITIONS)}"
        )
    return Rule(**values) if len(faults) == before else None


def _parse_list(key: str, name: str, value: object, faults: list[str]) -> tuple[Any, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(each, str) and each for each in value):
        faults.append(f"{key}: must be a list of texts, not {value!r}")
        return ()
    if name == "sites":
        return tuple(each.lower() for each in value)
    if name == "selector":
        return tuple(value)
    parsed: list[Any] = []
    for number, each in enumerate(value, 1):
        header, colon, pattern = each.partition(":") if name == "header" else ("", ":", each)
        try:
            compiled = re.compile(fold(pattern.strip()), re.IGNORECASE)
        except re.error as error:
            faults.append(f"{key}[{number}]: {pattern!r} is no regular expression: {error}")
            continue
        if not colon:
            faults.append(f"{key}[{number}]: {each!r} must be a header's name, a colon and a regular expression")
            continue
        parsed.append((header.strip().lower(), compiled) if name == "header" else compiled)
    return tuple(parsed)


def _parse_status(key: str, value: object, faults: list[str]) -> frozenset[int]:
    found = set[int]()
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, str) and each in _CLASSES:
            found |= set(_CLASSES[each])
        elif isinstance(each, int) and not isinstance(each, bool) and 100 <= each <= 599:
            found.add(each)
        else:
            faults.append(f"{key}: {each!r} is neither a status code nor one of {', '.join(_CLASSES)}")
    return frozenset(found)


def _found(patterns: Iterable[re.Pattern[str]], text: str) -> bool:
    return any(pattern.search(text) for pattern in patterns)


def _place(address: str) -> tuple[str, str]:
    parts = urlsplit(address)
    return parts.netloc, parts.path
