"""`archiver nightly`, `runs` and `timer` as an administrator meets them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.test_cli import Terminal, fresh, outside  # noqa: F401 - fixtures
from tests.workflows.night.village import serve_village


@pytest.mark.browser
def test_a_night_by_the_token_of_a_service_ends_with_its_code_and_its_report(
    fresh: Terminal,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    token = fresh("person", "add", "nightly", "--role", "service", "--json").json["token"]
    with serve_village(posts=1) as village:
        fresh("account", "add", "@গাঁও", village.url)
        fresh("logout")
        (tmp_path / "token").write_text(token + "\n")
        monkeypatch.setenv("ARCHIVER_TOKEN_FILE", str(tmp_path / "token"))
        ran = fresh("nightly", "--json")
    assert ran.code == 104, ran.err
    report = ran.json
    assert (report["format"], report["exit_code"]) == ("archiver-night 1", 104)
    assert {each["outcome"] for each in report["accounts"][0]["troubles"]} == {"refused"}, "a loopback address"
    assert '"AccountMissed"' in ran.err
    assert fresh("runs", "show", "last", "--json").json == report
    assert [each["exit_code"] for each in fresh("runs", "list", "--json").json] == [104]
    assert "@গাঁও" in fresh("runs", "show").out


def test_before_the_first_night_there_is_no_run_and_nothing_to_look_at(fresh: Terminal) -> None:  # noqa: F811
    assert fresh("runs", "list", "--json").json == []
    missing = fresh("runs", "show")
    assert missing.code == 21
    assert "archiver runs list" in missing.err
    assert fresh("nightly", "--dry-run", "--json").json == []
    fresh("account", "add", "@town", "https://town.example/")
    planned = fresh("nightly", "--dry-run", "--json").json
    assert [(each["kind"], each["reason"]) for each in planned] == [
        ("discovery", "its list of threads"),
        ("timeline", "its own page"),
    ]


def test_a_token_file_that_cannot_be_read_is_named(
    fresh: Terminal,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fresh("logout")
    monkeypatch.setenv("ARCHIVER_TOKEN_FILE", "/nowhere/token")
    ran = fresh("nightly")
    assert ran.code == 15
    assert "/nowhere/token" in ran.err


def test_the_timer_s_texts_name_this_archive(fresh: Terminal) -> None:  # noqa: F811
    made = fresh("timer", "--at", "02:15", "--json").json
    assert "OnCalendar=*-*-* 02:15:00" in made["timer"]
    assert "nightly" in made["service"]
    assert made["cron"].startswith("15 2 * * * ")
    assert "[Service]" in fresh("timer", "--user").out
    assert fresh("timer", "--at", "25:00").code == 20
