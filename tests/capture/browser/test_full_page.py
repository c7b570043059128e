"""The full-page screenshot by its pixels: of any height, with all that loads late, and nothing twice."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from capture.browser.browser import Browser
from capture.observation import CaptureLimits, PageObservation
from capture.pictures.screenshot import FullPage, png_size
from tests.capture.bad_site import BadSite, run_bad_site

pytestmark = pytest.mark.browser

LIMITS = CaptureLimits(load_seconds=10, idle_seconds=6, step_seconds=30, total_seconds=120)
RED, BLUE = (255, 0, 0), (0, 0, 255)


def look(site: BadSite, browser: Browser, path: str, body: str) -> PageObservation:
    return browser.observe(site.put(path, f"<!doctype html><title>Page</title>{body}"), limits=LIMITS)


def colour(seen: PageObservation, left: int, top: int) -> tuple[int, ...]:
    pixel = FullPage(seen.tiles).part(left=left, top=top, width=1, height=1)
    return tuple(pixel.getpixel((0, 0)))  # type: ignore[arg-type]  # three bands


def rows_of(seen: PageObservation, wanted: tuple[int, int, int], left: int) -> list[int]:
    """Rows where the column `left` has the colour."""
    found, above = [], 0
    for tile in seen.tiles:
        with Image.open(io.BytesIO(tile)) as opened:
            column = opened.convert("RGB").crop((left, 0, left + 1, opened.height))
            content = column.tobytes()
        found += [above + row for row in range(len(content) // 3) if content[3 * row : 3 * row + 3] == bytes(wanted)]
        above += len(content) // 3
    return found


def test_a_page_of_60000_pixels_is_shown_to_its_last_one(site: BadSite, browser: Browser) -> None:
    seen = look(
        site,
        browser,
        "/sixty-thousand",
        '<body style="margin:0"><p style="margin:0;height:60000px;background:linear-gradient(#fff,#eee)">Top</p>'
        '<div style="height:40px;background:red">End</div>',
    )
    assert seen.problems == ()
    assert [png_size(each).height for each in seen.tiles] == [16_384, 16_384, 16_384, 60_040 - 3 * 16_384]
    assert rows_of(seen, RED, 1200) == list(range(60_000, 60_040))


def test_a_page_taller_than_the_limit_says_where_the_screenshot_ends(site: BadSite, browser: Browser) -> None:
    url = site.put("/taller", '<!doctype html><title>T</title><p style="height:9000px">Text')
    seen = browser.observe(url, limits=CaptureLimits(max_page_height=4000))
    assert sum(png_size(each).height for each in seen.tiles) == 4000
    assert [each for each in seen.problems if each.startswith("the screenshot ends at 4000 of 9")]


def test_a_wide_page_is_shown_to_its_right_edge(site: BadSite, browser: Browser) -> None:
    seen = look(
        site,
        browser,
        "/wide",
        '<body style="margin:0"><div style="width:2600px;height:300px;background:linear-gradient(90deg,#fff,#eee)">'
        '<p>Wide</p><div style="position:absolute;left:2590px;top:0;width:10px;height:20px;background:blue">'
        "</div></div>",
    )
    assert png_size(seen.tiles[0]).width == 2600
    assert colour(seen, 2595, 5) == BLUE


def test_a_page_of_one_word_has_a_screenshot(site: BadSite, browser: Browser) -> None:
    seen = look(site, browser, "/one", '<body style="margin:0"><p style="margin:0;width:1px;height:1px">x')
    assert len(seen.tiles) == 1
    assert png_size(seen.tiles[0]).width == 1280


@pytest.mark.parametrize("position", ["fixed", "sticky"])
def test_a_header_that_stays_in_view_is_shown_once(site: BadSite, browser: Browser, position: str) -> None:
    seen = look(
        site,
        browser,
        f"/{position}",
        f'<body style="margin:0"><div style="position:{position};top:0;width:100%;height:50px;background:red">'
        "Head</div>"
        '<p style="margin:0;height:40000px">Long</p>',
    )
    assert len(seen.tiles) == 3
    assert rows_of(seen, RED, 1200) == list(range(50))


def test_what_loads_late_is_there(site: BadSite, browser: Browser) -> None:
    seen = look(
        site,
        browser,
        "/late-pictures",
        """<body style="margin:0"><style>.far { margin-top: 4000px; display: block }
        .mark { height: 20px } .seen { background: url(/picture.png) }</style><p>Pictures</p>
        <img class="far" loading="lazy" src="/picture.png?lazy" width="64" height="64"
          onload="one.style.background = 'red'"><div id="one" class="mark"></div>
        <div class="far" id="back">Back</div><div id="two" class="mark"></div><script>
        new IntersectionObserver((all) => { if (all.some((each) => each.isIntersecting)) {
          back.className = "far seen"; two.style.background = "blue" } }).observe(back)</script>""",
    )
    assert {f"{site.url}/picture.png?lazy", f"{site.url}/picture.png"} <= set(seen.resources)
    assert len(rows_of(seen, RED, 900)) == 20
    assert len(rows_of(seen, BLUE, 900)) == 20


def test_a_frame_of_another_origin_far_below_shows_its_colour(site: BadSite, browser: Browser) -> None:
    with run_bad_site() as other:
        url = other.put("/blue", '<!doctype html><body style="margin:0;background:blue"><p style="color:#fff">In')
        seen = look(
            site,
            browser,
            "/two-origins",
            '<body style="margin:0"><p>Top</p><div style="height:9000px"></div>'
            f'<iframe src="{url.replace("127.0.0.1", "localhost")}" width="600" height="300" '
            'style="border:0"></iframe>',
        )
        assert len(rows_of(seen, BLUE, 590)) == 300


@pytest.mark.parametrize(
    ("height", "why"),
    [("40000px", "the page is taller than a window can be made"), ("300vh", "the page grows with its window")],
)
def test_frames_that_may_be_blank_are_told_of(site: BadSite, browser: Browser, height: str, why: str) -> None:
    body = f'<body style="margin:0"><p>Top পানী</p><div style="height:{height}"></div><iframe srcdoc="<p>In"></iframe>'
    seen = look(site, browser, f"/frames-{height}", body)
    assert f"frames below the first screen may be blank on the screenshot: {why}" in seen.behaviours
    assert seen.problems == ()


def test_movement_is_at_rest(site: BadSite, browser: Browser) -> None:
    seen = look(
        site,
        browser,
        "/moving",
        """<body style="margin:0"><style>@keyframes go { from { background: red } to { background: blue } }
        div { height: 20000px; animation: go 2s infinite alternate }</style><div>Moving</div>""",
    )
    above, below = colour(seen, 900, 100), colour(seen, 900, 19_000)
    assert above == below  # the second image shows the same moment


def test_a_page_that_scrolls_inside_of_a_part_is_laid_out_in_full(site: BadSite, browser: Browser) -> None:
    seen = look(
        site,
        browser,
        "/inside",
        """<style>html, body { margin: 0; height: 100%; overflow: hidden }
        main { height: 100vh; overflow-y: auto }</style><main><p>First</p><div style="height:5000px"></div>
        <div style="height:30px;background:red">Last</div></main>""",
    )
    assert seen.problems == ()
    assert "the part of the page that scrolls was laid out in full" in seen.behaviours
    assert len(rows_of(seen, RED, 1200)) == 30
    assert b'["Last",' in seen.layout


def test_a_part_that_cannot_be_laid_out_in_full_is_a_problem(site: BadSite, browser: Browser) -> None:
    seen = look(
        site,
        browser,
        "/fast",
        """<style>body { margin: 0 } main { position: fixed; inset: 0; overflow-y: scroll }</style>
        <main><p>First</p><div style="height:5000px"></div><p>Last</p></main>""",
    )
    assert [each for each in seen.problems if each.startswith("the page scrolls inside of a part of it")]
