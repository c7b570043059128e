"""Relativity Short Message Format 2.0: a thread as conversation, in an e-mail with one attachment, `rsmf.zip`.

Everything comes from the gate; previous texts, names and attachments are as it released them. The schema checks no
references: `check_manifest` does.
"""

from __future__ import annotations

import base64
import io
import json
import re
import textwrap
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from archiver.core.clock import to_iso
from archiver.core.records import CataloguedItem, Observed
from exports.release.documents import Document

VERSION = "2.0.0"
MOST_EVENTS = 10_000
_STAMP = (1980, 1, 1, 0, 0, 0)
_OFFSET = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def write_rsmf(documents: Sequence[Document], *, agency: str, software: str) -> list[bytes]:
    """One message for each slice of at most MOST_EVENTS events of a thread."""
    items = [each for each in documents if each.item is not None]
    slices = [items[start : start + MOST_EVENTS] for start in range(0, len(items), MOST_EVENTS)]
    return [_message(_manifest(each), each, number, agency, software) for number, each in enumerate(slices, 1)]


def _manifest(documents: Sequence[Document]) -> dict[str, Any]:
    record = documents[0].record.produced.record
    people: dict[tuple[str, str], str] = {}
    events = []
    here = {each.item.item.native_id: each.begin for each in documents if each.item}
    for document in documents:
        entry = document.item
        if entry is None:
            continue
        who = (entry.item.creator_name, entry.item.creator_handle)
        people.setdefault(who, f"P{len(people) + 1}")
        events.append(_event(document, entry, people[who], here))
    return {
        "version": VERSION,
        "participants": [
            {"id": id, "display": name or handle or "unnamed"} | ({"account_id": handle} if handle else {})
            for (name, handle), id in people.items()
        ],
        "conversations": [
            {
                "id": record.id,
                "display": record.title or record.id,
                "platform": record.site or "unknown",
                "type": "channel",
                "participants": list(people.values()),
            }
        ],
        "events": events,
        "eventcollectionid": record.id,
    }


def _event(document: Document, entry: CataloguedItem, participant: str, here: Mapping[str, str]) -> dict[str, Any]:
    seen = entry.item
    event: dict[str, Any] = {
        "id": document.begin,
        "type": "message",
        "participant": participant,
        "conversation": entry.record_id,
        "body": seen.text,
        "deleted": entry.observed is Observed.GONE,
    }
    answered = here.get(seen.parent_id or "", document.begin)
    if answered != document.begin:
        event["parent"] = answered
    moment = seen.created or entry.first_seen
    event["timestamp"] = to_iso(moment)
    if len(entry.versions) > 1:
        event["edits"] = [
            {"participant": participant, "timestamp": to_iso(new.seen), "previous": old.text, "new": new.text}
            for old, new in zip(entry.versions, entry.versions[1:], strict=False)
        ]
    custom = {
        "Bates": document.begin,
        "Post address": seen.source_url,
        "Release": document.release.release,
        "Sections": document.release.label,
        "Time": "" if seen.created else "of the first capture; the site states none",
    }
    # an empty value is invalid
    event["custom"] = [{"name": name, "value": value} for name, value in custom.items() if value]
    return event


