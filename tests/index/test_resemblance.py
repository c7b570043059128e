from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.resemblance import RUN, group_texts, words_of
from tests.index.strategies import examples

ADVICE = "boil all drinking water for at least one minute until the town says it is safe again"


def said(*texts: str) -> list[tuple[str, ...]]:
    return [words_of(text) for text in texts]


def test_spellings_of_one_text_are_the_same() -> None:
    groups = group_texts(said(ADVICE, "পানী উতলাই খাব", ADVICE.upper() + "!", "পানী উতলাই খাব।", "nothing"), nearness=1.0)
    assert [(each.texts, each.nearness) for each in groups] == [((0, 2), (1.0, 1.0)), ((1, 3), (1.0, 1.0))]


def test_a_changed_word_leaves_texts_near_and_the_first_leads() -> None:
    other = ADVICE.replace("one minute", "two minutes")
    (group,) = group_texts(said("so", ADVICE, "something else entirely, of other words", other, ADVICE), nearness=0.5)
    assert group.texts == (1, 4, 3)
    assert group.nearness[:2] == (1.0, 1.0)
    assert 0.5 <= group.nearness[2] < 1.0


@pytest.mark.parametrize(
    "text",
    [
        "পানী উতলাই খাওক বুলি নগৰ পৰিষদে আজি জাননী দিছে",
        "نگر نگم نے آج شہریوں سے پانی ابال کر پینے کی اپیل کی ہے",
        "नगर निगम ने आज नागरिकों से पानी उबालकर पीने की अपील की है",
        "L’eau doit être bouillie pendant une minute avant d’être bue",
        "断水のため明日の朝まで水道水は飲まないでください",
    ],
)
def test_every_script_is_compared_alike(text: str) -> None:
    (group,) = group_texts(said(text, text + " 👍🏽 #tag"), nearness=0.7)
    assert group.texts == (0, 1)


def test_a_text_is_in_one_group_at_most() -> None:
    words = [f"w{number}" for number in range(30)]
    texts = [tuple(words[start : start + 20]) for start in range(6)]
    groups = group_texts(texts, nearness=0.8)
    held = [number for group in groups for number in group.texts]
    assert len(held) == len(set(held))
    assert groups[0].texts[0] == 0


def jaccard(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    runs = [{words[n : n + RUN] for n in range(len(words) - RUN + 1)} for words in (one, other)]
    return len(runs[0] & runs[1]) / len(runs[0] | runs[1]) if runs[0] | runs[1] else 0.0


@examples(150, 5_000)
@given(
    st.lists(st.lists(st.sampled_from("abcd"), max_size=12).map(tuple), max_size=14),
    st.sampled_from((0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 1.0)),
)
def test_groups_are_those_of_comparing_every_pair(texts: list[tuple[str, ...]], nearness: float) -> None:
    taken: set[int] = set()
    wanted = []
    for leader, words in enumerate(texts):
        if leader in taken:
            continue
        group = [leader]
        for other in range(leader + 1, len(texts)):
            if other not in taken and (texts[other] == words or jaccard(words, texts[other]) >= nearness):
                group.append(other)
        taken.update(group)
        if len(group) > 1:
            wanted.append(sorted(group))
    assert [sorted(group.texts) for group in group_texts(texts, nearness=nearness)] == wanted


def test_many_texts_take_seconds_not_minutes() -> None:
    rng = random.Random(7)
    words = [f"w{number}" for number in range(3_000)]
    texts = [tuple(rng.choices(words, k=24)) for _ in range(4_000)]
    copies = [tuple("x" if n == 11 else word for n, word in enumerate(text)) for text in texts[:500]]
    groups = group_texts([*texts, *copies], nearness=0.7)
    assert [group.texts for group in groups] == [(number, 4_000 + number) for number in range(500)]
