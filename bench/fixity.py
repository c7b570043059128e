"""Hashing every stored file anew, against plain hashlib SHA-256 of the same files on the same number of threads."""

from __future__ import annotations

import hashlib
import json
import os
import random
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

from archiver.core.records import ObjectRole, StoredObject
from archiver.workflows.keeping.preserve import check_fixity
from tests.workflows.disposal.shelf import LATER, file_thread, make_shelf

SEED = 20261125
SCALE = float(os.environ.get("ARCHIVER_BENCH_SCALE", "1"))
FILES = max(40, round(400 * SCALE))
SIZE = 1_500_000
ROUNDS = 7 if os.environ.get("ARCHIVER_PROVE") else 3
AIM = 0.6


def plain(paths: list[Path]) -> None:
    """SHA-256 of every file, on as many threads as there are cores."""

    def digest(path: Path) -> str:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        list(pool.map(digest, paths))


def main() -> None:
    chance = random.Random(SEED)
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as folder:
        shelf = make_shelf(Path(folder))
        with shelf.open() as archive:
            record = file_thread(archive, 1)
            capture = archive.catalogue.captures(record)[0].id
            place = archive.objects.place(capture, record)
            for number in range(FILES):
                content = chance.randbytes(SIZE)
                stored = StoredObject(
                    path=f"{place}/page@{number + 2}.png",
                    role=ObjectRole.SCREENSHOT,
                    media_type="image/png",
                    sha256=f"sha256:{hashlib.sha256(content).hexdigest()}",  # type: ignore[arg-type]
                    size=SIZE,
                )
                archive.objects.path_of(stored.path).write_bytes(content)
                archive.db.table("objects").insert({**vars(stored), "role": "screenshot", "capture_id": capture})
            paths = sorted(path for path in archive.objects.root.rglob("*") if path.is_file())
            plain(paths)
            for number in range(ROUNDS):
                start = time.perf_counter()
                plain(paths)
                theirs.append(time.perf_counter() - start)
                start = time.perf_counter()
                done = check_fixity(archive, now=LATER, everything=True)
                ours.append(time.perf_counter() - start)
                if done.findings:
                    raise SystemExit(f"the files should be sound: {done.findings[:3]}")
                print(f"round {number + 1} of {ROUNDS}: {ours[-1]:.2f} s, plain {theirs[-1]:.2f} s", file=sys.stderr)
    megabytes = FILES * SIZE / 1e6
    ratio = median(their / our for our, their in zip(ours, theirs, strict=True))
    figure = {
        "bench": "fixity",
        "value": round(megabytes / median(ours), 1),
        "unit": "MB/s",
        "reference": round(megabytes / median(theirs), 1),
        "ratio": round(ratio, 2),
        "aim": AIM,
        "met": ratio >= AIM,
    }
    print(json.dumps(figure))


if __name__ == "__main__":
    main()
