"""What is done on a page before it is recorded, in a real browser: everything is opened, nothing is touched."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from capture.browser.browser import Browser
from capture.observation import CaptureLimits, PageObservation
from tests.capture.bad_site import BadSite

pytestmark = pytest.mark.browser

LIMITS = CaptureLimits(load_seconds=5, idle_seconds=3, step_seconds=8, total_seconds=60, max_scrolls=40)


def observe(browser: Browser, site: BadSite, path: str, body: str, limits: CaptureLimits = LIMITS) -> PageObservation:
    html = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Ward 7</title>{body}</html>'
    return browser.observe(site.put(path, html), limits=limits)


# -- opening ----------------------------------------------------------------------------------

FOLDED = {
    "English": (
        "Read more",
        "View 12 more replies",
        "See more",
        "Show all comments",
        "Continue reading",
        "12 more replies",
    ),
    "French": ("Lire la suite", "Afficher plus de commentaires", "Voir les 12 réponses", "En voir plus", "Voir plus"),
    "German": ("Mehr anzeigen", "12 weitere Antworten anzeigen", "Weiterlesen", "Alle Kommentare anzeigen"),
    "Assamese": ("আৰু পঢ়ক", "১২ টা উত্তৰ চাওক", "সকলো মন্তব্য চাওক", "অধিক চাওক", "আৰু মন্তব্য চাওক"),
    "Hindi": ("और पढ़ें", "१२ जवाब देखें", "सभी टिप्पणियाँ देखें", "और देखें", "अधिक टिप्पणियाँ देखें"),
    "Urdu": ("مزید پڑھیں", "۱۲ جوابات دیکھیں", "تمام تبصرے دیکھیں", "مزید تبصرے", "مزید دیکھیں"),
    "Bengali": ("আরও পড়ুন", "১২টি উত্তর দেখুন", "সব মন্তব্য দেখুন", "আরও দেখুন", "আরো মন্তব্য দেখুন"),
    "decorated": ("▾ Show more", "Read more…", "SEE MORE »", "View\n  1,204 more comments 💬"),
}


@pytest.mark.parametrize("language", FOLDED)
def test_folded_text_is_opened_in_every_language(browser: Browser, site: BadSite, language: str) -> None:
    parts = "".join(
        f"<article><p>An opening</p><button type=button "
        f"onclick=\"this.outerHTML = '<p>The opened text {number}.</p>'\">{label}</button></article>"
        for number, label in enumerate(FOLDED[language])
    )
    seen = observe(browser, site, "/folded", parts)
    for number, label in enumerate(FOLDED[language]):
        assert f"<p>The opened text {number}.</p>" in seen.html, label
    assert seen.problems == ()
    assert any(f"pressed {len(FOLDED[language])} buttons that show more" in each for each in seen.behaviours)


def test_details_and_what_says_that_it_is_folded_are_opened(browser: Browser, site: BadSite) -> None:
    seen = observe(
        browser,
        site,
        "/hinted",
        """<main><details><summary>Minutes</summary><p>In the details.</p></details>
        <div class="comments"><button aria-expanded="false" aria-controls="c1"
          onclick="this.setAttribute('aria-expanded', 'true'); c1.textContent = 'The seven replies.'">7 replies</button>
        <div id="c1"></div></div>
        <span role="button" class="x-show-more" onclick="this.outerHTML = 'By its class.'">⋯ Weiter im Text</span>
        <a href="#" onclick="this.outerHTML = 'By a bare link.'; return false">Read more</a></main>
        <div id="host"></div><script>host.attachShadow({ mode: "open" }).innerHTML =
          "<button onclick=\\"this.outerHTML = 'In a shadow root.'\\">Show more</button>"</script>""",
    )
    for text in ("The seven replies.", "By its class.", "By a bare link.", "In a shadow root."):
        assert text in seen.html
    assert '<details open="">' in seen.html


def test_more_is_asked_for_until_there_is_no_more(browser: Browser, site: BadSite) -> None:
    seen = observe(
        browser,
        site,
        "/batches",
        """<div id="list"></div><button id="more">Load more comments</button><script>let n = 0;
        more.onclick = () => { setTimeout(() => { for (let i = 0; i < 7; i += 1) { n += 1;
          list.insertAdjacentHTML("beforeend", `<p class="c">Comment ${n} ends.</p>`) }
          if (n >= 70) more.remove() }, 60) }</script>""",
    )
    assert seen.html.count('<p class="c">Comment') == 70 + 1  # and once in the script
    assert seen.problems == ()


def test_a_button_that_opens_and_closes_is_left_open(browser: Browser, site: BadSite) -> None:
    seen = observe(
        browser,
        site,
        "/toggle",
        """<article><p id="t" hidden>The whole story.</p>
        <button onclick="t.hidden = !t.hidden">Read more</button></article>
        <article><p id="u" hidden>Another story.</p><button class="read-more" onclick="u.hidden = !u.hidden;
          this.textContent = u.hidden ? 'Read more' : 'Read less'">Read more</button></article>""",
    )
    assert seen.signs is not None
    assert "The whole story." in seen.signs.opening
    assert "Another story." in seen.signs.opening


