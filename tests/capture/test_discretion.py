"""What of a capture may leave the archive, by whose secrets it holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from archiver.core.records import Barred
from capture.discretion import barred_files, is_entrusted
from capture.proxy.recorded import Echo, Recorded

WARC = "capture.warc.gz"
PICTURES = ("page.png", "thumb.webp")
QUIET = Recorded(warc=Path(WARC), records=3, size=9, sha256="sha256:00", responses=1)
ECHOING = Recorded(
    warc=Path(WARC),
    records=3,
    size=9,
    sha256="sha256:00",
    responses=1,
    echoes=(Echo(url="https://a.example/পানী"), Echo(url="https://a.example/b")),
)


def files(recorded: Recorded, *, shown: bool, entrusted: bool) -> set[str]:
    return {each.file for each in barred_files(WARC, PICTURES, recorded, shown=shown, entrusted=entrusted)}


@pytest.mark.parametrize(
    ("url", "told", "entrusted"),
    [
        ("https://town.example/notice?page=2&lang=as", (), False),
        ("https://town.example/notice", ("t0ld-by-the-login-7Q",), True),
        ("https://clerk:pw@town.example/notice", (), True),
        ("https://clerk@town.example/notice", (), True),
        ("https://town.example/notice?access_token=abc", (), True),
        ("https://town.example/notice;jsessionid=4fA9bC3dE8gH1iJ7", (), True),
        ("https://town.example/notice#id_token=abc", (), True),
    ],
)
def test_a_capture_is_entrusted_with_what_it_was_told_and_what_its_address_holds(
    url: str, told: tuple[str, ...], entrusted: bool
) -> None:
    assert is_entrusted(url, told) is entrusted


def test_a_response_that_gave_back_a_secret_of_the_agency_s_bars_the_warc() -> None:
    assert barred_files(WARC, PICTURES, ECHOING, shown=False, entrusted=True) == (
        Barred(
            file=WARC,
            reason="2 responses gave back a session or token of the login, first https://a.example/পানী",
        ),
    )
    assert files(QUIET, shown=False, entrusted=True) == set()


def test_a_response_that_gave_back_an_anonymous_visitor_s_session_may_leave_masked_as_it_is() -> None:
    assert files(ECHOING, shown=False, entrusted=False) == set()


@pytest.mark.parametrize("entrusted", [True, False])
@pytest.mark.parametrize("recorded", [QUIET, ECHOING])
def test_a_picture_that_shows_a_secret_never_leaves_nor_the_warc_that_holds_it(
    recorded: Recorded, entrusted: bool
) -> None:
    bars = barred_files(WARC, PICTURES, recorded, shown=True, entrusted=entrusted)
    assert [each.file for each in bars] == [WARC, *PICTURES]
