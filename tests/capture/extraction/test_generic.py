"""Which of a page's notations counts, and what kind of record it makes."""

from __future__ import annotations

import json

import pytest

from archiver.core.records import Extraction, ItemKind, RecordKind
from capture.extraction import extract_page
from capture.extraction.page import PageEvidence

URL = "https://town.example/news/1"


def read(html: str, url: str = URL) -> Extraction:
    return extract_page(PageEvidence(url=url, final_url=url, html=html))


def ld(*blocks: object, body: str = "<p>words</p>", head: str = "") -> str:
    scripts = "".join(f'<script type="application/ld+json">{json.dumps(block)}</script>' for block in blocks)
    return f'<html lang="en"><head>{head}{scripts}</head><body>{body}</body></html>'


ARTICLE = {"@type": "NewsArticle", "url": URL, "headline": "Budget voted", "articleBody": "The council voted."}


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({}, RecordKind.PAGE),
        ({"commentCount": 0}, RecordKind.THREAD),
        ({"comment": [{"@type": "Comment", "text": "At last"}]}, RecordKind.THREAD),
        ({"@type": "SocialMediaPosting"}, RecordKind.THREAD),
        ({"@type": ["Article", "DiscussionForumPosting"]}, RecordKind.THREAD),
        ({"@type": "https://schema.org/BlogPosting"}, RecordKind.THREAD),
    ],
)
def test_what_takes_answers_is_a_thread_and_an_article_a_page(more: dict[str, object], kind: RecordKind) -> None:
    extraction = read(ld({**ARTICLE, **more}))
    assert extraction.kind is kind
    assert extraction.items[0].kind is (ItemKind.PAGE if kind is RecordKind.PAGE else ItemKind.POST)
    assert extraction.items[0].text == "The council voted."


def test_an_article_s_identifier_is_not_taken_for_the_platform_s_own_id() -> None:
    assert read(ld({**ARTICLE, "identifier": "urn:agency:9"})).native_root_id is None
    assert read(ld({**ARTICLE, "@type": "DiscussionForumPosting", "identifier": 9})).native_root_id == "9"
    named = {"@type": "PropertyValue", "propertyID": "forum", "value": "t-9"}
    assert read(ld({**ARTICLE, "@type": "DiscussionForumPosting", "identifier": named})).native_root_id == "t-9"


def test_the_notation_with_most_comments_gives_the_items() -> None:
    body = (
        '<div class="h-entry"><a class="u-url" href="/news/1"></a><div class="e-content">The council voted.</div>'
        '<div class="u-comment h-cite" id="c1"><p class="p-content">One</p></div>'
        '<div class="u-comment h-cite" id="c2"><p class="p-content">Two</p></div></div>'
    )
    head = {**ARTICLE, "commentCount": 2, "author": {"name": "Ann"}, "comment": [{"@type": "Comment", "text": "One"}]}
    extraction = read(ld(head, body=body))
    assert [item.text for item in extraction.items] == ["The council voted.", "One", "Two"]
    assert extraction.creator_name == "Ann"
    assert extraction.declared == extraction.found == {"comments": 2}


def test_the_number_of_comments_is_read_from_a_statistic_too() -> None:
    statistic = {"interactionType": {"@type": "CommentAction"}, "userInteractionCount": 7}
    like = {"interactionType": "https://schema.org/LikeAction", "userInteractionCount": 90}
    extraction = read(ld({**ARTICLE, "interactionStatistic": [like, statistic]}))
    assert (extraction.declared, extraction.found) == ({"comments": 7}, {"comments": 0})


def test_a_post_without_text_has_its_description() -> None:
    post = {"@type": "SocialMediaPosting", "url": URL, "description": "Seen from the bridge"}
    assert read(ld(post)).items[0].text == "Seen from the bridge"
    assert read(ld({"@type": "SocialMediaPosting", "url": URL})).items[0].text == "words"


