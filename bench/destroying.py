"""Destroying an approved batch: records per minute, each behind every guard, without second copies.

The records are small threads: a WARC, an items file, a manifest. What comes once a batch (the search for what is left
elsewhere, the index made anew, the catalogue rewritten, the certificate) is told apart. The reference is how many
records two durable writes each would allow on the same disk: a commit and a line of the trail, one by one.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path

from archiver.workflows.indexing.catching_up import update_index
from tests.workflows.disposal.shelf import approved_batch, file_thread, make_shelf, run

SCALE = float(os.environ.get("ARCHIVER_BENCH_SCALE", "1"))
RECORDS = max(100, round(10_000 * SCALE))
AIM = 10_000


def _sync_seconds(folder: Path) -> float:
    """What one durable write takes on this disk now."""
    with (folder / "synced").open("wb") as file:
        start = time.perf_counter()
        for _ in range(100):
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
        return (time.perf_counter() - start) / 100


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        shelf = make_shelf(Path(folder))
        with shelf.open() as archive:
            for number in range(RECORDS):
                file_thread(archive, number)
            update_index(archive)
            print(f"{RECORDS} records are filed", file=sys.stderr)
            batch = approved_batch(archive)
            moments: list[tuple[int, float]] = []

            def note(done: int, total: int, what: str = "") -> None:
                moments.append((done, time.perf_counter()))

            start = time.perf_counter()
            used = time.process_time()
            done = run(archive, batch, progress=note)
            end, used = time.perf_counter(), time.process_time() - used
            assert done.batch.counts == {"destroyed": RECORDS}
        reference = 60 / (2 * _sync_seconds(Path(folder)))
    (first, began), (_, ended) = moments[0], moments[-1]  # the last is told when every file is removed
    rate = (RECORDS - first) / (ended - began) * 60
    figure = {
        "bench": "destroying",
        "value": round(rate),
        "unit": "records/min",
        "reference": round(reference),
        "ratio": round(rate / reference, 2),
        "aim": AIM,
        "met": rate >= AIM,
    }
    print(json.dumps(figure))
    whole = {"bench": "destroying, with what comes once a batch", "value": round(RECORDS / (end - start) * 60)}
    print(json.dumps({**whole, "unit": "records/min"}))
    busy = {"bench": "destroying, by processor time alone, all included", "value": round(RECORDS / used * 60)}
    print(json.dumps({**busy, "unit": "records/min"}))


if __name__ == "__main__":
    main()
