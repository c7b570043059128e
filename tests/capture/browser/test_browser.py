"""The browser on real pages: what it shows, what it writes down, what cannot hold it up."""

from __future__ import annotations

import io
import json
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from archiver.core.errors import BrowserFailed
from capture.browser.browser import Browser
from capture.browser.chromium import find_chromium
from capture.observation import CaptureLimits, PageObservation
from capture.page import questions
from capture.pictures.screenshot import png_size
from tests.capture.bad_site import BadSite

pytestmark = pytest.mark.browser

LIMITS = CaptureLimits(load_seconds=3, idle_seconds=3, step_seconds=6, total_seconds=30, max_scrolls=3)


def words_of(seen: PageObservation) -> list[tuple[str, list[tuple[float, float, float, float]]]]:
    """Every word of the layout record with its rectangles (left, top, right, bottom)."""
    found = []
    for text in json.loads(seen.layout)["texts"]:
        for word, *numbers in text["words"]:
            boxes = [
                (left, top, left + wide, top + high)
                for left, top, wide, high in zip(*(iter(numbers),) * 4, strict=True)
            ]
            found.append((str(word), boxes))
    return found


def regions_of(seen: PageObservation) -> list[dict[str, Any]]:
    return list(json.loads(seen.layout)["regions"])


def full_page(seen: PageObservation) -> Image.Image:
    (tile,) = seen.tiles
    return Image.open(io.BytesIO(tile)).convert("L")


def ink(image: Image.Image, lightest: int = 127) -> int:
    """Pixels no lighter than that."""
    return sum(image.histogram()[: lightest + 1])


def cut_out(image: Image.Image, box: tuple[float, float, float, float]) -> Image.Image:
    left, top, right, bottom = box
    return image.crop((int(left), int(top), int(right) + 1, int(bottom) + 1))


