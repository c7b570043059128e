"""`archiver review`: what was found is frozen, decided in batches, agreed to by a second person, and checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import click

from archiver.commands.output import LONGEST, counted, describe, print_json, say, show_moment, table
from archiver.commands.session import Session, archive_command
from archiver.core import clock
from archiver.core.errors import BadInput
from archiver.core.people import Permission
from archiver.core.records import RecordId
from archiver.core.reviews import RELEASE, RESPONSIVE, Coding
from archiver.workflows.requests.release import preflight
from archiver.workflows.requests.review import (
    assign_review,
    code,
    code_record,
    freeze_review,
    preview_coding,
    read_texts,
    require_finished,
    review_state,
    undo_coding,
)
from archiver.workflows.requests.review_alike import alike_in_review, with_alike
from exports.requests.review_rules import ReviewFinding, Selection, effective

_NEARNESS = click.FloatRange(0, 1, min_open=True)
_GROUPS, _OF_A_GROUP = 50, 20
"""How many groups that say nearly the same are shown, the largest first, and how many items of each."""


@click.group()
def review() -> None:
    """Review what was found for a request, item by item or in bulk."""


@review.command("freeze")
@click.argument("number")
@archive_command
def freeze(session: Session, number: str) -> None:
    """Freeze what the searches of request NUMBER hit, whole threads with it."""
    with session.act(Permission.ANSWER) as (archive, actor):
        frozen = freeze_review(archive, number, actor=actor, now=clock.now())
    if session.as_json:
        print_json(frozen)
    else:
        say(f"Set {frozen.id}: {frozen.items} items in {frozen.records} records, {frozen.hits} found.", "green")
        say(f"Next: archiver review code {frozen.request_number} --responsive yes --release full")


@review.command("show")
@click.argument("number")
@archive_command
def show(session: Session, number: str) -> None:
    """How far the review is, what came since the set was frozen, and its batches."""
    with session.look() as archive:
        state, zone = review_state(archive, number), archive.settings.archive.zone
    if session.as_json:
        print_json(state)
        return
    describe(
        [
            ("Set", f"{state.set.id}, frozen {show_moment(state.set.at, zone)}, watermark {state.set.watermark}"),
            ("Items", f"{state.set.items} in {state.set.records} records, {state.set.hits} found"),
            ("Decided", state.decided),
            ("Undecided", state.undecided),
            ("Second reviewer missing", state.second_missing),
            ("Texts more than once", state.duplicates),
            ("Since then", f"{len(state.additions.records)} records hit, {len(state.additions.items)} items came, "
                           f"{len(state.additions.edited)} were edited"),
        ]
    )  # fmt: skip
    table(
        "Coded differently",
        ("Text", "Codings"),
        ((c.text[:80], "; ".join(f"{told}: {len(ids)}" for told, ids in c.codings)) for c in state.conflicts),
        most=LONGEST,
    )
    table(
        "Batches",
        ("Batch", "When", "Level", "Decisions", "Selection", "Undone"),
        (
            (b.id, show_moment(b.at, zone), b.level, b.size, b.how, show_moment(b.undone_at, zone))
            for b in state.batches
        ),
    )


@review.command("items")
@click.argument("number")
@click.option("--undecided", is_flag=True, help="Only what is undecided.")
@archive_command
def items(session: Session, number: str, undecided: bool) -> None:
    """Every item of the set with what was decided of it, threads together."""
    with session.look() as archive:
        request = archive.requests.request(number)
        members = archive.reviews.members(archive.reviews.set_of(request.number).id)
        texts, decisions = read_texts(archive, members), archive.reviews.decisions(request.number)
    rows: list[dict[str, Any]] = []
    for each in members:
        decided = effective(decisions, each.record_id, each.item_id)
        if undecided and decided is not None and decided.coding.release != "undecided":
            continue
        entry = texts.get(each.item_id)
        rows.append({"member": each, "text": entry.item.text if entry else None, "decided": decided})
    if session.as_json:
        print_json(rows)
        return
    table(
        "Items",
        ("Item", "Found", "Text", "Responsive", "Release", "Sections", "Second"),
        (
            (
                row["member"].item_id,
                "yes" if row["member"].hit else "",
                (row["text"] or "")[:100],
                row["decided"].coding.responsive if row["decided"] else "",
                row["decided"].coding.release if row["decided"] else "undecided",
                ", ".join(row["decided"].coding.sections) if row["decided"] else "",
                "yes" if row["decided"] and row["decided"].second else "",
            )
            for row in rows
        ),
        most=LONGEST,
    )


def _coding_options(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(
        (
            click.option("--responsive", type=click.Choice(RESPONSIVE), default="yes", show_default=True),
            click.option("--release", type=click.Choice(RELEASE), required=True, help="How it leaves."),
            click.option("--section", "sections", multiple=True, help="Section of the law, as `request laws` lists."),
            click.option("--privileged", is_flag=True, help="Privileged: never released in full."),
            click.option("--note", default=""),
            click.option("--tag", "tags", multiple=True),
        )
    ):
        function = option(function)
    return function


@review.command("code")
@click.argument("number")
@click.option("--record", "records", multiple=True, help="Items of this record.")
@click.option("--item", "items_", multiple=True, help="This item.")
@click.option("--like", default="", metavar="ITEM", help="This item and what says nearly the same: `review alike`.")
@click.option(
    "--nearness", type=click.FloatRange(0, 1, min_open=True), default=0.8, show_default=True, help="Of --like."
)
@click.option("--text", "phrase", default="", help="Items whose text holds this, in any spelling.")
@click.option("--by", "creator", default="", help="Items of this creator, by name or handle.")
@click.option("--tagged", default="", help="Items with this tag.")
@click.option("--hits", is_flag=True, help="Items that a search found.")
@click.option("--undecided", is_flag=True, help="Items that are undecided.")
@click.option("--whole-record", is_flag=True, help="Decide the record itself, for all of its items.")
@click.option("--second", is_flag=True, help="As second reviewer: agree to, or change, what another decided.")
@click.option("--preview", "only_preview", is_flag=True, help="Show what would change, and change nothing.")
@_coding_options
@archive_command
def code_items(
    session: Session,
    number: str,
    records: tuple[str, ...],
    items_: tuple[str, ...],
    like: str,
    nearness: float,
    phrase: str,
    creator: str,
    tagged: str,
    hits: bool,
    undecided: bool,
    whole_record: bool,
    second: bool,
    only_preview: bool,
    responsive: str,
    release: str,
    sections: tuple[str, ...],
    privileged: bool,
    note: str,
    tags: tuple[str, ...],
) -> None:
    """Decide every item selected, in one batch that can be undone. Without a selection: the whole set."""
    coding = Coding(
        responsive=responsive, release=release, sections=sections, privileged=privileged, note=note, tags=tags
    )
    selection = Selection(
        records=frozenset(RecordId(each) for each in records),
        items=frozenset(items_),
        phrase=phrase,
        creator=creator,
        tag=tagged,
        hits=hits,
        undecided=undecided,
    )
    if like and items_:
        raise BadInput("--like and --item each say which items: give one of them")
    if only_preview:
        with session.look() as archive:
            chosen = with_alike(archive, number, selection, like, nearness=nearness) if like else selection
            changes = preview_coding(archive, number, chosen, coding)
        if session.as_json:
            print_json(changes)
        else:
            table(
                f"{len(changes):,} would change",
                ("Item", "Text", "Now", "Then"),
                (
                    (c.item_id, c.text[:100], c.before.release if c.before else "undecided", c.after.release)
                    for c in changes
                ),
                most=LONGEST,
            )
        return
    if whole_record and len(records) != 1:
        raise BadInput("--whole-record goes with one --record")
    with session.act(Permission.ANSWER) as (archive, actor):
        now = clock.now()
        if whole_record:
            batch = code_record(archive, number, records[0], coding, actor=actor, now=now)
        else:
            chosen = with_alike(archive, number, selection, like, nearness=nearness) if like else selection
            batch = code(archive, number, chosen, coding, actor=actor, now=now, level=2 if second else 1)
    if session.as_json:
        print_json(batch)
    else:
        say(f"Batch {batch.id}: {batch.size} decisions. Undo: archiver review undo {number} {batch.id}", "green")


@review.command("alike")
@click.argument("number")
@click.option(
    "--nearness", type=click.FloatRange(0, 1, min_open=True), default=0.8, show_default=True, help="1: the same."
)
@archive_command
def alike(session: Session, number: str, nearness: float) -> None:
    """Items of the set that say nearly the same, with what was decided of each.

    A whole group is decided with `archiver review code NUMBER --like ITEM`; each item gets a decision of its own.
    """
    with session.look() as archive:
        groups = alike_in_review(archive, number, nearness=nearness)
    if session.as_json:
        print_json(groups)
        return
    for place, group in enumerate(groups[:_GROUPS], 1):
        table(
            f"Group {place}: {counted(len(group.items), 'item')}" + (", decided differently" if group.differ else ""),
            ("Item", "Nearness", "Text", "Release"),
            (
                (e.item_id, f"{e.nearness:.2f}", e.text[:100], e.coding.release if e.coding else "undecided")
                for e in group.items
            ),
            most=_OF_A_GROUP,
        )
    if len(groups) > _GROUPS:
        say(f"… and {len(groups) - _GROUPS:,} smaller groups: --json gives every one.", "yellow")
    if not groups:
        say("No two items of the set say nearly the same.")


@review.command("undo")
@click.argument("number")
@click.argument("batch", type=int)
@archive_command
def undo(session: Session, number: str, batch: int) -> None:
    """Take a batch back; what held before holds again."""
    with session.act(Permission.ANSWER) as (archive, actor):
        undone = undo_coding(archive, number, batch, actor=actor, now=clock.now())
    if session.as_json:
        print_json(undone)
    else:
        say(f"Batch {undone.id} is undone.", "green")


@review.command("assign")
@click.argument("number")
@click.option("--to", required=True, help="The reviewer's name.")
@click.option("--size", type=click.IntRange(1), default=50, show_default=True, help="How many records.")
@archive_command
def assign(session: Session, number: str, to: str, size: int) -> None:
    """Give a reviewer the next records that nobody has."""
    with session.act(Permission.ANSWER) as (archive, actor):
        batch, records = assign_review(archive, number, to=to, size=size, actor=actor, now=clock.now())
    if session.as_json:
        print_json({"batch": batch, "records": records})
    else:
        say(f"{batch}: {counted(len(records), 'record')} for {to}.", "green")


@review.command("check")
@click.argument("number")
@archive_command
def check(session: Session, number: str) -> None:
    """Everything that keeps a production from standing; ends with an error while anything does."""
    with session.look() as archive:
        findings = preflight(archive, number)
    if session.as_json:
        print_json(findings)
    else:
        table(
            "Findings",
            ("What", "Problem", "Stops"),
            # what stops it first: it must not be among what is not shown
            ((f.subject, f.problem, "yes" if f.stops else "") for f in sorted(findings, key=lambda f: not f.stops)),
            most=LONGEST,
        )
        if len(findings) > LONGEST:
            table(
                "How often",
                ("Problem", "Stops", "Items"),
                ((told, "yes" if stops else "", f"{count:,}") for (told, stops), count in _most_common(findings)),
            )
    require_finished(findings, number)


def _most_common(findings: list[ReviewFinding]) -> list[tuple[tuple[str, bool], int]]:
    return Counter((each.problem, each.stops) for each in findings).most_common(10)


COMMANDS = (review,)
