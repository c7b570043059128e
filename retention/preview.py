"""What activating another file plan would change, before anybody does it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo

from archiver.core.records import RecordId
from retention.decisions import Decision, Facts, plan
from retention.file_plan import FilePlan


@dataclass(frozen=True, kw_only=True)
class Change:
    """A record, or a paper of the archive's own, whose date, action or standing differs between two plans."""

    record_id: RecordId
    before: Decision
    after: Decision

    @property
    def sooner(self) -> bool:
        """Whether the record may be disposed of earlier than before, or at all where it could not be."""
        if self.after.due is None:
            return False
        return self.before.due is None or self.after.due < self.before.due


def preview_activation(
    old: FilePlan | None,
    new: FilePlan,
    records: Sequence[Facts],
    today: date,
    time_zone: tzinfo,
    events: Mapping[RecordId, Mapping[str, date]] | None = None,
    extensions: Mapping[RecordId, date] | None = None,
) -> list[Change]:
    """The records whose due date, action or state the new plan changes, in the order given.

    Holds are left aside: they outrank either plan. Without an `old` plan every record counts
    as undecided before.
    """
    nothing = FilePlan(title="", classes=(), schedules=(), rules=())
    before = plan(records, old or nothing, {}, today, time_zone, events, extensions)
    after = plan(records, new, {}, today, time_zone, events, extensions)
    return [
        Change(record_id=was.record_id, before=was, after=will)
        for was, will in zip(before, after, strict=True)
        if (was.due, was.action, was.state) != (will.due, will.action, will.state)
    ]
