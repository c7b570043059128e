"""Which language a text is said to be in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.extraction.language import canonical_tag, detect_language, main_script


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Public notice: boil water before drinking until further notice.", "en"),
        ("Réunion publique du conseil municipal jeudi à 18 h.", "fr"),
        ("৪ নম্বৰ ৱাৰ্ডত পানীৰ টেংকাৰ কেতিয়া আহিব?", "as"),
        ("আজ সন্ধ্যায় আমাদের এলাকায় জল আসবে না", "bn"),
        ("पानी की आपूर्ति कल सुबह बंद रहेगी, कृपया पानी भर लें।", "hi"),
        ("پانی کب تک بحال ہوگا؟", "ur"),
        ("آب شرب منطقه ما فردا قطع خواهد شد", "fa"),
        ("متى ستعود المياه إلى الحي", "ar"),
        ("اوبه به کله راشي زموږ سیمې ته؟", "ps"),
        ("Когда вернут воду в нашем районе?", "ru"),
        ("水はいつ戻りますか", "ja"),
        ("什么时候恢复供水", "zh"),
        ("ᱫᱟᱜ ᱛᱤᱥ ᱦᱤᱡᱩᱜᱼᱟ", "sat"),
        ("నీరు ఎప్పుడు వస్తుంది", "te"),
        ("👍🎉", "und"),
        ("1800-111-111", "und"),
        ("", "und"),
        ("ok", "und"),
        ("https://town.example/some/english/words/here", "und"),
    ],
)
def test_a_text_is_known_by_its_letters_and_words(text: str, language: str) -> None:
    assert detect_language(text) == language


def test_a_declared_language_is_believed_if_its_script_is_the_text_s() -> None:
    assert detect_language("Besprechung am Donnerstag um acht", declared="nl-be") == "nl-BE"
    assert detect_language("পানীৰ টেংকাৰ", declared="bn") == "bn"
    assert detect_language("पाणी", declared="mr") == "mr"


def test_a_declared_language_of_another_script_is_not_believed() -> None:
    assert detect_language("پانی کب تک بحال ہوگا؟", declared="en-US") == "ur"
    assert detect_language("When will the water be back?", declared="ur") == "en"
    assert detect_language("When will the water be back?", declared="<script>") == "en"


def test_a_declared_script_must_be_the_text_s() -> None:
    assert detect_language("pani kab aayega hamare mohalle mein", declared="ur-latn") == "ur-Latn"
    assert detect_language("پانی کب آئے گا", declared="ur-Latn") == "ur"


def test_the_page_s_language_is_the_last_resort_for_a_short_text() -> None:
    assert detect_language("Danke!", fallback="de") == "de"
    assert detect_language("پانی کب تک بحال ہوگا؟", fallback="en") == "ur"
    assert detect_language("👍", fallback="en") == "und"


@pytest.mark.parametrize(
    ("tag", "canonical"),
    [("EN_us", "en-US"), ("zh-hant-tw", "zh-Hant-TW"), ("as", "as"), ("english", "und"), ("", "und"), ("e", "und")],
)
def test_tags_are_written_as_rfc_5646_recommends(tag: str, canonical: str) -> None:
    assert canonical_tag(tag) == canonical


def test_the_main_script_is_the_one_of_most_letters() -> None:
    assert main_script("Ward ৪: পানীৰ টেংকাৰ আহিব") == ("Beng", 9)
    assert main_script("123 😀") == ("", 0)


@given(st.text(max_size=300), st.text(max_size=12), st.text(max_size=12))
def test_any_text_gets_a_tag(text: str, declared: str, fallback: str) -> None:
    tag = detect_language(text, declared, fallback)
    assert tag == canonical_tag(tag)
