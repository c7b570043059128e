"""Sites' stored logins from import to forgetting, against a real site that wants a login."""

from __future__ import annotations

import gzip
import json
import shutil
import stat
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from archiver.core.archive import Archive
from archiver.core.errors import BadInput, NotFound, NotPermitted, SiteLoginFailed, SiteSessionUnusable
from archiver.core.manifest import read_manifest
from archiver.core.objects import MANIFEST
from archiver.core.people import Person, Role
from archiver.core.records import ANONYMOUS, Observed, Outcome
from archiver.core.site_sessions import CheckResult
from archiver.workflows.archive.admit import add_person
from archiver.workflows.archive.keep_register import add_account
from archiver.workflows.capturing.run import capture_urls, open_session
from archiver.workflows.capturing.site_logins import login_for, sessions_ready
from archiver.workflows.capturing.site_sessions import (
    check_sessions,
    forget_login,
    import_login,
    log_in_to_site,
    session_standings,
)
from tests.capture.members_site import NAME, PASSWORD, WELCOME, MembersSite, run_members_site
from tests.workflows.town import NOW, SECRET, Ticking, clerk, make

pytestmark = pytest.mark.browser

SITE = "127.0.0.1"


@pytest.fixture
def site() -> Iterator[MembersSite]:
    with run_members_site() as running:
        yield running


@pytest.fixture
def archive(site: MembersSite, tmp_path: Path) -> Iterator[Archive]:
    directory, config = make(tmp_path, site.host, load_seconds=10, total_seconds=30)
    with Archive.open(directory, config_directory=config) as opened:
        yield opened


@pytest.fixture
def now() -> Ticking:
    return Ticking()


def export(site: MembersSite, folder: Path) -> Path:
    """A browser's export of a login there."""
    file = folder / "state.json"
    file.write_text(site.storage_state(), encoding="utf-8")
    return file


def store(archive: Archive, site: MembersSite, folder: Path, now: Ticking, *, expect: str = WELCOME) -> None:
    file = export(site, folder)
    import_login(archive, SITE, file, check_url=f"{site.url}/members", expect=expect, actor=clerk(archive), now=now())
    file.unlink()


def service(archive: Archive) -> Person:
    return add_person(archive, "nightly", Role.SERVICE, None, actor=clerk(archive), second=None, now=NOW)[0]


def files_below(*folders: Path) -> dict[Path, bytes]:
    """Every file's bytes, those within gzip too."""
    found = {}
    for path in (each for folder in folders for each in folder.rglob("*") if each.is_file()):
        content = path.read_bytes()
        if content[:2] == b"\x1f\x8b":
            with gzip.open(path) as file:
                content += file.read()
        found[path] = content
    return found


# -- storing -----------------------------------------------------------------------------------


def test_a_stored_login_opens_a_page_that_is_closed_to_others(
    archive: Archive, site: MembersSite, tmp_path: Path, now: Ticking
) -> None:
    (before,) = capture_urls(archive, [f"{site.url}/members"], actor=clerk(archive), now=now)
    assert (before.capture.outcome, before.capture.access) == (Outcome.LOGIN_WALL, ANONYMOUS)
    store(archive, site, tmp_path, now)
    (after,) = capture_urls(archive, [f"{site.url}/members"], actor=service(archive), now=now)
    stored = archive.site_sessions.session(SITE)
    assert (after.capture.outcome, after.capture.access) == (Outcome.COMPLETE, f"session:{stored.id}")
    assert archive.catalogue.capture(after.capture.id) == after.capture
    directory = archive.objects.root / archive.objects.place(after.capture.id, after.capture.record_id)
    assert read_manifest(directory / MANIFEST).capture.access == stored.access


