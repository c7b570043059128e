"""How long the archive's own papers are kept, and why: by the rules, schedules and dates that records have.

A paper that something still needs is held, whatever its schedule says; and so is one that tells of a held record.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from archiver.core.archive import Archive
from archiver.core.decision_facts import RecordFacts, classes_of_papers, extensions
from archiver.core.papers import Paper, PaperKind, is_paper_id, papers
from archiver.core.records import RecordId
from archiver.workflows.keeping.standing import Standing
from retention.classification import Classification, classify_kind
from retention.decisions import Decision, State, decide_each, explain
from retention.file_plan import FilePlan
from retention.holds import matters
from retention.preview import Change


@dataclass(frozen=True, kw_only=True)
class PlannedPaper:
    """One paper's decision, the rule or the officer's word that gave it its class, and the reasons in one sentence."""

    paper: Paper
    decision: Decision
    class_reason: str
    explanation: str


@dataclass(frozen=True, kw_only=True)
class PaperCount:
    """How the papers of one kind stand, by the states of a decision."""

    kind: PaperKind
    count: int
    by_state: dict[str, int]


def plan_papers(archive: Archive, *, today: date) -> list[PlannedPaper]:
    """A decision for every paper, by kind and age. Raises NotFound without an active plan."""
    plan, found = Standing.of(archive).plan, papers(archive.db, today, archive.settings.archive.zone)
    held = matters(archive.db, today)
    needs = {RecordId(each.id): _needs(each, held) for each in found}
    return [
        PlannedPaper(paper=paper, decision=decision, class_reason=reason, explanation=explain(decision))
        for paper, (decision, reason) in zip(found, _decide(archive, plan, found, needs, today), strict=True)
    ]


def preview_papers(archive: Archive, old: FilePlan | None, new: FilePlan, *, today: date) -> list[Change]:
    """The papers whose due date, action or state another plan changes; what holds or needs them is left aside."""
    found = papers(archive.db, today, archive.settings.archive.zone)
    nothing = FilePlan(title="", classes=(), schedules=(), rules=())
    before, after = (_decide(archive, plan, found, {}, today) for plan in (old or nothing, new))
    return [
        Change(record_id=was.record_id, before=was, after=will)
        for (was, _), (will, _) in zip(before, after, strict=True)
        if (was.due, was.action, was.state) != (will.due, will.action, will.state)
    ]


def _decide(
    archive: Archive, plan: FilePlan, found: Sequence[Paper], needs: Mapping[RecordId, tuple[str, ...]], today: date
) -> Iterator[tuple[Decision, str]]:
    """Each paper's decision by that plan, and why it has its class."""
    by_kind = {kind: classify_kind(kind.value, plan.rules) for kind in PaperKind}
    by_hand = classes_of_papers(archive.db)
    classes = [_class_of(each, by_kind, by_hand) for each in found]
    decisions = decide_each(
        (_facts(each, code) for each, (code, _) in zip(found, classes, strict=True)),
        plan,
        needs,
        today,
        archive.settings.archive.zone,
        {RecordId(each.id): each.events for each in found},
        extensions(archive.db),
    )
    yield from zip(decisions, (reason for _, reason in classes), strict=True)


def _class_of(
    paper: Paper, by_kind: Mapping[PaperKind, Classification | None], by_hand: Mapping[str, tuple[str, str]]
) -> tuple[str | None, str]:
    """An officer's word before the plan's rule; its reason."""
    if paper.id in by_hand:
        code, reason = by_hand[paper.id]
        return code, f"by an officer: {reason}"
    rule = by_kind[paper.kind]
    return (None, "") if rule is None else (rule.class_code, rule.reason)


def _facts(paper: Paper, code: str | None) -> RecordFacts:
    return RecordFacts(
        id=RecordId(paper.id),
        class_code=code,
        created=paper.created,
        last_captured=paper.created,
        last_activity=paper.last_activity,
    )


def _needs(paper: Paper, held: Mapping[RecordId, tuple[str, ...]]) -> tuple[str, ...]:
    """What needs the paper itself, what holds it, then what holds the records it tells of."""
    of_records = sorted({matter for record in paper.records if record in held for matter in held[record]})
    return tuple(dict.fromkeys((*paper.needed_for, *held.get(RecordId(paper.id), ()), *of_records)))


def papers_among(archive: Archive, ids: Iterable[str]) -> set[str]:
    """Those of these ids that are papers' and not records'."""
    strange = {each for each in ids if is_paper_id(each)}
    if not strange:
        return set()  # every paper would have to be looked at
    return strange & {each.id for each in papers(archive.db, date.max, archive.settings.archive.zone)}


def explain_paper(archive: Archive, id: str, *, today: date) -> PlannedPaper | None:
    """Why one paper is kept; None where there is none of that id. Raises NotFound without an active plan."""
    if not is_paper_id(id):
        return None
    return next((each for each in plan_papers(archive, today=today) if each.paper.id == id), None)


def count_papers(planned: Sequence[PlannedPaper]) -> list[PaperCount]:
    """Kinds in their order; those of which there is none are left out."""
    found = {kind: Counter(each.decision.state for each in planned if each.paper.kind is kind) for kind in PaperKind}
    return [
        PaperCount(
            kind=kind, count=states.total(), by_state={state.value: states[state] for state in State if states[state]}
        )
        for kind, states in found.items()
        if states
    ]
