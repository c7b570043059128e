"""Names say what is secret; the same characters under another name are let be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.secrets.secret_names import body_kind, is_secret, looks_secret, mask_named, named_values, opens_something

TOKEN = "a1B2c3D4e5F6g7H8"


@pytest.mark.parametrize(
    ("value", "secret"),
    [
        (TOKEN, True),
        ("eyJhbGciOi.eyJzdWIiOiI3In0.h8Kq", True),
        ("en", False),
        ("1", False),
        ("accepted-all-of-them", False),
        ("100004123456789012345", False),
        ("2026-11-25T09:00:00.000Z", False),
        ("https%3A%2F%2Ftown.example%2F2026%2Fnotice7", False),
        ("%7B%22consent%22%3Atrue%2C%22v%22%3A2%7D", False),
        ("শিৱসাগৰ পৌৰসভা 2026 কাৰ্যালয়", False),
    ],
)
def test_only_what_is_long_and_mixed_looks_secret(value: str, secret: bool) -> None:
    assert looks_secret(value) is secret


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("access_token", "x", True),
        ("accessToken", "x", True),
        ("user[api_key]", "x", True),
        ("X-Api-Key", "x", True),
        ("X-CSRF-Token", "x", True),
        ("_wpnonce", "x", True),
        ("PHPSESSID", "x", True),
        ("password", "hunter2", True),
        ("sid", TOKEN, True),
        ("sid", "7", False),
        ("session", "42-1", False),  # a legislature's
        ("pageToken", TOKEN, False),
        ("id", TOKEN, False),
        ("design", TOKEN, False),
        ("keyword", "পানী", False),
    ],
)
def test_a_name_says_whether_its_value_is_secret(name: str, value: str, secret: bool) -> None:
    assert is_secret(name, value) is secret


def test_a_guard_is_masked_but_never_looked_for_elsewhere() -> None:
    assert is_secret("csrf_token", TOKEN)
    assert not opens_something("csrf_token", TOKEN)
    assert opens_something("sid", TOKEN)
    assert opens_something("password", "গোপন কথা")


@pytest.mark.parametrize(
    ("kind", "text", "masked"),
    [
        ("parameter", "/a?access_token=abc&page=2#x", "/a?access_token=***&page=2#x"),
        ("parameter", "https://a.in/;jsessionid=AB12?q=sid", "https://a.in/;jsessionid=****?q=sid"),
        ("parameter", "/a?q=পানী&token=short", "/a?q=পানী&token=short"),
        ("form", "password=abc&q=d%20e", "password=***&q=d%20e"),
        ("form", "q=1&user%5Bpassword%5D=%E0%A6", "q=1&user%5Bpassword%5D=******"),
        ("json", '{"apiKey": "a\\"b", "text": "পানী"}', '{"apiKey": "****", "text": "পানী"}'),
        ("json", '{"query": "mutation { f(password: \\"ab\\") }"}', '{"query": "mutation { f(password: \\"**\\") }"}'),
        ("json", '{"token": {"value": 1}}', '{"token": {"value": 1}}'),
        (
            "multipart",
            '--b\r\nContent-Disposition: form-data; name="password"\r\n\r\na\nb\r\n--b\r\n'
            'Content-Disposition: form-data; name="text"\r\n\r\nسلام\r\n--b--\r\n',
            '--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n***\r\n--b\r\n'
            'Content-Disposition: form-data; name="text"\r\n\r\nسلام\r\n--b--\r\n',
        ),
    ],
)
def test_values_are_masked_where_they_stand_and_nothing_else(kind: str, text: str, masked: str) -> None:
    assert mask_named(text.encode(), kind).decode() == masked


@given(st.binary(max_size=300), st.sampled_from(["parameter", "form", "json", "multipart"]))
def test_masking_never_changes_a_length(text: bytes, kind: str) -> None:
    assert len(mask_named(text, kind)) == len(text)


def test_values_are_read_with_their_escapes_taken_off() -> None:
    assert list(named_values(b"q=%E0%A6%AA+b&c=d", "form")) == [("q", "প b"), ("c", "d")]


@pytest.mark.parametrize(
    ("content_type", "body", "kind"),
    [
        (b"application/x-www-form-urlencoded; charset=utf-8", b"a=b", "form"),
        (b"multipart/form-data; boundary=b", b"--b", "multipart"),
        (b"application/vnd.api+json", b"x", "json"),
        (b"text/plain", b' {"a": 1}', "json"),
        (b"text/plain", b"a=b", "form"),
        (b"application/octet-stream", b"\x00", None),
    ],
)
def test_how_a_bodys_fields_are_written(content_type: bytes, body: bytes, kind: str | None) -> None:
    assert body_kind(content_type, body) == kind
