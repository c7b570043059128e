"""From the facts of a visit to its outcome and the reason an officer reads. Pure rules.

When in doubt the answer is not content: a login page filed as a record is worse than a
failure somebody looks into.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from http import HTTPStatus
from urllib.parse import urlsplit

from archiver.core.records import Outcome
from capture.observation import Banner, PageSigns
from capture.proxy.recording import Failure, Refusal, Truncation
from capture.verdict.network_errors import cause_of_failure, cause_of_network_error, explain_network_error
from capture.verdict.outcome_rules import OutcomeRules, Rule, Seen, shipped_rules
from capture.verdict.throttling import reset_moment

_LONGEST_QUOTE = 120

_STATUS_CAUSES = {502: "bad_gateway", 503: "server_unavailable", 504: "timeout"}

_ERRNO = re.compile(r"\[Errno -?\d+\] ?")

_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """How a capture ended, and why; a complete one's reason may be empty.

    `cause` is the finer kind of the outcome (docs/officers.md lists them), "" for a complete one.
    `answered` is False where no server but the proxy itself answered. `retry_after` is when a
    site that throttles wants to be asked again, None where it does not say.
    """

    outcome: Outcome
    cause: str = ""
    reason: str = ""
    answered: bool = True
    retry_after: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class PageFacts:
    """What is known of a visit when it is over, at the moment `at`.

    `chain` is every address the main document was asked for; `status` None where no server
    answered. `file_fetched` says whether a main document that is no page was fetched whole.
    `throttled` lists the page's own parts that the site refused to hand out for now. `anywhere`: the site shows
    the same page at an address that cannot exist. `vouched`: the site's own interface
    knows the page, or a stored login opened it.
    """

    url: str
    final_url: str
    chain: tuple[str, ...]
    status: int | None
    at: datetime
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    is_page: bool = True  # the main document is a page, not a file
    content_type: str = "text/html"
    file_fetched: bool = False
    network_error: str = ""
    signs: PageSigns | None = None
    banner: Banner | None = None
    problems: tuple[str, ...] = ()
    refused: tuple[Refusal, ...] = ()
    truncated: tuple[Truncation, ...] = ()
    failed: tuple[Failure, ...] = ()
    throttled: tuple[str, ...] = ()
    api_problems: tuple[str, ...] = ()
    max_bytes: int = 0
    anywhere: bool = False
    vouched: bool = False


def judge(facts: PageFacts, rules: OutcomeRules | None = None) -> Verdict:
    """The outcome of a visit; what applies first decides. `rules` are the product's own where none are given."""
    rules = rules or shipped_rules()
    for step in (_refused, _unreachable, partial(_by_rules, rules), _status, _file, _empty, _anywhere):
        if verdict := step(facts):
            return verdict
    seen = _seen(facts)
    doubt = None if facts.vouched else rules.doubt(seen)
    reasons = [*([_reason(doubt, facts, seen)] if doubt else []), *_missing(facts)]
    if facts.anywhere:
        reasons.insert(0, "the site shows this page at an address that cannot exist, too")
    if reasons:
        cause = "doubtful" if facts.anywhere else doubt.cause if doubt else "incomplete"
        return Verdict(outcome=Outcome.PARTIAL, cause=cause, reason="; ".join(reasons))
    return Verdict(outcome=Outcome.COMPLETE)


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
                cause="address",
                reason=f"{where}{led}: {refusal.reason}; allow it in `capture.allow_hosts` if it is meant",
                answered=False,
            )
    return None


def _unreachable(facts: PageFacts) -> Verdict | None:
    last = _endpoint(facts.chain[-1])
    if _no_server_answered(facts):
        for failure in _own_failures(facts):
            if _endpoint(failure.url) == last:
                why = _ERRNO.sub("", failure.reason)
                return _unanswered(cause_of_failure(failure.reason), f"{last[0]}: {why}")
    if facts.network_error:
        cause = cause_of_network_error(facts.network_error)
        return _unanswered(cause, f"{last[0]}: {explain_network_error(facts.network_error)}")
    if facts.status is None:
        return _unanswered("no_answer", f"{last[0]}: the server did not answer")
    return None


def _own_failures(facts: PageFacts) -> list[Failure]:
    """What the network failed to bring; not what the browser itself broke off."""
    return [each for each in facts.failed if "client disconnected" not in each.reason.lower()]


