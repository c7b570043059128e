"""Addresses: a page's site, its canonical address, and what is the same place. Pure; nothing raises."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

_DEFAULT_PORT = {"http": 80, "https": 443}
_TRACKING = re.compile(
    r"utm_\w+|fbclid|gclid|gclsrc|dclid|msclkid|yclid|igshid|igsh|mc_cid|mc_eid|_ga|_gl|ref_src|ref_url|twclid|ttclid"
)


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url.strip())
        _ = parts.port
    except ValueError:
        return None
    return parts if parts.scheme in _DEFAULT_PORT and parts.hostname else None


def origin_of(url: str) -> tuple[str, str, int] | None:
    """Scheme, host and port (RFC 6454); None for what is no http address."""
    parts = _split(url)
    if parts is None:
        return None
    return parts.scheme, parts.hostname or "", parts.port or _DEFAULT_PORT[parts.scheme]


def site_of(url: str) -> str:
    """The host, with its port where that is not the scheme's own; "" for what is no http address."""
    origin = origin_of(url)
    if origin is None:
        return ""
    scheme, host, port = origin
    host = f"[{host}]" if ":" in host else host
    return host if port == _DEFAULT_PORT[scheme] else f"{host}:{port}"


def absolute(url: str, base: str) -> str:
    """`url` as an absolute http address, "" where it is none."""
    if not url.strip():
        return ""
    try:
        joined = urljoin(base, url.strip())
    except ValueError:
        return ""
    return joined if _split(joined) is not None else ""


def normal_url(url: str) -> str:
    """`url` with host in lower case, without the scheme's own port, log-in data, fragment and tracking parameters.

    A fragment that is a route of a one-page application (`#!/...`, `#/...`) stays.
    """
    parts = _split(url)
    if parts is None:
        return url
    query = parts.query
    named = parse_qsl(query, keep_blank_values=True)
    kept = [(name, value) for name, value in named if not _TRACKING.fullmatch(name)]
    if len(kept) < len(named):
        query = urlencode(kept)
    fragment = parts.fragment if parts.fragment.startswith(("!", "/")) else ""
    # what stood before a fragment may end with a blank, which an address does not
    return urlunsplit((parts.scheme, site_of(url), parts.path or "/", query, fragment)).strip()


def canonical_url(stated: str, final_url: str) -> str:
    """The address a page is kept under: the canonical one it states if that is on its own site, else its own.

    A page that calls the site's front page its canonical address is not believed: such
    templates would make one record of a whole site.
    """
    own = normal_url(final_url)
    candidate = normal_url(absolute(stated, final_url)) if stated.strip() else ""
    if not candidate or site_of(candidate) != site_of(final_url):
        return own
    if urlsplit(candidate).path == "/" and urlsplit(own).path != "/":
        return own
    return candidate


def same_place(one: str, other: str) -> bool:
    """Whether two addresses are of one page: scheme, a final slash, fragment and tracking aside."""
    return bool(one) and bool(other) and _place(one) == _place(other)


def fragment_of(url: str) -> str:
    try:
        return urlsplit(url).fragment
    except ValueError:
        return ""


def _place(url: str) -> tuple[str, str, str]:
    normal = normal_url(url)
    parts = urlsplit(normal) if _split(normal) else None
    return (site_of(normal), parts.path.rstrip("/"), parts.query) if parts else ("", url, "")
