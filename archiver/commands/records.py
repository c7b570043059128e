"""`archiver record`: records as officers see and keep them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from rich.text import Text

from archiver.commands.item_pictures import crops, picture_name
from archiver.commands.output import (
    console,
    counted,
    describe,
    heading,
    plain,
    print_json,
    say,
    show_completeness,
    show_moment,
    table,
)
from archiver.commands.session import Session, archive_command
from archiver.core import clock
from archiver.core.catalogue import RecordFilter
from archiver.core.durable import write_durably
from archiver.core.errors import BadInput
from archiver.core.people import Permission
from archiver.core.records import CaptureId, CataloguedItem, Observed, RecordKind, StoredObject
from archiver.workflows.archive.keep_register import correct_record, tag_record
from archiver.workflows.keeping.classify import Reclassified, not_a_record, reclassify, records_of_query
from retention.holds import matters


@click.group()
def record() -> None:
    """Records: threads, pages, timelines, with their items and captures."""


@record.command("list")
@click.option("--site")
@click.option("--account")
@click.option("--kind", type=click.Choice([each.value for each in RecordKind]))
@click.option("--class", "class_code", help="Record class of the file plan.")
@click.option("--unclassified", is_flag=True, help="Only those that wait for an officer to classify them.")
@click.option("--tag")
@click.option("--disposed", is_flag=True, help="The destroyed ones instead, and when they were last seen online still.")
@archive_command
def list_records(
    session: Session,
    site: str | None,
    account: str | None,
    kind: str | None,
    class_code: str | None,
    unclassified: bool,
    tag: str | None,
    disposed: bool,
) -> None:
    """Records, last captured first."""
    if disposed:
        if any((site, account, kind, class_code, unclassified, tag)):
            raise BadInput("--disposed lists every destroyed record: of those nothing else is known to choose by")
        _list_disposed(session)
        return
    with session.look() as archive:
        only = RecordFilter(
            site=site,
            account_id=archive.register.account(account).id if account else None,
            kind=kind,
            class_code=class_code,
            tag=tag,
            classified=False if unclassified else None,
        )
        records, zone = archive.catalogue.records(only), archive.settings.archive.zone
        held = matters(archive.db, clock.now().astimezone(zone).date())
    if session.as_json:
        print_json(records)
    else:
        table(
            counted(len(records), "record"),
            ("Record", "Kind", "Title", "Creator", "Created", "Last captured", "Class", "Held"),
            (
                (
                    each.id,
                    each.kind,
                    each.title,
                    each.creator_name or each.creator_handle,
                    show_moment(each.created, zone),
                    show_moment(each.last_captured, zone),
                    each.class_code or "undecided",
                    "held" if each.id in held else "",
                )
                for each in records
            ),
        )


def _list_disposed(session: Session) -> None:
    with session.look() as archive:
        stubs, zone = archive.catalogue.stubs(), archive.settings.archive.zone
    if session.as_json:
        print_json(stubs)
        return
    table(
        f"{len(stubs)} destroyed records",
        ("Record", "Kind", "Address", "Destroyed", "Certificate", "Seen online still"),
        (
            (
                each.record_id,
                each.kind,
                each.canonical_url,
                show_moment(each.destroyed_at, zone),
                each.certificate,
                show_moment(each.seen_online, zone),
            )
            for each in stubs
        ),
    )


@record.command("show")
@click.argument("id")
@archive_command
def show(session: Session, id: str) -> None:
    """One record: description, corrections, every item with its versions, every capture with its files."""
    with session.look() as archive:
        catalogue, zone = archive.catalogue, archive.settings.archive.zone
        found, observed = catalogue.record(id), catalogue.observed_record(id)
        corrections, items, captures = catalogue.corrections(id), catalogue.items(id), catalogue.captures(id)
        objects = {each.id: catalogue.objects(each.id) for each in captures}
        completeness = {each.id: catalogue.completeness(each.id) for each in captures}
        reason = catalogue.class_reason(id)
        people = {each.id: each.name for each in archive.people.everybody()}
        held = matters(archive.db, clock.now().astimezone(zone).date(), found.id).get(found.id, ())
    if session.as_json:
        print_json(
            {
                "record": found,
                "held": held,
                "observed": observed,
                "class_reason": reason,
                "corrections": corrections,
                "items": items,
                "captures": [
                    {**plain(each), "objects": objects[each.id], "completeness": completeness[each.id]}
                    for each in captures
                ],
            }
        )
        return
    heading(found.title or found.canonical_url)
    describe(
        [
            ("Record", found.id),
            ("Kind", found.kind),
            ("Site", found.site),
            ("Address", found.canonical_url),
            ("Creator", " ".join(filter(None, [found.creator_name, found.creator_handle]))),
            ("Created", show_moment(found.created, zone)),
            ("Modified", show_moment(found.modified, zone)),
            ("First captured", show_moment(found.first_captured, zone)),
            ("Last captured", show_moment(found.last_captured, zone)),
            ("Language", found.language),
            ("Keywords", ", ".join(found.keywords)),
            ("Tags", ", ".join(found.tags)),
            ("Class", f"{found.class_code}: {reason}" if found.class_code else "undecided"),
            ("Held for", "; ".join(held)),
        ]
    )
    for each in corrections:
        was, who = plain(getattr(observed, each.field)), people.get(each.actor, each.actor)
        say(
            f"Corrected {each.field} from {was!r} to {each.value!r}: {each.reason} "
            f"({who}, {show_moment(each.at, zone)})",
            "yellow",
        )
    heading(f"\n{counted(len(items), 'item')}")
    depths: dict[str | None, int] = {None: -1}
    for entry in items:
        depths[entry.item.native_id] = depth = depths.get(entry.item.parent_id, -1) + 1
        _show_item(entry, depth, zone=zone)
    table(
        f"\n{counted(len(captures), 'capture')}",
        ("When", "Outcome", "Cause", "Declared", "Reason", "Files"),
        (
            (
                show_moment(each.started, zone),
                each.outcome,
                each.cause,
                show_completeness(completeness[each.id]),
                each.reason,
                "\n".join(_describe_file(stored, each.id) for stored in objects[each.id]),
            )
            for each in captures
        ),
    )


def _describe_file(stored: StoredObject, capture: CaptureId) -> str:
    *_, keeper, name = stored.path.split("/")
    kept = "" if keeper == capture else f"  kept by {keeper}"
    return f"{name}  {stored.size:,} bytes  {stored.sha256[:19]}…{kept}"


def _show_item(entry: CataloguedItem, depth: int, *, zone: ZoneInfo) -> None:
    item, indent = entry.item, "  " * depth
    head = Text(indent)
    head.append(item.creator_name or item.creator_handle or "unknown", "bold")
    head.append(f"  {show_moment(item.created, zone)}  ", "bright_black")
    if entry.observed is not Observed.PRESENT:
        when = (
            f" between {show_moment(entry.gone_after, zone)} and {show_moment(entry.gone_before, zone)}"
            if entry.gone_after
            else ""
        )
        head.append(f"{entry.observed.value}{when}", "magenta" if entry.observed is Observed.GONE else "yellow")
    console().print(head, soft_wrap=True)
    for line in item.text.splitlines():
        say(f"{indent}{line}")
    for version in entry.versions[:-1]:
        say(f"{indent}until the next capture it read: {version.text}", "bright_black")


@record.command("edit")
@click.argument("id")
@click.option("--title")
@click.option("--keyword", "keywords", multiple=True, help="Replaces all keywords; give it once for each.")
@click.option("--created", metavar="DATE", help="A day, or a moment with its offset.")
@click.option("--modified", metavar="DATE", help="A day, or a moment with its offset.")
@click.option("--reason", required=True, help="Why the observed value is wrong.")
@archive_command
def edit(
    session: Session,
    id: str,
    title: str | None,
    keywords: tuple[str, ...],
    created: str | None,
    modified: str | None,
    reason: str,
) -> None:
    """Correct a record's description; the observed values stay beside the corrected ones."""
    given = {"title": title, "keywords": keywords or None, "created": created, "modified": modified}
    corrections: dict[str, str | Sequence[str]] = {field: value for field, value in given.items() if value is not None}
    with session.act(Permission.KEEP_RECORDS) as (archive, actor):
        corrected = correct_record(archive, id, corrections, reason=reason, actor=actor, now=clock.now())
    if session.as_json:
        print_json(corrected)
    else:
        say(
            f"Corrected {', '.join(corrections)} of {corrected.id}; what was observed stays beside it.",
            "green",
        )


