"""From an information request to a bundle: register, search with frozen hits, produce with proofs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from archiver.core.archive import Archive
from archiver.core.checkpoints import Checkpoint
from archiver.core.errors import BadInput, ProductionRefused
from archiver.core.events import EventType
from archiver.core.merkle import InclusionProver
from archiver.core.people import Permission, Person
from archiver.core.progress import Progress, silent
from archiver.core.records import CaptureId, RecordId, new_id
from archiver.core.request_files import RequestDetails, new_requester_id
from archiver.core.requests import FiledProduction, InformationRequest, SearchDeclaration
from archiver.workflows.search.find import freeze
from exports.bundle.produced import ProducedCapture, ProducedRecord, ProducedRequest, ProducedSearch, Production
from exports.bundle.production import make_production
from exports.requests.law_rules import find_law


@dataclass(frozen=True, kw_only=True)
class Produced:
    """A finished production and the bundle's place."""

    filed: FiledProduction
    production: Production


def open_request(
    archive: Archive,
    *,
    law: str,
    received: date,
    requester: str,
    subject: str,
    actor: Person,
    now: datetime,
    contact: str = "",
    details: RequestDetails | None = None,
) -> InformationRequest:
    """Register a request; who asks is kept apart from it. Raises BadInput."""
    actor.require(Permission.ANSWER)
    if not requester.strip():
        raise BadInput("a request needs its requester")
    known, apart = find_law(law), new_requester_id()
    with archive.change(at=now, actor=actor.id) as change:
        request = archive.requests.open(
            law=law,
            received=received,
            requester=apart,
            subject=subject,
            today=now.astimezone(archive.settings.archive.zone).date(),
            now=now,
            actor=actor.id,
        )
        archive.request_files.add_requester(apart, request.number, requester, contact)
        archive.request_files.add_details(
            replace(
                details or RequestDetails(number=request.number),
                number=request.number,
                law_code=known.code if known else "",
            )
        )
        change.record(
            EventType.REQUEST_OPENED,
            [request.number],
            {"received": received.isoformat()},
            commits=[("requests", request.number), ("requesters", apart), ("request_details", request.number)],
        )
    return request


def search_for_request(
    archive: Archive,
    number: str,
    query: str,
    *,
    actor: Person,
    now: datetime,
    whole_threads: bool = False,
    progress: Progress = silent,
) -> SearchDeclaration:
    """Search, and keep every hit with the request as it stood, with `whole_threads` every item of its threads.

    Raises BadQuery, NotFound.
    """
    actor.require(Permission.ANSWER)
    request = archive.requests.request(number)
    frozen = freeze(archive, query, now=now, whole_threads=whole_threads, progress=progress)
    with archive.change(at=now, actor=actor.id) as change:
        search = archive.requests.freeze_hits(
            request,
            query=query,
            interpreted=frozen.interpreted,
            analyser_version=str(frozen.analyser_version),
            watermark=frozen.watermark,
            hits=frozen.hits,
            now=now,
            actor=actor.id,
        )
        change.record(
            EventType.REQUEST_SEARCHED,
            [request.number],
            {"search": search.id, "total": search.total, "watermark": search.watermark},
            commits=[("request_searches", search.id)],
        )
    return search


