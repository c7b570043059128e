"""`w/n` and `pre/n`: they join their neighbours before AND, OR and NOT do, from left to right.

What stands beside them is a word, a phrase, a word with a wildcard, or several of these in
parentheses joined by OR.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from index.lexer import LEAVES, Kind, Piece, fail
from index.query import Near, Node, Or
from index.spans import count_runs

MAX_RUNS = 1_000
"""Ways in which one nearness can hold that engines try; the answer comes well within two seconds."""


def gather_near(text: str, pieces: list[Piece]) -> list[Piece]:
    """`pieces` with everything that a nearness joins as one piece of its own.

    Raises BadQuery where something stands beside it that has no place among words.
    """
    gathered: list[Piece] = []
    place = 0
    while place < len(pieces):
        if pieces[place].kind is not Kind.NEAR:
            gathered.append(pieces[place])
            place += 1
            continue
        left = _operand_before(gathered)
        end = place
        while end < len(pieces) and pieces[end].kind is Kind.NEAR:
            end = _operand_end(text, pieces, end + 1)
        inner = (*gathered[left:], *pieces[place:end])
        del gathered[left:]
        start, last = inner[0].start, inner[-1].end
        gathered.append(Piece(kind=Kind.NEARNESS, text=text[start:last], start=start, end=last, inner=inner))
        place = end
    return gathered


def _operand_before(pieces: list[Piece]) -> int:
    """Where the operand at the end of `pieces` begins."""
    depth = 0
    for place in range(len(pieces) - 1, -1, -1):
        depth += (pieces[place].kind is Kind.CLOSE) - (pieces[place].kind is Kind.OPEN)
        if depth == 0:
            return place
    return 0


def _operand_end(text: str, pieces: list[Piece], start: int) -> int:
    """The place behind the operand that begins at `start`."""
    first = pieces[start]
    if first.kind is Kind.FIELD:
        fail(
            text,
            f"{first.text}: cannot stand after {pieces[start - 1].text}; a field goes before the whole nearness",
            first.start,
            first.end,
        )
    depth = 0
    for place in range(start, len(pieces)):
        depth += (pieces[place].kind is Kind.OPEN) - (pieces[place].kind is Kind.CLOSE)
        if depth == 0:
            return place + 1
    return len(pieces)


class _Reader:
    def __init__(self, text: str, pieces: tuple[Piece, ...], leaf: Callable[[Piece], Node]) -> None:
        self._text = text
        self._pieces = pieces
        self._leaf = leaf
        self._place = 0

    def joined(self) -> Node:
        """Operands joined by nearness."""
        node = self._operand()
        while (near := self._here()) is not None and near.kind is Kind.NEAR:
            self._place += 1
            sign, _, distance = near.text.partition("/")
            node = Near(left=node, right=self._operand(), distance=int(distance), ordered=sign.lower() == "pre")
            if count_runs(node) > MAX_RUNS:
                fail(
                    self._text,
                    "there are too many words, or words between, to try; ask for fewer alternatives or nearer words",
                    near.start,
                    near.end,
                )
        return node

    def _operand(self) -> Node:
        piece = self._here()
        assert piece is not None  # the order of pieces was checked
        self._place += 1
        if piece.kind in LEAVES:
            return self._leaf(piece)
        if piece.kind is not Kind.OPEN:
            self._refuse(piece)
        parts = [self.joined()]
        while (piece := self._here()) is not None and piece.kind is Kind.OR:
            self._place += 1
            parts.append(self.joined())
        if piece is None or piece.kind is not Kind.CLOSE:
            self._refuse(piece)
        self._place += 1
        return parts[0] if len(parts) == 1 else Or(parts=tuple(dict.fromkeys(parts)))

    def _here(self) -> Piece | None:
        return self._pieces[self._place] if self._place < len(self._pieces) else None

    def _refuse(self, piece: Piece | None) -> NoReturn:
        piece = piece or self._pieces[-1]
        fail(
            self._text,
            "beside w/ and pre/ stands a word, a phrase, or several of them in parentheses joined by OR",
            piece.start,
            piece.end,
        )


def read_near(text: str, piece: Piece, leaf: Callable[[Piece], Node]) -> Node:
    """The nearness gathered in `piece`; `leaf` reads its words and phrases. Raises BadQuery."""
    return _Reader(text, piece.inner, leaf).joined()
