"""Where records stand today. Every screen, report, sweep and disposal asks here, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, tzinfo

from sqlite_utils import Database

from archiver.core.archive import Archive
from archiver.core.decision_facts import events_of_records, extensions, record_facts
from archiver.core.errors import NotFound
from archiver.core.records import RecordId
from retention.decisions import Decision, decide_each
from retention.file_plan import FilePlan
from retention.holds import matters
from retention.register import active_number, plan_version


class Standing:
    """Decisions by the plan in force, as the catalogue is at the moment of each question."""

    def __init__(self, db: Database, zone: tzinfo) -> None:
        self._db = db
        self._zone = zone
        self._plan: FilePlan | None = None

    @classmethod
    def of(cls, archive: Archive) -> Standing:
        return cls(archive.db, archive.settings.archive.zone)

    @property
    def plan(self) -> FilePlan:
        """The plan in force. Raises NotFound where none is."""
        number = active_number(self._db)
        if number is None:
            raise NotFound(
                "no file plan is active: load one with `archiver fileplan load FILE`, then `archiver fileplan activate`"
            )
        if self._plan is None or self._plan.number != number:
            self._plan = plan_version(self._db, number)  # a loaded version never changes
        return self._plan

    def of_all(self, today: date) -> Iterator[Decision]:
        """Every record, in the order of the ids. Raises NotFound without an active plan."""
        return decide_each(
            record_facts(self._db),
            self.plan,
            matters(self._db, today),
            today,
            self._zone,
            events_of_records(self._db),
            extensions(self._db),
        )

    def of_record(self, record: RecordId, today: date) -> Decision:
        """Raises NotFound where there is no such record, or no active plan."""
        decisions = decide_each(
            record_facts(self._db, record),
            self.plan,
            matters(self._db, today, record),
            today,
            self._zone,
            events_of_records(self._db, record),
            extensions(self._db, record),
        )
        for decision in decisions:
            return decision
        raise NotFound(f"no record {record} in this archive: see `archiver record list`")
