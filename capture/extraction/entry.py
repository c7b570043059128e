"""A post or comment as one notation states it, before items are made of it. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from itertools import islice

from archiver.core import clock
from archiver.core.records import Item, ItemKind, MediaRef
from capture.extraction.addresses import fragment_of, same_place
from capture.extraction.language import detect_language

MAX_ITEMS = 100_000
"""Items read of one page at most."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What a page states of one post or comment; "" and None where it does not.

    `id` is the site's own id; `answers` the id or address of what it replies to, where
    comments stand beside the post and not inside it. `declared` counts its comments as
    stated. `kind` is a schema.org type or a microformat.
    """

    kind: str
    id: str = ""
    url: str = ""
    answers: str = ""
    title: str = ""
    text: str = ""
    creator_name: str = ""
    creator_handle: str = ""
    created: datetime | None = None
    modified: datetime | None = None
    language: str = ""
    keywords: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    media: tuple[MediaRef, ...] = ()
    declared: int | None = None
    comments: tuple[Entry, ...] = ()

    def all(self) -> Iterator[Entry]:
        """The entry and every comment below it, in the order of the page, MAX_ITEMS at most."""
        stack, given = [self], 0
        while stack and given < MAX_ITEMS:
            entry = stack.pop()
            yield entry
            given += 1
            stack.extend(reversed(entry.comments))

    def richness(self) -> tuple[int, int]:
        """Comments with text, and characters of text: what decides between two notations of one page."""
        texts = [entry.text for entry in self.all()]
        return sum(1 for text in texts[1:] if text), sum(map(len, texts))


def fill(entry: Entry, other: Entry) -> Entry:
    """`entry` with each field it leaves empty taken from `other`; comments are not touched."""
    taken = {
        each.name: getattr(other, each.name)
        for each in fields(Entry)
        if each.name not in ("kind", "comments", "answers") and not _stated(getattr(entry, each.name))
    }
    return replace(entry, **{name: value for name, value in taken.items() if _stated(value)})


def fill_all(root: Entry, other: Entry, page_url: str) -> Entry:
    """`root` and its comments, each filled from its counterpart below `other`: the one of the same id or address."""
    known = {key: each for each in list(other.all())[1:] for key in reversed(_keys(each, page_url))}

    def filled(entry: Entry) -> Entry:
        return next((fill(entry, known[key]) for key in _keys(entry, page_url) if key in known), entry)

    return _rebuild(fill(root, other), filled)


def thread(root: Entry, loose: Iterable[Entry], page_url: str) -> Entry:
    """`root` with comments that stand beside it hung below what they answer, else below itself."""
    flat = list(loose)
    if not flat:
        return root
    below: dict[int, list[Entry]] = {}
    home: dict[str, int] = {}
    for each in [*root.all(), *flat]:
        for key in _keys(each, page_url):
            home.setdefault(key, id(each))
    parents = {id(each): home.get(each.answers) or home.get(fragment_of(each.answers)) for each in flat}
    for each in flat:
        parent = parents[id(each)]
        seen = {id(each)}  # a ring of answers would never reach the root
        while parent is not None and parent not in seen:
            seen.add(parent)
            parent = parents.get(parent)
        ring = parent is not None
        target = None if ring else parents[id(each)]
        below.setdefault(target if target is not None else id(root), []).append(each)
    return _rebuild(root, lambda each: each, below)


def make_items(root: Entry, root_id: str, kind: ItemKind, page_url: str, language: str) -> tuple[Item, ...]:
    """The items of one root, with the native id and kind given, and its comments; `language` is the page's."""
    ids = _Ids()
    items = [make_item(root, ids.take(root_id), None, kind, language)]
    parents = {id(comment): items[0].native_id for comment in root.comments}
    for entry in islice(root.all(), 1, None):
        native = ids.take(entry.id or comment_id(entry, page_url))
        parents |= {id(comment): native for comment in entry.comments}
        items.append(make_item(entry, native, parents[id(entry)], ItemKind.COMMENT, language))
    return tuple(items)


def list_items(entries: Iterable[Entry], page_url: str, language: str) -> tuple[Item, ...]:
    """The items of a list: its entries as they stand, without their comments."""
    ids = _Ids()
    return tuple(
        make_item(entry, ids.take(entry.id or comment_id(entry, page_url)), None, ItemKind.POST, language)
        for entry in entries
    )


def make_item(entry: Entry, native_id: str, parent_id: str | None, kind: ItemKind, language: str) -> Item:
    return Item(
        native_id=native_id,
        parent_id=parent_id,
        kind=kind,
        text=entry.text,
        creator_name=entry.creator_name,
        creator_handle=entry.creator_handle,
        created=entry.created,
        modified=entry.modified,
        language=detect_language(entry.text, entry.language, language),
        links=entry.links,
        media=entry.media,
        source_url=entry.url,
    )


def comment_id(entry: Entry, page_url: str) -> str:
    """A native id for an entry that states none, the same at each capture while its author, time and place stay.

    Its anchor on the page, else its address, else a digest of who said it when; of its text
    where no time is stated (an edit then makes another item of it).
    """
    if entry.url:
        anchor = fragment_of(entry.url)
        if not same_place(entry.url, page_url):
            return entry.url
        if anchor:
            return anchor
    when = clock.to_iso(entry.created) if entry.created else entry.text
    said = "\x1f".join((entry.creator_name, entry.creator_handle, when))
    return "x-" + hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:12]


class _Ids:
    """Native ids of one record: the second of the same name is `name~2`."""

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}

    def take(self, wanted: str) -> str:
        number = self._taken.get(wanted, 0) + 1
        self._taken[wanted] = number
        if number == 1:
            return wanted
        return self.take(f"{wanted}~{number}")


def _keys(entry: Entry, page_url: str) -> tuple[str, ...]:
    """What another notation may know the entry by."""
    here = same_place(entry.url, page_url)
    anchor = fragment_of(entry.url) if here else ""
    own = entry.url if anchor or not here else ""  # the page's own address tells no comment from another
    return tuple(dict.fromkeys(filter(None, (entry.id, own, anchor))))


def _stated(value: object) -> bool:
    return value is not None and value != "" and value != ()


def _rebuild(root: Entry, change: Callable[[Entry], Entry], below: Mapping[int, list[Entry]] | None = None) -> Entry:
    """The tree with every entry changed and the `below` ones (by identity of what they answer) hung in.

    Written without recursion: a thread may be deeper than Python's stack.
    """
    hung = below or {}

    def comments(entry: Entry) -> tuple[Entry, ...]:
        return (*entry.comments, *hung.get(id(entry), ()))

    order: list[Entry] = []
    stack = [root]
    while stack:
        order.append(stack.pop())
        stack.extend(comments(order[-1]))
    built: dict[int, Entry] = {}
    for entry in reversed(order):
        below_it = tuple(built[id(comment)] for comment in comments(entry))
        built[id(entry)] = replace(change(entry), comments=below_it)
    return built[id(root)]
