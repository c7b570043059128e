"""How many slips of the hand lie between two words: Damerau's distance, no letter moved twice."""

from __future__ import annotations


def within_slips(one: str, other: str, most: int) -> bool:
    """Whether `most` slips or fewer turn `one` into `other`."""
    return abs(len(one) - len(other)) <= most and slips(one, other) <= most


def slips(one: str, other: str) -> int:
    """Letters added, left out or changed and neighbours swapped that turn `one` into `other`, each letter once."""
    before, last = [0] * (len(other) + 1), list(range(len(other) + 1))
    for row, letter in enumerate(one, start=1):
        line = [row]
        for column, wanted in enumerate(other, start=1):
            cost = min(line[-1] + 1, last[column] + 1, last[column - 1] + (letter != wanted))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == wanted:
                cost = min(cost, before[column - 2] + 1)
            line.append(cost)
        before, last = last, line
    return last[-1]


def is_one_slip(one: str, other: str) -> bool:
    """The same as `within_slips(one, other, 1)`, told by what stands behind the first difference."""
    same = 0
    while one[same : same + 1] == other[same : same + 1] != "":
        same += 1
    left, right = one[same:], other[same:]
    swapped = left[:2] == right[1::-1] and left[2:] == right[2:]
    return swapped or left[1:] in (right[1:], right) or left == right[1:]
