"""The quick searches find what the plain ones find: letters of a text, many needles in one pass, runs of bytes."""

from __future__ import annotations

import base64
import gzip
import re
from collections.abc import Callable, Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import exports.leaks.byte_runs
from exports.leaks.byte_runs import BASE64, HEX, is_worth_reading, packed_runs, printed, unpacked_runs, wide_runs
from exports.leaks.needles import Needles
from exports.leaks.squeezing import squeeze
from exports.redaction.spelling import spell, tokens

TEXTS = (
    "The boil-water advisory is lifted, says Zoë Smith.",
    "Où est passé le pont ? « Fermé »",
    "পানী উতলোৱাৰ জাননী ড়ো",
    "पानी उबालने की सूचना ज़",
    "پانی ابالنے کی ہدایت ـــ ﷺ ﷽",
    "👍🏽 🚧 👩‍👩‍👧 ①②③ ＡＢＣ ß ﬁ",
    "\ufacf \ufa6c 금요일 \ufffd \U0001d400\U00020000",
    "a%20b%C3%A9 &amp; R&D; &eacute;&#2309; 100%",
)
BROKEN = (
    *(b"\xc0\xaf", b"\xe0\x80\x80", b"\xe0\x9f\xbf", b"\xed\xa0\x80", b"\xf0\x80\x80\xaf", b"\xf4\x90\x80\x80"),
    *(b"\xf4\x8f\xbf\xbf", b"\xe0\xa0", b"\xf0\x9f\x99", b"\xc3", b"\x80", b"\xf5\x80\x80\x80"),
)
"""Too long, halves, past the last, cut: what UTF-8 forbids, and what is next to it."""
_HIGH = rb"[\x00\x01\x02\x03\x04\x06\x09\x0a\x20\xd8-\xdf\xfb-\xff]"
Pack = Callable[[bytes], bytes | str]
PLAIN = {
    "utf-16-le": re.compile(rb"(?:[\x00-\xff]" + _HIGH + rb"){4,}"),
    "utf-16-be": re.compile(rb"(?:" + _HIGH + rb"[\x00-\xff]){4,}"),
}


def letters_alone(text: str) -> str:
    return spell(text).text.replace(" ", "")


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("times", [1, 40])
def test_what_is_squeezed_are_the_letters_that_the_spelling_has(text: str, times: int) -> None:
    """A short text is folded letter by letter, a long one as an array."""
    assert squeeze(text * times) == letters_alone(text * times)


@given(st.text(max_size=900))
def test_any_text_is_squeezed_to_the_letters_of_its_spelling(text: str) -> None:
    assert squeeze(text) == letters_alone(text)
    assert squeeze(text + " পানী " * 80) == letters_alone(text + " পানী " * 80)


@given(st.lists(st.text("abé", min_size=1, max_size=7), min_size=1, max_size=30), st.text("abé", max_size=200))
def test_many_needles_are_found_wherever_they_stand(needles: list[str], text: str) -> None:
    expected = {
        (each, place) for each in needles for place in range(len(text)) if text.startswith(each, place)
    }  # fmt: skip
    assert set(Needles(needles).find(text)) == expected


def test_a_needle_across_the_border_of_two_pieces_is_found_once() -> None:
    needles = ["zoësmith", "x", "ab", "abc", "abcd"]
    text = "q" * ((1 << 20) - 3) + "zoësmith" + "q" * 100 + "abcd"
    found = sorted(Needles(needles).find(text))
    place = (1 << 20) - 3
    assert found == [("ab", place + 108), ("abc", place + 108), ("abcd", place + 108), ("zoësmith", place)]


def test_runs_are_found_across_the_borders_of_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    content = (
        b"-".join(b"x" * length for length in range(1, 90)) + b"==\r\n" + b"abc" * 9 + "नमस्ते".encode("utf-16-le") * 9
    )
    for block in range(1, 80):
        monkeypatch.setattr(exports.leaks.byte_runs, "_BLOCK", block)
        for kind in (BASE64, HEX):
            assert list(packed_runs(content, kind)) == [
                (each.start(), each[0]) for each in kind.pattern.finditer(content)
            ]
        assert wide_runs(content) == {order: pattern.findall(content) for order, pattern in PLAIN.items()}


