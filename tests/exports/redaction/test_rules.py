"""Phrases, patterns and people: found in every way of writing, and not within other words."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.core.errors import BadInput, RedactionRefused
from exports.leaks.squeezing import squeeze
from exports.redaction.detectors import detect, luhn, verhoeff
from exports.redaction.rules import RedactionRule, check_rule, find_phrase, redact, redact_address
from exports.redaction.spelling import spell, tokens

NAMES = ("Zoë Smith", "Rémi L'Écuyer", "ৰীতা দাস", "रीता शर्मा", "سڑک علی", "👩‍👩‍👧 🚧")


def phrase(*phrases: str, **more: Any) -> RedactionRule:
    return RedactionRule(
        **{"id": "red_1", "kind": "phrase", "scope": "everywhere", "section": "14", "phrases": phrases, **more}
    )


@pytest.mark.parametrize(
    ("text", "released"),
    [
        ("ZOE SMITH's dog", "[14]'s dog"),
        ("Zoë\n   Smith", "[14]"),  # over a line's end
        ("Zoe Smithson and Smith Zoë", "Zoe Smithson and Smith Zoë"),  # inside other words, in another order
        (unicodedata.normalize("NFD", "Zoë Smith."), "[14]."),
        ("Zo\u00adë\u200b S\u200bmith", "[14]"),  # soft hyphen, zero-width spaces
        ("Ｚｏë Ｓｍｉｔｈ", "[14]"),  # full-width letters
        ("#ZoeSmith #zoe_smith", "#[14] #[14]"),
        ("#JusticeForZoeSmith2026", "#JusticeFor[14]2026"),
        ("@zoesmith: hi", "@[14]: hi"),
        ("https://x.example/zo%C3%AB-smith?a=1", "https://x.example/[14]?a=1"),
        ("Zo&euml; Smith", "[14]"),
        ("ৰীতা\nদাস কয়", "[14] কয়"),
        ("ৰীতাৰ দাসী", "ৰীতাৰ দাসী"),
        ("रीता\u200dशर्मा से", "[14] से"),
        ("سَڑَک\u200f عليؔ نے", "[14] نے"),  # vowel marks, an Arabic yeh, a direction mark
        ("Rémi L’Ecuyer", "[14]"),
        ("👩‍👩‍👧🚧", "[14]"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_name_is_found_however_it_is_written(text: str, released: str) -> None:
    assert redact(text, [phrase(*NAMES)])[0] == released


def test_within_longer_words_only_where_that_is_asked_for() -> None:
    assert redact("ৰীতাৰ ঘৰ", [phrase("ৰীতা", inside=True)])[0] == "[14]ৰ ঘৰ"
    assert redact("ৰীতাৰ ঘৰ", [phrase("ৰীতা")])[0] == "ৰীতাৰ ঘৰ"


def test_hits_that_overlap_become_one_with_both_sections() -> None:
    rules = [phrase("Zoë Smith"), phrase("Smith Road", id="red_2", section="8(1)(j)")]
    assert redact("on Zoë Smith Road", rules)[0] == "on [14, 8(1)(j)]"


def test_an_address_with_a_hit_is_replaced_as_a_whole() -> None:
    assert redact_address("https://x.example/u/zoe-smith/photos/99", [phrase("Zoë Smith")])[0] == "[14]"
    assert redact_address("https://x.example/u/other", [phrase("Zoë Smith")])[0] == "https://x.example/u/other"


@given(
    name=st.sampled_from(NAMES),
    before=st.text("abc অ क ا .,\n#", max_size=20),
    after=st.text("xyz অ क ا .,\n", max_size=20),
    form=st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]),
)
def test_what_is_redacted_is_found_nowhere_in_what_is_left(name: str, before: str, after: str, form: Any) -> None:
    text = unicodedata.normalize(form, f"{before} {name} {after}")
    released, hits = redact(text, [phrase(name)])
    assert hits
    assert list(find_phrase(released, name)) == []
    assert "".join(tokens(name)) not in squeeze(released)


@given(st.text(max_size=60))
def test_places_of_the_folding_lead_back_into_the_text(text: str) -> None:
    spelled = spell(text)
    assert len(spelled.text) == len(spelled.starts) == len(spelled.ends)
    assert all(0 <= start < end <= len(text) for start, end in zip(spelled.starts, spelled.ends, strict=True))


@given(st.text(max_size=60))
def test_the_quick_folding_misses_nothing_that_the_careful_one_finds(text: str) -> None:
    for word in spell(text).text.split():
        assert word in squeeze(text)


@pytest.mark.parametrize(
    ("detector", "text", "found"),
    [
        ("e-mail", "write to a.b+c@mail.example.org, or x%40y.example", ["a.b+c@mail.example.org", "x%40y.example"]),
        ("e-mail", "ট@ @ a@b", []),
        (
            "e-mail",
            "rita @ mail.example.org, rita @mail.example, ৰীতা@ mail.gov.in",
            ["rita @ mail.example.org", "rita @mail.example", "ৰীতা@ mail.gov.in"],
        ),
        ("e-mail", "লিখক: ৰীতা.দাস@অসম.ভাৰত। लिखें: सीता@डाक.भारत", ["ৰীতা.দাস@অসম.ভাৰত", "सीता@डाक.भारत"]),
        ("e-mail", "Luc Tremblay @luc.tremblay, ثنا حسین @sana.h", []),  # a name beside its handle
        (
            "phone",
            "+91 98765 43210, (306) 555-0123, 0300-1234567",
            ["+91 98765 43210", "(306) 555-0123", "0300-1234567"],
        ),
        ("phone", "ফোন ৯৮৭৬৫ ৪৩২১০", ["৯৮৭৬৫ ৪৩২১০"]),
        ("phone", "on 2026-03-14 for 1200 rupees", []),
        ("aadhaar", "2341 2341 2346 and 2341 2341 2345", ["2341 2341 2346"]),
        ("pan", "ABCPE1234F, not ABCPE12345", ["ABCPE1234F"]),
        ("cnic", "شناختی کارڈ ۴۲۱۰۱-۱۲۳۴۵۶۷-۱", ["۴۲۱۰۱-۱۲۳۴۵۶۷-۱"]),
        ("sin", "454 286 130 692 544", ["130 692 544"]),
    ],
)
def test_a_detector_finds_what_has_the_right_form_and_check_digit(detector: str, text: str, found: list[str]) -> None:
    assert [text[start:end] for start, end in detect(detector, text)] == found


def test_check_digits_are_those_of_the_published_examples() -> None:
    assert verhoeff("2363")  # Verhoeff's 236 with its digit 3
    assert not verhoeff("2364")
    assert luhn("046454286")  # the published example of a Canadian number
    assert not luhn("046454287")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"section": " "}, "needs the section"),
        ({"phrases": ()}, "which words"),
        ({"phrases": ("...",)}, "no letter"),
        ({"scope": "here"}, "say where"),
        ({"kind": "item"}, "which item"),
        ({"kind": "rectangle"}, "a rectangle is"),
        ({"kind": "guess"}, "a redaction is one of"),
    ],
)
def test_a_rule_that_would_redact_nothing_or_everything_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(RedactionRefused, match=message):
        check_rule(phrase(**{"phrases": NAMES, **changes}) if "phrases" not in changes else _with(**changes))
    with pytest.raises(BadInput, match="no detector"):
        check_rule(phrase("x", kind="pattern", detector="shoe size"))


def _with(**changes: Any) -> RedactionRule:
    values = {"id": "red_1", "kind": "phrase", "scope": "everywhere", "section": "14", **changes}
    return RedactionRule(**values)
