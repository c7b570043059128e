"""Reading a login that a person exported from a browser, whichever of three formats it has.

Playwright's storage state; the JSON arrays of the extensions EditThisCookie and Cookie-Editor; and
Netscape's cookies.txt (https://curl.se/docs/http-cookies.html). Recognised by content, not by name.
Errors name the line and never a value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from archiver.core.errors import BadInput
from capture.cookies.browser_state import BrowserState, Cookie, stored_values
from capture.cookies.site_domain import site_domain

MOST_BYTES = 8 * 1000 * 1000
MOST_COOKIES = 5000
LONGEST_VALUE = 8192
"""Characters; browsers keep cookies of up to 4,096 bytes."""
MOST_ORIGINS = 200

_SPACE = re.compile(r"[ \t\r\n]*")
_SAME_SITE = {"strict": "Strict", "lax": "Lax", "none": "None", "no_restriction": "None"}
_NAME = re.compile(r"[^\x00-\x20\x7f;=,]*")
_VALUE = re.compile(r"[^\x00-\x1f\x7f;]*")


@dataclass(frozen=True, kw_only=True)
class ReadLogin:
    """A login as a file holds it, and what of the file was left out of it."""

    source: str  # "storage state" | "cookie export" | "cookies.txt"
    state: BrowserState
    other_domains: Mapping[str, int]  # cookies and stored values of other sites, by registrable domain
    expired: int


def read_login(path: Path, site: str, *, now: datetime) -> ReadLogin:
    """What `path` holds for the registrable domain `site`.

    Raises BadInput: the file cannot be read, is in none of the formats, or holds nothing of the site that
    is still valid.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error
    if len(content) > MOST_BYTES:
        raise BadInput(f"{path} is longer than {MOST_BYTES // 1_000_000} MB: it is no export of a browser's cookies")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BadInput(f"{path}, line {line}: not UTF-8 text; export the cookies again") from error
    return parse_login(text, site, now=now, name=str(path))


def parse_login(text: str, site: str, *, now: datetime, name: str = "the file") -> ReadLogin:
    """As read_login, from the file's text; `name` is what errors call it."""
    start = text.lstrip()[:1]
    reading = _Reading(name, site)
    origins: tuple[Mapping[str, Any], ...] = ()
    if start == "[":
        source, every = "cookie export", list(_read_array(text, text.index("["), reading))
    elif start == "{":
        source = "storage state"
        every, origins = _read_object(text, reading)
    else:
        source, every = "cookies.txt", list(_read_netscape(text, reading))
    reading.tell()
    if len(every) > MOST_COOKIES:
        raise BadInput(f"{name} holds {len(every):,} cookies; at most {MOST_COOKIES:,} are read")
    return _keep_own(BrowserState(cookies=tuple(every), origins=origins), source, site, now, name)


def _keep_own(state: BrowserState, source: str, site: str, now: datetime, name: str) -> ReadLogin:
    others: dict[str, int] = {}
    domains = [site_domain(each.domain) for each in state.cookies]
    for domain in domains + [site_domain(str(each["origin"])) for each in state.origins]:
        if domain != site:
            others[domain or "no site"] = others.get(domain or "no site", 0) + 1
    own = state.of_site(site)
    alive = {each.identity: each for each in own.cookies if not each.expired(now)}
    if not alive and not own.origins:
        held = "only cookies that have expired" if own.cookies else "no cookie"
        found = f"; it holds cookies of {', '.join(sorted(others)[:10])}" if others else ""
        raise BadInput(f"{name} holds {held} of {site}{found}: log in to the site, then export its cookies again")
    return ReadLogin(
        source=source,
        state=BrowserState(cookies=tuple(alive.values()), origins=own.origins),
        other_domains=others,
        expired=len(own.cookies) - len(alive),
    )


class _Reading:
    """One file being read for one site: what is wrong with it, all of it, each with its line."""

    def __init__(self, name: str, site: str) -> None:
        self.name = name
        self.site = site
        self._found: list[str] = []

    def fault(self, line: int, fault: str) -> None:
        self._found.append(f"{self.name}, line {line}: {fault}")

    def tell(self) -> None:
        """Raises BadInput where anything is wrong."""
        if self._found:
            more = f"\nand {len(self._found) - 20} more" if len(self._found) > 20 else ""
            raise BadInput("\n".join(self._found[:20]) + more)