@record.command("tag")
@click.argument("id")
@click.argument("tags", nargs=-1)
@click.option("--remove", multiple=True, help="Take this tag off; give it once for each.")
@archive_command
def tag(session: Session, id: str, tags: tuple[str, ...], remove: tuple[str, ...]) -> None:
    """Put TAGS on a record, or take them off."""
    with session.act(Permission.KEEP_RECORDS) as (archive, actor):
        tagged = tag_record(archive, id, add=tags, remove=remove, actor=actor, now=clock.now())
    if session.as_json:
        print_json(tagged)
    else:
        say(f"{tagged.id} is tagged {', '.join(tagged.tags) or 'with nothing'}.")


@record.command("pdf")
@click.argument("id")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="[default: ID.pdf]")
@click.option("--paper", type=click.Choice(["a4", "letter"]), default="a4", show_default=True)
@archive_command
def pdf(session: Session, id: str, output: Path | None, paper: str) -> None:
    """Print a record: description, every item with its versions, every capture, and the page as it was shown."""
    # imported here: only printing needs a browser
    from archiver.workflows.requests.print_record import print_record
    from capture.browser.browser import Paper

    with session.look() as archive:
        printed = print_record(archive, id, paper=Paper(paper), now=clock.now())
    _write(session, output or Path(f"{id}.pdf"), printed, {"record": id})


