"""`archiver capture`: save pages now."""

from __future__ import annotations

from collections.abc import Sequence

import click

from archiver.commands.output import print_json, progress, show_completeness, table
from archiver.commands.session import Session, archive_command
from archiver.core.errors import CaptureRefused, CaptureUnhealthy
from archiver.core.people import Permission
from archiver.core.records import Outcome
from archiver.workflows.capturing.run import capture_account, capture_urls
from archiver.workflows.filing.file_capture import Filed


@click.command()
@click.argument("urls", nargs=-1, metavar="[URL]...")
@click.option("--account", help="Capture this account's page; addresses given are filed under the account.")
@click.option(
    "--depth",
    type=click.IntRange(0, 1),
    default=0,
    show_default=True,
    help="1: also the threads a page lists.",
)
@archive_command
def capture(session: Session, urls: tuple[str, ...], account: str | None, depth: int) -> None:
    """Capture each URL, or an account's page, as evidence.

    Ends with 0 where every capture was healthy; otherwise with the code of what went wrong, and
    every capture's outcome and reason is kept.
    """
    if not urls and not account:
        raise click.UsageError("name at least one address, or an --account")
    with session.act(Permission.CAPTURE) as (archive, actor), progress("Capturing") as show:
        if urls:
            filed = capture_urls(archive, urls, actor=actor, account=account, depth=depth, progress=show)
        else:
            filed = capture_account(archive, str(account), actor=actor, depth=depth, progress=show)
    show_filed(filed, as_json=session.as_json)
    end_run(filed)


def show_filed(filed: Sequence[Filed], *, as_json: bool) -> None:
    if as_json:
        print_json(filed)
        return
    table(
        "Captures",
        ("Outcome", "Cause", "Record", "Kind", "Items", "New", "Edited", "Gone", "Declared", "Title or reason"),
        (
            (
                each.capture.outcome,
                each.capture.cause,
                each.capture.record_id or "",
                each.kind or "",
                each.items if each.capture.record_id else "",
                len(each.changes.new) or "",
                len(each.changes.edited) or "",
                len(each.changes.gone) or "",
                show_completeness(each.completeness),
                "\n".join(filter(None, [each.title, each.capture.reason])) or each.capture.url,
            )
            for each in filed
        ),
    )


def end_run(filed: Sequence[Filed]) -> None:
    """Raises what the run's exit code is for, where a capture was not healthy."""
    unhealthy = [each.capture for each in filed if not each.capture.outcome.healthy]
    if not unhealthy:
        return
    told = "; ".join(f"{each.url}: {each.outcome.value}: {each.reason}" for each in unhealthy)
    kind = CaptureRefused if all(each.outcome is Outcome.REFUSED for each in unhealthy) else CaptureUnhealthy
    raise kind(f"{len(unhealthy)} of {len(filed)} captures filed nothing: {told}")


COMMANDS = (capture,)
