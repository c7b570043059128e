"""The whole line on a real WordPress: a thread by its address, to a bundle that strangers' tools accept.

Runs where ARCHIVER_TEST_TARGETS names a directory of target scripts whose WordPress is up and seeded.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import bagit
import httpx
import pytest

from archiver.core import clock
from archiver.core.archive import Archive
from archiver.core.records import ItemKind, Outcome, RecordKind
from archiver.workflows.capturing.run import capture_urls
from archiver.workflows.filing.file_capture import Filed
from archiver.workflows.requests.answer import open_request, produce, search_for_request
from archiver.workflows.search.find import find
from archiver.workflows.verification.verify import verify_archive
from exports.checking.bundle import check_bundle
from tests.workflows.town import NOW, clerk, make

SITE = "http://127.0.0.1:28181"
ASSAMESE = "৪ নম্বৰ ৱাৰ্ডত পানীৰ টেংকাৰ কেতিয়া আহিব?"
URDU = "پانی کب تک بحال ہوگا؟ براہ کرم اردو میں بھی اطلاع دیں۔"


def why_not() -> str:
    """Why there is no WordPress to capture from; empty where there is one."""
    if not os.environ.get("ARCHIVER_TEST_TARGETS"):
        return "ARCHIVER_TEST_TARGETS is not set: no WordPress to capture from"
    try:
        httpx.get(f"{SITE}/wp-json/", trust_env=False, timeout=20).raise_for_status()
    except httpx.HTTPError as error:
        return f"{SITE} does not answer as a WordPress: {error}"
    return ""


pytestmark = [pytest.mark.browser, pytest.mark.target, pytest.mark.skipif(bool(why_not()), reason=why_not() or "up")]


def api(path: str, **query: object) -> httpx.Response:
    response = httpx.get(f"{SITE}/wp-json/wp/v2/{path}", params=query, trust_env=False)  # type: ignore[arg-type]
    response.raise_for_status()
    return response


def seeded_thread() -> dict[str, object]:
    posts = api("posts", search="boil-water", per_page=1).json()
    assert posts, "the target is not seeded"
    return dict(posts[0])


@pytest.fixture(scope="module")
def wordpress(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Archive, Filed]]:
    directory, config = make(tmp_path_factory.mktemp("wordpress"), urlsplit(SITE).netloc)
    with Archive.open(directory, config_directory=config) as archive:
        (filed,) = capture_urls(archive, [str(seeded_thread()["link"])], actor=clerk(archive))
        archive.finish_run(at=NOW)
        yield archive, filed


def test_every_comment_the_api_counts_is_an_item_with_creator_time_and_parent(
    wordpress: tuple[Archive, Filed],
) -> None:
    archive, filed = wordpress
    post = seeded_thread()
    total = int(api("comments", post=post["id"], per_page=1).headers["X-WP-Total"])
    truth = {str(each["id"]): each for each in api("comments", post=post["id"], per_page=100).json()}
    assert filed.capture.outcome is Outcome.COMPLETE, filed.capture.reason
    assert filed.kind is RecordKind.THREAD
    assert filed.capture.record_id is not None
    items = archive.catalogue.items(filed.capture.record_id)
    comments = [each.item for each in items if each.item.kind is ItemKind.COMMENT]
    (root,) = [each.item for each in items if each.item.kind is ItemKind.POST]
    assert len(comments) == total == len(truth)
    for comment in comments:
        told = truth[comment.native_id.rsplit("-", 1)[-1]]
        assert comment.creator_name == told["author_name"]
        assert comment.created is not None
        assert comment.created.strftime("%Y-%m-%dT%H:%M:%S") == told["date_gmt"]
        parent = comment.parent_id.rsplit("-", 1)[-1] if comment.parent_id else ""
        assert parent == (str(told["parent"]) if told["parent"] else root.native_id.rsplit("-", 1)[-1])


@pytest.mark.parametrize("sentence", [ASSAMESE, URDU])
def test_its_sentences_are_found_in_their_own_script(wordpress: tuple[Archive, Filed], sentence: str) -> None:
    archive, _ = wordpress
    answer = find(archive, f'"{sentence.rstrip("?۔")}"', now=clock.now())
    assert [hit.item.item.text for hit in answer.hits] == [sentence]


def test_every_warc_passes_strangers_checkers(wordpress: tuple[Archive, Filed]) -> None:
    archive, _ = wordpress
    warcs = list(archive.objects.root.rglob("*.warc.gz"))
    assert warcs
    for warc in warcs:
        subprocess.run([Path(sys.executable).with_name("warcio"), "check", warc], check=True)
        with gzip.open(warc) as file:
            assert file.read().startswith(b"WARC/1.1\r\n")


def test_the_exported_bundle_validates_with_strangers_tools(wordpress: tuple[Archive, Filed], tmp_path: Path) -> None:
    archive, filed = wordpress
    actor = clerk(archive)
    request = open_request(
        archive, law="MFIPPA", received=NOW.date(), requester="R", subject="boil water", actor=actor, now=NOW
    )
    search_for_request(archive, request.number, "boil-water OR پانی", actor=actor, now=NOW)
    made = produce(archive, request.number, actor=actor, now=NOW, into=tmp_path)
    bundle = Path(made.filed.path)
    assert check_bundle(bundle).findings == ()
    bagit.Bag(str(bundle)).validate()
    subprocess.run(["sha256sum", "-c", "--quiet", "manifest-sha256.txt"], cwd=bundle, check=True)
    (wacz,) = bundle.rglob("*.wacz")
    subprocess.run([Path(sys.executable).with_name("wacz"), "validate", "-f", wacz], check=True)
    items = [json.loads(line) for line in (bundle / "data" / "items.jsonl").read_text("utf-8").splitlines()]
    assert len(items) == filed.items


def test_a_second_night_without_change_is_unchanged_and_the_archive_verifies(
    wordpress: tuple[Archive, Filed],
) -> None:
    archive, _ = wordpress
    (again,) = capture_urls(archive, [str(seeded_thread()["link"])], actor=clerk(archive))
    assert again.capture.outcome is Outcome.UNCHANGED, again.capture.reason
    archive.finish_run(at=NOW)
    assert verify_archive(archive).findings == ()


def test_the_home_page_is_a_timeline_and_holds_no_thread(wordpress: tuple[Archive, Filed]) -> None:
    archive, _ = wordpress
    (home,) = capture_urls(archive, [SITE + "/"], actor=clerk(archive))
    assert home.kind is RecordKind.TIMELINE
    assert home.capture.record_id is not None
    kinds = {each.item.kind for each in archive.catalogue.items(home.capture.record_id)}
    assert kinds == {ItemKind.POST}