def test_no_value_of_a_login_is_in_any_file_of_the_archive_or_its_trail(
    archive: Archive, site: MembersSite, tmp_path: Path, now: Ticking
) -> None:
    store(archive, site, tmp_path, now)
    site.rotate()
    urls = [f"{site.url}/members", f"{site.url}/echoing"]
    filed = capture_urls(archive, urls, actor=clerk(archive), now=now)
    assert {each.capture.outcome for each in filed} <= {Outcome.COMPLETE, Outcome.PARTIAL}, filed
    assert any(path.startswith("/echo?sid=tok-") for path, _ in site.asked)
    check_sessions(archive, actor=clerk(archive), now=now)
    archive.finish_run(at=now())
    files = files_below(archive.directory, archive.config_directory)
    assert [path for path, content in files.items() if b"/echo?sid=****" in content]
    assert len(site.secrets) > 3
    for value in site.secrets:
        assert [path for path, content in files.items() if value.encode() in content] == []


def test_the_sealed_file_and_its_key_are_for_their_owner_alone_and_lie_apart(
    archive: Archive, site: MembersSite, tmp_path: Path, now: Ticking
) -> None:
    store(archive, site, tmp_path, now)
    (sealed,) = (archive.directory / "sessions").iterdir()
    (key,) = (archive.config_directory / "session-keys").rglob("*.key")
    assert archive.directory not in key.parents
    assert [stat.S_IMODE(each.stat().st_mode) for each in (sealed, key)] == [0o600, 0o600]
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700


def test_an_archive_copied_without_its_keys_opens_no_login(
    archive: Archive, site: MembersSite, tmp_path: Path, now: Ticking
) -> None:
    store(archive, site, tmp_path, now)
    shutil.copytree(archive.directory, tmp_path / "stolen")
    with Archive.open(tmp_path / "stolen", config_directory=tmp_path / "thief") as stolen:
        login = login_for(stolen, site.url, now=now())
        assert login is not None
        assert "has no key for it" in login.barred
        assert login.state.cookies == ()


def test_a_sealed_file_that_is_damaged_or_another_session_s_is_told_and_stops_only_its_site(
    archive: Archive, site: MembersSite, tmp_path: Path, now: Ticking
) -> None:
    store(archive, site, tmp_path, now)
    (sealed,) = (archive.directory / "sessions").iterdir()
    whole = sealed.read_bytes()
    for broken in (whole[:-1], b"", whole[:30] + bytes([whole[30] ^ 1]) + whole[31:]):
        sealed.write_bytes(broken)
        (filed,) = capture_urls(archive, [f"{site.url}/members"], actor=clerk(archive), now=now)
        assert filed.capture.outcome is Outcome.LOGIN_WALL
        assert "is damaged, or another session's" in filed.capture.reason
        assert "archiver session import" in filed.capture.reason
    sealed.write_bytes(whole)
    stored = archive.site_sessions.session(SITE)
    with pytest.raises(SiteSessionUnusable, match="another session's"):
        archive.vault().open(stored.box, about=f"{archive.settings.archive.id} ses_other {SITE}")
    assert site.asked == []


def test_importing_again_renews_under_a_new_key_and_destroys_the_old_one(
    archive: Archive, site: MembersSite, tmp_path: Path, now: Ticking
) -> None:
    store(archive, site, tmp_path, now)
    first = archive.site_sessions.session(SITE)
    again = import_login(archive, site.url, export(site, tmp_path), actor=clerk(archive), now=now())
    assert again.renewed
    assert (again.session.id, again.session.expect) == (first.id, WELCOME)
    assert again.session.box != first.box
    assert archive.vault().boxes() == [again.session.box]
    assert [each.stem for each in (archive.config_directory / "session-keys").rglob("*.key")] == [again.session.box]


def test_what_a_crash_left_of_an_import_is_destroyed_at_the_next(
    archive: Archive, site: MembersSite, tmp_path: Path, now: Ticking
) -> None:
    archive.vault().put("box_left", b"a login", about="nobody")
    store(archive, site, tmp_path, now)
    assert archive.vault().boxes() == [archive.site_sessions.session(SITE).box]