@pytest.mark.parametrize(
    "block",
    [
        {"@type": "ItemList", "itemListElement": [
            {"@type": "ListItem", "position": 1, "url": "https://town.example/a", "name": "First"},
            {"@type": "ListItem", "item": {"@type": "Article", "url": "https://town.example/b", "headline": "Second"}},
        ]},
        {"@type": "CollectionPage", "mainEntity": {"@type": "ItemList", "itemListElement": [
            {"@type": "ListItem", "url": "https://town.example/a", "name": "First"},
            {"@type": "ListItem", "url": "https://town.example/b", "name": "Second"},
        ]}},
        {"@type": "Blog", "blogPost": [
            {"@type": "BlogPosting", "url": "https://town.example/a", "headline": "First", "comment": {"text": "no"}},
            {"@type": "BlogPosting", "url": "https://town.example/b", "headline": "Second"},
        ]},
        {"@graph": [
            {"@type": "Article", "url": "https://town.example/a", "headline": "First"},
            {"@type": "Article", "url": "https://town.example/b", "headline": "Second"},
        ]},
    ],
)  # fmt: skip
def test_a_list_of_posts_is_a_timeline_of_its_entries(block: object) -> None:
    timeline = read(ld(block), "https://town.example/all")
    assert timeline.kind is RecordKind.TIMELINE
    assert [(item.native_id, item.text, item.parent_id) for item in timeline.items] == [
        ("https://town.example/a", "First", None),
        ("https://town.example/b", "Second", None),
    ]
    assert timeline.found == {"entries": 2}


def test_several_entries_side_by_side_are_a_timeline() -> None:
    entry = '<div class="h-entry"><a class="u-url p-name" href="/{0}">Entry {0}</a></div>'
    timeline = read(entry.format(1) + entry.format(2), "https://town.example/")
    assert timeline.kind is RecordKind.TIMELINE
    assert [item.text for item in timeline.items] == ["Entry 1", "Entry 2"]


def test_an_article_with_related_ones_beside_it_is_a_page() -> None:
    related = {"@type": "NewsArticle", "url": "https://town.example/news/2", "headline": "Other"}
    assert read(ld(ARTICLE, related)).title == "Budget voted"
    beside = "<article><h1>Budget voted</h1><p>The council voted.</p></article><article><h2>Other</h2></article>"
    assert read(f"<body>{beside}</body>").kind is RecordKind.PAGE
    cards = "<article><h2>One</h2></article><article><h2>Two</h2></article>"
    assert read(f'<meta property="og:type" content="article"><p>x</p>{cards}').kind is RecordKind.PAGE


def test_a_template_that_says_it_lists_makes_a_timeline_even_where_no_entry_is_found() -> None:
    timeline = read('<body class="archive"><p>Nothing found this month.</p></body>')
    assert (timeline.kind, timeline.found) == (RecordKind.TIMELINE, {"entries": 0})
    assert timeline.items[0].text == "Nothing found this month."


def test_a_page_without_structure_has_title_language_and_text() -> None:
    page = read("<html lang=fr><title> Avis  public </title><body><p>La salle est fermée jusqu’au mardi prochain.</p>")
    assert (page.kind, page.title, page.language) == (RecordKind.PAGE, "Avis public", "fr")
    assert page.items[0].text == "La salle est fermée jusqu’au mardi prochain."


def test_a_page_without_a_title_is_named_by_its_first_line() -> None:
    page = read("<p>" + "word " * 40 + "</p>")
    assert page.title == ("word " * 15).strip() + "…"


def test_the_head_fills_what_the_body_does_not_say() -> None:
    head = (
        '<meta name="twitter:creator" content="@council"><meta name="keywords" content="budget, council,budget">'
        '<meta property="article:modified_time" content="2026-02-02T10:00:00+01:00">'
        '<meta property="og:image" content="/i.png">'
    )
    page = read(f"<html><head>{head}</head><body><p>text</p></body></html>")
    assert (page.creator_handle, page.keywords) == ("council", ("budget", "council"))
    assert page.modified is not None
    assert page.modified.hour == 9
    assert [media.url for media in page.items[0].media] == ["https://town.example/i.png"]
