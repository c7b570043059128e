"""Taking destroyed records out of the search index, physically."""

from __future__ import annotations

from collections.abc import Collection

from archiver.core.archive import Archive
from archiver.core.progress import Progress, silent
from archiver.core.records import RecordId
from archiver.workflows.index_docs import index_docs
from archiver.workflows.indexing import current_engine
from index.engine import PurgeProof
from index.fields import forget


def unindex(archive: Archive, records: Collection[RecordId], *, progress: Progress = silent) -> PurgeProof:
    """Rewrite whatever the index's files hold of `records`, earlier texts included, and prove it.

    To be called before the catalogue forgets their texts: the proof looks for the words that only they had. The
    next change of a record that the catalogue still has would index it again. Raises ArchiveBusy, StorageFull,
    IndexDamaged where something is left.
    """
    with current_engine(archive, progress) as engine:
        proof = engine.purge(records, lambda ids: index_docs(archive, [RecordId(id) for id in ids]))
    forget()
    return proof
