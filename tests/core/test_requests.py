"""Requests: numbered by the year received, with searches that never change."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from archiver.core.archive import Archive
from archiver.core.errors import BadInput, NotFound
from archiver.core.records import RecordId
from archiver.core.requests import FiledProduction, InformationRequest

FIRST, SECOND = RecordId("rec_0000000000000001"), RecordId("rec_0000000000000002")


def open_request(
    archive: Archive, now: datetime, received: date = date(2026, 11, 20), **texts: str
) -> InformationRequest:
    values = {"law": "RTI Act 2005", "requester": "Zoya خان", "subject": "পানী যোগান", **texts}
    return archive.requests.open(**values, received=received, today=date(2026, 11, 21), now=now, actor="per_1")


def test_a_request_comes_back_with_all_that_was_told(archive: Archive, now: datetime) -> None:
    request = open_request(archive, now)
    assert request == InformationRequest(
        number="REQ-2026-0001",
        law="RTI Act 2005",
        received=date(2026, 11, 20),
        requester="Zoya خان",
        subject="পানী যোগান",
        status="open",
        opened=now,
    )
    assert archive.requests.requests() == [request]
    assert archive.requests.request(" req-2026-0001\n") == request


def test_requests_are_numbered_within_the_year_received(archive: Archive, now: datetime) -> None:
    days = [date(2026, 1, 1), date(2025, 12, 31), date(2026, 11, 21), date(2025, 1, 2)]
    assert [open_request(archive, now, day).number for day in days] == [
        "REQ-2026-0001", "REQ-2025-0001", "REQ-2026-0002", "REQ-2025-0002",
    ]  # fmt: skip
    assert [each.received for each in archive.requests.requests()] == sorted(days)


def test_the_ten_thousandth_request_has_its_own_number(archive: Archive, now: datetime) -> None:
    open_request(archive, now)
    archive.db.conn.execute("UPDATE requests SET number = 'REQ-2026-9999'")
    assert open_request(archive, now).number == "REQ-2026-10000"
    assert open_request(archive, now).number == "REQ-2026-10001"


def test_a_request_received_today_is_taken_though_it_is_yesterday_in_utc(archive: Archive) -> None:
    """At 02:00 in Sivasagar it is 20:30 of the day before in UTC."""
    request = archive.requests.open(
        law="RTI Act 2005",
        received=date(2026, 11, 22),
        requester="Zoya",
        subject="পানী",
        today=date(2026, 11, 22),
        now=datetime.fromisoformat("2026-11-22T02:00:00+05:30"),
        actor="per_1",
    )
    assert request.received == date(2026, 11, 22)
    assert archive.requests.request(request.number).opened == datetime.fromisoformat("2026-11-21T20:30:00Z")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"law": " "}, "a request needs its law"),
        ({"requester": ""}, "a request needs its requester"),
        ({"subject": "\n"}, "a request needs its subject"),
        ({"received": date(2026, 11, 22)}, "cannot have been received on 2026-11-22, which is yet to come"),
    ],
)
def test_an_incomplete_request_is_refused(
    archive: Archive, now: datetime, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        open_request(archive, now, **changes)
    assert archive.requests.requests() == []


def test_an_unknown_request_is_not_found(archive: Archive) -> None:
    with pytest.raises(NotFound, match="no request REQ-2026-0001"):
        archive.requests.request("REQ-2026-0001")


def freeze(archive: Archive, request: InformationRequest, at: datetime, hits: list[tuple[str, RecordId]]) -> None:
    archive.requests.freeze_hits(
        request,
        query='পানী "بند"',
        interpreted="(পানী AND بند)",
        analyser_version="3",
        watermark=17,
        hits=hits,
        now=at,
        actor="per_1",
    )


def test_a_search_is_declared_with_what_it_asked_and_found(archive: Archive, now: datetime) -> None:
    request = open_request(archive, now)
    freeze(archive, request, now, [(f"{FIRST}/1", FIRST), (f"{FIRST}/2", FIRST)])
    (search,) = archive.requests.searches(request)
    assert (search.query, search.interpreted, search.analyser_version) == ('পানী "بند"', "(পানী AND بند)", "3")
    assert (search.watermark, search.total, search.at, search.actor) == (17, 2, now, "per_1")


def test_a_new_search_adds_to_the_hits_and_changes_none(archive: Archive, now: datetime) -> None:
    request, other = open_request(archive, now), open_request(archive, now)
    freeze(archive, request, now, [(f"{SECOND}/1", SECOND), (f"{FIRST}/1", FIRST)])
    before = archive.requests.searches(request)
    freeze(archive, request, now + timedelta(hours=1), [(f"{FIRST}/1", FIRST), (f"{FIRST}/2", FIRST)])
    freeze(archive, other, now, [(f"{FIRST}/9", FIRST)])
    assert archive.requests.searches(request)[:1] == before
    assert [each.total for each in archive.requests.searches(request)] == [2, 2]
    hits = archive.requests.hits(request)
    assert hits == {FIRST: {f"{FIRST}/1", f"{FIRST}/2"}, SECOND: {f"{SECOND}/1"}}
    assert list(hits) == [FIRST, SECOND]


def test_a_search_that_found_nothing_is_declared_too(archive: Archive, now: datetime) -> None:
    request = open_request(archive, now)
    freeze(archive, request, now, [])
    assert [each.total for each in archive.requests.searches(request)] == [0]
    assert archive.requests.hits(request) == {}


def test_a_production_is_filed_with_its_request(archive: Archive, now: datetime) -> None:
    request = open_request(archive, now)
    production = FiledProduction(
        id="prd_1",
        request_number=request.number,
        path="productions/REQ-2026-0001",
        sha256="sha256:" + "ab" * 32,
        records=2,
        items=5,
        made_at=now,
        made_by="per_1",
    )
    archive.requests.file_production(production)
    assert archive.requests.productions(request) == [production]
    assert archive.requests.request(request.number).status == "produced"
