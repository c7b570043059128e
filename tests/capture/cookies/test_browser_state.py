"""What of a browser's state is a login, how long it lasts, what is secret of it, and how captures renew it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.cookies.browser_state import (
    BrowserState,
    Cookie,
    earliest_expiry,
    has_expired,
    login_ended,
    lost_cookies,
    merge,
    read_state,
    secret_values,
    write_state,
)

NOW = datetime(2026, 11, 21, 7, 45, tzinfo=UTC)


def cookie(
    name: str = "sid", value: str = "0123456789abcdef", days: int | None = None, *, hidden: bool = True
) -> Cookie:
    expires = None if days is None else NOW + timedelta(days=days)
    return Cookie(name=name, value=value, domain=".town.example", expires=expires, http_only=hidden)


def state(*cookies: Cookie, stored: Sequence[tuple[str, str]] = ()) -> BrowserState:
    local = [{"name": name, "value": value} for name, value in stored]
    origins = ({"origin": "https://town.example", "localStorage": local},) if local else ()
    return BrowserState(cookies=cookies, origins=origins)


names = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=8)
cookies = st.builds(
    Cookie,
    name=names,
    domain=st.sampled_from([".town.example", "www.town.example"]),
    value=st.text(max_size=20),
    expires=st.none() | st.integers(1, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    http_only=st.booleans(),
    secure=st.booleans(),
    same_site=st.sampled_from(["Strict", "Lax", "None"]),
)
states = st.lists(cookies, max_size=6, unique_by=lambda each: each.identity).map(
    lambda found: BrowserState(cookies=tuple(sorted(found, key=lambda each: each.identity)))
)


@given(states)
def test_a_state_comes_back_as_it_was_written(one: BrowserState) -> None:
    assert read_state(write_state(one)) == one


def test_stored_values_come_back_in_every_script() -> None:
    one = state(cookie(), stored=[("भाषा", "پانی 💧 é"), ("token", "ড়")])
    assert read_state(write_state(one)) == state(cookie(), stored=[("token", "ড়"), ("भाषा", "پانی 💧 é")])


def test_the_cookies_that_matter_are_those_no_script_may_read() -> None:
    one = state(cookie(days=30), cookie("_ga", days=1, hidden=False), cookie("__cf_bm", days=0))
    assert earliest_expiry(one) == NOW + timedelta(days=30)


def test_where_scripts_may_read_all_every_cookie_matters() -> None:
    assert earliest_expiry(
        state(cookie(days=30, hidden=False), cookie("lang", days=9, hidden=False))
    ) == NOW + timedelta(9)


def test_cookies_that_end_with_the_browser_tell_no_expiry() -> None:
    assert earliest_expiry(state(cookie())) is None
    assert not has_expired(state(cookie()), NOW + timedelta(days=9999))


def test_a_login_has_expired_when_all_of_it_has() -> None:
    one = state(cookie(days=1), cookie("remember", days=30))
    assert not has_expired(one, NOW + timedelta(days=2))
    assert has_expired(one, NOW + timedelta(days=30))


def test_a_login_ended_when_the_site_took_all_of_it_back() -> None:
    before = state(cookie(days=1), cookie("remember", days=30))
    assert login_ended(before, state(cookie("lang", hidden=False)), NOW)
    assert not login_ended(before, state(cookie(days=1)), NOW)
    assert lost_cookies(before, state(cookie(days=1)), NOW) == ("remember",)
    assert not login_ended(before, before, NOW)


def test_a_login_that_got_another_name_or_ran_out_by_itself_has_not_been_ended() -> None:
    assert not login_ended(state(cookie(days=1)), state(cookie("sid2")), NOW)
    assert not login_ended(state(cookie(days=1)), state(), NOW + timedelta(days=2))


@given(states)
def test_a_capture_that_changed_nothing_keeps_what_is_stored(one: BrowserState) -> None:
    assert merge(one, one, one) == one


def test_two_captures_of_one_site_at_once_each_keep_what_they_renewed() -> None:
    base = state(cookie("a", "1"), cookie("b", "1"))
    first = merge(base, state(cookie("a", "2"), cookie("b", "1")), base)
    both = merge(base, state(cookie("a", "1"), cookie("b", "2"), cookie("c", "1")), first)
    assert [(each.name, each.value) for each in both.cookies] == [("a", "2"), ("b", "2"), ("c", "1")]


def test_stored_values_are_renewed_too() -> None:
    base, after = state(stored=[("token", "1")]), state(stored=[("token", "2")])
    assert merge(base, after, base) == after
    assert merge(base, base, after) == after


@pytest.mark.parametrize("value", ["0123456789abcdef", "short-but-hidden", "পানীপানীপানী"])
def test_a_hidden_cookie_s_value_is_secret(value: str) -> None:
    assert value in secret_values(state(cookie(value=value)))


@pytest.mark.parametrize("value", ["1", "true", "en-IN", "100064860875397", "two words here"])
def test_what_cannot_be_told_from_the_page_s_own_text_is_not_masked(value: str) -> None:
    assert secret_values(state(cookie(value=value))) == ()


@pytest.mark.parametrize("value", ["accepted", "https://town.example/2026/11/21/page", "rivermouth_theme_dark"])
def test_a_setting_of_the_page_s_is_not_masked(value: str) -> None:
    assert secret_values(state(cookie(value=value, hidden=False), stored=[("theme", value)])) == ()


def test_tokens_within_stored_values_are_secret_however_deep() -> None:
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln"
    inner = json.dumps({"user": {"name": "Press office", "refresh": token}})
    assert secret_values(state(stored=[("auth", inner)])) == (token,)


def test_a_value_is_secret_with_and_without_its_percent_escapes() -> None:
    found = secret_values(state(cookie(value="office%7C1798761600%7Cab12")))
    assert found == ("office%7C1798761600%7Cab12", "office|1798761600|ab12")
