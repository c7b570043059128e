"""What is due as an iCalendar file (RFC 5545), for the calendars people look at. No requester is named in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta


@dataclass(frozen=True, kw_only=True)
class DueDay:
    """One whole day in the calendar; `key` names it across exports, so that it is moved and not doubled."""

    key: str
    day: date
    title: str
    told: str


def write_calendar(days: Iterable[DueDay], *, agency: str, made_at: datetime) -> bytes:
    """UTF-8, CRLF, lines folded at 75 octets. An alarm rings two days before."""
    stamp = made_at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Archiver//Requests//EN", "CALSCALE:GREGORIAN"]
    lines.append(f"X-WR-CALNAME:{_escape(agency)}")
    for each in days:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{_escape(each.key)}@archiver",
            f"DTSTAMP:{stamp}",
            f"DTSTART;VALUE=DATE:{each.day:%Y%m%d}",
            f"DTEND;VALUE=DATE:{each.day + timedelta(days=1):%Y%m%d}",
            f"SUMMARY:{_escape(each.title)}",
            f"DESCRIPTION:{_escape(each.told)}",
            "TRANSP:TRANSPARENT",
            "BEGIN:VALARM",
            "ACTION:DISPLAY",
            f"DESCRIPTION:{_escape(each.title)}",
            "TRIGGER:-P2D",
            "END:VALARM",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in _fold(line)).encode()


def _escape(text: str) -> str:
    for plain, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r\n", "\\n"), ("\n", "\\n"), ("\r", "\\n")):
        text = text.replace(plain, escaped)
    return "".join(each for each in text if each >= " " and each != "\x7f")


def _fold(line: str) -> Iterator[str]:
    """No line is longer than 75 octets, and no character is cut (RFC 5545, 3.1)."""
    part, room = "", 75
    for character in line:
        size = len(character.encode())
        if len(part.encode()) + size > room:
            yield part
            part, room = " ", 75
        part += character
    yield part
