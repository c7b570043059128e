"""What a WordPress site's API is asked, and what is said of its answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.extraction.wordpress_api import api_url, route_of
from capture.wordpress import ApiReport, ApiResponse, fetch_api
from tests.capture.wordpress_site import LINK, SITE, Site, comment, page, post

COMMENTS = f"{SITE}/wp-json/wp/v2/comments?post=5&per_page=100&orderby=id&order=asc&page="


def test_a_post_its_comments_and_its_author_are_asked_for() -> None:
    site = Site(comments=[comment(1), comment(2, parent=1)])
    report = fetch_api(site.get, page(), LINK)
    assert report == ApiReport(
        is_wordpress=True,
        requested=(f"{SITE}/wp-json/wp/v2/posts/5", f"{COMMENTS}1", f"{SITE}/wp-json/wp/v2/users/2"),
        declared={"comments": 2},
    )


def test_every_page_of_comments_is_asked_for() -> None:
    site = Site(comments=[comment(number) for number in range(1, 251)])
    report = fetch_api(site.get, page(), LINK)
    assert [url for url in report.requested if "comments" in url] == [f"{COMMENTS}{n}" for n in (1, 2, 3)]
    assert report.declared == {"comments": 250}
    assert report.problems == ()


def test_a_site_without_pretty_permalinks_is_asked_by_rest_route() -> None:
    root = f"{SITE}/index.php?rest_route=/"
    html = page(root=root).replace(f"{root}wp/v2/posts/5", f"{SITE}/index.php?rest_route=/wp/v2/posts/5")
    report = fetch_api(Site(comments=[comment(1)]).get, html, f"{SITE}/?p=5")
    assert report.requested[0] == f"{SITE}/index.php?rest_route=/wp/v2/posts/5"
    assert report.requested[1].startswith(f"{SITE}/index.php?rest_route=/wp/v2/comments&post=5&per_page=100")
    assert report.declared == {"comments": 1}
    assert report.problems == ()


def test_a_page_that_names_its_post_by_class_or_slug_only_is_asked_for_too() -> None:
    by_class = fetch_api(Site().get, page(alternate=False), LINK)
    assert by_class.requested[0] == f"{SITE}/wp-json/wp/v2/posts/5"
    of_page = fetch_api(Site().get, page(alternate=False, classes="page page-id-5"), LINK)
    assert of_page.requested[0] == f"{SITE}/wp-json/wp/v2/pages/5"
    by_slug = fetch_api(Site(comments=[comment(1)]).get, page(alternate=False, classes="single"), LINK)
    assert by_slug.requested[0] == f"{SITE}/wp-json/wp/v2/posts?slug=boil-water"
    assert by_slug.declared == {"comments": 1}


@pytest.mark.parametrize("classes", ["home blog", "archive category", "search search-results", "error404"])
def test_pages_that_list_posts_are_asked_for_nothing(classes: str) -> None:
    assert fetch_api(Site().get, page(classes=classes, alternate=False), SITE) == ApiReport(is_wordpress=True)


def test_a_category_s_own_address_in_the_api_is_not_taken_for_a_post() -> None:
    html = page(classes="").replace("wp/v2/posts/5", "wp/v2/categories/5")
    assert fetch_api(Site().get, html, f"{SITE}/category/news/").requested == ()


def test_a_page_of_another_kind_of_site_is_asked_for_nothing() -> None:
    assert fetch_api(Site().get, "<p>Hello", LINK) == ApiReport(is_wordpress=False)


@pytest.mark.parametrize(
    "elsewhere",
    ["https://other.example/wp-json/", "http://town.example/wp-json/", "https://town.example:8443/wp-json/"],
)
def test_an_api_at_another_origin_is_not_asked(elsewhere: str) -> None:
    report = fetch_api(Site().get, page(root=elsewhere), LINK)
    assert report.requested == ()
    assert elsewhere in report.problems[0]


def test_an_alternate_address_elsewhere_is_not_followed() -> None:
    html = page(alternate=False).replace(
        "</head>", '<link rel="alternate" type="application/json" href="http://10.0.0.1/wp-json/wp/v2/posts/9"></head>'
    )
    report = fetch_api(Site().get, html, LINK)
    assert all(url.startswith(f"{SITE}/") for url in report.requested)


@pytest.mark.parametrize(
    ("part", "status", "content", "problem"),
    [
        ("posts/5", 401, b"{}", "answered 401"),
        ("posts/5", 200, b"<b>Fatal error</b>", "no JSON"),
        ("posts/5", 200, b"\xff\xfe", "no JSON"),
        ("posts/5", 200, b"[" * 100_000, "no JSON"),
        ("posts/5", 200, b"[]", "does not know"),
        ("posts/5", 200, b'{"id": "5"}', "does not know"),
        ("comments", 403, b"{}", "answered 403"),
        ("comments", 200, b'{"code": "closed"}', "no list"),
        ("page=2", 500, b"", "answered 500"),
    ],
)
def test_an_answer_that_is_no_good_is_a_problem(part: str, status: int, content: bytes, problem: str) -> None:
    site = Site(comments=[comment(number) for number in range(1, 120)], broken={part: (status, content)})
    report = fetch_api(site.get, page(), LINK)
    assert len(report.problems) == 1
    assert problem in report.problems[0]
    assert part in report.problems[0]


def test_an_author_the_site_does_not_name_is_no_problem() -> None:
    assert fetch_api(Site(users={}).get, page(), LINK).problems == ()


def test_a_site_that_stops_answering_is_a_problem() -> None:
    def get(url: str) -> ApiResponse:
        raise OSError("connection reset")

    assert "did not answer: connection reset" in fetch_api(get, page(), LINK).problems[0]


def test_fewer_comments_than_the_site_counts_is_a_problem() -> None:
    site = Site(comments=[comment(1), comment(2)])

    def get(url: str) -> ApiResponse:
        answer = site.get(url)
        total = {**answer.headers, "x-wp-total": "3"} if "comments" in url else answer.headers
        return ApiResponse(url=answer.url, status=answer.status, headers=total, content=answer.content)

    report = fetch_api(get, page(), LINK)
    assert report.problems == ("the API states 3 comments and gave 2",)


def test_an_endless_number_of_pages_is_asked_for_up_to_a_bound() -> None:
    def get(url: str) -> ApiResponse:
        answer = Site(comments=[comment(1)]).get(url.replace("&page=", "&page=1&n="))
        headers = {**answer.headers, "x-wp-totalpages": "999999"}
        return ApiResponse(url=url, status=200, headers=headers, content=answer.content)

    report = fetch_api(get, page(), LINK)
    assert sum("comments" in url for url in report.requested) == 500
    assert "999999 pages" in report.problems[0]


def test_a_post_of_another_id_under_the_same_address_gives_its_own_comments() -> None:
    site = Site(posts=[{**post(8), "slug": "boil-water"}])
    report = fetch_api(site.get, page(alternate=False, classes="single"), LINK)
    assert "comments?post=8" in report.requested[1]


SEGMENTS = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=8)


@given(
    st.sampled_from(
        [f"{SITE}/wp-json/", f"{SITE}/blog/wp-json", f"{SITE}/index.php?rest_route=/", f"{SITE}/?rest_route=/"]
    ),
    st.lists(SEGMENTS, min_size=1, max_size=4).map("/".join),
    st.dictionaries(SEGMENTS, st.text(max_size=8), max_size=3),
)
def test_a_route_is_read_back_from_its_address(api: str, route: str, parameters: dict[str, str]) -> None:
    parameters.pop("rest_route", None)
    assert route_of(api_url(api, route, **parameters), api) == route


def test_an_address_outside_the_api_has_no_route() -> None:
    assert route_of(f"{SITE}/about/", f"{SITE}/wp-json/") is None
    assert route_of("https://other.example/wp-json/wp/v2/posts/5", f"{SITE}/wp-json/") is None
    assert route_of(f"{SITE}/?p=5", f"{SITE}/?rest_route=/") is None