def produce(
    archive: Archive,
    number: str,
    *,
    actor: Person,
    now: datetime,
    into: Path | None = None,
    progress: Progress = silent,
) -> Produced:
    """Make the bundle of every record the request's searches hit. Raises ProductionRefused, EvidenceDamaged.

    `into` is the directory the bundle is made in; None: the archive's `productions/`.
    """
    actor.require(Permission.ANSWER)
    request = archive.requests.request(number)
    hits = archive.requests.hits(request)
    if not hits:
        raise ProductionRefused(
            f"{request.number} has no hits to produce: search for it with "
            f"`archiver request search {request.number} QUERY`"
        )
    if archive.reviews.decisions(request.number) or archive.redactions.standing(request.number):
        raise ProductionRefused(
            f"{request.number} has decisions or redactions, and this bundle would ship originals whole: "
            f"use `archiver production make {request.number}`"
        )
    id = new_id("prod")
    where = into if into is not None else archive.directory / "productions"
    made = make_production(
        describe_request(archive, request),
        _records(archive, hits, progress),
        into=where / f"{request.number}-{id[5:]}",
        production_id=id,
        made_at=now,
        made_by=actor.name,
        trail=prove_captures(archive, list(hits), now=now),
        asked=len(hits),
        progress=silent,
    )
    filed = FiledProduction(
        id=id,
        request_number=request.number,
        path=str(made.path),
        sha256=made.sha256,
        records=made.records,
        items=made.items,
        made_at=now,
        made_by=actor.id,
    )
    with archive.change(at=now, actor=actor.id) as change:
        archive.requests.file_production(filed)
        change.record(
            EventType.PRODUCED,
            [request.number, id],
            {"bundle": made.sha256, "records": made.records, "items": made.items},
            commits=[("productions", id), ("requests", request.number)],
        )
    return Produced(filed=filed, production=made)


def prove_captures(
    archive: Archive, records: Sequence[RecordId], *, now: datetime, each_leaf: bool = False
) -> dict[str, Any]:
    """The events of these records' captures, each with its inclusion proof under a freshly signed checkpoint.

    With `each_leaf` they name their capture and leaf too, so that one can be proved without being shown.
    Raises ProductionRefused where this machine has no key to sign with.
    """
    checkpoint: Checkpoint | None = archive.sign_checkpoint(at=now)
    if checkpoint is None:
        raise ProductionRefused(
            f"this machine has no key to sign the trail of {archive.settings.archive.id} with: restore it to "
            f"{archive.config_directory / 'keys'}, or produce where it is"
        )
    wanted: set[CaptureId] = {each.id for record in records for each in archive.catalogue.captures(record)}
    prover = InclusionProver(archive.trail.leaves()[: checkpoint.size])
    events = [
        {"index": event.seq, "line": event.line, "proof": [each.hex() for each in prover.proof(event.seq)]}
        | ({"capture": event.subjects[-1], "leaf": event.leaf.hex()} if each_leaf else {})
        for event in archive.trail.events()
        if event.type == EventType.CAPTURED and event.subjects[-1] in wanted
    ]
    return {"archive": archive.settings.archive.id, "checkpoint": asdict(checkpoint), "events": events}


def describe_request(archive: Archive, request: InformationRequest) -> ProducedRequest:
    """The request as productions tell of it, with who asked."""
    settings = archive.settings.archive
    return ProducedRequest(
        number=request.number,
        law=request.law,
        received=request.received,
        requester=archive.request_files.requester(request).name,
        subject=request.subject,
        searches=tuple(
            ProducedSearch(
                query=each.query,
                interpreted=each.interpreted,
                total_hits=each.total,
                at=each.at,
                analyser_version=each.analyser_version,
                watermark=each.watermark,
            )
            for each in archive.requests.searches(request)
        ),
        agency=settings.agency,
        jurisdiction=settings.jurisdiction,
        time_zone=settings.time_zone,
    )


def describe_record(archive: Archive, id: RecordId, *, hits: frozenset[str] = frozenset()) -> ProducedRecord:
    """A record with all it holds, as productions and prints show it. Raises NotFound."""
    record = archive.catalogue.record(id)
    accounts = {each.id: each for each in archive.register.accounts()}
    return ProducedRecord(
        record=record,
        account=accounts.get(record.account_id) if record.account_id else None,
        items=tuple(archive.catalogue.items(id)),
        captures=tuple(
            ProducedCapture(
                capture=capture,
                files=tuple(
                    (each, archive.objects.path_of(each.path)) for each in archive.catalogue.objects(capture.id)
                ),
            )
            for capture in archive.catalogue.captures(id)
        ),
        hit_ids=hits,
        observed=archive.catalogue.observed_record(id),
        resolve=archive.resolver(id),
    )


def _records(archive: Archive, hits: dict[RecordId, frozenset[str]], progress: Progress) -> Iterator[ProducedRecord]:
    for number, (id, items) in enumerate(hits.items(), 1):
        produced = describe_record(archive, id, hits=items)
        yield produced
        progress(number, len(hits), produced.record.title)
