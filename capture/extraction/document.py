"""HTML to a tree, and a piece of a tree to readable text with its links and media. Nothing raises."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from archiver.core.records import MediaRef
from capture.extraction.addresses import absolute

READERS_DEPTH = 250
"""Levels to which the microdata and microformats parsers are trusted: they follow nesting with Python's stack."""

_SILENT = frozenset({"script", "style", "template", "noscript", "head", "svg", "textarea", "select", "button"})
_BREAKS = frozenset({"div", "li", "tr", "dt", "dd", "section", "article", "header", "footer", "main", "figcaption"})
_PARAGRAPHS = frozenset(
    {"p", "blockquote", "ul", "ol", "dl", "table", "pre", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr"}
)
_SPACE = re.compile(r"[ \t\n\r\f]+")  # HTML's white space; a no-break space is the writer's own
_EMOJI_CLASSES = frozenset({"emoji", "wp-smiley", "emojione", "twemoji"})


@dataclass(frozen=True, kw_only=True)
class Passage:
    """What a reader gets from a piece of a page. `language` is the `lang` most of the text stands under, or ""."""

    text: str
    links: tuple[str, ...] = ()
    media: tuple[MediaRef, ...] = ()
    language: str = ""


def parse_html(html: str) -> etree._Element:
    """The tree of any text at all; an empty `html` element for what holds none.

    Beyond 2,048 levels (libxml2's limit) elements are left out.
    """
    content = html.replace("\x00", "\ufffd").encode("utf-8", "replace")
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, no_network=True)
    try:
        tree = etree.fromstring(content, parser)
    except etree.ParserError:  # nothing but white space, comments
        tree = None
    except etree.XMLSyntaxError:
        tree = None
    return etree.Element("html") if tree is None else tree


def is_deeper_than(tree: etree._Element, levels: int) -> bool:
    """Whether any element of the page stands more than `levels` levels down."""
    depth = 0
    for event, _ in etree.iterwalk(tree, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > levels:
            return True
    return False


def read_fragment(html: str, base: str) -> Passage:
    """The passage of a piece of HTML, as an API or a data block carries it."""
    return read_passage(parse_html(f"<html><body>{html}</body></html>"), base)


def read_passage(element: etree._Element, base: str) -> Passage:
    """The passage of `element`: paragraphs parted by an empty line, lines by a line break.

    Letters, joiners and emoji stay as they are; emoji shown as pictures become characters.
    """
    writer = _TextWriter()
    links: dict[str, None] = {}
    media: dict[str, MediaRef] = {}
    languages: list[str] = [""]
    weight: Counter[str] = Counter()

    def write(text: str | None) -> None:
        if text:
            writer.write(text)
            weight[languages[-1]] += len(text.strip())

    walker = etree.iterwalk(element, events=("start", "end", "comment", "pi"))
    for event, node in walker:  # no recursion: a page may be nested deeper than Python's stack
        tag, shown = node.tag, event in ("start", "end") and node.tag not in _SILENT
        if event == "start":
            if not shown:
                walker.skip_subtree()
                continue
            languages.append((node.get("lang") or languages[-1]).strip())
            writer.open(tag)
            href = node.get("href") or ""
            if tag == "a" and not href.startswith("#") and (url := absolute(href, base)):
                links.setdefault(url)
            elif tag == "img" and _EMOJI_CLASSES & set((node.get("class") or "").split()):
                write(node.get("alt"))
            elif tag in ("img", "video", "audio"):
                for found in _media_of(node, base):
                    media.setdefault(found.url, found)
            write(node.text)
            continue
        if shown:
            languages.pop()
            writer.close(tag)
        if node is not element:
            write(node.tail)
    language, letters = weight.most_common(1)[0] if weight else ("", 0)
    return Passage(
        text=writer.text,
        links=tuple(links),
        media=tuple(media.values()),
        language=language if letters * 2 > weight.total() else "",
    )


class _TextWriter:
    """Puts pieces of text together as a browser lays them out: white space once, breaks where blocks meet."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._pending = ""  # what parts the next text from the last: "", " ", "\n" or "\n\n"
        self._verbatim = 0

    def open(self, tag: str) -> None:
        if tag == "pre":
            self._verbatim += 1
        if tag == "br":
            if self._pieces:
                self._pending = self._pending.rstrip(" ") + "\n" if len(self._pending) < 2 else "\n\n"
        elif tag in ("td", "th"):
            self._part(" ")
        else:
            self._block(tag)

    def close(self, tag: str) -> None:
        if tag == "pre":
            self._verbatim = max(0, self._verbatim - 1)
        self._block(tag)

    def write(self, text: str) -> None:
        plain = text if self._verbatim else _SPACE.sub(" ", text)
        if plain.startswith(" "):
            self._part(" ")
        stripped = plain.strip("\n") if self._verbatim else plain.strip(" ")
        if stripped:
            self._pieces.append(self._pending)
            self._pieces.append(stripped)
            self._pending = ""
            if plain.endswith(" "):
                self._part(" ")

    @property
    def text(self) -> str:
        return "".join(self._pieces).strip()

    def _block(self, tag: str) -> None:
        if tag in _PARAGRAPHS:
            self._part("\n\n")
        elif tag in _BREAKS:
            self._part("\n")

    def _part(self, gap: str) -> None:
        if self._pieces and (len(gap), gap == "\n") > (len(self._pending), self._pending == "\n"):
            self._pending = gap


def _media_of(node: etree._Element, base: str) -> Iterator[MediaRef]:
    kind = "image" if node.tag == "img" else str(node.tag)
    alt = (node.get("alt") or node.get("aria-label") or node.get("title") or "").strip()
    lazy = node.get("data-src") or node.get("data-lazy-src") or ""
    sources = [node.get("src") or "", lazy]
    if kind != "image":
        sources += [source.get("src") or "" for source in node.iter("source")]
    url = next((url for url in (absolute(source, base) for source in sources if source) if url), "")
    if url:
        yield MediaRef(url=url, kind=kind, alt=alt)