def test_a_button_that_brings_nothing_does_not_hold_the_capture_up(browser: Browser, site: BadSite) -> None:
    seen = observe(browser, site, "/dead", '<p>A text.</p><button onclick="0">Load more</button>')
    assert seen.problems == ()


def test_presses_without_end_stop_at_the_limit_and_are_a_problem(browser: Browser, site: BadSite) -> None:
    seen = observe(
        browser,
        site,
        "/endless-more",
        """<div id="list"></div>
        <button onclick="list.insertAdjacentHTML('beforeend', '<p>Again</p>')">Load more</button>""",
        CaptureLimits(load_seconds=5, total_seconds=40, max_clicks=9),
    )
    assert seen.problems == ("opening stopped after 9 presses, the capture's limit",)
    assert seen.html.count("<p>Again</p>") == 9


# -- what is never touched --------------------------------------------------------------------

TRAPS = """<main><h1>Notice</h1><p id="text">A text that stays.</p>
<a href="/left-by-link">Read more</a> <a href="/left-by-link" role="button">Show more</a>
<a href="/left-by-link"><span role="button" onclick="0">See more</span></a>
<form action="/posted" method="post"><input name="a"><button>Show more</button>
  <input type="submit" value="Load more comments"></form>
<form action="/posted-empty" method="post"><button>View more replies</button></form>
<form id="far" action="/posted-far" method="post"><input name="x"></form><button form="far">See more</button>
<button formaction="/posted">Show more</button>
<button onclick="act('like')">Like</button> <button onclick="act('like')" aria-expanded="false">👍 Like 12</button>
<button onclick="act('follow')">Follow</button> <button onclick="act('x')" class="btn-follow">Show more</button>
<button onclick="act('delete')" data-action="deleteComment">View more</button>
<button onclick="act('reply')">Reply</button> <button onclick="act('post')">Post</button>
<button onclick="act('login')" aria-expanded="false">Log in to see more replies</button>
<button onclick="act('buy')">Buy more</button> <button onclick="act('share')" aria-haspopup="menu">More</button>
<button onclick="act('menu')">More</button> <nav><button onclick="act('nav')">Show more</button></nav>
<button onclick="act('pressed')" aria-pressed="false">Show more</button>
<label onclick="act('label')"><input type="checkbox"><span role="button" onclick="act('label')">Show more</span></label>
<button onclick="act('aimer')">J’aime</button> <button onclick="act('partager')">Partager</button>
<button onclick="act('teilen')">Gefällt mir</button> <button onclick="act('antworten')">Antworten</button>
<button onclick="act('like')">पसंद करें</button> <button onclick="act('reply')" class="comment-action">जवाब दें</button>
<button onclick="act('like')">لائک کریں</button> <button onclick="act('like')">পছন্দ</button>
<button onclick="act('write')" class="comment">মন্তব্য লিখক</button>
<button hx-post="/posted">Show more</button></main>
<!-- whose words lie -->
<button>View 3 more replies</button> <button>View 4 more replies</button> <button>View 5 more replies</button>
<button>View 6 more replies</button> <button>View 7 more replies</button> <button>View 8 more replies</button>
<button>View 9 more replies</button> <button>View 10 more replies</button>
<script>const act = (what) => fetch("/act/" + what, { method: "POST", body: what });
const lies = { 3: () => act("vote"), 4: () => fetch("/api/items/7", { method: "DELETE" }),
  5: () => navigator.sendBeacon("/act/beacon", "x"), 6: () => fetch("/post/7/upvote"),
  7: () => { location = "/left-by-script" }, 9: () => { new Image().src = "/account/delete" },
  8: () => { const form = document.createElement("form"); form.method = "post"; form.action = "/act/form";
    document.body.append(form); form.submit() },
  10: () => { text.textContent = "An honest button worked." } };
for (const each of document.querySelectorAll("button")) {
  const number = /View (\\d+) more/.exec(each.textContent)?.[1];
  if (number) each.addEventListener("click", lies[number]);
}</script>"""


