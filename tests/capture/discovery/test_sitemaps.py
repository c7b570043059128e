from __future__ import annotations

import gzip
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from capture.discovery import Bounds, Discovery, discover
from tests.capture.discovery.site import SITE, Pages

NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def urlset(*entries: tuple[str, str]) -> str:
    listed = "".join(f"<url><loc>{loc}</loc><lastmod>{lastmod}</lastmod></url>" for loc, lastmod in entries)
    return f'<?xml version="1.0" encoding="UTF-8"?><urlset {NAMESPACE}>{listed}</urlset>'


def index(*places: str) -> str:
    listed = "".join(f"<sitemap><loc>{place}</loc></sitemap>" for place in places)
    return f'<?xml version="1.0"?><sitemapindex {NAMESPACE}>{listed}</sitemapindex>'


def find(answers: dict[str, object], url: str = f"{SITE}/", **bounds: int) -> tuple[Discovery, Pages]:
    pages = Pages({f"{SITE}/": "<html></html>", f"{SITE}/news/": "<html></html>", **answers})
    return discover(pages.get, url, bounds=Bounds(**bounds)), pages


def test_robots_txt_leads_to_an_index_and_packed_sitemaps() -> None:
    packed = gzip.compress(urlset((f"{SITE}/1", "2026-01-05"), (f"{SITE}/2", "2026-01-06T10:00:00+05:30")).encode())
    seen, _ = find(
        {
            f"{SITE}/robots.txt": (200, {}, f"User-agent: *\nDisallow:\nSITEMAP: {SITE}/maps/index.xml\n"),
            f"{SITE}/maps/index.xml": index(f"{SITE}/maps/1.xml.gz", f"{SITE}/maps/2.xml"),
            f"{SITE}/maps/1.xml.gz": (200, {"content-type": "application/x-gzip"}, packed),
            f"{SITE}/maps/2.xml": urlset((f"{SITE}/শিৱসাগৰ", "")),
        }
    )
    assert [each.url for each in seen.found] == [f"{SITE}/1", f"{SITE}/2", f"{SITE}/শিৱসাগৰ"]
    assert [each.hint.modified for each in seen.found] == [
        datetime(2026, 1, 5, tzinfo=UTC),
        datetime(2026, 1, 6, 4, 30, tzinfo=UTC),
        None,
    ]
    assert seen.sources == ("sitemap",)


def test_without_robots_txt_the_usual_places_are_tried_until_one_answers() -> None:
    seen, pages = find({f"{SITE}/sitemap_index.xml": urlset((f"{SITE}/1", ""))})
    assert [each.url for each in seen.found] == [f"{SITE}/1"]
    assert f"{SITE}/wp-sitemap.xml" not in pages.asked
    assert seen.problems == ()


def test_only_what_lies_below_the_address_is_the_account_s() -> None:
    seen, _ = find(
        {f"{SITE}/sitemap.xml": urlset((f"{SITE}/news/1", ""), (f"{SITE}/contact", ""), (f"{SITE}/news/", ""))},
        f"{SITE}/news/",
    )
    assert [each.url for each in seen.found] == [f"{SITE}/news/1"]


def test_a_sitemap_given_as_the_address_means_all_it_lists() -> None:
    seen, _ = find({f"{SITE}/maps/all.xml": urlset((f"{SITE}/1", ""))}, f"{SITE}/maps/all.xml")
    assert [each.url for each in seen.found] == [f"{SITE}/1"]


def test_indexes_that_name_one_another_end() -> None:
    seen, pages = find({f"{SITE}/sitemap.xml": index(f"{SITE}/b.xml"), f"{SITE}/b.xml": index(f"{SITE}/sitemap.xml")})
    assert seen.found == ()
    assert pages.asked.count(f"{SITE}/b.xml") == 1


def test_more_addresses_than_the_bounds_are_cut_and_that_is_said() -> None:
    seen, _ = find({f"{SITE}/sitemap.xml": urlset(*((f"{SITE}/{n}", "") for n in range(50)))}, threads=20)
    assert len(seen.found) == 20
    assert seen.cut == ("of the sitemaps the first 20 addresses were taken",)


def test_entities_of_a_hostile_sitemap_read_no_file_and_do_not_grow() -> None:
    bomb = "<!ENTITY a 'https://town.example/'>" + "".join(
        f"<!ENTITY {chr(98 + n)} '{f'&{chr(97 + n)};' * 10}'>" for n in range(9)
    )
    hostile = (
        f'<?xml version="1.0"?><!DOCTYPE urlset [{bomb}<!ENTITY f SYSTEM "file:///etc/passwd">]>'
        f"<urlset><url><loc>&f;</loc></url><url><loc>&j;</loc></url><url><loc>{SITE}/1</loc></url></urlset>"
    )
    seen, _ = find({f"{SITE}/sitemap.xml": hostile})
    assert "root:" not in repr(seen.found)
    assert sum(len(each.url) for each in seen.found) < 10_000


def test_a_packed_bomb_is_no_sitemap() -> None:
    bomb = gzip.compress(b"<urlset>" + b" " * (80 * 1024 * 1024))
    assert find({f"{SITE}/sitemap.xml": (200, {"content-type": "application/x-gzip"}, bomb)})[0].found == ()


@given(st.binary(max_size=200))
def test_whatever_a_sitemap_holds_nothing_raises(content: bytes) -> None:
    find(
        {
            f"{SITE}/sitemap.xml": (200, {"content-type": "text/xml"}, b"<urlset>" + content),
            f"{SITE}/robots.txt": content,
        }
    )
