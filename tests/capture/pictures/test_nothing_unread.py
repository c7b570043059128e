"""Whatever a page shows as letters is a word of the layout record, or lies in a region whose text nobody knows.

Words and regions are painted out on the screenshot: no ink may be left.
"""

from __future__ import annotations

import io
import json
from html import escape

import pytest
from PIL import Image, ImageDraw

from capture.browser.browser import Browser
from capture.observation import CaptureLimits
from capture.page import questions
from tests.capture.bad_site import BadSite, run_bad_site

pytestmark = pytest.mark.browser

PICTURE = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='200' height='40'%3E"
    "%3Ctext y='30' font-size='24'%3ESecret%3C/text%3E%3C/svg%3E"
)
HEAD = "<!doctype html><meta charset=utf-8><title>T</title><style>body { margin: 0; font: 20px serif }</style>"
HIGH = 110


def closed(body: str) -> str:
    return f"<div><template shadowrootmode=closed>{body}</template></div>"


def frame(body: str, more: str = "") -> str:
    return f'<iframe style="border:0;display:block" {more} width=700 height=90 srcdoc="{escape(HEAD + body)}"></iframe>'


SECRET = "<b>Secret \u09aa\u09be\u09a8\u09c0 \u0645\u062d\u0641\u0648\u0638</b>"
SHAPES = f'''<svg width=0 height=0 style="position:absolute"><text id=t y=30>Secret</text>
  <clipPath id=c><text y=30>Secret</text></clipPath><filter id=f><feImage href="{PICTURE}"/></filter></svg>'''

# every one of them is shown in a strip of the page that is HIGH pixels high
SHOWN = {
    "a closed root": closed(SECRET),
    "a closed root in a closed root": closed(closed(SECRET)),
    "a closed root made by a script that runs late": "<div id=late></div><script>setTimeout(() => { late.attachShadow("
    "{ mode: 'closed' }).innerHTML = '<b>Secret</b>' }, 300)</script>",
    "a closed root in a frame": frame(closed(SECRET)),
    "a closed root in a frame in a closed root in a frame": frame(closed(frame(closed(SECRET)))),
    "a closed root in a sandboxed frame of the origin": frame(closed(SECRET), "sandbox=allow-same-origin"),
    "a closed root in a sandboxed frame": frame(closed(SECRET), "sandbox"),
    "a closed root that is turned": f'<div style="width:90px;transform:rotate(20deg)">{closed(SECRET)}</div>',
    "a frame that is turned about": f'<div style="transform:rotate(180deg)">{frame(SECRET)}</div>',
    "a frame with padding": frame(SECRET).replace("border:0", "border:0;padding:20px 90px"),
    "what a style sheet says": "<style>.a::before { content: 'Secret' }</style><p class=a></p>",
    "an attribute": "<style>.b::after { content: attr(title) }</style><p class=b title=Secret></p>",
    "a list's mark": "<style>.c { list-style: 'Secret ' inside }</style><ul><li class=c>One</ul>",
    "what a style sheet says in a closed root": closed("<style>i::before { content: 'Secret' }</style><i></i>"),
    "what a style sheet says in a frame": frame("<style>p::before { content: 'Secret' }</style><p></p>"),
    "what a style sheet says in columns": "<style>.d::before { content: 'Secret Secret Secret Secret' }</style>"
    "<div style='columns:2;width:200px;height:60px'><p class=d></p></div>",
    "a picture before": f'<style>.e::before {{ content: url("{PICTURE}") }}</style><p class=e></p>',
    "a picture behind nothing": f'<style>.g::before {{ content: ""; display: block; width: 200px; height: 40px; '
    f'background: url("{PICTURE}") }}</style><p class=g></p>',
    "a picture as a list's mark": f'<ul style="list-style: url(&quot;{PICTURE}&quot;) inside"><li></ul>',
    "a picture in place of text": f'<p style="content: url(&quot;{PICTURE}&quot;)">One</p>',
    "a mask": f'<div style="width:200px;height:40px;background:#000;mask-image:url(&quot;{PICTURE}&quot;)"></div>',
    "letters used again": "<svg width=300 height=60><use href='#t'/></svg>",
    "letters that clip": "<div style='width:300px;height:60px;background:#000;clip-path:url(#c)'></div>",
    "a filter's picture": "<svg width=300 height=60><rect width=200 height=40 filter='url(#f)'/></svg>",
    "letters as shapes": "<svg width=300 height=60><path d='M10 10h100v10h-100z'/></svg>",
    "a shadow far away": "<p style='width:100px;filter:drop-shadow(300px 0 0 #000)'>Secret</p>",
    "a mirror": "<p style='margin:0;width:100px;-webkit-box-reflect:below'>Secret</p>",
    "a word's own shadow": "<p style='color:transparent;text-shadow:200px 0 0 #000'>Secret</p>",
    "beyond a clip": "<div style='width:90px;height:1px;overflow:clip;overflow-clip-margin:40px'>Secret</div>",
    "a script that is shown": "<script type=text/plain style='display:block'>Secret</script>",
    "a shown list of choices": "<datalist style='display:block'><option>Secret</datalist>",
    "a field": "<input value=Secret style='border:0'><textarea placeholder=Secret style='border:0'></textarea>",
    "a form whose fields have the names of what it is asked": "<form>Secret<input name=nodeType type=hidden>"
    "<input name=childNodes type=hidden><input name=shadowRoot type=hidden><input name=localName type=hidden></form>",
    "a picture's mirror": f'<img src="{PICTURE}" style="-webkit-box-reflect:below">',
    "an element that is called as a drawing's": "<use>Secret</use><svg width=0 height=0></svg>",
    "a broken picture": "<img src=/none.png alt=Secret>",
    "ruby and formulas": "<ruby>One<rt>Secret</rt></ruby><math><mfrac><mi>Secret</mi><mn>12</mn></mfrac></math>",
    "a box's buttons": "<style>.s { overflow: auto; height: 40px; width: 200px; scrollbar-width: none } "
    ".s::scroll-button(down) { content: 'Secret' }</style><div class=s><p style='height:99px'>One</div>",
}


