"""The readable pages: everything is shown, nothing of a stranger's is run, loaded or believed."""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from lxml import html

from archiver.core.records import Observed, Record
from capture.browser.chromium import find_chromium
from exports.bundle.pages import (
    About,
    Entry,
    isolate_brackets,
    language_tag,
    render_index,
    render_record,
    show_address,
    show_moment,
    show_size,
    slug,
)
from exports.bundle.produced import NotProduced, ProducedRecord
from tests.exports.sample import DESCRIBED, FIRST, MADE_AT, REQUEST, TEXTS, make_bundle, make_record

ATTACKS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "</title><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)//",
    " javascript:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "http://[::1<script>",
    'https://x.example/" onmouseover="alert(1)',
    "https://x.example/' autofocus onfocus='alert(1)",
    "{{ 7*7 }}{% include 'x' %}",
    "<!--><script>alert(1)</script>-->",
    "]]><script>alert(1)</script>",
    "\x00<scr\x00ipt>alert(1)</script>\x1b[31m",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<base href=//evil.example><meta http-equiv=refresh content=0;url=//evil.example>",
    "<style>@import '//evil.example'</style><link rel=stylesheet href=//evil.example>",
    "\u202e<iframe srcdoc='<script>alert(1)</script>'>",
    "+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
]
ALLOWED_TAGS = {
    "html", "head", "meta", "title", "style", "body", "a", "nav", "main", "header", "footer", "p", "h1", "h2", "h3",
    "dl", "dt", "dd", "div", "section", "ol", "ul", "li", "article", "span", "bdi", "time", "img", "table", "thead",
    "tbody", "tr", "th", "td", "caption", "code", "br",
}  # fmt: skip
NOTES = {"proves": ("a",), "does_not_prove": ("b",), "wacz": True}
COUNTS = {"items": 6, "records_asked": 1, "records_exported": 1, "records_withheld": 0, "records_failed": 0}


def about(**changes: Any) -> About:
    values: dict[str, Any] = {
        "production_id": "prod_1",
        "made_at": MADE_AT,
        "made_by": "R. Baruah",
        "software": "records-archiver 1",
        "request": REQUEST,
    }
    return About(**(values | changes))


def thread_page(produced: ProducedRecord, **changes: Any) -> str:
    return render_record(about(**changes), produced, number=1).decode()


def index_page(record: Record, **changes: Any) -> str:
    entry = Entry(number=1, page="threads/0001-x.html", thumbnail=None, record=record, items=6, hits=2)
    lost = NotProduced(record_id=record.id, reason=record.title, withheld=False)
    return render_index(about(**changes), [entry], [lost], COUNTS, NOTES).decode()


def poison(value: Any, attack: str) -> Any:
    """The value with the attack in every free text it holds, ids and enumerations left alone."""
    if isinstance(value, Enum) or value is None or isinstance(value, Path):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        kept = {
            "id",
            "record_id",
            "account_id",
            "native_id",
            "parent_id",
            "capture_id",
            "path",
            "sha256",
            "time_zone",
            "hit_ids",
        }
        changes = {
            each.name: poison(getattr(value, each.name), attack) for each in fields(value) if each.name not in kept
        }
        return replace(value, **changes)
    if isinstance(value, tuple):
        return tuple(poison(each, attack) for each in value)
    return attack if isinstance(value, str) else value


