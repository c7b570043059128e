"""Asks the indexes that `bench.search` made, in a process of its own, and prints what it measured as JSON."""

from __future__ import annotations

import json
import random
import resource
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, date
from pathlib import Path
from typing import Any

from bench.indexing import SEED, PlainTantivy, vocabularies
from index.engine import Sort
from index.engines.tantivy_engine import TantivyEngine
from index.engines.tantivy_query import build_query
from index.highlight import snippet
from index.parse import parse_query
from index.query import Field, Node

TODAY = date(2026, 11, 25)
ROUNDS = 3
FACETS = (Field.SITE, Field.ACCOUNT, Field.CREATOR, Field.KIND, Field.OBSERVED, Field.LANGUAGE, Field.HAS, Field.RECORD)


def queries() -> dict[str, list[str]]:
    """Queries of each kind, in three scripts."""
    words = vocabularies(random.Random(SEED))
    spoken = [words[language] for language in ("en", "ur", "as")]
    common = [each[rank] for rank in range(8, 15) for each in spoken]
    middling = [word for each in spoken for word in each[300:420] if len(word) >= 5][:20]
    rare = [each[rank] for rank in range(20_000, 20_007) for each in spoken]
    follow = [each[rank] for rank in range(9, 16) for each in spoken]
    pairs = list(zip(common, follow, strict=True))
    return {
        "rare": rare,
        "common": common,
        "phrase": [f'"{one} {other}"' for one, other in pairs],
        "boolean": [
            f"{one} AND ({other} OR {third}) NOT {rare[0]}" for (one, other), third in zip(pairs, rare, strict=True)
        ],
        "prefix": [f"{word[:3]}*" for word in middling],
        "wildcard": [f"{word[:2]}*{word[-1]}" for word in middling],
        "fuzzy": [f"{word}~1" for word in middling],
        "near": [f"{one} w/5 {other}" for one, other in pairs],
        "filter": [f"{word} kind:comment created:[2024-03-01 TO 2025-03-01]" for word in common],
    }


def parsed(query: str) -> Node:
    """The tree of `query`."""
    return parse_query(query, today=TODAY, time_zone=UTC).node


def spent(run: Callable[..., object], *given: object) -> float:
    """Milliseconds of the processor's time, which a busy machine does not stretch: all search in one thread."""
    begun = time.thread_time()
    run(*given)
    return (time.thread_time() - begun) * 1_000


def percentile(times: list[float], part: float) -> float:
    """The time that `part` of `times` are within."""
    return sorted(times)[min(len(times) - 1, int(len(times) * part))]


def ask_kinds(engine: TantivyEngine, plain: PlainTantivy) -> dict[str, Any]:
    """Latencies by kind of query; ours from its text, plain Tantivy's from a query made ready."""

    def newest(text: str) -> None:
        engine.search(parsed(text), sort=Sort.NEWEST, limit=20)

    kinds: dict[str, Any] = {}
    for kind, asked in queries().items():
        ours, theirs, hits = [], [], []
        for _ in range(ROUNDS):
            for text in asked:
                ours.append(spent(newest, text))
                ready = build_query(plain.schema, parsed(text))
                theirs.append(spent(plain.newest, ready))
        hits = [engine.count(parsed(text)) for text in asked]
        kinds[kind] = {
            "p50": statistics.median(ours),
            "p95": percentile(ours, 0.95),
            "plain_p50": statistics.median(theirs),
            "hits": int(statistics.median(hits)),
        }
    common = [parsed(text) for text in queries()["common"]]
    counts = [spent(engine.count, node) for node in common * ROUNDS]
    plain_counts = [spent(plain.count, build_query(plain.schema, node)) for node in common * ROUNDS]
    kinds["count"] = {
        "p50": statistics.median(counts), "p95": percentile(counts, 0.95),
        "plain_p50": statistics.median(plain_counts), "hits": kinds["common"]["hits"],
    }  # fmt: skip
    return kinds


def ask_screen(engine: TantivyEngine, texts: sqlite3.Connection) -> float:
    """Milliseconds for hits, facets, timeline and snippets of one screen, the median."""

    def screen(text: str) -> None:
        node = parsed(text)
        page = engine.search(node, sort=Sort.NEWEST, limit=20)
        engine.facets(node, FACETS)
        engine.timeline(node, time_zone=UTC, most=60)
        for hit in page.hits:
            (body,) = texts.execute("SELECT body FROM texts WHERE id = ?", [hit.id]).fetchone()
            snippet(body, node, width=160)

    return statistics.median(spent(screen, text) for text in queries()["common"])


def memory(name: str) -> float:
    """Megabytes of this process by /proc/self/status."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) / 1_024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024


def main(folder: Path) -> None:
    """Everything, as one JSON object."""
    opening = spent(lambda: TantivyEngine.open(folder / "ours").close())
    engine = TantivyEngine.open(folder / "ours")
    plain = PlainTantivy(folder / "plain", reading=True)
    with sqlite3.connect(folder / "texts.db") as texts:
        screen = ask_screen(engine, texts)
    exported = sum(1 for _ in engine.iter_ids(parsed("language:as")))
    export = min(spent(lambda: list(engine.iter_ids(parsed("language:as")))) for _ in range(ROUNDS)) / 1_000
    engine.count(parsed(queries()["fuzzy"][0]))  # opens the list of words
    resident, files = memory("VmRSS"), memory("RssFile")  # before plain Tantivy is asked
    kinds = ask_kinds(engine, plain)
    result = {
        "kinds": kinds, "screen": screen, "export": export, "exported": exported,
        "resident": resident, "files": files, "opening": opening,
    }  # fmt: skip
    sys.stdout.write(json.dumps(result))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
