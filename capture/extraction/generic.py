"""Any page: structured data where there is some, the main text where there is none.

The merge rule: JSON-LD, microdata and microformats2 are read each for itself. The one with
the most comments that have text, then with the most text, gives the items; fields it leaves
empty are filled from the other two (an entry's counterpart is the one of the same id or
address), then from OpenGraph and the page's head. The others never add items: three
notations of one comment are one comment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from archiver.core.records import Extraction, Item, ItemKind, MediaRef, RecordKind
from capture.extraction.addresses import absolute, canonical_url, normal_url, same_place, site_of
from capture.extraction.declared import declared_comments
from capture.extraction.document import READERS_DEPTH, is_deeper_than
from capture.extraction.entry import Entry, fill_all, list_items, make_items, thread
from capture.extraction.language import canonical_tag, detect_language
from capture.extraction.main_text import read_main_text
from capture.extraction.meta import PageMeta, read_meta
from capture.extraction.microformats import Microformats, read_microformats
from capture.extraction.page import PageEvidence
from capture.extraction.schema_org import (
    ARTICLES,
    COMMENTS,
    PAGES,
    POSTS,
    Node,
    description_of,
    identifier_of,
    is_about,
    nodes_below,
    read_json_ld,
    read_microdata,
    read_thread,
    types_of,
    unreadable_comments,
)
from capture.extraction.timeline import listed_entries, says_it_lists

NAME = "generic"
VERSION = 2

_ROOT = "root"
"""The native id of a root whose site states none."""


class _Root(NamedTuple):
    entry: Entry
    certain: bool  # whether it says itself that it is this page's
    identifier: str = ""
    description: str = ""


def applies(evidence: PageEvidence) -> bool:
    """To every page."""
    return True


def extract(evidence: PageEvidence) -> Extraction:
    """Read a page, a list of posts, or a file that is no page."""
    if not evidence.is_html:
        return _file(evidence)
    unreadable = unreadable_comments(evidence.tree)
    problems = (f"{unreadable} of the page's data blocks speak of comments and cannot be read",) if unreadable else ()
    return replace(_read(evidence), problems=problems)


def _read(evidence: PageEvidence) -> Extraction:
    url = evidence.final_url
    meta = read_meta(evidence.tree)
    shallow = not is_deeper_than(evidence.tree, READERS_DEPTH)
    json_ld = read_json_ld(evidence.tree)
    microdata = read_microdata(evidence.tree, url) if shallow else []
    microformats = read_microformats(evidence.html, url, meta.language) if shallow else Microformats()
    found = [_of_nodes(json_ld, url), _of_nodes(microdata, url), _of_microformats(microformats, url)]
    roots = [root for root in found if root is not None]
    if says_it_lists(meta) or not any(root.certain for root in roots):
        entries = listed_entries(evidence.tree, meta, json_ld or microdata, microformats, url)
        if entries or says_it_lists(meta):
            return _timeline(evidence, meta, entries)
    if roots:
        return _post(evidence, meta, roots)
    return _page(evidence, meta, Entry(kind="WebPage"), "")


def _of_nodes(nodes: Sequence[Node], url: str) -> _Root | None:
    """The post or article the page is about, with the comments that stand beside it."""
    stated = [each for node in nodes if types_of(node) & PAGES for each in nodes_below(node, "mainEntity")]
    inside = [node for node in stated if types_of(node) & (POSTS | ARTICLES)]
    candidates = [*inside, *(node for node in nodes if types_of(node) & (POSTS | ARTICLES))]
    about = [node for node in candidates if is_about(node, url)]
    chosen = about or inside or candidates
    if not about and len(chosen) != 1:
        return None
    main = min(chosen, key=lambda node: not types_of(node) & POSTS)
    certain = bool(about) or any(main is each for each in inside)
    root, loose = read_thread(main, [node for node in nodes if types_of(node) & COMMENTS], url)
    return _Root(thread(root, loose, url), certain, identifier_of(main), description_of(main))


def _of_microformats(microformats: Microformats, url: str) -> _Root | None:
    standing = [*microformats.entries, *(entry for feed in microformats.feeds for entry in feed)]
    own = [entry for entry in standing if same_place(entry.url, url) and not entry.answers]
    posts = [entry for entry in microformats.entries if entry.kind == "h-entry" and not entry.answers]
    if not own and len(posts) != 1:
        return None
    main = own[0] if own else posts[0]
    loose = [entry for entry in microformats.entries if entry is not main and entry.answers]
    return _Root(thread(main, loose, url), certain=bool(own))


def _post(evidence: PageEvidence, meta: PageMeta, roots: Sequence[_Root]) -> Extraction:
    url = evidence.final_url
    richest = max(roots, key=lambda root: root.entry.richness())
    entry = richest.entry
    for other in roots:
        if other is not richest:
            entry = fill_all(entry, other.entry, url)
    identifier = next((root.identifier for root in roots if root.identifier), "")
    takes_answers = any(root.entry.kind in POSTS or root.entry.kind == "h-entry" for root in roots)
    if not (takes_answers or entry.comments or entry.declared is not None):
        return _page(evidence, meta, entry, "")
    if not entry.text:
        description = next((root.description for root in roots if root.description), "") or meta.description
        entry = replace(entry, text=description or read_main_text(evidence.tree, evidence.html, url).text)
    items = make_items(_with_meta(entry, meta, url), identifier or _ROOT, ItemKind.POST, url, meta.language)
    extraction = _describe(evidence, meta, RecordKind.THREAD, items, entry)
    stated = [each for each in (entry.declared, declared_comments(evidence.tree, url)) if each is not None]
    return replace(
        extraction,
        # an article's identifier may be the publisher's for something else; a post's is the platform's
        native_root_id=identifier if identifier and takes_answers else None,
        declared={"comments": max(stated)} if stated else {},
        found={"comments": len(items) - 1},
    )


def _page(evidence: PageEvidence, meta: PageMeta, entry: Entry, native_root_id: str) -> Extraction:
    url = evidence.final_url
    main = read_main_text(evidence.tree, evidence.html, url)
    if 2 * len(entry.text) < len(main.text):  # data blocks often carry an opening only
        entry = replace(entry, text=main.text, language=entry.language or main.language)
    entry = replace(entry, links=entry.links or main.links, media=entry.media or main.media)
    items = make_items(_with_meta(entry, meta, url), native_root_id or _ROOT, ItemKind.PAGE, url, meta.language)
    page = _describe(evidence, meta, RecordKind.PAGE, items, entry)
    # comments that are counted and not to be read out of the page: what is missing is told
    unread = declared_comments(evidence.tree, url)
    return replace(page, declared={"comments": unread}, found={"comments": 0}) if unread else page


def _timeline(evidence: PageEvidence, meta: PageMeta, entries: Sequence[Entry]) -> Extraction:
    url = evidence.final_url
    if not entries:  # its template says that it lists, but not what: its text is kept as it stands
        page = _page(evidence, meta, Entry(kind="WebPage"), "")
        return replace(page, kind=RecordKind.TIMELINE, declared={}, found={"entries": 0})
    bare = [replace(entry, comments=()) for entry in entries]
    items = list_items([_titled(entry) for entry in bare], url, meta.language)
    extraction = _describe(evidence, meta, RecordKind.TIMELINE, items, Entry(kind="timeline"))
    creators = {(item.creator_name, item.creator_handle) for item in items}
    if len(creators) == 1:  # an account's own feed
        name, handle = creators.pop()
        extraction = replace(extraction, creator_name=name, creator_handle=handle)
    declared = {"entries": evidence.feed_declared} if evidence.feed_declared else {}
    return replace(extraction, declared=declared, found={"entries": len(items)})


def _titled(entry: Entry) -> Entry:
    """An excerpt with its heading: in a list the two are one."""
    if not entry.title or entry.title in " ".join(entry.text.split()):
        return entry
    return replace(entry, text=f"{entry.title}\n\n{entry.text}".strip())


def _with_meta(entry: Entry, meta: PageMeta, url: str) -> Entry:
    """The root with what only the page's head states."""
    image = absolute(meta.image, url) if meta.image else ""
    return replace(
        entry,
        creator_name=entry.creator_name or ("" if entry.creator_handle else meta.author),
        creator_handle=entry.creator_handle or ("" if entry.creator_name else meta.handle),
        created=entry.created or meta.created,
        modified=entry.modified or meta.modified,
        media=entry.media or ((MediaRef(url=image, kind="image"),) if image else ()),
        url=entry.url or normal_url(url),
    )


