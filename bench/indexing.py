"""Indexing speed, analysis included, against plain Tantivy fed ready tokens and against Whoosh.

Each figure is one JSON line on standard output; progress goes to standard error.
`ARCHIVER_BENCH_SCALE` (default 1) multiplies the number of posts.
"""

from __future__ import annotations

import gc
import json
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path

import tantivy

from archiver.core.records import IndexDoc, RecordId
from index import fields
from index.engines.tantivy_engine import TantivyEngine
from index.engines.tantivy_query import microseconds
from index.fields import field_terms

with warnings.catch_warnings():  # Whoosh 2.7.4 has invalid escapes, which newer Pythons warn of
    warnings.simplefilter("ignore")
    from whoosh.analysis import SpaceSeparatedTokenizer
    from whoosh.fields import ID, KEYWORD, NUMERIC, TEXT, Schema
    from whoosh.filedb.filestore import FileStorage
    from whoosh.query import Term as WhooshTerm

SEED = 20261121
SCALE = float(os.environ.get("ARCHIVER_BENCH_SCALE", "1"))
POSTS = max(1_000, int(100_000 * SCALE))
WHOOSH_POSTS = max(200, int(5_000 * SCALE))
ROUNDS = 3

LABELLED = ("site", "kind", "observed", "language")
WORDED = ("body", "title", "account", "creator")
MARKED = ("body_marks", "title_marks")
MOMENTS = ("created", "captured")
Ready = dict[str, str | int]

_ALPHABETS = {
    "en": ("abcdefghijklmnoprstuvwy", 62),
    "fr": ("abcdefghijlmnopqrstuvéèàçêô", 8),
    "ur": ("ابتثجحخدرزسشصطعغفقلمنوہیکگچپ", 15),
    "as": ("কখগঘচজটডতদনপবমযৰলৱশসহািীুূেো", 15),
}
_VOCABULARY = 30_000
_ENDINGS = ("", "", "", "", "", "", ",", ".", "!", "?")
_EXTRAS = (
    "#RoadSafety",
    "@SKGov",
    "https://example.org/a/{n}",
    "🎉",
    "#বানপানী",
    "#سڑک{n}",
    "👍🏽",
    "2026-{n}",
)


def vocabularies(chance: random.Random) -> dict[str, list[str]]:
    """The words of each language, the most frequent first."""
    return {
        language: [
            "".join(chance.choices(letters, k=min(2 + int(chance.expovariate(0.25)), 14))) for _ in range(_VOCABULARY)
        ]
        for language, (letters, _) in _ALPHABETS.items()
    }


def stream_posts(count: int, *, every: timedelta = timedelta(minutes=7)) -> Iterator[IndexDoc]:
    """Posts of about 24 words, Zipf-distributed, in English, French, Urdu and Assamese, one `every` so long."""
    chance = random.Random(SEED)
    words = vocabularies(chance)
    weights = list(accumulate(1 / (rank + 3) for rank in range(_VOCABULARY)))
    languages = chance.choices(list(_ALPHABETS), weights=[share for _, share in _ALPHABETS.values()], k=count)
    start = datetime(2024, 1, 1, tzinfo=UTC)
    for number, language in enumerate(languages):
        yield _post(chance, number, language, words[language], weights, start + number * every)


def _post(
    chance: random.Random,
    number: int,
    language: str,
    words: list[str],
    weights: list[float],
    moment: datetime,
) -> IndexDoc:
    text = [
        word.capitalize() + ending if language in ("en", "fr") and not place % 9 else word + ending
        for place, (word, ending) in enumerate(
            zip(
                chance.choices(words, cum_weights=weights, k=chance.randint(16, 30)),
                chance.choices(_ENDINGS, k=30),
                strict=False,
            )
        )
    ]
    if chance.random() < 0.5:
        text.append(chance.choice(_EXTRAS).format(n=chance.randint(1, 5_000)))
    record = RecordId(f"rec_{number // 12:016x}")
    return IndexDoc(
        id=f"{record}/{number}",
        record_id=record,
        body=" ".join(text),
        title="" if number % 12 else " ".join(text[:6]),
        site="social.example",
        account="SKGov",
        creator=f"{words[number % 500]} @{words[number % 500]}{number % 900}",
        kind="post thread" if not number % 12 else "comment thread",
        observed="present",
        language=language,
        created=moment,
        captured=moment + timedelta(hours=9),
    )


def forget() -> None:
    """Empty the analyser's memory of words, so that every round starts cold."""
    fields.forget()
    gc.collect()


def index_ours(posts: list[IndexDoc], directory: Path) -> None:
    """Everything a nightly run does: analysis, every field, commit, checks, seal."""
    engine = TantivyEngine.create(directory)
    engine.apply(posts, (), seq=1)
    engine.close()


def ready_documents(posts: list[IndexDoc]) -> list[Ready]:
    """What the references are fed: the same fields of the same posts, analysed beforehand."""
    return [
        {
            **field_terms(post),
            **{name: microseconds(moment) for name in MOMENTS if (moment := getattr(post, name))},
        }
        for post in posts
    ]


