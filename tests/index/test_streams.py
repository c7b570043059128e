"""Whole texts at once: the same words as one by one, whatever letters stand beside each other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.alphabets import SCRIPTS, alphabet_of, letters_of
from index.analyser import analyse
from index.folding import MAX_WORD
from index.streams import words_and_marks
from tests.index.strategies import examples

_NEUTRAL = {"Latin": "x", "Arabic": "ل", "Bengali": "ল", "Devanagari": "ल"}
"""A letter of each script that no other letter changes."""


def _one_by_one(text: str) -> list[str]:
    return [token.text for token in analyse(text) if not token.mark]


@pytest.mark.parametrize("script", SCRIPTS)
def test_no_two_letters_of_an_alphabet_are_folded_otherwise_side_by_side(script: str) -> None:
    neutral = _NEUTRAL[script]
    letters = letters_of(script) + "aZ7"
    for first in letters:
        pairs = [first + second for second in letters]
        text = " ".join(
            [first] + [word for pair in pairs for word in (pair, neutral + pair + neutral, pair + neutral * 2)]
        )
        assert words_and_marks(text)[0].split() == _one_by_one(text)


@pytest.mark.parametrize("script", SCRIPTS)
def test_letters_that_ask_for_their_neighbours_are_told(script: str) -> None:
    @examples(100, 5_000)
    @given(st.text(st.sampled_from(letters_of(script) + "ঃः়़ءھـۓٔéœ aA1 \n,.'#@:’"), max_size=40))
    def holds(text: str) -> None:
        assert words_and_marks(text)[0].split() == _one_by_one(text)

    holds()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The ROAD is closed.", "the road is closed"),
        ("L’École est fermée, cœur brisé", "l ecole est fermee coeur brise"),
        ("গুৱাহাটীৰ ৰাস্তা; ভয়", "গুৱাহাটীর রাস্তা ভয়"),
        ("हिन्दी में सड़क की ख़बर", "हिंदी में सडक की खबर"),
        ("سڑک بند ہے، شكراً كثيرا", "سڑک بند ہے شکرا کثیرا"),
        ("🎉 ৰাস্তা 👍🏽", "রাস্তা"),
    ],
)
def test_texts_of_every_script_are_folded(text: str, words: str) -> None:
    assert words_and_marks(text)[0].split() == words.split()


def test_a_letter_that_folds_to_several_does_not_make_a_word_too_long() -> None:
    (word,) = words_and_marks("œ" * 200)[0].split()
    assert word == ("oe" * 200)[:MAX_WORD]


@pytest.mark.parametrize(
    ("text", "letter"),
    [("plain", "é"), ("🎉 ৰাস্তা", "ৰ"), ("سڑک", "س"), ("Road: सड़क", "स"), ("été", "é")],
)
def test_the_first_letter_tells_the_alphabet(text: str, letter: str) -> None:
    assert alphabet_of(text) is alphabet_of(letter)


@pytest.mark.parametrize("text", ["Дорога закрыта", "道路は閉鎖", "ถนนปิด"])
def test_other_scripts_have_none_here(text: str) -> None:
    assert alphabet_of(text) is None
    assert words_and_marks(text)[0].split() == _one_by_one(text)
