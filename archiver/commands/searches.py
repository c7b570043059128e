"""`archiver searches`: queries kept under a name, each run of them declared, and what is new since."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import click

from archiver.commands.output import describe, print_json, progress, say, show_moment, table
from archiver.commands.session import Session, archive_command
from archiver.core import clock
from archiver.core.people import Permission
from archiver.core.saved_searches import SavedSearches, SearchRun
from archiver.workflows.search.keep_searches import SearchDiff, compare_runs, run_search, save_search


@click.group()
def searches() -> None:
    """Saved searches: run again at any time, with what is new since."""


@searches.command("save")
@click.argument("name")
@click.argument("query")
@click.option("--threads", "whole_threads", is_flag=True, help="Every hit brings its whole thread.")
@click.option("--note", default="", help="What the search is for.")
@archive_command
def save(session: Session, name: str, query: str, whole_threads: bool, note: str) -> None:
    """Keep QUERY under NAME and run it: query, analyser, watermark and hits are declared in the trail."""
    with session.act(Permission.ANSWER) as (archive, actor), progress("Searching") as shown:
        made = save_search(
            archive,
            name,
            query,
            actor=actor,
            now=clock.now(),
            whole_threads=whole_threads,
            note=note,
            progress=shown,
        )
        zone = archive.settings.archive.zone
    _show(session, made, zone)


@searches.command("run")
@click.argument("name")
@archive_command
def run(session: Session, name: str) -> None:
    """Run the saved search NAME again, and tell what is new since its last run."""
    with session.act(Permission.ANSWER) as (archive, actor), progress("Searching") as shown:
        made = run_search(archive, name, actor=actor, now=clock.now(), progress=shown)
        zone = archive.settings.archive.zone
    _show(session, made, zone)


@searches.command("diff")
@click.argument("name")
@click.option("--from", "earlier", type=int, metavar="RUN", help="The earlier run.  [default: the one before]")
@click.option("--to", "later", type=int, metavar="RUN", help="The later run.  [default: the newest]")
@archive_command
def diff(session: Session, name: str, earlier: int | None, later: int | None) -> None:
    """What one run of the saved search NAME found and another did not; nothing is searched."""
    with session.look() as archive:
        made = compare_runs(archive, name, earlier=earlier, later=later)
        zone = archive.settings.archive.zone
    _show(session, made, zone)


@searches.command("list")
@archive_command
def list_searches(session: Session) -> None:
    """Every saved search with its newest run."""
    with session.look() as archive:
        kept, zone = SavedSearches(archive.db), archive.settings.archive.zone
        found = [(each, kept.runs(each)) for each in kept.searches()]
    if session.as_json:
        print_json([{"search": each, "runs": len(runs), "last": runs[-1]} for each, runs in found])
        return
    table(
        "Saved searches",
        ("Name", "Query", "Runs", "Last run", "Items", "Records"),
        (
            (each.name, each.query, len(runs), show_moment(runs[-1].at, zone), runs[-1].total, runs[-1].records)
            for each, runs in found
        ),
    )


@searches.command("show")
@click.argument("name")
@archive_command
def show(session: Session, name: str) -> None:
    """The saved search NAME, every run of it, and what the newest found."""
    with session.look() as archive:
        kept, zone = SavedSearches(archive.db), archive.settings.archive.zone
        found = kept.search(name)
        runs = kept.runs(found)
        hits = kept.hits(runs[-1])
    if session.as_json:
        print_json({"search": found, "runs": runs, "hits": hits})
        return
    describe(
        [
            ("Name", found.name),
            ("Id", found.id),
            ("Query", found.query),
            ("Whole threads", "yes" if found.whole_threads else ""),
            ("Note", found.note),
            ("Saved", show_moment(found.saved_at, zone)),
        ]
    )
    _show_runs(runs, zone)
    table("Found by the newest run", ("Item", "Record"), hits.items())


def _show_runs(runs: Sequence[SearchRun], zone: ZoneInfo) -> None:
    table(
        "Runs",
        ("Run", "When", "Interpreted as", "Items", "Records", "Analyser", "Watermark"),
        (
            (
                each.id,
                show_moment(each.at, zone),
                each.interpreted,
                each.total,
                each.records,
                each.analyser_version,
                each.watermark,
            )
            for each in runs
        ),
    )


def _show(session: Session, made: SearchDiff, zone: ZoneInfo) -> None:
    if session.as_json:
        print_json(made)
        return
    later, earlier = made.later, made.earlier
    say(f"{made.search.name}: {later.total} items in {later.records} records, run {later.id}", "bold")
    say(f"interpreted as {later.interpreted}", "bright_black")
    if earlier is None:
        say("The first run: there is nothing to compare it with.")
        return
    if made.reading:
        say(f"The two runs did not ask the same: {made.reading}", "yellow")
    since = f"since run {earlier.id}, {show_moment(earlier.at, zone)}"
    table(f"New {since}", ("Item", "Record"), ((each.item, each.record) for each in made.new))
    table(f"Found no longer {since}", ("Item", "Record"), ((each.item, each.record) for each in made.no_longer))


COMMANDS = (searches,)
