"""What never reaches a WARC: cookies, credentials, and values known to be secret.

Pure functions over what stood on the wire. Replacements in URLs and bodies have the length
of what they replace, so that a Content-Length stays true.
"""

from __future__ import annotations

import binascii
import html
import json
from base64 import b64decode, b64encode
from collections.abc import Collection, Iterable, Iterator
from urllib.parse import quote, quote_plus, unquote

from capture.secrets.secret_names import (
    body_kind,
    is_secret,
    looks_secret,
    mask_named,
    named_values,
    opens_something,
)

Fields = tuple[tuple[bytes, bytes], ...]

MASK = b"[masked]"
CREDENTIAL_HEADERS = (b"authorization", b"proxy-authorization")
COOKIE_HEADERS = (b"cookie", b"set-cookie", b"cookie2", b"set-cookie2")

STATEMENT = (
    "values of Cookie, Set-Cookie, Authorization, Proxy-Authorization and of headers named like API keys, session, "
    "access or CSRF tokens are replaced by [masked], cookie names and attributes kept; values of URL parameters and "
    "request fields named so, and values known to be secret (the login's, and what Set-Cookie, Authorization and "
    "such fields held from then on) in headers, URLs, request bodies, web socket messages, response bodies and "
    "resources are replaced by asterisks of the same length; a response body that echoed one is stored decoded and "
    "marked by `echoes` in its WARC-JSON-Metadata"
)
"""What the warcinfo says under `masked`."""

_LEAST_KNOWN = 8
_LEAST_PACKED = 12
"""Bytes of a secret that is looked for in Base64, too: shorter ones would be found by chance."""
_LONGEST_NUMBER = 20
_COOKIE_ATTRIBUTES = frozenset(
    {b"expires", b"max-age", b"domain", b"path", b"secure", b"httponly", b"samesite", b"partitioned"}
)


class Secrets:
    """Values known to be secret, in every spelling a URL, header, form, JSON text or page gives them.

    Empty values are left out. Never changes: `joined` makes another.
    """

    def __init__(self, values: Collection[str] = ()) -> None:
        self._values = frozenset(values) - {""}
        spellings = {
            spelling.encode("utf-8", "surrogateescape") for value in self._values for spelling in _spellings(value)
        }
        lower = {_lower_escapes(spelling) for spelling in spellings}
        # the longest first: a secret that contains another is masked whole
        self._spellings = sorted(spellings | lower, key=lambda spelling: (-len(spelling), spelling))

    def __bool__(self) -> bool:
        return bool(self._spellings)

    @property
    def longest(self) -> int:
        """Bytes of the longest spelling."""
        return len(self._spellings[0]) if self._spellings else 0

    def joined(self, values: Iterable[str]) -> Secrets:
        """These and `values`; itself where none of them is new."""
        new = frozenset(values) - self._values - {""}
        return Secrets(self._values | new) if new else self

    def found_in(self, text: bytes) -> bool:
        return any(spelling in text for spelling in self._spellings)

    def mask(self, text: bytes) -> bytes:
        """`text` with asterisks in place of every secret, of the same length."""
        for spelling in self._spellings:
            text = text.replace(spelling, b"*" * len(spelling))
        return text

    def mask_url(self, url: str) -> str:
        """`url`, or a text with URLs in it, without secrets and without the values of secret parameters."""
        return self.mask(mask_named(url.encode("utf-8", "surrogateescape"))).decode("utf-8", "surrogateescape")


def mask_address(url: str) -> str:
    """`url` as it may be kept: values of parameters that name a token or a session are asterisks."""
    return Secrets().mask_url(url)


def mask_headers(fields: Iterable[tuple[bytes, bytes]], secrets: Secrets) -> Fields:
    """Header fields as they may be kept: order, names and spelling unchanged."""
    return tuple((name, _mask_value(name.lower(), value, secrets)) for name, value in fields)


def mask_target(target: bytes, secrets: Secrets) -> bytes:
    """A request target, path with query, as it may be kept."""
    return secrets.mask(mask_named(target))


def mask_request_body(fields: Fields, body: bytes, secrets: Secrets) -> bytes:
    """A request body without secrets and without the values of secret fields; its length stays."""
    kind = body_kind(_value(fields, b"content-type"), body)
    return secrets.mask(mask_named(body, kind) if kind else body)


def mask_message(text: bytes, secrets: Secrets) -> bytes:
    """A web socket message likewise."""
    return secrets.mask(mask_named(text, "json"))


