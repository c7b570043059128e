"""What every engine with files does when they are damaged, shared or cut off: it says so, or nothing happened."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from archiver.core.errors import ArchiveBusy, IndexDamaged, StorageFull
from archiver.core.records import IndexDoc
from index.engines.oracle import OracleEngine
from index.engines.seal import LOOKED_AT, SEAL, part_files, read_seal, write_seal
from index.engines.tantivy_engine import TantivyEngine
from index.engines.whoosh_engine import WhooshEngine
from index.query import All, Field, Fuzzy, Term
from tests.index.conformance import ROAD, doc
from tests.index.strategies import PROVE

Engine = type[TantivyEngine] | type[WhooshEngine]
ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.parametrize("kind", [TantivyEngine, WhooshEngine], ids=["tantivy", "whoosh"])


def made(kind: Engine, directory: Path) -> TantivyEngine | WhooshEngine:
    engine = kind.open(directory)
    engine.apply([doc(1, "secretword road"), doc(2, "পানী یہ road", creator="Jane")], (), seq=4)
    return engine


def sealed_files(directory: Path) -> list[Path]:
    return [path for name in read_seal(directory).parts for path in part_files(directory / name)]


def flip(path: Path, place: int) -> None:
    with path.open("r+b") as file:  # never cut short: who has it mapped would die of it
        file.seek(place)
        flipped = bytes([file.read(1)[0] ^ 1])
        file.seek(place)
        file.write(flipped)


def test_an_index_is_there_after_closing(kind: Engine, tmp_path: Path) -> None:
    made(kind, tmp_path).close()
    engine = kind.open(tmp_path)
    assert engine.watermark().seq == 4
    assert engine.count(ROAD) == 2
    assert kind.create(tmp_path).count(All()) == 0


def test_a_second_writer_is_told_to_wait(kind: Engine, tmp_path: Path) -> None:
    engine, other = made(kind, tmp_path), kind.open(tmp_path)
    with engine._sealed.writing(), pytest.raises(ArchiveBusy, match="another run is writing"):
        other.apply([doc(3)], (), seq=5)
    assert other.apply([doc(3)], (), seq=5).total == 3


def test_an_open_index_follows_what_another_process_commits(kind: Engine, tmp_path: Path) -> None:
    engine, other = made(kind, tmp_path), kind.open(tmp_path)
    other.apply([doc(3)], (), seq=5)
    assert engine.count(ROAD) == 3
    assert engine.watermark().seq == 5
    other.purge(["rec_0"], lambda records: [])
    assert engine.count(All()) == 0


def test_an_index_that_was_put_aside_answers_as_it_was(kind: Engine, tmp_path: Path) -> None:
    engine = made(kind, tmp_path / "old")
    (tmp_path / "old").rename(tmp_path / "aside")
    assert engine.count(ROAD) == 2


def test_every_altered_or_missing_file_is_noticed(kind: Engine, tmp_path: Path) -> None:
    made(kind, tmp_path).close()
    files = sealed_files(tmp_path)
    assert len({path.suffix for path in files}) >= 2
    for path in files:
        whole = path.read_bytes()
        for place in {0, len(whole) // 2, len(whole) - 1}:
            flip(path, place)
            with pytest.raises(IndexDamaged, match=rf"{path.name} was altered"):
                kind.open(tmp_path)
            path.write_bytes(whole)
        path.unlink()
        with pytest.raises(IndexDamaged, match=rf"{path.name} is missing; run `archiver index rebuild`"):
            kind.open(tmp_path)
        path.write_bytes(whole)
    assert kind.open(tmp_path).count(ROAD) == 2


def test_every_byte_of_the_seal_counts(kind: Engine, tmp_path: Path) -> None:
    made(kind, tmp_path).close()
    seal = tmp_path / SEAL
    whole = seal.read_bytes()
    for place in range(0, len(whole), 1 if PROVE else 7):
        flip(seal, place)
        if json_of(seal) != json.loads(whole):  # else white space
            with pytest.raises(IndexDamaged, match=r"seal\.json of the index is damaged"):
                kind.open(tmp_path)
        seal.write_bytes(whole)
    for damaged in (b"", whole[:-20], b"[]", b'{"what": 1}'):
        seal.write_bytes(damaged)
        with pytest.raises(IndexDamaged, match=r"seal\.json of the index is damaged"):
            kind.open(tmp_path)
    seal.unlink()
    with pytest.raises(IndexDamaged, match=r"no seal\.json"):
        kind.open(tmp_path)


def test_a_flipped_byte_of_a_file_that_has_no_digest_is_noticed_or_changes_no_answer(
    kind: Engine, tmp_path: Path
) -> None:
    made(kind, tmp_path).close()
    sealed = {*sealed_files(tmp_path), tmp_path / SEAL}
    others = [path for path in tmp_path.rglob("*") if path.is_file() and path not in sealed and path.stat().st_size]
    assert tmp_path / LOOKED_AT in others
    for path in others:
        whole = path.read_bytes()
        for place in range(0, len(whole), 1 if PROVE else 29):
            flip(path, place)
            with contextlib.suppress(IndexDamaged):
                engine = kind.open(tmp_path)
                assert list(engine.iter_ids(ROAD)) == ["rec_0/1", "rec_0/2"], (path.name, place)
                engine.close()
            path.write_bytes(whole)


def json_of(path: Path) -> object:
    try:
        return json.loads(path.read_bytes())
    except ValueError:
        return None


def test_files_nobody_touched_are_hashed_once(kind: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(kind, tmp_path).close()
    hashed: list[Path] = []
    monkeypatch.setattr("index.engines.seal._digest", hashed.append)
    kind.open(tmp_path).close()
    assert hashed == []
    monkeypatch.undo()
    for path in sealed_files(tmp_path):  # a copy: the same bytes, new times
        copy = path.with_suffix(".copy")
        copy.write_bytes(path.read_bytes())
        copy.replace(path)
    kind.open(tmp_path).close()
    (tmp_path / LOOKED_AT).write_bytes(b"{")
    kind.open(tmp_path).close()
    assert isinstance(json_of(tmp_path / LOOKED_AT), dict)


def test_a_file_altered_while_the_index_was_open_is_not_taken_for_whole_by_the_next_commit(
    kind: Engine, tmp_path: Path
) -> None:
    engine = made(kind, tmp_path)
    altered = next(path for path in sealed_files(tmp_path) if path.suffix in (".idx", ".seg"))
    flip(altered, altered.stat().st_size // 2)
    with contextlib.suppress(Exception):  # an engine may or may not notice by itself
        engine.apply([doc(number) for number in range(20, 40)], (), seq=5)
    assert altered.name in {path.name for path in sealed_files(tmp_path)}
    with pytest.raises(IndexDamaged, match=f"{altered.name} was altered"):
        kind.open(tmp_path)


def test_a_byte_that_rots_under_untouched_times_is_found_by_the_check(kind: Engine, tmp_path: Path) -> None:
    engine = made(kind, tmp_path)
    path = sealed_files(tmp_path)[0]
    flip(path, 5)
    known = json.loads((tmp_path / LOOKED_AT).read_bytes())
    seen = path.stat()
    known[f"{path.parent.name}/{path.name}"] = [seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino]
    (tmp_path / LOOKED_AT).write_text(json.dumps(known))
    with pytest.raises(IndexDamaged, match="was altered"):
        engine.check()


def test_an_index_of_other_rules_asks_to_be_rebuilt(kind: Engine, tmp_path: Path) -> None:
    made(kind, tmp_path).close()
    write_seal(tmp_path, replace(read_seal(tmp_path), analyser=0))
    with pytest.raises(IndexDamaged, match="another version of Archiver"):
        kind.open(tmp_path)


_KILLED_AFTER_COMMIT = """
import os, sys
from pathlib import Path
from index.engines.{module} import {kind}
from tests.index.conformance import doc

