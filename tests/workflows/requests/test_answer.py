from __future__ import annotations

import json
import subprocess
from datetime import date
from pathlib import Path

import pytest

from archiver.core.archive import Archive
from archiver.core.errors import EvidenceDamaged, ProductionRefused
from archiver.core.signing import key_path
from archiver.workflows.requests.answer import open_request, produce, search_for_request
from exports.checking.bundle import check_bundle
from tests.workflows.town import NOW, Town, clerk

pytestmark = pytest.mark.browser


def ask(archive: Archive, *queries: str) -> str:
    actor = clerk(archive)
    request = open_request(
        archive,
        law="MFIPPA",
        received=date(2026, 3, 1),
        requester="Zoë نور",
        subject="پانی، পানী, water 💧",
        actor=actor,
        now=NOW,
    )
    for query in queries:
        search_for_request(archive, request.number, query, actor=actor, now=NOW)
    return request.number


def test_a_request_becomes_a_bundle_that_checks_without_the_archive(archive: Archive, tmp_path: Path) -> None:
    number = ask(archive, "water", "পানী")
    made = produce(archive, number, actor=clerk(archive), now=NOW, into=tmp_path / "out")
    bundle = Path(made.filed.path)
    archive.close()
    report = check_bundle(bundle)
    assert report.findings == ()
    assert report.records == made.filed.records > 0
    assert report.items == made.filed.items
    subprocess.run(["sha256sum", "-c", "--quiet", "manifest-sha256.txt"], cwd=bundle, check=True)


def test_the_bundle_has_the_whole_thread_of_every_hit(archive: Archive, tmp_path: Path) -> None:
    number = ask(archive, "state:gone")
    (record,) = archive.requests.hits(archive.requests.request(number))
    made = produce(archive, number, actor=clerk(archive), now=NOW, into=tmp_path / "out")
    lines = (Path(made.filed.path) / "data" / "items.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(archive.catalogue.items(record))
    assert any(json.loads(line)["observed"] == "gone" for line in lines)


def test_every_capture_in_the_bundle_is_proved_to_be_in_the_trail(archive: Archive, tmp_path: Path) -> None:
    made = produce(archive, ask(archive, "water"), actor=clerk(archive), now=NOW, into=tmp_path / "out")
    trail = json.loads((Path(made.filed.path) / "data" / "trail.json").read_text(encoding="utf-8"))
    captures = list((Path(made.filed.path) / "data").rglob("capture.json"))
    assert len(trail["events"]) == len(captures) > 0


def test_hits_stay_frozen_whatever_is_captured_later(archive: Archive) -> None:
    number = ask(archive, "kind:comment")
    request = archive.requests.request(number)
    before = archive.requests.hits(request)
    archive.db.conn.execute("DELETE FROM index_changes")
    assert archive.requests.hits(request) == before


def test_a_request_without_hits_is_not_produced(archive: Archive) -> None:
    with pytest.raises(ProductionRefused, match="request search"):
        produce(archive, ask(archive), actor=clerk(archive), now=NOW)


def test_damaged_evidence_is_never_produced(town: Town, archive: Archive, tmp_path: Path) -> None:
    number = ask(archive, "water")
    (record, *_) = archive.requests.hits(archive.requests.request(number))
    stored = archive.catalogue.objects(archive.catalogue.captures(record)[0].id)[0]
    path = archive.objects.path_of(stored.path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(EvidenceDamaged, match=path.name.replace(".", r"\.")):
        produce(archive, number, actor=clerk(archive), now=NOW, into=tmp_path / "out")
    assert list((tmp_path / "out").rglob("bagit.txt")) == []


def test_without_the_signing_key_nothing_is_produced(archive: Archive, tmp_path: Path) -> None:
    number = ask(archive, "water")
    key_path(archive.config_directory, archive.settings.archive.id).unlink()
    with pytest.raises(ProductionRefused, match="key"):
        produce(archive, number, actor=clerk(archive), now=NOW, into=tmp_path / "out")


def test_the_same_answer_twice_is_byte_for_byte_the_same_but_for_its_name_and_proofs(
    archive: Archive, tmp_path: Path
) -> None:
    number = ask(archive, "water")
    one = produce(archive, number, actor=clerk(archive), now=NOW, into=tmp_path / "one")
    two = produce(archive, number, actor=clerk(archive), now=NOW, into=tmp_path / "two")
    for name in ("items.jsonl", "items.csv"):
        assert (Path(one.filed.path) / "data" / name).read_bytes() == (
            Path(two.filed.path) / "data" / name
        ).read_bytes()