def _message(
    manifest: Mapping[str, Any], documents: Sequence[Document], number: int, agency: str, software: str
) -> bytes:
    package = base64.encodebytes(_zip(json.dumps(manifest, ensure_ascii=False).encode())).decode()
    stamps = sorted(each["timestamp"] for each in manifest["events"])
    record = documents[0].record.produced.record
    heads = {
        "From": f"{_word(agency)} <records@invalid>",
        "Date": f"{_mail_date(stamps[-1])}",
        "Subject": _word(f"{record.title or record.id} ({number})"),
        "Message-ID": f"<{documents[0].begin}@invalid>",
        "MIME-Version": "1.0",
        "X-RSMF-Version": VERSION,
        "X-RSMF-Generator": software,
        "X-RSMF-BeginDate": stamps[0],
        "X-RSMF-EndDate": stamps[-1],
        "X-RSMF-EventCount": str(len(manifest["events"])),
        "X-RSMF-Application": _word(record.site),
        "X-RSMF-Participants": _word("; ".join(each["display"] for each in manifest["participants"])),
        "X-RSMF-AttachmentCount": "0",
        "X-RSMF-EventCollectionID": record.id,
        "Content-Type": 'multipart/mixed; boundary="archiver-rsmf"',
    }
    body = base64.encodebytes("".join(each.text + "\n" for each in documents).encode()).decode()
    lines = [*(f"{name}: {value}" for name, value in heads.items()), ""]
    lines += [
        "--archiver-rsmf",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: base64",
        "",
        body,
    ]
    lines += [
        "--archiver-rsmf",
        'Content-Type: application/zip; name="rsmf.zip"',
        "Content-Transfer-Encoding: base64",
        'Content-Disposition: attachment; filename="rsmf.zip"',
        "",
        package,
        "--archiver-rsmf--",
        "",
    ]
    return "\n".join(lines).replace("\n", "\r\n").encode()


def _zip(manifest: bytes) -> bytes:
    """With no date of its own, so that the same thread gives the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr(zipfile.ZipInfo("rsmf_manifest.json", _STAMP), manifest, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _word(text: str) -> str:
    """An encoded word where it is no plain ASCII (RFC 2047), folded so that no line is too long."""
    plain = " ".join(text.split())
    if plain.isascii():
        return textwrap.shorten(plain, 900)
    words, part = [], ""
    for character in plain:
        if len((part + character).encode()) > 42:
            words.append(part)
            part = ""
        part += character
    words.append(part)
    return "\n ".join(f"=?utf-8?b?{base64.b64encode(each.encode()).decode()}?=" for each in words)


def _mail_date(iso: str) -> str:
    moment = datetime.fromisoformat(iso)
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[moment.weekday()]
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    return f"{day}, {moment.day:02d} {months[moment.month - 1]} {moment.year} {moment:%H:%M:%S} +0000"


def check_manifest(manifest: Mapping[str, Any], files: Sequence[str] = ("rsmf_manifest.json",)) -> Iterator[str]:
    """What the schema does not see: ids given twice, references that lead nowhere, moments without an offset."""
    people = [each["id"] for each in manifest["participants"]]
    talks = [each["id"] for each in manifest["conversations"]]
    events = [each["id"] for each in manifest["events"] if "id" in each]
    for kind, ids in (("participant", people), ("conversation", talks), ("event", events)):
        yield from (f"the {kind} {id} is there twice" for id in sorted({each for each in ids if ids.count(each) > 1}))
    named = {"rsmf_manifest.json"}
    for talk in manifest["conversations"]:
        yield from (f"{talk['id']}: no participant {each}" for each in talk["participants"] if each not in people)
    for person in manifest["participants"]:
        named |= {person["avatar"]} if "avatar" in person else set()
    for event in manifest["events"]:
        id = event.get("id", "an event")
        if event.get("participant", people[0] if people else "") not in people:
            yield f"{id}: no participant {event['participant']}"
        if event.get("conversation") not in talks:
            yield f"{id}: no conversation {event.get('conversation')}"
        if "parent" in event and (event["parent"] not in events or event["parent"] == id):
            yield f"{id}: no other event {event['parent']}"
        moments = [event.get("timestamp"), *(each.get("timestamp") for each in event.get("edits", ()))]
        yield from (f"{id}: {each} has no offset" for each in moments if each and not _OFFSET.fullmatch(each))
        yield from (
            f"{id}: an edit by nobody" for each in event.get("edits", ()) if each.get("participant") not in people
        )
        yield from (f"{id}: {each['name']} is empty" for each in event.get("custom", ()) if not each["value"])
        named |= {each["id"] for each in event.get("attachments", ())}
    yield from (f"the package lacks {each}" for each in sorted(named - set(files)))
    yield from (f"nothing refers to {each}" for each in sorted(set(files) - named))
