"""How long a query may be worked at that can cost more than it finds."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from archiver.core.errors import BadQuery
from index.query import And, Fuzzy, Near, Node, Not, Or, Thread, Wildcard

SECONDS = 1.0
"""Of the processor's time, so that a busy machine refuses nothing. It is looked at between parts of the index: with
the last part and the parsing an answer comes within two."""

_MANY = 20

_P = TypeVar("_P")


class Patience:
    """Runs out for a query of wildcards, similar spellings, nearness or many words; never for an ordinary one."""

    def __init__(self, node: Node) -> None:
        self._until = time.thread_time() + SECONDS if _cost(node) >= _MANY else None

    def check(self) -> None:
        """Raises BadQuery when it has run out."""
        if self._until is not None and time.thread_time() > self._until:
            raise BadQuery(
                "the query takes too long, it stands for too many words of the archive; "
                "type more of each word before its wildcard, ask for fewer alternatives, or search in parts"
            )

    def rest(self, parts: Iterable[_P]) -> Iterator[_P]:
        """`parts`, with a look at the clock before each."""
        for part in parts:
            self.check()
            yield part


def _cost(node: Node) -> int:
    match node:
        case Wildcard() | Fuzzy() | Near():
            return _MANY
        case And() | Or():
            return sum(map(_cost, node.parts))
        case Not() | Thread():
            return _cost(node.part)
    return 1
