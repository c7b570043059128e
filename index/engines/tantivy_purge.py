"""Destroying what Tantivy's files hold of some records.

A deleted document stays in the files until its segment is merged, which tantivy-py cannot ask for. So whatever
partition holds anything of the records, deleted or not, is written anew from the survivors, and the old one removed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from archiver.core.durable import make_directory
from archiver.core.errors import IndexDamaged
from archiver.core.records import IndexDoc
from index.engine import PurgeProof
from index.engines.purging import DocsOf, PurgedTerms, search_files, stands_in
from index.engines.seal import REBUILD, part_files
from index.engines.sealed import NewPart, SealedDirectory
from index.engines.tantivy_partition import Partition, document_of, everything, ids_query
from index.fields import field_terms

_AT_ONCE = 500


def purge_partitions(
    sealed: SealedDirectory, parts: Mapping[str, Partition], records: frozenset[str], docs_of: DocsOf
) -> tuple[PurgeProof, dict[str, Partition]]:
    """The proof, and the partitions as they are then. The caller is the one that writes."""
    touched = {name: part for name, part in parts.items() if _holds(part, records)}
    terms = PurgedTerms(records, docs_of(sorted(records)))
    items = sum(len(part.held(ids_query(sorted(records), field="record"))) for part in touched.values())
    survivors = {name: _survivors(part, records) for name, part in touched.items()}
    after = {name: part for name, part in parts.items() if name not in touched}
    months = {name: sealed.seal.parts[name].month for name in parts}
    made = sealed.seal.made
    try:
        with ThreadPoolExecutor(1) as committing:  # Tantivy lets go of the interpreter: the next is analysed meanwhile
            commit: Future[None] | None = None
            for name, surviving in survivors.items():
                made += 1
                if surviving:
                    fresh = f"{months[name] or 'undated'}.{made}"
                    after[fresh] = _write(sealed.directory / fresh, _docs(surviving, docs_of), terms)
                    months[fresh] = months[name]
                    if commit is not None:
                        commit.result()  # each that is open has memory of its own
                    commit = committing.submit(_commit, after[fresh], surviving)
            if commit is not None:
                commit.result()
    except BaseException:
        sealed.sweep()
        raise
    kept = {name: NewPart(month=months[name], total=part.searcher.num_docs) for name, part in after.items()}
    sealed.finish(kept, seq=sealed.seal.seq, made=made)
    rewritten = {name: part for name, part in after.items() if name not in parts}
    untouched = [part for name, part in after.items() if name in parts]
    terms.keep(lambda name, term: any(part.searcher.doc_freq(name, term) for part in untouched))
    everyone = (doc for surviving in survivors.values() for doc in _docs(surviving, docs_of))
    files, size = _prove(rewritten, terms, everyone)
    proof = PurgeProof(
        records=len(records), items=items, rewritten=tuple(touched), terms=len(terms), files=files, bytes=size
    )
    return proof, after


def _holds(part: Partition, records: frozenset[str]) -> bool:
    """Whether anything of `records` is in the dictionary: of deleted documents too."""
    return any(part.searcher.doc_freq("record", record) for record in records)


def _survivors(part: Partition, records: frozenset[str]) -> dict[str, set[str]]:
    """Ids of the items of every other record, by record."""
    survivors: dict[str, set[str]] = {}
    for document in part.documents(everything()):
        if (record := document["record"][0]) not in records:
            survivors.setdefault(record, set()).add(document["id"][0])
    return survivors


def _docs(survivors: Mapping[str, set[str]], docs_of: DocsOf) -> Iterator[IndexDoc]:
    records = sorted(survivors)
    for start in range(0, len(records), _AT_ONCE):
        for doc in docs_of(records[start : start + _AT_ONCE]):
            if doc.id in survivors.get(doc.record_id, ()):
                yield doc


def _write(directory: Path, docs: Iterable[IndexDoc], terms: PurgedTerms) -> Partition:
    """A partition to be committed."""
    make_directory(directory)
    part = Partition(directory)
    try:
        for doc in docs:
            fields = field_terms(doc)
            terms.survive(fields)
            part.write(document_of(doc, fields))
    except BaseException:
        part.take_back()
        raise
    return part


def _commit(part: Partition, survivors: Mapping[str, set[str]]) -> None:
    part.commit()
    wanted, held = sum(map(len, survivors.values())), part.searcher.num_docs
    if held != wanted:
        raise IndexDamaged(f"the index holds {wanted:,} items where the catalogue has {held:,}; {REBUILD}")


def _prove(rewritten: Mapping[str, Partition], terms: PurgedTerms, survivors: Iterable[IndexDoc]) -> tuple[int, int]:
    """Files and bytes searched. Raises IndexDamaged where something is left."""
    for name, part in rewritten.items():
        for field, words in terms.by_field.items():
            if any(part.searcher.doc_freq(field, word) for word in words):
                raise IndexDamaged(f"{name} of the index still has words of what was destroyed; {REBUILD}")
        if any(document["record"][0] in terms.records for document in part.documents(everything())):
            raise IndexDamaged(f"{name} of the index still has items of what was destroyed; {REBUILD}")

    def is_beginning(field: str, word: str) -> bool:
        return any(part.searcher.terms_with_prefix(field, word, limit=1) for part in rewritten.values())

    files, size, found = search_files(
        (path for part in rewritten.values() for path in part_files(part.directory)), terms.sought(is_beginning)
    )
    if found:
        docs = list(survivors)
        if not all(stands_in(word, docs) for word in found):
            raise IndexDamaged(f"files of the index still hold words of what was destroyed; {REBUILD}")
    return files, size