@given(st.binary(max_size=400))
def test_runs_of_bytes_are_those_that_their_patterns_find(content: bytes) -> None:
    assert wide_runs(content) == {order: pattern.findall(content) for order, pattern in PLAIN.items()}


@given(st.lists(st.binary(max_size=6) | st.text(max_size=3).map(str.encode) | st.sampled_from(BROKEN)).map(b"".join))
def test_what_is_printed_of_bytes_is_what_a_decoder_makes_of_them_that_ignores_errors(content: bytes) -> None:
    blanks = bytes(each if each in b"\t\r\n" or (each >= 0x20 and each != 0x7F) else 0x20 for each in content)
    assert printed(content) == blanks.decode("utf-8", "ignore")


@given(st.text("Ab9+/=- \n\r", max_size=300).map(str.encode))
def test_packed_runs_are_those_that_their_patterns_find(content: bytes) -> None:
    for kind in (BASE64, HEX):
        assert list(packed_runs(content, kind)) == [(each.start(), each[0]) for each in kind.pattern.finditer(content)]


WORTH = tuple(
    (each if len(each) > 36 else each * 36)[:90]
    for each in (
        *(text.encode() for text in TEXTS),
        *(text.encode("utf-16") for text in TEXTS),
        *(text.encode("utf-16-be") for text in TEXTS),
        *(gzip.compress(text.encode(), mtime=0) for text in TEXTS),
        b"\x89PNG\r\n\x1a\n" + bytes(40),
        b"%PDF-1.7 " + bytes(range(128, 170)),
        b"PK\3\4" + bytes(range(128, 170)),
        bytes(range(128, 200)) + bytes(40),
        bytes(range(128, 200)),
    )
)


def unpacked_one_by_one(content: bytes) -> Iterator[tuple[str, int, bytes]]:
    for found in BASE64.pattern.finditer(content):
        letters = found[0].translate(bytes.maketrans(b"-_", b"+/"), b"\r\n=")
        letters = letters[:-1] if len(letters) % 4 == 1 else letters
        inner = base64.b64decode(letters + b"=" * (-len(letters) % 4))
        if is_worth_reading(inner):
            yield "base64", found.start(), inner
    for found in HEX.pattern.finditer(content):
        inner = bytes.fromhex(found[0][: len(found[0]) // 2 * 2].decode())
        if is_worth_reading(inner):
            yield "hex", found.start(), inner


@given(
    st.lists(
        st.tuples(
            st.sampled_from([base64.b64encode, base64.urlsafe_b64encode, bytes.hex, lambda it: it.hex().upper()]),
            st.sampled_from(WORTH)
            | st.binary(min_size=36, max_size=90)
            | st.sampled_from(BROKEN).map(lambda each: each + b"a" * 40),
            st.sampled_from(['"', " ", "\n", "\r\n", "=", "=\n", "é"]),
        ),
        max_size=12,
    )
)
@example([(pack, each, " ") for pack in (base64.b64encode, bytes.hex) for each in WORTH])
def test_what_many_runs_stand_for_is_told_at_once_as_one_by_one(packed: list[tuple[Pack, bytes, str]]) -> None:
    written = ((pack(inner), end) for pack, inner, end in packed)
    content = "".join(f"{each if isinstance(each, str) else each.decode()}{end}" for each, end in written).encode()
    expected = list(unpacked_one_by_one(content))
    assert list(unpacked_runs(content)) == expected
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exports.leaks.byte_runs, "_MANY", 1)
        assert list(unpacked_runs(content)) == expected


def test_every_letter_of_a_name_is_kept_where_it_is_written_with_marks() -> None:
    assert squeeze("R\u0301ita-\u09a6\u09be\u09b8") == "".join(tokens("Rita \u09a6\u09be\u09b8"))
