"""A list of queries is answered query by query, each with what it finds, nothing or its fault."""

from __future__ import annotations

import pytest

from archiver.core.archive import Archive
from archiver.core.errors import BadInput, BadQuery
from archiver.workflows.search.find import find
from archiver.workflows.search.term_list import Term, read_terms, search_terms
from tests.workflows.town import NOW


def queries(*typed: str) -> list[Term]:
    return [Term(line=number, query=query) for number, query in enumerate(typed, 1)]


def test_a_file_has_one_query_a_line() -> None:
    content = '\ufeffwater\r\n\r\n #RoadSafety \n"পানী যোগান"\nپانی OR पानी'.encode()
    assert read_terms(content, table=False) == [
        Term(line=1, query="water"),
        Term(line=3, query="#RoadSafety"),
        Term(line=4, query='"পানী যোগান"'),
        Term(line=5, query="پانی OR पानी"),
    ]


def test_a_table_has_one_query_a_row() -> None:
    content = 'No,Search term\n1,"""boil water"" OR eau"\n2,"two\nlines"\n3\n4,🙏\n'.encode()
    assert read_terms(content, table=True, column="search TERM") == [
        Term(line=2, query='"boil water" OR eau'),
        Term(line=3, query="two\nlines"),
        Term(line=6, query="🙏"),
    ]
    assert [each.query for each in read_terms(b"water,x\nroad\n", table=True)] == ["water", "road"]


@pytest.mark.parametrize(
    ("content", "column", "message"),
    [
        (b"", "", "holds no query"),
        (b"\n \n", "", "holds no query"),
        (b"water\n\xff\xfe", "", "line 2 of the list is not UTF-8"),
        (b"a,b\n1,2\n", "term", "no column 'term'; it has a, b"),
        (b"water\n" * 10_001, "", "more than 10,000"),
        (b'water\n"boil water', "", "line 2 of the list is no CSV"),
        (b'water\n"boil water" OR eau\n', "", "line 2 of the list is no CSV"),
    ],
)
def test_an_unusable_list_is_refused(content: bytes, column: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        read_terms(content, table=True, column=column)


def test_each_query_has_its_figures(archive: Archive) -> None:
    typed = ("water", "water OR kind:comment", "zeppelin", "water AND", "class:NOPE", "exact:water")
    report = search_terms(archive, queries(*typed), now=NOW)
    for each in report.terms[:3]:
        answer = find(archive, each.query, now=NOW, limit=None)
        assert (each.items, each.interpreted, each.error) == (answer.total, answer.interpreted, "")
        assert each.records == len({hit.record.id for hit in answer.hits})
    water, wider, nothing, dangling, no_class, exact = report.terms
    assert (water.only, nothing.only) == (0, 0)
    assert wider.only == wider.items - water.items
    assert (nothing.items, nothing.records) == (0, 0)
    assert (dangling.items, dangling.position, dangling.end) == (0, 6, 9)
    assert "no file plan has a class" in no_class.error
    assert (no_class.position, no_class.end) == (6, 10)
    assert 0 < exact.items <= water.items
    assert (report.items, report.without_hits, report.refused) == (wider.items, 1, 2)


def test_a_frame_narrows_every_query(archive: Archive) -> None:
    report = search_terms(archive, queries("water", "*"), now=NOW, within="kind:comment")
    assert report.within == "kind:comment"
    assert [each.items for each in report.terms] == [
        find(archive, query, now=NOW).total for query in ("water kind:comment", "kind:comment")
    ]
    with pytest.raises(BadQuery):
        search_terms(archive, queries("water"), now=NOW, within="water AND")
