"""What style sheets and not documents say or show, by a snapshot of the page: texts, and pictures of unknown text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from capture.page.questions import Send
from capture.pictures.word_codes import Box

STYLES = (
    "background-image",
    "border-image-source",
    "mask-image",
    "content",
    "list-style-image",
    "display",
    "column-count",
    "column-width",
    "visibility",
    "opacity",
)
"""The computed styles that a snapshot is to hold, in this order."""
_PICTURES = slice(0, 4)
_CONTENT, _LIST_IMAGE, _DISPLAY, _COLUMNS, _VISIBILITY, _OPACITY = 3, 4, 5, slice(6, 8), 8, 9
_OF_DOCUMENTS = ("::first-letter", "::first-line")
"""What these say, a text node says."""
_EVERYWHERE = (0.0, 0.0, float("inf"), float("inf"))


@dataclass(frozen=True, kw_only=True)
class Generated:
    """As `layout.js` writes them: a text has one "word" for each of its lines."""

    texts: tuple[dict[str, Any], ...]
    regions: tuple[dict[str, Any], ...]


async def read_generated(send: Send, layout: Mapping[str, Any]) -> Generated:
    """Of the page as it stands, whose `layout` was read."""
    snapshot = await send("DOMSnapshot.captureSnapshot", {"computedStyles": list(STYLES)})
    return generated_in(snapshot, layout["frames"])


def with_generated(layout: Mapping[str, Any], generated: Generated | None, lacking: bool) -> dict[str, Any]:
    """The layout with what was generated too: `cut` where that is not known, or else some of the page is `lacking`."""
    return {
        **layout,
        "texts": [*layout["texts"], *(generated.texts if generated else ())],
        "regions": [*layout["regions"], *(generated.regions if generated else ())],
        "cut": layout["cut"] or lacking or generated is None,
    }


def generated_in(snapshot: Mapping[str, Any], frames: Sequence[Mapping[str, Any]]) -> Generated:
    """In a DOMSnapshot with STYLES: of the page's own document, and those of `frames`, as `layout.js` tells of them.

    Only texts with letters or digits; a bullet or an icon is none.
    """
    known = {str(each["path"]).lower(): each for each in frames}
    texts: list[dict[str, Any]] = []
    regions: list[dict[str, Any]] = []
    pending = [(0, "", (0.0, 0.0), _EVERYWHERE)]
    while pending:
        number, base, begins, seen = pending.pop()
        document = _Document(snapshot, number, base, begins, seen)
        texts += document.texts()
        regions += document.regions()
        for path, inner in document.frames():
            if frame := known.get(path.lower()):
                left, top, right, bottom = (
                    other if each is None else each for each, other in zip(frame["view"], _EVERYWHERE, strict=True)
                )
                pending.append((inner, frame["path"], (frame["x"], frame["y"]), (left, top, right, bottom)))
    return Generated(texts=tuple(texts), regions=tuple(regions))


class _Document:
    """One document of a snapshot, which begins at `begins` of the page and is seen through the edges `seen`."""

    def __init__(
        self, snapshot: Mapping[str, Any], number: int, base: str, begins: tuple[float, float], seen: Box
    ) -> None:
        document = snapshot["documents"][number]
        self._strings: Sequence[str] = snapshot["strings"]
        self._nodes, self._layout, self._lines = document["nodes"], document["layout"], document["textBoxes"]
        self._base, self._seen, self._wide = base, seen, document["contentWidth"]
        scrolled = (0, 0) if not base else (document.get("scrollOffsetX", 0), document.get("scrollOffsetY", 0))
        self._shift = begins[0] - scrolled[0], begins[1] - scrolled[1]
        self._names = [self._strings[each] for each in self._nodes["nodeName"]]
        self._places = {node: place for place, node in enumerate(self._layout["nodeIndex"])}
        self._generated = [
            place
            for place, node in enumerate(self._layout["nodeIndex"])
            if self._names[node].startswith("::") and self._names[node] not in _OF_DOCUMENTS
        ]
        alike: Counter[tuple[int, str]] = Counter()
        self._ordinal: list[int] = []
        for parent, name in zip(self._nodes["parentIndex"], self._names, strict=True):
            alike[parent, name] += 1
            self._ordinal.append(alike[parent, name])

    def texts(self) -> list[dict[str, Any]]:
        found: dict[int, list[list[Any]]] = {}
        wanted = set(self._generated)
        for number, place in enumerate(self._lines["layoutIndex"]):
            if place not in wanted or self._layout["text"][place] < 0:
                continue
            start, length = self._lines["start"][number], self._lines["length"][number]
            # counted in UTF-16 units
            said = self._strings[self._layout["text"][place]].encode("utf-16-le")[2 * start : 2 * (start + length)]
            text = said.decode("utf-16-le", "replace").strip()
            box = self._box(self._lines["bounds"][number])
            if box and any(each.isalnum() for each in text):
                found.setdefault(self._layout["nodeIndex"][place], []).append([text, *box])
        return [{"path": self._path(node), "words": words, "apart": True} for node, words in found.items()]

    def regions(self) -> Iterator[dict[str, Any]]:
        for place in self._generated:
            node = self._layout["nodeIndex"][place]
            styles, bounds = self._styles(place), None
            pictured = any("url(" in each for each in styles[_PICTURES])
            if pictured or (self._names[node] == "::marker" and "url(" in styles[_LIST_IMAGE]):
                whole = "url(" in styles[_CONTENT] and styles[_DISPLAY] == "inline"  # it is higher than its line
                parent = self._places.get(self._nodes["parentIndex"][node], place)
                bounds = self._layout["bounds"][parent if whole else place]
            if self._layout["text"][place] >= 0 and (columned := self._columned(node)) is not None:
                # its lines are not where they would be without columns, of which there may be more than have room
                _, top, _, high = self._layout["bounds"][columned]
                bounds = (0, top, self._wide, high)
            shown = styles[_VISIBILITY] == "visible" and styles[_OPACITY] != "0"
            if shown and bounds and (box := self._box(bounds)):
                yield {"kind": "generated", "path": self._path(node), "rect": box}

    def frames(self) -> Iterator[tuple[str, int]]:
        """The paths of documents inside, and their numbers in the snapshot."""
        inner = self._nodes.get("contentDocumentIndex", {"index": (), "value": ()})
        for node, number in zip(inner["index"], inner["value"], strict=True):
            yield f"{self._path(node)}/#document", number

    def _styles(self, place: int) -> list[str]:
        said = [self._strings[each] if each >= 0 else "" for each in self._layout["styles"][place]]
        return said + [""] * (len(STYLES) - len(said))

    def _columned(self, node: int) -> int | None:
        """The outermost part laid out in columns that the node lies in."""
        found, parents = None, self._nodes["parentIndex"]
        while (node := parents[node]) >= 0:
            place = self._places.get(node)
            if place is not None and any(each not in ("", "auto") for each in self._styles(place)[_COLUMNS]):
                found = place
        return found

    def _box(self, bounds: Sequence[float]) -> list[float] | None:
        """Left, top, width, height on the page, where anything of it is seen."""
        left, top, right, bottom = self._seen
        x, y = bounds[0] + self._shift[0], bounds[1] + self._shift[1]
        left, top = max(left, x), max(top, y)
        right, bottom = min(right, x + bounds[2]), min(bottom, y + bounds[3])
        return [left, top, right - left, bottom - top] if right > left and bottom > top else None

    def _path(self, node: int) -> str:
        """As layout.js writes it."""
        parents, kinds = self._nodes["parentIndex"], self._nodes["nodeType"]
        roots = set(self._nodes.get("shadowRootType", {}).get("index", ()))
        steps: list[str] = []
        while node >= 0 and kinds[node] != 9:
            if node in roots or kinds[node] == 11:
                steps.append("#shadow-root")
            elif self._names[node].startswith("::"):
                steps.append(self._names[node])
            else:
                steps.append(f"{self._names[node].lower()}[{self._ordinal[node]}]")
            node = parents[node]
        return "/".join((self._base, *reversed(steps)))