# -- JSON ---------------------------------------------------------------------------------------


def _read_array(text: str, start: int, reading: _Reading) -> Iterator[Cookie]:
    """The cookies of the array that begins at `start`."""
    for line, entry in _elements(text, start, reading):
        if isinstance(entry, dict):
            cookie = _read_entry(entry, line, reading)
            if cookie is not None:
                yield cookie
        else:
            reading.fault(line, "no cookie: an object with name, value and domain belongs here")


def _read_object(text: str, reading: _Reading) -> tuple[list[Cookie], tuple[Mapping[str, Any], ...]]:
    cookies: list[Cookie] | None = None
    origins: list[Mapping[str, Any]] = []
    for key, start in _members(text, reading):
        if key == "cookies" and text[start] == "[":
            cookies = list(_read_array(text, start, reading))
        elif key == "origins" and text[start] == "[":
            for line, entry in _elements(text, start, reading):
                if _is_origin(entry):
                    origins.append(stored_values(entry))
                else:
                    reading.fault(line, "no origin: an object with origin and localStorage belongs here")
    reading.tell()
    if cookies is None:
        raise BadInput(f"{reading.name} is JSON without a list of cookies: export a browser state or cookies again")
    if len(origins) > MOST_ORIGINS:
        raise BadInput(f"{reading.name} holds stored values of {len(origins)} origins; at most {MOST_ORIGINS} are read")
    return cookies, tuple(origins)


def _is_origin(entry: object) -> bool:
    if not isinstance(entry, dict) or not isinstance(entry.get("origin"), str):
        return False
    stored = entry.get("localStorage", [])
    return isinstance(stored, list) and all(
        isinstance(each, dict) and isinstance(each.get("name"), str) and isinstance(each.get("value"), str)
        for each in stored
    )


def _read_entry(entry: Mapping[str, Any], line: int, reading: _Reading) -> Cookie | None:
    """A cookie of playwright's or an extension's spelling."""
    for key in ("name", "value", "domain"):
        if not isinstance(entry.get(key), str):
            reading.fault(line, f"a cookie without a text as its {key}")
            return None
    given = entry.get("expirationDate", entry.get("expires"))
    expires = _moment(given)
    if given is not None and expires is None and given != -1 and entry.get("session") is not True:
        reading.fault(line, f"cookie {entry['name']!r}: its expiry is no number of seconds since 1970")
        return None
    domain = entry["domain"]
    if entry.get("hostOnly") is True:
        domain = domain.lstrip(".")
    elif entry.get("hostOnly") is False and not domain.startswith("."):
        domain = "." + domain
    return _checked(
        Cookie(
            name=entry["name"],
            value=entry["value"],
            domain=domain,
            path=str(entry.get("path") or "/"),
            expires=None if entry.get("session") is True else expires,
            http_only=entry.get("httpOnly") is True,
            secure=entry.get("secure") is True,
            same_site=_same_site(entry.get("sameSite"), entry.get("secure") is True),
        ),
        line,
        reading,
    )


def _same_site(given: object, secure: bool) -> str:
    """Unspecified is lax in Chromium, and None only counts with Secure."""
    known = _SAME_SITE.get(str(given).lower(), "Lax")
    return "Lax" if known == "None" and not secure else known


def _moment(seconds: object) -> datetime | None:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds > 0:
        return None
    try:
        return datetime.fromtimestamp(int(min(seconds, 32_503_680_000)), UTC)  # the year 3000, and never
    except (ValueError, OverflowError, OSError):
        return None


def _elements(text: str, start: int, reading: _Reading) -> Iterator[tuple[int, Any]]:
    """The array's elements with the lines they begin on; what follows the array is not looked at."""
    position = _after_space(text, start + 1)
    while text[position : position + 1] != "]":
        value, end = _decode(text, position, reading)
        yield text.count("\n", 0, position) + 1, value
        position = _after_space(text, end)
        if text[position : position + 1] == ",":
            position = _after_space(text, position + 1)
        elif text[position : position + 1] != "]":
            raise _bad_json(text, position, reading, "a comma or the list's end belongs here")


