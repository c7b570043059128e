"""Counts a page states of its own comments, and counts that are another post's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.extraction import extract_page
from capture.extraction.declared import declared_comments, read_count
from capture.extraction.document import parse_html
from capture.extraction.page import PageEvidence

URL = "https://town.example/notices/7"


def declared(body: str, head: str = "") -> int | None:
    html = f'<!doctype html><html><head><meta charset="utf-8">{head}</head><body>{body}</body></html>'
    return declared_comments(parse_html(html), URL)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("17 comments", 17),
        ("1 comment", 1),
        ("1,204 Comments", 1204),
        ("Comments (17)", 17),
        ("17 replies", 17),
        ("3 thoughts on “Boil-water advisory”", 3),
        ("17 commentaires", 17),
        ("1 204 commentaires", 1204),
        ("17 réponses à “Avis d’ébullition”", 17),
        ("Commentaires (17)", 17),
        ("17 Kommentare", 17),
        ("1.204 Kommentare", 1204),
        ("Kommentare: 17", 17),
        ("१७ टिप्पणियाँ", 17),
        ("टिप्पणियाँ (१७)", 17),
        ("۱۷ تبصرے", 17),
        ("تبصرے (۱۷)", 17),
        ("১৭টি মন্তব্য", 17),
        ("১৭ টা মন্তব্য", 17),
        ("মন্তব্যসমূহ (১৭)", 17),
        ("১,২০,৪৫৬টি মন্তব্য", 120456),
    ],
)
def test_a_heading_of_the_comments_states_their_number_in_every_language(text: str, count: int) -> None:
    assert declared(f"<h1>Notice</h1><p>A text.</p><section id=comments><h2>{text}</h2></section>") == count


@pytest.mark.parametrize(
    "body",
    [
        "<article><h2><a href='/notices/8'>Another</a></h2><h4>3 comments</h4></article>",
        "<aside><h3>3 comments</h3></aside>",
        "<div class='related-posts'><h3>3 comments</h3></div>",
        "<div class='sidebar'><h3>3 comments</h3></div>",
        "<nav><h3>3 comments</h3></nav>",
        "<footer><h3>3 comments</h3></footer>",
        "<h3><a href='/notices/8#comments'>3 comments</a></h3>",
        "<a href='/notices/8'><h3>3 comments</h3></a>",
        "<a class='comment-count' href='/notices/8#comments'>3 comments</a>",
        "<ul><li><h4>3 comments</h4></li></ul>",
        "<article><h1>Notice</h1><article><h4>3 comments</h4></article></article>",
        "<p>We had 3 comments at the meeting.</p>",
        "<h2>3 comments made the council laugh</h2>",
        "<h2>1.2K comments</h2>",
        "<h2>3 comments</h2><h2>17 comments</h2>",
        "<h2>Comments</h2>",
        "<h2>No comments</h2>",
    ],
)
def test_a_number_that_may_be_another_posts_or_is_inexact_is_not_counted(body: str) -> None:
    assert declared(body) is None


@pytest.mark.parametrize(
    "head",
    [
        '<meta property="article:comment_count" content="17">',
        '<meta name="comment_count" content="১৭">',
        '<meta name="twitter:label1" content="Replies"><meta name="twitter:data1" content="17">',
    ],
)
def test_the_head_may_state_the_number(head: str) -> None:
    assert declared("<h1>Notice</h1>", head) == 17


def test_a_label_of_the_comments_own_count_is_read() -> None:
    assert declared("<div id=comments><span class='comments-count'>17 comments</span></div>") == 17


def test_comments_that_are_counted_but_cannot_be_read_are_declared_and_not_found() -> None:
    html = "<!doctype html><h1>Notice</h1><p>A notice of the town.</p><div id=comments><h2>17 comments</h2></div>"
    extraction = extract_page(PageEvidence(url=URL, final_url=URL, html=html))
    assert (extraction.declared, extraction.found) == ({"comments": 17}, {"comments": 0})


def test_of_what_data_and_words_state_the_larger_number_counts() -> None:
    html = """<!doctype html><script type="application/ld+json">{"@type": "DiscussionForumPosting", "identifier": "7",
      "text": "A notice", "commentCount": 2, "comment": [{"@type": "Comment", "text": "One"}, {"@type": "Comment",
      "text": "Two"}]}</script><h1>Notice</h1><section id=comments><h2>17 comments</h2></section>"""
    extraction = extract_page(PageEvidence(url=URL, final_url=URL, html=html))
    assert (extraction.declared, extraction.found) == ({"comments": 17}, {"comments": 2})


@given(st.integers(0, 999_999_999))
def test_a_whole_number_is_read_in_the_digits_of_every_script(number: int) -> None:
    for zero in ("0", "०", "০", "۰", "٠"):
        assert read_count("".join(chr(ord(zero) + int(each)) for each in str(number))) == number


@given(st.text(max_size=12))
def test_what_is_no_number_is_none(text: str) -> None:
    count = read_count(text)
    assert count is None or any(each.isdecimal() for each in text)
