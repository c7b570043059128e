from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from archiver.core.manifest import write_items
from archiver.core.records import Item, ItemKind
from capture.extraction import extract_page
from capture.extraction.page import PageEvidence
from capture.extraction.unicode_text import well_formed

LONE = "water \ud83d advisory"


def test_a_lone_surrogate_of_a_pages_json_can_be_filed() -> None:
    described = json.dumps({"@type": "DiscussionForumPosting", "@id": "1", "headline": LONE, "text": LONE})
    html = f'<html><body><script type="application/ld+json">{described}</script><p>x</p></body></html>'
    extraction = extract_page(PageEvidence(url="https://t.example/1", final_url="https://t.example/1", html=html))
    assert "\ufffd" in extraction.title + "".join(item.text for item in extraction.items)
    assert b"advisory" in write_items(extraction.items)


def test_halves_of_one_character_are_joined() -> None:
    item = Item(native_id="1", parent_id=None, kind=ItemKind.POST, text="\ud83d\ude4f", links=("\udc00",))
    cleaned = well_formed(item)
    assert (cleaned.text, cleaned.links, cleaned.kind) == ("🙏", ("\ufffd",), ItemKind.POST)


@given(st.text(st.characters(codec="utf-8")))
def test_well_formed_text_stays_as_it_is(text: str) -> None:
    assert well_formed(text) == text


@given(st.text(st.characters()))
def test_any_text_can_be_written_afterwards(text: str) -> None:
    well_formed(text).encode()