def _by_rules(rules: OutcomeRules, facts: PageFacts) -> Verdict | None:
    seen = _seen(facts)
    rule = rules.first(seen)
    if rule is None:
        return None
    later = reset_moment(facts.headers, facts.at) if rule.outcome is Outcome.THROTTLED else None
    reason = _reason(rule, facts, seen, later)
    return Verdict(outcome=rule.outcome, cause=rule.cause, reason=reason, retry_after=later)


def _seen(facts: PageFacts) -> Seen:
    return Seen(
        wanted=facts.url,
        address=facts.final_url,
        status=facts.status,
        headers=facts.headers,
        is_page=facts.is_page,
        signs=facts.signs or PageSigns(),
        banner_share=facts.banner.share if facts.banner and not facts.banner.dismissed else 0.0,
    )


def _reason(rule: Rule, facts: PageFacts, seen: Seen, later: datetime | None = None) -> str:
    told = {
        "status": _status_name(facts.status or 0),
        "address": facts.final_url,
        "title": repr(seen.signs.title),
        "services": f" ({', '.join(seen.signs.challenges)})" if seen.signs.challenges else "",
        "text": _quote(rule.sentence_of(seen) or seen.signs.text),
        "when": f", after {later:%Y-%m-%d %H:%M:%S} UTC" if later else "",
    }
    return re.sub(r"\{(\w+)\}", lambda found: told.get(found[1], found[0]), rule.reason)


def _quote(text: str) -> str:
    return repr(text if len(text) <= _LONGEST_QUOTE else text[:_LONGEST_QUOTE].rsplit(" ", 1)[0] + "…")


def _status(facts: PageFacts) -> Verdict | None:
    status = facts.status or 0
    if status >= 500:
        return _failed(_STATUS_CAUSES.get(status, "site_error"), f"the site answered {_status_name(status)}")
    if status >= 400 or status in (204, 205, 304) or status < 200:
        return _failed("no_page", f"the site answered {_status_name(status)}")
    return None


def _file(facts: PageFacts) -> Verdict | None:
    if facts.is_page:
        return None
    missing = tuple(_missing(facts))
    if missing:
        return Verdict(outcome=Outcome.PARTIAL, cause="incomplete", reason="; ".join(missing))
    if not facts.file_fetched and facts.signs is None:
        return _failed("file_incomplete", "the file could not be fetched whole")
    kind = facts.content_type or "of an unnamed type"
    reason = "" if facts.signs else f"a file ({kind}), kept whole; no screenshot is taken of it"
    return Verdict(outcome=Outcome.COMPLETE, reason=reason)


def _empty(facts: PageFacts) -> Verdict | None:
    if facts.signs is None:
        why = "; ".join(facts.problems) or "the page could not be read"
        return _failed("unreadable", why)
    if facts.signs.text_length < 2 and not facts.signs.media:
        problems = "".join(f"; {each}" for each in facts.problems)
        return _failed("empty_shell", f"the page came empty: no text and no pictures{problems}")
    if facts.signs.bare:
        return _failed("empty_shell", "the page shows what frames every page of the site, and nothing between")
    return None


def _anywhere(facts: PageFacts) -> Verdict | None:
    """A page that stands at any address is not the one that was asked for; a front page may be all there is."""
    if not facts.anywhere or urlsplit(facts.url).path in ("", "/"):
        return None
    told = _quote(facts.signs.text) if facts.signs else "''"
    return _failed("any_address", f"the site shows the same page at an address that cannot exist: {told}")


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
    if facts.throttled:
        yield f"the site held back {len(facts.throttled)} of its own answers for now, the first {facts.throttled[0]}"
    if facts.refused:
        places = ", ".join(sorted({f"{each.host}:{each.port}" for each in facts.refused}))
        yield f"parts of the page lie at refused addresses: {places}"
    yield from facts.api_problems


def _failed(cause: str, reason: str) -> Verdict:
    return Verdict(outcome=Outcome.FAILED, cause=cause, reason=reason)


def _unanswered(cause: str, reason: str) -> Verdict:
    return Verdict(outcome=Outcome.FAILED, cause=cause, reason=reason, answered=False)


def _status_name(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
