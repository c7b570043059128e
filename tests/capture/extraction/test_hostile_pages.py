"""Pages made to break readers: something comes out of each, in bounded time."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver.core.records import Extraction, RecordKind
from capture.extraction import extract_page
from capture.extraction.page import PageEvidence

URL = "https://town.example/threads/1"
_WORDS = "<p>The ward seven water tanker arrives at seven in the evening today.</p>"


def read(html: str, url: str = URL) -> Extraction:
    return extract_page(PageEvidence(url=url, final_url=url, html=html))


def ld(*blocks: object) -> str:
    texts = [json.dumps(block).replace("</", "<\\/") for block in blocks]  # as sites write it inside a script
    scripts = "".join(f'<script type="application/ld+json">{text}</script>' for text in texts)
    return f"<html><head>{scripts}</head><body>{_WORDS}</body></html>"


def circle() -> object:
    return {"@graph": [
        {"@type": "DiscussionForumPosting", "@id": "#a", "text": "a", "comment": [{"@id": "#b"}, {"@id": "#b"}]},
        {"@type": "Comment", "@id": "#b", "text": "b", "comment": [{"@id": "#b"}, {"@id": "#c"}]},
        {"@type": "Comment", "@id": "#c", "text": "c", "comment": [{"@id": "#b"}, {"@id": "#a"}]},
    ]}  # fmt: skip


def nested(levels: int) -> object:
    node: dict[str, object] = {"@type": "Comment", "text": "deepest"}
    for level in range(levels):
        node = {"@type": "Comment", "text": str(level), "comment": [node]}
    return {"@type": "DiscussionForumPosting", "text": "root", "comment": node}


PAGES = {
    "nothing at all": "",
    "white space": " \n ",
    "a comment only": "<!-- x -->",
    "NUL bytes": "\x00<p>a\x00b</p>\x00",
    "lone surrogates": "<p>\ud800 text \udfff</p>",
    "control characters": "<p>" + "".join(map(chr, range(32))) + "</p>",
    "unclosed tags": "<div><p><b><i><a href=x><table><tr>" * 200 + "text",
    "tags closed that were never open": "</div></p></body></html>" * 500 + "text",
    "deep nesting": "<div>" * 20_000 + "text" + "</div>" * 20_000,
    "deep microformats": "<div class='h-entry'>" * 3_000 + "text",
    "deep microdata": "<div itemscope itemtype='https://schema.org/Comment' itemprop=comment>" * 3_000 + "text",
    "deep lists": "<ul><li>" * 5_000 + "text",
    "one tag of a megabyte": "<p " + "a=b " * 250_000 + ">text</p>",
    "an entity bomb": '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><p>&b;&b;</p>',
    "a file for an entity": '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><p>&a; text</p>',
    "broken JSON-LD": '<script type="application/ld+json">{"@type": </script>' + _WORDS,
    "JSON-LD that is a number": ld(1, None, "x", [[[]]], {"@graph": 3}, {"@type": 5}, {"@type": {"a": 1}}),
    "JSON-LD nested too deep": '<script type="application/ld+json">' + "[" * 100_000 + "</script>" + _WORDS,
    "comments in a circle": ld(circle()),
    "comments nested deep": ld(nested(150)),
    "comments nested deeper than is read": ld(nested(450)),
    "wrong kinds of values": ld(
        {"@type": "DiscussionForumPosting", "text": {"a": []}, "author": [None, 3, {"name": {}}], "comment": "none",
         "image": [1, {}, None], "dateCreated": ["x", {}], "commentCount": "-3", "identifier": [{}, True], "url": 7,
         "interactionStatistic": [{"interactionType": 3, "userInteractionCount": "x"}], "keywords": {"a": 1},
         "inLanguage": {"name": 4}, "mainEntityOfPage": [3]}
    ),
    "broken addresses": '<link rel=canonical href="http://[x"><a href="http://[y">z</a><img src="//[">'
    '<p class="h-entry">t <a class="u-url" href="http://[">x</a></p>',
    "a base elsewhere": '<base href="http://[x">'
    '<div class="h-entry"><p class="p-name">x</p><a class="u-url" href="a">l</a></div>',
    "an attribute without end": '<p class="h-entry' + "x" * 100_000,
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_hostile_page_is_read_all_the_same(name: str) -> None:
    started = time.monotonic()
    extraction = read(PAGES[name])
    assert time.monotonic() - started < 20
    assert extraction.canonical_url.startswith("https://town.example/")
    assert extraction.items
    assert len({item.native_id for item in extraction.items}) == len(extraction.items)
    assert "root:x:" not in extraction.items[0].text


def test_each_comment_of_a_circle_is_read_once() -> None:
    thread = read(PAGES["comments in a circle"])
    assert [item.text for item in thread.items] == ["a", "b", "c"]


def test_five_megabytes_are_read_in_time() -> None:
    page = "<html><body><main>" + _WORDS * 70_000
    assert len(page) > 5_000_000
    started = time.monotonic()
    extraction = read(page)
    assert time.monotonic() - started < 20
    assert extraction.items[0].text.count("tanker") == 70_000


def test_a_thread_of_five_thousand_comments_is_read_in_time() -> None:
    comments = [{"@type": "Comment", "identifier": f"c{n}", "text": f"পানীৰ টেংকাৰ {n}"} for n in range(5_000)]
    page = ld(
        {
            "@type": "DiscussionForumPosting",
            "identifier": "1",
            "text": "root",
            "comment": comments,
            "commentCount": 5_000,
        }
    )
    started = time.monotonic()
    thread = read(page)
    assert time.monotonic() - started < 20
    assert thread.declared == thread.found == {"comments": 5_000}


def test_scripts_in_a_text_stay_words() -> None:
    thread = read(ld({"@type": "DiscussionForumPosting", "text": "a <script>alert(1)</script> b & c < d"}))
    assert thread.items[0].text == "a <script>alert(1)</script> b & c < d"


def test_the_same_id_twice_gives_two_items() -> None:
    comments = [{"@type": "Comment", "identifier": "c", "text": text} for text in ("one", "two", "three")]
    thread = read(ld({"@type": "DiscussionForumPosting", "identifier": "c", "text": "x", "comment": comments}))
    assert [item.native_id for item in thread.items] == ["c", "c~2", "c~3", "c~4"]
    assert [item.parent_id for item in thread.items] == [None, "c", "c", "c"]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["@type", "@id", "@graph", "@value", "text", "author", "name", "comment", "parentItem", "url",
                         "mainEntity", "image", "identifier", "dateCreated", "commentCount", "itemListElement"]),
        inner | st.sampled_from(["DiscussionForumPosting", "Comment", "Article", "WebPage", "ItemList", URL, "#a"]),
        max_size=6,
    ),
    max_leaves=25,
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(VALUES, VALUES)
def test_no_structured_data_raises(one: object, other: object) -> None:
    extraction = read(ld(one, other))
    assert len({item.native_id for item in extraction.items}) == len(extraction.items)
    if extraction.kind is RecordKind.THREAD:
        ids = {item.native_id for item in extraction.items}
        assert {item.parent_id for item in extraction.items[1:]} <= ids


@settings(deadline=None)
@given(st.text(alphabet="<>/ aphe-ntryuclifd=\"'commentsarticle", max_size=300))
def test_no_markup_raises(html: str) -> None:
    assert read(html).items
