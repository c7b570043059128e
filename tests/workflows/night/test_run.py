"""Whole nights, with a real browser, over sites that are well and sites that are not."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from archiver.core.archive import Archive
from archiver.core.errors import ArchiveBusy, NotPermitted
from archiver.core.events import EventType
from archiver.core.nights import Nights, VisitKind, VisitState
from archiver.core.people import Role
from archiver.core.records import Outcome, RecordId, RecordKind
from archiver.core.register import site_of
from archiver.core.stubs import Stub, add_stub
from archiver.sample import serve
from archiver.workflows.archive.admit import add_person
from archiver.workflows.archive.keep_register import add_job
from archiver.workflows.capturing.site_sessions import import_login
from archiver.workflows.night.report import AccountReport, NightReport
from archiver.workflows.night.report_files import read_report, report_folder
from archiver.workflows.night.run import plan_night, run_night
from archiver.workflows.verification.verify import verify_archive
from tests.capture.members_site import WELCOME, run_members_site
from tests.workflows.night.village import Nightwatch, archive_of, serve_village
from tests.workflows.town import NOW, SECRET, clerk

pytestmark = pytest.mark.browser


@contextmanager
def opened(place: Path, *sites: str, **nightly: Any) -> Iterator[Archive]:
    directory, config = archive_of(place, *sites, **nightly)
    with Archive.open(directory, config_directory=config) as archive:
        yield archive


def night(archive: Archive, now: Nightwatch, **more: Any) -> NightReport:
    return run_night(archive, actor=clerk(archive), now=now, **more)


def account(report: NightReport, number: int = 1) -> AccountReport:
    return next(each for each in report.accounts if each.name.endswith(f"@village{number}"))


@dataclass(frozen=True)
class TwoNights:
    """A village's archive after its second night, for which one post was edited and one added."""

    directory: Path
    config: Path
    now: Nightwatch
    first: NightReport
    second: NightReport
    asked: tuple[str, ...]  # in the second night

    def open(self) -> Archive:
        return Archive.open(self.directory, config_directory=self.config)


@pytest.fixture(scope="module")
def two_nights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoNights]:
    now, place = Nightwatch(), tmp_path_factory.mktemp("nights")
    with serve_village(posts=4) as village:
        with opened(place, village.url, sample_days=1000, fixity_sample=1000) as archive:
            first = night(archive, now)
            village.posts[2], village.changed[2] = "A new text stands here now.", "2026-03-02"
            village.posts[5], village.changed[5] = "A fifth post.", "2026-03-02"
            village.asked.clear()
            now.sleep()
            second = night(archive, now)
            directory, config = archive.directory, archive.config_directory
        yield TwoNights(directory, config, now, first, second, tuple(village.asked))


def test_the_second_night_captures_only_what_the_site_s_lists_tell_of(two_nights: TwoNights) -> None:
    first, second = two_nights.first, two_nights.second
    assert (first.exit_code, first.verdict) == (0, "good"), first.summary
    assert account(first).found == account(first).ever_captured == 4
    assert first.figures["captured"] == 5  # four posts and the front page
    visited = {each for each in two_nights.asked if each.startswith("/posts/") and "no-such-page" not in each}
    assert visited == {"/posts/2", "/posts/5"}
    assert account(second).items_edited == 1
    assert account(second).ever_captured == 5
    assert account(second).gaps == ()
    with two_nights.open() as archive:
        assert verify_archive(archive).findings == ()


def test_what_a_site_lists_is_a_record_of_its_own_each_night_and_of_a_kind_kept_for_a_short_time(
    two_nights: TwoNights,
) -> None:
    with two_nights.open() as archive:
        lists = [each for each in archive.catalogue.records() if "discovery" in each.keywords]
        assert len(lists) == 2
        assert {each.kind for each in lists} == {RecordKind.TIMELINE}
        for each in lists:
            (capture,) = archive.catalogue.captures(each.id)
            assert capture.outcome is Outcome.COMPLETE
            assert archive.catalogue.items(each.id) == []


def test_the_report_lies_beside_the_archive_in_both_forms(two_nights: TwoNights) -> None:
    with two_nights.open() as archive:
        kept = read_report(archive, "last")
        assert (kept["format"], kept["run"], kept["exit_code"]) == ("archiver-night 1", two_nights.second.run, 0)
        assert kept["accounts"][0]["completeness"] == []
        page = (report_folder(archive, two_nights.second.run) / "report.html").read_text("utf-8")
        assert "<script" not in page
        assert "@village1" in page