def assert_harmless(page: str) -> None:
    tree = html.document_fromstring(page)
    for element in tree.iter():
        assert isinstance(element.tag, str), f"a comment: {element}"
        assert element.tag in ALLOWED_TAGS, element.tag
        for name, value in element.attrib.items():
            assert not name.startswith("on"), name
            assert name not in ("style", "srcset", "srcdoc", "action", "formaction", "background"), name
            if name == "href":
                assert re.match(r"(https?://|#|\.\./|[A-Za-z]+(\.|/))", value), value
                assert not value.lower().strip().startswith(("javascript:", "data:")), value
            if name == "src":
                assert re.match(r"\.\./records/|records/", value), value
    assert len(tree.findall(".//style")) == 1
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", page)


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_field_of_a_strangers_is_run(tmp_path: Path, attack: str) -> None:
    produced = poison(make_record(tmp_path, captures=1), attack)
    request = poison(REQUEST, attack)
    for page in (
        thread_page(produced, request=request, made_by=attack, software=attack),
        index_page(produced.record, request=request, made_by=attack),
    ):
        assert_harmless(page)
        assert (
            "49" not in re.sub(r"<style>.*?</style>|sha256-\S+|[0-9a-f]{64}", "", page, flags=re.S)
            or "7*7" not in attack
        )


def test_the_pages_of_a_bundle_are_harmless_and_every_link_leads_somewhere(tmp_path: Path) -> None:
    made = make_bundle(tmp_path / "bundle", [make_record(tmp_path / "objects")])
    for page in (made.path / "data").rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert_harmless(text)
        tree = html.document_fromstring(text)
        for element in tree.iter("a", "img"):
            target = element.get("href") or element.get("src") or ""
            if target.startswith("#"):
                assert tree.get_element_by_id(target[1:]) is not None
            elif not target.startswith("http"):
                assert (page.parent / target).is_file(), target
            else:
                assert element.get("rel") == "noreferrer noopener nofollow"


def test_the_policy_forbids_scripts_and_names_the_one_style() -> None:
    page = index_page(DESCRIBED)
    policy = html.document_fromstring(page).xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    style = re.search(r"<style>(.*?)</style>", page, re.S)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src 'self' file:; base-uri 'none'; form-action 'none'"
    )


def test_a_thread_is_shown_with_what_happened_to_it(tmp_path: Path) -> None:
    page = thread_page(make_record(tmp_path))
    text = html.document_fromstring(page).text_content()
    for each in TEXTS.values():
        assert each in text
    assert "Earlier text, first seen 14 March 2026, 15:02:07 UTC+05:30:" in " ".join(text.split())
    assert "Où est le pont ?" in text
    assert "No longer on the site: last seen 14 March 2026, 15:02:07 UTC+05:30, missed 15 March 2026" in text
    assert "the site said “Road”; an officer corrected it" in text
    assert page.count('class="badge hit"') == 2
    assert 'lang="ur">' + TEXTS["ur"] in page
    assert 'dir="auto" lang="">' + TEXTS["und"] in page
    assert "Official account" in text
    assert "Roads" in text


def test_a_hidden_comment_is_said_to_exist(tmp_path: Path) -> None:
    produced = make_record(tmp_path, captures=1)
    hidden = replace(produced.items[0], observed=Observed.HIDDEN)
    assert "Hidden by the site's moderation" in thread_page(replace(produced, items=(hidden,)))


def test_a_page_without_items_says_so(tmp_path: Path) -> None:
    produced = replace(make_record(tmp_path, captures=1), items=(), hit_ids=frozenset())
    assert "No items were read from this page" in thread_page(produced)


def test_tall_screenshots_are_shown_part_by_part(tmp_path: Path) -> None:
    produced = make_record(tmp_path, captures=1)
    (capture,) = produced.captures
    shot, path = capture.files[1]
    second = (replace(shot, path=shot.path.replace("page.png", "page@2.png")), path)
    page = thread_page(replace(produced, captures=(replace(capture, files=(*capture.files, second)),)))
    assert "Full size, part 2" in page
    assert page.index('page.png" alt') < page.index('page@2.png" alt')


