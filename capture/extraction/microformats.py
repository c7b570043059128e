"""microformats2: h-entry with its h-cite comments, h-feed. Source: microformats.org/wiki/h-entry, /h-feed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from extruct.microformat import MicroformatExtractor

from archiver.core.records import MediaRef
from capture.extraction.addresses import absolute
from capture.extraction.dates import read_moment
from capture.extraction.document import Passage, read_fragment
from capture.extraction.entry import Entry
from capture.extraction.schema_org import handle_in

Properties = Mapping[str, list[Any]]

_ENTRIES = frozenset({"h-entry", "h-cite"})
_LONGEST = 8_000_000  # characters; the parser takes about a second for each million


@dataclass(frozen=True, kw_only=True)
class Microformats:
    """What stands on a page outside of one another: entries, and the feeds with theirs."""

    entries: tuple[Entry, ...] = ()
    feeds: tuple[tuple[Entry, ...], ...] = ()


def read_microformats(html: str, base: str, page_language: str = "") -> Microformats:
    """The page's microformats; none of one nested deeper than the parser can follow, or over 8 million characters.

    `page_language` is the `lang` of the whole page, which says little of a single comment.
    """
    if not any(name in html for name in ("h-entry", "h-feed", "h-cite")) or len(html) > _LONGEST:
        return Microformats()
    try:
        found = list(MicroformatExtractor().extract_items(html.replace("\x00", "\ufffd"), base))
    except (RecursionError, ValueError):  # too deep, or an address urllib refuses, such as <base href="http://[x">
        return Microformats()
    entries: list[Entry] = []
    feeds: list[tuple[Entry, ...]] = []
    for item in found:
        kinds = set(item.get("type", ()))
        if kinds & _ENTRIES:
            entries.append(_entry(item, base, page_language))
        elif "h-feed" in kinds:
            feeds.append(tuple(_entry(each, base, page_language) for each in _children(item)))
    return Microformats(entries=tuple(entries), feeds=tuple(feeds))


def _entry(item: Mapping[str, Any], base: str, page_language: str) -> Entry:
    properties: Properties = item.get("properties", {})
    passage, language = _content(item, properties, base)
    name, handle = _author(properties, base)
    title = _string(properties, "name")
    own_title = title if " ".join(passage.text.split())[: len(title)] != title else ""
    return Entry(
        kind=next(kind for kind in item["type"] if kind in _ENTRIES),
        id=str(item.get("id") or ""),
        url=absolute(_string(properties, "url") or _string(properties, "uid"), base),
        answers=_string(properties, "in-reply-to"),
        title=own_title,
        text=passage.text,
        creator_name=name,
        creator_handle=handle,
        created=read_moment(_string(properties, "published")),
        modified=read_moment(_string(properties, "updated")),
        language=language if language != page_language else "",
        keywords=tuple(dict.fromkeys(word for word in properties.get("category", ()) if isinstance(word, str))),
        links=passage.links,
        media=tuple(dict.fromkeys((*passage.media, *_media(properties, base)))),
        comments=tuple(_entry(each, base, page_language) for each in _comments(item, properties)),
    )


def _children(item: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    listed = [*item.get("children", ()), *item.get("properties", {}).get("entry", ())]
    return [each for each in listed if isinstance(each, dict) and _ENTRIES & set(each.get("type", ()))]


def _comments(item: Mapping[str, Any], properties: Properties) -> list[Mapping[str, Any]]:
    stated = [each for each in properties.get("comment", ()) if isinstance(each, dict) and "type" in each]
    inside = [each for each in _children(item) if each not in stated]
    return [each for each in (*stated, *inside) if _ENTRIES & set(each["type"])]


def _content(item: Mapping[str, Any], properties: Properties, base: str) -> tuple[Passage, str]:
    """The text with its links and media, and its language: the innermost stated, else that around the entry."""
    around = str(item.get("lang") or "")
    for name in ("content", "summary", "name"):
        for value in properties.get(name, ()):
            if isinstance(value, dict):
                passage = read_fragment(str(value.get("html") or ""), base)
                return passage, passage.language or str(value.get("lang") or around)
            if isinstance(value, str) and value.strip():
                return Passage(text=value.strip()), around
    return Passage(text=""), around


def _author(properties: Properties, base: str) -> tuple[str, str]:
    for value in properties.get("author", ()):
        if isinstance(value, str) and value.strip():
            return value.strip(), ""
        if isinstance(value, dict):
            card: Properties = value.get("properties", {})
            name = _string(card, "name") or str(value.get("value") or "")
            nickname = _string(card, "nickname") or handle_in(absolute(_string(card, "url"), base))
            return name.strip(), nickname.lstrip("@")
    return "", ""


def _media(properties: Properties, base: str) -> list[MediaRef]:
    found: list[MediaRef] = []
    for name, kind in (("photo", "image"), ("featured", "image"), ("video", "video"), ("audio", "audio")):
        for value in properties.get(name, ()):
            stated, alt = (value.get("value"), value.get("alt")) if isinstance(value, dict) else (value, "")
            if url := absolute(str(stated or ""), base) if stated else "":
                found.append(MediaRef(url=url, kind=kind, alt=str(alt or "")))
    return found


def _string(properties: Properties, name: str) -> str:
    for value in properties.get(name, ()):
        if isinstance(value, dict):
            value = value.get("value")
        if isinstance(value, str) and value.strip():
            return value.strip()
    return ""