MANY_SCRIPTS = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Many scripts</title>
<style>body { font: 20px/1.9 sans-serif; color: black; background: white; margin: 30px }
.columns { columns: 3 } .turned { transform: translateX(40px) scale(1.1); transform-origin: 0 0; width: 600px }
.hidden { visibility: hidden } .clipped { overflow: hidden; height: 70px; width: 300px }
.tall { height: 100vh } .fixed { position: fixed; right: 10px; top: 4px }
.reader { position: absolute; width: 1px; height: 1px; overflow: hidden }</style>
<div class="fixed">Stays in place</div>
<h1>Boil water notice</h1>
<p>The water of wards four, seven and eleven is safe to drink again since Tuesday evening.</p>
<p lang="fr">L’eau des quartiers quatre, sept et onze est de nouveau potable depuis mardi soir, déjà vérifiée.</p>
<p lang="as">চাৰি, সাত আৰু এঘাৰ নম্বৰ ৱাৰ্ডৰ পানী মঙলবাৰে সন্ধিয়াৰ পৰা পুনৰ খোৱাৰ বাবে নিৰাপদ।</p>
<p lang="hi">वार्ड चार, सात और ग्यारह का पानी मंगलवार शाम से फिर पीने के लिए सुरक्षित है।</p>
<p lang="ur" dir="rtl">وارڈ چار، سات اور گیارہ کا پانی منگل کی شام سے دوبارہ پینے کے لیے محفوظ ہے۔</p>
<p class="turned">A paragraph that is moved and scaled keeps its words under its letters.</p>
<div class="columns">Three columns of text, which break wherever the browser finds that they should break, so that
one sentence wanders over all of them from left to right and from top to bottom.</div>
<p class="hidden">Nobody sees this.</p><span class="reader">Only for readers aloud</span>
<div class="clipped"><p>This line shows.</p><p>Thisonedoesnot.</p></div>
<div class="tall">As tall as the window</div>
<div id="host"></div><iframe srcdoc="<body style='font:20px sans-serif'>Inside a frame" width="400"></iframe>
<p>The last line of the page.</p>
<script>host.attachShadow({ mode: "open" }).innerHTML = "<b>Inside a shadow root</b>"</script></html>"""


@pytest.fixture(scope="module")
def many_scripts(site: BadSite, browser: Browser) -> PageObservation:
    return browser.observe(site.put("/many-scripts", MANY_SCRIPTS), limits=LIMITS)


def test_every_words_rectangles_hold_ink(many_scripts: PageObservation) -> None:
    page = full_page(many_scripts)
    empty = [
        word
        for word, boxes in words_of(many_scripts)
        if not any(ink(cut_out(page, box), lightest=200) for box in boxes)
    ]
    assert empty == []


def test_painting_all_words_white_leaves_almost_no_ink(many_scripts: PageObservation) -> None:
    page = full_page(many_scripts)
    before = ink(page)
    brush = ImageDraw.Draw(page)
    for _, boxes in words_of(many_scripts):
        for left, top, right, bottom in boxes:
            brush.rectangle((left - 2, top - 2, right + 2, bottom + 2), fill=255)
    # the frame's border is no text: two pixels around 404 by 154
    border = 4 * (404 + 154)
    assert before > 10_000
    assert ink(page) <= border + before * 0.005


@pytest.mark.parametrize(
    "word",
    ["Tuesday", "vérifiée", "নিৰাপদ", "ৱাৰ্ডৰ", "सुरक्षित", "محفوظ", "گیارہ", "letters", "shadow", "frame", "Stays"],
)
def test_words_of_every_language_are_listed(many_scripts: PageObservation, word: str) -> None:
    assert word in [each for each, _ in words_of(many_scripts)]


@pytest.mark.parametrize("word", ["Nobody", "Thisonedoesnot", "aloud"])
def test_words_nobody_sees_are_not(many_scripts: PageObservation, word: str) -> None:
    assert word not in [each for each, _ in words_of(many_scripts)]


def test_words_are_tied_to_the_dom(many_scripts: PageObservation) -> None:
    paths = [text["path"] for text in json.loads(many_scripts.layout)["texts"]]
    assert "/html[1]/body[1]/h1[1]/text()[1]" in paths
    assert "/html[1]/body[1]/div[5]/#shadow-root/b[1]/text()[1]" in paths
    assert "/html[1]/body[1]/iframe[1]/#document/html[1]/body[1]/text()[1]" in paths


def test_the_dom_holds_shadow_roots_and_all_scripts_of_the_world(many_scripts: PageObservation) -> None:
    assert many_scripts.html.startswith("<!DOCTYPE html>\n<html")
    for text in ("Inside a shadow root", "নিৰাপদ।", "محفوظ ہے۔", "L’eau"):
        assert text in many_scripts.html
    assert 'shadowrootmode="open"' in many_scripts.html


def test_parts_sized_by_the_window_keep_their_size_on_the_screenshot(many_scripts: PageObservation) -> None:
    (size,) = [png_size(tile) for tile in many_scripts.tiles]
    record = json.loads(many_scripts.layout)
    assert (size.width, size.height) == (1280, record["height"])
    assert size.height < 3 * LIMITS.viewport_height


def test_the_first_screen_is_shot_too(many_scripts: PageObservation) -> None:
    size = png_size(many_scripts.view)
    assert (size.width, size.height) == (1280, 900)


def test_fields_beyond_those_that_are_opened_make_a_page_partial(
    site: BadSite, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = site.put("/fields", "<!doctype html><title>Fields</title><p>Text</p>" + '<input value="typed">' * 3)
    assert browser.observe(url, limits=LIMITS).problems == ()
    monkeypatch.setattr(questions, "_MOST_ROOTS", 2)
    seen = browser.observe(url, limits=LIMITS)
    assert seen.problems == ("the layout record holds what lies inside of the first 2 fields and closed parts alone",)


def test_parts_without_known_text_are_listed_as_regions(site: BadSite, browser: Browser) -> None:
    seen = browser.observe(
        site.put(
            "/regions",
            f"""<!doctype html><title>Regions</title><p>Text</p><img src="/picture.png" alt="A map">
            <canvas width="50" height="40"></canvas><input value="typed"><input type="password" value="hush">
            <iframe src="{site.url.replace("127.0.0.1", "localhost")}/good"></iframe>
            <div style="background: url(/picture.png); width: 30px; height: 20px"></div>""",
        ),
        limits=LIMITS,
    )
    regions = regions_of(seen)
    assert sorted(each["kind"] for each in regions) == [
        "background",
        "canvas",
        "field",
        "field",
        "frame",
        "image",
    ]
    (image,) = [each for each in regions if each["kind"] == "image"]
    assert image["alt"] == "A map"
    assert image["source"] == f"{site.url}/picture.png"
    assert image["rect"][2:] == [64, 64]
    assert "hush" not in seen.layout.decode()


def test_a_page_taller_than_one_image_becomes_tiles_that_join(site: BadSite, browser: Browser) -> None:
    lines = "".join(f"<p id=l{number}>Line {number}</p>" for number in range(600))
    seen = browser.observe(site.put("/tall", f"<!doctype html><title>Tall</title>{lines}"), limits=LIMITS)
    sizes = [png_size(tile) for tile in seen.tiles]
    record = json.loads(seen.layout)
    assert [(each["name"], each["top"]) for each in record["images"]] == [("page.png", 0), ("page@2.png", 16384)]
    assert sum(size.height for size in sizes) == record["height"] > 20_000
    second = Image.open(io.BytesIO(seen.tiles[1])).convert("L")
    last = [(word, boxes) for word, boxes in words_of(seen) if word == "599"]
    ((_, [(left, top, right, bottom)]),) = last
    assert ink(second.crop((int(left), int(top) - 16384, int(right), int(bottom) - 16384)))


def test_a_page_cannot_falsify_its_own_record(site: BadSite, browser: Browser) -> None:
    seen = browser.observe(site.url + "/deceiver", limits=LIMITS)
    assert "kept" in [word for word, _ in words_of(seen)]
    assert "<title>Deceiver</title>" in seen.html


def test_pictures_that_load_when_scrolled_to_are_there(site: BadSite, browser: Browser) -> None:
    seen = browser.observe(site.url + "/lazy", limits=LIMITS)
    assert seen.resources[f"{site.url}/picture.png"]["status"] == 200
    assert [each["kind"] for each in regions_of(seen)] == ["image"]


def test_text_a_script_fetches_is_waited_for(site: BadSite, browser: Browser) -> None:
    seen = browser.observe(site.url + "/scripted", limits=LIMITS)
    assert seen.signs is not None
    assert seen.signs.opening == "The text came by a script."
    assert seen.problems == ()


def test_a_frame_far_below_is_drawn(site: BadSite, browser: Browser) -> None:
    other = site.url.replace("127.0.0.1", "localhost")
    seen = browser.observe(
        site.put(
            "/far-frame",
            f'<!doctype html><title>Far</title><p>Top</p><div style="height:6000px"></div>'
            f'<iframe src="{other}/good" width="600" height="300" style="border:0"></iframe>',
        ),
        limits=LIMITS,
    )
    (frame,) = regions_of(seen)
    left, top, wide, high = frame["rect"]
    assert frame["kind"] == "frame"
    assert ink(full_page(seen).crop((int(left), int(top), int(left + wide), int(top + high)))) > 200


def test_popups_are_closed_and_the_page_is_kept(site: BadSite, browser: Browser) -> None:
    seen = browser.observe(site.url + "/popups", limits=LIMITS)
    assert seen.signs is not None
    assert seen.signs.title == "Popups"


def test_script_errors_are_written_down(site: BadSite, browser: Browser) -> None:
    seen = browser.observe(
        site.put(
            "/errors",
            "<!doctype html><title>E</title><p>Text</p><script>console.error('অসুবিধা', 7); nowhere()</script>",
        ),
        limits=LIMITS,
    )
    assert seen.console_errors[0] == "অসুবিধা 7"
    assert "nowhere is not defined" in seen.console_errors[1]


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("/late-loop", "a script of the page did not end and was stopped"),
        ("/alerts", "the page opens dialogs without end, and cannot be read for them"),
    ],
)
def test_no_page_holds_the_browser_up(site: BadSite, browser: Browser, path: str, problem: str) -> None:
    short = CaptureLimits(load_seconds=0.8, idle_seconds=1, step_seconds=2, total_seconds=12, max_scrolls=2)
    begun = time.monotonic()
    seen = browser.observe(site.url + path, limits=short)
    assert time.monotonic() - begun < 12
    assert any(each.startswith(problem) for each in seen.problems), seen.problems
    assert browser.observe(site.url + "/good", limits=LIMITS).problems == ()


def test_a_stalled_server_is_a_network_error(site: BadSite, browser: Browser) -> None:
    short = CaptureLimits(load_seconds=0.5, total_seconds=5)
    seen = browser.observe(site.url + "/stall", limits=short)
    assert (seen.status, seen.network_error) == (None, "net::ERR_TIMED_OUT")


@pytest.mark.parametrize(("path", "kind"), [("/document.pdf", "application/pdf"), ("/store.csv", "text/csv")])
def test_a_file_is_not_shown(site: BadSite, browser: Browser, path: str, kind: str) -> None:
    seen = browser.observe(site.url + path, limits=LIMITS)
    assert (seen.status, seen.content_type, seen.is_page) == (200, kind, False)
    assert (seen.tiles, seen.network_error) == ((), "")


def test_redirects_are_followed_and_listed(site: BadSite, browser: Browser) -> None:
    seen = browser.observe(site.url + "/members", limits=LIMITS)
    assert seen.chain == (f"{site.url}/members", f"{site.url}/login?next=/members")
    assert seen.final_url == f"{site.url}/login?next=/members"


def kill_soon(process: int) -> threading.Timer:
    timer = threading.Timer(0.8, os.kill, (process, signal.SIGKILL))
    timer.start()
    return timer


def test_a_killed_browser_is_a_clear_error_and_the_next_capture_works(site: BadSite, browser: Browser) -> None:
    assert browser.process_id is not None
    timer = kill_soon(browser.process_id)
    with pytest.raises(BrowserFailed, match=r"the browser (failed|ended) while showing .*/stall"):
        browser.observe(site.url + "/stall", limits=CaptureLimits(load_seconds=20))
    timer.join()
    assert browser.observe(site.url + "/good", limits=LIMITS).status == 200


def test_a_crashed_page_is_a_clear_error_and_the_next_capture_works(site: BadSite, browser: Browser) -> None:
    over = threading.Event()

    def crash() -> None:
        while not over.wait(0.8):  # on a busy machine the page's process may not have been there yet
            for process in descendants():
                if b"--type=renderer" in read_process(process, "cmdline"):
                    os.kill(process, signal.SIGKILL)

    crashing = threading.Thread(target=crash)
    crashing.start()
    with pytest.raises(BrowserFailed, match="crashed"):
        browser.observe(site.url + "/never-done", limits=CaptureLimits(load_seconds=20))
    over.set()
    crashing.join()
    assert browser.observe(site.url + "/good", limits=LIMITS).status == 200


@pytest.mark.skipif(
    not os.environ.get("ARCHIVER_PROVE"), reason="takes some 4 GB of memory for a while: ARCHIVER_PROVE=1"
)
def test_a_page_that_takes_all_memory_is_a_clear_error_and_the_next_capture_works(
    site: BadSite, browser: Browser
) -> None:
    hungry = site.put(
        "/hungry",
        "<!doctype html><title>Hungry</title><p>Text</p>"
        "<script>const kept = []; for (;;) kept.push(new Array(1e6).fill(kept.length + 0.5))</script>",
    )
    with pytest.raises(BrowserFailed, match="crashed"):
        browser.observe(hungry, limits=CaptureLimits(load_seconds=120, total_seconds=180))
    assert browser.observe(site.url + "/good", limits=LIMITS).status == 200


def test_a_program_that_is_no_browser_does_not_start(tmp_path: Path) -> None:
    fake = tmp_path / "chromium"
    fake.write_text("#!/bin/sh\nexit 1\n")
    fake.chmod(0o755)
    with pytest.raises(BrowserFailed, match="did not start"), Browser(executable=fake):
        pass


def test_the_browser_and_its_driver_do_not_see_our_tokens(monkeypatch: pytest.MonkeyPatch, browser: Browser) -> None:
    monkeypatch.setenv("ARCHIVER_TOKEN", "a-secret-of-ours")
    with Browser(executable=find_chromium()):
        environments = [read_process(each, "environ") for each in descendants()]
        assert os.environ["ARCHIVER_TOKEN"] == "a-secret-of-ours"
    assert len([each for each in environments if each]) >= 3
    assert not any(b"a-secret-of-ours" in each for each in environments)


def descendants() -> set[int]:
    """Process ids of our children and theirs."""
    parents = {int(each.name): _parent(int(each.name)) for each in Path("/proc").iterdir() if each.name.isdigit()}
    found = {os.getpid()}
    while more := {process for process, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {os.getpid()}


def read_process(process: int, name: str) -> bytes:
    """A file of /proc; empty where the process has ended."""
    try:
        return Path(f"/proc/{process}/{name}").read_bytes()
    except OSError:
        return b""


def _parent(process: int) -> int:
    fields = read_process(process, "stat").rpartition(b")")[2].split()  # after the name, which may hold spaces
    return int(fields[1]) if fields else 0


def test_a_driver_that_lacks_a_library_is_told_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = tmp_path / "node"
    node.write_text("#!/bin/sh\necho 'node: error while loading shared libraries: libatomic.so.1' >&2\nexit 127\n")
    node.chmod(0o755)
    monkeypatch.setenv("PLAYWRIGHT_NODEJS_PATH", str(node))
    with pytest.raises(BrowserFailed, match=r"libatomic\.so\.1.*apt install"), Browser(executable=find_chromium()):
        pass
