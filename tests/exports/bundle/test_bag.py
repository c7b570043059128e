"""Writing a bag: its literal bytes, and what the reference tools say of it."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import bagit
import pytest

from archiver.core.errors import EvidenceDamaged
from archiver.core.records import Digest, ObjectRole, StoredObject
from exports.bundle.bag import BagWriter

SHA256_OF_A = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"


def stored(content: bytes) -> StoredObject:
    digest = Digest("sha256:" + hashlib.sha256(content).hexdigest())
    return StoredObject(
        path="ab/page.png", role=ObjectRole.SCREENSHOT, media_type="image/png", sha256=digest, size=len(content)
    )


def test_a_bag_has_these_bytes(tmp_path: Path) -> None:
    writer = BagWriter(tmp_path)
    writer.write("b/page@2.png", b"a")
    writer.write("a.txt", b"")
    digest = writer.seal([("Source-Organization", "लोक\nPayload-Oxum: 9.9"), ("Bagging-Date", "2026-04-02")])
    assert (tmp_path / "bagit.txt").read_bytes() == b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    assert (tmp_path / "bag-info.txt").read_text(encoding="utf-8") == (
        "Source-Organization: लोक Payload-Oxum: 9.9\nBagging-Date: 2026-04-02\nPayload-Oxum: 1.2\n"
    )
    assert (tmp_path / "manifest-sha256.txt").read_text() == (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  data/a.txt\n"
        f"{SHA256_OF_A}  data/b/page@2.png\n"
    )
    assert digest == hashlib.sha256((tmp_path / "tagmanifest-sha256.txt").read_bytes()).hexdigest()
    assert sorted(line.split("  ")[1] for line in (tmp_path / "tagmanifest-sha512.txt").read_text().splitlines()) == [
        "bag-info.txt",
        "bagit.txt",
        "manifest-sha256.txt",
        "manifest-sha512.txt",
    ]


def test_bagit_and_sha256sum_find_the_bag_whole(tmp_path: Path) -> None:
    writer = BagWriter(tmp_path)
    (writer.path_of("made.wacz")).write_bytes(b"PK")
    writer.add("made.wacz")
    with writer.open("sub/items.jsonl") as file:
        file.write(b"{}\n")
        file.write(b"{}\n")
    writer.seal([("External-Description", "سڑک")])
    bagit.Bag(str(tmp_path)).validate()
    for name in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        subprocess.run(["sha256sum", "-c", "--quiet", "--strict", name], cwd=tmp_path, check=True)
    assert (writer.files, writer.size) == (2, 8)


def test_evidence_is_compared_with_its_digest_while_it_is_copied(tmp_path: Path) -> None:
    source = tmp_path / "page.png"
    source.write_bytes(b"pixels")
    (tmp_path / "bag").mkdir()
    writer = BagWriter(tmp_path / "bag")
    writer.copy("page.png", source, stored(b"pixels"))
    assert writer.path_of("page.png").read_bytes() == b"pixels"
    with pytest.raises(
        EvidenceDamaged, match=r"objects/ab/page\.png differs from its SHA-256 digest: .*archiver verify"
    ):
        writer.copy("2.png", source, stored(b"pixelz"))
    with pytest.raises(EvidenceDamaged, match=r"ab/page\.png has 6 bytes instead of 5"):
        writer.copy("3.png", source, stored(b"pixel"))
    with pytest.raises(EvidenceDamaged, match=r"ab/page\.png is missing"):
        writer.copy("4.png", tmp_path / "none", stored(b""))


@pytest.mark.parametrize(
    "name", ["../a", "/a", "a//b", "a b", "a\nb", "সড়ক.html", "", ".hidden", "a/../b", "a%0A", "~a"]
)
def test_a_name_that_verifiers_read_differently_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="no plain file name"):
        BagWriter(tmp_path).write(name, b"")


def test_a_name_is_used_once(tmp_path: Path) -> None:
    writer = BagWriter(tmp_path)
    writer.write("a", b"")
    with pytest.raises(ValueError, match="in the bag already"):
        writer.write("a", b"")