def test_a_page_full_of_traps_changes_nothing_and_is_not_left(browser: Browser, site: BadSite) -> None:
    asked, acted = len(site.asked), len(site.acted)
    seen = observe(browser, site, "/traps", TRAPS)
    assert site.acted[acted:] == []
    assert set(site.asked[asked:]) <= {"/traps", "/favicon.ico", "/picture.png"}
    assert seen.final_url == f"{site.url}/traps"
    assert "An honest button worked." in seen.html
    (told,) = [each for each in seen.behaviours if each.startswith("stopped")]
    # of a script that goes elsewhere and one that sends a form at once, the browser begins only one; in any order
    assert told.startswith(("stopped 6 requests", "stopped 7 requests"))
    assert f"POST {site.url}/act/vote" in told
    assert f"DELETE {site.url}/api/items/7" in told


def test_questions_a_button_asks_by_post_are_answered(browser: Browser, site: BadSite) -> None:
    seen = observe(
        browser,
        site,
        "/graphql-page",
        """<p id="out"></p><button onclick="fetch('/graphql', { method: 'POST', body: JSON.stringify({ query:
        'query More { comments { text } }' }) }).then((r) => { out.textContent = 'Answered ' + r.status })">Load more
        comments</button>""",
    )
    assert "Answered 200" in seen.html


def test_a_script_that_shows_another_address_is_told_to_go_back(browser: Browser, site: BadSite) -> None:
    seen = observe(
        browser,
        site,
        "/router",
        """<p>A feed.</p><button onclick="history.pushState({}, '', '/router/thread/7')">View 2 more replies</button>
        <button>View 3 more replies</button>""",
    )
    assert seen.final_url == f"{site.url}/router"
    assert any("a button led to" in each for each in seen.problems)


# -- feeds ------------------------------------------------------------------------------------

VIRTUAL = """<style>body { margin: 0 } #feed { position: relative } article { position: absolute; left: 0; width: 600px;
height: 190px; overflow: hidden; border-bottom: 1px solid }</style><h1 style="margin:0">The town's feed</h1>
<div id="feed" role="feed"></div><script>
const COUNT = 300, HEIGHT = 200, words = ["Water", "L’eau", "পানী", "पानी", "پانی", "💧"];
feed.style.height = COUNT * HEIGHT + "px";
const mounted = new Map();
const draw = () => {
  const from = Math.max(0, Math.floor(scrollY / HEIGHT) - 2);
  const to = Math.min(COUNT, from + Math.ceil(innerHeight / HEIGHT) + 5);
  for (const [n, element] of mounted) if (n < from || n >= to) { element.remove(); mounted.delete(n) }
  for (let n = from; n < to; n += 1) {
    if (mounted.has(n)) continue;
    const post = document.createElement("article");
    post.style.top = n * HEIGHT + "px";
    post.setAttribute("aria-posinset", n + 1); post.setAttribute("aria-setsize", COUNT);
    post.innerHTML = `<h2><a href="/posts/${n}">Notice ${n}</a></h2><time datetime="2026-03-01T09:00:00Z">1 March</time>
      <p>${words[n % words.length]} number ${n} of the feed.</p>`;
    feed.append(post); mounted.set(n, post);
  }
};
let due = 0;
addEventListener("scroll", () => { clearTimeout(due); due = setTimeout(draw, DELAY) });
draw();</script>"""