def page() -> str:
    strips = [f'<section style="top:{number * HIGH}px">{each}</section>' for number, each in enumerate(SHOWN.values())]
    placed = f"<style>section {{ position: absolute; left: 40px; width: 1100px; height: {HIGH}px }}</style>"
    return HEAD + placed + SHAPES + "".join(strips)


def ink(image: Image.Image) -> int:
    return sum(image.histogram()[:160])


@pytest.fixture(scope="module", params=[True, False], ids=["by their ink", "by their lines"])
def painted(request: pytest.FixtureRequest, site: BadSite, browser: Browser) -> tuple[Image.Image, Image.Image]:
    """The page as it is shown, and with all painted out that the layout record knows."""
    limits = CaptureLimits(max_scrolls=0, exact_words=request.param)
    seen = browser.observe(site.put("/everything", page()), limits=limits)
    record = json.loads(seen.layout)
    assert record["exact"] == request.param
    assert not record["cut"]
    (tile,) = seen.tiles
    shown = Image.open(io.BytesIO(tile)).convert("L")
    hidden = shown.copy()
    brush = ImageDraw.Draw(hidden)
    boxes = [each["rect"] for each in record["regions"]]
    for word in (word for text in record["texts"] for word in text["words"]):
        boxes += zip(*(iter(word[1:]),) * 4, strict=True)
    for left, top, wide, high in boxes:
        brush.rectangle((int(left) - 2, int(top) - 2, int(left + wide) + 2, int(top + high) + 2), fill=255)
    return shown, hidden


@pytest.mark.parametrize("name", SHOWN)
def test_no_letters_are_left_beside_words_and_regions(name: str, painted: tuple[Image.Image, Image.Image]) -> None:
    top = list(SHOWN).index(name) * HIGH
    shown, hidden = (each.crop((0, top, each.width, top + HIGH)) for each in painted)
    assert ink(shown) > 50
    assert ink(hidden) <= 4  # where letters run over an edge


def test_words_of_closed_roots_in_frames_can_be_found(site: BadSite, browser: Browser) -> None:
    seen = browser.observe(site.put("/found", HEAD + frame(closed(frame(closed(SECRET))))))
    said = [word[0] for text in json.loads(seen.layout)["texts"] for word in text["words"]]
    assert said == ["Secret", "\u09aa\u09be\u09a8\u09c0", "\u0645\u062d\u0641\u0648\u0638"]


def test_a_page_of_which_not_all_roots_were_opened_is_cut(
    site: BadSite, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(questions, "_MOST_ROOTS", 1)
    seen = browser.observe(site.put("/roots", HEAD + closed(SECRET) * 2))
    assert json.loads(seen.layout)["cut"]  # such a page is withheld as a whole
    assert seen.problems == ("the layout record holds what lies inside of the first 1 fields and closed parts alone",)


def test_a_frame_of_another_site_that_was_not_drawn_is_a_problem(site: BadSite, browser: Browser) -> None:
    with run_bad_site() as other:
        url = other.put("/blue", "<!doctype html><body style='background:blue'>In").replace("127.0.0.1", "localhost")
        body = f'<p>Top<div style="height:40000px"></div><iframe src="{url}"></iframe>'
        seen = browser.observe(site.put("/far", HEAD + body), limits=CaptureLimits(max_scrolls=0))
    (region,) = json.loads(seen.layout)["regions"]
    assert region["kind"] == "frame"
    assert "1 frame of other sites blank on the screenshot" in seen.problems
