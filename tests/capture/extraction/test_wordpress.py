"""A WordPress post and its comments, read from the API's answers and the page beside them."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.core.records import Extraction, ItemKind, MediaRef, RecordKind
from capture.extraction import extract_page
from capture.extraction.page import Answer, PageEvidence
from capture.wordpress import ApiResponse, fetch_api
from tests.capture.wordpress_site import LINK, SITE, Site, comment, page, post


def read(site: Site, html: str | None = None, url: str = LINK) -> Extraction:
    html = page() if html is None else html
    fetch_api(site.get, html, url)
    return extract_page(site.evidence(html, url))


def test_a_post_is_a_thread_with_its_description() -> None:
    thread = read(Site(comments=[comment(1)]))
    assert (thread.extractor, thread.kind, thread.native_root_id) == ("wordpress", RecordKind.THREAD, "post-5")
    assert (thread.site, thread.canonical_url) == ("town.example", LINK)
    assert thread.title == "Boil water – wards 4 & 7"
    assert (thread.creator_name, thread.creator_handle) == ("Norhaven Water", "norhavenwater")
    assert thread.created == datetime(2026, 1, 5, 12, 30, tzinfo=UTC)
    assert thread.modified == datetime(2026, 1, 5, 13, 0, tzinfo=UTC)
    assert thread.declared == thread.found == {"comments": 1}
    root = thread.items[0]
    assert (root.native_id, root.parent_id, root.kind) == ("post-5", None, ItemKind.POST)
    assert root.text == "Boil water.\n\nSee help."
    assert root.links == (f"{SITE}/help",)


def test_comments_keep_who_when_where_and_what_they_answer() -> None:
    site = Site(
        comments=[
            comment(1, "<p>৪ নম্বৰ ৱাৰ্ডত পানী কেতিয়া আহিব?</p>", author_name="নাগৰিক তিনি", author=7),
            comment(9, "<p>پانی کب تک بحال ہوگا؟</p>", author_name="شہری دو"),
            comment(3, '<p>আজি।</p><p lang="as"><img src="/map.png" alt="মানচিত্ৰ"></p>', parent=1),
            comment(
                4,
                "<p>Merci 👩‍👩‍👧</p><p>voir <a href='https://x.example/'>ici</a></p>",
                parent=3,
                author_name="O&#8217;Neil",
            ),
        ]
    )
    html = page('<ol><li id="comment-1" class="comment byuser comment-author-citizen3"></li></ol>')
    items = read(site, html).items
    assert [(each.native_id, each.parent_id) for each in items] == [
        ("post-5", None),
        ("comment-1", "post-5"),
        ("comment-3", "comment-1"),
        ("comment-4", "comment-3"),
        ("comment-9", "post-5"),
    ]
    assert items[1].text == "৪ নম্বৰ ৱাৰ্ডত পানী কেতিয়া আহিব?"
    assert (items[1].creator_name, items[1].creator_handle, items[1].language) == ("নাগৰিক তিনি", "citizen3", "as")
    assert items[1].created == datetime(2026, 1, 5, 14, 0, tzinfo=UTC)
    assert items[1].source_url == f"{LINK}#comment-1"
    assert items[2].media == (MediaRef(url=f"{SITE}/map.png", kind="image", alt="মানচিত্ৰ"),)
    assert items[3].text == "Merci 👩‍👩‍👧\n\nvoir ici"
    assert (items[3].creator_name, items[3].links) == ("O’Neil", ("https://x.example/",))
    assert items[4].language == "ur"


def test_a_hundred_and_fifty_comments_come_from_two_answers() -> None:
    thread = read(Site(comments=[comment(number) for number in range(1, 151)]))
    assert len(thread.items) == 151
    assert thread.declared == thread.found == {"comments": 150}


def test_a_comment_whose_parent_is_not_shown_still_names_it() -> None:
    thread = read(Site(comments=[comment(4, parent=2)]))
    assert [(each.native_id, each.parent_id) for each in thread.items[1:]] == [("comment-4", "comment-2")]


def test_comments_that_answer_each_other_in_a_ring_are_all_there() -> None:
    thread = read(Site(comments=[comment(1, parent=2), comment(2, parent=1), comment(3, parent=3), comment(4)]))
    assert sorted(each.native_id for each in thread.items[1:]) == [f"comment-{n}" for n in (1, 2, 3, 4)]


def test_a_page_of_the_site_without_comments_is_a_page_and_one_that_takes_them_a_thread() -> None:
    closed = read(Site(posts=[post(type="page", comment_status="closed")]))
    assert (closed.kind, closed.items[0].kind, closed.native_root_id) == (RecordKind.PAGE, ItemKind.PAGE, "post-5")
    opened = read(Site(posts=[post(type="page")]))
    assert opened.kind is RecordKind.THREAD


THEMES = Path(__file__).parents[2] / "golden" / "wordpress"
BLOCK_THEME = (THEMES / "block_theme.html").read_text(encoding="utf-8")
CLASSIC_THEME = (THEMES / "classic_theme.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("theme", [BLOCK_THEME, CLASSIC_THEME])
def test_where_the_api_is_closed_the_page_is_read_under_the_same_identity(theme: str) -> None:
    site = Site(broken={"wp-json": (401, b"{}")})
    thread = read(site, page(theme))
    assert (thread.extractor, thread.kind, thread.native_root_id) == ("wordpress", RecordKind.THREAD, "post-5")
    assert thread.items[0].text == "Boil water."
    one, two = thread.items[1:]
    assert (one.native_id, one.parent_id, one.text) == ("comment-1", "post-5", "When?")
    assert (one.creator_name, one.creator_handle) == ("Citizen One", "citizen1")
    assert one.created == datetime(2026, 1, 5, 14, 0, tzinfo=UTC)
    assert (two.native_id, two.parent_id, two.text, two.creator_name) == ("comment-2", "comment-1", "Soon.", "Two")
    assert thread.declared == {}
    assert thread.found == {"comments": 2, "comments_only_on_page": 2}


def test_a_comment_the_api_leaves_out_is_taken_from_the_page_and_counted() -> None:
    thread = read(Site(comments=[comment(1, "<p>As the API has it</p>")]), page(BLOCK_THEME))
    assert [each.text for each in thread.items[1:]] == ["As the API has it", "Soon."]
    assert thread.declared == {"comments": 1}
    assert thread.found == {"comments": 2, "comments_only_on_page": 1}


def test_the_front_page_is_a_timeline_of_its_posts() -> None:
    html = page(
        '<ul><li class="wp-block-post post-5"><h2><a href="/2026/01/boil-water/">Boil water</a></h2>'
        "<p>Until further notice.</p></li>"
        '<li class="wp-block-post post-6"><h2><a href="/2026/01/budget/">Budget</a></h2><p>Voted.</p></li></ul>',
        classes="home blog",
        alternate=False,
    )
    timeline = read(Site(), html, f"{SITE}/")
    assert (timeline.kind, timeline.native_root_id) == (RecordKind.TIMELINE, None)
    assert [(each.native_id, each.text) for each in timeline.items] == [
        ("post-5", "Boil water\n\nUntil further notice."),
        ("post-6", "Budget\n\nVoted."),
    ]


def test_a_post_of_the_front_page_is_not_taken_for_the_page_s_own() -> None:
    site = Site(posts=[post(5), post(6, title={"rendered": "Another"})])
    site.get(f"{SITE}/wp-json/wp/v2/posts/6")
    assert read(site).native_root_id == "post-5"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda v: (
            st.lists(v, max_size=3)
            | st.dictionaries(
                st.sampled_from(["id", "content", "rendered", "parent", "link", "title", "type", "date_gmt", "author"]),
                v,
                max_size=6,
            )
        ),
        max_leaves=12,
    )
)
def test_whatever_the_api_answers_something_comes_out(answer: object) -> None:
    body = json.dumps(answer).encode()
    site = Site(broken={"posts/5": (200, body), "comments": (200, body), "users": (200, body)})
    for url in ("posts/5", "comments?post=5&per_page=100&page=1", "users/2"):
        site.get(f"{SITE}/wp-json/wp/v2/{url}")
    thread = extract_page(site.evidence(page(BLOCK_THEME)))
    assert thread.items[0].parent_id is None
    assert len({each.native_id for each in thread.items}) == len(thread.items)


@pytest.mark.target
@pytest.mark.skipif("ARCHIVER_TEST_TARGETS" not in os.environ, reason="ARCHIVER_TEST_TARGETS names no target servers")
def test_a_real_thread_gives_every_comment_the_api_counts() -> None:
    url, answers = "http://127.0.0.1:28181/?p=5", dict[str, Answer]()
    with httpx.Client(follow_redirects=True, trust_env=False) as client:

        def get(asked: str) -> ApiResponse:
            response = client.get(asked)
            headers = {name.lower(): value for name, value in response.headers.items()}
            content = response.content
            answers[asked] = Answer(url=asked, status=response.status_code, headers=headers, read=lambda: content)
            return ApiResponse(url=asked, status=response.status_code, headers=headers, content=content)

        shown = client.get(url)
        report = fetch_api(get, shown.text, str(shown.url))
        total = int(client.get("http://127.0.0.1:28181/wp-json/wp/v2/comments?post=5").headers["x-wp-total"])
    assert report.problems == ()
    final_url = str(shown.url)
    thread = extract_page(PageEvidence(url=url, final_url=final_url, html=shown.text, answers=answers))
    comments = [each for each in thread.items if each.kind is ItemKind.COMMENT]
    assert len(comments) == total == report.declared["comments"] == thread.found["comments"]
    assert all(each.creator_name and each.created and each.parent_id and each.text for each in comments)
    ids = {each.native_id for each in thread.items}
    assert {each.parent_id for each in comments} <= ids
    assert any("ৱাৰ্ডত পানীৰ টেংকাৰ" in each.text and each.language == "as" for each in comments)
    assert any("پانی کب تک بحال ہوگا؟" in each.text and each.language == "ur" for each in comments)