def test_a_login_forgotten_cannot_be_opened_from_any_copy(
    archive: Archive, site: MembersSite, tmp_path: Path, now: Ticking
) -> None:
    store(archive, site, tmp_path, now)
    stored = archive.site_sessions.session(SITE)
    shutil.copytree(archive.directory, tmp_path / "backup")
    forget_login(archive, SITE, actor=clerk(archive), now=now())
    assert archive.vault().boxes() == []
    assert list((archive.config_directory / "session-keys").rglob("*.key")) == []
    with Archive.open(tmp_path / "backup", config_directory=archive.config_directory) as backup:
        login = login_for(backup, site.url, now=now())
        assert login is not None
        assert "has no key for it" in login.barred
    with pytest.raises(NotFound, match="no login is stored for"):
        forget_login(archive, SITE, actor=clerk(archive), now=now())
    (filed,) = capture_urls(archive, [f"{site.url}/members"], actor=clerk(archive), now=now)
    assert filed.capture.access == ANONYMOUS
    events = [each for each in archive.trail.events() if each.type.startswith("site_session")]
    assert [each.type for each in events] == ["site_session_stored", "site_session_forgotten"]
    assert {each.subjects for each in events} == {(stored.id,)}
    assert {each.detail["sealed"] for each in events} == {stored.sha256}


def test_only_an_administrator_stores_and_forgets_and_a_service_may_use_and_check(
    archive: Archive, site: MembersSite, tmp_path: Path, now: Ticking
) -> None:
    nightly = service(archive)
    officer, _ = add_person(archive, "Officer", Role.OFFICER, SECRET, actor=clerk(archive), second=None, now=NOW)
    file = export(site, tmp_path)
    for person in (nightly, officer):
        with pytest.raises(NotPermitted):
            import_login(archive, SITE, file, actor=person, now=now())
        with pytest.raises(NotPermitted):
            log_in_to_site(archive, SITE, finished=lambda: True, actor=person, now=now)
        with pytest.raises(NotPermitted):
            forget_login(archive, SITE, actor=person, now=now())
    store(archive, site, tmp_path, now)
    with pytest.raises(NotPermitted):
        check_sessions(archive, SITE, expect="anything", actor=nightly, now=now)
    (checked,) = check_sessions(archive, SITE, actor=nightly, now=now)
    assert checked.check_result is CheckResult.SIGNED_IN


# -- logging in --------------------------------------------------------------------------------


def test_a_person_logs_in_in_a_window_and_the_login_is_stored(
    archive: Archive, site: MembersSite, now: Ticking
) -> None:
    stored = log_in_to_site(
        archive,
        SITE,
        login_url=f"{site.url}/person",
        finished=lambda: ("/members", True) in site.asked,
        headless=True,
        actor=clerk(archive),
        now=now,
    )
    assert (stored.session.source, stored.session.cookies, stored.renewed) == ("login", 1, False)
    assert stored.session.expires is not None
    (filed,) = capture_urls(archive, [f"{site.url}/members"], actor=clerk(archive), now=now)
    assert filed.capture.outcome is Outcome.COMPLETE


def test_a_window_closed_without_a_login_stores_nothing(archive: Archive, site: MembersSite, now: Ticking) -> None:
    with pytest.raises(BadInput, match="nothing was stored"):
        log_in_to_site(
            archive,
            SITE,
            login_url=f"{site.url}/login",
            finished=lambda: True,
            headless=True,
            actor=clerk(archive),
            now=now,
        )
    assert archive.site_sessions.all() == []


