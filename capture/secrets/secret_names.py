"""Which names say that their value is a secret, and masking such values where they stand.

A strong name (`access_token`, `password`) hides whatever it holds. A weak one (`sid`, `session`) hides
only what looks like a token: `?session=42-1` of a legislature is no secret. A guard (`_csrf`, `nonce`)
is masked where it is sent but never looked for elsewhere: it opens nothing without its cookie, and
every page of many sites carries one. Replacements are asterisks of the same length.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import unquote, unquote_plus

_STRONG = frozenset(
    [
        "accesstoken",
        "accesskey",
        "apikey",
        "apitoken",
        "appsecret",
        "assertion",
        "authkey",
        "authorization",
        "authtoken",
        "bearer",
        "bearertoken",
        "clientassertion",
        "clientsecret",
        "consumersecret",
        "credential",
        "credentials",
        "guesttoken",
        "idtoken",
        "jsessionid",
        "jwt",
        "logintoken",
        "oauthtoken",
        "oauthverifier",
        "passphrase",
        "passwd",
        "password",
        "phpsessid",
        "privatekey",
        "pwd",
        "refreshtoken",
        "samlresponse",
        "secret",
        "securitytoken",
        "sessid",
        "sessionid",
        "sessionkey",
        "sessiontoken",
        "usertoken",
        "aspsessionid",
        "aspnetsessionid",
        "cftoken",
        "currentpassword",
        "newpassword",
    ]
)
_WEAK = frozenset(["auth", "session", "sid", "sess", "ticket", "token"])
_GUARDS = frozenset(
    [
        "csrf",
        "csrftoken",
        "csrfmiddlewaretoken",
        "xsrf",
        "xsrftoken",
        "authenticitytoken",
        "requestverificationtoken",
        "nonce",
        "wpnonce",
        "wprestnonce",
        "formtoken",
        "fbdtsg",
        "lsd",
        "csrfparam",
        "antiforgerytoken",
    ]
)
_LEAST = 16
_TOKEN = re.compile(r"[A-Za-z0-9+/=_.~%:|!$-]+")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")

_PARAMETER = re.compile(rb"(?<=[?&#])([A-Za-z0-9_.\-\[\]%]{1,64})=([^&;#\s\"'<>\\]+)")
_PATH_PARAMETER = re.compile(rb"(?<=;)([A-Za-z0-9_.\-\[\]%]{1,64})=([^&;#?/\s\"'<>\\]+)")  # /page;jsessionid=...
_FIRST_FIELD = re.compile(rb"\A([A-Za-z0-9_.\-\[\]%]{1,64})=([^&;#\s\"'<>\\]+)")
_MEMBER = re.compile(rb"([A-Za-z_$][\w.\-]{0,63})\"\s*:\s*\"((?:[^\"\\]|\\.)+)")
# within a text of JSON: an argument of a GraphQL query, or JSON packed once more
_INNER = re.compile(rb"([A-Za-z_$][\w.\-]{0,63})(?:\\\")?\s*:\s*\\\"((?:[^\"\\]|\\[^\"])+)\\\"")
_PART = re.compile(
    rb"(?i)content-disposition:[^\r\n]*?\bname=\"?([^\";\r\n]+)\"?[^\r\n]*(?:\r\n[^\r\n]+)*\r\n\r\n(.*?)(?=\r\n--)",
    re.DOTALL,
)

_PATTERNS = {
    "parameter": (_PARAMETER, _PATH_PARAMETER),
    "form": (_FIRST_FIELD, _PARAMETER),
    "json": (_MEMBER, _INNER),
    "multipart": (_PART,),
}


def looks_secret(value: str) -> bool:
    """Whether `value` may be a session or a token: long, of a token's letters, with a letter and a digit.

    So `en`, `1`, `accepted`, a date or an address are none.
    """
    return (
        len(value) >= _LEAST
        and _TOKEN.fullmatch(value) is not None
        and any(each.isdigit() for each in value)
        and any(each.isalpha() for each in value)
        and not _DATE.match(value)
        and "://" not in unquote(value)
        and not unquote(value).startswith(("{", "["))
    )


def is_secret(name: str, value: str) -> bool:
    """Whether `name` says that `value` must not be kept where it stands."""
    plain = _plain(name)
    return plain in _STRONG or plain in _GUARDS or (plain in _WEAK and looks_secret(value))


def opens_something(name: str, value: str) -> bool:
    """Whether `value` is a credential, to be looked for wherever it may turn up from now on."""
    plain = _plain(name)
    if "password" in plain or plain in ("passwd", "pwd", "passphrase"):
        return len(value) >= 8
    return plain not in _GUARDS and is_secret(name, value) and looks_secret(value)


def mask_named(text: bytes, kind: str = "parameter") -> bytes:
    """`text` with the values of secret names masked; `kind`: parameter | form | json | multipart."""

    def hide(found: re.Match[bytes]) -> bytes:
        if not is_secret(_text(found[1]), _text(found[2])):
            return found[0]
        start, end = found.start(2) - found.start(), found.end(2) - found.start()
        return found[0][:start] + b"*" * (end - start) + found[0][end:]

    for pattern in _PATTERNS[kind]:
        text = pattern.sub(hide, text)
    return text


def named_values(text: bytes, kind: str = "parameter") -> Iterator[tuple[str, str]]:
    """Names and values as `mask_named` finds them, secret or not; percent escapes of forms taken off."""
    decode: Callable[[str], str] = {"parameter": unquote, "form": unquote_plus}.get(kind, str)
    for pattern in _PATTERNS[kind]:
        for found in pattern.finditer(text):
            yield _text(found[1]), decode(_text(found[2]))


def body_kind(content_type: bytes, body: bytes) -> str | None:
    """How the fields of a request body are written; None where it is no text known here."""
    stated = content_type.partition(b";")[0].strip().lower()
    if stated == b"application/x-www-form-urlencoded":
        return "form"
    if stated.startswith(b"multipart/"):
        return "multipart"
    if stated.endswith((b"json", b"graphql")) or body.lstrip()[:1] in (b"{", b"["):
        return "json"
    return "form" if stated in (b"text/plain", b"") else None


def _plain(name: str) -> str:
    """`X-Api-Key`, `apiKey`, `user[api_key]` and `API.Key` are one name."""
    inner = unquote(name).rstrip("]").rpartition("[")[2]
    letters = re.sub(r"[^a-z0-9]", "", inner.lower())
    return letters[1:] if re.match(r"(?i)x[-_]", inner) else letters


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
