"""The pages of a released production: index, threads, exemption log, letter, custody report, search, print.

They show what the gate gave back and nothing else; escaping and policy are those of `pages`.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from archiver.core.errors import BadSettings
from archiver.core.records import CataloguedItem, Record
from exports.bundle.pages import About, render
from exports.bundle.produced import ProducedRecord
from exports.bundle.replies import Reply, reading_order
from exports.release.documents import Document


@dataclass(frozen=True, kw_only=True)
class ReleaseEntry:
    """A record's row in the index, with its first and last page."""

    number: int
    page: str
    title: str
    kind: str
    site: str
    language: str
    created: datetime | None
    first: str
    last: str
    items: int


@dataclass(frozen=True, kw_only=True)
class ExemptionRow:
    """One line of the exemption log; `page` is the first page of its item."""

    page: str
    item: str
    field: str
    section: str
    reason: str
    count: int


@dataclass(frozen=True, kw_only=True)
class PrintedRecord:
    """What the PDF shows of a record."""

    number: int
    record: Record
    produced: ProducedRecord
    first: str
    last: str
    pages: tuple[str, ...]

    @property
    def replies(self) -> Sequence[Reply]:
        return reading_order(self.produced.items)


def release_index(about: About, entries: Sequence[ReleaseEntry], told: Mapping[str, Any]) -> bytes:
    return render("release_index.html", about, entries=entries, **told)


def release_thread(about: About, number: int, documents: Sequence[Document]) -> bytes:
    """One record, one directory below the index."""
    released = documents[0].record
    return render(
        "release_thread.html",
        about,
        number=number,
        produced=released.produced,
        record=released.produced.record,
        original=released.original,
        replies=reading_order(released.produced.items),
        pages=[each.number for document in documents[:1] for each in document.pages],
        first=documents[0].begin,
        last=documents[-1].end,
    )


def exemption_page(
    about: About, rows: Sequence[ExemptionRow], sections: Sequence[tuple[str, str]], warnings: Sequence[str]
) -> bytes:
    return render("exemptions.html", about, rows=rows, sections=sections, warnings=warnings)


def letter(about: About, told: Mapping[str, Any], *, template: str = "") -> bytes:
    """The covering letter; `template` is a file of the agency's own, Jinja as `templates/letter.html`.

    Raises BadSettings where that cannot be read.
    """
    if not template:
        return render("letter.html", about, **told)
    try:
        text = Path(template).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(f"requests.letter_template: {template} cannot be read: {error}") from error
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    return (environment.from_string(text).render(about=about, **told).strip() + "\n").encode()


def custody_page(
    about: About, rows: Sequence[Mapping[str, Any]], checkpoint: Mapping[str, Any], stamps: Sequence[str]
) -> bytes:
    return render("custody.html", about, rows=rows, checkpoint=checkpoint, stamps=stamps)


def search_entry(document: Document, page: str) -> dict[str, str]:
    """What the offline search knows of an item."""
    entry: CataloguedItem | None = document.item
    text = "" if entry is None else " ".join((entry.item.text, entry.item.creator_name, entry.item.creator_handle))
    return {"number": document.begin, "page": page, "text": text}


def search_page(about: About, entries: Sequence[Mapping[str, str]]) -> bytes:
    """One file that holds its index and its script; its policy names the script's digest."""
    script = files("exports").joinpath("templates/search.js").read_text(encoding="utf-8")
    index = json.dumps(list(entries), ensure_ascii=False).replace("<", "\\u003c").replace("\u2028", "\\u2028")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; base-uri 'none'"
    return render(
        "search.html",
        about,
        index=Markup(index),  # noqa: S704 - no tag can begin in it
        script=Markup(script),  # noqa: S704 - our own file
        search_policy=policy,
    )


def print_page(about: About, records: Sequence[PrintedRecord]) -> bytes:
    """One page of everything, for the PDF."""
    return render("release_print.html", about, records=records)