def mask_layout(content: bytes, secrets: Secrets) -> tuple[bytes, bool]:
    """The layout record without secrets, and whether there were any: they stand on the screenshot then.

    A secret is cut into words there, so it is looked for across the words of each text.
    """
    if not secrets:
        return content, False
    layout = json.loads(content)
    found = False
    runs = [run for text in layout["texts"] for run in (text["words"], text.get("unseen", []))]
    for run in runs:
        joined = "".join(str(word[0]) for word in run).encode("utf-8", "surrogatepass")
        masked = secrets.mask(joined)
        if masked == joined:
            continue
        found, place = True, 0
        for word in run:
            length = len(str(word[0]).encode("utf-8", "surrogatepass"))
            word[0] = masked[place : place + length].decode("utf-8", "replace")
            place += length
    plain = json.dumps(layout, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    masked = secrets.mask(plain)
    return (masked, True) if found or masked != plain else (content, False)


def worth_hiding(values: Iterable[str]) -> Iterator[str]:
    """Those of a login's values that are secrets: not `en`, `1` or a user's number, which pages are full of."""
    for value in values:
        number = value.isdigit() and len(value) < _LONGEST_NUMBER
        if len(value) >= _LEAST_KNOWN and not number:
            yield value


def secrets_of_request(target: bytes, fields: Fields, body: bytes = b"") -> Iterator[str]:
    """What a request shows to be secret: cookies, credentials, and values of fields named so."""
    for name, value in fields:
        lower = name.lower()
        if lower in COOKIE_HEADERS:
            yield from _cookie_values(value.split(b";"))
        elif lower in CREDENTIAL_HEADERS:
            yield from _credentials(value)
        elif opens_something(name.decode("latin-1"), value.decode("latin-1")):
            yield value.decode("latin-1")
    pairs = list(named_values(target))
    if kind := body_kind(_value(fields, b"content-type"), body) if body else None:
        pairs += named_values(body, kind)
    yield from (value for name, value in pairs if opens_something(name, value))


def secrets_of_response(fields: Fields) -> Iterator[str]:
    """What a response's head shows to be secret: cookies that are set, and where it leads to with a session."""
    for name, value in fields:
        lower = name.lower()
        if lower in (b"set-cookie", b"set-cookie2"):
            yield from _cookie_values(value.split(b";")[:1])
        elif lower in (b"location", b"refresh"):
            yield from (each for named, each in named_values(value) if opens_something(named, each))
        elif opens_something(name.decode("latin-1"), value.decode("latin-1")):
            yield value.decode("latin-1")


def _cookie_values(pairs: Iterable[bytes]) -> Iterator[str]:
    for pair in pairs:
        value = pair.partition(b"=")[2].strip().strip(b'"').decode("utf-8", "surrogateescape")
        if looks_secret(value):
            yield value


def _credentials(value: bytes) -> Iterator[str]:
    scheme, _, rest = value.strip().partition(b" ")
    credential = (rest or scheme).strip().decode("utf-8", "surrogateescape")
    yield from worth_hiding([credential])
    if scheme.lower() == b"basic":
        try:
            password = b64decode(rest).decode("utf-8").partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return
        yield from worth_hiding([password])


def _mask_value(name: bytes, value: bytes, secrets: Secrets) -> bytes:
    if name in COOKIE_HEADERS:
        return _mask_cookies(value, attributes=name.startswith(b"set-"))
    if name in CREDENTIAL_HEADERS:
        scheme, _, rest = value.partition(b" ")
        return scheme + b" " + MASK if rest else MASK
    if value and is_secret(name.decode("latin-1"), value.decode("latin-1")):
        return MASK
    return secrets.mask(mask_named(value))


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


def _value(fields: Fields, name: bytes) -> bytes:
    return next((value for key, value in fields if key.lower() == name), b"")


def _in_base64(form: str) -> Iterator[str]:
    """What stands in Base64, of both alphabets, wherever in a longer text `form` begins."""
    content = form.encode("utf-8", "surrogateescape")
    if len(content) < _LEAST_PACKED:
        return
    for shift in range(3):
        packed = b64encode(b"\0" * shift + content).decode("ascii")
        whole = packed[-(-8 * shift // 6) : 8 * (shift + len(content)) // 6]
        yield from (whole, whole.replace("+", "-").replace("/", "_"))


def _escaped(form: str, characters: str, style: str) -> str:
    """`form` with `characters` as JSON writers escape them that write for a page's scripts."""
    return "".join(style.format(ord(each)) if each in characters else each for each in form)


def _spellings(value: str) -> Iterator[str]:
    plain = unquote(value)
    forms = {value} | ({plain} if plain != value and len(plain) >= _LEAST_KNOWN else set())
    for form in forms:
        yield from (form, html.escape(form))
        for write, safe in ((quote, ""), (quote, "/"), (quote_plus, "")):
            once = write(form, safe=safe, errors="surrogateescape")
            yield from (once, quote(once, safe=""))
        for ascii_only in (True, False):
            escaped = json.dumps(form, ensure_ascii=ascii_only)[1:-1]
            yield from (escaped, escaped.replace("/", "\\/"))
        for characters in ("<>&", "<>&'=", "<>&'+", "<>&'=+", "/", "<>&'=+/"):
            yield from (_escaped(form, characters, style) for style in ("\\u{:04x}", "\\u{:04X}"))
        yield from _in_base64(form)


def _lower_escapes(spelling: bytes) -> bytes:
    """Percent escapes in lower case, as some clients write them."""
    parts = spelling.split(b"%")
    return b"%".join([parts[0], *(part[:2].lower() + part[2:] for part in parts[1:])])
