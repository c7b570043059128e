"""From the facts of a visit to its outcome and the reason an officer reads. Pure rules.

When in doubt the answer is not content: a login page filed as a record is worse than a
failure somebody looks into.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlsplit

from archiver.core.records import Outcome
from capture.observation import PageSigns
from capture.recording import Failure, Refusal, Truncation

_SHORT_TEXT = 600
"""Characters: a page with less to read than this and a login form or challenge is nothing else."""

_DOMINANT_SHARE = 0.4

_LOGIN_PATH = re.compile(
    r"/(?:wp-login\.php|log-?in|sign-?in|accounts?/login|users?/sign_in|session/new|auth(?:enticate)?|sso|oauth2?"
    r"|checkpoint|uas/login|i/flow/login)(?:/|\.\w+|$)",
    re.IGNORECASE,
)

_LOGIN_TITLE = re.compile(r"\s*(?:log ?in|sign ?in|log on|login required|se connecter|connexion)\b", re.IGNORECASE)

_CHALLENGE_TITLE = re.compile(
    r"just a moment|attention required|are you (?:a )?(?:human|robot)|verify (?:that )?you are (?:a )?human"
    r"|human verification|security check|access denied.*bot|un instant|vérification de sécurité",
    re.IGNORECASE,
)

# https://source.chromium.org/chromium/chromium/src/+/main:net/base/net_error_list.h
_NETWORK_ERRORS = {
    "ERR_NAME_NOT_RESOLVED": "no address is known for the host name",
    "ERR_CONNECTION_REFUSED": "the server refused the connection",
    "ERR_CONNECTION_RESET": "the server broke off the connection",
    "ERR_CONNECTION_CLOSED": "the server closed the connection without an answer",
    "ERR_CONNECTION_TIMED_OUT": "the server could not be reached in time",
    "ERR_TIMED_OUT": "the server did not answer in time",
    "ERR_EMPTY_RESPONSE": "the server closed the connection without an answer",
    "ERR_ADDRESS_UNREACHABLE": "the server cannot be reached from here",
    "ERR_INTERNET_DISCONNECTED": "this machine has no network",
    "ERR_TOO_MANY_REDIRECTS": "the site redirected in a circle",
    "ERR_TUNNEL_CONNECTION_FAILED": "the server could not be reached",
    "ERR_ABORTED": "the site sent a download or an answer without a page",
    "ERR_INVALID_URL": "the address is not a valid URL",
    "ERR_UNSAFE_PORT": "browsers do not open that port",
    "ERR_INVALID_RESPONSE": "the server's answer is not valid HTTP",
    "ERR_CONTENT_LENGTH_MISMATCH": "the server broke off its answer",
    "ERR_INCOMPLETE_CHUNKED_ENCODING": "the server broke off its answer",
    "ERR_HTTP2_PROTOCOL_ERROR": "the server's answer is not valid HTTP/2",
}

_ERRNO = re.compile(r"\[Errno -?\d+\] ?")

_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """How a capture ended, and why; a complete one's reason may be empty.

    `answered` is False where no server but the proxy itself answered.
    """

    outcome: Outcome
    reason: str = ""
    answered: bool = True


@dataclass(frozen=True, kw_only=True)
class PageFacts:
    """What is known of a visit when it is over.

    `chain` is every address the main document was asked for; `status` None where no server
    answered. `file_fetched` says whether a main document that is no page was fetched whole.
    """

    url: str
    final_url: str
    chain: tuple[str, ...]
    status: int | None
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    is_page: bool = True  # the main document is a page, not a file
    content_type: str = "text/html"
    file_fetched: bool = False
    network_error: str = ""
    signs: PageSigns | None = None
    problems: tuple[str, ...] = ()
    refused: tuple[Refusal, ...] = ()
    truncated: tuple[Truncation, ...] = ()
    failed: tuple[Failure, ...] = ()
    api_problems: tuple[str, ...] = ()
    max_bytes: int = 0


def judge(facts: PageFacts) -> Verdict:
    """The outcome of a visit; the first rule that applies decides."""
    for rule in (_refused, _unreachable, _challenge, _login_wall, _status, _file, _empty):
        if verdict := rule(facts):
            return verdict
    missing = tuple(_missing(facts))
    if missing:
        return Verdict(outcome=Outcome.PARTIAL, reason="; ".join(missing))
    return Verdict(outcome=Outcome.COMPLETE)


def explain_network_error(name: str) -> str:
    """Chromium's `net::ERR_...` in plain words."""
    short = name.removeprefix("net::")
    if short in _NETWORK_ERRORS:
        return _NETWORK_ERRORS[short]
    if "CERT" in short or "SSL" in short:
        return f"the server's certificate is not valid ({short})"
    return f"the browser could not load it ({short})"