@pytest.mark.parametrize("delay", [0, 80], ids=["at once", "late"])
def test_every_post_of_a_feed_that_unmounts_them_is_kept(browser: Browser, site: BadSite, delay: int) -> None:
    patient = replace(LIMITS, total_seconds=300)
    seen = observe(browser, site, "/virtual", VIRTUAL.replace("DELAY", str(delay)), patient)
    assert seen.html.count("<article") < 20
    feed = json.loads(seen.feed)
    assert [each["url"] for each in feed["posts"]] == [f"{site.url}/posts/{number}" for number in range(300)]
    assert "پانی number 298 of the feed." in feed["posts"][298]["text"]
    assert feed["declared"] == 300
    assert seen.problems == ()


def test_a_feed_that_keeps_its_posts_needs_no_record_of_its_own(browser: Browser, site: BadSite) -> None:
    posts = "".join(f"<article><h2><a href=/p/{n}>Post {n}</a></h2><p>Text</p></article>" for n in range(80))
    seen = observe(browser, site, "/plain-feed", posts)
    assert seen.feed == b""
    assert seen.html.count("<article") == 80


def test_a_feed_inside_a_box_that_scrolls_is_scrolled(browser: Browser, site: BadSite) -> None:
    seen = observe(
        browser,
        site,
        "/boxed",
        """<style>html, body { height: 100%; margin: 0; overflow: hidden } main { height: 100vh; overflow-y: auto }
        p { height: 150px }</style><main id="box"></main><script>let n = 0;
        const more = () => { for (let i = 0; i < 20; i += 1) { n += 1;
          box.insertAdjacentHTML("beforeend", `<p>Entry ${n}</p>`) } };
        more(); box.addEventListener("scroll", () => {
          if (n < 100 && box.scrollTop + box.clientHeight > box.scrollHeight - 300) setTimeout(more, 30) })</script>""",
    )
    assert "<p>Entry 100</p>" in seen.html
    assert any("scrolled" in each for each in seen.behaviours)


def test_a_feed_that_says_it_is_loading_is_waited_for(browser: Browser, site: BadSite) -> None:
    seen = observe(
        browser,
        site,
        "/spinner",
        """<div id="list" style="height: 1500px">A feed</div><div id="busy" role="progressbar">Loading…</div>
        <script>new IntersectionObserver((seen) => { if (seen.some((each) => each.isIntersecting)) setTimeout(() => {
        list.insertAdjacentHTML("beforeend", "<p>The late part.</p>");
        busy.remove() }, 1500) }).observe(busy)</script>""",
    )
    assert "<p>The late part.</p>" in seen.html.replace('"<p>The late part.</p>"', "")


# -- budgets ----------------------------------------------------------------------------------


def test_a_page_that_asks_without_end_is_stopped_at_the_limit_of_requests(browser: Browser, site: BadSite) -> None:
    before = len(site.asked)
    seen = observe(
        browser,
        site,
        "/asking",
        """<p>A page that asks.</p><script>let n = 0; const ask = () => fetch("/text?" + n++).catch(() => 0).then(() =>
        setTimeout(ask, 2)); for (let i = 0; i < 4; i += 1) ask()</script>""",
        CaptureLimits(load_seconds=4, idle_seconds=4, total_seconds=30, max_requests=60),
    )
    assert "the page asked for more than 60 files, the capture's limit" in seen.problems
    assert 55 <= len(site.asked) - before < 500  # what was under way then; without the limit, thousands


