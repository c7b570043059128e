"""Generated texts, items and queries in many scripts, small enough that things meet."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st

from archiver.core.records import IndexDoc, RecordId
from index.query import All, And, Field, Fuzzy, Items, Near, Node, Not, Or, Phrase, Range, Records, Term, Wildcard

PROVE = "ARCHIVER_PROVE" in os.environ
"""Whether the full number of repetitions was asked for."""


TODAY = date(2026, 11, 25)
"""A Wednesday."""


def examples(few: int, many: int) -> settings:
    """`few` examples in everyday runs, `many` when proving."""
    return settings(max_examples=many if PROVE else few, deadline=None)


WRITTEN = (
    "road", "Road", "roads", "École", "ecole", "গুৱাহাটীৰ", "গুৱাহাটীর", "পথ", "हिन्दी", "हिंदी", "पानी",
    "پانی", "پاني", "سڑک", "ہے", "#RoadSafety", "#সড়ক_২০২৬", "@SKGov", "🎉", "👍🏽", "2026", "২০২৬", "don't",
    "https://example.org/a?b=1", "a-b", "—", "café,", "(safety)", "道路",
    "東京都庁", "서울에서", "น้ำประปา", "1,000", "दु:ख", "www.example.org",
)  # fmt: skip
"""Chunks of text: the same words in several spellings, marks, and punctuation by itself."""

_TERMS = (
    "road", "roads", "ecole", "গুৱাহাটীর", "পথ", "हिंदी", "पानी", "پانی", "سڑک", "ہے", "#roadsafety", "safety",
    "roadsafety", "@skgov", "🎉", "👍", "2026", "don", "t", "example", "a", "b", "道路", "京都", "庁", "1000", "absent",
)  # fmt: skip
_PATTERNS = ("r*", "roa?", "গুৱা*", "r*d*", "#r*", "پا*", "प*ी", "2?2*", "e*", "-*", ".*", "a?c*", "[*", "京*", "에*")
_FUZZY = ("road", "raods", "safte", "ecol", "guwahati", "গুৱাহাটীৰ", "हिदी", "پاني", "exmaple", "roadsafetx")
_START = datetime(2026, 1, 1, tzinfo=UTC)

texts = st.lists(st.sampled_from(WRITTEN), max_size=8).map(" ".join)
moments = st.one_of(
    st.none(),
    st.integers(0, 5).map(lambda days: _START + timedelta(days=days)),
    st.just(datetime(1965, 3, 4, 5, 6, 7, 8, tzinfo=UTC)),
)


def documents(numbers: st.SearchStrategy[int]) -> st.SearchStrategy[IndexDoc]:
    """Items whose numbers, and so whose ids, come from `numbers`."""
    return st.builds(
        lambda number, **fields: IndexDoc(
            id=f"rec_{number % 3}/wp {number}", record_id=RecordId(f"rec_{number % 3}"), **fields
        ),
        numbers,
        body=texts,
        title=texts,
        site=st.sampled_from(("", "a.example", "B.example:8080")),
        account=st.sampled_from(("", "@SKGov", "acc_1")),
        creator=st.sampled_from(("", "Jane Doe @jane", "অনুৰাধা", "علی @ali")),
        kind=st.sampled_from(("post thread", "comment thread", "page page")),
        observed=st.sampled_from(("present", "gone")),
        language=st.sampled_from(("und", "ur-PK", "as")),
        keywords=st.sampled_from(("", "roads flood")),
        created=moments,
        captured=moments,
        gone=moments,
        has=st.sampled_from(("", "image", "image link")),
        link=st.sampled_from(("", "News.example.org example.org")),
    )


def _near(field: Field) -> st.SearchStrategy[Near]:
    words: st.SearchStrategy[Node] = st.one_of(
        st.builds(Term, field=st.just(field), text=st.sampled_from(_TERMS[:10])),
        st.builds(
            Phrase, field=st.just(field), words=st.lists(st.sampled_from(_TERMS[:5]), min_size=2, max_size=2).map(tuple)
        ),
        st.builds(Wildcard, field=st.just(field), pattern=st.sampled_from(("r*", "গুৱা*", "r*d", "e*", "पा*"))),
    )
    either = st.one_of(words, st.lists(words, min_size=2, max_size=2).map(lambda some: Or(parts=tuple(some))))
    pairs = st.builds(Near, left=either, right=either, distance=st.integers(0, 4), ordered=st.booleans())
    return st.one_of(
        pairs, st.builds(Near, left=pairs, right=either, distance=st.integers(0, 2), ordered=st.booleans())
    )


_worded = st.sampled_from((Field.TEXT, Field.TITLE, Field.CREATOR, Field.KEYWORD))
_leaves: st.SearchStrategy[Node] = st.one_of(
    st.builds(Term, field=_worded, text=st.sampled_from(_TERMS)),
    st.builds(Term, field=st.just(Field.SITE), text=st.sampled_from(("a.example", "b.example:8080", "x"))),
    st.builds(Term, field=st.just(Field.KIND), text=st.sampled_from(("post", "thread"))),
    st.builds(Term, field=st.just(Field.LANGUAGE), text=st.sampled_from(("ur", "ur-pk", "as"))),
    st.builds(Term, field=st.just(Field.ACCOUNT), text=st.sampled_from(("@skgov", "acc"))),
    st.builds(Term, field=st.just(Field.RECORD), text=st.sampled_from(("rec_1", "REC_1"))),
    st.builds(Term, field=st.just(Field.ID), text=st.sampled_from(("rec_1/wp 1", "rec_1/wp"))),
    st.builds(
        Phrase,
        field=_worded,
        words=st.lists(st.sampled_from(_TERMS[:8]), min_size=2, max_size=3).map(tuple),
    ),
    st.builds(Wildcard, field=_worded, pattern=st.sampled_from(_PATTERNS)),
    st.builds(Fuzzy, field=_worded, text=st.sampled_from(_FUZZY), distance=st.integers(1, 2)),
    st.sampled_from((Field.TEXT, Field.TITLE)).flatmap(lambda field: _near(field)),
    st.builds(Wildcard, field=st.just(Field.RECORD), pattern=st.sampled_from(("rec_*", "rec_?"))),
    st.builds(Range, field=st.sampled_from((Field.CREATED, Field.CAPTURED, Field.GONE)), start=moments, end=moments),
    st.builds(Term, field=st.just(Field.HAS), text=st.sampled_from(("image", "link"))),
    st.builds(Term, field=st.just(Field.LINK), text=st.sampled_from(("example.org", "news.example.org"))),
    st.builds(Records, ids=st.frozensets(st.sampled_from(("rec_0", "rec_2", "rec_9")))),
    st.builds(Items, ids=st.frozensets(st.sampled_from(("rec_0/wp 0", "rec_1/wp 4", "rec_9/wp 9")))),
    st.just(All()),
)

nodes: st.SearchStrategy[Node] = st.recursive(
    _leaves,
    lambda parts: st.one_of(
        st.lists(parts, min_size=2, max_size=3).map(lambda some: And(parts=tuple(some))),
        st.lists(parts, min_size=2, max_size=3).map(lambda some: Or(parts=tuple(some))),
        parts.map(lambda part: Not(part=part)),
    ),
    max_leaves=6,
)
"""Query trees, nested, with exclusions anywhere."""
