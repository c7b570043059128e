"""The file plan in the catalogue: versioned rows, loaded as drafts, then activated. Holds SQL.

Works inside the caller's transaction, so that the caller's event is committed with the change.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlite_utils import Database

from archiver.core import clock
from archiver.core.errors import NotFound
from retention.file_plan import Action, ClassificationRule, FilePlan, RecordClass, ScheduleVersion
from retention.periods import parse_period, parse_year_end
from retention.plan_file import parse_trigger


@dataclass(frozen=True, kw_only=True)
class PlanVersion:
    """What the register knows of one loaded plan. Times are UTC; `sha256` is of its TOML text."""

    number: int
    title: str
    sha256: str
    loaded_at: datetime
    loaded_by: str
    activated_at: datetime | None
    activated_by: str | None
    active: bool


def load_plan(db: Database, plan: FilePlan, source: str, *, now: datetime, actor: str) -> int:
    """File a plan as a draft version and return its number.

    `source` is the TOML text `plan` was read from. The same text again gives the number it has
    already. A schedule equal to its class's latest keeps that version's number over plans; a
    changed one gets the next, also where an older one comes back.
    """
    sha256 = "sha256:" + hashlib.sha256(source.encode()).hexdigest()
    known = db.execute("SELECT number FROM plan_versions WHERE sha256 = ?", [sha256]).fetchone()
    if known:
        return int(known[0])
    taken = "SELECT number AS n FROM plan_versions UNION SELECT substr(id, 6) FROM paper_stubs WHERE id LIKE 'plan-%'"
    number = 1 + int(db.execute(f"SELECT coalesce(max(CAST(n AS INTEGER)), 0) FROM ({taken})").fetchone()[0])  # noqa: S608 - a constant
    with db.atomic():
        db.execute(
            "INSERT INTO plan_versions (number, title, sha256, source_toml, loaded_at, loaded_by)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            [number, plan.title, sha256, source, clock.to_iso(now), actor],
        )
        for entry in plan.classes:
            schedule = plan.schedule(entry.code)
            db.execute(
                "INSERT INTO record_classes (plan_version, code, title, parent, description, schedule_number,"
                " not_a_record) VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    number,
                    entry.code,
                    entry.title,
                    entry.parent,
                    entry.description,
                    _file_schedule(db, number, schedule) if schedule else None,
                    entry.not_a_record,
                ],
            )
        for position, rule in enumerate(plan.rules, start=1):
            db.execute(
                "INSERT INTO classification_rules (plan_version, position, conditions, class_code, because)"
                " VALUES (?, ?, ?, ?, ?)",
                [
                    number,
                    position,
                    json.dumps(dict(rule.conditions), ensure_ascii=False),
                    rule.class_code,
                    rule.because,
                ],
            )
    return number


def _file_schedule(db: Database, plan_version: int, schedule: ScheduleVersion) -> int:
    """The number of the class's latest schedule version if equal, else that of a new row."""
    latest = db.execute(
        f"SELECT {_SCHEDULE} FROM schedule_versions WHERE class_code = ? ORDER BY number DESC LIMIT 1",  # noqa: S608 - a constant list of columns
        [schedule.class_code],
    ).fetchone()
    filed = _schedule(latest) if latest else None
    if filed and replace(filed, number=0) == replace(schedule, number=0):
        return filed.number
    number = filed.number + 1 if filed else 1
    db.execute(
        "INSERT INTO schedule_versions (plan_version, class_code, number, mandate, trigger, period, cutoff,"
        " action, approvals, effective_from, roles, storage, review_by, keep_copy)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            plan_version,
            schedule.class_code,
            number,
            schedule.mandate,
            str(schedule.trigger),
            str(schedule.period),
            str(schedule.cutoff or ""),
            schedule.action.value,
            schedule.approvals,
            schedule.effective_from.isoformat() if schedule.effective_from else None,
            " ".join(schedule.roles),
            schedule.storage,
            schedule.review_by.isoformat() if schedule.review_by else None,
            schedule.keep_copy,
        ],
    )
    return number


def activate_plan(db: Database, number: int, *, now: datetime, actor: str) -> None:
    """Make a loaded version the one in force. Does nothing if it is that already.

    It is dated after the one before it also where the clock was set back since: the plan activated last is in force.
    Raises NotFound if there is no such version.
    """
    version = _version(db, number)
    if not version.active:
        (last,) = db.execute("SELECT max(activated_at) FROM plan_versions").fetchone()
        moment = now if last is None else max(now, clock.from_iso(last) + timedelta(microseconds=1))
        db.execute(
            "UPDATE plan_versions SET activated_at = ?, activated_by = ? WHERE number = ?",
            [clock.to_iso(moment), actor, number],
        )


def active_plan(db: Database) -> FilePlan | None:
    """The plan in force: the one activated last. None before the first activation."""
    number = active_number(db)
    return None if number is None else plan_version(db, number)