def test_a_stored_file_that_changed_is_found_by_the_sample(two_nights: TwoNights, tmp_path: Path) -> None:
    shutil.copytree(two_nights.directory, tmp_path / "archive")
    with Archive.open(tmp_path / "archive", config_directory=two_nights.config) as archive:
        damaged = next(archive.objects.root.rglob("page.png"))
        damaged.write_bytes(damaged.read_bytes()[:-1])
        two_nights.now.sleep()
        report = night(archive, two_nights.now)
        assert (report.exit_code, report.verdict) == (106, "NightDoubtful")
        assert any("page.png" in each for each in report.closing.findings)


def test_the_sample_town_s_timeline_leads_to_its_threads_and_tells_edited_and_gone(tmp_path: Path) -> None:
    now = Nightwatch()
    with serve(night=1) as site, opened(tmp_path, site.url, quiet_days=14) as archive:
        first = account(night(archive, now))
        assert first.found == first.ever_captured >= 5
        assert {(each.what, each.found == each.declared) for each in first.completeness} == {("comments", True)}
        site.night = 2
        now.sleep()
        second = account(night(archive, now))
        assert (second.items_edited, second.items_gone) == (2, 1)
        assert second.unchanged > 0
        assert second.last_good is not None


def test_missed_nights_are_caught_up_and_told_as_gaps(tmp_path: Path) -> None:
    now = Nightwatch()
    with serve_village() as village, opened(tmp_path, village.url, sample_days=3) as archive:
        add_job(archive, name="weekly", account=None, urls=[village.url + "posts/1"], every="week", depth=0,
                actor=clerk(archive), now=NOW)  # fmt: skip
        night(archive, now)
        now.sleep(5)
        village.asked.clear()
        report = night(archive, now)
        assert {"/posts/2", "/posts/3"} <= set(village.asked), "overdue since two nights"
        assert len(account(report).gaps) == 4
        assert next(each for each in report.accounts if each.name == "weekly").due is False
        now.sleep(9)
        assert next(each for each in night(archive, now).accounts if each.name == "weekly").visited == 1


def test_a_thread_that_vanishes_is_gone_and_looked_at_a_few_times_more(tmp_path: Path) -> None:
    now = Nightwatch()
    with serve_village(posts=2) as village, opened(tmp_path, village.url, sample_days=1, gone_checks=1) as archive:
        night(archive, now)
        village.gone.add(1)
        figures = []
        for _ in range(3):
            now.sleep()
            figures.append(night(archive, now).figures["gone"])
        assert figures == [1, 1, 0]


def test_a_site_that_throttles_is_left_alone_until_its_reset_while_others_go_on(tmp_path: Path) -> None:
    now = Nightwatch()
    with serve_village() as busy, serve_village() as well, opened(tmp_path, busy.url, well.url, attempts=3) as archive:
        busy.moods["/posts/"] = "throttled"
        report = night(archive, now)
        one, other = account(report, 1), account(report, 2)
        assert (other.captured, other.failed, other.left) == (4, 0, 0)
        asked = [each for each in busy.asked if each.startswith("/posts/")]
        assert 1 <= len(asked) <= 2, "as many as were under way"
        assert one.left == 3
        assert "asked to be left alone until" in one.troubles[0].reason
        assert (report.exit_code, report.verdict) == (105, "NightCutShort")
        busy.moods.clear()
        again = night(archive, now)
        assert account(again, 1).captured == 3
        assert account(again, 2).due is False, "it was all done this night"
        assert again.exit_code == 0


def test_a_short_throttle_is_waited_out(tmp_path: Path) -> None:
    now = Nightwatch()
    with serve_village(posts=2) as village, opened(tmp_path, village.url, attempts=3, patience_minutes=1) as archive:
        village.moods["/posts/2"], village.retry_after = "throttled", "2"

        def well(done: int, total: int, what: str = "") -> None:
            if village.asked.count("/posts/2"):
                village.moods.clear()

        report = night(archive, now, progress=well)
        assert report.exit_code == 0, report.summary
        assert village.asked.count("/posts/2") == 2


