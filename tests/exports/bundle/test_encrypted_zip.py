"""A bundle in a ZIP that only its password opens."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
import pyzipper  # type: ignore[import-untyped]

from archiver.core.errors import BadInput, ProductionRefused
from exports.bundle.encrypted_zip import write_encrypted_zip
from tests.exports.release.test_release import tree

PASSWORD = "নমস্কাৰ شکریہ, a sentence of its own"
SECRET = "رِتا of the pump at Mill Street".encode()


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    place = tmp_path / "REQ-2026-0001"
    (place / "data").mkdir(parents=True)
    (place / "data" / "items.jsonl").write_bytes(SECRET * 1000)
    (place / "data" / "page.png").write_bytes(SECRET * 10)
    (place / "bagit.txt").write_bytes(b"BagIt-Version: 1.0\n")
    return place


def test_it_opens_with_its_password_alone_and_holds_the_same_bytes(bundle: Path, tmp_path: Path) -> None:
    made = write_encrypted_zip(bundle, tmp_path / "out.zip", PASSWORD)
    assert made.files == 3
    with pyzipper.AESZipFile(made.path) as package:
        assert {each.wz_aes_strength for each in package.infolist()} == {3}  # 256 bits
        package.setpassword(PASSWORD.encode())
        package.extractall(tmp_path / "unpacked")
    assert tree(tmp_path / "unpacked" / bundle.name) == tree(bundle)
    with pyzipper.AESZipFile(made.path) as package, pytest.raises(RuntimeError, match=r"[Bb]ad password"):
        package.read(f"{bundle.name}/bagit.txt", pwd=b"another sentence of its own")
    assert SECRET not in made.path.read_bytes()
    with zipfile.ZipFile(made.path) as package:
        assert all(each.flag_bits & 1 for each in package.infolist())
    assert list(tmp_path.glob("*.part")) == []


@pytest.mark.skipif(shutil.which("7z") is None, reason="7z is not installed (package p7zip-full)")
def test_the_tool_that_everybody_has_opens_it(bundle: Path, tmp_path: Path) -> None:
    made = write_encrypted_zip(bundle, tmp_path / "out.zip", "a sentence in plain letters")
    command = ["7z", "x", "-y", "-pa sentence in plain letters", f"-o{tmp_path / 'unpacked'}", str(made.path)]
    subprocess.run(command, check=True, capture_output=True)
    assert tree(tmp_path / "unpacked" / bundle.name) == tree(bundle)


def test_a_short_password_and_a_file_that_exists_are_refused(bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="at least 14 letters"):
        write_encrypted_zip(bundle, tmp_path / "out.zip", "short")
    (tmp_path / "out.zip").write_bytes(b"")
    with pytest.raises(ProductionRefused, match="exists already"):
        write_encrypted_zip(bundle, tmp_path / "out.zip", PASSWORD)
