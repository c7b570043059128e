"""Texts without their tags: as a reader sees them, and the same letters far more quickly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.leaks.markup import letters_without_tags, without_tags
from exports.leaks.squeezing import squeeze
from tests.index.strategies import examples

_PIECES = st.sampled_from((
    "Zoë", " ", "দাস", "शर्मा", "علی", "🎉", "\n", "<b>", "</b>", "<br/>", "<br\n/>", '<a href="x?a=1&b=2">', "<\\/p>",
    "<p class='a b'>", '<a title="a > b">', "<img alt=\"it's\">", "<!-- a <b> -->", " < ", " > ", "3 < 4", "->",
    "&lt;b&gt;", "<3", '"', "'", "<my-tag>", "<B>",
))  # fmt: skip


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("Zoë <b>Smith</b>", "Zoë Smith"),
        ("<p>দাস</p><p>শৰ্মা</p>", "\nদাস\n\nশৰ্মা\n"),
        ("Smi<EM>th</EM>", "Smith"),
        ("a<bdi>b</bdi><base>c", "ab\nc"),
        ('x<a title="a > b">y</a>', "xy"),
        ("x<!-- <b> -->y", "xy"),
        (r"<b>x<\/b>y<br\/>z", "xy\nz"),
        ("3 < 4 > 2 <3", "3 < 4 > 2 <3"),
        ("سڑک <wbr>علی", "سڑک علی"),
    ],
)
def test_tags_part_words_unless_they_are_part_of_a_line(text: str, seen: str) -> None:
    assert without_tags(text) == seen


@examples(300, 5_000)
@given(st.lists(_PIECES, max_size=30).map("".join))
def test_letters_in_a_row_are_the_same_either_way(text: str) -> None:
    assert squeeze(letters_without_tags(text)) == squeeze(without_tags(text))