class PlainTantivy:
    """Tantivy as it comes: the same fields in one directory, nothing checked."""

    def __init__(self, directory: Path, *, reading: bool = False) -> None:
        directory.mkdir(exist_ok=True)
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("id", stored=True, fast=True, tokenizer_name="raw", index_option="basic")
        builder.add_text_field("record", stored=True, tokenizer_name="raw", index_option="basic")
        for name in LABELLED:
            builder.add_text_field(name, tokenizer_name="words", index_option="basic")
        for name in MARKED:
            builder.add_text_field(name, tokenizer_name="words", index_option="basic")
        for name in WORDED:
            builder.add_text_field(name, tokenizer_name="words", index_option="position")
        for name in MOMENTS:
            builder.add_integer_field(name, indexed=True, fast=True)
        self.schema = builder.build()
        self._index = tantivy.Index(self.schema, str(directory))
        words = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
        self._index.register_tokenizer("words", words)
        self._writer = None if reading else self._index.writer(64_000_000, 1)

    def add(self, documents: list[Ready]) -> None:
        """Hand ready words in."""
        assert self._writer is not None
        for document in documents:
            self._writer.add_document(tantivy.Document.from_dict(document, self.schema))

    def commit(self) -> None:
        """Make what was added searchable."""
        assert self._writer is not None
        self._writer.commit()

    def finish(self) -> None:
        """Commit, and wait for merges."""
        self.commit()
        assert self._writer is not None
        self._writer.wait_merging_threads()

    def newest(self, query: tantivy.Query) -> list[str]:
        """The ids of the newest 20 hits; Tantivy counts all of them meanwhile."""
        searcher = self._index.searcher()
        hits = searcher.search(query, limit=20, order_by_field="created").hits
        return [searcher.doc(address)["id"][0] for _, address in hits]

    def count(self, query: tantivy.Query) -> int:
        """All hits."""
        return int(self._index.searcher().search(query, limit=1).count)  # type: ignore[attr-defined]  # its stub


def index_plain_tantivy(documents: list[Ready], directory: Path) -> None:
    """One commit, merges waited for."""
    plain = PlainTantivy(directory)
    plain.add(documents)
    plain.finish()


def index_whoosh(documents: list[Ready], directory: Path) -> None:
    """The same fields in Whoosh, with its own defaults for a batch."""
    directory.mkdir()
    schema = Schema(
        id=ID(stored=True, unique=True),
        record=ID(stored=True),
        **{name: KEYWORD() for name in (*LABELLED, *MARKED)},
        **{name: TEXT(analyzer=SpaceSeparatedTokenizer()) for name in WORDED},
        **{name: NUMERIC(int, bits=64, sortable=True) for name in MOMENTS},
    )
    writer = FileStorage(str(directory)).create_index(schema).writer()
    for document in documents:
        writer.add_document(**document)
    writer.commit()


def newest_of_whoosh(directory: Path, word: str) -> int:
    """The newest 20 hits of what `index_whoosh` wrote; how many there are."""
    with FileStorage(str(directory)).open_index().searcher() as searcher:
        return len(searcher.search(WhooshTerm("body", word), limit=20, sortedby="created", reverse=True))


def per_second(count: int, run: Callable[[Path], None]) -> float:
    """Items per second of one run in a fresh directory."""
    folder = Path(tempfile.mkdtemp(prefix="archiver-bench-"))
    try:
        forget()
        begun = time.perf_counter()
        run(folder / "data")
        return count / (time.perf_counter() - begun)
    finally:
        shutil.rmtree(folder)


def figure(bench: str, value: float, reference: float, aim: float) -> None:
    """Print one figure; `aim` is the least ratio to the reference."""
    ratio = value / reference
    line = {
        "bench": bench,
        "value": round(value, 1),
        "unit": "items/s",
        "reference": round(reference, 1),
        "ratio": round(ratio, 3),
        "aim": aim,
        "met": ratio >= aim,
    }
    sys.stdout.write(json.dumps(line) + "\n")


def progress(text: str) -> None:
    """To standard error."""
    sys.stderr.write(text + "\n")


def main() -> None:
    """Run the rounds, interleaved, and print the medians."""
    progress(f"making {POSTS:,} posts")
    posts = list(stream_posts(POSTS))
    documents = ready_documents(posts)
    gc.freeze()  # what is made for measuring is not looked through for garbage while it is measured
    ours, plain, whoosh = [], [], []
    for number in range(1, ROUNDS + 1):
        ours.append(per_second(POSTS, lambda path: index_ours(posts, path)))
        plain.append(per_second(POSTS, lambda path: index_plain_tantivy(documents, path)))
        whoosh.append(per_second(WHOOSH_POSTS, lambda path: index_whoosh(documents[:WHOOSH_POSTS], path)))
        progress(
            f"round {number} of {ROUNDS}: {ours[-1]:,.0f} items/s, "
            f"plain Tantivy {plain[-1]:,.0f}, Whoosh {whoosh[-1]:,.0f}"
        )
    value = statistics.median(ours)
    figure("indexing_against_plain_tantivy", value, statistics.median(plain), 0.5)
    figure("indexing_against_whoosh", value, statistics.median(whoosh), 10.0)


if __name__ == "__main__":
    main()
