from __future__ import annotations

from pathlib import Path

import pytest

from archiver.core.archive import Archive
from archiver.core.errors import ArchiveBusy, BadInput, NotPermitted
from archiver.core.people import Role
from archiver.core.records import ObjectRole, Observed, Outcome, RecordKind
from archiver.core.register import site_of
from archiver.core.warc import read_records, read_restored
from archiver.sample import serve
from archiver.workflows.archive.admit import add_person
from archiver.workflows.archive.keep_register import add_account, add_job, set_job_status
from archiver.workflows.capturing.run import capture_urls, run_job
from tests.workflows.town import NOW, SECRET, Ticking, Town, clerk, make, threads

pytestmark = pytest.mark.browser


def test_a_night_files_the_timeline_and_every_thread_it_lists(captured_town: Town) -> None:
    first, _ = captured_town.nights
    assert next(each.kind for each in first) is RecordKind.TIMELINE
    assert {each.kind for each in first[1:]} == {RecordKind.THREAD}
    assert {each.capture.outcome for each in first} == {Outcome.COMPLETE}
    assert len(first) >= 6


def test_a_timeline_is_a_record_of_its_own_and_holds_no_comments(archive: Archive) -> None:
    (timeline,) = [each for each in archive.catalogue.records() if each.kind is RecordKind.TIMELINE]
    entries = archive.catalogue.items(timeline.id)
    assert len(entries) == len(threads(archive))
    assert {each.item.kind.value for each in entries} == {"post"}


def test_the_second_night_tells_new_edited_and_gone_apart(captured_town: Town) -> None:
    _, second = captured_town.nights
    comments = [each for each in second if each.kind is RecordKind.THREAD]
    new = [item.text for each in comments for item in each.changes.new]
    edited = [each for each in comments if each.changes.edited]
    gone = [each for each in comments if each.changes.gone]
    assert len(new) == 1
    assert sum(len(each.changes.edited) for each in edited) == 2
    assert sum(len(each.changes.gone) for each in gone) == 1
    assert Outcome.UNCHANGED in {each.capture.outcome for each in comments}


def test_an_edited_comment_keeps_both_texts_and_a_deleted_one_is_dated_between_two_captures(archive: Archive) -> None:
    items = [item for record in threads(archive) for item in archive.catalogue.items(record.id)]
    edited = [each for each in items if each.observed is Observed.EDITED]
    assert len(edited) == 2
    for each in edited:
        assert len(each.versions) == 2
        assert each.versions[0].text != each.versions[1].text == each.item.text
    (gone,) = [each for each in items if each.observed is Observed.GONE]
    first, second = archive.catalogue.captures(gone.record_id)
    assert gone.gone_after == first.started
    assert gone.gone_before == second.finished
    assert gone.item.text


def test_every_capture_leaves_its_files_with_digests(archive: Archive) -> None:
    for capture in archive.catalogue.all_captures():
        roles = [each.role for each in archive.catalogue.objects(capture.id)]
        assert roles.count(ObjectRole.WARC) == 1
        assert ObjectRole.SCREENSHOT in roles
        assert ObjectRole.THUMBNAIL in roles
        assert ObjectRole.ITEMS in roles
        assert ObjectRole.MANIFEST in roles
        assert capture.record_id is not None
        (warc,) = (each.path for each in archive.catalogue.objects(capture.id) if each.role is ObjectRole.WARC)
        path = archive.objects.path_of(warc)
        assert len(list(read_records(path))) == capture.warc_records
        assert len(list(read_restored(path, archive.resolver(capture.record_id)))) > 10


def test_records_belong_to_the_account_they_were_captured_for(archive: Archive) -> None:
    account = archive.register.account("@rivermouth")
    assert {each.account_id for each in archive.catalogue.records()} == {account.id}


def test_a_one_off_address_finds_its_account_by_itself(town: Town) -> None:
    with serve(night=1) as site:
        allow(town, site.url)
        with town.open() as archive:
            actor = clerk(archive)
            add_account(
                archive, handle="@other", url=site.url, site="", department="", contact="", actor=actor, now=NOW
            )
            (filed,) = capture_urls(archive, [site.url], actor=actor)
            assert filed.capture.record_id is not None
            assert archive.catalogue.record(filed.capture.record_id).account_id == archive.register.account("@other").id


def test_what_the_settings_do_not_allow_is_refused_and_files_nothing(town: Town) -> None:
    with serve(night=1) as site, town.open() as archive:
        (filed,) = capture_urls(archive, [site.url], actor=clerk(archive))
        assert filed.capture.outcome is Outcome.REFUSED
        assert filed.capture.record_id is None
        assert [each.role for each in archive.catalogue.objects(filed.capture.id)] == [ObjectRole.MANIFEST]


def test_a_page_that_vanished_is_gone_only_where_it_was_captured_before(tmp_path: Path) -> None:
    now = Ticking()
    with serve(night=1) as site:
        directory, config = make(tmp_path, site_of(site.url))
        with Archive.open(directory, config_directory=config) as archive:
            actor = clerk(archive)
            (never,) = capture_urls(archive, [site.url + "no-such-page"], actor=actor, now=now)
            assert never.capture.outcome is Outcome.FAILED
            assert "404" in never.capture.reason


def test_a_job_runs_under_its_account_and_a_paused_one_does_not(tmp_path: Path) -> None:
    with serve(night=1) as site:
        directory, config = make(tmp_path, site_of(site.url))
        with Archive.open(directory, config_directory=config) as archive:
            actor = clerk(archive)
            add_account(archive, handle="@town", url=site.url, site="", department="", contact="", actor=actor, now=NOW)
            add_job(archive, name="nightly", account="@town", urls=(), every="night", depth=0, actor=actor, now=NOW)
            (filed,) = run_job(archive, "nightly", actor=actor)
            job = archive.register.job("nightly")
            assert filed.capture.job_id == job.id
            assert job.last_run is not None
            set_job_status(archive, "nightly", "paused", actor=actor, now=NOW)
            with pytest.raises(BadInput, match="paused"):
                run_job(archive, "nightly", actor=actor)


def test_a_service_may_capture_and_an_auditor_may_not(town: Town) -> None:
    with town.open() as archive:
        service, token = add_person(archive, "night", Role.SERVICE, None, actor=clerk(archive), second=None, now=NOW)
        auditor, _ = add_person(archive, "A. Uditor", Role.AUDITOR, SECRET, actor=clerk(archive), second=None, now=NOW)
        assert token
        (filed,) = capture_urls(archive, ["http://127.0.0.1:18999/"], actor=service)
        assert filed.capture.outcome is Outcome.REFUSED
        with pytest.raises(NotPermitted, match="auditor"):
            capture_urls(archive, ["http://127.0.0.1:18999/"], actor=auditor)


def test_two_runs_never_capture_at_once(town: Town) -> None:
    with town.open() as one, town.open() as other, one.run_lock(), pytest.raises(ArchiveBusy):
        capture_urls(other, ["http://127.0.0.1:18999/"], actor=clerk(other))


def allow(town: Town, url: str) -> None:
    path = town.directory / "archive.toml"
    text = path.read_text(encoding="utf-8")
    start = text.index("allow_hosts = ")
    end = text.index("\n", start)
    path.write_text(f'{text[:start]}allow_hosts = ["{site_of(url)}"]{text[end:]}', encoding="utf-8")
