"""`archiver record crops`: a picture of each item, for who looks through a whole thread."""

from __future__ import annotations

import re
from pathlib import Path

import click

from archiver.commands.output import print_json, say
from archiver.commands.session import Session, archive_command
from archiver.core.durable import write_durably


def picture_name(native_id: str) -> str:
    """The site's own id, as far as every file system takes it."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", native_id).strip("-") or "item"


@click.command("crops")
@click.argument("id")
@click.option("-o", "--output", type=click.Path(path_type=Path, file_okay=False), help="[default: ID-items]")
@archive_command
def crops(session: Session, id: str, output: Path | None) -> None:
    """Cut every item out of the full-page screenshots into a directory, a PNG each, numbered as in `record show`."""
    from archiver.workflows.search.show_item import crop_items

    folder = output or Path(f"{id}-items")
    pictures: list[dict[str, object]] = []
    with session.look() as archive:
        numbers = {each.id: number for number, each in enumerate(archive.catalogue.items(id), 1)}
        folder.mkdir(parents=True, exist_ok=True)
        for each in crop_items(archive, id):
            name = picture_name(each.item_id.partition("/")[2])
            path = folder / f"{numbers.pop(each.item_id):04}-{name}.png"
            write_durably(path, each.png)
            box = [each.box.left, each.box.top, each.box.width, each.box.height]
            pictures.append(
                {
                    "item": each.item_id,
                    "capture": each.capture.id,
                    "box": box,
                    "path": str(path),
                    "size": len(each.png),
                }
            )
    if session.as_json:
        print_json({"record": id, "path": str(folder), "pictures": pictures, "without": list(numbers)})
        return
    say(f"{folder}: {len(pictures):,} pictures", "green")
    if numbers:
        say(f"No screenshot shows these in one place: {', '.join(numbers)}. See `archiver record pdf {id}`.", "yellow")
