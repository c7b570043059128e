"""A thread of a real WordPress destroyed: no byte of it is left but where the certificate says so.

Runs where ARCHIVER_TEST_TARGETS names a directory of target scripts whose WordPress is up and seeded.
"""

from __future__ import annotations

import io
import json
import os
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest
from PIL import Image

from archiver.core import config
from archiver.core.archive import Archive
from archiver.core.backup_boxes import BackupBoxes, make_key_file, read_key_file
from archiver.core.disposal_rows import texts_of_record
from archiver.core.durable import write_durably
from archiver.core.people import Role
from archiver.core.records import RecordId, RecordKind
from archiver.core.warc import read_records
from archiver.workflows.archive.admit import add_person
from archiver.workflows.backups.back_up import back_up, chosen_set, unpack
from archiver.workflows.backups.restore import restore_archive, restore_from
from archiver.workflows.capturing.run import capture_urls
from archiver.workflows.disposal.certify import read_certificate
from archiver.workflows.disposal.propose import propose_batches
from archiver.workflows.disposal.review import approve, exclude
from archiver.workflows.disposal.run import run_batch
from archiver.workflows.keeping.plan_retention import activate_file_plan, load_file_plan
from archiver.workflows.keeping.preserve import copy_to_second
from archiver.workflows.verification.verify import verify_archive
from tests.targets.test_wordpress import SITE, why_not
from tests.targets.test_wordpress_night import password, write
from tests.workflows.disposal.shelf import PLAN, no_print
from tests.workflows.disposal.test_nothing_left import holders
from tests.workflows.town import NOW, SECRET, clerk, make

pytestmark = [pytest.mark.browser, pytest.mark.target, pytest.mark.skipif(bool(why_not()), reason=why_not() or "up")]

THEN = datetime(2039, 1, 10, 12, tzinfo=UTC)


def picture() -> tuple[str, bytes]:
    """Noise that nothing else holds, in the site's library; its address, and the bytes the site sends."""
    file = io.BytesIO()
    Image.frombytes("RGB", (120, 80), os.urandom(120 * 80 * 3)).save(file, "PNG")
    answer = httpx.post(
        f"{SITE}/wp-json/wp/v2/media",
        content=file.getvalue(),
        headers={"Content-Type": "image/png", "Content-Disposition": f'attachment; filename="{uuid4().hex}.png"'},
        auth=("admin", password()),
        trust_env=False,
        timeout=60,
    )
    answer.raise_for_status()
    address = str(answer.json()["source_url"])
    return address, httpx.get(address, trust_env=False, timeout=60).content


def plant() -> tuple[dict[str, Any], dict[str, bytes]]:
    """A thread of this test's own, and what must be gone: words and names no other text has, and the picture."""
    mark = f"zqx{uuid4().hex[:10]}"
    address, png = picture()
    words = {
        "title": f"{mark}title বান পানীৰ জাননী",
        "text": f"{mark}text the weir at Disangmukh opens on Sunday, la digue ouvre dimanche",
        "comment": f"{mark}comment मैंने यह कल देखा था 💧",
        "reply": f"{mark}reply پانی کب تک بحال ہوگا",
        "name": f"{mark}name দীপিকা বৰা",
    }
    post = write(
        "posts", title=words["title"], status="publish",
        content=f'<p>{words["text"]}</p><p><img src="{address}" width="120" height="80" alt=""></p>',
    )  # fmt: skip
    first = write(
        "comments", post=post["id"], content=words["comment"], author_name=words["name"], author_email="d@example.com"
    )
    write(
        "comments", post=post["id"], parent=first["id"], content=words["reply"], author_name="R",
        author_email="r@example.com",
    )  # fmt: skip
    return post, {**{name: text.encode() for name, text in words.items()}, "picture": png[60:140]}