def test_behaviours_leave_the_time_to_record(browser: Browser, site: BadSite) -> None:
    seen = observe(
        browser,
        site,
        "/slow-more",
        """<div id="list"></div><script>
        const more = () => setTimeout(() =>
        list.insertAdjacentHTML('beforeend', '<p>Again</p>'), 200)</script>
        <button onclick="more()">Load more</button>""",
        CaptureLimits(load_seconds=4, total_seconds=6, max_clicks=1000),
    )
    assert any("the time of the capture (6 s) was running out" in each for each in seen.problems)
    assert seen.tiles
    assert seen.layout


# -- banners ----------------------------------------------------------------------------------

OVER = "position: fixed; bottom: 0; left: 0; right: 0; background: white; padding: 2em"


@pytest.mark.parametrize(
    ("buttons", "action", "pressed"),
    [
        (("Accept all", "Reject all"), "reject", "Reject all"),
        (("Accept", "Only necessary cookies"), "reject", "Only necessary cookies"),
        (("Tout accepter", "Continuer sans accepter"), "reject", "Continuer sans accepter"),
        (("Alle akzeptieren", "Nur notwendige"), "reject", "Nur notwendige"),
        (("सभी स्वीकार करें", "सभी अस्वीकार करें"), "reject", "सभी अस्वीकार करें"),
        (("سب قبول کریں", "مسترد کریں"), "reject", "مسترد کریں"),
        (("সব গ্রহণ করুন", "প্রত্যাখ্যান করুন"), "reject", "প্রত্যাখ্যান করুন"),
        (("সকলো গ্ৰহণ কৰক", "প্ৰত্যাখ্যান কৰক"), "reject", "প্ৰত্যাখ্যান কৰক"),
        (("Settings", "×"), "close", "×"),
        (("Settings", "I agree"), "accept", "I agree"),
    ],
)
def test_a_cookie_banner_is_refused_rather_than_closed_rather_than_accepted(
    browser: Browser, site: BadSite, buttons: tuple[str, ...], action: str, pressed: str
) -> None:
    shown = "".join(f"<button onclick='this.parentNode.remove()'>{each}</button>" for each in buttons)
    seen = observe(
        browser, site, "/banner", f"<p>The text.</p><div style='{OVER}'>This site uses cookies. {shown}</div>"
    )
    assert seen.banner is not None
    assert (seen.banner.action, seen.banner.button, seen.banner.dismissed) == (action, pressed, True)
    assert f"cookie banner dismissed by its button {pressed!r}" in seen.behaviours
    assert "This site uses cookies" not in seen.html


def test_a_known_consent_tool_is_told_by_its_name(browser: Browser, site: BadSite) -> None:
    seen = observe(
        browser,
        site,
        "/onetrust",
        f"""<p>The text.</p><div id="onetrust-banner-sdk" style="{OVER}">We value you
        <button id="onetrust-accept-btn-handler">Yes</button>
        <button id="onetrust-reject-all-handler" onclick="this.parentNode.remove()">No</button></div>""",
    )
    assert "cookie banner (OneTrust) dismissed by its button 'No'" in seen.behaviours


@pytest.mark.parametrize(
    ("inside", "note"),
    [
        ("<a href='/policy'>Learn more about cookies</a>", "no button that dismisses it was found"),
        ("<form method=post action='/consent'><button>Reject all</button></form>", "no button that dismisses it"),
        ("<button>Reject all</button>", "its button 'Reject all' did not dismiss it"),
    ],
)
def test_a_banner_that_cannot_be_dismissed_is_noted_and_stays(
    browser: Browser, site: BadSite, inside: str, note: str
) -> None:
    acted = len(site.acted)
    seen = observe(browser, site, "/stays", f"<p>The text.</p><div style='{OVER}'>We use cookies. {inside}</div>")
    assert seen.banner is not None
    assert not seen.banner.dismissed
    assert any("cookie banner stays" in each and note in each for each in seen.behaviours)
    assert "We use cookies" in seen.html
    assert site.acted[acted:] == []


def test_a_page_about_cookies_has_no_banner(browser: Browser, site: BadSite) -> None:
    seen = observe(
        browser,
        site,
        "/about-cookies",
        """<main><article><h1>How we use cookies</h1><p>Cookies are small files.</p><button>Close</button>
        </article></main>""",
    )
    assert seen.banner is None