def test_without_a_display_the_way_round_is_told(
    archive: Archive, now: Ticking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(SiteLoginFailed, match=r"no display .*archiver session import"):
        log_in_to_site(archive, SITE, finished=lambda: True, actor=clerk(archive), now=now)


@pytest.fixture
def display(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A screen in memory."""
    if shutil.which("Xvfb") is None:
        pytest.skip("Xvfb is not installed: no display to show a window on")
    with subprocess.Popen(["Xvfb", "-displayfd", "1", "-nolisten", "tcp"], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        monkeypatch.setenv("DISPLAY", ":" + server.stdout.readline().strip())
        yield
        server.terminate()


@pytest.mark.usefixtures("display")
def test_a_window_is_shown_on_a_display(archive: Archive, site: MembersSite, now: Ticking) -> None:
    stored = log_in_to_site(
        archive,
        SITE,
        login_url=f"{site.url}/person",
        finished=lambda: ("/members", True) in site.asked,
        actor=clerk(archive),
        now=now,
    )
    assert stored.session.cookies == 1


@pytest.mark.usefixtures("display")
def test_what_a_person_types_into_the_window_logs_in_and_closing_it_stores_the_login(
    archive: Archive, site: MembersSite, now: Ticking
) -> None:
    if shutil.which("xdotool") is None:
        pytest.skip("xdotool is not installed: nobody to press the keys")
    person = Typist(site)
    stored = log_in_to_site(
        archive, SITE, login_url=f"{site.url}/login", finished=person.has_given_up, actor=clerk(archive), now=now
    )
    assert (stored.session.source, stored.session.cookies) == ("login", 1)
    (filed,) = capture_urls(archive, [f"{site.url}/members"], actor=clerk(archive), now=now)
    assert (filed.capture.outcome, filed.capture.access) == (Outcome.COMPLETE, stored.session.access)


class Typist:
    """A person at the keyboard: fills in the form of the login page, sees that it worked, closes the window."""

    def __init__(self, site: MembersSite) -> None:
        self._site = site
        self._until = time.monotonic() + 120
        self._typed = False

    def has_given_up(self) -> bool:
        """Asked again and again while the window is open, it does what is next. Never says that it is done."""
        if ("/members", True) in self._site.asked:
            self._press("key", "ctrl+w")
        elif ("/login", False) in self._site.asked and not self._typed:
            time.sleep(2)  # until it is drawn
            self._press("key", "Tab")
            self._press("type", NAME)
            self._press("key", "Tab")
            self._press("type", PASSWORD)
            self._press("key", "Return")
            self._typed = True
        return time.monotonic() > self._until

    def _press(self, *keys: str) -> None:
        subprocess.run(["xdotool", *keys], check=True, timeout=30)


# -- lasting -----------------------------------------------------------------------------------


def test_a_login_that_the_site_renews_at_every_page_lasts(
    archive: Archive, site: MembersSite, tmp_path: Path, now: Ticking
) -> None:
    store(archive, site, tmp_path, now)
    site.rotate()
    for _ in range(3):
        (filed,) = capture_urls(archive, [f"{site.url}/members"], actor=clerk(archive), now=now)
        assert filed.capture.outcome in (Outcome.COMPLETE, Outcome.UNCHANGED), filed.capture.reason
    kept = [each for each in archive.trail.events() if each.type == "site_session_kept"]
    assert len(kept) == 3
    assert kept[-1].detail["sealed"] == archive.site_sessions.session(SITE).sha256


def test_a_capture_in_which_the_site_ends_the_login_files_nothing_and_keeps_no_cookies(
    archive: Archive, site: MembersSite, tmp_path: Path, now: Ticking
) -> None:
    store(archive, site, tmp_path, now)
    before = archive.site_sessions.session(SITE).sha256
    (filed,) = capture_urls(archive, [f"{site.url}/bye"], actor=clerk(archive), now=now)
    assert filed.capture.outcome is Outcome.LOGIN_WALL
    assert filed.capture.reason == "the site ended the stored login while it was captured"
    assert filed.capture.record_id is None
    assert archive.site_sessions.session(SITE).sha256 == before


def test_a_login_that_ends_at_three_in_the_morning_stops_the_rest_of_its_site_unvisited(
    archive: Archive, site: MembersSite, tmp_path: Path, now: Ticking
) -> None:
    store(archive, site, tmp_path, now)
    (good,) = capture_urls(archive, [f"{site.url}/members?1"], actor=clerk(archive), now=now)
    assert good.capture.outcome is Outcome.COMPLETE
    site.end_every_session()
    first, second = capture_urls(
        archive, [f"{site.url}/members?2", f"{site.url}/members?3"], actor=clerk(archive), now=now
    )
    assert {first.capture.outcome, second.capture.outcome} == {Outcome.LOGIN_WALL}
    assert "login page" in first.capture.reason
    assert f"archiver session login {SITE}" in second.capture.reason
    assert "/members?3" not in [path for path, _ in site.asked]
    store(archive, site, tmp_path, now)
    (renewed,) = capture_urls(archive, [f"{site.url}/members?3"], actor=clerk(archive), now=now)
    assert renewed.capture.outcome is Outcome.COMPLETE


# -- checking ----------------------------------------------------------------------------------


def test_a_check_tells_a_login_that_holds_from_one_that_has_ended(
    archive: Archive, site: MembersSite, tmp_path: Path, now: Ticking
) -> None:
    store(archive, site, tmp_path, now)
    (good,) = check_sessions(archive, actor=clerk(archive), now=now)
    assert (good.check_result, good.check_reason) == (CheckResult.SIGNED_IN, "")
    assert good.checked is not None
    (other,) = check_sessions(archive, SITE, expect="Signed in as বেলেগ", actor=clerk(archive), now=now)
    assert (other.check_result, "does not show 'Signed in as বেলেগ'" in other.check_reason) == (
        CheckResult.SIGNED_OUT,
        True,
    )
    site.end_every_session()
    (ended,) = check_sessions(archive, SITE, actor=clerk(archive), now=now)
    assert (ended.check_result, "login page" in ended.check_reason) == (CheckResult.SIGNED_OUT, True)
    results = [each.detail["result"] for each in archive.trail.events() if each.type == "site_session_checked"]
    assert results == ["signed in", "signed out", "signed out"]


def test_a_site_that_cannot_be_looked_at_leaves_its_login_unclear_and_in_use(
    archive: Archive, site: MembersSite, tmp_path: Path, now: Ticking
) -> None:
    store(archive, site, tmp_path, now)
    site.take_down("/members")
    (checked,) = check_sessions(archive, actor=clerk(archive), now=now)
    assert (checked.check_result, "404" in checked.check_reason) == (CheckResult.UNCLEAR, True)
    login = login_for(archive, site.url, now=now())
    assert login is not None
    assert login.barred == ""


def test_before_a_night_only_the_sites_whose_login_has_ended_are_told(
    archive: Archive, site: MembersSite, tmp_path: Path, now: Ticking
) -> None:
    store(archive, site, tmp_path, now)
    with open_session(archive) as session:
        sites = [site.host, f"{site.url}/members", "other.example"]
        assert sessions_ready(archive, sites, session=session, actor=service(archive), now=now) == {}
        site.end_every_session()
        asked = len(site.asked)
        ended = sessions_ready(archive, sites, session=session, actor=clerk(archive), now=now)
    assert set(ended) == {site.host, f"{site.url}/members"}
    assert all("renew it with" in reason for reason in ended.values())
    assert [path for path, _ in site.asked[asked:] if path != "/favicon.ico"] == ["/members", "/login?next=/members"]


def test_a_check_opens_the_account_s_page_where_no_other_is_named(
    archive: Archive, site: MembersSite, tmp_path: Path, now: Ticking
) -> None:
    add_account(
        archive, handle="@office", url=f"{site.url}/office", site="", department="", contact="",
        actor=clerk(archive), now=now(),
    )  # fmt: skip
    import_login(archive, SITE, export(site, tmp_path), actor=clerk(archive), now=now())
    (checked,) = check_sessions(archive, actor=clerk(archive), now=now)
    assert checked.check_result is CheckResult.SIGNED_IN
    assert ("/office", True) in site.asked


def test_a_check_of_another_site_s_page_is_refused(archive: Archive, site: MembersSite, tmp_path: Path) -> None:
    file = export(site, tmp_path)
    with pytest.raises(BadInput, match="a login is only ever shown to its own site"):
        import_login(archive, SITE, file, check_url="https://town.example/", actor=clerk(archive), now=NOW)
    assert archive.site_sessions.all() == []
    assert archive.vault().boxes() == []


def test_what_is_stored_is_listed_with_who_and_when_and_what_needs_attention(
    archive: Archive, site: MembersSite, tmp_path: Path, now: Ticking
) -> None:
    file = tmp_path / "cookies.txt"
    ends = now.moment + timedelta(days=10)
    file.write_text(f"#HttpOnly_127.0.0.1\tFALSE\t/\tFALSE\t{int(ends.timestamp())}\tsid\t{site.grant()}\n")
    import_login(archive, SITE, file, actor=clerk(archive), now=now())
    (standing,) = session_standings(archive, now=now())
    assert (standing.session.site, standing.stored_by, standing.days_left) == (SITE, "Clerk", 9)
    assert [each.split(":")[0] for each in standing.warnings] == [
        "never checked",
        "expires in 9 days",
        "checked without a text that only one who is logged in sees",
    ]
    (later,) = session_standings(archive, now=ends + timedelta(days=1))
    assert "a cookie of it has expired" in later.warnings
    login = login_for(archive, site.url, now=ends + timedelta(days=1))
    assert login is not None
    assert f"the stored login of {SITE} has expired; renew it" in login.barred


# -- what may be called gone -------------------------------------------------------------------


def test_a_comment_that_only_a_login_showed_is_not_gone_where_nobody_is_logged_in(
    archive: Archive, site: MembersSite, tmp_path: Path, now: Ticking
) -> None:
    url = f"{site.url}/thread"
    store(archive, site, tmp_path, now)
    (member,) = capture_urls(archive, [url], actor=clerk(archive), now=now)
    assert (member.capture.outcome, member.items) == (Outcome.COMPLETE, 3), member.capture.reason
    forget_login(archive, SITE, actor=clerk(archive), now=now())
    for _ in range(2):  # the second look compares with one of the same access, which never showed the comment
        (stranger,) = capture_urls(archive, [url], actor=clerk(archive), now=now)
        assert stranger.capture.record_id == member.capture.record_id
        assert stranger.changes.gone == ()
    assert member.capture.record_id is not None
    observed = {each.observed for each in archive.catalogue.items(member.capture.record_id)}
    assert observed == {Observed.PRESENT}


def test_a_page_is_only_gone_for_the_access_that_saw_it(
    archive: Archive, site: MembersSite, tmp_path: Path, now: Ticking
) -> None:
    url = f"{site.url}/members"
    store(archive, site, tmp_path, now)
    (seen,) = capture_urls(archive, [url], actor=clerk(archive), now=now)
    assert seen.capture.outcome is Outcome.COMPLETE
    site.take_down("/members")
    stored = archive.site_sessions.session(SITE)
    forget_login(archive, SITE, actor=clerk(archive), now=now())
    (stranger,) = capture_urls(archive, [url], actor=clerk(archive), now=now)
    assert stranger.capture.outcome is Outcome.FAILED
    assert "it was last seen with another access" in stranger.capture.reason
    with archive.change(at=now(), actor=clerk(archive).id):
        archive.site_sessions.store(stored)  # as if it had not been forgotten, only lost its key
    login = {"cookies": json.loads(site.storage_state())["cookies"]}
    file = tmp_path / "again.json"
    file.write_text(json.dumps(login))
    renewed = import_login(archive, SITE, file, actor=clerk(archive), now=now())
    assert renewed.session.id == stored.id
    (member,) = capture_urls(archive, [url], actor=clerk(archive), now=now)
    assert (member.capture.outcome, member.capture.record_id) == (Outcome.GONE, seen.capture.record_id)
