"""A file is there whole, or not there at all."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from archiver.core.durable import (
    durable_file,
    make_directory,
    move_directory,
    storage_errors,
    sync_directory,
    write_durably,
)
from archiver.core.errors import StorageFull


def test_a_written_file_has_its_bytes_and_leaves_no_part(tmp_path: Path) -> None:
    write_durably(tmp_path / "শিৱসাগৰ نوٹس.json", "নমস্কাৰ".encode())
    assert [path.name for path in tmp_path.iterdir()] == ["শিৱসাগৰ نوٹس.json"]
    assert (tmp_path / "শিৱসাগৰ نوٹس.json").read_text("utf-8") == "নমস্কাৰ"


def test_nothing_is_seen_under_the_name_before_the_file_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "a.bin"
    with durable_file(target) as file:
        file.write(b"half")
        file.flush()
        assert not target.exists()
        assert (tmp_path / "a.bin.part").read_bytes() == b"half"
    assert target.read_bytes() == b"half"


def test_a_failed_write_leaves_the_old_file_and_no_part(tmp_path: Path) -> None:
    target = tmp_path / "a.bin"
    write_durably(target, b"old")

    def interrupted_write() -> None:
        with durable_file(target) as file:
            file.write(b"new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted_write()
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "no space"),
        (errno.EDQUOT, "quota"),
        (errno.EIO, "input/output"),
        (errno.EROFS, "read-only"),
    ],
)
def test_a_refusing_disk_is_storage_full_and_names_the_file(number: int, words: str, tmp_path: Path) -> None:
    expected = pytest.raises(StorageFull, match=rf"a\.bin could not be written: .*{words}")
    with expected, storage_errors(tmp_path / "a.bin"):
        raise OSError(number, "refused")


def test_a_really_full_device_is_storage_full() -> None:
    device = Path("/dev/full")
    expected = pytest.raises(StorageFull, match="no space")
    with device.open("wb", buffering=0) as full, expected, storage_errors(device):
        full.write(b"x")


def test_other_errors_keep_their_own_name(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_durably(tmp_path / "missing" / "a.bin", b"x")


def test_a_directory_moves_whole_and_its_new_parents_are_made(tmp_path: Path) -> None:
    source = tmp_path / "incoming"
    make_directory(source / "inner")
    write_durably(source / "inner" / "page.png", b"\x89PNG")
    move_directory(source, tmp_path / "objects" / "ab" / "rec_1" / "cap_1")
    assert (tmp_path / "objects/ab/rec_1/cap_1/inner/page.png").read_bytes() == b"\x89PNG"
    assert not source.exists()


def test_a_directory_of_very_many_files_moves_whole(tmp_path: Path) -> None:
    source = tmp_path / "incoming"
    make_directory(source / "inner")
    for number in range(150):
        (source / "inner" / f"{number}").write_bytes(b"%d" % number)
    move_directory(source, tmp_path / "bundles" / "one")
    moved = {each.name: each.read_bytes() for each in (tmp_path / "bundles/one/inner").iterdir()}
    assert moved == {f"{number}": b"%d" % number for number in range(150)}


def test_a_directory_never_replaces_one_with_files_in_it(tmp_path: Path) -> None:
    source, target = tmp_path / "a", tmp_path / "b"
    for folder in (source, target):
        make_directory(folder)
        write_durably(folder / "f", folder.name.encode())
    with pytest.raises(OSError, match="not empty"):
        move_directory(source, target)
    assert (source / "f").read_bytes() == b"a"
    assert (target / "f").read_bytes() == b"b"


def test_syncing_a_missing_directory_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        sync_directory(tmp_path / "nowhere")
