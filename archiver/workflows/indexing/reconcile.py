"""The proof that every item is found by search, and the repair of an index of which that is not so."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass

from archiver.core.archive import Archive
from archiver.core.errors import ArchiveBusy, IndexDamaged, IndexOutdated
from archiver.core.progress import Progress, silent
from archiver.core.records import RecordId
from archiver.workflows.indexing.catching_up import current_engine, open_engine, update_index
from archiver.workflows.indexing.docs import index_docs
from index.analyser import analyse
from index.engine import SearchEngine
from index.query import All, And, Field, Node, Phrase, Term

SAMPLE = 200
"""Records of which every item is looked for by its own words."""

_WORDS = 4


@dataclass(frozen=True, kw_only=True)
class Reconciled:
    """`items` the catalogue has, `asked` of them looked for by their own words.

    `missing` items were not found, `surplus` ones found that the catalogue does not have; `damage` says what was
    wrong with the files. Each was repaired, unless `left` says what still is wrong.
    """

    items: int
    asked: int
    damage: str = ""
    missing: tuple[str, ...] = ()
    surplus: tuple[str, ...] = ()
    left: tuple[str, ...] = ()

    @property
    def findings(self) -> tuple[str, ...]:
        """What was wrong, in words."""
        found = [f"the search index was damaged and was made anew: {self.damage}"] if self.damage else []
        if self.missing:
            found.append(f"{_listed(self.missing)} could not be found by search and can again")
        if self.surplus:
            found.append(f"{_listed(self.surplus)} were found by search though the archive does not have them")
        if self.left:
            found.append(f"{_listed(self.left)} still cannot be found by search: run `archiver verify`")
        return tuple(found)


def reconcile(archive: Archive, *, seed: int, progress: Progress = silent) -> Reconciled:
    """Hash every file of the index, compare its items with the catalogue's, ask for a sample by their own words.

    What is wrong is repaired; what that does not mend makes a new index. `seed` chooses the sample.
    """
    damage = _damage(archive)
    if damage:
        update_index(archive, rebuild=True, progress=progress)
    with current_engine(archive, progress) as engine:
        missing, surplus = _differences(archive, engine)
        asked, unanswered = _unanswered(archive, engine, seed, progress)
        lost = sorted({*missing, *unanswered})
        if lost or surplus:
            records = sorted({_record_of(id) for id in lost})
            engine.apply(index_docs(archive, records), surplus, seq=engine.watermark().seq)
    left: list[str] = []
    if lost or surplus:
        left = _still_wrong(archive, seed, progress)
        if left:
            update_index(archive, rebuild=True, progress=progress)
            left = _still_wrong(archive, seed, progress)
    with suppress(ArchiveBusy), current_engine(archive, progress) as engine:
        engine.prepare()  # whoever writes just now is no reason to wait: it changes no answer
    return Reconciled(
        items=sum(1 for _ in archive.catalogue.item_ids()),
        asked=asked,
        damage=damage,
        missing=tuple(lost),
        surplus=tuple(surplus),
        left=tuple(left),
    )


def index_faults(archive: Archive) -> Iterator[tuple[str, str]]:
    """What is wrong with the index as it stands, caught up but not repaired: subject and message."""
    if damage := _damage(archive):
        yield "search", damage
    with current_engine(archive) as engine:
        missing, surplus = _differences(archive, engine)
    yield from ((id, "this item cannot be found by search") for id in missing)
    yield from ((id, "search finds this item, which the catalogue does not have") for id in surplus)


def _damage(archive: Archive) -> str:
    try:
        with open_engine(archive) as engine:
            engine.check()
    except IndexOutdated:  # nothing is wrong: it is made before it answers
        return ""
    except IndexDamaged as error:
        return str(error)
    return ""


def _differences(archive: Archive, engine: SearchEngine) -> tuple[list[str], list[str]]:
    """Items the index lacks, and those it has beyond the catalogue: both tell theirs in the order of ids."""
    missing: list[str] = []
    surplus: list[str] = []
    held = engine.iter_ids(All())
    found = next(held, None)
    for expected in archive.catalogue.item_ids():
        while found is not None and found < expected:
            surplus.append(found)
            found = next(held, None)
        if found == expected:
            found = next(held, None)
        else:
            missing.append(expected)
    surplus += [] if found is None else [found, *held]
    return missing, surplus


def _unanswered(archive: Archive, engine: SearchEngine, seed: int, progress: Progress) -> tuple[int, list[str]]:
    """How many items of the sample were asked for, and those that their own words do not find."""
    records = archive.catalogue.record_ids()
    sample = sorted(random.Random(seed).sample(records, min(SAMPLE, len(records))))  # noqa: S311 - a sample, no secret
    asked, unanswered = 0, []
    for number, record in enumerate(sample, start=1):
        for entry in archive.catalogue.items(record):
            asked += 1
            if engine.count(And(parts=(Term(field=Field.ID, text=entry.id), *_own_words(entry.item.text)))) != 1:
                unanswered.append(entry.id)
        progress(number, len(sample), "asking for items by their own words")
    return asked, unanswered


def _own_words(text: str) -> list[Node]:
    """The first words of `text` as a phrase; nothing where it has none."""
    words = tuple(token.text for token in analyse(text[:1_000]) if not token.mark)[:_WORDS]
    if not words:
        return []
    return [Term(field=Field.TEXT, text=words[0]) if len(words) == 1 else Phrase(field=Field.TEXT, words=words)]


def _still_wrong(archive: Archive, seed: int, progress: Progress) -> list[str]:
    with current_engine(archive, progress) as engine:
        missing, surplus = _differences(archive, engine)
        return sorted({*missing, *surplus, *_unanswered(archive, engine, seed, progress)[1]})


def _record_of(item: str) -> RecordId:
    return RecordId(item.partition("/")[0])


def _listed(ids: Collection[str]) -> str:
    first = ", ".join(sorted(ids)[:5])
    return f"{len(ids)} items ({first}{', …' if len(ids) > 5 else ''})"
