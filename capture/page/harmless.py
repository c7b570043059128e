"""Whether a request that a press of ours set off only reads. Pure.

Buttons that show more are told by their words, and words can lie. So while the page answers a
press, what could leave it or change something on the server is stopped: links and forms that
would load another page, and requests that are not plainly questions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from capture.page.wording import read_wording

_READING = frozenset({"GET", "HEAD", "OPTIONS"})

_QUESTIONS = frozenset(
    {"load", "more", "list", "query", "search", "fetch", "get", "next", "browse", "page", "feed", "timeline",
     "pagination", "paginate", "show", "read", "lookup", "find"}
)  # fmt: skip
_ACTS = frozenset(
    {"mutation", "mutate", "update", "insert", "write", "set", "put", "patch", "destroy", "logout", "toggle",
     "change", "moderate"}
)  # fmt: skip
# words that a question may well have in its name: a list of reports, of accounts, of new posts
_COMMON = frozenset({"new", "report", "account", "book", "order", "call", "pin", "connect", "rate", "log", "print"})

_GRAPHQL = re.compile(r"\bgraphql\b|/gql\b", re.IGNORECASE)
_OPERATION = re.compile(r"^\s*(?:#[^\n]*\n\s*)*(query|mutation|subscription|\{|fragment)", re.IGNORECASE)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+")


def only_reads(method: str, url: str, body: str | None = None) -> bool:
    """Whether the request asks and does nothing else, as far as its method, address and body tell.

    `body` is None where there is none or it is not known. A GET is one unless its address names
    an act (`/like`, `?action=delete`); a POST only where it is plainly a question: a GraphQL
    query, or an address or action that says so.
    """
    named = set(_words_of_address(url))
    if named & (_acts() - _COMMON):
        return False
    if method.upper() in _READING:
        return True
    if method.upper() != "POST":
        return False
    try:
        path = urlsplit(url).path
    except ValueError:
        return False
    if _GRAPHQL.search(path):
        return _asks_only(body)
    form = _form(body)
    said = set(_words(" ".join(value for name, value in form if name in ("action", "task", "do", "op"))))
    if said & _acts():
        return False
    last = set(_words(unquote(path.rstrip("/").rpartition("/")[2])))
    return bool((said | last) & _QUESTIONS) and not last & _acts()


def _acts() -> frozenset[str]:
    return read_wording().never | _ACTS


def _words(text: str) -> Iterator[str]:
    return (word.lower() for word in _WORD.findall(text))


def _words_of_address(url: str) -> Iterator[str]:
    try:
        parts = urlsplit(url)
        asked = parse_qsl(parts.query)
    except ValueError:
        return
    for segment in parts.path.split("/"):
        if len(segment) < 40 and segment.count("-") < 3:  # not a headline's slug
            yield from _words(unquote(segment))
    for name, value in asked:
        if name.lower() in ("action", "do", "op", "task", "method", "cmd"):
            yield from _words(value)


def _asks_only(body: str | None) -> bool:
    """Whether a GraphQL request's operations are all queries; a persisted one is judged by its name."""
    if not body:
        return False
    try:
        stated: Any = json.loads(body)
    except (ValueError, RecursionError):
        stated = dict(_form(body))
    operations = stated if isinstance(stated, list) else [stated]
    return bool(operations) and all(isinstance(each, dict) and _is_query(each) for each in operations)


def _is_query(operation: dict[str, Any]) -> bool:
    text = operation.get("query")
    name = str(operation.get("operationName") or operation.get("fb_api_req_friendly_name") or "")
    words = set(_words(name))
    if words & (_acts() - _COMMON):
        return False
    if isinstance(text, str) and text.strip():
        found = _OPERATION.match(text)
        return bool(found) and "mutation" not in text.lower()
    return bool(words & (_QUESTIONS | {"comments", "replies", "thread", "conversation"}))


def _form(body: str | None) -> list[tuple[str, str]]:
    if not body or body.lstrip().startswith(("{", "[", "<")):
        return []
    try:
        return parse_qsl(body)
    except ValueError:
        return []