def test_a_site_that_dies_in_the_night_is_given_up_and_the_others_are_not(tmp_path: Path) -> None:
    now = Nightwatch()
    with (
        serve_village(posts=6) as dying,
        serve_village() as well,
        opened(tmp_path, dying.url, well.url, failures_in_a_row=2) as archive,
    ):
        dying.moods["/posts/"] = "down"
        report = night(archive, now)
        one, other = account(report, 1), account(report, 2)
        assert (other.captured, other.failed) == (4, 0)
        assert 2 <= one.failed <= 3
        assert one.failed + one.left == 6
        assert any("failed 2 times in a row" in each.reason for each in one.troubles)


def test_a_session_that_expires_in_the_night_files_no_login_page(tmp_path: Path) -> None:
    now = Nightwatch()
    with serve_village(posts=5) as village, opened(tmp_path, village.url, failures_in_a_row=2) as archive:
        village.moods["/posts/"] = "login"
        report = night(archive, now)
        assert account(report).ever_captured == 0
        assert {each.outcome for each in account(report).troubles} == {Outcome.LOGIN_WALL, None}
        assert all(each.title != "Log in" for each in archive.catalogue.records())
        assert account(report).left > 0


def test_a_night_with_nothing_of_an_account_says_so(tmp_path: Path) -> None:
    now = Nightwatch()
    with serve_village() as village, opened(tmp_path, village.url) as archive:
        village.mood = "broken"
        report = night(archive, now)
        assert (report.exit_code, report.verdict) == (104, "AccountMissed")
        assert account(report).last_good is None
        assert "nothing of" in report.summary


def test_a_failing_page_is_unhealthy_and_tried_the_next_night(tmp_path: Path) -> None:
    now = Nightwatch()
    with serve_village() as village, opened(tmp_path, village.url) as archive:
        village.moods["/posts/2"] = "broken"
        report = night(archive, now)
        assert (report.exit_code, account(report).failed) == (103, 1)
        village.moods.clear()
        now.sleep()
        visits = {each.url: each.reason for each in plan_night(archive, now=now())}
        assert visits[village.url + "posts/2"] == "failed before"
        assert account(night(archive, now)).ever_captured == 3


def test_a_site_whose_session_is_not_ready_is_not_visited_and_the_others_are(tmp_path: Path) -> None:
    now = Nightwatch()
    with run_members_site() as members, serve_village() as village:
        elsewhere = village.url.replace("127.0.0.1", "localhost")  # another site than 127.0.0.1's
        village.url = elsewhere
        with opened(tmp_path, f"{members.url}/members", elsewhere) as archive:
            file = tmp_path / "state.json"
            # the site has ended the login meanwhile
            file.write_text(members.storage_state().replace(members.secrets[0], "0" * 32), encoding="utf-8")
            import_login(
                archive, "127.0.0.1", file, check_url=f"{members.url}/members", expect=WELCOME, actor=clerk(archive),
                now=now(),
            )  # fmt: skip
            report = night(archive, now)
            pages = [path for path, _ in members.asked if path != "/favicon.ico"]
            assert pages == ["/members", "/login?next=/members"]  # the check's alone
            assert report.exit_code == 104
            told = [each.reason for a in report.accounts for each in a.troubles]
            assert any("archiver session login 127.0.0.1" in each for each in told)
            assert report.figures["captured"] == len(village.posts) + 1


def test_what_was_destroyed_is_listed_as_still_online_and_not_captured(tmp_path: Path) -> None:
    now = Nightwatch()
    with serve_village() as village, opened(tmp_path, village.url) as archive:
        destroyed = village.url + "posts/2"
        stub = Stub(
            record_id=RecordId("rec_00000000000000dd"),
            site=site_of(village.url),
            kind=RecordKind.PAGE,
            native_root_id=None,
            canonical_url=destroyed,
            urls=(destroyed,),
            destroyed_at=NOW,
            certificate="cert_1",
        )
        with archive.change(at=NOW, actor="per_1") as change:
            add_stub(change.db, stub)
        report = night(archive, now)
        assert [each.seen_online for each in archive.catalogue.stubs()] != [None]
        assert account(report).still_online == (destroyed,)
        assert "/posts/2" not in village.asked
        assert report.exit_code == 0


