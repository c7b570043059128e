"""What makes a browser known to a site: its cookies, and what the site stored in it. Pure rules.

The values are credentials: they are in no representation, and nothing here prints them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from capture.cookies.site_domain import site_domain

_SHORTEST_SECRET = 8
_SHORTEST_TOKEN = 16
"""Characters. A shorter value cannot be told from a word or a number of the page, which masking would falsify."""

_INFRASTRUCTURE = re.compile(
    r"__cf|_cfuvid$|cf_clearance$|AWSALB|AWSELB|ak_bmsc$|bm_|_abck$|incap_ses|visid_incap|nlbi_|datadome$|ARRAffinity"
)
"""Cookies of load balancers and bot filters: short-lived, and no login depends on them."""


@dataclass(frozen=True, kw_only=True)
class Cookie:
    """One cookie. `domain` begins with a dot where subdomains get it too; `expires` None: with the browser's end."""

    name: str
    domain: str
    value: str = field(repr=False)
    path: str = "/"
    expires: datetime | None = None
    http_only: bool = False
    secure: bool = False
    same_site: str = "Lax"  # Strict | Lax | None

    @property
    def identity(self) -> tuple[str, str, str]:
        """What a browser tells cookies apart by (RFC 6265, 5.3)."""
        return self.domain, self.path, self.name

    def expired(self, now: datetime) -> bool:
        return self.expires is not None and self.expires <= now


@dataclass(frozen=True, kw_only=True)
class BrowserState:
    """Cookies, and per origin the stored values as playwright's storage state has them; what is kept is sorted."""

    cookies: tuple[Cookie, ...] = ()
    origins: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)

    def of_site(self, site: str) -> BrowserState:
        """Only what belongs to the registrable domain `site`."""
        cookies = [each for each in self.cookies if site_domain(each.domain) == site]
        origins = [each for each in self.origins if site_domain(str(each["origin"])) == site]
        return BrowserState(
            cookies=tuple(sorted(cookies, key=lambda each: each.identity)),
            origins=tuple(sorted(origins, key=lambda each: str(each["origin"]))),
        )


def to_storage_state(state: BrowserState) -> dict[str, Any]:
    """Playwright's storage state (https://playwright.dev/docs/auth)."""
    return {
        "cookies": [
            {
                "name": each.name,
                "value": each.value,
                "domain": each.domain,
                "path": each.path,
                "expires": -1 if each.expires is None else each.expires.timestamp(),
                "httpOnly": each.http_only,
                "secure": each.secure,
                "sameSite": each.same_site,
            }
            for each in state.cookies
        ],
        "origins": [dict(each) for each in state.origins],
    }


def from_storage_state(entry: Mapping[str, Any]) -> BrowserState:
    """What a browser gave, or `write_state` wrote."""
    return BrowserState(
        cookies=tuple(
            Cookie(
                name=each["name"],
                value=each["value"],
                domain=each["domain"],
                path=each["path"],
                expires=datetime.fromtimestamp(int(each["expires"]), UTC) if each["expires"] > 0 else None,
                http_only=each["httpOnly"],
                secure=each["secure"],
                same_site=each["sameSite"],
            )
            for each in entry["cookies"]
        ),
        origins=tuple(stored_values(each) for each in entry["origins"]),
    )


def stored_values(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """An origin's stored values in one form: sorted, and without stores that are empty."""
    local = sorted(entry.get("localStorage", ()), key=lambda each: str(each["name"]))
    database = {"indexedDB": entry["indexedDB"]} if entry.get("indexedDB") else {}
    return {"origin": entry["origin"], "localStorage": local, **database}


def write_state(state: BrowserState) -> bytes:
    return json.dumps(to_storage_state(state), ensure_ascii=False, sort_keys=True).encode("utf-8", "surrogatepass")


def read_state(content: bytes) -> BrowserState:
    return from_storage_state(json.loads(content.decode("utf-8", "surrogatepass")))


def login_cookies(state: BrowserState) -> tuple[Cookie, ...]:
    """The cookies a login most likely hangs on: those no script may read, else all, without the infrastructure's."""
    own = tuple(each for each in state.cookies if not _INFRASTRUCTURE.match(each.name))
    return tuple(each for each in own if each.http_only) or own


def earliest_expiry(state: BrowserState) -> datetime | None:
    """When the first of the login's cookies ends; None where all end with the browser."""
    return min((each.expires for each in login_cookies(state) if each.expires is not None), default=None)


def has_expired(state: BrowserState, now: datetime) -> bool:
    """Whether every cookie of the login has ended."""
    cookies = login_cookies(state)
    return bool(cookies) and all(each.expired(now) for each in cookies)


def lost_cookies(before: BrowserState, after: BrowserState, now: datetime) -> tuple[str, ...]:
    """Names of the login's cookies that the site took back: gone before their time."""
    left = {each.identity for each in after.cookies}
    return tuple(each.name for each in login_cookies(before) if not each.expired(now) and each.identity not in left)


def login_ended(before: BrowserState, after: BrowserState, now: datetime) -> bool:
    """Whether the site took back every cookie of the login and gave no other of the kind."""
    lost = lost_cookies(before, after, now)
    had = [each for each in login_cookies(before) if not each.expired(now)]
    return bool(lost) and len(lost) == len(had) and not any(each.http_only for each in login_cookies(after))


def merge(base: BrowserState, after: BrowserState, current: BrowserState) -> BrowserState:
    """`current` with what changed from `base` to `after`: captures of one site may overlap."""
    had = {each.identity: each for each in base.cookies}
    got = {each.identity: each for each in after.cookies}
    cookies = {each.identity: each for each in current.cookies if each.identity not in had or each.identity in got}
    cookies |= {key: each for key, each in got.items() if had.get(key) != each}
    stored = {each["origin"]: each for each in current.origins}
    known = {each["origin"]: each for each in base.origins}
    stored |= {each["origin"]: each for each in after.origins if known.get(each["origin"]) != each}
    return BrowserState(
        cookies=tuple(cookies[key] for key in sorted(cookies)),
        origins=tuple(stored[key] for key in sorted(stored)),
    )


def secret_values(state: BrowserState) -> tuple[str, ...]:
    """The values no WARC may show wherever they stand, each also as it reads without percent escapes.

    Left out is what cannot be told from ordinary text: short values, numbers (an account's public id), words.
    """
    found = [each.value for each in state.cookies if _is_secret(each.value, _SHORTEST_SECRET, each.http_only)]
    found += [text for each in state.origins for text in _strings(each) if _is_secret(text, _SHORTEST_TOKEN, False)]
    return tuple(sorted({*found, *(unquote(each) for each in found)}))


def _is_secret(text: str, shortest: int, hidden: bool) -> bool:
    """`hidden` says that no script may read it: it is then no setting of the page's."""
    if len(text) < shortest or text.isdigit() or "://" in text or re.search(r"\s", text):
        return False
    return hidden or bool(re.search("[0-9]", text) and re.search("[A-Za-z]", text) and len(text) >= _SHORTEST_TOKEN)


def _strings(value: object) -> Iterator[str]:
    """Every text within, also within JSON that is kept as text."""
    if isinstance(value, str):
        try:
            inner = json.loads(value) if value[:1] in '{["' else None
        except (ValueError, RecursionError):
            inner = None
        if inner is None:
            yield value
        else:
            yield from _strings(inner)
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _strings(each)
    elif isinstance(value, Iterable):
        for each in value:
            yield from _strings(each)
