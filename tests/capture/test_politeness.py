from __future__ import annotations

from datetime import datetime

import pytest

from capture.politeness import LONGEST_REST, seconds_to_rest


@pytest.mark.parametrize(
    ("stated", "seconds"),
    [
        ("3600", 3600.0),
        (" 0 ", 0.0),
        ("Sat, 21 Nov 2026 08:45:00 GMT", 3600.0),
        ("Sat, 21 Nov 2026 06:45:00 GMT", 0.0),
        ("1795250700", 3600.0),
        ("99999999", LONGEST_REST),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("٦٠", None),
    ],
)
def test_a_retry_after_header_says_how_long_a_site_is_left_alone(
    now: datetime, stated: str, seconds: float | None
) -> None:
    assert seconds_to_rest(stated, now) == seconds
