"""Accounts and jobs: named once, found however they are written."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from archiver.core.archive import Archive
from archiver.core.errors import AlreadyExists, BadInput, NotFound
from archiver.core.records import Account, AccountId
from archiver.core.register import CaptureJob, account_for, check_url, site_of


@pytest.fixture
def account(archive: Archive, now: datetime) -> Account:
    return archive.register.add_account(
        handle="@SKGov",
        url="https://Social.Example.org:8443/SKGov",
        department="Communications ᐃᓄᒃᑎᑐᑦ",
        contact="শ্ৰী বৰা <bora@example.org>",
        now=now,
    )


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/",
        "http://127.0.0.1:8080/?p=7",
        "https://xn--example.org/",
        "https://শিৱসাগৰ.ভাৰত/পানী?ভাষা=অসমীয়া",
        "http://[::1]:8080/",
    ],
)
def test_a_web_address_is_taken_as_it_is(url: str) -> None:
    assert check_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "", "example.org", "ftp://example.org/", "javascript:alert(1)", "file:///etc/passwd", "https://", "https:///x",
        "https://example.org:99999/", "https://example.org:0/", "https://[::1/", "https://a b/", "https://a/\n", "//a/",
    ],
)  # fmt: skip
def test_what_no_browser_can_capture_is_refused(url: str) -> None:
    with pytest.raises(BadInput, match="is no web address: it must begin with http"):
        check_url(url)


@pytest.mark.parametrize(
    "url", ["https://rupa:geheim@example.org/", "https://rupa@example.org/", "https://@example.org/"]
)
def test_a_password_in_an_address_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(BadInput, match="would be kept in evidence") as caught:
        check_url(url)
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://Example.ORG/x", "example.org"),
        ("https://example.org:443/", "example.org"),
        ("http://example.org:80/", "example.org"),
        ("http://example.org:443/", "example.org:443"),
        ("http://127.0.0.1:28181/?p=1", "127.0.0.1:28181"),
    ],
)
def test_a_site_is_a_host_with_the_port_that_is_not_usual(url: str, site: str) -> None:
    assert site_of(url) == site


def test_an_account_comes_back_with_all_that_was_told(archive: Archive, account: Account) -> None:
    assert archive.register.accounts() == [account]
    assert account.site == "social.example.org:8443"
    assert account.status == "active"
    assert account.id.startswith("acc_")


@pytest.mark.parametrize("name", ["@SKGov", "skgov", "SKGOV", "social.example.org:8443/@skgov"])
def test_an_account_is_found_however_it_is_written(archive: Archive, account: Account, name: str) -> None:
    assert archive.register.account(name) == account
    assert archive.register.account(account.id) == account


def test_one_handle_on_two_sites_must_be_told_apart(archive: Archive, account: Account, now: datetime) -> None:
    other = archive.register.add_account(handle="skgov", url="https://video.example/skgov", now=now)
    with pytest.raises(
        BadInput, match=r"SKGov is registered on several sites: name one of social.*/@SKGov, video.example/skgov"
    ):
        archive.register.account("SKGov")
    assert archive.register.account("video.example/skgov") == other


@pytest.mark.parametrize("handle", ["@SKGov", "skgov", " @skGOV "])
def test_an_account_is_registered_once_however_it_is_written(
    archive: Archive, account: Account, now: datetime, handle: str
) -> None:
    with pytest.raises(AlreadyExists, match="is registered already"):
        archive.register.add_account(handle=handle, url=account.url, now=now)


@pytest.mark.parametrize(
    ("handle", "url", "site"),
    [("  ", "https://example.org/", ""), ("@a", "nonsense", ""), ("@a", "javascript:x", "a.org")],
)
def test_an_account_needs_a_handle_and_an_address(
    archive: Archive, now: datetime, handle: str, url: str, site: str
) -> None:
    with pytest.raises(BadInput):
        archive.register.add_account(handle=handle, url=url, site=site, now=now)
    assert archive.register.accounts() == []


def test_an_unknown_account_is_not_found(archive: Archive) -> None:
    with pytest.raises(NotFound, match="no account @town is registered: see `archiver account list`"):
        archive.register.account("@town")


def _account(id: str, handle: str, url: str) -> Account:
    return Account(id=AccountId(id), site="example.org", handle=handle, url=url)


ACCOUNTS = [
    _account("acc_town", "@Town", "https://example.org/town"),
    _account("acc_water", "@Water", "https://example.org/town/water/"),
]


@pytest.mark.parametrize(
    ("url", "site", "creator", "expected"),
    [
        ("https://example.org/p/1", "example.org", "town", "acc_town"),  # by who wrote it
        ("https://example.org/town/water/7", "example.org", "@TOWN", "acc_town"),  # whoever wrote it outranks the path
        ("https://example.org/town/water/7", "example.org", "", "acc_water"),  # the longest address it lies below
        ("https://example.org/town/water", "example.org", "", "acc_water"),
        ("https://example.org/town/roads", "example.org", "", "acc_town"),
        ("https://example.org/townsend", "example.org", "", None),  # a longer name is no path below
        ("https://example.org/town", "other.org", "town", None),
        ("https://example.org/p/1", "example.org", "", None),
    ],
)
def test_whose_page_an_address_is(url: str, site: str, creator: str, expected: str | None) -> None:
    assert account_for(ACCOUNTS, url, site, creator) == expected


def add_job(archive: Archive, now: datetime, **changes: object) -> CaptureJob:
    values: dict[str, object] = {
        "name": "nightly",
        "account": None,
        "urls": ["https://example.org/পানী"],
        "every": "night",
        "depth": 1,
    }
    return archive.register.add_job(**{**values, **changes}, now=now)  # type: ignore[arg-type]  # wrong ones on purpose


def test_a_job_comes_back_with_all_that_was_told(archive: Archive, account: Account, now: datetime) -> None:
    of_pages = add_job(archive, now)
    of_account = add_job(archive, now, name="account", account=account.id, urls=[], every="week", depth=0)
    assert archive.register.jobs() == [of_account, of_pages]
    assert archive.register.job("nightly") == archive.register.job(of_pages.id) == of_pages
    assert of_pages.urls == ("https://example.org/পানী",)
    assert (of_pages.status, of_pages.last_run) == ("active", None)


def test_a_job_remembers_its_status_and_its_last_run(archive: Archive, now: datetime) -> None:
    job = add_job(archive, now)
    archive.register.set_job_status(job, "paused")
    archive.register.note_run(job, now + timedelta(hours=1))
    assert archive.register.job(job.id).status == "paused"
    assert archive.register.job(job.id).last_run == now + timedelta(hours=1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"urls": []}, "a job takes either an account or addresses"),
        ({"account": AccountId("acc_1")}, "a job takes either an account or addresses"),
        ({"every": "hour"}, "a job runs every night, week, month or once, not 'hour'"),
        ({"depth": 2}, "the depth is 0"),
        ({"depth": -1}, "the depth is 0"),
        ({"urls": ["https://example.org/", "nonsense"]}, "'nonsense' is no web address"),
    ],
)
def test_a_job_that_cannot_run_is_refused(
    archive: Archive, now: datetime, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        add_job(archive, now, **changes)
    assert archive.register.jobs() == []


def test_a_jobs_name_is_given_once(archive: Archive, now: datetime) -> None:
    add_job(archive, now)
    with pytest.raises(AlreadyExists, match="a job named nightly exists already"):
        add_job(archive, now)


def test_an_unknown_job_is_not_found(archive: Archive) -> None:
    with pytest.raises(NotFound, match="no job nightly"):
        archive.register.job("nightly")
