"""Sites, canonical addresses, and what is the same place."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from capture.extraction.addresses import absolute, canonical_url, normal_url, origin_of, same_place, site_of


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://Town.Example/x", "town.example"),
        ("https://town.example:443/", "town.example"),
        ("http://127.0.0.1:28181/", "127.0.0.1:28181"),
        ("https://user:secret@town.example:8443/", "town.example:8443"),
        ("http://[::1]:8080/", "[::1]:8080"),
        ("urn:dom:x", ""),
        ("http://town.example:99999/", ""),
    ],
)
def test_a_site_is_a_host_with_a_port_where_it_is_not_the_scheme_s_own(url: str, site: str) -> None:
    assert site_of(url) == site


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("https://Town.example?utm_source=a&id=3&fbclid=b#top", "https://town.example/?id=3"),
        ("https://town.example/a?x=%E0%A6%AA+b", "https://town.example/a?x=%E0%A6%AA+b"),
        ("https://me:pw@town.example/a", "https://town.example/a"),
        ("https://town.example/#!/post/1", "https://town.example/#!/post/1"),
    ],
)
def test_tracking_fragments_and_log_in_data_are_left_out(url: str, normal: str) -> None:
    assert normal_url(url) == normal


@pytest.mark.parametrize(
    ("stated", "canonical"),
    [
        ("", "https://town.example/news/1"),
        ("/news/one?utm_medium=x", "https://town.example/news/one"),
        ("https://elsewhere.example/news/1", "https://town.example/news/1"),
        ("https://town.example/", "https://town.example/news/1"),  # a template's mistake
        ("http://[broken", "https://town.example/news/1"),
        ("javascript:alert(1)", "https://town.example/news/1"),
    ],
)
def test_a_stated_canonical_address_is_believed_within_its_site(stated: str, canonical: str) -> None:
    assert canonical_url(stated, "https://town.example/news/1#c5") == canonical


def test_the_same_place_has_several_addresses() -> None:
    assert same_place("http://town.example/a/", "https://town.example:443/a?utm_campaign=x#c1") is True
    assert same_place("https://town.example/a", "https://town.example/b") is False
    assert same_place("https://town.example/a?p=1", "https://town.example/a?p=2") is False
    assert same_place("", "") is False


def test_an_origin_is_scheme_host_and_port() -> None:
    assert origin_of("https://town.example/a") == origin_of("https://TOWN.example:443/b")
    assert origin_of("http://town.example/") != origin_of("https://town.example/")
    assert origin_of("mailto:a@town.example") is None


def test_what_is_no_web_address_is_none() -> None:
    assert absolute("/x", "https://town.example/a") == "https://town.example/x"
    assert absolute("mailto:a@b.example", "https://town.example/a") == ""
    assert absolute(" ", "https://town.example/a") == ""


@example("0\x85#0", "")
@example("0 #0", "")
@example("?a=1\u2003#0", "")
@given(st.text(max_size=60), st.text(max_size=60))
def test_no_text_is_too_strange_an_address(one: str, other: str) -> None:
    url = absolute(one, f"https://town.example/{other}")
    assert url == "" or origin_of(url) is not None
    assert normal_url(canonical_url(one, "https://town.example/a")) == canonical_url(one, "https://town.example/a")
    assert same_place(one, other) in (True, False)
