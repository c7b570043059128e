"""Telling somebody of a night: a program of the administrator's, and e-mail. That it failed is recorded too."""

from __future__ import annotations

import os
import smtplib
import ssl
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path

from archiver.core.archive import Archive
from archiver.core.config import NightlySettings
from archiver.core.events import EventType
from archiver.core.nights import Nights

_KEPT_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR")


@dataclass(frozen=True, kw_only=True)
class Message:
    """What is told. `folder` holds the report where there is one; `run` is "" where none was begun."""

    agency: str
    subject: str
    summary: str
    trouble: bool
    run: str = ""
    folder: Path | None = None


def notify(archive: Archive, message: Message, *, actor: str, now: Callable[[], datetime]) -> list[str]:
    """Tell by every way that is set, where the settings want it told; what went wrong, one text a way.

    Nothing a program or a mail server does raises.
    """
    settings = archive.settings.nightly
    if settings.notify == "never" or (settings.notify == "trouble" and not message.trouble):
        return []
    faults = []
    if settings.notify_command:
        faults.append(_run_command(settings, message))
    if settings.mail_to:
        faults.append(_send_mail(settings, message, now()))
    failed = [each for each in faults if each]
    if faults and message.run:
        with archive.change(at=now(), actor=actor) as change:
            for fault in failed:
                Nights(archive.db).note(message.run, fault, at=now())
            change.record(EventType.NIGHT_TOLD, [message.run], {"ways": len(faults), "failed": len(failed)})
    return failed


def _run_command(settings: NightlySettings, message: Message) -> str:
    """ "" where the program ended with 0 in time."""
    words = [*settings.notify_command, str(message.folder / "report.json") if message.folder else ""]
    program = settings.notify_command[0]
    # the program is not ours: no token, password or setting of the archive's reaches it
    kept = {name: value for name, value in os.environ.items() if name in _KEPT_ENVIRONMENT}
    try:
        ended = subprocess.run(
            words, input=_text(message).encode(), env=kept, timeout=settings.notify_seconds, capture_output=True,
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"the notification program {program} did not end within {settings.notify_seconds} s and was ended"
    except OSError as error:
        return f"the notification program {program} could not be started: {error.strerror}"
    if ended.returncode:
        last = ended.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        return f"the notification program {program} ended with {ended.returncode}{f': {last[0]}' if last else ''}"
    return ""


def _send_mail(settings: NightlySettings, message: Message, now: datetime) -> str:
    """ "" where the server took the mail for every address."""
    mail = EmailMessage()
    mail["Subject"] = message.subject
    mail["From"] = settings.mail_from
    mail["To"] = ", ".join(settings.mail_to)
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = make_msgid(domain=settings.mail_from.rpartition("@")[2] or "archiver.invalid")
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answer comes back
    mail.set_content(_text(message))
    report = message.folder / "report.html" if message.folder else None
    if report is not None and report.exists():
        mail.add_attachment(report.read_text("utf-8"), subtype="html", filename=f"{message.run}.html")
    where = f"{settings.mail_host}:{settings.mail_port}"
    try:
        with smtplib.SMTP(settings.mail_host, settings.mail_port, timeout=settings.notify_seconds) as server:
            if settings.mail_starttls:
                server.starttls(context=ssl.create_default_context())
            if settings.mail_user:
                password = Path(settings.mail_password_file).read_text(encoding="utf-8").strip()
                server.login(settings.mail_user, password)
            refused = server.send_message(mail)
    except (OSError, smtplib.SMTPException, ValueError) as error:
        return f"no e-mail could be sent by {where}: {error}"
    return f"the mail server {where} refused {', '.join(refused)}" if refused else ""


def _text(message: Message) -> str:
    where = f"\nThe report: {message.folder / 'report.html'}\n" if message.folder else ""
    return f"{message.agency}\n{message.subject}\n\n{message.summary}\n{where}"
