"""Destroying an approved batch: records per minute, each behind every guard, without second copies.

The records are small threads: a WARC, an items file, a manifest. What comes once a batch (the search for what is left
elsewhere, the index made anew, the catalogue rewritten, the certificate) is told apart. The reference is how many
records two durable writes each would allow on the same disk.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path

from archiver.workflows.indexing import update_index
from tests.workflows.disposal.shelf import approved_batch, file_thread, make_shelf, run

SCALE = float(os.environ.get("ARCHIVER_BENCH_SCALE", "1"))
RECORDS = max(100, round(10_000 * SCALE))
AIM = 10_000


def _sync_seconds(folder: Path) -> float:
    """What one durable write takes on this disk now: the commit and the trail need one each, for every record."""
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
            moments: list[float] = []

            def note(done: int, total: int, what: str = "") -> None:
                moments.append(time.perf_counter())

            start = time.perf_counter()
            done = run(archive, batch, progress=note)
            end = time.perf_counter()
            assert done.batch.counts == {"destroyed": RECORDS}
        reference = 60 / (2 * _sync_seconds(Path(folder)))
    rate = (RECORDS - 1) / (moments[-1] - moments[0]) * 60
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


if __name__ == "__main__":
    main()
