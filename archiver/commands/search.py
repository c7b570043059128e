"""`archiver search` and `archiver index`."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import date
from zoneinfo import ZoneInfo

import click
from rich.text import Text

from archiver.commands.output import console, describe, print_json, progress, say, show_moment
from archiver.commands.session import Session, archive_command
from archiver.core import clock
from archiver.workflows.indexing.catching_up import index_directory, update_index
from archiver.workflows.indexing.making import Making, make_in_background
from archiver.workflows.indexing.reconcile import reconcile
from archiver.workflows.indexing.report import describe_index
from archiver.workflows.search.facets import Facets
from archiver.workflows.search.find import Found, find
from index.engine import Sort, Step

_MOST_VALUES = 10
_DAYS: dict[Step, Callable[[date], str]] = {
    Step.DAY: lambda day: f"{day:%Y-%m-%d}",
    Step.MONTH: lambda day: f"{day:%Y-%m}",
    Step.YEAR: lambda day: f"{day:%Y}",
}

_MARKED = "bold black on yellow"


@click.command()
@click.argument("query")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True)
@click.option("--offset", type=click.IntRange(0), default=0, help="Skip so many hits.")
@click.option("--all", "everything", is_flag=True, help="Every hit.")
@click.option("--facets", is_flag=True, help="Count the hits by site, account, creator, kind, class, tag, time, ….")
@click.option("--sort", type=click.Choice([each.value for each in Sort]), default=Sort.NEWEST.value, show_default=True)
@click.option("--threads", "whole_threads", is_flag=True, help="Every hit brings its whole thread.")
@archive_command
def search(
    session: Session,
    query: str,
    limit: int,
    offset: int,
    everything: bool,
    facets: bool,
    sort: str,
    whole_threads: bool,
) -> None:
    """Find items: words, "phrases", AND OR NOT, ( ), word*, word~1, w/5, exact:"…", site: account: creator: kind:
    state: class: tag: hold: has: thread:(…), created:[2026-01-01 TO 2026-03-31], created:"last quarter". See
    docs/search.md.
    """
    with session.look() as archive, progress("Searching") as show:
        answer = find(
            archive,
            query,
            now=clock.now(),
            limit=None if everything else limit,
            offset=offset,
            sort=Sort(sort),
            facets=facets,
            whole_threads=whole_threads,
            progress=show,
        )
        zone = archive.settings.archive.zone
    if session.as_json:
        print_json(answer)
        return
    shown = f", {offset + 1} to {offset + len(answer.hits)} shown" if 0 < len(answer.hits) < answer.total else ""
    say(f"{answer.total} found{shown}", "bold")
    say(f"interpreted as {answer.interpreted}", "bright_black")
    for hit in answer.hits:
        item = hit.item.item
        say()
        head = Text(item.creator_name or item.creator_handle or "unknown", "bold")
        head.append(f"  posted {show_moment(item.created, zone) or 'at an unknown time'}", "bright_black")
        head.append(f"  captured {show_moment(hit.item.first_seen, zone)}", "bright_black")
        if hit.item.observed.value != "present":
            head.append(f"  {hit.item.observed.value}", "magenta")
        console().print(head, soft_wrap=True)
        console().print(_snippet(hit), soft_wrap=True)
        console().print(_title(hit), soft_wrap=True)
        if hit.held:
            say(f"held for {'; '.join(hit.held)}", "yellow")
    if answer.facets:
        _show_facets(answer.facets)


def _show_facets(facets: Facets) -> None:
    """The most frequent values of each, and the timeline as bars."""
    for name, facet in facets.by.items():
        if not facet.counts or name in ("year", "month"):
            continue
        say()
        say(name if facet.exact else f"{name} (partial: only what is most frequent was counted)", "bold")
        for value, count in facet.counts[:_MOST_VALUES]:
            say(f"{count:>9,}  {value}")
        if len(facet.counts) > _MOST_VALUES:
            say(f"           and {len(facet.counts) - _MOST_VALUES:,} more: --json lists all", "bright_black")
    bars = facets.timeline.bars
    if bars:
        say()
        say(f"by {facets.timeline.step.value}", "bold")
    most = max((count for _, count in bars), default=0)
    for day, count in bars:
        if count:
            say(f"{count:>9,}  {_DAYS[facets.timeline.step](day)}  {'█' * max(1, count * 40 // most)}")
    if facets.timeline.undated:
        say(f"{facets.timeline.undated:>9,}  at an unknown time")


def _title(hit: Found) -> Text:
    shown = Text(f"{hit.record.id}  ", "cyan")
    title = Text(hit.record.title, "cyan")
    for start, end in hit.title_marks:
        title.stylize(_MARKED, start, end)
    return shown + title


def _snippet(hit: Found) -> Text:
    shown = Text("an earlier text: " if hit.earlier_text else "", "yellow")
    for text, is_hit in hit.snippet.parts:
        shown.append(text, _MARKED if is_hit else "default")
    return shown


@click.group()
def index() -> None:
    """The search index: derived, and rebuilt from the catalogue at any time."""


@index.command("rebuild")
@click.option("--background", is_flag=True, help="Leave it to a process of its own, and come back at once.")
@archive_command
def rebuild_index(session: Session, background: bool) -> None:
    """Make the index anew from the catalogue. The one that is there answers searches until the new one is whole."""
    if background:
        with session.look() as archive:
            making = make_in_background(archive.directory, index_directory(archive))
        if session.as_json:
            print_json(making)
        else:
            say(f"Process {making.process} makes the index anew; `archiver index show` tells how far it is.")
        return
    with session.look() as archive, progress("Indexing") as show:
        state = update_index(archive, rebuild=True, progress=show)
    _show_state(session, state)


@index.command("show")
@archive_command
def show_index(session: Session) -> None:
    """The index that answers, and how far the making of a new one is."""
    with session.look() as archive:
        found = describe_index(archive)
        zone = archive.settings.archive.zone
    if session.as_json:
        print_json(found)
        return
    describe(
        [
            ("Index", found.generation or "none: the next search makes it"),
            ("Engine", found.engine),
            ("Analyser", found.analyser or ""),
            ("Items", found.items),
            ("Knows change", found.seq),
            ("Records changed since", found.lag),
            ("Fault", found.fault),
            *(_making_rows(found.making, zone) if found.making else ()),
        ]
    )


def _making_rows(making: Making, zone: ZoneInfo) -> list[tuple[str, str]]:
    state = "goes on" if making.goes_on else f"broke off: {making.error}" if making.error else "done"
    return [
        ("Last making", f"{state} (process {making.process})"),
        ("Begun", show_moment(making.begun, zone)),
        ("Ended", show_moment(making.ended, zone)),
        ("Records read", f"{making.done:,} of {making.total:,}" if making.total else ""),
    ]


@index.command("update")
@archive_command
def update(session: Session) -> None:
    """Teach the index what it lacks; a search does the same by itself."""
    with session.look() as archive, progress("Indexing") as show:
        state = update_index(archive, progress=show)
    _show_state(session, state)


@index.command("reconcile")
@archive_command
def reconcile_index(session: Session) -> None:
    """Prove that every post and comment is found by search, and repair the index where one is not. Each night does."""
    with session.look() as archive, progress("Reconciling") as show:
        done = reconcile(archive, seed=secrets.randbits(64), progress=show)
    if session.as_json:
        print_json(done)
        return
    for finding in done.findings:
        say(finding, "red")
    say(f"{done.items:,} items are in the index; {done.asked:,} of them were looked for by their own words")


def _show_state(session: Session, state: object) -> None:
    if session.as_json:
        print_json(state)
    else:
        describe((name.capitalize(), value) for name, value in vars(state).items())


COMMANDS = (search, index)
