"""Which videos and sounds a browser took only parts of, and which it never asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

MOST_MEDIA = 50
"""How many media files one capture fetches whole at most."""

_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")


class MediaSeen:
    """What of each media URL has been taken in: told of every response, asked for what is not whole."""

    def __init__(self) -> None:
        self._whole: set[str] = set()
        self._parts: dict[str, list[tuple[int, int]]] = {}
        self._sizes: dict[str, int] = {}

    def note(self, url: str, status: int, media_type: str, content_range: str, *, whole: bool) -> None:
        """One response that ended; `whole` says that nothing of what it announced is missing."""
        media = media_type.lower().startswith(("video/", "audio/"))
        if status == 200 and whole:
            self._whole.add(url)
        elif media and status == 206 and (found := _RANGE.match(content_range)):
            parts = self._parts.setdefault(url, [])
            if found[3] != "*":
                self._sizes[url] = int(found[3])
            if whole:
                parts.append((int(found[1]), int(found[2]) + 1))
        elif media and status == 200:
            self._parts.setdefault(url, [])

    def partial(self) -> list[str]:
        """URLs of which no response, and no responses together, held the whole."""
        return [url for url in self._parts if url not in self._whole and not self._covered(url)]

    def knows(self, url: str) -> bool:
        return url in self._whole or url in self._parts

    def _covered(self, url: str) -> bool:
        end = 0
        for first, after in sorted(self._parts[url]):
            if first > end:
                return False
            end = max(end, after)
        return end >= self._sizes.get(url, end + 1)


def media_addresses(html: str, base: str) -> list[str]:
    """The http addresses that `video`, `audio`, `source` and `track` elements name, in order, each once."""
    reader = _MediaReader(base)
    reader.feed(html)
    return list(dict.fromkeys(reader.found))


def fetch_media(fetch: Callable[[str], bool], urls: Sequence[str], progress: Callable[[str], None]) -> list[str]:
    """Fetch each of `urls` whole; what the capture lacks afterwards, in plain words."""
    failed = []
    for url in urls[:MOST_MEDIA]:
        progress(f"fetching {url}")
        if not fetch(url):
            failed.append(url)
    failed += urls[MOST_MEDIA:]
    if not failed:
        return []
    return [f"{len(failed)} of {len(urls)} videos and sounds could not be fetched whole, the first {failed[0]}"]


class _MediaReader(HTMLParser):
    def __init__(self, base: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._base = base
        self._players = 0

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        named = dict(attributes)
        if tag == "base" and named.get("href"):
            self._base = self._absolute(named["href"] or "") or self._base
        self._players += tag in ("video", "audio")
        plays = tag in ("video", "audio", "track") or (tag == "source" and self._players)  # not a picture's source
        if plays and (address := self._absolute(named.get("src") or "")):
            self.found.append(address)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("video", "audio") and self._players:
            self._players -= 1

    def _absolute(self, address: str) -> str | None:
        try:
            full = urljoin(self._base, address.strip()) if address.strip() else ""
            return full.partition("#")[0] if urlsplit(full).scheme in ("http", "https") else None
        except ValueError:
            return None
