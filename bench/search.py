"""Search over a million posts against plain Tantivy with the same words, and against Whoosh and SQLite FTS5.

`ARCHIVER_BENCH_SCALE` (default 1) multiplies the number of posts, `ARCHIVER_BENCH_WHOOSH_POSTS` (default 100,000,
times the scale) says how many Whoosh and FTS5 get. Queries are asked at a tenth of the posts and at all of them, each
time by a process of its own, of which the resident memory is measured; latency is the processor's time from the
query's text to the first 20 hits and the exact total.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from archiver.core.records import IndexDoc
from bench.indexing import (
    PlainTantivy,
    Ready,
    forget,
    index_whoosh,
    newest_of_whoosh,
    progress,
    ready_documents,
    stream_posts,
)
from index.engine import Sort
from index.engines.spellings import FILE
from index.engines.tantivy_engine import TantivyEngine
from index.query import Field, Term

SCALE = float(os.environ.get("ARCHIVER_BENCH_SCALE", "1"))
POSTS = max(2_000, int(1_000_000 * SCALE))
SMALL_ENGINES = min(POSTS, max(500, int(os.environ.get("ARCHIVER_BENCH_WHOOSH_POSTS", int(100_000 * SCALE)))))
EVERY = timedelta(minutes=1.05)
"""Between two posts: a month has about 42,000."""
BATCH = 25_000
NIGHT = 1_000
PURGED = 1_000


def batches(posts: Iterator[IndexDoc]) -> Iterator[list[IndexDoc]]:
    """`posts` in lists of BATCH."""
    while batch := list(islice(posts, BATCH)):
        yield batch


def figure(bench: str, value: float, unit: str, aim: float | None, *, least: bool = False, **more: Any) -> None:
    """Print one figure; `aim` is the most it may be, or the least."""
    line: dict[str, Any] = {"bench": bench, "value": round(value, 3), "unit": unit, **more}
    if aim is not None:
        line |= {"aim": aim, "met": value >= aim if least else value <= aim}
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def build(folder: Path) -> dict[str, Any]:
    """Both indexes and the texts, batch by batch; what was asked at a tenth of the posts."""
    ours, plain = TantivyEngine.create(folder / "ours"), PlainTantivy(folder / "plain")
    texts = sqlite3.connect(folder / "texts.db")
    texts.execute("CREATE TABLE texts (id TEXT PRIMARY KEY, body TEXT NOT NULL)")
    spent = {"ours": 0.0, "plain": 0.0}
    prepared = 0.0
    small: dict[str, Any] = {}
    done = 0
    for batch in batches(stream_posts(POSTS, every=EVERY)):
        begun = time.perf_counter()
        ours.apply(batch, (), seq=done + 1)
        spent["ours"] += time.perf_counter() - begun
        ready = ready_documents(batch)
        begun = time.perf_counter()
        plain.add(ready)
        plain.commit()
        spent["plain"] += time.perf_counter() - begun
        texts.executemany("INSERT INTO texts VALUES (?, ?)", ((doc.id, doc.body) for doc in batch))
        before, done = done, done + len(batch)
        progress(f"{done:,} posts: {done / spent['ours']:,.0f} a second, plain Tantivy {done / spent['plain']:,.0f}")
        if before < POSTS // 10 <= done:
            texts.commit()
            prepared += seconds(ours.prepare)
            small = ask(folder)
    begun = time.perf_counter()
    plain.finish()
    spent["plain"] += time.perf_counter() - begun
    texts.commit()
    texts.close()
    prepared += seconds(ours.prepare)
    rates = {name: POSTS / seconds for name, seconds in spent.items()}
    figure(
        "search_indexing_against_plain_tantivy", rates["ours"] / rates["plain"], "ratio", 0.5, least=True,
        posts=POSTS, items_per_second=round(rates["ours"]), reference=round(rates["plain"]),
        with_list_of_words=round(spent["plain"] / (spent["ours"] + prepared), 3),
    )  # fmt: skip
    figure(
        "search_list_of_words_written",
        prepared,
        "s",
        None,
        megabytes=round((folder / "ours" / FILE).stat().st_size / 1e6, 1),
    )
    ours.close()
    return small


def ask(folder: Path) -> dict[str, Any]:
    """What a process of its own measures over the indexes as they are."""
    command = [sys.executable, "-m", "bench._search_queries", str(folder)]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def report(small: dict[str, Any], whole: dict[str, Any]) -> None:
    """The figures of the queries, with what they were at a tenth of the posts."""
    for kind, asked in whole["kinds"].items():
        reference = asked["plain_p50"]
        figure(
            f"search_{kind}_median", asked["p50"], "ms", max(5.0, 3 * reference), reference=round(reference, 3),
            hits=asked["hits"], growth=round(asked["p50"] / max(small["kinds"][kind]["p50"], 0.001), 2),
        )  # fmt: skip
        figure(f"search_{kind}_p95", asked["p95"], "ms", None if kind in ("prefix", "wildcard") else 50.0)
    figure("search_screen_with_facets_timeline_and_20_snippets", whole["screen"], "ms", 100.0)
    figure(
        "search_export_per_100_000_ids", whole["export"] / whole["exported"] * 100_000, "s", 0.3, ids=whole["exported"]
    )
    figure("search_resident_memory", whole["resident"], "MB", 400.0, of_which_files=whole["files"])
    figure("search_opening_checked", whole["opening"], "ms", None)


def night(folder: Path) -> None:
    """A nightly batch until it is found."""
    engine = TantivyEngine.open(folder / "ours")
    moment = next(iter(stream_posts(1)))
    posts = list(stream_posts(NIGHT))
    batch = [replace(doc, id=f"{doc.id}n", body=f"{doc.body} nightlyword", captured=moment.captured) for doc in posts]
    begun, worked = time.perf_counter(), time.process_time()
    engine.apply(batch, (), seq=10**9)
    found = engine.count(Term(field=Field.TEXT, text="nightlyword"))
    spent, worked = time.perf_counter() - begun, time.process_time() - worked
    figure("search_nightly_batch_of_1_000", spent, "s", 1.0, found=found, processor_seconds=round(worked, 2))
    engine.close()


def purge(folder: Path) -> None:
    """PURGED of 100,000 items destroyed, and proved; survivors are handed in ready made, and analysed."""
    posts = min(POSTS, 100_000)
    docs = list(stream_posts(posts, every=timedelta(days=61) / posts))
    by_record: dict[str, list[IndexDoc]] = {}
    for number, doc in enumerate(docs):
        planted = replace(doc, body=f"{doc.body} plantedstring{number}")
        by_record.setdefault(doc.record_id, []).append(planted)
    engine = TantivyEngine.create(folder / "purge")
    engine.apply((doc for each in by_record.values() for doc in each), (), seq=1)
    records = list(by_record)[:: max(1, len(by_record) * 12 // PURGED)]

    def docs_of(wanted: Iterable[str]) -> Iterator[IndexDoc]:
        return (doc for record in wanted for doc in by_record[record])

    begun, worked = time.perf_counter(), time.process_time()
    proof = engine.purge(records, docs_of)
    spent, worked = time.perf_counter() - begun, time.process_time() - worked
    figure(
        "search_purge_of_1_000_items_among_100_000", spent, "s", 10.0, processor_seconds=round(worked, 2),
        items=proof.items, rewritten=len(proof.rewritten), terms=proof.terms, megabytes=round(proof.bytes / 1e6),
    )  # fmt: skip
    engine.close()


def small_engines(folder: Path) -> None:
    """Indexing, and one common word, in Whoosh and FTS5 over fewer posts."""
    posts = list(stream_posts(SMALL_ENGINES))
    ready = ready_documents(posts)
    (word, _), *_ = Counter(word for doc in ready[:2_000] for word in str(doc["body"]).split()).most_common(1)
    node = Term(field=Field.TEXT, text=word)
    ours = TantivyEngine.create(folder / "few")
    forget()
    rate = SMALL_ENGINES / seconds(lambda: ours.apply(posts, (), seq=1))
    asked = median_seconds(lambda: ours.search(node, sort=Sort.NEWEST, limit=20))
    ours.close()
    for name, engine in (("whoosh", WhooshAsItComes), ("fts5", Fts5)):
        other = engine(folder / name)
        indexing = SMALL_ENGINES / seconds(partial(other.index, ready))
        asking = median_seconds(partial(other.newest, word))
        figure(f"search_indexing_against_{name}", rate / indexing, "times as fast", None, posts=SMALL_ENGINES)
        figure(f"search_common_word_against_{name}", asking / asked, "times as fast", None, posts=SMALL_ENGINES)


class WhooshAsItComes:
    """Whoosh's own index and query classes."""

    def __init__(self, place: Path) -> None:
        self._place = place

    def index(self, ready: list[Ready]) -> None:
        """All of it in one commit."""
        index_whoosh(ready, self._place)

    def newest(self, word: str) -> int:
        """The newest 20 hits; how many there are."""
        return newest_of_whoosh(self._place, word)


