"""Any visible word's rectangles hold all of its ink and none of its neighbours', and little else.

What a word's ink is, is found here by other means than the product's: each word is hidden alone, in a
browser of the test's own, and the difference of two screenshots is its ink.
"""

from __future__ import annotations

import base64
import io
import json
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, floor
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from playwright.sync_api import CDPSession, Page, sync_playwright

from capture.browser.browser import Browser
from capture.browser.chromium import find_chromium, launch_flags
from capture.observation import CaptureLimits
from tests.capture.bad_site import run_bad_site
from tests.capture.script_pages import PAGES

pytestmark = pytest.mark.browser

WORDS = 500 if os.environ.get("ARCHIVER_PROVE") else 60
SEED = 20261125
RUN_TOGETHER = 0.02
"""Of a word's ink: where letters of two words run into each other, a pixel at the seam holds a little of both."""
Mask = npt.NDArray[np.bool_]
Pixels = npt.NDArray[np.uint8]

# what is hidden: one word of a text, or an element whose text cannot be parted by ranges or has shadows
PROBE = """
(() => {
  const sheet = new CSSStyleSheet();
  document.adoptedStyleSheets = [sheet];
  const everything = `*, *::before, *::after, *::marker, ::placeholder { color: transparent !important;
    fill: transparent !important; -webkit-text-fill-color: transparent !important; text-shadow: none !important;
    text-decoration-color: transparent !important; -webkit-text-stroke-color: transparent !important }
    .hollow { background: none !important }`;
  const frames = () => [...document.querySelectorAll("iframe")].map((each) => each.contentDocument);
  const shadows = () => [...document.querySelectorAll("*")].map((each) => each.shadowRoot).filter(Boolean);
  const roots = () => [document, ...frames(), ...shadows()];
  const rules = `:root::highlight(probe) { color: transparent; -webkit-text-fill-color: transparent;
    -webkit-text-stroke-color: transparent; text-decoration-color: transparent }
    :root::highlight(painted) { color: lime; -webkit-text-fill-color: lime }`;
  let wrapped = null;
  const show = () => {
    if (wrapped) {
      const parent = wrapped.parentNode;
      wrapped.replaceWith(...wrapped.childNodes);
      parent.normalize();
      wrapped = null;
    }
    for (const root of roots()) {
      const view = (root.ownerDocument || root).defaultView;
      const own = new view.CSSStyleSheet();
      own.replaceSync(rules);
      root.adoptedStyleSheets = [own];
      view.CSS.highlights.clear();
    }
    for (const each of document.querySelectorAll("[data-probe]")) {
      each.removeAttribute("data-probe");
      each.style.fill = each.style.textShadow = each.style.webkitTextFillColor = "";
    }
  };
  const find = (path) => {
    let node = document;
    for (const step of path.split("/").slice(1)) {
      if (step === "#document") { node = node.contentDocument; continue; }
      if (step === "#shadow-root") { node = node.shadowRoot; continue; }
      if (!node || step.startsWith("::")) return node;
      const [, name, place] = /^(.*)\\[(\\d+)\\]$/.exec(step);
      const kind = name === "text()" ? "#text" : name;
      const alike = (each) => each.nodeType !== 10 && each.nodeName.toLowerCase() === kind;
      node = [...node.childNodes].filter(alike)[place - 1];
    }
    return node;
  };
  window.hideAll = () => { show(); for (const root of roots()) root.adoptedStyleSheets[0].replaceSync(everything); };
  window.showAll = show;
  window.hideElement = (path) => {
    show();
    const parts = path.split("/::");
    const element = find(parts[0]);
    const sheet = element.getRootNode().adoptedStyleSheets[0];
    if (parts.length > 1) {
      element.setAttribute("data-probe", "");
      sheet.insertRule(`[data-probe]::${parts[1]} { color: transparent !important }`);
    } else {
      element.setAttribute("data-probe", "");
      element.style.fill = element.style.webkitTextFillColor = "transparent"; // a list's arrow has the text's colour
      element.style.textShadow = "none";
      sheet.insertRule("[data-probe]::placeholder { color: transparent !important }");
    }
  };
  const at = (path, wanted, aside) => {
    show();
    const node = find(path);
    const words = [...new Intl.Segmenter(undefined, { granularity: "word" }).segment(node.nodeValue)];
    let place = -1;
    for (const text of wanted) do place += 1; while (words[place].segment !== text);
    const on = Math.sign(aside);
    if (on) do place += on; while (words[place] && !words[place].segment.trim());
    if (!words[place]) return null;
    const range = node.ownerDocument.createRange();
    range.setStart(node, words[place].index);
    range.setEnd(node, words[place].index + words[place].segment.length);
    const style = node.ownerDocument.defaultView.getComputedStyle(node.parentElement || node.getRootNode().host);
    return { range, style, hollow: style.color === "rgba(0, 0, 0, 0)", view: node.ownerDocument.defaultView };
  };
  // an element around the word: glyphs vanish whole, but the browser may set them a fraction of a pixel aside
  window.wrapWord = (path, wanted) => {
    const hide = "color: transparent; -webkit-text-fill-color: transparent; -webkit-text-stroke-color: transparent";
    const { range, style, hollow } = at(path, wanted, 0);
    if (style.textDecorationLine !== "none") return false;
    const around = wrapped = range.startContainer.ownerDocument.createElement("span");
    range.surroundContents(around);
    window.hideWrapped = () => {
      around.style.cssText = hollow ? "color: lime" : hide;
    };
    return true;
  };
  // a highlight: nothing moves, but what neighbours draw over the word's place is cut off
  window.hideWord = (path, wanted, aside) => {
    const found = at(path, wanted, aside);
    if (found) found.view.CSS.highlights.set(found.hollow ? "painted" : "probe", new found.view.Highlight(found.range));
  };
  show();
})()
"""


