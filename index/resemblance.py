"""Which texts say the same, and which nearly the same: by their words after analysis, in every script alike.

Nearness is Jaccard's: of the runs of three words that either text has, how many both have. All pairs that near are
found, none by chance: texts share one of their rarest runs, or cannot be near enough (prefix filtering,
Chaudhuri, Ganti, Kaushik 2006; Bayardo, Ma, Srikant 2007). So the answer is the same at every run.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from index.streams import words_and_marks

RUN = 3
"""Words of a run that two texts share or do not."""
_ROUNDING = 1e-9  # 0.7 * 10 is more than 7


@dataclass(frozen=True, kw_only=True)
class Resembling:
    """Numbers of texts that say nearly the same; the first is what the others are compared with.

    `nearness` is each one's to the first, from 0 to 1, in the same order: 1.0 for the first and its equals.
    """

    texts: tuple[int, ...]
    nearness: tuple[float, ...]


def words_of(text: str) -> tuple[str, ...]:
    """The analysed words of `text`, in order."""
    return tuple(words_and_marks(text)[0].split())


def group_texts(texts: Sequence[tuple[str, ...]], *, nearness: float) -> list[Resembling]:
    """Groups of two and more of `texts`, each given by its words; a text is in one group at most.

    Earlier texts lead: each takes every later text without a group that is at least as near to it as `nearness`,
    which is above 0 and at most 1. Two texts without a run in common are equal or not near.
    """
    same: dict[tuple[str, ...], list[int]] = {}
    for number, words in enumerate(texts):
        same.setdefault(words, []).append(number)
    distinct = list(same)
    near = _neighbours([_runs(words) for words in distinct], nearness)
    taken: set[int] = set()
    groups: list[Resembling] = []
    for leader, words in enumerate(distinct):
        if leader in taken:
            continue
        found = [(number, 1.0) for number in same[words]]
        for other, value in sorted(near[leader].items()):
            if other > leader and other not in taken:
                taken.add(other)
                found += [(number, value) for number in same[distinct[other]]]
        if len(found) > 1:
            first, *others = found
            others.sort(key=lambda each: (-each[1], each[0]))
            groups.append(
                Resembling(
                    texts=(first[0], *(number for number, _ in others)),
                    nearness=(first[1], *(value for _, value in others)),
                )
            )
    return groups


def _runs(words: tuple[str, ...]) -> frozenset[tuple[str, ...]]:
    return frozenset(words[place : place + RUN] for place in range(len(words) - RUN + 1))


def _neighbours(sets: Sequence[frozenset[tuple[str, ...]]], least: float) -> list[dict[int, float]]:
    """For each set the others that are near enough, with their nearness."""
    often = Counter(run for each in sets for run in each)
    near: list[dict[int, float]] = [{} for _ in sets]
    holders: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for number in sorted(range(len(sets)), key=lambda each: (len(sets[each]), each)):
        runs = sets[number]
        rarest = sorted(runs, key=lambda run: (often[run], run))
        # what is as near shares so many runs with the larger of two, and so one of the rarest of each
        shared_at_least = math.ceil(least * len(runs) - _ROUNDING)
        prefix = rarest[: len(runs) - shared_at_least + 1]
        tried = {other for run in prefix for other in holders[run] if len(sets[other]) >= shared_at_least}
        for other in sorted(tried):
            shared = len(runs & sets[other])
            value = shared / (len(runs) + len(sets[other]) - shared)
            if value >= least:
                near[number][other] = near[other][number] = round(value, 4)
        for run in prefix:
            holders[run].append(number)
    return near