class Fts5:
    """SQLite's full-text index over ready words."""

    def __init__(self, place: Path) -> None:
        self._db = sqlite3.connect(place)
        self._db.execute("CREATE VIRTUAL TABLE posts USING fts5 (body, created UNINDEXED, tokenize = 'ascii')")

    def index(self, ready: list[Ready]) -> None:
        """All of it in one transaction; letters beyond ASCII are words' letters to this tokenizer."""
        with self._db:
            self._db.executemany("INSERT INTO posts VALUES (?, ?)", ((doc["body"], doc["created"]) for doc in ready))

    def newest(self, word: str) -> int:
        """The newest 20 hits; how many there are."""
        asked = f'"{word}"'
        newest = "SELECT rowid FROM posts WHERE posts MATCH ? ORDER BY created DESC LIMIT 20"
        self._db.execute(newest, [asked]).fetchall()
        return int(self._db.execute("SELECT count(*) FROM posts WHERE posts MATCH ?", [asked]).fetchone()[0])


def seconds(run: Callable[[], object]) -> float:
    """How long `run` takes."""
    begun = time.perf_counter()
    run()
    return time.perf_counter() - begun


def median_seconds(run: Callable[[], object]) -> float:
    """How long `run` takes, of seven times the middle."""
    return statistics.median(seconds(run) for _ in range(7))


def main() -> None:
    """Build, ask, destroy."""
    folder = Path(tempfile.mkdtemp(prefix="archiver-bench-"))
    try:
        small = build(folder)
        report(small, ask(folder))
        night(folder)
        purge(folder)
        small_engines(folder)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
