"""kill -9 at any moment of carrying out a batch: each record is whole, or gone with its line; counts reconcile."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from archiver.core.fixity import check_object
from archiver.workflows.recover import recover
from archiver.workflows.verification.verify import verify_archive
from retention import batches
from retention.batches import Status
from tests.workflows.disposal.shelf import LATER, Shelf, approved_batch, file_thread, make_shelf

PROVE = bool(os.environ.get("ARCHIVER_PROVE"))
KILLS = 100 if PROVE else 2
RECORDS = 500 if PROVE else 60
WORK = """
import sys
from pathlib import Path
from tests.workflows.disposal.shelf import Shelf, LATER, person, run
from retention import batches
with Shelf(Path(sys.argv[1]), Path(sys.argv[2])).open() as archive:
    print("ready", flush=True)
    run(archive, batches.batch(archive.db, sys.argv[3]))
"""


def carry_out(shelf: Shelf, batch: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WORK, str(shelf.directory), str(shelf.config), batch]
    root = Path(__file__).parents[3]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root, start_new_session=True)


def check_whole_or_gone(shelf: Shelf, batch: str, all_records: set[str]) -> int:
    """How many are gone."""
    with shelf.open() as archive:
        recover(archive, now=LATER)
        there = set(archive.catalogue.record_ids())
        lines = {json.loads(line)["record"] for line in batches.lines(archive.db, batch)}
        assert there | lines == all_records
        assert not there & lines
        assert lines == {each.record_id for each in archive.catalogue.stubs()}
        for record in archive.catalogue.record_ids():
            for each in archive.catalogue.stored_objects(record):
                assert list(check_object(each, archive.objects.path_of(each.path))) == []
        for gone in lines:
            assert not list(archive.objects.root.glob(f"*/{gone}"))
        found = batches.batch(archive.db, batch)
        assert sum(found.counts.values()) == len(all_records)
        return len(lines)


@pytest.mark.timeout(20_000 if PROVE else 300)
def test_a_batch_killed_at_any_moment_is_whole_or_gone_record_by_record(tmp_path: Path) -> None:
    moments = random.Random(11)
    kills = places = 0
    while kills < KILLS:
        places += 1
        shelf = make_shelf(tmp_path / str(places))
        with shelf.open() as archive:
            records = {str(file_thread(archive, number)) for number in range(RECORDS)}
            archive.finish_run(at=LATER)
            batch = approved_batch(archive).id
        done = False
        while not done:
            with carry_out(shelf, batch) as process:
                assert process.stdout is not None
                process.stdout.readline()
                if kills < KILLS:
                    time.sleep(moments.uniform(0, 1.5 if PROVE else 0.4))
                    os.killpg(process.pid, signal.SIGKILL)
                    kills += 1
                process.wait(timeout=300)
            check_whole_or_gone(shelf, batch, records)
            with shelf.open() as archive:
                done = batches.batch(archive.db, batch).status is Status.DONE
        assert check_whole_or_gone(shelf, batch, records) == RECORDS
        with shelf.open() as archive:
            assert verify_archive(archive).findings == ()
            assert batches.batch(archive.db, batch).counts == {"destroyed": RECORDS}
