"""One capture: the page through the recording proxy, the platform's API, screenshots, a verdict.

Everything a capture leaves lies in one directory; filing it is the caller's.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from archiver.core import clock
from archiver.core.durable import write_durably
from archiver.core.errors import BrowserFailed, RecorderFailed
from archiver.core.records import ANONYMOUS, Barred, CaptureId, Digest, ObjectRole, Outcome
from capture.browser.browser import Browser
from capture.client import RecordedClient
from capture.cookies.browser_state import BrowserState, login_ended, secret_values
from capture.discretion import barred_files, is_entrusted, masked
from capture.logins.site_sessions import SiteLogin
from capture.media import fetch_media, media_addresses
from capture.observation import CaptureLimits, PageObservation, tile_name
from capture.pictures.screenshot import make_thumbnail, png_size
from capture.proxy.recording import Recorded, Recorder
from capture.secrets.masking import mask_address
from capture.verdict.any_address import is_worth_asking, stands_anywhere
from capture.verdict.outcome_rules import OutcomeRules, shipped_rules
from capture.verdict.outcomes import PageFacts, Verdict, judge
from capture.verdict.site_health import SAID_GONE, SiteHealth, check_site
from capture.wordpress import ApiReport, fetch_api

WARC_NAME = "capture.warc.gz"
THUMBNAIL_NAME = "thumb.webp"


@dataclass(frozen=True, kw_only=True)
class CapturedFile:
    """A file a capture left in its directory."""

    name: str
    role: ObjectRole
    media_type: str


@dataclass(frozen=True, kw_only=True)
class Observation:
    """How a capture ended and what it left. `declared` holds the counts the site itself states.

    `cause` and `retry_after` as in a Verdict. `site` is how the site as a whole does, asked only
    where it says that the page is gone.
    """

    capture_id: CaptureId
    url: str
    final_url: str
    started: datetime
    finished: datetime
    outcome: Outcome
    cause: str = ""
    reason: str = ""
    retry_after: datetime | None = None
    site: SiteHealth | None = None
    http_status: int | None = None
    content_type: str = ""
    files: tuple[CapturedFile, ...] = ()
    warc_records: int = 0
    warc_sha256: Digest | None = None
    declared: dict[str, int] = field(default_factory=dict)
    barred: tuple[Barred, ...] = ()  # files that no export may hold
    access: str = ANONYMOUS
    state: BrowserState | None = field(default=None, repr=False)  # the site's login afterwards, where it used one


def capture_page(
    url: str,
    *,
    capture_id: CaptureId,
    recorder: Recorder,
    browser: Browser,
    into: Path,
    limits: CaptureLimits | None = None,
    secrets: Collection[str] = (),
    rules: OutcomeRules | None = None,
    now: Callable[[], datetime] = clock.now,
    progress: Callable[[str], None] = lambda _: None,
    site_login: SiteLogin | None = None,
) -> Observation:
    """Capture `url` into the existing directory `into`: WARC, full-page screenshot, thumbnail.

    `secrets` are values that must not be kept. With `site_login`, which is of the address's own site,
    as one who is logged in there.

    Whatever the site or the browser does ends in an outcome. Raises RecorderFailed and
    StorageFull; then, and on Ctrl-C, nothing of the capture stays.
    """
    limits, rules = limits or CaptureLimits(), rules or shipped_rules()
    started = now()
    shown_url = mask_address(url)
    access = site_login.access if site_login else ANONYMOUS
    if site_login and site_login.barred:
        return _nothing(capture_id, shown_url, started, now(), Outcome.LOGIN_WALL, "session", site_login.barred, access)
    state = site_login.state if site_login else None
    if not _is_web_address(url):
        reason = f"{shown_url}: only http and https addresses can be captured"
        return _nothing(capture_id, shown_url, started, now(), Outcome.REFUSED, "address", reason)
    info = {"archiver-capture-id": capture_id, "archiver-capture-url": url}
    secrets = (*secrets, *(secret_values(state) if state else ()))
    login = recorder.begin(capture_id, into / WARC_NAME, info, max_bytes=limits.max_bytes, secrets=secrets)
    try:
        seen = browser.observe(
            url, login=login, limits=limits, rules=rules, now=now, progress=progress, storage_state=state
        )
        report, fetched, lacking, site, anywhere = None, False, list[str](), None, False
        known = seen.state or state or BrowserState()
        so_far = judge(_facts(seen, limits, fetched=True), rules)
        if so_far.cause in SAID_GONE:
            progress("asking for the site's front page")
            with RecordedClient(login, recorder.ca_file, limits, cookies=known.cookies) as client:
                site = check_site(client.get, seen.final_url, rules, seen.finished)
        if so_far.outcome.files_content:
            progress("asking the site's interface" if seen.is_page else "fetching the file")
            with RecordedClient(login, recorder.ca_file, limits, cookies=known.cookies) as client:
                if seen.is_page:
                    report = fetch_api(client.get, seen.html, seen.final_url)
                    if state is None and not report.declared and is_worth_asking(seen.signs):
                        anywhere = stands_anywhere(client.get, seen.final_url, seen.html, capture_id)
                    named = media_addresses(seen.html, seen.final_url)
                    lacking = fetch_media(client.fetch_whole, recorder.incomplete_media(capture_id, named), progress)
                elif not seen.tiles:
                    fetched = client.fetch_whole(seen.final_url)
                if seen.state:
                    seen = replace(seen, state=replace(seen.state, cookies=client.renewed(seen.state.cookies)))
        progress("writing")
        files = _write_images(seen, into)
        seen = masked(seen, partial(recorder.mask, capture_id))
        shown = _write_resources(seen, report, site, capture_id, recorder)
        lacking = recorder.mask(capture_id, lacking)
        recorded = recorder.finish(capture_id)
    except BrowserFailed as error:
        discard(capture_id, recorder, into)
        reason = str(error).replace(url, shown_url)
        return _nothing(capture_id, shown_url, started, now(), Outcome.FAILED, "browser", reason, access)
    except BaseException:
        discard(capture_id, recorder, into)
        raise
    facts = _facts(seen, limits, report, recorded, fetched=fetched, lacking=lacking)
    verdict = judge(replace(facts, anywhere=anywhere, vouched=facts.vouched or state is not None), rules)
    if state and seen.state and verdict.outcome.files_content and login_ended(state, seen.state, now()):
        reason = "the site ended the stored login while it was captured"
        verdict = Verdict(outcome=Outcome.LOGIN_WALL, cause="session", reason=reason)
    warc = CapturedFile(name=WARC_NAME, role=ObjectRole.WARC, media_type="application/warc")
    return Observation(
        capture_id=capture_id,
        url=seen.url,
        final_url=seen.final_url,
        started=started,
        finished=now(),
        outcome=verdict.outcome,
        cause=verdict.cause,
        reason=verdict.reason,
        retry_after=verdict.retry_after,
        site=site,
        http_status=seen.status if verdict.answered else None,
        content_type=seen.content_type,
        files=(warc, *files),
        warc_records=recorded.records,
        warc_sha256=Digest(recorded.sha256),
        declared=dict(report.declared) if report else {},
        barred=barred_files(
            WARC_NAME,
            (each.name for each in files),
            recorded,
            shown=shown,
            entrusted=site_login is not None or is_entrusted(url, secrets),
        ),
        access=access,
        state=seen.state,
    )


def _nothing(
    capture_id: CaptureId,
    url: str,
    started: datetime,
    finished: datetime,
    outcome: Outcome,
    cause: str,
    reason: str,
    access: str = ANONYMOUS,
) -> Observation:
    """A capture that left no file."""
    return Observation(
        capture_id=capture_id,
        url=url,
        final_url=url,
        started=started,
        finished=finished,
        outcome=outcome,
        cause=cause,
        reason=reason,
        access=access,
    )


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _facts(
    seen: PageObservation,
    limits: CaptureLimits,
    report: ApiReport | None = None,
    recorded: Recorded | None = None,
    *,
    fetched: bool = False,
    lacking: Collection[str] = (),
) -> PageFacts:
    return PageFacts(
        url=seen.url,
        final_url=seen.final_url,
        chain=seen.chain,
        status=seen.status,
        at=seen.finished,
        headers=seen.headers,
        is_page=seen.is_page,
        content_type=seen.content_type,
        file_fetched=fetched,
        network_error=seen.network_error,
        signs=seen.signs if seen.html or not seen.is_page else None,  # a page without its DOM is not content
        banner=seen.banner,
        problems=seen.problems,
        throttled=_held_back(seen),
        refused=recorded.refused if recorded else (),
        truncated=recorded.truncated if recorded else (),
        failed=recorded.failed if recorded else (),
        api_problems=(*(report.problems if report else ()), *lacking),
        max_bytes=limits.max_bytes,
        vouched=bool(report and report.declared),
    )


def _held_back(seen: PageObservation) -> tuple[str, ...]:
    """The site's own parts of the page that it refused because too much was asked."""
    site = urlsplit(seen.final_url).netloc
    main = {*seen.chain, seen.final_url}
    return tuple(
        url
        for url, resource in seen.resources.items()
        if resource.get("status") == 429 and urlsplit(url).netloc == site and url not in main
    )


