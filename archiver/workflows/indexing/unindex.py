"""Taking destroyed records out of the search index, physically."""

from __future__ import annotations

from collections.abc import Collection

from archiver.core.archive import Archive
from archiver.core.progress import Progress, silent
from archiver.core.records import RecordId
from archiver.workflows.indexing.catching_up import PATIENCE, current_engine, index_directory
from archiver.workflows.indexing.docs import index_docs
from index.engine import PurgeProof
from index.fields import forget
from index.generations import nothing_made


def unindex(archive: Archive, records: Collection[RecordId], *, progress: Progress = silent) -> PurgeProof:
    """Rewrite whatever the index's files hold of `records`, earlier texts included, and prove it.

    Where the catalogue knows their texts still, the proof looks for the words that only they had; but the next change
    of a record that it still has would index it again. No new index is made meanwhile, which could have taken them in
    before they went. Raises ArchiveBusy, while one is made too; StorageFull; IndexDamaged where something is left.
    """
    with current_engine(archive, progress):
        pass  # a damaged one is made anew before
    with (
        nothing_made(index_directory(archive), patience=PATIENCE),
        current_engine(archive, progress) as engine,
    ):
        proof = engine.purge(records, lambda ids: index_docs(archive, [RecordId(id) for id in ids]))
    forget()
    return proof
