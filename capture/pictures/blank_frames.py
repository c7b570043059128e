"""Frames of other sites that a browser did not draw, for they lay outside of its window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from capture.pictures.screenshot import FullPage

_EDGE = 4
"""Pixels: a frame's own border, which its page draws."""
_LEAST = 16
"""Pixels inside of it, across and down: what is smaller shows no text."""


def blank_frames(regions: Sequence[Mapping[str, Any]], tiles: Sequence[bytes]) -> list[str]:
    """What is to be told of the regions that are frames and of one colour on the full-page screenshot; mostly nothing.

    Raises EvidenceDamaged if an image cannot be read.
    """
    page = FullPage(tiles)
    blank = sum(each["kind"] == "frame" and _is_blank(page, each["rect"]) for each in regions)
    return [f"{blank} frame{'s' if blank > 1 else ''} of other sites blank on the screenshot"] if blank else []


def _is_blank(page: FullPage, rect: Sequence[float]) -> bool:
    left, top = int(rect[0]) + _EDGE, int(rect[1]) + _EDGE
    width, height = int(rect[2]) - 2 * _EDGE, int(rect[3]) - 2 * _EDGE
    if min(width, height) < _LEAST or top >= page.height or left >= page.width:
        return False
    return page.part(left=left, top=top, width=width, height=height).getcolors(1) is not None