def _members(text: str, reading: _Reading) -> Iterator[tuple[str, int]]:
    """The object's keys with the places their values begin at."""
    _decode(text, _after_space(text, 0), reading)  # whole, and JSON
    position = _after_space(text, text.index("{") + 1)
    while text[position] != "}":
        key, end = _decode(text, position, reading)
        start = _after_space(text, _after_space(text, end) + 1)
        yield str(key), start
        position = _after_space(text, _decode(text, start, reading)[1])
        if text[position] == ",":
            position = _after_space(text, position + 1)


def _decode(text: str, position: int, reading: _Reading) -> tuple[Any, int]:
    try:
        return json.JSONDecoder().raw_decode(text, position)
    except json.JSONDecodeError as error:
        raise _bad_json(text, error.pos, reading, error.msg) from error
    except RecursionError as error:
        raise _bad_json(text, position, reading, "lists nested too deep") from error


def _bad_json(text: str, position: int, reading: _Reading, why: str) -> BadInput:
    return BadInput(f"{reading.name}, line {text.count(chr(10), 0, position) + 1}: not JSON: {why}")


def _after_space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position


# -- cookies.txt --------------------------------------------------------------------------------


def _read_netscape(text: str, reading: _Reading) -> Iterator[Cookie]:
    """Seven fields a line, parted by tabs; `#HttpOnly_` before the domain marks what scripts may not read."""
    seen = False
    for number, line in enumerate(text.split("\n"), 1):
        line = line.rstrip("\r")
        hidden = line.startswith("#HttpOnly_")
        if not line.strip() or (line.startswith("#") and not hidden):
            continue
        parts = line.removeprefix("#HttpOnly_").split("\t")
        if len(parts) != 7:
            reading.fault(number, f"cookies.txt has 7 fields parted by tabs, this line {len(parts)}")
            if not seen:
                reading.tell()  # nothing of this file is a cookie: one line says enough
            continue
        seen = True
        domain, below, path, secure, expires, name, value = parts
        if not re.fullmatch(r"-?\d{1,15}(\.\d+)?", expires):
            reading.fault(number, f"cookie {name!r}: its expiry is no number of seconds since 1970")
            continue
        cookie = _checked(
            Cookie(
                name=name,
                value=value,
                domain="." + domain.lstrip(".") if below.upper() == "TRUE" else domain.lstrip("."),
                path=path or "/",
                expires=_moment(float(expires)),
                http_only=hidden,
                secure=secure.upper() == "TRUE",
            ),
            number,
            reading,
        )
        if cookie is not None:
            yield cookie


def _checked(cookie: Cookie, line: int, reading: _Reading) -> Cookie | None:
    """The cookie, if a browser takes it: one it refuses would spoil all others. Other sites' are left out anyway."""
    if site_domain(cookie.domain) != reading.site:
        return cookie
    plain = cookie.domain.lstrip(".")
    name = cookie.name
    fault = ""
    if not _NAME.fullmatch(name) or not (name or cookie.value):
        fault = "a cookie's name holds a character that none may have, or is empty"
    elif not _VALUE.fullmatch(cookie.value):
        fault = f"cookie {name!r}: its value holds a character that none may have"
    elif len(name) + len(cookie.value) > LONGEST_VALUE:
        fault = f"cookie {name!r} is longer than {LONGEST_VALUE:,} characters"
    elif not re.fullmatch(r"[\w.:\[\]-]{1,253}", plain):
        fault = f"cookie {name!r}: {cookie.domain!r} is no domain"
    elif not cookie.path.startswith("/") or not _VALUE.fullmatch(cookie.path):
        fault = f"cookie {name!r}: its path does not begin with /"
    elif name.lower().startswith("__secure-") and not cookie.secure:
        fault = f"cookie {name!r} must be marked secure"
    elif name.lower().startswith("__host-") and (not cookie.secure or cookie.path != "/" or plain != cookie.domain):
        fault = f"cookie {name!r} must be secure, of one host, and have the path /"
    if fault:
        reading.fault(line, fault)
        return None
    return cookie
