"""Moments as pages write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.extraction.dates import read_moment


@pytest.mark.parametrize(
    ("stated", "moment"),
    [
        ("2026-01-05T18:00:00+05:30", datetime(2026, 1, 5, 12, 30, tzinfo=UTC)),
        ("2026-01-05T18:00:00+0530", datetime(2026, 1, 5, 12, 30, tzinfo=UTC)),
        ("2026-01-05T12:30:00Z", datetime(2026, 1, 5, 12, 30, tzinfo=UTC)),
        ("2026-01-05 12:30", datetime(2026, 1, 5, 12, 30, tzinfo=UTC)),
        ("2026-01-05", datetime(2026, 1, 5, tzinfo=UTC)),
        ("2026-01", datetime(2026, 1, 1, tzinfo=UTC)),
        ("Mon, 05 Jan 2026 13:30:00 +0100", datetime(2026, 1, 5, 12, 30, tzinfo=UTC)),
        ("1767616200", datetime(2026, 1, 5, 12, 30, tzinfo=UTC)),
        (1767616200000, datetime(2026, 1, 5, 12, 30, tzinfo=UTC)),
        ("2026-13-45", None),
        ("0000-00-00T00:00:00", None),
        ("0001-01-01T00:00:00+05:30", None),
        ("9999-12-31T23:59:59-12:00", None),
        ("yesterday", None),
        ("", None),
        (None, None),
        (True, None),
    ],
)
def test_a_stated_moment(stated: object, moment: datetime | None) -> None:
    assert read_moment(stated) == moment


@given(st.one_of(st.text(), st.integers(), st.floats(), st.datetimes().map(str)))
def test_nothing_stated_raises(stated: object) -> None:
    moment = read_moment(stated)
    assert moment is None or (moment.utcoffset() is not None and moment.year >= 1970)


OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(
    st.datetimes(
        min_value=datetime.fromisoformat("1971-01-01"),
        max_value=datetime.fromisoformat("2198-12-30"),
        timezones=OFFSETS,
    )
)
def test_every_moment_with_an_offset_is_read_back(moment: datetime) -> None:
    assert read_moment(moment.isoformat()) == moment
