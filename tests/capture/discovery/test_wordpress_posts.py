from __future__ import annotations

from datetime import UTC, datetime

from capture.discovery import Bounds, Discovery, discover
from tests.capture.discovery.site import HOME, SITE, Blog, comment, post


def found(blog: Blog, url: str = f"{SITE}/", marks: dict[str, str] | None = None, **bounds: int) -> Discovery:
    return discover(blog.get, url, bounds=Bounds(**bounds), marks=marks)


def test_every_post_and_page_is_found_with_the_number_the_site_declares() -> None:
    blog = Blog(posts=[post(n) for n in range(1, 251)], pages=[post(900)])
    seen = found(blog)
    assert (len(seen.found), seen.declared, seen.sources) == (251, 251, ("wordpress",))
    assert {each.url for each in seen.found} == {each["link"] for each in (*blog.posts, *blog.pages)}
    assert (seen.problems, seen.cut) == ((), ())
    assert seen.found[0].hint.modified == datetime(2026, 1, 5, 13, tzinfo=UTC)


def test_a_new_comment_on_an_old_post_is_found_though_it_moves_no_date_of_the_post() -> None:
    blog = Blog(posts=[post(1), post(2)], comments=[comment(10, 1)])
    first = found(blog)
    blog.comments.append(comment(11, 2, "2026-02-01T10:00:00"))
    second = found(blog, marks=dict(first.marks))
    before, after = ({each.url: each.hint for each in seen.found} for seen in (first, second))
    changed = [url for url in after if after[url].tells_of_change(before[url])]
    assert changed == [f"{SITE}/2026/01/post-2/"]
    assert second.marks == {"wordpress": "11"}


def test_only_comments_newer_than_the_mark_are_asked_for() -> None:
    blog = Blog(posts=[post(1)], comments=[comment(n, 1) for n in range(1, 1001)])
    seen = found(blog, marks={"wordpress": "850"})
    assert len([url for url in blog.asked if "/comments?" in url]) == 2
    assert seen.marks == {"wordpress": "1000"}


def test_what_failed_midway_is_a_problem_and_the_mark_stays() -> None:
    blog = Blog(posts=[post(n) for n in range(1, 151)], comments=[comment(5, 1)], refuse_after=2)
    seen = found(blog, marks={"wordpress": "1"})
    assert len(seen.found) == 100
    assert seen.declared == 150
    assert "answered 503" in seen.problems[0]
    assert seen.marks == {"wordpress": "1"}


def test_a_list_longer_than_the_bounds_is_cut_and_that_is_said() -> None:
    seen = found(Blog(posts=[post(n) for n in range(1, 501)]), threads=200)
    assert len(seen.found) == 200
    assert seen.declared == 500
    assert "of 500 posts the 200 changed last were listed" in seen.cut
    seen = found(Blog(posts=[post(n) for n in range(1, 501)]), requests=3)
    assert any("after 3 requests" in each for each in seen.cut)


def test_a_category_s_page_finds_the_category_s_posts_only() -> None:
    home = HOME.replace(
        "</head>", f'<link rel="alternate" type="application/json" href="{SITE}/wp-json/wp/v2/categories/7"></head>'
    )
    blog = Blog(posts=[post(1, categories=[7]), post(2, categories=[8])], pages=[post(900)], home=home)
    seen = found(blog, f"{SITE}/category/water/")
    assert [each.url for each in seen.found] == [f"{SITE}/2026/01/post-1/"]
    assert seen.declared == 1


def test_a_page_of_which_it_is_not_known_what_it_lists_is_not_taken_for_the_whole_site() -> None:
    blog = Blog(posts=[post(1)])
    assert found(blog, f"{SITE}/news/").sources == ()


def test_posts_at_other_sites_are_left_out_and_that_is_said() -> None:
    seen = found(Blog(posts=[post(1), {**post(2), "link": "https://other.example/2/"}]))
    assert [each.url for each in seen.found] == [f"{SITE}/2026/01/post-1/"]
    assert seen.cut == ("1 of the addresses listed are on other sites",)


def test_an_api_that_answers_with_something_else_raises_nothing() -> None:
    blog = Blog(posts=[])
    blog.posts = [{"id": "x", "link": None, "modified_gmt": "never"}, {"id": 3, "link": 7, "modified_gmt": "2"}]
    assert found(blog).found == ()