def _write_images(seen: PageObservation, into: Path) -> list[CapturedFile]:
    """The full-page screenshot's images and the thumbnail, durably."""
    files: list[CapturedFile] = []
    for number, tile in enumerate(seen.tiles, 1):
        png_size(tile)  # what the browser handed over is whole
        write_durably(into / tile_name(number), tile)
        files.append(CapturedFile(name=tile_name(number), role=ObjectRole.SCREENSHOT, media_type="image/png"))
    # the first screen is small and quick to scale; where it is missing, the full page's top
    if top := seen.view or (seen.tiles[0] if seen.tiles else b""):
        write_durably(into / THUMBNAIL_NAME, make_thumbnail(top))
        files.append(CapturedFile(name=THUMBNAIL_NAME, role=ObjectRole.THUMBNAIL, media_type="image/webp"))
    return files


def _write_resources(
    seen: PageObservation,
    report: ApiReport | None,
    site: SiteHealth | None,
    capture_id: CaptureId,
    recorder: Recorder,
) -> bool:
    """The `urn:` records: what was seen, beside what was sent. Whether a secret stood in the visible text."""
    url = seen.final_url
    resources = [(f"urn:view:{url}", "image/png", seen.view)]
    for number, tile in enumerate(seen.tiles, 1):
        part = "" if number == 1 else f"@{number}"
        resources.append((f"urn:fullPage{part}:{url}", "image/png", tile))
    resources.append((f"urn:dom:{url}", "text/html; charset=utf-8", seen.html.encode("utf-8", "replace")))
    resources.append((f"urn:layout:{url}", "application/json", seen.layout))
    resources.append((f"urn:feed:{url}", "application/json", seen.feed))
    resources.append((f"urn:pageinfo:{url}", "application/json", write_pageinfo(seen, report, site)))
    shown = False
    with tempfile.TemporaryDirectory(prefix="archiver-") as folder:
        file = Path(folder) / "resource"
        for uri, media_type, content in resources:
            if content:
                file.write_bytes(content)
                held_secret = recorder.add_resource(capture_id, uri, media_type, file)
                shown = shown or (held_secret and uri.startswith("urn:layout:"))
    return shown