def test_the_index_says_what_was_asked_and_how_it_was_searched() -> None:
    text = " ".join(" ".join(html.document_fromstring(index_page(DESCRIBED)).find(".//main").itertext()).split())
    assert "Closing of the Majuli road Requested by ৰীতা Das" in text
    assert "Received 20 March 2026" in text
    assert 'Query road OR "سڑک پیر"' in text
    assert "Searched 1 April 2026, 15:30:00 UTC+05:30 Found 2 items" in text
    assert "1 of 1 records found, with 6 items" in text


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("Asia/Kolkata", '14 March 2026, 15:02:07 <span class="zone">UTC+05:30</span>'),
        ("America/Regina", '14 March 2026, 03:32:07 <span class="zone">UTC-06:00</span>'),
        ("UTC", '14 March 2026, 09:32:07 <span class="zone">UTC</span>'),
        ("Pacific/Kiritimati", '14 March 2026, 23:32:07 <span class="zone">UTC+14:00</span>'),
    ],
)
def test_a_moment_is_shown_in_the_agencys_zone_with_utc_behind_it(zone: str, shown: str) -> None:
    opening = '<time datetime="2026-03-14T09:32:07Z" title="2026-03-14 09:32:07 UTC">'
    assert show_moment(FIRST, ZoneInfo(zone)) == f"{opening}{shown}</time>"


def test_an_unknown_moment_is_not_invented() -> None:
    assert "not stated" in show_moment(None, ZoneInfo("UTC"))


def test_a_moment_of_summer_time_has_its_own_offset() -> None:
    assert "UTC+01:00" in show_moment(datetime(2026, 7, 1, tzinfo=UTC), ZoneInfo("Europe/London"))


@pytest.mark.parametrize(
    ("url", "linked"),
    [
        ("https://town.example/a?b=1&c=2", True),
        ("http://town.example/सड़क", True),
        ("javascript:alert(1)", False),
        ("//town.example", False),
        ("file:///etc/passwd", False),
        ("https://town.example/a b", False),
        ("http://[::1", False),
        ("", False),
    ],
)
def test_only_web_addresses_become_links(url: str, linked: bool) -> None:
    assert ("href=" in show_address(url)) is linked


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Closing of the Majuli road!", "closing-of-the-majuli-road"),
        ("Où est passé le pont ?", "ou-est-passe-le-pont"),
        ("সোমবাৰে", "record"),
        ("../../etc/passwd", "etc-passwd"),
        ("", "record"),
        ("x" * 90, "x" * 40),
    ],
)
def test_a_file_name_is_made_of_plain_letters(title: str, name: str) -> None:
    assert slug(title) == name


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("بہت [8(1)(j)] کی", 'بہت <bdi dir="ltr">[8(1)(j)]</bdi> کی'),
        ("[s. 14]", '<bdi dir="ltr">[s. 14]</bdi>'),
        ("<b>[", "&lt;b&gt;["),
        ("[<b>]", '<bdi dir="ltr">[&lt;b&gt;]</bdi>'),
        ("[হয়] 🌸", "[হয়] 🌸"),
    ],
)
def test_a_section_reads_the_same_in_a_text_from_right_to_left(text: str, shown: str) -> None:
    assert isolate_brackets(text) == shown


def test_languages_and_sizes_are_shown_as_they_are_known() -> None:
    assert [language_tag(each) for each in ("ur", "as-IN", "und", 'x" onload=', "")] == ["ur", "as-IN", "", "", ""]
    assert [show_size(each) for each in (0, 999, 1000, 998_949, 2_500_000, 7_000_000_000_000)] == [
        "0 bytes",
        "999 bytes",
        "1.0 kB",
        "998.9 kB",
        "2.5 MB",
        "7000.0 GB",
    ]


@pytest.mark.browser
def test_a_browser_shows_the_style_and_the_screenshot_from_disk(tmp_path: Path) -> None:
    made = make_bundle(tmp_path / "bundle", [make_record(tmp_path / "objects")])
    page = made.path / "data/threads/0001-majuli-road.html"
    command = [
        str(find_chromium()),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={tmp_path / 'profile'}",
    ]
    done = subprocess.run(
        [*command, "--enable-logging=stderr", "--v=0", "--dump-dom", page.as_uri()],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert "Content Security Policy" not in done.stderr
    assert TEXTS["ur"] in done.stdout
