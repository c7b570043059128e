"""`archiver redact`: what is taken out of a production, and pictures that a person has looked at."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from archiver.commands.output import LONGEST, print_json, say, table
from archiver.commands.session import Session, archive_command
from archiver.core import clock
from archiver.core.errors import BadInput
from archiver.core.people import Permission
from archiver.workflows.requests.redact import (
    acknowledge_leak,
    add_redaction,
    clear_picture,
    lift_redaction,
    preview_redaction,
    skip_ocr,
    unknown_pictures_of,
)
from exports.redaction.detectors import DETECTORS
from exports.redaction.rules import KINDS, SCOPES


@click.group()
def redact() -> None:
    """Redact for a request: phrases, patterns, people, items, rectangles."""


@redact.command("add")
@click.argument("number")
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("words", nargs=-1)
@click.option("--section", required=True, help="The section that allows it, as `request laws` lists.")
@click.option("--reason", default="", help="Why; it stands in the exemption log.")
@click.option("--here", is_flag=True, help="Only in the record or item named, not everywhere in the production.")
@click.option("--record", default="", help="Where it holds.")
@click.option("--item", default="", help="Where it holds; of kind item: what is redacted.")
@click.option("--inside", is_flag=True, help="Also within longer words, as names with endings are.")
@click.option("--capture", default="", help="Of a rectangle: the capture; WORDS are left,top,width,height.")
@click.option("--preview", is_flag=True, help="Show what would be redacted, and decide nothing.")
@archive_command
def add(
    session: Session,
    number: str,
    kind: str,
    words: tuple[str, ...],
    section: str,
    reason: str,
    here: bool,
    record: str,
    item: str,
    inside: bool,
    capture: str,
    preview: bool,
) -> None:
    """Redact WORDS: a phrase, a detector's name (see `redact detectors`), a person's names and handles."""
    target = _target(kind, words, inside, capture)
    told: dict[str, Any] = {
        "kind": kind,
        "target": target,
        "scope": SCOPES[1] if here else SCOPES[0],
        "section": section,
        "record": record,
        "item": item,
    }
    with session.act(Permission.ANSWER) as (archive, actor):
        now = clock.now()
        if preview:
            found = preview_redaction(archive, number, actor=actor, now=now, **told)
        else:
            made = add_redaction(archive, number, reason=reason, actor=actor, now=now, **told)
    if preview:
        if session.as_json:
            print_json(found)
        else:
            table(
                f"{len(found):,} would be redacted",
                ("Item", "Places", "As released"),
                ((f.item_id, f.hits, f.released) for f in found),
                most=LONGEST,
            )
    elif session.as_json:
        print_json(made)
    else:
        say(f"{made.id}: {kind}, {made.scope}, {section}.", "green")


def _target(kind: str, words: tuple[str, ...], inside: bool, capture: str) -> dict[str, Any]:
    if kind == "phrase":
        return {"phrases": [" ".join(words)], "inside": inside}
    if kind == "person":
        return {"phrases": list(words), "inside": inside}
    if kind == "pattern":
        return {"detector": words[0] if words else ""}
    if kind == "rectangle":
        try:
            return {"capture": capture, "rectangle": [int(each) for each in ",".join(words).split(",")][:4]}
        except ValueError as error:
            raise BadInput("a rectangle is left,top,width,height in whole pixels") from error
    return {}


@redact.command("detectors")
@archive_command
def detectors(session: Session) -> None:
    """The patterns that can be looked for."""
    if session.as_json:
        print_json([{"name": each.name, "told": each.told} for each in DETECTORS])
    else:
        table("Detectors", ("Name", "Finds"), ((each.name, each.told) for each in DETECTORS))


@redact.command("list")
@click.argument("number")
@archive_command
def list_redactions(session: Session, number: str) -> None:
    """Every redaction of the request, lifted ones too."""
    with session.look() as archive:
        found = archive.redactions.all_of(archive.requests.request(number).number)
    if session.as_json:
        print_json(found)
    else:
        table(
            "Redactions",
            ("Id", "Kind", "What", "Scope", "Where", "Section", "Reason", "Lifted"),
            (
                (
                    each.id,
                    each.kind,
                    _told(each.target),
                    each.scope,
                    each.item_id or each.record_id,
                    each.section,
                    each.reason,
                    "yes" if each.lifted_at else "",
                )
                for each in found
            ),
        )


def _told(target: Mapping[str, Any]) -> str:
    """What a redaction takes out, as its officer wrote it."""
    if "rectangle" in target:
        return f"{','.join(map(str, target['rectangle']))} of {target['capture']}"
    words = "; ".join(target.get("phrases", ())) or str(target.get("detector", ""))
    return f"{words} (within longer words, too)" if target.get("inside") else words


@redact.command("lift")
@click.argument("number")
@click.argument("redaction")
@archive_command
def lift(session: Session, number: str, redaction: str) -> None:
    """Take a redaction back."""
    with session.act(Permission.ANSWER) as (archive, actor):
        lifted = lift_redaction(archive, number, redaction, actor=actor, now=clock.now())
    if session.as_json:
        print_json(lifted)
    else:
        say(f"{lifted.id} is lifted.", "green")


@redact.command("pictures")
@click.argument("number")
@archive_command
def pictures(session: Session, number: str) -> None:
    """Pictures, video, fields and frames whose text nobody knows: withheld until a person clears them."""
    with session.look() as archive:
        found = unknown_pictures_of(archive, number)
    if session.as_json:
        print_json(found)
    else:
        table(
            "Pictures",
            ("Record", "Capture", "Left, top, width, height", "Cleared"),
            ((p.record_id, p.capture_id, p.region, "yes" if p.cleared else "") for p in found),
            most=LONGEST,
        )


@redact.command("clear")
@click.argument("number")
@click.argument("capture")
@click.argument("region", default="*")
@click.option("--reason", required=True, help="What you saw there, or why it may be shown.")
@archive_command
def clear(session: Session, number: str, capture: str, region: str, reason: str) -> None:
    """Say, having looked, that a picture of CAPTURE may be shown. REGION as `redact pictures` lists it; * for all."""
    with session.act(Permission.ANSWER) as (archive, actor):
        cleared = clear_picture(archive, number, capture, region, reason=reason, actor=actor, now=clock.now())
    if session.as_json:
        print_json(cleared)
    else:
        say(f"Cleared: {cleared.capture_id} {cleared.region}.", "green")


@redact.command("acknowledge")
@click.argument("number")
@click.argument("places", metavar="PLACE...", nargs=-1, required=True)
@click.option("--reason", required=True, help="Why what the leak check found there may stay.")
@archive_command
def acknowledge(session: Session, number: str, places: tuple[str, ...], reason: str) -> None:
    """Let findings of the leak check stand: hits elsewhere than where it was redacted, what it cannot search. Each
    PLACE is as the check told it.

    A PLACE that begins with @ is a file with a place a line, as the check writes them beside the production.
    """
    with session.act(Permission.APPROVE) as (archive, actor):
        now, told = clock.now(), [line for each in places for line in _places(each)]
        kept = [acknowledge_leak(archive, number, each, reason=reason, actor=actor, now=now) for each in told]
    if session.as_json:
        print_json(kept)
    for each in () if session.as_json else kept:
        say(f"Acknowledged: {each.place}.", "green")


def _places(told: str) -> list[str]:
    """Raises BadInput."""
    if not told.startswith("@"):
        return [told]
    try:
        lines = Path(told[1:]).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{told[1:]} cannot be read: {error}") from error
    return [line for line in lines if line.strip()]


@redact.command("skip-ocr")
@click.argument("number")
@click.argument("page")
@click.option("--reason", required=True, help="Why nobody needs the words of this picture read: a photograph, say.")
@archive_command
def skip(session: Session, number: str, page: str, reason: str) -> None:
    """Have the picture with the number PAGE not read by OCR before a production of request NUMBER is sealed.

    All else of it is searched as ever. The production's figures name the picture and the reason.
    """
    with session.act(Permission.APPROVE) as (archive, actor):
        kept = skip_ocr(archive, number, page, reason=reason, actor=actor, now=clock.now())
    if session.as_json:
        print_json(kept)
    else:
        say(f"Noted: {kept.place}.", "green")


COMMANDS = (redact,)