engine = {kind}.open(Path(sys.argv[1]))
engine._sealed.finish = lambda *parts, **seal: os._exit(9)
engine.apply([doc(3), doc(1, "changed")], ["rec_0/2"], seq=5)
"""


def child(kind: Engine, source: str) -> list[str]:
    return [sys.executable, "-c", source.format(kind=kind.__name__, module=kind.__module__.rpartition(".")[2])]


def test_a_run_killed_between_commit_and_seal_changed_nothing_and_is_repeated(kind: Engine, tmp_path: Path) -> None:
    made(kind, tmp_path).close()
    ended = subprocess.run([*child(kind, _KILLED_AFTER_COMMIT), str(tmp_path)], cwd=ROOT, check=False)
    assert ended.returncode == 9
    assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == 2
    engine = kind.open(tmp_path)
    assert engine.watermark().seq == 4
    assert list(engine.iter_ids(All())) == ["rec_0/1", "rec_0/2"]
    assert engine.apply([doc(3), doc(1, "changed")], ["rec_0/2"], seq=5).total == 2
    assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == 1
    assert kind.open(tmp_path).watermark().seq == 5
    assert engine.count(Term(field=Field.TEXT, text="changed")) == 1


def test_what_the_files_hold_of_an_old_commit_stays_answerable_while_a_new_one_is_made(
    kind: Engine, tmp_path: Path
) -> None:
    engine = made(kind, tmp_path)
    seen: list[int] = []

    def watching() -> Iterator[IndexDoc]:
        yield doc(3)
        seen.append(engine.count(ROAD))
        seen.append(kind.open(tmp_path).count(ROAD))
        yield doc(4)

    engine.apply(watching(), ["rec_0/1"], seq=5)
    assert seen == [2, 2]
    assert engine.count(ROAD) == 3


_APPLYING = """
import sys
from pathlib import Path
from index.engines.{module} import {kind}
from tests.index.test_sealing import batch