@record.command("crop")
@click.argument("id")
@click.argument("item")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="[default: ID-ITEM.png]")
@click.option("--mark", "query", metavar="QUERY", help="Tint the words that this query asks for.")
@archive_command
def crop(session: Session, id: str, item: str, output: Path | None, query: str | None) -> None:
    """Cut one item out of the full-page screenshot. ITEM is its id, the site's own id, or its number in the record."""
    from archiver.workflows.search.show_hits import highlight_hits
    from archiver.workflows.search.show_item import crop_item

    with session.look() as archive:
        picture = (
            crop_item(archive, id, item) if query is None else highlight_hits(archive, id, item, query, now=clock.now())
        )
    name = picture_name(picture.item_id.partition("/")[2])
    box = picture.box
    told = {
        "record": id,
        "item": picture.item_id,
        "capture": picture.capture.id,
        "box": [box.left, box.top, box.width, box.height],
    }
    _write(session, output or Path(f"{id}-{name}.png"), picture.png, told)


@record.command("hits")
@click.argument("id")
@click.argument("item")
@click.argument("query")
@archive_command
def hits(session: Session, id: str, item: str, query: str) -> None:
    """Where in an item QUERY's words stand: in its text, and on the screenshot. ITEM as for `record crop`."""
    from archiver.workflows.search.show_hits import mark_hits

    with session.look() as archive:
        marked = mark_hits(archive, id, item, query, now=clock.now())
    if session.as_json:
        print_json(marked)
        return
    say(f"interpreted as {marked.interpreted}", "bright_black")
    table(
        f"Hits in {marked.item}",
        ("From", "To", "Text", "Left, top, width, height"),
        (
            (
                each.start,
                each.end,
                each.text,
                "; ".join(f"{box.left:g}, {box.top:g}, {box.width:g}, {box.height:g}" for box in each.boxes),
            )
            for each in marked.marks
        ),
    )
    if marked.capture:
        say(f"Boxes are on the screenshot of {marked.capture}, in pixels of the full page.")
    elif marked.marks:
        say("No screenshot shows this text in one place.", "yellow")


def _write(session: Session, path: Path, content: bytes, told: Mapping[str, object]) -> None:
    write_durably(path, content)
    if session.as_json:
        print_json({**told, "path": str(path), "size": len(content)})
    else:
        say(f"{path}: {len(content):,} bytes", "green")


@record.command("classify")
@click.argument("class_code", metavar="CLASS")
@click.argument("ids", metavar="[RECORDS]...", nargs=-1)
@click.option("--query", help="Every record with a hit of the query, too.")
@click.option("--reason", required=True)
@archive_command
def classify(session: Session, class_code: str, ids: tuple[str, ...], query: str | None, reason: str) -> None:
    """Give RECORDS, or what a search hits, a CLASS by your own word; its reason is kept.

    The archive's own papers may be named, too.
    """
    with session.act(Permission.KEEP_RECORDS) as (archive, actor):
        now = clock.now()
        found = records_of_query(archive, query, now=now) if query else []
        done = reclassify(archive, [*ids, *found], class_code, reason=reason, actor=actor, now=now)
    _say_classified(session, done)


@record.command("not-a-record")
@click.argument("ids", metavar="RECORDS...", nargs=-1, required=True)
@click.option("--reason", required=True)
@archive_command
def no_record(session: Session, ids: tuple[str, ...], reason: str) -> None:
    """Find that RECORDS are no records: they get the plan's class for that, with its own short schedule."""
    with session.act(Permission.KEEP_RECORDS) as (archive, actor):
        done = not_a_record(archive, ids, reason=reason, actor=actor, now=clock.now())
    _say_classified(session, done)


def _say_classified(session: Session, done: Reclassified) -> None:
    if session.as_json:
        print_json(done)
        return
    left = f"; {len(done.ejected)} left the batch they waited in" if done.ejected else ""
    say(f"{len(done.records)} records are in class {done.class_code}{left}.", "green")


record.add_command(crops)
COMMANDS = (record,)
