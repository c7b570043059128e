"""Small pages, and literally what is read out of each. ARCHIVER_UPDATE_GOLDEN=1 writes the answers anew."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import pytest

from capture.extraction import extract_page
from capture.extraction.page import PageEvidence

GOLDEN = Path(__file__).parents[2] / "golden" / "extraction"
ADDRESSES = {
    "forum_thread": "https://town.example/threads/12?utm_source=mail#c3",
    "flat_comments": "https://town.example/p/7",
    "microdata_question": "https://town.example/q/1",
    "microformats_note": "https://town.example/notes/3",
    "article": "https://town.example/news/water?fbclid=x&page=2",
    "feed": "https://town.example/",
    "articles_side_by_side": "https://town.example/actualites",
}


def test_every_golden_page_is_tested() -> None:
    assert {page.stem for page in GOLDEN.glob("*.html")} == set(ADDRESSES)


@pytest.mark.parametrize("name", sorted(ADDRESSES))
def test_a_page_gives_what_stands_beside_it(name: str) -> None:
    url = ADDRESSES[name]
    html = (GOLDEN / f"{name}.html").read_text(encoding="utf-8")
    extraction = extract_page(PageEvidence(url=url, final_url=url, html=html))
    found = json.dumps(asdict(extraction), ensure_ascii=False, indent=1, default=_as_text) + "\n"
    expected = GOLDEN / f"{name}.json"
    if os.environ.get("ARCHIVER_UPDATE_GOLDEN"):
        expected.write_text(found, encoding="utf-8")
    assert found == expected.read_text(encoding="utf-8")


def _as_text(value: object) -> str:
    assert isinstance(value, datetime)
    return value.isoformat()
