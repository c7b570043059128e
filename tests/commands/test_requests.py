"""Typed: from a request to a signed bundle, its clock, its review, its redactions, its statistics."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands.test_cli import Terminal, fresh, full, outside  # noqa: F401 - fixtures
from tests.workflows.town import SECRET

pytestmark = pytest.mark.browser


def test_a_request_is_clocked_logged_and_listed_when_due(fresh: Terminal, tmp_path: Path) -> None:  # noqa: F811
    made = fresh(
        "request", "new", "--law", "MFIPPA", "--received", "2026-03-02", "--requester", "نور", "--subject", "পানী",
        "--channel", "e-mail", "--contact", "noor@example.org", "--json",
    )  # fmt: skip
    number = made.json["number"]
    assert "نور" not in made.out
    assert fresh("request", "requester", number, "--json").json["name"] == "نور"
    assert fresh("request", "clock", number, "--json").json["due"] == "2026-04-01"
    logged = fresh("request", "log", number, "paused", "--about", "fee", "--day", "2026-03-10", "--json")
    assert logged.json["kind"] == "paused"
    assert fresh("request", "log", number, "resumed", "--about", "fee", "--day", "2026-03-15").code == 0
    assert "UNVERIFIED" in fresh("request", "clock", number).out
    (due,) = fresh("request", "due", "--json").json
    assert due["due"] == "2026-04-06"
    assert fresh("request", "due", "--ics", str(tmp_path / "due.ics")).code == 0
    assert b"DTSTART;VALUE=DATE:20260406" in (tmp_path / "due.ics").read_bytes()
    assert len(fresh("request", "log", number, "--json").json) == 2
    assert fresh("request", "log", number, "resumed", "--about", "fee").code != 0
    assert "CA-ON-MFIPPA/2" in fresh("request", "laws").out
    night = fresh(
        "request", "new", "--law", "RTI Act 2005", "--received", "2026-03-02T23:59+14:00", "--requester", "x",
        "--subject", "y", "--json",
    )  # fmt: skip
    assert night.json["received"] == "2026-03-02"
    told = fresh("request", "new", "--law", "MFIPPA", "--received", "2026-03-02", "--requester", "x", "--subject", "y")
    assert "due on 2026-04-01 (CA-ON-MFIPPA/1)" in told.out
    assert "UNVERIFIED" in told.out
    unknown = fresh("request", "new", "--law", "An order", "--requester", "x", "--subject", "y")
    assert "no clock is known for 'An order'" in unknown.out


def test_a_reviewed_and_redacted_request_becomes_a_signed_bundle(full: Terminal, tmp_path: Path) -> None:  # noqa: F811
    number = full("request", "new", "--law", "MFIPPA", "--requester", "نور", "--subject", "পানী", "--json").json[
        "number"
    ]
    assert full("review", "freeze", number).code != 0
    assert full("request", "search", number, "water").code == 0
    assert full("review", "freeze", number, "--json").json["items"] > 0
    assert full("review", "check", number).code == 81
    assert full("production", "make", number).code == 84
    assert full("review", "code", number, "--release", "full", "--preview", "--json").json
    assert full("review", "code", number, "--release", "full").code == 0
    batch = full(
        "review", "code", number, "--release", "withheld", "--section", "14", "--text", "bakery", "--json"
    ).json
    assert batch["size"] > 0
    assert full("review", "undo", number, str(batch["id"])).code == 0
    items = full("review", "items", number, "--json").json
    name = next(row["text"] for row in items if row["text"])
    assert name
    preview = full("redact", "add", number, "phrase", "Mill", "Street", "--section", "14", "--preview", "--json").json
    assert preview
    added = full("redact", "add", number, "phrase", "Mill", "Street", "--section", "14", "--reason", "where one lives")
    assert added.code == 0, added.err
    assert full("redact", "add", number, "phrase", "x", "--section", "99", "--reason", "r").code != 0
    assert full("export", number).code == 51
    pictures = full("redact", "pictures", number, "--json").json
    for capture in sorted({each["capture_id"] for each in pictures}):
        assert full("redact", "clear", number, capture, "--reason", "photographs of the town").code == 0
    assert len(full("redact", "list", number, "--json").json) == 1
    assert "[" not in full("redact", "list", number).out  # in an officer's words
    listed = tmp_path / "leaks.txt"
    listed.write_text("data/items.csv: what red_1 redacts\n\ndata/a: what red_1 redacts\n", encoding="utf-8")
    told = full("redact", "acknowledge", number, f"@{listed}", "--reason", "a common word", "--json").json
    assert [each["place"] for each in told] == ["data/items.csv: what red_1 redacts", "data/a: what red_1 redacts"]
    assert full("redact", "acknowledge", number, "@/nowhere", "--reason", "r").code != 0
    assert "Aadhaar" in full("redact", "detectors").out
    left_out = full("redact", "skip-ocr", number, "TOWN-0000001", "--reason", "a photograph of the river", "--json")
    assert left_out.json["place"] == "TOWN-0000001: its picture is not read by OCR"
    assert full("redact", "skip-ocr", number, "data/TOWN-0000001.png", "--reason", "r").code != 0
    assert full("review", "show", number).code == 0
    assert "No two items" in full("review", "alike", number).out or full("review", "alike", number, "--json").json
    assert full("review", "assign", number, "--to", "Clerk", "--size", "1", "--json").json["batch"] == "B001"
    made = full(
        "production", "make", number, "--no-ocr", "--no-pdf", "--prefix", "TOWN-", "--into", str(tmp_path), "--json"
    )
    assert made.code == 0, made.err
    bundle = made.json["filed"]["path"]
    assert made.json["production"]["first"] == "TOWN-0000001"
    assert full("check", bundle).code == 0
    assert full("production", "verify", bundle).code == 0
    assert full("request", "log", number, "collected", "--note", "at the counter").code == 0
    assert "SVG" in full("production", "statistics", "--plot", str(tmp_path / "plot.png")).err
    figures = full("production", "statistics", "--plot", str(tmp_path / "plot.svg"), "--json").json
    assert (figures["received"], figures["answered"], figures["sections"]) == (1, 1, {"14": 1})
    assert "<svg" in (tmp_path / "plot.svg").read_text(encoding="utf-8")
    assert full("production", "list", number, "--json").json[0]["profile"] == "requester"
    again = full("production", "repeat", number, made.json["filed"]["id"], "--into", str(tmp_path / "again"), "--json")
    assert again.json["same"] is True
    packed = full(
        "production", "zip", number, made.json["filed"]["id"], "--into", str(tmp_path / "out.zip"), "--json",
        typed=["a sentence of its own"] * 2,
    )  # fmt: skip
    assert packed.json["files"] > 5
    assert full("verify").code == 0
    path = Path(bundle) / "data" / "items.jsonl"
    path.write_bytes(path.read_bytes() + b"\n")
    assert full("check", bundle).code == 50
    assert json.dumps(SECRET) not in made.out
