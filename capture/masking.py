"""What never reaches a WARC: cookies, credentials, and values known to be secret.

Pure functions over what stood on the wire. Replacements in URLs and bodies have the length
of what they replace, so that a Content-Length stays true.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from urllib.parse import quote, quote_plus

Fields = tuple[tuple[bytes, bytes], ...]

MASK = b"[masked]"
CREDENTIAL_HEADERS = (b"authorization", b"proxy-authorization", b"x-api-key")
COOKIE_HEADERS = (b"cookie", b"set-cookie", b"cookie2", b"set-cookie2")

STATEMENT = (
    "values of Cookie, Set-Cookie, Authorization, Proxy-Authorization and X-Api-Key headers are replaced by "
    "[masked], cookie names and attributes kept; known secret values in headers, URLs and request bodies are "
    "replaced by asterisks of the same length"
)
"""What the warcinfo says under `masked`."""

_COOKIE_ATTRIBUTES = frozenset(
    {b"expires", b"max-age", b"domain", b"path", b"secure", b"httponly", b"samesite", b"partitioned"}
)


class Secrets:
    """Values known to be secret, in every spelling a URL, header or form gives them.

    Empty values are left out.
    """

    def __init__(self, values: Collection[str]) -> None:
        self._values = tuple(values)
        spellings = {
            spelling.encode()
            for value in values
            if value
            for spelling in (value, quote(value, safe=""), quote(value), quote_plus(value))
        }
        lower = {_lower_escapes(spelling) for spelling in spellings}
        # the longest first: a secret that contains another is masked whole
        self._spellings = sorted(spellings | lower, key=lambda spelling: (-len(spelling), spelling))

    def and_also(self, values: Collection[str]) -> Secrets:
        """These secrets and `values`."""
        return Secrets((*self._values, *values)) if values else self

    def mask(self, text: bytes) -> bytes:
        """`text` with asterisks in place of every secret, of the same length."""
        for spelling in self._spellings:
            text = text.replace(spelling, b"*" * len(spelling))
        return text

    def mask_url(self, url: str) -> str:
        return self.mask(url.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")


def mask_headers(fields: Iterable[tuple[bytes, bytes]], secrets: Secrets) -> Fields:
    """Header fields as they may be kept: order, names and spelling unchanged."""
    return tuple((name, _mask_value(name.lower(), value, secrets)) for name, value in fields)


def _mask_value(name: bytes, value: bytes, secrets: Secrets) -> bytes:
    if name in COOKIE_HEADERS:
        return _mask_cookies(value, attributes=name.startswith(b"set-"))
    if name in CREDENTIAL_HEADERS:
        scheme, _, rest = value.partition(b" ")
        return scheme + b" " + MASK if rest else MASK
    return secrets.mask(value)


def _mask_cookies(value: bytes, *, attributes: bool) -> bytes:
    masked = []
    for position, part in enumerate(value.split(b";")):
        name, equals, _ = part.partition(b"=")
        known = name.strip().lower() in _COOKIE_ATTRIBUTES
        if attributes and position and known:
            masked.append(part)
        elif equals:
            masked.append(name + b"=" + MASK)
        else:
            masked.append(MASK if part.strip() else part)
    return b";".join(masked)


def _lower_escapes(spelling: bytes) -> bytes:
    """Percent escapes in lower case, as some clients write them."""
    parts = spelling.split(b"%")
    return b"%".join([parts[0], *(part[:2].lower() + part[2:] for part in parts[1:])])
