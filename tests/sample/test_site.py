from __future__ import annotations

import json
import re
import socket
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import extruct
import pytest

from archiver.sample import Site, serve
from archiver.sample.content import Person, Post, threads
from archiver.sample.pages import thread_page


@pytest.fixture
def site() -> Iterator[Site]:
    with serve() as running:
        yield running


def get(url: str) -> str:
    with urllib.request.urlopen(url) as response:
        return str(response.read().decode())


def every(thread: Post) -> list[Post]:
    found, waiting = [], [thread]
    while waiting:
        found.append(waiting.pop())
        waiting.extend(found[-1].comments)
    return found


def read_json_ld(page: str) -> dict[str, Any]:
    (block,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    parsed: dict[str, Any] = json.loads(block)
    return parsed


def comments_below(node: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for comment in node["comment"] for each in (comment, *comments_below(comment))]


moment = datetime.fromisoformat


def cites_below(entry: dict[str, Any]) -> list[dict[str, Any]]:
    direct = entry["properties"].get("comment", [])
    return [each for cite in direct for each in (cite, *cites_below(cite))]


def test_it_listens_on_this_machine_only(site: Site) -> None:
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", site.url)


def test_it_is_gone_after_the_block() -> None:
    with serve() as running:
        port = int(running.url.rstrip("/").rpartition(":")[2])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=2)


def test_the_port_can_be_chosen() -> None:
    with serve() as one:
        port = int(one.url.rstrip("/").rpartition(":")[2])
    with serve(port=port) as again:
        assert again.url == f"http://127.0.0.1:{port}/"


def test_there_are_two_nights_and_no_third(site: Site) -> None:
    site.night = 2
    with pytest.raises(ValueError, match="nights 1 and 2, not 3"):
        site.night = 3
    assert site.night == 2
    with pytest.raises(ValueError, match="nights 1 and 2, not 0"), serve(night=0):
        pytest.fail("a night that is not there was served")


def test_the_timeline_lists_every_thread_newest_first(site: Site) -> None:
    listed = extruct.extract(get(site.url), base_url=site.url, syntaxes=["microformat"])["microformat"]
    (feed,) = [item for item in listed if item["type"] == ["h-feed"]]
    entries = [entry["properties"] for entry in feed["children"]]
    assert [entry["url"][0] for entry in entries] == [f"{site.url}posts/{thread.id}" for thread in threads(1)]
    published = [thread.created for thread in threads(1)]
    assert published == sorted(published, reverse=True)


@pytest.mark.parametrize("night", [1, 2])
def test_both_notations_state_every_comment_with_its_creator_time_and_text(night: int) -> None:
    with serve(night) as site:
        for thread in threads(night):
            page = get(f"{site.url}posts/{thread.id}")
            stated = read_json_ld(page)
            assert stated["@type"] == "DiscussionForumPosting"
            assert stated["identifier"] == thread.id
            assert stated["commentCount"] == thread.comment_count == len(every(thread)) - 1
            told = {
                (
                    c["identifier"],
                    c["author"]["name"],
                    c["author"]["alternateName"],
                    moment(c["datePublished"]),
                    c["text"],
                )
                for c in comments_below(stated)
            }
            assert told == {(c.id, c.author.name, c.author.handle, c.created, c.text) for c in every(thread)[1:]}
            read = extruct.extract(page, base_url=site.url, syntaxes=["microformat"])["microformat"]
            (entry,) = [item for item in read if item["type"] == ["h-entry"]]
            assert {
                (
                    cite["id"].removeprefix("comment-"),
                    cite["properties"]["author"][0]["properties"]["name"][0],
                    cite["properties"]["author"][0]["properties"]["nickname"][0],
                    moment(cite["properties"]["published"][0]),
                    cite["properties"]["content"][0]["value"].strip(),
                )
                for cite in cites_below(entry)
            } == told


def test_comments_answer_comments_to_the_fourth_level(site: Site) -> None:
    chain = read_json_ld(get(f"{site.url}posts/4101"))["comment"][2]
    names = []
    while True:
        names.append(chain["author"]["alternateName"])
        if not chain["comment"]:
            break
        (chain,) = chain["comment"]
    assert names == ["t.okafor", "rivermouth", "t.okafor", "joycefraser"]


