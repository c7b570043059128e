"""From the facts of a visit to its outcome."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.core.records import Outcome
from capture.observation import PageSigns
from capture.proxy.recorded import Failure, Refusal, Truncation
from capture.verdict.network_errors import explain_network_error
from capture.verdict.outcomes import PageFacts, Verdict, judge

URL = "https://town.example/notices/7"
MOMENT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
CONTENT = PageSigns(title="Notice 7", text_length=2400, main_length=2400, media=1)


def facts(**changed: Any) -> PageFacts:
    known: dict[str, Any] = {
        "url": URL,
        "final_url": URL,
        "chain": (URL,),
        "status": 200,
        "at": MOMENT,
        "signs": CONTENT,
    }
    return PageFacts(**(known | changed))


def test_a_page_with_everything_is_complete_and_needs_no_reason() -> None:
    assert judge(facts()) == Verdict(outcome=Outcome.COMPLETE)


@pytest.mark.parametrize(
    ("status", "headers", "outcome", "cause", "reason"),
    [
        (401, {}, Outcome.LOGIN_WALL, "unauthorized", "the site answered 401 Unauthorized"),
        (403, {}, Outcome.LOGIN_WALL, "forbidden", "the site answered 403 Forbidden"),
        (404, {}, Outcome.FAILED, "not_found", "the site answered 404 Not Found"),
        (410, {}, Outcome.FAILED, "gone", "the site answered 410 Gone"),
        (
            451,
            {},
            Outcome.FAILED,
            "geo_block",
            "the site answered 451 Unavailable For Legal Reasons: it withholds the page for legal reasons, "
            "often by country",
        ),
        (
            429,
            {},
            Outcome.THROTTLED,
            "rate_limit",
            "the site answered 429 Too Many Requests and asks to come back later",
        ),
        (
            429,
            {"retry-after": "90"},
            Outcome.THROTTLED,
            "rate_limit",
            "the site answered 429 Too Many Requests and asks to come back later, after 2026-11-21 09:01:30 UTC",
        ),
        (
            503,
            {"retry-after": "Sat, 21 Nov 2026 10:00:00 GMT"},
            Outcome.THROTTLED,
            "unavailable",
            "the site answered 503 Service Unavailable and asks to come back later, after 2026-11-21 10:00:00 UTC",
        ),
        (
            403,
            {"x-ratelimit-remaining": "0"},
            Outcome.THROTTLED,
            "rate_limit",
            "the site answered 403 Forbidden and asks to come back later",
        ),
        (503, {}, Outcome.FAILED, "server_unavailable", "the site answered 503 Service Unavailable"),
        (502, {}, Outcome.FAILED, "bad_gateway", "the site answered 502 Bad Gateway"),
        (500, {}, Outcome.FAILED, "site_error", "the site answered 500 Internal Server Error"),
        (599, {}, Outcome.FAILED, "site_error", "the site answered 599"),
        (204, {}, Outcome.FAILED, "no_page", "the site answered 204 No Content"),
    ],
)
def test_a_status_that_is_no_page_is_told_by_its_name(
    status: int, headers: dict[str, str], outcome: Outcome, cause: str, reason: str
) -> None:
    verdict = judge(facts(status=status, headers=headers))
    assert (verdict.outcome, verdict.cause, verdict.reason) == (outcome, cause, reason)


def test_when_a_throttling_site_wants_to_be_asked_again_is_kept_as_a_moment() -> None:
    assert judge(facts(status=429, headers={"retry-after": "3600"})).retry_after == MOMENT + timedelta(hours=1)
    assert judge(facts(status=429)).retry_after is None


@pytest.mark.parametrize(
    ("error", "cause", "words"),
    [
        ("net::ERR_NAME_NOT_RESOLVED", "dns", "no address is known for the host name"),
        ("net::ERR_CONNECTION_REFUSED", "connection_refused", "the server refused the connection"),
        ("net::ERR_CONNECTION_RESET", "connection_reset", "the server broke off the connection"),
        ("net::ERR_TIMED_OUT", "timeout", "the server did not answer in time"),
        ("net::ERR_TOO_MANY_REDIRECTS", "redirect_loop", "the site redirected in a circle"),
        (
            "net::ERR_CERT_DATE_INVALID",
            "certificate",
            "the server's certificate is not valid (ERR_CERT_DATE_INVALID)",
        ),
        ("net::ERR_WHATEVER", "unreachable", "the browser could not load it (ERR_WHATEVER)"),
    ],
)
def test_a_network_error_is_told_in_plain_words(error: str, cause: str, words: str) -> None:
    assert explain_network_error(error) == words
    assert judge(facts(status=None, network_error=error, signs=None)) == Verdict(
        outcome=Outcome.FAILED, cause=cause, reason=f"town.example: {words}", answered=False
    )


def test_no_answer_and_no_error_is_a_failure_too() -> None:
    assert judge(facts(status=None, signs=None)).reason == "town.example: the server did not answer"


def test_the_proxys_reason_comes_before_the_browsers() -> None:
    verdict = judge(
        facts(
            status=502,
            failed=(Failure(url=URL, reason="[Errno -2] Name or service not known"),),
        )
    )
    assert verdict == Verdict(
        outcome=Outcome.FAILED, cause="dns", reason="town.example: Name or service not known", answered=False
    )


def test_what_the_browser_broke_off_itself_is_no_failure_of_the_site() -> None:
    gone = Failure(url=URL, reason="Client disconnected.")
    assert judge(facts(failed=(gone,))).outcome is Outcome.COMPLETE
    assert (
        judge(facts(status=None, signs=None, network_error="net::ERR_TIMED_OUT", failed=(gone,))).reason
        == "town.example: the server did not answer in time"
    )


def test_a_refused_address_is_refused_and_says_how_to_allow_it() -> None:
    refusal = Refusal(host="town.example", port=443, reason="10.0.0.7 is a private address")
    assert judge(facts(status=None, signs=None, refused=(refusal,))) == Verdict(
        outcome=Outcome.REFUSED,
        cause="address",
        reason="town.example:443: 10.0.0.7 is a private address; allow it in `capture.allow_hosts` if it is meant",
        answered=False,
    )


def test_a_redirect_to_a_refused_address_names_both() -> None:
    inner = "http://127.0.0.1:9200/secret"
    verdict = judge(
        facts(
            final_url=inner,
            chain=(URL, inner),
            status=502,
            refused=(Refusal(host="127.0.0.1", port=9200, reason="127.0.0.1 is a loopback address"),),
        )
    )
    assert verdict.outcome is Outcome.REFUSED
    assert f"127.0.0.1:9200, where {URL} redirects to" in verdict.reason


def test_parts_at_refused_addresses_make_a_page_partial() -> None:
    refusal = Refusal(host="intranet.example", port=80, reason="10.0.0.7 is a private address")
    assert judge(facts(refused=(refusal,))) == Verdict(
        outcome=Outcome.PARTIAL,
        cause="incomplete",
        reason="parts of the page lie at refused addresses: intranet.example:80",
    )


@pytest.mark.parametrize(
    "final",
    [
        "https://town.example/login?next=%2Fnotices%2F7",
        "https://town.example/wp-login.php",
        "https://accounts.example/signin/v2",
        "https://town.example/users/sign_in",
        "https://social.example/i/flow/login",
    ],
)
def test_a_redirect_to_a_login_page_is_a_login_wall(final: str) -> None:
    verdict = judge(facts(final_url=final, chain=(URL, final)))
    assert verdict == Verdict(
        outcome=Outcome.LOGIN_WALL, cause="login_page", reason=f"the site redirected to its login page {final}"
    )


def test_a_page_about_logins_is_content() -> None:
    url = "https://town.example/how-to-login-to-the-portal"
    assert judge(facts(url=url, final_url=url, chain=(url,))).outcome is Outcome.COMPLETE


@pytest.mark.parametrize(
    "signs",
    [
        PageSigns(text_length=80, password_fields=1, password_share=0.1),
        PageSigns(text_length=9000, password_fields=1, password_share=0.6),
    ],
    ids=["nothing else to read", "laid over the text"],
)
def test_a_dominating_password_form_is_a_login_wall(signs: PageSigns) -> None:
    assert judge(facts(signs=signs)).outcome is Outcome.LOGIN_WALL


def test_a_login_that_asks_for_the_name_first_is_a_login_wall() -> None:
    verdict = judge(facts(signs=PageSigns(title="Log in to SomeSite", text_length=40)))
    assert verdict == Verdict(
        outcome=Outcome.LOGIN_WALL,
        cause="login_page",
        reason="the page is a login page, its title is 'Log in to SomeSite'",
    )
    assert judge(facts(signs=PageSigns(title="Logins stolen", text_length=40))).outcome is Outcome.COMPLETE


def test_a_login_box_in_the_margin_of_a_long_page_is_not() -> None:
    signs = PageSigns(text_length=9000, password_fields=1, password_share=0.05)
    assert judge(facts(signs=signs)).outcome is Outcome.COMPLETE


@pytest.mark.parametrize(
    "changed",
    [
        {"headers": {"cf-mitigated": "challenge"}, "status": 403},
        {"signs": PageSigns(title="Just a moment...", text_length=90)},
        {"signs": PageSigns(title="Town", text_length=40, challenges=("hCaptcha",))},
        {"signs": PageSigns(title="Town", text_length=4000, challenges=("DataDome",)), "status": 403},
    ],
)
def test_a_challenge_is_told_from_a_login_wall(changed: dict[str, Any]) -> None:
    assert judge(facts(**changed)).outcome is Outcome.CHALLENGE


def test_a_captcha_beside_a_comment_form_is_no_challenge() -> None:
    signs = PageSigns(title="Notice", text_length=4000, challenges=("reCAPTCHA",))
    assert judge(facts(signs=signs)).outcome is Outcome.COMPLETE


def test_an_empty_shell_is_a_failure() -> None:
    assert judge(facts(signs=PageSigns())) == Verdict(
        outcome=Outcome.FAILED, cause="empty_shell", reason="the page came empty: no text and no pictures"
    )


def test_a_page_of_one_picture_is_not_empty() -> None:
    assert judge(facts(signs=PageSigns(media=1))).outcome is Outcome.COMPLETE


def test_a_page_that_could_not_be_read_fails_with_its_problems() -> None:
    assert judge(facts(signs=None, problems=("it did not answer in time",))) == Verdict(
        outcome=Outcome.FAILED, cause="unreadable", reason="it did not answer in time"
    )


def test_a_cut_page_is_partial_and_names_the_limit() -> None:
    cut = Truncation(url="https://town.example/film.mp4", reason="length")
    assert judge(facts(truncated=(cut,), max_bytes=500_000_000)) == Verdict(
        outcome=Outcome.PARTIAL, cause="incomplete", reason="1 answer was cut at the capture's limit of 500 MB"
    )


def test_a_stream_that_never_ends_does_not_make_a_page_partial() -> None:
    stream = Truncation(url="https://town.example/events", reason="time")
    assert judge(facts(truncated=(stream,))).outcome is Outcome.COMPLETE


def test_a_broken_off_document_makes_it_partial() -> None:
    broken = Truncation(url=URL, reason="disconnect")
    assert judge(facts(truncated=(broken,))).outcome is Outcome.PARTIAL


def test_the_sites_own_missing_answers_count_and_other_sites_do_not() -> None:
    own = Failure(url="https://town.example/photo.jpg", reason="the server reset the connection")
    other = Failure(url="https://ads.example/pixel.gif", reason="no such host")
    assert judge(facts(failed=(other,))).outcome is Outcome.COMPLETE
    assert judge(facts(failed=(own, other))) == Verdict(
        outcome=Outcome.PARTIAL,
        cause="incomplete",
        reason="1 of the site's own answers did not come, the first https://town.example/photo.jpg: "
        "the server reset the connection",
    )


def test_problems_of_the_interface_make_it_partial() -> None:
    assert judge(facts(api_problems=("page 2 of the comments answered 500",))) == Verdict(
        outcome=Outcome.PARTIAL, cause="incomplete", reason="page 2 of the comments answered 500"
    )


def test_a_file_fetched_whole_is_complete_though_the_browser_let_go_of_it() -> None:
    verdict = judge(
        facts(
            is_page=False,
            content_type="application/pdf",
            signs=None,
            file_fetched=True,
            truncated=(Truncation(url=URL, reason="disconnect"),),
        )
    )
    assert verdict == Verdict(
        outcome=Outcome.COMPLETE,
        reason="a file (application/pdf), kept whole; no screenshot is taken of it",
    )


def test_a_file_that_did_not_come_whole_is_a_failure() -> None:
    verdict = judge(facts(is_page=False, content_type="application/pdf", signs=None))
    assert verdict == Verdict(
        outcome=Outcome.FAILED, cause="file_incomplete", reason="the file could not be fetched whole"
    )


def test_a_file_behind_a_login_is_a_login_wall() -> None:
    assert judge(facts(is_page=False, status=403, signs=None)).outcome is Outcome.LOGIN_WALL


statuses = st.one_of(st.none(), st.integers(100, 599))
texts = st.text(max_size=30)


@given(
    status=statuses,
    error=st.sampled_from(["", "net::ERR_FAILED"]),
    final=st.sampled_from([URL, "https://town.example/login", "https://town.example:99999/", "about:blank"]),
    title=texts,
    length=st.integers(0, 5000),
    passwords=st.integers(0, 2),
    problems=st.lists(texts.filter(bool), max_size=2),
)
def test_content_is_never_filed_without_a_successful_answer_and_every_other_outcome_has_a_reason(
    status: int | None, error: str, final: str, title: str, length: int, passwords: int, problems: list[str]
) -> None:
    signs = PageSigns(title=title, text_length=length, password_fields=passwords)
    verdict = judge(
        facts(
            status=status,
            network_error=error,
            final_url=final,
            chain=(URL, final),
            signs=signs,
            problems=tuple(problems),
        )
    )
    if verdict.outcome.files_content:
        assert status is not None
        assert 200 <= status < 400
        assert not error
        assert "login" not in final
    if verdict.outcome is not Outcome.COMPLETE:
        assert verdict.reason
        assert verdict.cause
