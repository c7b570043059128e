"""What is fetched beside the page goes through the recording proxy, within bounds."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request

import pytest

from archiver.core.warc import read_records
from capture import client
from capture.client import RecordedClient
from capture.cookies.browser_state import Cookie
from capture.observation import CaptureLimits
from capture.proxy.recording import Recorder
from tests.capture.bad_site import PDF, BadSite, run_bad_site
from tests.capture.members_site import run_members_site

LIMITS = CaptureLimits(load_seconds=2, total_seconds=20)


@pytest.fixture(scope="module")
def recorder(site: BadSite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorder]:
    with Recorder(authority_dir=tmp_path_factory.mktemp("authority"), allow_hosts=[site.host]) as running:
        yield running


@pytest.fixture
def fetcher(recorder: Recorder, tmp_path: Path) -> Iterator[RecordedClient]:
    login = recorder.begin("cap_1", tmp_path / "capture.warc.gz", {})
    with RecordedClient(login, recorder.ca_file, LIMITS) as running:
        yield running
    recorder.abandon("cap_1")


def test_an_answer_comes_with_its_status_and_lands_in_the_warc(
    recorder: Recorder, site: BadSite, tmp_path: Path
) -> None:
    login = recorder.begin("cap_2", tmp_path / "capture.warc.gz", {})
    with RecordedClient(login, recorder.ca_file, LIMITS) as running:
        answer = running.get(f"{site.url}/text")
        assert running.fetch_whole(f"{site.url}/document.pdf")
    recorder.finish("cap_2")
    assert (answer.status, answer.content) == (200, b"The text came by a script.")
    assert answer.headers["content-type"] == "text/plain"
    kept = {each.uri: each.content() for each in read_records(tmp_path / "capture.warc.gz") if each.type == "response"}
    assert kept == {f"{site.url}/text": answer.content, f"{site.url}/document.pdf": PDF}


def test_a_redirect_within_the_site_is_followed(fetcher: RecordedClient, site: BadSite) -> None:
    answer = fetcher.get(f"{site.url}/members")
    assert (answer.url, answer.status) == (f"{site.url}/login?next=/members", 200)


def test_a_redirect_to_elsewhere_is_returned_and_not_followed(fetcher: RecordedClient, site: BadSite) -> None:
    with run_bad_site() as other:
        site.redirect_private_to(f"{other.url}/text")
        answer = fetcher.get(f"{site.url}/private")
        assert (answer.url, answer.status) == (f"{site.url}/private", 302)
        assert other.asked == []


def test_a_circle_of_redirects_ends(fetcher: RecordedClient, site: BadSite) -> None:
    assert fetcher.get(f"{site.url}/circle").status == 302
    assert not fetcher.fetch_whole(f"{site.url}/circle")


@pytest.mark.parametrize("path", ["/stall", "/cut"])
def test_an_answer_that_does_not_come_whole_is_an_error(fetcher: RecordedClient, site: BadSite, path: str) -> None:
    with pytest.raises(OSError, match=path):
        fetcher.get(site.url + path)
    assert not fetcher.fetch_whole(site.url + path)


def test_a_missing_file_did_not_come_whole(fetcher: RecordedClient, site: BadSite) -> None:
    assert not fetcher.fetch_whole(f"{site.url}/missing.pdf")


def test_an_answer_without_end_is_broken_off(
    fetcher: RecordedClient, site: BadSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "_LONGEST_ANSWER", 100_000)
    with pytest.raises(OSError, match="longer than 100,000 bytes"):
        fetcher.get(f"{site.url}/huge")


def test_no_answer_is_read_past_the_captures_time(recorder: Recorder, site: BadSite, tmp_path: Path) -> None:
    login = recorder.begin("cap_3", tmp_path / "capture.warc.gz", {})
    spent = CaptureLimits(load_seconds=2, total_seconds=0)
    with RecordedClient(login, recorder.ca_file, spent) as running, pytest.raises(OSError, match="time is used up"):
        running.get(f"{site.url}/text")
    recorder.abandon("cap_3")


def test_a_stored_login_s_cookies_are_sent_and_what_the_answers_renew_comes_back(tmp_path: Path) -> None:
    with (
        run_members_site() as members,
        Recorder(authority_dir=tmp_path / "authority", allow_hosts=[members.host]) as recorder,
    ):
        held = Cookie(name="sid", value=members.grant(), domain="127.0.0.1", http_only=True)
        members.rotate()
        door = recorder.begin("cap_3", tmp_path / "capture.warc.gz", {}, secrets=[held.value])
        with RecordedClient(door, recorder.ca_file, LIMITS, cookies=[held]) as running:
            assert running.renewed([held]) == (held,)
            assert running.get(f"{members.url}/members").status == 200
            (renewed,) = running.renewed([held])
        recorder.finish("cap_3")
    assert members.asked == [("/members", True)]
    assert renewed.value == members.secrets[1] != held.value
    assert renewed.expires is not None
    assert (renewed.name, renewed.domain, renewed.http_only) == ("sid", "127.0.0.1", True)
    content = gzip.decompress((tmp_path / "capture.warc.gz").read_bytes())
    assert b"sid=[masked]" in content
    assert not any(value.encode() in content for value in members.secrets)


@pytest.mark.parametrize(
    ("domain", "path", "secure", "url", "sent"),
    [
        ("town.example", "/", False, "http://town.example/", True),
        ("town.example", "/", False, "http://www.town.example/", False),
        (".town.example", "/", False, "http://www.town.example/", True),
        (".town.example", "/", False, "http://city.example/", False),
        (".town.example", "/", False, "http://nottown.example/", False),
        (".town.example", "/forum", False, "http://town.example/forum/7", True),
        (".town.example", "/forum", False, "http://town.example/", False),
        (".town.example", "/", True, "http://town.example/", False),
        (".town.example", "/", True, "https://town.example/", True),
        ("localhost", "/", False, "http://localhost:8080/", True),
    ],
)
def test_a_cookie_goes_where_a_browser_would_send_it(
    domain: str, path: str, secure: bool, url: str, sent: bool
) -> None:
    jar = client._jar([Cookie(name="sid", value="x", domain=domain, path=path, secure=secure)])
    request = Request(url)
    jar.add_cookie_header(request)
    assert request.get_header("Cookie") == ("sid=x" if sent else None)