def test_a_night_that_is_over_leaves_the_rest_to_the_next(tmp_path: Path) -> None:
    now, late = Nightwatch(), [0.0]

    def hours_pass(done: int, total: int, what: str = "") -> None:
        late[0] = 7 * 3600.0 if done >= 3 else 0.0

    with serve_village(posts=6) as village, opened(tmp_path, village.url, per_site=1, workers=1) as archive:
        report = night(archive, now, progress=hours_pass, seconds=lambda: time.monotonic() + late[0])
        assert (report.exit_code, report.verdict) == (105, "NightCutShort")
        assert {each.reason for each in account(report).troubles} == {"the night was over before it was its turn"}
        left = account(report).left
        assert account(report).captured + left == 7
        rest = night(archive, now)
        assert (rest.exit_code, account(rest).left) == (0, 0)
        assert account(rest).ever_captured == 6


def test_two_runs_are_never_at_work_at_once(tmp_path: Path) -> None:
    with serve_village() as village, opened(tmp_path, village.url) as archive:
        with (
            Archive.open(archive.directory, config_directory=archive.config_directory) as other,
            other.run_lock(),
            pytest.raises(ArchiveBusy, match="another run"),
        ):
            night(archive, Nightwatch())
        assert Nights(archive.db).runs() == []


def test_a_service_runs_the_night_and_an_auditor_does_not(tmp_path: Path) -> None:
    now = Nightwatch()
    with serve_village(posts=1) as village, opened(tmp_path, village.url) as archive:
        service, _ = add_person(archive, "night", Role.SERVICE, None, actor=clerk(archive), second=None, now=NOW)
        auditor, _ = add_person(archive, "A. Uditor", Role.AUDITOR, SECRET, actor=clerk(archive), second=None, now=NOW)
        with pytest.raises(NotPermitted):
            run_night(archive, actor=auditor, now=now)
        assert run_night(archive, actor=service, now=now).exit_code == 0
        events = [each for each in archive.trail.events() if each.actor == service.id]
        assert [events[0].type, events[-1].type] == [EventType.NIGHT_BEGUN, EventType.NIGHT_ENDED]


@pytest.mark.usefixtures("own_browser")
def test_a_run_that_was_killed_is_taken_up_where_it_was(tmp_path: Path) -> None:
    now = Nightwatch()

    class Killed(BaseException):
        pass

    with serve_village(posts=6) as village, opened(tmp_path, village.url, attempts=3) as archive:

        def kill(done: int, total: int, what: str = "") -> None:
            if done >= 4:
                raise Killed

        with pytest.raises(Killed):
            night(archive, now, progress=kill)
        nights = Nights(archive.db)
        (run,) = nights.runs()
        assert run.finished is None
        done = {each.url for each in nights.visits(run.id) if each.state is VisitState.DONE}
        village.asked.clear()
        report = night(archive, now)
        assert report.run == run.id
        assert len(report.taken_up) == 1
        assert account(report).ever_captured == 6
        assert not {village.url + each[1:] for each in village.asked if "posts" in each} & done
        assert all(each.state is VisitState.DONE for each in nights.visits(run.id))
        assert verify_archive(archive).findings == ()


@pytest.mark.usefixtures("own_browser")
def test_a_killed_run_of_an_earlier_night_is_closed_as_it_stands(tmp_path: Path) -> None:
    now = Nightwatch()
    with serve_village() as village, opened(tmp_path, village.url) as archive:

        def kill(done: int, total: int, what: str = "") -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            night(archive, now, progress=kill)
        now.sleep()
        report = night(archive, now)
        newest, killed = Nights(archive.db).runs()
        assert (newest.exit_code, killed.exit_code) == (0, 105)
        assert newest.id == report.run


def test_a_dry_run_asks_no_site_and_changes_nothing(tmp_path: Path) -> None:
    with serve_village() as village, opened(tmp_path, village.url) as archive:
        head = archive.trail.head()
        planned = plan_night(archive, now=NOW)
        assert [each.kind for each in planned] == [VisitKind.DISCOVERY, VisitKind.TIMELINE]
        assert village.asked == []
        assert archive.trail.head() == head


def test_more_workers_capture_several_sites_at_once(tmp_path: Path) -> None:
    now = Nightwatch()
    with serve_village() as one, serve_village() as other, opened(tmp_path, one.url, other.url) as archive:
        begun = time.monotonic()
        report = night(archive, now, workers=4)
        assert report.figures["captured"] == 8
        assert time.monotonic() - begun < 120
        assert verify_archive(archive).findings == ()
