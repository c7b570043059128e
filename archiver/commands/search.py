"""`archiver search` and `archiver index`."""

from __future__ import annotations

import click
from rich.text import Text

from archiver.commands.output import console, describe, print_json, progress, say, show_moment
from archiver.commands.session import Session, archive_command
from archiver.core import clock
from archiver.workflows.find import Found, find
from archiver.workflows.indexing import update_index
from index.engine import Sort

_MARKED = "bold black on yellow"


@click.command()
@click.argument("query")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True)
@click.option("--offset", type=click.IntRange(0), default=0, help="Skip so many hits.")
@click.option("--all", "everything", is_flag=True, help="Every hit.")
@click.option("--sort", type=click.Choice([each.value for each in Sort]), default=Sort.NEWEST.value, show_default=True)
@click.option("--threads", "whole_threads", is_flag=True, help="Every hit brings its whole thread.")
@archive_command
def search(
    session: Session, query: str, limit: int, offset: int, everything: bool, sort: str, whole_threads: bool
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
@archive_command
def rebuild_index(session: Session) -> None:
    """Make the index anew from the catalogue."""
    with session.look() as archive, progress("Indexing") as show:
        state = update_index(archive, rebuild=True, progress=show)
    _show_state(session, state)


@index.command("update")
@archive_command
def update(session: Session) -> None:
    """Teach the index what it lacks; a search does the same by itself."""
    with session.look() as archive, progress("Indexing") as show:
        state = update_index(archive, progress=show)
    _show_state(session, state)


def _show_state(session: Session, state: object) -> None:
    if session.as_json:
        print_json(state)
    else:
        describe((name.capitalize(), value) for name, value in vars(state).items())


COMMANDS = (search, index)