def plan_version(db: Database, number: int) -> FilePlan:
    """A loaded plan with its schedules' numbers. Raises NotFound if there is no such version."""
    version = _version(db, number)
    classes = db.execute(
        "SELECT code, title, parent, description, not_a_record FROM record_classes WHERE plan_version = ?"
        " ORDER BY code",
        [number],
    ).fetchall()
    schedules = db.execute(
        f"SELECT {_SCHEDULE} FROM schedule_versions JOIN record_classes AS entry"  # noqa: S608 - a constant list of columns
        " ON entry.code = schedule_versions.class_code AND entry.schedule_number = schedule_versions.number"
        " WHERE entry.plan_version = ? ORDER BY class_code",
        [number],
    ).fetchall()
    rules = db.execute(
        "SELECT class_code, because, conditions FROM classification_rules WHERE plan_version = ? ORDER BY position",
        [number],
    ).fetchall()
    return FilePlan(
        title=version.title,
        number=number,
        classes=tuple(
            RecordClass(code=code, title=title, parent=parent, description=description, not_a_record=bool(not_a_record))
            for code, title, parent, description, not_a_record in classes
        ),
        schedules=tuple(_schedule(row) for row in schedules),
        rules=tuple(
            ClassificationRule(
                class_code=code,
                because=because,
                conditions=tuple((name, tuple(values)) for name, values in json.loads(conditions).items()),
            )
            for code, because, conditions in rules
        ),
    )


def schedule_version(db: Database, code: str, number: int) -> ScheduleVersion:
    """One version of a class's schedule, in force or not. Raises NotFound."""
    row = db.execute(
        f"SELECT {_SCHEDULE} FROM schedule_versions WHERE class_code = ? AND number = ?",  # noqa: S608 - a constant list of columns
        [code, number],
    ).fetchone()
    if row is None:
        raise NotFound(f"class {code} has no schedule version {number}")
    return _schedule(row)


def plan_source(db: Database, number: int) -> str:
    """The TOML text a version was loaded from. Raises NotFound if there is no such version."""
    row = db.execute("SELECT source_toml FROM plan_versions WHERE number = ?", [number]).fetchone()
    if row is None:
        raise _unknown(number)
    return str(row[0])


def add_plan_approval(db: Database, number: int, person: str, sooner: str, *, now: datetime) -> int:
    """One person's word that a plan which lets records go sooner may be put in force; the approval's number."""
    cursor = db.execute(
        "INSERT INTO plan_approvals (plan_version, person_id, at, sooner) VALUES (?, ?, ?, ?)",
        [number, person, clock.to_iso(now), sooner],
    )
    return int(cursor.lastrowid or 0)


def plan_approvals(db: Database, number: int) -> list[tuple[str, str]]:
    """Who approved the plan's activation, with the digest of the list of what goes sooner as it was shown to them."""
    rows = db.execute("SELECT person_id, sooner FROM plan_approvals WHERE plan_version = ? ORDER BY id", [number])
    return [(person, sooner) for person, sooner in rows]


def list_versions(db: Database) -> list[PlanVersion]:
    """Every loaded plan, oldest first."""
    active = active_number(db)
    rows = db.execute(
        "SELECT number, title, sha256, loaded_at, loaded_by, activated_at, activated_by"
        " FROM plan_versions ORDER BY number"
    ).fetchall()
    return [
        PlanVersion(
            number=number,
            title=title,
            sha256=sha256,
            loaded_at=clock.from_iso(loaded_at),
            loaded_by=loaded_by,
            activated_at=clock.from_optional_iso(activated_at),
            activated_by=activated_by,
            active=number == active,
        )
        for number, title, sha256, loaded_at, loaded_by, activated_at, activated_by in rows
    ]


_SCHEDULE = (
    "class_code, number, mandate, trigger, period, cutoff, action, approvals, effective_from, "
    "roles, storage, review_by, keep_copy"
)


def _schedule(row: tuple[Any, ...]) -> ScheduleVersion:
    code, number, mandate, trigger, period, cutoff, action, approvals, effective_from, *terms = row
    roles, storage, review_by, keep_copy = terms
    return ScheduleVersion(
        class_code=code,
        number=number,
        mandate=mandate,
        trigger=parse_trigger(trigger),
        period=parse_period(period),
        cutoff=parse_year_end(cutoff) if cutoff else None,
        action=Action(action),
        approvals=approvals,
        effective_from=date.fromisoformat(effective_from) if effective_from else None,
        roles=tuple(roles.split()),
        storage=storage,
        review_by=date.fromisoformat(review_by) if review_by else None,
        keep_copy=bool(keep_copy),
    )


def active_number(db: Database) -> int | None:
    """The number of the plan in force, None before the first activation."""
    row = db.execute(
        "SELECT number FROM plan_versions WHERE activated_at IS NOT NULL"
        " ORDER BY activated_at DESC, number DESC LIMIT 1"
    ).fetchone()
    return None if row is None else int(row[0])


def _version(db: Database, number: int) -> PlanVersion:
    for version in list_versions(db):
        if version.number == number:
            return version
    raise _unknown(number)


def _unknown(number: int) -> NotFound:
    return NotFound(f"file plan version {number} is not in this archive; load it with `archiver fileplan load`")
