"""Logins exported from browsers: three formats by their content, one site's cookies, faults with their line."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.core.errors import BadInput
from capture.cookies.browser_state import Cookie
from capture.logins.cookie_files import MOST_BYTES, MOST_COOKIES, ReadLogin, parse_login, read_login

NOW = datetime(2026, 11, 21, 7, 45, tzinfo=UTC)
LATER = 1_798_761_600  # 1 January 2027
SITE = "town.example"

NETSCAPE = (
    "# Netscape HTTP Cookie File\n"
    "# https://curl.se/docs/http-cookies.html\n\n"
    f"#HttpOnly_.town.example\tTRUE\t/\tTRUE\t{LATER}\tsid\t0123456789abcdef\n"
    "www.town.example\tFALSE\t/forum\tFALSE\t0\tview\tছবি\r\n"
    f".advert.example\tTRUE\t/\tFALSE\t{LATER}\tid\tx\n"
)

EDIT_THIS_COOKIE = json.dumps(
    [
        {
            "domain": ".town.example",
            "expirationDate": LATER + 0.5,
            "hostOnly": False,
            "httpOnly": True,
            "name": "sid",
            "path": "/",
            "sameSite": "no_restriction",
            "secure": True,
            "session": False,
            "storeId": "0",
            "value": "0123456789abcdef",
            "id": 1,
        },
        {
            "domain": "www.town.example",
            "hostOnly": True,
            "httpOnly": False,
            "name": "view",
            "path": "/forum",
            "sameSite": "unspecified",
            "secure": False,
            "session": True,
            "storeId": "0",
            "value": "ছবি",
            "id": 2,
        },
        {"domain": ".advert.example", "name": "id", "value": "x", "sameSite": None, "expirationDate": LATER},
    ],
    indent=4,
)

STORAGE_STATE = json.dumps(
    {
        "cookies": [
            {
                "name": "sid",
                "value": "0123456789abcdef",
                "domain": ".town.example",
                "path": "/",
                "expires": LATER + 0.25,
                "httpOnly": True,
                "secure": True,
                "sameSite": "None",
            },
            {"name": "view", "value": "ছবি", "domain": "www.town.example", "path": "/forum", "expires": -1,
             "httpOnly": False, "secure": False, "sameSite": "Lax"},
            {"name": "id", "value": "x", "domain": ".advert.example", "path": "/", "expires": LATER,
             "httpOnly": False, "secure": False, "sameSite": "Lax"},
        ],
        "origins": [
            {"origin": "https://www.town.example", "localStorage": [{"name": "token", "value": "پانی-1"}]},
            {"origin": "https://advert.example", "localStorage": []},
        ],
    }
)  # fmt: skip

SID = Cookie(
    name="sid", value="0123456789abcdef", domain=".town.example", expires=datetime(2027, 1, 1, tzinfo=UTC),
    http_only=True, secure=True, same_site="None",
)  # fmt: skip
VIEW = Cookie(name="view", value="ছবি", domain="www.town.example", path="/forum")


def read(text: str) -> ReadLogin:
    return parse_login(text, SITE, now=NOW, name="export")


@pytest.mark.parametrize(
    ("text", "source", "same_site"),
    [
        (NETSCAPE, "cookies.txt", "Lax"),
        (EDIT_THIS_COOKIE, "cookie export", "None"),
        (STORAGE_STATE, "storage state", "None"),
        ("\n  " + EDIT_THIS_COOKIE, "cookie export", "None"),
    ],
)
def test_each_format_is_known_by_its_content_and_gives_the_same_cookies(text: str, source: str, same_site: str) -> None:
    login = read(text)
    assert login.source == source
    sid, view = sorted(login.state.cookies, key=lambda each: each.name)
    assert (sid.name, sid.value, sid.domain, sid.path, sid.expires, sid.http_only, sid.secure) == (
        SID.name, SID.value, SID.domain, SID.path, SID.expires, SID.http_only, SID.secure,
    )  # fmt: skip
    assert sid.same_site == same_site
    assert view == VIEW
    assert login.other_domains["advert.example"] == (2 if source == "storage state" else 1)


def test_stored_values_of_the_site_s_own_origins_are_kept() -> None:
    (origin,) = read(STORAGE_STATE).state.origins
    assert origin == {"origin": "https://www.town.example", "localStorage": [{"name": "token", "value": "پانی-1"}]}


def test_a_browser_s_mark_at_the_file_s_start_is_no_part_of_it(tmp_path: Path) -> None:
    file = tmp_path / "export.json"
    file.write_bytes(b"\xef\xbb\xbf" + EDIT_THIS_COOKIE.encode())
    before = file.read_bytes()
    assert len(read_login(file, SITE, now=NOW).state.cookies) == 2
    assert file.read_bytes() == before


def test_what_has_expired_is_left_out_and_counted() -> None:
    login = read(NETSCAPE + ".town.example\tTRUE\t/\tFALSE\t1700000000\told\tx\n")
    assert login.expired == 1
    assert "old" not in [each.name for each in login.state.cookies]


def test_a_value_is_in_no_representation() -> None:
    login = read(STORAGE_STATE)
    assert "0123456789abcdef" not in repr(login)
    assert "پانی-1" not in repr(login)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            ".town.example TRUE / FALSE 0 sid secret\n",
            "export, line 1: cookies.txt has 7 fields parted by tabs, this line 1",
        ),
        (NETSCAPE + "town.example\tFALSE\t/\n", "export, line 7: cookies.txt has 7 fields parted by tabs, this line 3"),
        (NETSCAPE + "town.example\tFALSE\t/\tFALSE\tsoon\tsid\tx\n", "export, line 7: cookie 'sid': its expiry"),
        (NETSCAPE + "town.example\tFALSE\t/\tFALSE\t0\ts;d\tx\n", "export, line 7: a cookie's name holds"),
        (NETSCAPE + f"town.example\tFALSE\t/\tFALSE\t0\tsid\t{'x' * 9000}\n", "export, line 7: cookie 'sid' is longer"),
        (NETSCAPE + "town.example\tFALSE\t/\tFALSE\t0\t__Host-sid\tx\n", "'__Host-sid' must be secure, of one host"),
        (NETSCAPE + "town.example\tFALSE\tforum\tFALSE\t0\tsid\tx\n", "line 7: cookie 'sid': its path"),
        ("Set-Cookie: sid=1", "export, line 1: cookies.txt has 7 fields parted by tabs, this line 1"),
        ("[\n {},\n {}\n]", "export, line 2: a cookie without a text as its name"),
        ('[\n 1\n]', "export, line 2: no cookie"),
        ('[\n {"name": "a",\n]', "export, line 3: not JSON"),
        ('{"cookies": [\n {"name": "a", "value": 1, "domain": "town.example"}]}', "line 2: a cookie without a text as"),
        ('{"cookies": [],\n "origins": [\n {"origin": 1}]}', "export, line 3: no origin"),
        ('{"cookies": {}}', "export is JSON without a list of cookies"),
        ("{", "export, line 1: not JSON"),
        ("[" * 100_000, "export, line 1: "),
        ("[]", "export holds no cookie of town.example: log in to the site"),
        ("", "export holds no cookie of town.example"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_line_and_without_a_value(text: str, fault: str) -> None:
    with pytest.raises(BadInput) as caught:
        read(text)
    assert fault in str(caught.value)
    assert "secret" not in str(caught.value)


def test_every_fault_of_a_file_is_told_at_once() -> None:
    line = "town.example\tFALSE\t/\tFALSE\tsoon\tsid\tx\n"
    with pytest.raises(BadInput) as caught:
        read(NETSCAPE + line * 30)
    assert "line 7:" in str(caught.value)
    assert "line 26:" in str(caught.value)
    assert str(caught.value).endswith("and 10 more")


def test_a_fault_in_another_site_s_cookie_is_not_this_site_s_concern() -> None:
    odd = f".advert.example\tTRUE\tno path\tFALSE\t{LATER}\ts;d\tx\n"
    assert len(read(NETSCAPE + odd).state.cookies) == 2


def test_a_file_of_another_site_tells_whose_cookies_it_holds() -> None:
    with pytest.raises(
        BadInput, match=r"no cookie of city\.example; it holds cookies of advert\.example, town\.example"
    ):
        parse_login(NETSCAPE, "city.example", now=NOW)


def test_a_site_whose_cookies_have_all_expired_is_told_so() -> None:
    with pytest.raises(BadInput, match="only cookies that have expired"):
        parse_login(".town.example\tTRUE\t/\tFALSE\t1700000000\told\tx\n", SITE, now=NOW)


def test_sizes_are_bounded(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="at most 5,000 are read"):
        read("".join(f"town.example\tFALSE\t/\tFALSE\t0\tc{n}\tx\n" for n in range(MOST_COOKIES + 1)))
    file = tmp_path / "huge"
    with file.open("wb") as out:
        out.truncate(MOST_BYTES + 1)
    with pytest.raises(BadInput, match="longer than 8 MB"):
        read_login(file, SITE, now=NOW)


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="No such file"):
        read_login(tmp_path / "none", SITE, now=NOW)
    (tmp_path / "binary").write_bytes(b"sid\n\xff\xfe")
    with pytest.raises(BadInput, match="line 2: not UTF-8"):
        read_login(tmp_path / "binary", SITE, now=NOW)


keys = st.sampled_from(["cookies", "origins", "name", "value", "domain", "expires"])
entries = st.recursive(
    st.none() | st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(keys, inner)
)


@given(st.text(max_size=200) | entries.map(json.dumps))
def test_whatever_a_file_holds_it_is_read_or_refused(text: str) -> None:
    try:
        login = read(text)
    except BadInput:
        return
    assert login.state.cookies or login.state.origins
