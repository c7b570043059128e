"""One capture end to end, through the recording proxy, against a site that behaves badly."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archiver.core.errors import StorageFull
from archiver.core.records import CaptureId, ObjectRole, Outcome
from archiver.core.warc import check_warc, read_records
from capture import job
from capture.job import Observation
from capture.observation import CaptureLimits
from capture.session import CaptureSession
from tests.capture.bad_site import PDF, BadSite, run_bad_site

pytestmark = pytest.mark.browser

ID = CaptureId("cap_00000000000000aa")
LIMITS = CaptureLimits(
    load_seconds=1.5,
    idle_seconds=2,
    step_seconds=4,
    total_seconds=30,
    max_bytes=1_000_000,
    max_scrolls=3,
)
MOMENT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def session(site: BadSite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CaptureSession]:
    with CaptureSession(
        authority_dir=tmp_path_factory.mktemp("authority"),
        allow_hosts=[site.host, f"127.0.0.1:{closed_port()}"],
        limits=LIMITS,
    ) as running:
        yield running


def closed_port() -> int:
    """A port of loopback where nobody listens."""
    return 18_999


def take(session: CaptureSession, url: str, into: Path) -> Observation:
    return session.capture(url, capture_id=ID, into=into, now=lambda: MOMENT)


def names(into: Path) -> list[str]:
    return sorted(each.name for each in into.iterdir())


def test_a_good_page_is_complete_and_leaves_whole_files(session: CaptureSession, site: BadSite, tmp_path: Path) -> None:
    told: list[str] = []
    seen = session.capture(f"{site.url}/good", capture_id=ID, into=tmp_path, progress=told.append)
    assert (seen.outcome, seen.reason, seen.http_status) == (Outcome.COMPLETE, "", 200)
    assert seen.started.tzinfo is UTC
    assert [(each.name, each.role, each.media_type) for each in seen.files] == [
        ("capture.warc.gz", ObjectRole.WARC, "application/warc"),
        ("page.png", ObjectRole.SCREENSHOT, "image/png"),
        ("thumb.webp", ObjectRole.THUMBNAIL, "image/webp"),
    ]
    assert names(tmp_path) == ["capture.warc.gz", "page.png", "thumb.webp"]
    checked = check_warc(tmp_path / "capture.warc.gz")
    assert checked.findings == ()
    assert checked.records == seen.warc_records
    assert told == ["loading", "scrolling", "recording", "asking the site's interface", "writing"]


def test_the_warc_holds_what_was_sent_and_what_was_seen(session: CaptureSession, site: BadSite, tmp_path: Path) -> None:
    url = f"{site.url}/good"
    take(session, url, tmp_path)
    records = {
        (each.type, each.uri): each.content()
        for each in read_records(tmp_path / "capture.warc.gz")
        if each.type in ("response", "resource")
    }
    assert "পানী এতিয়া নিৰাপদ".encode() in records["response", url]
    assert "پانی اب محفوظ ہے".encode() in records["resource", f"urn:dom:{url}"]
    assert records["resource", f"urn:fullPage:{url}"] == (tmp_path / "page.png").read_bytes()
    assert records["resource", f"urn:view:{url}"][:4] == b"\x89PNG"
    assert "सुरक्षित".encode() in records["resource", f"urn:layout:{url}"]
    pageinfo = json.loads(records["resource", f"urn:pageinfo:{url}"])
    assert (pageinfo["url"], pageinfo["finalUrl"], pageinfo["status"]) == (url, url, 200)
    assert pageinfo["ts"] == "2026-11-21T09:00:00.000000Z"
    assert pageinfo["title"] == "Ward 7 notice"
    assert pageinfo["urls"][url] == {"status": 200, "mime": "text/html", "type": "document"}


def test_a_session_the_site_gave_an_anonymous_visitor_is_masked_and_bars_nothing_until_it_is_seen(
    session: CaptureSession, site: BadSite, tmp_path: Path
) -> None:
    given = "4nonym0usVisitorZ9"
    body = "<p>The dam is safe. বান্ধ সুৰক্ষিত। بند محفوظ ہے۔ बाँध सुरक्षित है। Le barrage est sûr. 💧</p>"
    script = f"<script>document.cookie = 'sid={given}'; fetch('/text')</script>"
    for path, text, barred in (
        ("/visitor", script, set[str]()),
        ("/visitor-told", f"{script}<p>{given}</p>", {"capture.warc.gz", "page.png", "thumb.webp"}),
    ):
        into = tmp_path / path[1:]
        into.mkdir()
        seen = take(session, site.put(path, f"<!doctype html><title>Notice</title>{body}{text}"), into)
        assert (seen.outcome, {each.file for each in seen.barred}) == (Outcome.COMPLETE, barred)
        records = list(read_records(into / "capture.warc.gz"))
        (page,) = (each for each in records if each.type == "response" and each.uri.endswith(path))
        assert "echoes" in (page.header("WARC-JSON-Metadata") or "")
        assert "বান্ধ সুৰক্ষিত".encode() in page.content()
        assert not any(given.encode() in each.content() for each in records)


@pytest.mark.parametrize(
    ("path", "outcome", "reason", "status"),
    [
        ("/missing", Outcome.FAILED, "the site answered 404 Not Found", 404),
        ("/nowhere-and-empty", Outcome.FAILED, "the site answered 404 Not Found", 404),
        ("/broken", Outcome.FAILED, "the site answered 500 Internal Server Error", 500),
        ("/busy", Outcome.THROTTLED, "the site answered 429 Too Many Requests and asks", 429),
        ("/members", Outcome.LOGIN_WALL, "the site redirected to its login page", 200),
        ("/login", Outcome.LOGIN_WALL, "the page asks for a password", 200),
        ("/challenge", Outcome.CHALLENGE, "the site asked to prove that a person is looking", 403),
        ("/circle", Outcome.FAILED, "127.0.0.1: the site redirected in a circle", None),
        ("/nothing", Outcome.FAILED, "the site answered 204 No Content", 204),
        ("/stall", Outcome.FAILED, "127.0.0.1: the server did not answer in time", None),
        ("/cut", Outcome.PARTIAL, "the server broke off the page's own document", 200),
        ("/huge", Outcome.PARTIAL, "1 answer was cut at the capture's limit of 1 MB", 200),
        ("/loop", Outcome.PARTIAL, "the page had not finished loading after 1.5 s; a script", 200),
        ("/alerts", Outcome.FAILED, "the page opens dialogs without end", 200),
        ("/never-done", Outcome.PARTIAL, "the page had not finished loading after 1.5 s", 200),
        ("/endless", Outcome.PARTIAL, "the page grew without end", 200),
        ("/empty", Outcome.FAILED, "the page came empty: no text and no pictures", 200),
        ("/lazy", Outcome.COMPLETE, "", 200),
    ],
)
def test_a_bad_page_ends_in_its_outcome_with_a_reason(
    session: CaptureSession,
    site: BadSite,
    tmp_path: Path,
    path: str,
    outcome: Outcome,
    reason: str,
    status: int | None,
) -> None:
    seen = take(session, site.url + path, tmp_path)
    assert (seen.outcome, seen.http_status) == (outcome, status), seen.reason
    assert reason in seen.reason
    assert bool(seen.reason) != (outcome is Outcome.COMPLETE)
    assert check_warc(tmp_path / "capture.warc.gz").findings == ()


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://no-such-host.invalid/", "no-such-host.invalid: "),
        (f"http://127.0.0.1:{closed_port()}/", "127.0.0.1: "),
    ],
)
def test_an_address_that_leads_nowhere_fails_with_a_plain_reason(
    session: CaptureSession, tmp_path: Path, url: str, reason: str
) -> None:
    seen = take(session, url, tmp_path)
    assert (seen.outcome, seen.http_status) == (Outcome.FAILED, None)
    assert seen.reason.startswith(reason)
    assert "Errno" not in seen.reason


@pytest.mark.parametrize("url", ["ftp://town.example/", "file:///etc/passwd", "http://[", "javascript:1", "town"])
def test_only_web_addresses_are_captured(session: CaptureSession, tmp_path: Path, url: str) -> None:
    seen = take(session, url, tmp_path)
    assert (seen.outcome, seen.files) == (Outcome.REFUSED, ())
    assert seen.reason == f"{url}: only http and https addresses can be captured"
    assert names(tmp_path) == []


def test_a_private_address_is_refused(session: CaptureSession, tmp_path: Path) -> None:
    seen = take(session, "http://127.0.0.1:28999/secret", tmp_path)
    assert (seen.outcome, seen.http_status) == (Outcome.REFUSED, None)
    assert "allow it in `capture.allow_hosts`" in seen.reason


def test_a_redirect_to_a_private_address_is_refused(session: CaptureSession, site: BadSite, tmp_path: Path) -> None:
    with run_bad_site() as inner:
        site.redirect_private_to(f"{inner.url}/good")
        seen = take(session, f"{site.url}/private", tmp_path)
        assert seen.outcome is Outcome.REFUSED
        assert f"{inner.host}, where {site.url}/private redirects to" in seen.reason
        assert inner.asked == []


def test_a_pdf_is_a_file_kept_whole(session: CaptureSession, site: BadSite, tmp_path: Path) -> None:
    seen = take(session, f"{site.url}/document.pdf", tmp_path)
    assert (seen.outcome, seen.content_type) == (Outcome.COMPLETE, "application/pdf")
    assert seen.reason == "a file (application/pdf), kept whole; no screenshot is taken of it"
    assert names(tmp_path) == ["capture.warc.gz"]
    kept = [each.content() for each in read_records(tmp_path / "capture.warc.gz") if each.type == "response"]
    assert PDF in kept


def test_an_image_is_a_file_with_a_screenshot(session: CaptureSession, site: BadSite, tmp_path: Path) -> None:
    seen = take(session, f"{site.url}/picture.png", tmp_path)
    assert (seen.outcome, seen.content_type) == (Outcome.COMPLETE, "image/png")
    assert "page.png" in names(tmp_path)


def kill_soon(process: int | None) -> threading.Timer:
    assert process is not None
    timer = threading.Timer(0.7, os.kill, (process, signal.SIGKILL))
    timer.start()
    return timer


def test_killing_a_part_in_mid_capture_fails_it_clearly_and_the_next_works(site: BadSite, tmp_path: Path) -> None:
    patient = CaptureLimits(load_seconds=20, total_seconds=40)
    with CaptureSession(authority_dir=tmp_path / "authority", allow_hosts=[site.host], limits=patient) as session:
        for part, process in (("browser", session.browser_id), ("recording proxy", session.recorder_id)):
            first, second = tmp_path / part / "first", tmp_path / part / "second"
            first.mkdir(parents=True)
            second.mkdir()
            begun = time.monotonic()
            timer = kill_soon(process)
            seen = take(session, f"{site.url}/never-done", first)
            timer.join()
            assert seen.outcome is Outcome.FAILED
            assert part in seen.reason
            assert time.monotonic() - begun < 30
            assert names(first) == []
            assert take(session, f"{site.url}/good", second).outcome is Outcome.COMPLETE


def test_what_presses_bring_is_in_the_warc_and_what_they_would_change_never_leaves(
    session: CaptureSession, site: BadSite, tmp_path: Path
) -> None:
    url = site.put(
        "/pressing",
        """<!doctype html><meta charset="utf-8"><title>Pressing</title><p id="out">A text.</p>
        <button id="more">আৰু মন্তব্য চাওক</button><button id="liar">View 3 more replies</button>
        <div id="consent" style="position: fixed; bottom: 0">We use cookies <button>Reject all</button></div><script>
        more.onclick = async () => { out.textContent = await (await fetch("/text?page=2")).text(); more.remove() };
        liar.onclick = () => fetch("/react", { method: "POST", body: "like" });
        consent.onclick = () => consent.remove()</script>""",
    )
    acted = len(site.acted)
    seen = take(session, url, tmp_path)
    assert seen.outcome is Outcome.COMPLETE, seen.reason
    assert site.acted[acted:] == []
    records = {(each.type, each.uri): each for each in read_records(tmp_path / "capture.warc.gz")}
    assert records["response", f"{site.url}/text?page=2"].content() == b"The text came by a script."
    assert ("request", f"{site.url}/react") not in records
    told = json.loads(records["resource", f"urn:pageinfo:{url}"].content())
    assert told["banner"]["action"] == "reject"
    assert "cookie banner dismissed by its button 'Reject all'" in told["behaviours"]
    (stopped,) = [each for each in told["behaviours"] if each.startswith("stopped")]
    assert stopped.endswith(f" requests that a press set off and that do more than ask: POST {site.url}/react")


def test_a_browser_that_hangs_is_ended_and_the_next_capture_works(site: BadSite, tmp_path: Path) -> None:
    brief = CaptureLimits(load_seconds=4, step_seconds=4, total_seconds=8)
    with CaptureSession(authority_dir=tmp_path / "authority", allow_hosts=[site.host], limits=brief) as session:
        first, second = tmp_path / "first", tmp_path / "second"
        first.mkdir()
        second.mkdir()
        assert session.browser_id is not None
        timer = threading.Timer(0.5, os.kill, (session.browser_id, signal.SIGSTOP))
        timer.start()
        begun = time.monotonic()
        seen = take(session, f"{site.url}/never-done", first)
        timer.join()
        assert seen.outcome is Outcome.FAILED
        # by the step it was at: the browser did not answer, began no loading, or the page could not be read for it
        assert seen.cause in ("browser", "timeout", "unreadable")
        assert time.monotonic() - begun < 90
        assert names(first) == [] or seen.cause != "browser"
        after = take(session, f"{site.url}/good", second)
        assert after.outcome.files_content, after.reason


def test_an_interrupted_capture_leaves_nothing(session: CaptureSession, site: BadSite, tmp_path: Path) -> None:
    timer = threading.Timer(0.6, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        take(session, f"{site.url}/stall", tmp_path)
    timer.join()
    assert names(tmp_path) == []
    after = tmp_path / "after"
    after.mkdir()
    assert take(session, f"{site.url}/good", after).outcome is Outcome.COMPLETE


def test_a_full_disk_ends_the_capture_and_leaves_nothing(
    session: CaptureSession, site: BadSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, content: bytes) -> None:
        raise StorageFull(f"{path} could not be written: no space is left on the disk")

    monkeypatch.setattr(job, "write_durably", refuse)
    with pytest.raises(StorageFull, match="no space"):
        take(session, f"{site.url}/good", tmp_path)
    assert names(tmp_path) == []


def test_a_session_is_used_within_its_block(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="`with`"):
        take(CaptureSession(authority_dir=tmp_path), "http://town.example/", tmp_path)


def test_the_closed_port_is_closed() -> None:
    with contextlib.closing(socket.socket()) as probe:
        assert probe.connect_ex(("127.0.0.1", closed_port())) != 0
