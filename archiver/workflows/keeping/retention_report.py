"""What records officers watch: due soon, overdue, held, unclassified, schedules to look at, what was destroyed."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from archiver.core.archive import Archive
from archiver.core.records import RecordId
from archiver.workflows.keeping.keep_papers import PaperCount, PlannedPaper, count_papers, plan_papers
from archiver.workflows.keeping.standing import Standing
from archiver.workflows.keeping.what_is_stored import StoredClass, StoredFormat, formats, storage_by_class
from retention.decisions import Decision, State, explain
from retention.file_plan import ScheduleVersion


@dataclass(frozen=True, kw_only=True)
class Listed:
    """One record of a list, with the reason in one sentence."""

    record_id: RecordId
    title: str
    class_code: str | None
    due: date | None
    why: str


@dataclass(frozen=True, kw_only=True)
class Gone:
    """One record that was destroyed or transferred in the period."""

    record_id: str
    class_code: str
    at: str
    certificate: str


@dataclass(frozen=True, kw_only=True)
class RetentionReport:
    """As of `today`: what is due within `soon_days`, and what went from `since` to today.

    `by_month` counts the records that fall due in each coming month, `YYYY-MM`, held ones left out. `papers` counts
    the archive's own by kind, `papers_due` are those overdue or due soon.
    """

    agency: str
    today: date
    since: date
    soon_days: int
    due_soon: tuple[Listed, ...]
    overdue: tuple[Listed, ...]
    held: tuple[Listed, ...]
    unclassified: tuple[Listed, ...]
    schedules_to_review: tuple[ScheduleVersion, ...]
    gone: tuple[Gone, ...]
    by_month: dict[str, int]
    storage: tuple[StoredClass, ...]
    formats: tuple[StoredFormat, ...]
    papers: tuple[PaperCount, ...]
    papers_due: tuple[Listed, ...]


def report_retention(archive: Archive, *, today: date, since: date, soon_days: int = 90) -> RetentionReport:
    """Every list from the one definition of where records stand. Raises NotFound without an active plan."""
    standing = Standing.of(archive)
    soon = today + timedelta(days=soon_days)
    lists: dict[str, list[Listed]] = {"soon": [], "overdue": [], "held": [], "unclassified": []}
    months: Counter[str] = Counter()
    for each in standing.of_all(today):
        if each.due is not None and not each.matters:
            months[f"{max(each.due, today):%Y-%m}"] += 1
        if name := _list_of(each, soon):
            lists[name].append(_listed(archive, each))
    schedules = [each for each in standing.plan.schedules if each.review_by is not None and each.review_by <= soon]
    own = plan_papers(archive, today=today)
    return RetentionReport(
        agency=archive.settings.archive.agency,
        today=today,
        since=since,
        soon_days=soon_days,
        due_soon=tuple(lists["soon"]),
        overdue=tuple(lists["overdue"]),
        held=tuple(lists["held"]),
        unclassified=tuple(lists["unclassified"]),
        schedules_to_review=tuple(schedules),
        gone=tuple(_gone(archive, since, today)),
        by_month=dict(sorted(months.items())),
        storage=tuple(storage_by_class(archive)),
        formats=tuple(formats(archive)),
        papers=tuple(count_papers(own)),
        papers_due=tuple(_listed_paper(each) for each in own if _list_of(each.decision, soon) in ("overdue", "soon")),
    )


def _list_of(decision: Decision, soon: date) -> str | None:
    match decision.state:
        case State.HELD:
            return "held"
        case State.DUE:
            return "overdue"
        case State.UNDECIDED:
            return "unclassified"
        case State.KEEP if decision.due is not None and decision.due <= soon:
            return "soon"
    return None


def _listed(archive: Archive, decision: Decision) -> Listed:
    return Listed(
        record_id=decision.record_id,
        title=archive.catalogue.record(decision.record_id).title,
        class_code=decision.class_code,
        due=decision.due,
        why=explain(decision),
    )


def _listed_paper(planned: PlannedPaper) -> Listed:
    decision = planned.decision
    return Listed(
        record_id=decision.record_id,
        title=planned.paper.title,
        class_code=decision.class_code,
        due=decision.due,
        why=planned.explanation,
    )


def _gone(archive: Archive, since: date, until: date) -> list[Gone]:
    zone = archive.settings.archive.zone
    rows = archive.db.conn.execute(
        "SELECT d.line, b.certificate FROM disposals d JOIN batches b ON b.id = d.batch_id ORDER BY d.at, d.id"
    )
    found = []
    for line, certificate in rows:
        told = json.loads(line)
        if since <= datetime.fromisoformat(told["at"]).astimezone(zone).date() <= until:
            found.append(
                Gone(record_id=told["record"], class_code=told["class"], at=told["at"], certificate=certificate)
            )
    return found
