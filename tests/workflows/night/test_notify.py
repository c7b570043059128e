"""Whom a night tells, through a real program and a real mail server."""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from archiver.core.archive import Archive
from archiver.core.config import NightlySettings
from archiver.core.events import EventType
from archiver.core.nights import NightRun, Nights
from archiver.workflows.night.notify import Message, notify
from tests.conftest import MOMENT

SUMMARY = "শিৱসাগৰ: ৩ captured; 1 failed – à revoir; ناکام 💧"


class Inbox:
    """What a mail server took."""

    def __init__(self, answer: str = "250 OK") -> None:
        self.answer, self.mails = answer, list[EmailMessage]()

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return self.answer


@pytest.fixture
def inbox() -> Iterator[tuple[Inbox, int]]:
    inbox = Inbox()
    controller = Controller(inbox, hostname="127.0.0.1", port=0)
    # port 0: the controller asks itself at the port it was given, so the real one is found first
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        controller.port = free.getsockname()[1]
    controller.start()
    try:
        yield inbox, controller.port
    finally:
        controller.stop()


def message(archive: Archive, *, trouble: bool = True, folder: Path | None = None) -> Message:
    run = NightRun(id="run_1", night=MOMENT.date(), started=MOMENT, actor="per_1", trail_size=0)
    with archive.change(at=MOMENT, actor="per_1"):
        Nights(archive.db).begin(run)
    return Message(
        agency="শিৱসাগৰ পৌৰসভা", subject="Archiver, night of 2026-11-21: trouble", summary=SUMMARY, trouble=trouble,
        run="run_1", folder=folder,
    )  # fmt: skip


def tell(archive: Archive, told: Message, **settings: Any) -> list[str]:
    quick = {
        "notify_seconds": 10,
        "mail_starttls": False,
        "mail_from": "archive@town.example",
        "mail_host": "127.0.0.1",
    }
    archive.settings = replace(archive.settings, nightly=NightlySettings(**{**quick, **settings}))
    return notify(archive, told, actor="per_1", now=lambda: MOMENT)


def program(tmp_path: Path, text: str) -> str:
    path = tmp_path / "tell"
    path.write_text(f"#!{sys.executable}\n{text}")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def report_in(tmp_path: Path) -> Path:
    (tmp_path / "report.json").write_text("{}")
    (tmp_path / "report.html").write_text("<p>পানী</p>", encoding="utf-8")
    return tmp_path


def test_a_program_gets_the_summary_and_the_report_s_path_and_no_secret(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARCHIVER_TOKEN", "secret-token")
    text = (
        "import json, os, sys\n"
        f"json.dump([sys.stdin.read(), sys.argv[1:], dict(os.environ)], open({str(tmp_path / 'told')!r}, 'w'))\n"
    )
    words = (program(tmp_path, text), "--level", "high")
    assert tell(archive, message(archive, folder=report_in(tmp_path)), notify_command=words) == []
    told, arguments, environment = json.loads((tmp_path / "told").read_text())
    assert SUMMARY in told
    assert arguments == ["--level", "high", str(tmp_path / "report.json")]
    assert "ARCHIVER_TOKEN" not in environment
    assert "secret-token" not in repr(environment)
    assert "ARCHIVER_TOKEN" in os.environ


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("import sys; sys.exit('the pager is away')", "ended with 1: the pager is away"),
        ("import time; time.sleep(60)", "did not end within 1 s"),
    ],
)
def test_a_program_that_fails_is_recorded_with_the_run(archive: Archive, tmp_path: Path, text: str, fault: str) -> None:
    told = message(archive)
    (found,) = tell(archive, told, notify_command=(program(tmp_path, text),), notify_seconds=1)
    assert fault in found
    assert [each.note for each in Nights(archive.db).notes("run_1")] == [found]
    event = list(archive.trail.events())[-1]
    assert (event.type, dict(event.detail)) == (EventType.NIGHT_TOLD, {"ways": 1, "failed": 1})


def test_a_program_that_is_not_there_raises_nothing(archive: Archive) -> None:
    (found,) = tell(archive, message(archive), notify_command=("/nowhere/tell",))
    assert "could not be started" in found


def test_an_e_mail_brings_the_report(archive: Archive, tmp_path: Path, inbox: tuple[Inbox, int]) -> None:
    box, port = inbox
    told = message(archive, folder=report_in(tmp_path))
    assert tell(archive, told, mail_to=("clerk@town.example", "it@town.example"), mail_port=port) == []
    (mail,) = box.mails
    assert mail["To"] == "clerk@town.example, it@town.example"
    assert mail["Auto-Submitted"] == "auto-generated"
    body = mail.get_body(("plain",))
    assert body is not None
    assert SUMMARY in body.get_content()
    (attached,) = mail.iter_attachments()
    assert (attached.get_filename(), attached.get_content().strip()) == ("run_1.html", "<p>পানী</p>")


def test_a_mail_server_that_refuses_or_is_not_there_is_recorded(archive: Archive, inbox: tuple[Inbox, int]) -> None:
    box, port = inbox
    box.answer = "554 no"
    (refused,) = tell(archive, message(archive), mail_to=("clerk@town.example",), mail_port=port)
    assert "no e-mail could be sent by 127.0.0.1" in refused
    assert len(Nights(archive.db).notes("run_1")) == 1


def test_a_server_that_cannot_encrypt_gets_nothing_where_that_is_wanted(
    archive: Archive, inbox: tuple[Inbox, int]
) -> None:
    box, port = inbox
    (fault,) = tell(archive, message(archive), mail_to=("clerk@town.example",), mail_port=port, mail_starttls=True)
    assert "STARTTLS" in fault
    assert box.mails == []


def test_a_missing_password_file_is_a_fault_that_names_it(archive: Archive, inbox: tuple[Inbox, int]) -> None:
    (fault,) = tell(
        archive, message(archive), mail_to=("clerk@town.example",), mail_port=inbox[1], mail_user="a",
        mail_password_file="/nowhere/password",
    )  # fmt: skip
    assert "/nowhere/password" in fault


@pytest.mark.parametrize(
    ("when", "trouble", "expected"),
    [("trouble", True, 1), ("trouble", False, 0), ("always", False, 1), ("never", True, 0)],
)
def test_when_a_night_is_told_is_a_setting(
    archive: Archive, inbox: tuple[Inbox, int], when: str, trouble: bool, expected: int
) -> None:
    box, port = inbox
    told = message(archive, trouble=trouble)
    assert tell(archive, told, mail_to=("clerk@town.example",), mail_port=port, notify=when) == []
    assert len(box.mails) == expected
