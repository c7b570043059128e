"""A file plan as a file again: TOML, which `plan_file` reads back, or CSV for a spreadsheet.

The CSV has one row for each class and each rule, in this order, under the header of COLUMNS; a rule's
conditions are `kind=thread; tag=routine|thanks`. A cell that a spreadsheet would take for a formula is
written behind an apostrophe, which is taken off again in reading.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import date
from typing import Any

from archiver.core.errors import BadFilePlan
from retention.file_plan import ClassificationRule, FilePlan, RecordClass, ScheduleVersion
from retention.plan_file import read_plan_tree

COLUMNS = (
    "row", "code", "title", "parent", "description", "not_a_record", "mandate", "trigger", "period", "cutoff",
    "action", "approvals", "roles", "storage", "review_by", "keep_copy", "effective_from", "match",
)  # fmt: skip
_SCHEDULE = COLUMNS[6:17]
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")


def write_plan_toml(plan: FilePlan) -> str:
    """The plan as TOML; `read_plan` gives the same plan back."""
    parts = [f"title = {_toml(plan.title)}"]
    for entry in plan.classes:
        parts.append("\n[[class]]\n" + _lines(_class_fields(entry)))
        schedule = plan.schedule(entry.code)
        if schedule:
            parts.append("[class.schedule]\n" + _lines(_schedule_fields(schedule)))
    for rule in plan.rules:
        match = ", ".join(f"{field} = {_toml(list(values))}" for field, values in rule.conditions)
        parts.append(
            f"\n[[rule]]\nmatch = {{ {match} }}\nclass = {_toml(rule.class_code)}\nbecause = {_toml(rule.because)}"
        )
    return "\n".join(parts) + "\n"


def write_plan_csv(plan: FilePlan) -> str:
    """The plan as CSV (RFC 4180, UTF-8)."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerow({"row": "plan", "title": _cell(plan.title)})
    for entry in plan.classes:
        schedule = plan.schedule(entry.code)
        told = _class_fields(entry) | (_schedule_fields(schedule) if schedule else {})
        writer.writerow({"row": "class", **{key: _cell(_text(value)) for key, value in told.items()}})
    for rule in plan.rules:
        match = "; ".join(f"{field}={'|'.join(values)}" for field, values in rule.conditions)
        writer.writerow(
            {"row": "rule", "code": _cell(rule.class_code), "description": _cell(rule.because), "match": _cell(match)}
        )
    return out.getvalue()


def read_plan_csv(source: str, name: str = "file plan") -> FilePlan:
    """The plan in `source`. Raises BadFilePlan, which lists every fault with its place."""
    rows = csv.DictReader(io.StringIO(source.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        if tuple(rows.fieldnames or ()) != COLUMNS:
            raise BadFilePlan(f"{name} has not the header {','.join(COLUMNS)}: `archiver fileplan export` shows it")
        told = [
            (number, {key: _plain(value or "") for key, value in row.items()}) for number, row in enumerate(rows, 2)
        ]
    except csv.Error as error:
        raise BadFilePlan(f"{name} is not CSV: {error}") from error
    tree: dict[str, Any] = {"class": [], "rule": []}
    for number, row in told:
        match row["row"]:
            case "plan":
                tree["title"] = row["title"]
            case "class":
                tree["class"].append(_class_of(row))
            case "rule":
                tree["rule"].append(_rule_of(row))
            case other:
                raise BadFilePlan(f"{name}, line {number}: {other!r} is no kind of row: plan, class or rule")
    return read_plan_tree({key: value for key, value in tree.items() if value}, name)


def _class_of(row: dict[str, str]) -> dict[str, Any]:
    table: dict[str, Any] = {key: row[key] for key in ("code", "title", "parent", "description") if row[key]}
    if row["not_a_record"]:
        table["not_a_record"] = _typed(row["not_a_record"])
    schedule = {key: _typed(row[key]) if key not in ("mandate", "storage") else row[key] for key in _SCHEDULE}
    schedule = {key: value for key, value in schedule.items() if value != ""}
    if "roles" in schedule:
        schedule["roles"] = str(schedule["roles"]).split()
    return table | ({"schedule": schedule} if schedule else {})


def _rule_of(row: dict[str, str]) -> dict[str, Any]:
    conditions = (each.partition("=") for each in row["match"].split(";") if each.strip())
    match = {field.strip(): values.strip().split("|") for field, _, values in conditions}
    return {"class": row["code"], "because": row["description"], "match": match}


def _typed(text: str) -> object:
    """A day, a number or a truth where it is written as one; the plan's reader judges whether it may be."""
    if text in ("true", "false"):
        return text == "true"
    if text.isdecimal() and text.isascii():
        return int(text)
    try:
        return date.fromisoformat(text)
    except ValueError:
        return text


def _class_fields(entry: RecordClass) -> dict[str, object]:
    told = {"code": entry.code, "title": entry.title, "parent": entry.parent, "description": entry.description}
    return _said(told | {"not_a_record": entry.not_a_record})


def _schedule_fields(schedule: ScheduleVersion) -> dict[str, object]:
    told: dict[str, object] = {
        "mandate": schedule.mandate,
        "trigger": str(schedule.trigger),
        "period": str(schedule.period),
        "cutoff": str(schedule.cutoff or ""),
        "action": schedule.action.value,
        "roles": list(schedule.roles),
        "storage": schedule.storage,
        "review_by": schedule.review_by,
        "keep_copy": schedule.keep_copy,
        "effective_from": schedule.effective_from,
    }
    return _said(told) | {"approvals": schedule.approvals}


def _said(told: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in told.items() if value not in (None, "", False, [])}


def _lines(told: dict[str, object]) -> str:
    return "\n".join(f"{key} = {_toml(value)}" for key, value in told.items())


def _toml(value: object) -> str:
    """A JSON string, number, truth or list is TOML; only DEL must be escaped too (TOML 1.0, basic strings)."""
    if isinstance(value, date):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return " ".join(value) if isinstance(value, list) else str(value)


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _plain(cell: str) -> str:
    return cell[1:] if cell.startswith("'") else cell


def faults_in_csv(plan: FilePlan) -> Iterator[str]:
    """What a rule says that the CSV cannot: a value with one of the marks that part values there."""
    for number, rule in enumerate(plan.rules, 1):
        yield from (
            f"rule {number}: {value!r} holds one of ; | =" for value in _values(rule) if set(";|=") & set(value)
        )


def _values(rule: ClassificationRule) -> Iterator[str]:
    for _, values in rule.conditions:
        yield from values
