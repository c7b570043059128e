"""Posts a feed had unmounted are read as if they stood there still."""

from __future__ import annotations

import json

import pytest

from capture.extraction import extract_page
from capture.extraction.feed import FeedRecord, mount, read_feed
from capture.extraction.page import PageEvidence

URL = "https://town.example/feed"
WORDS = ["Water is safe", "L’eau est potable", "পানী নিৰাপদ", "पानी सुरक्षित है", "پانی محفوظ ہے", "💧💧"]


def post(number: int) -> str:
    words = WORDS[number % len(WORDS)]
    return f'<article><h2><a href="/posts/{number}">Notice {number}</a></h2><p>{words} {number}</p></article>'


def page(*numbers: int) -> str:
    posts = "".join(post(number) for number in numbers)
    return (
        f"<!doctype html><html lang=en><title>Feed</title><body><h1>Feed</h1><div role=feed>{posts}</div></body></html>"
    )


def items(html: str, posts: list[int]) -> list[str]:
    evidence = PageEvidence(url=URL, final_url=URL, html=mount(html, [post(each) for each in posts], URL))
    return [each.source_url for each in extract_page(evidence).items]


@pytest.mark.parametrize(
    "shown",
    [(0, 1, 2), (27, 28, 29), (10, 11, 12), (0, 1, 29)],
    ids=["the first", "the last", "some in between", "first and last"],
)
def test_all_posts_come_in_the_order_of_the_feed(shown: tuple[int, ...]) -> None:
    assert items(page(*shown), list(range(30))) == [f"https://town.example/posts/{number}" for number in range(30)]


def test_no_post_is_there_twice() -> None:
    assert len(items(page(0, 1, 2), [0, 1, 2, 1, 2, 3, 3])) == 4


def test_the_words_of_every_language_stay_what_they_are() -> None:
    evidence = PageEvidence(url=URL, final_url=URL, html=mount(page(0), [post(each) for each in range(6)], URL))
    texts = "\n".join(each.text for each in extract_page(evidence).items)
    assert all(words in texts for words in WORDS)


def test_a_feed_that_states_its_length_is_held_to_it() -> None:
    evidence = PageEvidence(url=URL, final_url=URL, html=page(0, 1, 2), feed_declared=30)
    extraction = extract_page(evidence)
    assert (extraction.declared, extraction.found) == ({"entries": 30}, {"entries": 3})


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"posts": 3, "declared": 1}', b"\xff", b'{"posts": [1]}'])
def test_what_is_no_feed_record_reads_as_an_empty_one(content: bytes) -> None:
    assert read_feed(content) == FeedRecord()


def test_a_feed_record_is_read() -> None:
    content = json.dumps({"posts": [{"url": "", "text": "", "html": "<article>x"}], "declared": 4}).encode()
    assert read_feed(content) == FeedRecord(posts=("<article>x",), declared=4)


@pytest.mark.parametrize("broken", ["", "<", "<!--", "text only", "<br>", "\x00"])
def test_nothing_a_feed_holds_breaks_the_reading(broken: str) -> None:
    assert items(page(0, 1), [0, 1, 2]) == items(mount(page(0, 1), [broken], URL), [0, 1, 2])
