"""What the index is told of the catalogue's items."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from archiver.core.archive import Archive
from archiver.core.errors import NotFound
from archiver.core.records import TEXT_SEPARATOR, Account, AccountId, CataloguedItem, IndexDoc, Record, RecordId


def index_docs(archive: Archive, records: Iterable[RecordId]) -> Iterator[IndexDoc]:
    """What the index is told of these records' items; nothing of records that are gone."""
    accounts = {each.id: each for each in archive.register.accounts()}
    for id in records:
        try:
            record = archive.catalogue.record(id)
        except NotFound:
            continue
        for position, item in enumerate(archive.catalogue.items(id)):
            # a thread's title is said once: a comment below it is no hit for its words
            yield index_doc(record, item, accounts, title=record.title if position == 0 else "")


def index_doc(record: Record, entry: CataloguedItem, accounts: dict[AccountId, Account], *, title: str) -> IndexDoc:
    """Earlier texts follow the current one, so that what was said is found though it was edited away."""
    item = entry.item
    earlier = [version.text for version in reversed(entry.versions) if version.text != item.text]
    alternatives = [media.alt for media in item.media if media.alt]
    account = accounts.get(record.account_id) if record.account_id else None
    return IndexDoc(
        id=entry.id,
        record_id=record.id,
        body=TEXT_SEPARATOR.join([item.text, *earlier, *alternatives]),
        title=title,
        site=record.site,
        account=f"{account.handle} {account.department}".strip() if account else "",
        creator=f"{item.creator_name} {item.creator_handle}".strip(),
        kind=f"{item.kind.value} {record.kind.value}",
        observed=entry.observed.value,
        language=item.language,
        keywords=" ".join((*record.keywords, *record.tags)),
        created=item.created,
        captured=entry.first_seen,
        gone=entry.gone_before,
        has=" ".join(dict.fromkeys([*(media.kind for media in item.media), *(["link"] if item.links else [])])),
        link=" ".join(dict.fromkeys(domain for url in item.links for domain in _domains(url))),
    )


def _domains(url: str) -> list[str]:
    """The host `url` leads to, and the domains above it down to two labels."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return []
    labels = host.removeprefix("www.").split(".")
    if ":" in host or labels[-1].isdigit():
        return [host]  # an address
    return [".".join(labels[first:]) for first in range(max(1, len(labels) - 1))]
