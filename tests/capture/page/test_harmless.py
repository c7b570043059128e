"""What a press of ours may set off: questions, never acts."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.page.harmless import only_reads

SITE = "https://town.example"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/comments?after=17", None),
        ("GET", "/wp-json/wp/v2/comments?post=7&page=2", None),
        ("GET", "/2026/11/how-to-delete-your-old-account-and-stay-calm/", None),
        ("OPTIONS", "/graphql", None),
        ("POST", "/graphql", json.dumps({"query": "query More($after: ID) { comments(after: $after) { text } }"})),
        ("POST", "/api/graphql", json.dumps([{"query": "{ comments { text } }"}])),
        ("POST", "/api/graphql/", "fb_api_req_friendly_name=CommentsListPaginationQuery&doc_id=77"),
        ("POST", "/wp-admin/admin-ajax.php", "action=load_more_posts&page=2"),
        ("POST", "/youtubei/v1/next", json.dumps({"continuation": "abc"})),
        ("POST", "/comments/loadMore", json.dumps({"page": 2})),
        ("GET", "/পানী/নিৰাপদ?পৃষ্ঠা=2", None),
    ],
)
def test_questions_pass(method: str, path: str, body: str | None) -> None:
    assert only_reads(method, SITE + path, body)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("DELETE", "/api/comments/17", None),
        ("PUT", "/api/feed", "{}"),
        ("PATCH", "/api/list", "{}"),
        ("POST", "/comments", json.dumps({"text": "hello"})),
        ("POST", "/replies", None),
        ("POST", "/api/like", None),
        ("GET", "/post/7/like", None),
        ("GET", "/post/7?action=delete", None),
        ("GET", "/logout", None),
        ("GET", "/user/follow?id=3", None),
        ("GET", "/cart/addItem?id=3", None),
        ("POST", "/graphql", json.dumps({"query": "mutation Like { like(id: 7) { id } }"})),
        ("POST", "/graphql", json.dumps({"query": "query A { a } mutation B { b }"})),
        ("POST", "/graphql", json.dumps([{"query": "{ a }"}, {"query": "mutation { b }"}])),
        ("POST", "/graphql", json.dumps({"operationName": "FollowUserQuery", "id": "77"})),
        ("POST", "/graphql", None),
        ("POST", "/graphql", "not json"),
        ("POST", "/api/graphql", "fb_api_req_friendly_name=CommentDeleteMutation&doc_id=77"),
        ("POST", "/wp-admin/admin-ajax.php", "action=delete_more_posts"),
        ("POST", "/wp-admin/admin-ajax.php", "action=heartbeat"),
        ("POST", "/", None),
    ],
)
def test_acts_and_what_is_not_plainly_a_question_do_not(method: str, path: str, body: str | None) -> None:
    assert not only_reads(method, SITE + path, body)


@given(method=st.sampled_from(["POST", "PUT", "PATCH", "DELETE", "MERGE"]), url=st.text(), body=st.text())
def test_nothing_a_page_can_say_makes_the_judgement_fail(method: str, url: str, body: str) -> None:
    only_reads(method, url, body)


def test_an_address_that_is_none_is_not_posted_to() -> None:
    assert not only_reads("POST", "http://[", "a=b")
