"""Every stored file read once and compared with its entry, WARCs record by record, on several cores."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing

from archiver.core.archive import Archive
from archiver.core.errors import EvidenceDamaged
from archiver.core.fixity import Fault, Finding, check_object, check_warc_object, is_warc
from archiver.core.objects import ObjectStore
from archiver.core.progress import Progress
from archiver.core.records import StoredObject

_MOST_THREADS = 4
"""Inflating and hashing leave the interpreter free for another thread; reading headers does not."""

Listed = tuple[StoredObject, int | None]
"""An object, and how many records its WARC must hold; None where its capture is not in the catalogue."""


def check_evidence(archive: Archive, stored: Sequence[Listed], progress: Progress) -> Iterator[Finding]:
    """In the order listed, whichever is done first. What is interrupted ends with the files under way."""
    with closing(_in_order(archive.objects, stored)) as checked:
        for number, (each, findings) in enumerate(checked, 1):
            yield from findings
            progress(number, len(stored), each.path)


def _in_order(
    store: ObjectStore, stored: Sequence[Listed]
) -> Generator[tuple[StoredObject, list[Finding]], None, None]:
    threads = min(_MOST_THREADS, len(os.sched_getaffinity(0)))
    pool = ThreadPoolExecutor(threads, thread_name_prefix="verify")
    try:
        waiting: list[tuple[StoredObject, Future[list[Finding]]]] = [
            (each, pool.submit(_check, store, each, records)) for each, records in stored
        ]
        waiting.reverse()
        while waiting:
            each, checked = waiting.pop()
            yield each, checked.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _check(store: ObjectStore, stored: StoredObject, records: int | None) -> list[Finding]:
    try:
        path = store.path_of(stored.path)
    except EvidenceDamaged as error:
        return [Finding(fault=Fault.CATALOGUE, subject=stored.path, message=str(error))]
    if records is None:
        unknown = Finding(fault=Fault.CATALOGUE, subject=stored.path, message="its capture is not in the catalogue")
        return [*check_object(stored, path), unknown]
    if is_warc(stored):
        return list(check_warc_object(stored, path, records))
    return list(check_object(stored, path))


def unknown_files(archive: Archive) -> Iterator[Finding]:
    """Files and links below `objects/` that the catalogue does not list."""
    known = {each.path for each, _ in archive.catalogue.all_objects()}
    for path in archive.objects.files():
        if path not in known:
            yield Finding(fault=Fault.UNKNOWN_FILE, subject=path, message="the catalogue does not know this file")
    for path in archive.objects.links():
        yield Finding(
            fault=Fault.UNKNOWN_FILE,
            subject=path,
            message="a symbolic link: what it leads to can be changed from elsewhere, evidence lies here itself",
        )