engine = {kind}.open(Path(sys.argv[1]))
while True:
    seq = engine.watermark().seq + 1
    engine.apply(*batch(seq), seq=seq)
    print(seq, flush=True)
    if seq % 2:
        engine.prepare()
"""


def batch(seq: int) -> tuple[list[IndexDoc], list[str]]:
    """What change number `seq` adds and deletes."""
    chance = random.Random(seq)
    numbers = chance.sample(range(300), 12)
    docs = [doc(number, f"road word{seq} পথ{chance.randrange(9)}") for number in numbers]
    return docs, [doc(number).id for number in chance.sample(range(300), 4)]


@pytest.mark.timeout(1_800)
def test_killed_at_any_moment_nothing_wrong_is_answered(kind: Engine, tmp_path: Path) -> None:
    chance = random.Random(7)
    for _ in range(50 if PROVE else 4):
        process = subprocess.Popen(
            [*child(kind, _APPLYING), str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        finished = int(process.stdout.readline())
        time.sleep(chance.uniform(0, 0.4))
        os.kill(process.pid, signal.SIGKILL)
        rest = process.communicate()[0]
        finished = max([finished, *(int(line) for line in rest.split("\n")[:-1])])
        engine = kind.open(tmp_path)
        mark = engine.watermark().seq
        assert mark >= finished
        engine.apply(*batch(mark + 1), seq=mark + 1)  # what may have been cut off, repeated
        oracle = OracleEngine()
        for seq in range(1, mark + 2):
            oracle.apply(*batch(seq), seq=seq)
        words = (Term(field=Field.TEXT, text=f"word{mark}"), Term(field=Field.TEXT, text="পথ3"))
        for node in (All(), ROAD, *words, Fuzzy(field=Field.TEXT, text=f"wrod{mark}", distance=1)):
            assert list(engine.iter_ids(node)) == list(oracle.iter_ids(node))
        engine.check()
        engine.close()


@contextlib.contextmanager
def small_disk(at: Path) -> Iterator[None]:
    at.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", at], check=False, capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"no small file system can be mounted: {mounted.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", at], check=True)


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("mount") is None, reason="only root mounts a small file system")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Whoosh leaves files open then
def test_a_full_disk_is_told_and_loses_nothing(kind: Engine, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    with small_disk(disk):
        engine = kind.open(disk / "search")
        engine.apply([doc(1)], (), seq=1)
        ballast = disk / "ballast"
        with contextlib.suppress(OSError), ballast.open("wb") as file:
            while True:
                file.write(b"\0" * 4096)
                file.flush()
        with pytest.raises(StorageFull):
            engine.apply([doc(number, f"road {number}") for number in range(2, 200)], (), seq=2)
        ballast.unlink()
        engine.close()
        engine = kind.open(disk / "search")
        assert engine.watermark().seq == 1
        engine.apply([doc(number) for number in range(2, 9)], (), seq=2)
        assert engine.count(ROAD) == 8
        engine.close()