def write_pageinfo(seen: PageObservation, report: ApiReport | None, site: SiteHealth | None = None) -> bytes:
    """The `urn:pageinfo` record, JSON.

    `ts` is when the visit began, `declared` what the site's own interface counts.
    """
    signs = seen.signs
    pageinfo = {
        "url": seen.url,
        "finalUrl": seen.final_url,
        "ts": clock.to_iso(seen.started),
        "status": seen.status,
        "contentType": seen.content_type,
        "chain": seen.chain,
        "networkError": seen.network_error,
        "title": signs.title if signs else "",
        "language": signs.language if signs else "",
        "counts": {"jsErrors": len(seen.console_errors), "urls": len(seen.resources)},
        "urls": seen.resources,
        "consoleErrors": seen.console_errors,
        "behaviours": seen.behaviours,
        "banner": asdict(seen.banner) if seen.banner else None,
        "problems": seen.problems,
        "site": asdict(site) if site else None,
        "declared": dict(report.declared) if report else {},
        "api": {"requested": list(report.requested), "problems": list(report.problems)} if report else {},
    }
    return json.dumps(pageinfo, ensure_ascii=False, indent=1).encode("utf-8", "replace")


def discard(capture_id: CaptureId, recorder: Recorder, into: Path) -> None:
    """Take back what a broken-off capture has written."""
    with contextlib.suppress(RecorderFailed):
        recorder.abandon(capture_id)
    discard_files(into)


def discard_files(into: Path) -> None:
    """Remove what an attempt wrote into its directory, before it is filed."""
    for pattern in ("page*.png*", f"{THUMBNAIL_NAME}*", f"{WARC_NAME}*"):
        for file in into.glob(pattern):
            file.unlink()