def _describe(
    evidence: PageEvidence, meta: PageMeta, kind: RecordKind, items: tuple[Item, ...], root: Entry
) -> Extraction:
    url = evidence.final_url
    first = items[0] if items and kind is not RecordKind.TIMELINE else None
    stated = canonical_tag(meta.language)
    return Extraction(
        extractor=NAME,
        version=VERSION,
        site=site_of(url),
        kind=kind,
        native_root_id=None,
        canonical_url=canonical_url(meta.canonical, url),
        title=root.title or meta.title or (first_line(first.text) if first else ""),
        creator_name=first.creator_name if first else meta.author,
        creator_handle=first.creator_handle if first else meta.handle,
        created=first.created if first else None,
        modified=first.modified if first else None,
        language=first.language if first else detect_language("\n".join(item.text for item in items[:20]), "", stated),
        keywords=root.keywords or meta.keywords,
        items=items,
    )


def first_line(text: str) -> str:
    """The opening of `text` as a title: its first line, at most 80 characters of it."""
    line = text.split("\n", 1)[0].strip()
    return line if len(line) <= 80 else line[:79].rsplit(" ", 1)[0] + "…"


def _file(evidence: PageEvidence) -> Extraction:
    url = normal_url(evidence.final_url)
    name = unquote(urlsplit(url).path.rstrip("/").rpartition("/")[2])
    kind = evidence.media_type.partition("/")[0]
    media = (MediaRef(url=url, kind=kind),) if kind in ("image", "video", "audio") else ()
    item = Item(native_id=_ROOT, parent_id=None, kind=ItemKind.PAGE, text="", media=media, source_url=url)
    return Extraction(
        extractor=NAME,
        version=VERSION,
        site=site_of(url),
        kind=RecordKind.FILE,
        native_root_id=None,
        canonical_url=url,
        title=name or site_of(url),
        items=(item,),
    )
