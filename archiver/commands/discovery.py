"""`archiver terms`, `archiver duplicates` and `archiver similar`: many queries at once, and texts that are alike."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import click

from archiver.commands.output import counted, print_json, progress, say, show_moment, table
from archiver.commands.session import Session, archive_command
from archiver.core import clock
from archiver.core.errors import BadInput, TermsRefused
from archiver.workflows.search.find_resembling import LEAST_WORDS, find_alike, find_similar
from archiver.workflows.search.term_list import TermReport, read_terms, search_terms
from exports.bundle.tables import safe_cell

_SHOWN = 90  # characters of a text in a table


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--column", default="", metavar="NAME", help="The column of a CSV file that holds the queries.")
@click.option("--within", default="", metavar="QUERY", help="Search only what this query finds.")
@click.option("--csv", "as_csv", is_flag=True, help="Print the report as CSV.")
@archive_command
def terms(session: Session, file: Path, column: str, within: str, as_csv: bool) -> None:
    """Search every query of FILE, one a line or a row of CSV, and report what each finds, zero hits included.

    `Only here` counts items that no other query of the list finds.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}") from error
    table_file = bool(column) or file.suffix.casefold() == ".csv"
    with session.look() as archive, progress("Searching") as shown:
        listed = read_terms(content, table=table_file, column=column)
        report = search_terms(archive, listed, now=clock.now(), within=within, progress=shown)
    if session.as_json:
        print_json(report)
    elif as_csv:
        _print_csv(report)
    else:
        _print_table(report)
    if report.refused:
        raise TermsRefused(
            f"{report.refused} of {len(report.terms)} queries of {file} were refused; the report says why"
        )


_COLUMNS = ("line", "query", "interpreted", "items", "records", "only", "error")


def _print_csv(report: TermReport) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for each in report.terms:
        writer.writerow(safe_cell(str(getattr(each, name))) for name in _COLUMNS)


def _print_table(report: TermReport) -> None:
    if report.within:
        say(f"within {report.within}", "bright_black")
    table(
        "Hits by query",
        ("Line", "Query", "Items", "Records", "Only here", "Interpreted as"),
        (
            (each.line, each.query, *(("", "", "", f"refused: {each.error}") if each.error else
             (each.items, each.records, each.only, each.interpreted)))
            for each in report.terms
        ),
    )  # fmt: skip
    say(
        f"{report.items} items in {report.records} records in all; {report.without_hits} queries without hits, "
        f"{report.refused} refused",
        "bold",
    )


@click.command()
@click.argument("query", default="*")
@click.option("--nearness", type=float, default=0.8, show_default=True, help="From 0 to 1; 1: the same words only.")
@click.option(
    "--words", type=click.IntRange(1), default=LEAST_WORDS, show_default=True, help="Leave out shorter texts."
)
@click.option("--cross-posts", is_flag=True, help="Only what stands on several sites or accounts.")
@archive_command
def duplicates(session: Session, query: str, nearness: float, words: int, cross_posts: bool) -> None:
    """Group the hits of QUERY that say the same, or nearly: copies, cross-posts, campaigns."""
    with session.look() as archive, progress("Comparing") as shown:
        report = find_alike(
            archive,
            query,
            now=clock.now(),
            nearness=nearness,
            least_words=words,
            cross_posts_only=cross_posts,
            progress=shown,
        )
        zone = archive.settings.archive.zone
    if session.as_json:
        print_json(report)
        return
    say(f"interpreted as {report.interpreted}", "bright_black")
    short = f"; {report.too_short} with fewer than {words} words left out" if report.too_short else ""
    say(f"{report.compared} items compared, {len(report.groups)} groups{short}", "bold")
    for number, group in enumerate(report.groups, 1):
        kind = "the same words" if group.same else "nearly the same"
        table(
            f"{number}. {counted(len(group.items), 'item')} with {kind}{', cross-posted' if group.cross_post else ''}",
            ("Nearness", "Created", "Site", "By", "Item", "Text"),
            (
                (
                    f"{each.nearness:.2f}",
                    show_moment(each.created, zone),
                    each.site,
                    each.creator,
                    each.item,
                    _start(each.text),
                )
                for each in group.items
            ),
        )


@click.command()
@click.argument("item")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True)
@archive_command
def similar(session: Session, item: str, limit: int) -> None:
    """Find items like ITEM, given by its id: those with most of its words, the rare ones counting more."""
    with session.look() as archive, progress("Comparing") as shown:
        found = find_similar(archive, item, limit=limit, progress=shown)
    if session.as_json:
        print_json(found)
        return
    table(
        f"Similar to {item}",
        ("Similarity", "Item", "Record", "Shared words", "Text"),
        (
            (
                f"{each.similarity:.2f}",
                each.item.id,
                each.record.title,
                " ".join(each.shared[:6]),
                _start(each.item.item.text),
            )
            for each in found
        ),
    )


def _start(text: str) -> str:
    shown = " ".join(text.split())
    return shown if len(shown) <= _SHOWN else shown[: _SHOWN - 1] + "…"


COMMANDS = (terms, duplicates, similar)
