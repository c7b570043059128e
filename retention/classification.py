"""Which record class a record belongs to, by the file plan's ordered rules. The first match wins."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from archiver.core.records import Account, AccountId, Record
from retention.file_plan import ClassificationRule


@dataclass(frozen=True, kw_only=True)
class Classification:
    """A class given to a record, and why. `rule_number` counts the plan's rules from 1."""

    class_code: str
    reason: str
    rule_number: int


def _same(value: str) -> str:
    """Case and Unicode composition do not distinguish names."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", value).casefold()).strip()


def _account_names(record: Record, account: Account | None) -> tuple[str, ...]:
    if account is None:
        return (record.account_id,) if record.account_id else ()
    return account.id, account.handle, account.handle.removeprefix("@"), account.url


def _language_ranges(record: Record, account: Account | None) -> tuple[str, ...]:
    """`fr-CA` is matched by `fr-CA` and by `fr` (basic filtering, RFC 4647 section 3.3.1)."""
    parts = record.language.split("-")
    return tuple("-".join(parts[:length]) for length in range(len(parts), 0, -1))


def _marked(record: Record, mark: str) -> tuple[str, ...]:
    """What tags say of it: `collection:flood-2026` puts a record into that collection, `alert:abuse` warns of it."""
    return tuple(tag.removeprefix(mark) for tag in record.tags if tag.startswith(mark))


FIELDS: Mapping[str, Callable[[Record, Account | None], tuple[str, ...]]] = {
    "account": _account_names,
    "site": lambda record, account: (record.site,),
    "kind": lambda record, account: (record.kind.value,),
    "keyword": lambda record, account: record.keywords,
    "tag": lambda record, account: record.tags,
    "collection": lambda record, account: _marked(record, "collection:"),
    "alert": lambda record, account: _marked(record, "alert:"),
    "reply": lambda record, account: ("yes" if record.is_reply else "no",),
    "language": _language_ranges,
    "creator": lambda record, account: (
        record.creator_name,
        record.creator_handle,
        record.creator_handle.removeprefix("@"),
    ),
}
"""What a rule may look at, and the record's values for it."""


def classify(
    record: Record, rules: Sequence[ClassificationRule], account: Account | None = None
) -> Classification | None:
    """The class of the first rule whose every condition the record meets; None if no rule does.

    `account` is the record's account, where it has one.
    """
    for number, rule in enumerate(rules, start=1):
        if all(_meets(record, account, field, wanted) for field, wanted in rule.conditions):
            return Classification(
                class_code=rule.class_code, reason=f"rule {number}: {rule.because}", rule_number=number
            )
    return None


def classify_kind(kind: str, rules: Sequence[ClassificationRule]) -> Classification | None:
    """The class of one of the archive's own papers, of which only the kind is known: of the first rule that names
    that kind and asks for nothing else. A rule that fits every record is not meant for papers.
    """
    for number, rule in enumerate(rules, start=1):
        if [field for field, _ in rule.conditions] == ["kind"] and kind in map(_same, rule.conditions[0][1]):
            return Classification(
                class_code=rule.class_code, reason=f"rule {number}: {rule.because}", rule_number=number
            )
    return None


def covers(earlier: ClassificationRule, later: ClassificationRule) -> bool:
    """Whether every record that meets `later` meets `earlier` too, so that `later` is never reached after it."""
    wanted = dict(later.conditions)
    return all(
        field in wanted and {_same(value) for value in wanted[field]} <= {_same(value) for value in values}
        for field, values in earlier.conditions
    )


def _meets(record: Record, account: Account | None, field: str, wanted: tuple[str, ...]) -> bool:
    found = {_same(value) for value in FIELDS[field](record, account) if value}
    return any(_same(value) in found for value in wanted)


def undecided(
    records: Iterable[Record], rules: Sequence[ClassificationRule], accounts: Mapping[AccountId, Account]
) -> list[Record]:
    """The records an officer has to classify: no class yet, and no rule that gives one. Order is kept."""
    return [
        record
        for record in records
        if record.class_code is None
        and classify(record, rules, accounts.get(record.account_id) if record.account_id else None) is None
    ]
