"""What changed between two observations of one record. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from archiver.core.records import CataloguedItem, Item, Observed


@dataclass(frozen=True, kw_only=True)
class Match:
    """One item as the catalogue knows it, and as it was seen now."""

    before: CataloguedItem
    after: Item


@dataclass(frozen=True, kw_only=True)
class Changes:
    """Every item of two observations, each exactly once.

    `new`, `edited`, `unchanged` and `returned` hold all that was seen; `edited`, `unchanged`,
    `returned`, `gone`, `still_absent` and `unseen` all that was catalogued. An item that comes
    back is `returned`, whatever its text.
    """

    new: tuple[Item, ...] = ()
    edited: tuple[Match, ...] = ()
    gone: tuple[CataloguedItem, ...] = ()
    unchanged: tuple[Match, ...] = ()
    returned: tuple[Match, ...] = ()
    still_absent: tuple[CataloguedItem, ...] = ()  # gone or hidden before, and not seen now
    unseen: tuple[CataloguedItem, ...] = ()  # not seen, but the observation was not complete, or of another access

    @property
    def any(self) -> bool:
        """Whether the record is other than it was."""
        return bool(self.new or self.edited or self.gone or self.returned)


def compare(
    previous: Sequence[CataloguedItem],
    seen: Sequence[Item],
    *,
    complete: bool,
    comparable: Callable[[CataloguedItem], bool] = lambda _: True,
) -> Changes:
    """Set what was seen against what was catalogued, item by item of the same native id.

    `complete`: whether the observation saw all there was; `comparable`: whether it looked with the access
    that showed the item last. Only then is a missing item `gone`.
    Raises ValueError if a native id stands twice in either sequence.
    """
    known = {each.item.native_id: each for each in previous}
    shown = {item.native_id for item in seen}
    if len(known) < len(previous) or len(shown) < len(seen):
        raise ValueError("a native id stands twice among the items of one record")
    new: list[Item] = []
    edited: list[Match] = []
    unchanged: list[Match] = []
    returned: list[Match] = []
    for item in seen:
        before = known.get(item.native_id)
        if before is None:
            new.append(item)
            continue
        match = Match(before=before, after=item)
        if _absent(before):
            returned.append(match)
        elif same_text(before.item.text, item.text):
            unchanged.append(match)
        else:
            edited.append(match)
    missing = [each for each in previous if each.item.native_id not in shown]
    present = tuple(each for each in missing if not _absent(each))
    gone = tuple(each for each in present if complete and comparable(each))
    return Changes(
        new=tuple(new),
        edited=tuple(edited),
        gone=gone,
        unchanged=tuple(unchanged),
        returned=tuple(returned),
        still_absent=tuple(each for each in missing if _absent(each)),
        unseen=tuple(each for each in present if each not in gone),
    )


def same_text(one: str, other: str) -> bool:
    """Whether a reader sees the same words: Unicode composition and the width of white space aside.

    Sites compose letters differently from one page view to the next (`é`, Assamese `ড়`), and
    white space follows their templates; neither is an edit. Joiners (ZWJ, ZWNJ) do count.
    """
    return one == other or _as_read(one) == _as_read(other)


def _as_read(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _absent(entry: CataloguedItem) -> bool:
    return entry.observed in (Observed.GONE, Observed.HIDDEN)
