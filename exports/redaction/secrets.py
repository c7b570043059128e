"""What a production must not hold."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Secret:
    """A string that must not leave: found by a rule, or the text of what is withheld.

    `item` is its id in the archive, "" of what is the record's own.
    """

    text: str
    everywhere: bool
    item: str
    rule: str
