"""How long work tells of itself: a callable handed in by whoever can show it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called after each step with what is done, what there is to do in all, and what it was about."""

    def __call__(self, done: int, total: int, what: str = "") -> None: ...


def silent(done: int, total: int, what: str = "") -> None:
    """Shows nothing."""
