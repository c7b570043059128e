from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.discovery import Bounds, Discovery, Hint, discover
from tests.capture.discovery.site import SITE, Pages

PAGE = f"""<html><head>
<link rel="alternate" type="application/rss+xml" href="/feed/">
<link rel="alternate" type="application/rss+xml" title="Comments" href="{SITE}/comments/feed/">
</head><body></body></html>"""

RSS = """<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:slash="http://purl.org/rss/1.0/modules/slash/"
 xmlns:wfw="http://wellformedweb.org/CommentAPI/"><channel><title>শিৱসাগৰ</title>
<item><title>পানীৰ টেংকাৰ</title><link>https://town.example/a/?utm_source=rss</link>
<pubDate>Mon, 05 Jan 2026 18:30:00 +0530</pubDate><slash:comments>3</slash:comments>
<wfw:commentRss>https://town.example/a/feed/</wfw:commentRss></item>
<item><title>پانی 💧</title><link>https://town.example/b/</link><slash:comments>0</slash:comments></item>
</channel></rss>"""

COMMENTS = """<rss version="2.0"><channel><title>Comments</title>
<item><title>By A</title><link>https://town.example/a/#comment-7</link>
<pubDate>Tue, 06 Jan 2026 09:00:00 +0000</pubDate></item>
<item><title>By B</title><link>https://town.example/old/#comment-5</link>
<pubDate>Mon, 05 Jan 2026 09:00:00 +0000</pubDate></item>
</channel></rss>"""

ATOM = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xmlns:thr="http://purl.org/syndication/thread/1.0">
<title>Ville</title>{next}
<entry><title>Réunion</title><link href="{link}"/><updated>2026-01-05T13:00:00Z</updated>
<published>2026-01-04T13:00:00Z</published><thr:total>4</thr:total></entry></feed>"""


def find(answers: dict[str, object], url: str = f"{SITE}/", **bounds: int) -> Discovery:
    return discover(Pages(dict(answers)).get, url, bounds=Bounds(**bounds))


def test_the_feeds_a_page_names_give_threads_with_comment_counts_and_newest_comments() -> None:
    seen = find({f"{SITE}/": PAGE, f"{SITE}/feed/": RSS, f"{SITE}/comments/feed/": COMMENTS})
    assert seen.sources == ("feed",)
    assert {each.url: each.hint for each in seen.found} == {
        f"{SITE}/a/": Hint(
            modified=datetime(2026, 1, 5, 13, tzinfo=UTC), comments=3, activity=datetime(2026, 1, 6, 9, tzinfo=UTC)
        ),
        f"{SITE}/b/": Hint(comments=0),
        f"{SITE}/old/": Hint(activity=datetime(2026, 1, 5, 9, tzinfo=UTC)),
    }


def test_an_atom_feed_is_followed_to_its_last_page() -> None:
    first = ATOM.format(next='<link rel="next" href="/feed?page=2"/>', link=f"{SITE}/1")
    seen = find({f"{SITE}/feed": first, f"{SITE}/feed?page=2": ATOM.format(next="", link=f"{SITE}/2")}, f"{SITE}/feed")
    assert [each.url for each in seen.found] == [f"{SITE}/1", f"{SITE}/2"]
    assert seen.found[0].hint == Hint(modified=datetime(2026, 1, 5, 13, tzinfo=UTC), comments=4)


def test_a_feed_that_leads_round_in_a_circle_is_read_once() -> None:
    circle = ATOM.format(next=f'<link rel="next" href="{SITE}/feed"/>', link=f"{SITE}/1")
    pages = Pages({f"{SITE}/feed": circle})
    assert len(discover(pages.get, f"{SITE}/feed", bounds=Bounds()).found) == 1
    assert pages.asked.count(f"{SITE}/feed") == 1


def test_a_json_feed_is_read() -> None:
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Town",
        "items": [
            {"id": "1", "url": f"{SITE}/1", "date_published": "2026-01-05T13:00:00Z"},
            {"id": f"{SITE}/2", "date_modified": "2026-01-06T13:00:00+05:30"},
            {"id": 3},
            "nothing",
        ],
    }
    seen = find({f"{SITE}/feed.json": json.dumps(feed)}, f"{SITE}/feed.json")
    assert [each.url for each in seen.found] == [f"{SITE}/1", f"{SITE}/2"]
    assert seen.found[1].hint.modified == datetime(2026, 1, 6, 7, 30, tzinfo=UTC)


def test_where_a_feed_lies_below_the_address_the_whole_site_s_is_left_aside() -> None:
    page = PAGE.replace("</head>", '<link rel="alternate" type="application/atom+xml" href="/water/feed"></head>')
    pages = Pages({f"{SITE}/water/": page, f"{SITE}/water/feed": ATOM.format(next="", link=f"{SITE}/water/1")})
    seen = discover(pages.get, f"{SITE}/water/", bounds=Bounds())
    assert [each.url for each in seen.found] == [f"{SITE}/water/1"]
    assert f"{SITE}/feed/" not in pages.asked


def test_a_feed_that_is_none_is_a_problem() -> None:
    seen = find({f"{SITE}/": PAGE, f"{SITE}/feed/": "<html>Log in</html>", f"{SITE}/comments/feed/": COMMENTS})
    assert seen.problems == (f"the list at {SITE}/feed/ is no feed",)
    assert len(seen.found) == 2


@pytest.mark.parametrize("answer", [(429, {"retry-after": "60"}, b""), (404, {}, b""), OSError("reset")])
def test_an_address_that_does_not_answer_finds_nothing_and_raises_nothing(answer: object) -> None:
    seen = find({f"{SITE}/": answer})
    assert seen.found == ()
    assert seen.status in (429, 404, None)
    assert bool(seen.network_error) == isinstance(answer, OSError)


@given(st.binary(max_size=300), st.sampled_from(["text/xml", "application/json", "application/rss+xml", "text/html"]))
def test_whatever_a_feed_holds_nothing_raises(content: bytes, kind: str) -> None:
    find({f"{SITE}/": PAGE, f"{SITE}/feed/": (200, {"content-type": kind}, content), f"{SITE}/comments/feed/": RSS})
    find({f"{SITE}/": (200, {"content-type": kind}, content)})