def _endpoint(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = None
    return (parts.hostname or "").lower(), port or _DEFAULT_PORTS.get(parts.scheme, 0)


def _no_server_answered(facts: PageFacts) -> bool:
    """Whether the last hop has no answer but the proxy's own, which is 502."""
    return facts.status is None or facts.status == HTTPStatus.BAD_GATEWAY or bool(facts.network_error)


def _refused(facts: PageFacts) -> Verdict | None:
    last = _endpoint(facts.chain[-1])
    for refusal in facts.refused:
        if _no_server_answered(facts) and (refusal.host.lower(), refusal.port) == last:
            where = f"{refusal.host}:{refusal.port}"
            led = "" if _endpoint(facts.url) == last else f", where {facts.url} redirects to"
            return Verdict(
                outcome=Outcome.REFUSED,
                reason=f"{where}{led}: {refusal.reason}; allow it in `capture.allow_hosts` if it is meant",
                answered=False,
            )
    return None


def _unreachable(facts: PageFacts) -> Verdict | None:
    last = _endpoint(facts.chain[-1])
    if _no_server_answered(facts):
        for failure in _own_failures(facts):
            if _endpoint(failure.url) == last:
                return _unanswered(f"{last[0]}: {_ERRNO.sub('', failure.reason)}")
    if facts.network_error:
        return _unanswered(f"{last[0]}: {explain_network_error(facts.network_error)}")
    if facts.status is None:
        return _unanswered(f"{last[0]}: the server did not answer")
    return None


def _own_failures(facts: PageFacts) -> list[Failure]:
    """What the network failed to bring; not what the browser itself broke off."""
    return [each for each in facts.failed if "client disconnected" not in each.reason.lower()]


def _challenge(facts: PageFacts) -> Verdict | None:
    signs = facts.signs or PageSigns()
    told = facts.headers.get("cf-mitigated", "").lower() == "challenge"
    barred = facts.status in (401, 403, 405, 429, 503)
    short = signs.text_length < _SHORT_TEXT
    titled = bool(_CHALLENGE_TITLE.search(signs.title)) and (short or barred)
    if told or titled or (signs.challenges and (short or barred)):
        service = f" ({', '.join(signs.challenges)})" if signs.challenges else ""
        return Verdict(outcome=Outcome.CHALLENGE, reason=f"the site asked to prove that a person is looking{service}")
    return None


def _login_wall(facts: PageFacts) -> Verdict | None:
    if facts.status in (401, 403):
        return Verdict(outcome=Outcome.LOGIN_WALL, reason=f"the site answered {_status_name(facts.status)}")
    if not facts.is_page or (facts.status or 0) >= 400:
        return None
    signs = facts.signs or PageSigns()
    wanted, got = urlsplit(facts.url), urlsplit(facts.final_url)
    if _LOGIN_PATH.search(got.path) and (got.netloc, got.path) != (wanted.netloc, wanted.path):
        return Verdict(outcome=Outcome.LOGIN_WALL, reason=f"the site redirected to its login page {facts.final_url}")
    if signs.password_fields and (signs.text_length < _SHORT_TEXT or signs.password_share >= _DOMINANT_SHARE):
        return Verdict(outcome=Outcome.LOGIN_WALL, reason="the page asks for a password before it shows anything")
    if signs.text_length < _SHORT_TEXT and _LOGIN_TITLE.match(signs.title):
        return Verdict(outcome=Outcome.LOGIN_WALL, reason=f"the page is a login page, its title is {signs.title!r}")
    return None


def _status(facts: PageFacts) -> Verdict | None:
    status = facts.status or 0
    if status == 429 or (status == 503 and "retry-after" in facts.headers):
        later = facts.headers.get("retry-after", "").strip()
        when = f", in {later} s" if later.isdigit() else f", after {later}" if later else ""
        return Verdict(
            outcome=Outcome.THROTTLED,
            reason=f"the site answered {_status_name(status)} and asks to come back later{when}",
        )
    if status >= 400 or status in (204, 205, 304) or status < 200:
        return _failed(f"the site answered {_status_name(status)}")
    return None


def _file(facts: PageFacts) -> Verdict | None:
    if facts.is_page:
        return None
    missing = tuple(_missing(facts))
    if missing:
        return Verdict(outcome=Outcome.PARTIAL, reason="; ".join(missing))
    if not facts.file_fetched and facts.signs is None:
        return _failed("the file could not be fetched whole")
    kind = facts.content_type or "of an unnamed type"
    reason = "" if facts.signs else f"a file ({kind}), kept whole; no screenshot is taken of it"
    return Verdict(outcome=Outcome.COMPLETE, reason=reason)


def _empty(facts: PageFacts) -> Verdict | None:
    if facts.signs is None:
        why = "; ".join(facts.problems) or "the page could not be read"
        return _failed(why)
    if facts.signs.text_length < 2 and not facts.signs.media:
        return _failed("the page came empty: no text and no pictures" + "".join(f"; {each}" for each in facts.problems))
    return None


def _missing(facts: PageFacts) -> Iterator[str]:
    """What a content page lacks; other sites' failures (advertising, counters) are not the page's."""
    yield from facts.problems
    cut = [each for each in facts.truncated if each.reason == "length"]
    main = set() if facts.file_fetched else {*facts.chain, facts.final_url}
    if cut:
        size = facts.max_bytes / 1e6
        limit = (f" of {size:,.0f} MB" if size >= 1 else f" of {1e3 * size:,.0f} kB") if size else ""
        were = "answer was" if len(cut) == 1 else "answers were"
        yield f"{len(cut)} {were} cut at the capture's limit{limit}"
    if any(each.url in main and each.reason != "length" for each in facts.truncated):
        yield "the server broke off the page's own document"
    host = _endpoint(facts.final_url)
    own = [each for each in _own_failures(facts) if _endpoint(each.url) == host]
    if own:
        yield f"{len(own)} of the site's own answers did not come, the first {own[0].url}: {own[0].reason}"
    if facts.refused:
        places = ", ".join(sorted({f"{each.host}:{each.port}" for each in facts.refused}))
        yield f"parts of the page lie at refused addresses: {places}"
    yield from facts.api_problems


def _failed(reason: str) -> Verdict:
    return Verdict(outcome=Outcome.FAILED, reason=reason)


def _unanswered(reason: str) -> Verdict:
    return Verdict(outcome=Outcome.FAILED, reason=reason, answered=False)


def _status_name(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