@dataclass(frozen=True)
class Unit:
    """Words that are hidden together, mostly one: with their rectangles (left, top, width, height)."""

    name: str
    hidden: str | tuple[str, tuple[str, ...]]  # an element's path; or a text's, and its words up to this one
    boxes: tuple[tuple[int, int, int, int], ...]  # whole pixels


class Bench:
    """A page in a browser of the test's own."""

    def __init__(self, session: CDPSession, page: Page, height: int) -> None:
        self._session, self.page = session, page
        self._whole = (0, 0, 1280, height)
        page.evaluate(PROBE)
        self.shown = self.shoot(self._whole)
        page.evaluate("hideAll()")
        self._empty = self.shoot(self._whole)

    def shoot(self, area: tuple[int, int, int, int]) -> Pixels:
        """The area from left, top to right, bottom."""
        left, top, right, bottom = area
        clip = {"x": left, "y": top, "width": right - left, "height": bottom - top, "scale": 1}
        options = {"format": "png", "clip": clip, "captureBeyondViewport": True, "optimizeForSpeed": True}
        image = base64.b64decode(self._session.send("Page.captureScreenshot", options)["data"])
        return np.asarray(Image.open(io.BytesIO(image)).convert("RGB"))

    def faults_of(self, unit: Unit, *, exact: bool = True) -> list[str]:
        """What is wrong with the unit's rectangles; where they need not be `exact`, only what they do not cover."""
        left, top, right, bottom = area = self._around(unit)
        cut = (slice(top, bottom), slice(left, right))
        shown = self.shown[cut]
        ink, neighbours = self._hide(unit, area, shown, self._empty[cut])
        painted = np.zeros_like(ink)
        for across, down, wide, high in unit.boxes:
            painted[down - top : down - top + high, across - left : across - left + wide] = True
        return [
            f"{unit.name!r} {each}: {unit.hidden[0] if isinstance(unit.hidden, tuple) else unit.hidden}"
            for each in judge(unit, ink, neighbours, painted, exact=exact)
        ]

    def _hide(self, unit: Unit, area: tuple[int, int, int, int], shown: Pixels, empty: Pixels) -> tuple[Mask, Mask]:
        """What vanishes with the unit alone, and what does not change with it."""
        if isinstance(unit.hidden, str):
            self.page.evaluate(f"hideElement({json.dumps(unit.hidden)})")
            hidden = self.shoot(area)
        else:
            path, words = unit.hidden
            wrapped = self.page.evaluate("([path, words]) => wrapWord(path, words)", [path, list(words)])
            if wrapped and (self.shoot(area) == shown).all():
                self.page.evaluate("hideWrapped()")
                hidden = self.shoot(area)
            else:
                hidden, *aside = (self._highlight(path, words, place, area) for place in (0, -1, 1))
                changed = differs(shown, hidden)
                theirs = differs(shown, aside[0]) | differs(shown, aside[1])
                return changed & ~differs(hidden, empty) & ~theirs, ~changed & differs(shown, empty)
        changed = differs(shown, hidden)
        return changed & ~differs(hidden, empty), ~changed & differs(hidden, empty)

    def _highlight(self, path: str, words: tuple[str, ...], aside: int, area: tuple[int, int, int, int]) -> Pixels:
        self.page.evaluate("([path, words, aside]) => hideWord(path, words, aside)", [path, list(words), aside])
        return self.shoot(area)

    def _around(self, unit: Unit) -> tuple[int, int, int, int]:
        left, top, right, bottom = self._whole
        return (
            max(left, min(each[0] for each in unit.boxes) - 80),
            max(top, min(each[1] for each in unit.boxes) - 80),
            min(right, max(each[0] + each[2] for each in unit.boxes) + 80),
            min(bottom, max(each[1] + each[3] for each in unit.boxes) + 80),
        )


