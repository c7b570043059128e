"""What became of a night: every account with what was found, captured, missed and why. Built from the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from archiver.core.archive import Archive
from archiver.core.errors import AccountMissed, NightCutShort, NightDoubtful, NightUnhealthy
from archiver.core.nights import DeclaredCounts, NightRun, Nights, NightVisit, VisitKind, VisitState
from archiver.core.records import AccountId, CaptureId, Outcome
from archiver.workflows.night.agenda import Scope
from archiver.workflows.night.closing import Closing
from capture.revisits import night_of

FORMAT = "archiver-night 1"
NIGHTS_SHOWN = 30
"""How many nights the plot and the search for gaps reach back."""


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """A visit that was not healthy, or was left; `outcome` is None for one that was left."""

    url: str
    outcome: Outcome | None
    reason: str


@dataclass(frozen=True, kw_only=True)
class Completeness:
    """`declared` by the site, `found` by us, under the site's name for them: threads, comments."""

    what: str
    declared: int
    found: int


@dataclass(frozen=True, kw_only=True)
class AccountReport:
    """An account, or a job of addresses. Counts are of pages; `items_...` of posts and comments.

    `found` are the threads known, `ever_captured` those of them with a healthy capture. `gaps` are nights
    since its first good one, of the last NIGHTS_SHOWN, without a healthy capture.
    """

    id: str
    name: str
    department: str
    url: str
    due: bool
    found: int = 0
    ever_captured: int = 0
    visited: int = 0
    captured: int = 0
    unchanged: int = 0
    gone: int = 0
    failed: int = 0
    left: int = 0
    items_new: int = 0
    items_edited: int = 0
    items_gone: int = 0
    completeness: tuple[Completeness, ...] = ()
    incomplete: tuple[Trouble, ...] = ()  # filed in part, with what is missing
    troubles: tuple[Trouble, ...] = ()
    still_online: tuple[str, ...] = ()  # destroyed here under their schedule
    last_good: datetime | None = None
    gaps: tuple[date, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class NightFigures:
    """One night of the plot."""

    night: date
    captured: int = 0
    unchanged: int = 0
    failed: int = 0
    left: int = 0
    ran: bool = True


@dataclass(frozen=True, kw_only=True)
class NightReport:
    """The document `report.json`; names are only ever added. `verdict` is the name of what the exit code is for."""

    run: str
    night: date
    agency: str
    time_zone: str
    started: datetime
    finished: datetime
    taken_up: tuple[datetime, ...]
    narrowed: bool
    exit_code: int
    verdict: str
    summary: str
    figures: Mapping[str, int]
    accounts: tuple[AccountReport, ...]
    nights: tuple[NightFigures, ...]
    closing: Closing
    notes: tuple[str, ...] = ()
    format: str = field(default=FORMAT)


def build_report(
    archive: Archive, run: NightRun, scopes: Sequence[Scope], closing: Closing, *, finished: datetime
) -> NightReport:
    """The report of a run whose visits have all ended."""
    nights = Nights(archive.db)
    visits = nights.visits(run.id)
    told = _told_by_the_trail(archive, run)
    figures = figures_of(visits, told)
    accounts = tuple(_accounts(archive, nights, run, visits, told, {each.id for each in scopes}))
    kind = _verdict(figures, accounts, closing)
    summary = _summary(figures, accounts, closing)
    return NightReport(
        run=run.id,
        night=run.night,
        agency=archive.settings.archive.agency,
        time_zone=archive.settings.archive.time_zone,
        started=run.started,
        finished=finished,
        taken_up=nights.run(run.id).taken_up,
        narrowed=run.narrowed,
        exit_code=kind.exit_code if kind else 0,
        verdict=kind.__name__ if kind else "good",
        summary=summary,
        figures=figures,
        accounts=accounts,
        nights=_last_nights(nights, run, figures),
        closing=closing,
        notes=tuple(each.note for each in nights.notes(run.id) if not each.about),
    )


def figures_of(visits: Iterable[NightVisit], told: Mapping[CaptureId, Mapping[str, Any]]) -> dict[str, int]:
    """How the visits ended. `told` is what the trail says of each capture."""
    visits = list(visits)
    pages = [each for each in visits if each.kind is not VisitKind.DISCOVERY]
    outcomes = [each.outcome for each in pages if each.state is VisitState.DONE and each.outcome is not None]
    details = [told.get(each.capture_id, {}) for each in pages if each.capture_id is not None]
    return {
        "visited": sum(each is not Outcome.DISPOSED for each in outcomes),
        "captured": sum(each.files_content for each in outcomes),
        "unchanged": outcomes.count(Outcome.UNCHANGED),
        "gone": outcomes.count(Outcome.GONE),
        "disposed": outcomes.count(Outcome.DISPOSED),
        "failed": sum(each.outcome is not None and not each.outcome.healthy for each in visits),
        "left": sum(each.state is not VisitState.DONE for each in visits),
        "items_new": sum(int(each.get("new", 0)) for each in details),
        "items_edited": sum(int(each.get("edited", 0)) for each in details),
        "items_gone": sum(int(each.get("gone", 0)) for each in details),
    }


def _told_by_the_trail(archive: Archive, run: NightRun) -> dict[CaptureId, Mapping[str, Any]]:
    """Counts of each capture made since the run began, also of those a crash had cut off."""
    return {
        CaptureId(subject): event.detail
        for event in archive.trail.events()
        if event.seq >= run.trail_size
        for subject in event.subjects
        if subject.startswith("cap_")
    }


def _accounts(
    archive: Archive,
    nights: Nights,
    run: NightRun,
    visits: Sequence[NightVisit],
    told: Mapping[CaptureId, Mapping[str, Any]],
    due: set[str],
) -> Iterable[AccountReport]:
    named = [(each.id, f"{each.site}/{each.handle}", each.department, each.url) for each in archive.register.accounts()]
    named += [
        (AccountId(each.id), each.name, "", each.urls[0]) for each in archive.register.jobs() if each.account_id is None
    ]
    declared = nights.declared(run.id)
    for id, name, department, url in named:
        mine = [each for each in visits if each.scope == id]
        figures = figures_of(mine, told)
        threads = nights.observations(id)
        yield AccountReport(
            id=id,
            name=name,
            department=department,
            url=url,
            due=id in due,
            found=len(nights.threads(id)),
            ever_captured=sum(any(each.outcome.healthy for each in seen) for seen in threads.values()),
            **{name: figures[name] for name in figures if name != "disposed"},
            completeness=_completeness(each for each in declared if each.scope == id),
            incomplete=tuple(_trouble(each) for each in mine if each.outcome is Outcome.PARTIAL),
            troubles=tuple(
                _trouble(each)
                for each in mine
                if each.state is not VisitState.DONE or (each.outcome is not None and not each.outcome.healthy)
            ),
            still_online=tuple(each.url for each in mine if each.outcome is Outcome.DISPOSED),
            last_good=nights.last_healthy(id),
            gaps=_gaps(archive, nights, id, run),
            notes=tuple(each.note for each in nights.notes(run.id) if each.about == id),
        )


def _trouble(visit: NightVisit) -> Trouble:
    return Trouble(url=visit.url, outcome=visit.outcome, reason=visit.told)


def _completeness(counts: Iterable[DeclaredCounts]) -> tuple[Completeness, ...]:
    """Summed over the night's captures; more found than declared in one does not make up for less in another."""
    declared: dict[str, int] = {}
    found: dict[str, int] = {}
    for each in counts:
        for what, number in each.declared.items():
            declared[what] = declared.get(what, 0) + number
            found[what] = found.get(what, 0) + min(number, each.found.get(what, 0))
    return tuple(
        Completeness(what=what, declared=declared[what], found=found[what]) for what in sorted(declared, reverse=True)
    )


def _gaps(archive: Archive, nights: Nights, scope: str, run: NightRun) -> tuple[date, ...]:
    zone = archive.settings.archive.zone
    since = run.started - timedelta(days=NIGHTS_SHOWN)
    good = {night_of(each, zone) for each in nights.healthy_captures(scope, since=since)}
    first = min(good, default=None)
    if first is None:
        return ()
    return tuple(
        night
        for night in (first + timedelta(days=days) for days in range((run.night - first).days + 1))
        if night not in good
    )


def _last_nights(nights: Nights, run: NightRun, figures: Mapping[str, int]) -> tuple[NightFigures, ...]:
    """Every night of the last ones, oldest first, from the first that any run is known of; runs of one night summed."""
    first = run.night - timedelta(days=NIGHTS_SHOWN - 1)
    known: dict[date, dict[str, int]] = {}
    for each in nights.runs():
        if each.night >= first and (each.finished is not None or each.id == run.id):
            counts = known.setdefault(each.night, {})
            for name, number in (figures if each.id == run.id else each.figures).items():
                counts[name] = counts.get(name, 0) + number
    begin = min(known)
    every = [begin + timedelta(days=days) for days in range((max(known) - begin).days + 1)]
    names = ("captured", "unchanged", "failed", "left")
    return tuple(
        NightFigures(night=night, ran=night in known, **{name: known.get(night, {}).get(name, 0) for name in names})
        for night in every
    )


def _verdict(
    figures: Mapping[str, int], accounts: Sequence[AccountReport], closing: Closing
) -> type[NightDoubtful | AccountMissed | NightCutShort | NightUnhealthy] | None:
    """The gravest that applies."""
    if closing.findings or closing.problems:
        return NightDoubtful
    if any(_missed(each) for each in accounts):
        return AccountMissed
    if figures["left"]:
        return NightCutShort
    return NightUnhealthy if figures["failed"] else None


def _missed(account: AccountReport) -> bool:
    """Whether pages of it were to be captured and not one capture was healthy."""
    healthy = account.captured + account.unchanged + account.gone
    return account.due and not healthy and bool(account.failed or account.left)


def _summary(figures: Mapping[str, int], accounts: Sequence[AccountReport], closing: Closing) -> str:
    parts = [f"{figures['captured']} captured", f"{figures['unchanged']} unchanged"]
    parts += [f"{figures[name]} {name}" for name in ("gone", "failed", "left") if figures[name]]
    if missed := [each.name for each in accounts if _missed(each)]:
        parts.append(f"nothing of {', '.join(missed)}")
    if closing.findings:
        parts.append(f"{len(closing.findings)} stored files differ from what was recorded")
    return "; ".join([*parts, *closing.problems])
