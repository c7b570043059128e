"""The file of all words, by which similar spellings are looked up: complete, and never believed when it is altered."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.core.durable import part_path
from index.engines import tantivy_query
from index.engines.seal import Part
from index.engines.spellings import FILE, Spellings, make_spellings
from index.engines.tantivy_engine import TantivyEngine
from index.query import And, Field, Fuzzy, Node, Not, Or, Term
from index.slips import is_one_slip, within_slips
from tests.index.conformance import doc
from tests.index.strategies import PROVE, examples
from tests.index.test_sealing import flip

some_words = st.text(alphabet="abপথی", min_size=1, max_size=6)


def part(number: int) -> Part:
    return Part(month="2026-11", total=1, files={"a": f"{number:064x}"})


def made(directory: Path, words: set[str], *numbers: int) -> Spellings:
    make_spellings(directory, {f"2026-11.{n}": part(n) for n in numbers or (1,)}, lambda name: words)
    found = Spellings.open(directory)
    assert found is not None
    return found


@examples(200, 5_000)
@given(one=some_words, other=some_words)
def test_one_slip_is_told_as_counting_tells_it(one: str, other: str) -> None:
    assert is_one_slip(one, other) == within_slips(one, other, 1)


@examples(100, 2_000)
@given(words=st.sets(some_words, max_size=40), asked=st.text(alphabet="abপথی", min_size=2, max_size=6))
def test_every_word_of_one_slip_or_none_is_found(
    words: set[str], asked: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    found = made(tmp_path_factory.mktemp("spellings"), words).similar(asked)
    assert set(found) & words == {word for word in words if within_slips(word, asked, 1)}
    assert all(within_slips(word, asked, 1) for word in found)


def test_words_of_parts_that_came_since_are_asked_for_and_no_others(tmp_path: Path) -> None:
    asked: list[str] = []

    def words_of(name: str) -> list[str]:
        asked.append(name)
        return [f"word{name[-1]}", "पानी"]

    parts = {f"2026-11.{number}": part(number) for number in (1, 2)}
    make_spellings(tmp_path, parts, words_of)
    make_spellings(tmp_path, parts, words_of)
    assert asked == ["2026-11.1", "2026-11.2"]
    later = {"2026-11.2": part(2), "2026-11.3": part(3)}
    make_spellings(tmp_path, later, words_of)
    assert asked[2:] == ["2026-11.3"]
    found = Spellings.open(tmp_path)
    assert found is not None
    assert [found.covers(f"2026-11.{number}", part(number)) for number in (1, 2, 3)] == [False, True, True]
    assert not found.covers("2026-11.2", part(7))  # another part of the same name
    assert sorted(found.words()) == ["word1", "word2", "word3", "पानी"]


def test_an_altered_file_is_as_if_there_were_none(tmp_path: Path) -> None:
    made(tmp_path, {"road", "roads", "পথ", "پانی"})
    path = tmp_path / FILE
    whole = path.read_bytes()
    for place in range(0, len(whole), 1 if PROVE else 5):
        flip(path, place)
        assert Spellings.open(tmp_path) is None, place
        flip(path, place)
    for damaged in (b"", whole[:-3], whole[: len(whole) // 2], b"[]\n", b'{"sha256": 1}\n', b"\xff\n"):
        path.write_bytes(damaged)
        assert Spellings.open(tmp_path) is None
    path.unlink()
    assert Spellings.open(tmp_path) is None


ROADS = Fuzzy(field=Field.TEXT, text="roda", distance=1)


def test_similar_spellings_are_found_before_and_after_and_with_an_altered_file(tmp_path: Path) -> None:
    engine = TantivyEngine.open(tmp_path)
    engine.apply([doc(1), doc(2, "rodas পথ"), doc(3, "harbour", title="Road")], (), seq=1)
    engine.apply([doc(11, "rod")], (), seq=2)
    asked: list[Node] = [
        ROADS,
        Not(part=ROADS),
        And(parts=(ROADS, Term(field=Field.TEXT, text="পথ"))),
        Or(parts=(ROADS, Fuzzy(field=Field.TITLE, text="raod", distance=1))),
        Fuzzy(field=Field.TEXT, text="rod", distance=2),
    ]

    def answers() -> list[list[str]]:
        return [list(engine.iter_ids(node)) for node in asked]

    before = answers()
    assert before[0] == ["rec_0/1", "rec_0/2", "rec_0/3", "rec_1/11"]
    engine.prepare()
    assert answers() == before
    flip(tmp_path / FILE, 400)
    assert answers() == before
    assert [list(TantivyEngine.open(tmp_path).iter_ids(node)) for node in asked] == before
    engine.prepare()
    assert Spellings.open(tmp_path) is not None
    engine.apply([doc(12, "rodaa"), doc(1, "no such word")], (), seq=3)  # in a part that nobody prepared
    assert list(engine.iter_ids(ROADS)) == ["rec_0/2", "rec_0/3", "rec_1/11", "rec_1/12"]


def test_what_is_looked_up_is_not_sought_besides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = TantivyEngine.open(tmp_path)
    engine.apply([doc(1)], (), seq=1)
    engine.prepare()
    monkeypatch.delattr(tantivy_query, "_fuzzy")
    assert engine.count(ROADS) == 1
    monkeypatch.setattr(tantivy_query, "_MOST_SPELLINGS", 0)
    with pytest.raises(NameError):
        engine.count(ROADS)


def test_no_word_of_what_is_purged_stays_in_the_list_of_words(tmp_path: Path) -> None:
    engine = TantivyEngine.open(tmp_path)
    docs = [doc(1, "plantedsecret"), doc(11, "road")]
    engine.apply(docs, (), seq=1)
    engine.prepare()
    assert b"plantedsecret" in (tmp_path / FILE).read_bytes()
    part_path(tmp_path / FILE).write_bytes(b"plantedsecret\n")  # as a kill leaves it
    engine.purge(["rec_0"], lambda records: [each for each in docs if each.record_id in records])
    engine.prepare()
    for path in tmp_path.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert b"plantedsecret" not in content
        assert b"tercesdetnalp" not in content
    assert engine.count(ROADS) == 1


def test_an_index_that_is_begun_anew_has_no_words(tmp_path: Path) -> None:
    engine = TantivyEngine.open(tmp_path)
    engine.apply([doc(1)], (), seq=1)
    engine.prepare()
    engine.close()
    assert TantivyEngine.create(tmp_path).count(ROADS) == 0
    assert not (tmp_path / FILE).exists()