def test_a_night_brings_one_new_comment_takes_one_away_and_edits_one_post_and_one_comment() -> None:
    first, second = ({post.id: post for thread in threads(night) for post in every(thread)} for night in (1, 2))
    assert set(second) - set(first) == {"50305"}
    assert set(first) - set(second) == {"50110"}
    edited = {id for id in set(first) & set(second) if first[id].text != second[id].text}
    assert edited == {"4105", "50203"}
    for id in edited:
        modified = second[id].modified
        assert modified is not None
        assert modified > first[id].created
        assert first[id].modified is None


def test_a_thread_nothing_happened_in_is_the_same_byte_for_byte(site: Site) -> None:
    before = get(f"{site.url}posts/4104"), get(f"{site.url}posts/4106")
    site.night = 2
    assert (get(f"{site.url}posts/4104"), get(f"{site.url}posts/4106")) == before


def test_an_edit_is_shown_and_a_deleted_comment_leaves_no_trace(site: Site) -> None:
    site.night = 2
    edited = get(f"{site.url}posts/4105")
    assert "Thursday 3 December" in edited
    assert "Wednesday 2 December" not in edited
    assert read_json_ld(edited)["dateModified"] == "2026-11-20T15:40:00-05:00"
    assert "edited <time" in edited
    assert "The trench in front of number 31" not in get(f"{site.url}posts/4101")


def test_the_texts_are_in_five_languages_with_their_direction(site: Site) -> None:
    spoken = Counter(post.language for thread in threads(1) for post in every(thread))
    assert set(spoken) == {"en", "fr", "as", "ur", "hi"}
    assert "পানী যোগান" in get(f"{site.url}posts/4103")
    assert '<div class="e-content text" lang="ur" dir="rtl">' in get(f"{site.url}posts/4104")
    assert '<div class="e-content text" lang="hi" dir="ltr">' in get(f"{site.url}posts/4101")


def test_every_picture_and_the_style_sheet_are_served_with_their_type(site: Site) -> None:
    pages = [get(site.url), *(get(f"{site.url}posts/{thread.id}") for thread in threads(1))]
    linked = {path for page in pages for path in re.findall(r'(?:src|href)="(/[^"]+)"', page) if "/posts/" not in path}
    assert len(linked) > 10
    for path in linked:
        with urllib.request.urlopen(site.url + path.removeprefix("/")) as response:
            body = response.read()
            assert response.headers["Content-Type"] == (
                "text/css; charset=utf-8"
                if path.endswith(".css")
                else "image/jpeg"
                if path.endswith("jpg")
                else "image/png"
            )
            assert len(body) == int(response.headers["Content-Length"]) > 500


def test_one_picture_waits_until_it_is_scrolled_to(site: Site) -> None:
    assert re.findall(r'<img [^>]*loading="lazy" src="([^"]+)"', get(f"{site.url}posts/4101")) == [
        "/images/new-pipe.jpg"
    ]


def test_head_answers_without_a_body_and_an_unknown_address_with_404(site: Site) -> None:
    with urllib.request.urlopen(urllib.request.Request(site.url, method="HEAD")) as response:
        assert int(response.headers["Content-Length"]) > 1000
        assert response.read() == b""
    for path in ("nowhere", "posts/1", "images/../content.toml", "content.toml"):
        with pytest.raises(urllib.error.HTTPError) as caught:
            get(site.url + path)
        with caught.value as error:
            assert error.code == 404
            assert "This page is not here" in error.read().decode()


def test_a_query_does_not_change_the_page(site: Site) -> None:
    assert get(site.url + "posts/4106?from=newsletter") == get(site.url + "posts/4106")


def test_a_visitor_who_hangs_up_is_no_error(site: Site, capfd: pytest.CaptureFixture[str]) -> None:
    port = int(site.url.rstrip("/").rpartition(":")[2])
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
            connection.sendall(b"GET /images/plan.jpg HTTP/1.1\r\nHost: x\r\n\r\n")
    assert get(site.url)
    assert capfd.readouterr().err == ""


def test_what_is_written_in_a_post_cannot_break_out_of_the_page() -> None:
    (thread, *_) = threads(1)
    hostile = Post(
        id="9",
        author=Person(handle="x", name="</script><b>"),
        created=thread.created,
        modified=None,
        language="en",
        text="</script><script>alert(1)</script>",
        title="<i>",
        image="plan.jpg",
    )
    page = thread_page(hostile, "http://127.0.0.1/")
    assert page.count("<script") == 1
    assert page.count("</script>") == 1
    assert read_json_ld(page)["text"] == "</script><script>alert(1)</script>"