def units_of(layout: dict[str, Any]) -> Iterator[Unit]:
    for text in layout["texts"]:
        if "/div[8]/#shadow-root/" in text["path"]:
            continue  # closed: the test cannot reach it by the same means
        path, words = text["path"], text["words"]
        owner = path.rpartition("/")[0]
        field = next((name for name in ("/input[", "/textarea[", "/select[") if name in path), None)
        drawn = "/svg[" in path
        if field or drawn or "/::" in path or owner.endswith("/b[1]") or "/p[7]/b[" in path:
            boxes = tuple(box for word in words for box in boxes_of(word))
            whole = path if "/::" in path else owner
            if field:
                whole = path[: path.index("]", path.index(field)) + 1]
            yield Unit(" ".join(each[0] for each in words), whole, boxes)
            continue
        in_order = tuple(each[0] for each in words)
        for number, word in enumerate(words):
            yield Unit(word[0], (path, in_order[: number + 1]), boxes_of(word))


def boxes_of(word: list[Any]) -> tuple[tuple[int, int, int, int], ...]:
    return tuple(
        (floor(left), floor(top), ceil(left + wide) - floor(left), ceil(top + high) - floor(top))
        for left, top, wide, high in zip(*(iter(word[1:]),) * 4, strict=True)
    )


def differs(one: Pixels, other: Pixels) -> Mask:
    different: Mask = (one != other).any(axis=2)
    return different


def is_arabic(text: str) -> bool:
    return any("\u0600" <= each <= "\u06ff" for each in text)


def judge(unit: Unit, ink: Mask, neighbours: Mask, painted: Mask, *, exact: bool) -> list[str]:
    """`ink`: what vanishes when the unit is hidden; `neighbours`: what other words show and this one does not."""
    if not ink.any():
        return ["has no ink"] if exact else []
    faults = []
    seam = RUN_TOGETHER * int(ink.sum())
    if (left_over := int((ink & ~painted).sum())) > seam:
        faults.append(f"{left_over} of {int(ink.sum())} pixels are not covered")
    if not exact:
        return faults
    if (touched := int((painted & neighbours).sum())) > seam:
        faults.append(f"{touched} pixels of neighbours are covered")
    rows, columns = np.nonzero(ink)
    box = int(np.ptp(rows) + 1) * int(np.ptp(columns) + 1)
    area = sum(wide * high for _, _, wide, high in unit.boxes)
    if area > box * (2 if is_arabic(unit.name) else 1.5):
        faults.append(f"covers {area} pixels, its ink's box has {box}")
    return faults


@pytest.mark.parametrize("path", sorted(PAGES))
def test_a_words_rectangles_hold_its_ink_and_none_of_its_neighbours(path: str) -> None:
    with run_bad_site() as site:
        url = site.put(path, PAGES[path])
        with Browser(executable=find_chromium()) as browser:
            seen = browser.observe(url)
            boxed = browser.observe(url, limits=CaptureLimits(exact_words=False))
        assert seen.problems == ()
        layout = json.loads(seen.layout)
        assert layout["exact"]
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=find_chromium(), args=launch_flags())
            # as tall as the product made its window, for the frames
            high = round(layout["height"]) if any("window made" in each for each in seen.behaviours) else 900
            page = chromium.new_page(viewport={"width": 1280, "height": high})
            page.goto(url)
            bench = Bench(page.context.new_cdp_session(page), page, round(layout["height"]))
            shown = np.asarray(Image.open(io.BytesIO(seen.tiles[0])).convert("RGB"))
            assert (shown == bench.shown).all()
            units = list(units_of(layout))
            chosen = random.Random(SEED).sample(units, min(len(units), WORDS // len(PAGES)))
            faults = [fault for each in chosen for fault in bench.faults_of(each)]
            units = list(units_of(json.loads(boxed.layout)))
            chosen = random.Random(SEED).sample(units, min(len(units), WORDS // len(PAGES) // 2))
            faults += [fault for each in chosen for fault in bench.faults_of(each, exact=False)]
            chromium.close()
    assert faults == [], "\n".join(faults)
