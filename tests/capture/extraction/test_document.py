"""From a piece of a page to the text a reader sees."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.core.records import MediaRef
from capture.extraction.document import parse_html, read_fragment, read_passage

BASE = "https://town.example/a/"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One.</p><p>Two.</p>", "One.\n\nTwo."),
        ("One<br>two<br><br>three", "One\ntwo\n\nthree"),
        ("<div>One</div><div>two</div>", "One\ntwo"),
        ("  many \n\t spaces  <b> bold </b> end", "many spaces bold end"),
        ("a<b>b</b>c <i>d</i>", "abc d"),
        ("<ul><li>one</li><li>two</li></ul>after", "one\ntwo\n\nafter"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("<pre>  x\n    y</pre>", "x\n    y"),
        ("18\u00a0h\u00a0: budget", "18\u00a0h\u00a0: budget"),
        ("می\u200cخواهم ক্\u200dষ", "می\u200cخواهم ক্\u200dষ"),
        ("family 👩‍👩‍👧 👍🏽", "family 👩‍👩‍👧 👍🏽"),
        ('ok <img class="emoji" alt="🎉" src="https://s.w.org/x.svg">!', "ok 🎉!"),
        ("a<script>alert(1)</script>b<style>p{}</style>c<!-- d -->e<?php f ?>g", "abceg"),
        ("<noscript>n</noscript><template>t</template>x", "x"),
        ("&lt;b&gt; &amp; &#8217; &nbsp;.", "<b> & ’ \u00a0."),
        ("<p>unclosed <b>tags <p>next", "unclosed tags\n\nnext"),
        ("", ""),
        ("<br><br>", ""),
    ],
)
def test_text_is_laid_out_as_it_is_read(html: str, text: str) -> None:
    assert read_fragment(html, BASE).text == text


def test_links_are_absolute_and_named_once() -> None:
    html = '<a href="../b">x</a><a href="/c?d=1#e">y</a><a href="../b">z</a><a href="#top">t</a>'
    html += '<a href="mailto:a@b.example">m</a><a href="javascript:x()">j</a><a href="http://[bad">k</a>'
    assert read_fragment(html, BASE).links == ("https://town.example/b", "https://town.example/c?d=1#e")


def test_media_keep_their_descriptions() -> None:
    html = '<img src="/a.png" alt=" নদী "><img data-src="b.jpg">'
    html += '<video><source src="c.mp4"></video><audio src="d.ogg" title="speech">'
    assert read_fragment(html, BASE).media == (
        MediaRef(url="https://town.example/a.png", kind="image", alt="নদী"),
        MediaRef(url="https://town.example/a/b.jpg", kind="image"),
        MediaRef(url="https://town.example/a/c.mp4", kind="video"),
        MediaRef(url="https://town.example/a/d.ogg", kind="audio", alt="speech"),
    )


def test_a_picture_without_an_address_or_inside_data_is_no_media() -> None:
    assert read_fragment('<img alt="x"><img src="data:image/png;base64,xx">', BASE).media == ()


def test_the_language_is_the_one_most_of_the_text_stands_under() -> None:
    assert read_fragment('<p lang="as">পানীৰ টেংকাৰ</p>', BASE).language == "as"
    assert read_fragment('<p lang="as">পানী</p><p>a much longer rest of it</p>', BASE).language == ""
    assert read_fragment('<div lang="ur">پانی <b lang="en">ok</b> کب تک بحال</div>', BASE).language == "ur"


def test_text_behind_the_element_is_not_its_own() -> None:
    tree = parse_html("<body><p id=a>inside</p>outside</body>")
    assert read_passage(tree.xpath("//p")[0], BASE).text == "inside"


def test_a_nul_byte_is_shown_as_missing() -> None:
    assert read_fragment("a\x00b", BASE).text == "a\ufffdb"


@given(st.text(max_size=200))
def test_plain_text_comes_through_as_written(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    written = "".join(c for c in text if c.isprintable() or c in " \n\t")
    if written == text:
        assert read_fragment(f"<p>{escaped}</p>", BASE).text.split() == text.split()


@given(st.text(alphabet="<>/apbri \"'=&;#!-\x00\n", max_size=200))
def test_no_markup_raises(html: str) -> None:
    passage = read_fragment(html, BASE)
    assert passage.text == passage.text.strip()