@pytest.mark.timeout(900)
def test_a_destroyed_thread_is_in_no_byte_of_archive_second_copy_or_restored_backups(tmp_path: Path) -> None:
    post, planted = plant()
    directory, keys = make(tmp_path, urlsplit(SITE).netloc)
    second = tmp_path / "second"
    second.mkdir()
    settings = config.load_settings(directory / config.FILE_NAME)
    settings = replace(settings, retention=replace(settings.retention, second_copy=str(second)))
    write_durably(directory / config.FILE_NAME, config.write_toml(settings).encode())
    make_key_file(tmp_path / "backup.key")
    with Archive.open(directory, config_directory=keys) as archive:
        actor = clerk(archive)
        (tmp_path / "plan.toml").write_text(PLAN, encoding="utf-8")
        number = load_file_plan(archive, tmp_path / "plan.toml", actor=actor, now=NOW)
        activate_file_plan(archive, number, actor=actor, now=NOW)
        thread, home = capture_urls(archive, [str(post["link"]), SITE + "/"], actor=actor)
        assert (thread.kind, home.kind) == (RecordKind.THREAD, RecordKind.TIMELINE)
        assert thread.capture.record_id
        gone, timeline = str(thread.capture.record_id), str(home.capture.record_id)
        assert copy_to_second(archive) > 0
        archive.finish_run(at=archive.catalogue.record(gone).last_captured)  # type: ignore[arg-type]
        boxes = BackupBoxes.begin(
            tmp_path / "backup",
            archive=archive.settings.archive.id,
            key=read_key_file(tmp_path / "backup.key"),
            passphrase=None,
        )
        back_up(archive, boxes, actor=actor, now=datetime.now(UTC))
    shutil.copytree(directory, tmp_path / "copy")
    shutil.copytree(tmp_path / "backup", tmp_path / "tape")
    warcs = [path for path in directory.rglob("*.warc.gz") if gone in path.parts]
    for name, needle in planted.items():  # else nothing would be proved
        said = (record.content() for path in warcs for record in read_records(path))
        assert any(needle in each for each in said), f"{name} was not captured"
    assert holders(second, planted["picture"])
    with Archive.open(directory, config_directory=keys) as archive:
        other, _ = add_person(archive, "Deputy", Role.APPROVER, SECRET, actor=actor, second=None, now=THEN)
        made = propose_batches(archive, actor=actor.id, now=THEN, confirmed_by=actor)
        (batch,) = [each for each in made if gone in {item.record_id for item in each.items}]
        if others := [each.record_id for each in batch.items if each.record_id != gone]:
            exclude(archive, batch.id, others, reason="only one is looked at", actor=actor, now=THEN)
        for each in (actor, other):
            approve(archive, batch.id, actor=each, now=THEN)
        done = run_batch(archive, batch.id, actor=actor, now=lambda: THEN, printed=no_print)
        assert done.batch.counts["destroyed"] == 1
        residue = read_certificate(archive, str(done.certificate))["residue"]
        assert verify_archive(archive).findings == ()
        trail = archive.trail.path
        shown = "\n".join(texts_of_record(archive.db.conn, RecordId(timeline))).encode()
    listed = {each["place"] for each in residue}
    assert timeline in listed
    tape = BackupBoxes.open(tmp_path / "tape", key=read_key_file(tmp_path / "backup.key"), passphrase=None)
    restored = {"mirror": trail, "now": THEN, "config_directory": keys}
    restore_archive(tmp_path / "copy", tmp_path / "from-copy", **restored)  # type: ignore[arg-type]
    restore_from(lambda part: unpack(tape, chosen_set(tape), part), tmp_path / "from-tape", **restored)  # type: ignore[arg-type]
    for place in (directory, second, tmp_path / "from-copy", tmp_path / "from-tape"):
        for name, needle in planted.items():
            spellings = {needle, json.dumps(needle.decode()).strip('"').encode()} if name != "picture" else {needle}
            kept = {path for each in spellings for path in holders(place, each)}
            records = {part for path in kept for part in path.split("/") if part.startswith("rec_")}
            assert gone not in records, (name, place, kept)
            assert records <= listed, (name, place, kept)
            # a catalogue keeps the words of the timeline, which is listed, and no others
            elsewhere = {path for path in kept if "rec_" not in path}
            allowed = ("catalogue.", "snapshots/") if needle in shown else ()
            assert all(path.startswith(allowed) for path in elsewhere), (name, place, elsewhere)
