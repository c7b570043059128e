"""When a site may be asked again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.core.records import Outcome
from capture.verdict.throttling import PASSING, RetryPolicy, next_attempt, reset_moment

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
UNIX = int(NOW.timestamp())


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "120"}, 120),
        ({"retry-after": "120s"}, 120),
        ({"retry-after": "Sat, 21 Nov 2026 09:05:00 GMT"}, 300),
        ({"retry-after-ms": "1500"}, 1.5),
        ({"ratelimit": "limit=100, remaining=0, reset=50"}, 50),
        ({"ratelimit": '"default";r=0;t=50'}, 50),
        ({"ratelimit": '"burst";r=0;t=5, "day";r=0;t=86400'}, 86400),
        ({"ratelimit-reset": "45"}, 45),
        ({"x-ratelimit-reset": str(UNIX + 900), "x-ratelimit-remaining": "0"}, 900),
        ({"x-rate-limit-reset": str(UNIX + 900)}, 900),
        ({"x-ratelimit-reset": str((UNIX + 900) * 1000)}, 900),
        ({"x-ratelimit-reset": "2026-11-21T09:10:00.000Z"}, 600),
        ({"x-ratelimit-reset": "237.5"}, 237.5),
        (
            {"x-business-use-case-usage": json.dumps({"77": [{"estimated_time_to_regain_access": 19}]})},
            19 * 60,
        ),
        ({"retry-after": "60", "x-ratelimit-reset": str(UNIX + 900)}, 900),
    ],
)
def test_the_moment_is_read_from_whatever_header_states_it(headers: dict[str, str], seconds: float) -> None:
    assert reset_moment(headers, NOW) == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"retry-after": ""},
        {"retry-after": "soon"},
        {"retry-after": "-5"},
        {"retry-after": "١٢٠"},
        {"retry-after": "Sat, 21 Nov 2020 09:05:00 GMT"},
        {"retry-after": "99999999999"},
        {"x-ratelimit-reset": str(UNIX + 900), "x-ratelimit-remaining": "7"},
        {"x-business-use-case-usage": "[1]"},
        {"x-business-use-case-usage": '{"7": [3, {"estimated_time_to_regain_access": "x"}]}'},
    ],
)
def test_nonsense_the_past_and_a_budget_that_is_not_spent_state_no_moment(headers: dict[str, str]) -> None:
    assert reset_moment(headers, NOW) is None


NAMES = st.sampled_from(["retry-after", "ratelimit", "x-ratelimit-reset", "x-app-usage", "retry-after-ms"])


@given(st.dictionaries(NAMES, st.text(max_size=40)))
def test_whatever_a_site_sends_the_moment_is_in_the_next_days_or_none(headers: dict[str, str]) -> None:
    moment = reset_moment(headers, NOW)
    assert moment is None or NOW <= moment <= NOW + timedelta(days=7)


@dataclass(frozen=True)
class Ended:
    outcome: Outcome
    cause: str = ""
    retry_after: datetime | None = None


POLICY = RetryPolicy(retries=3, first_wait=4, longest_wait=10, throttle_wait=60)


@pytest.mark.parametrize("cause", sorted(PASSING))
def test_what_passes_by_itself_is_tried_again_after_doubling_waits(cause: str) -> None:
    ended = Ended(Outcome.FAILED, cause)
    waits = [next_attempt(ended, attempt, NOW, policy=POLICY) for attempt in (1, 2, 3, 4)]
    assert waits == [NOW + timedelta(seconds=each) for each in (4, 8, 10)] + [None]


def test_jitter_lengthens_a_wait_by_up_to_a_half() -> None:
    ended = Ended(Outcome.FAILED, "timeout")
    assert next_attempt(ended, 1, NOW, policy=POLICY, jitter=1.0) == NOW + timedelta(seconds=6)


@pytest.mark.parametrize(
    "ended",
    [Ended(outcome) for outcome in Outcome if outcome is not Outcome.FAILED]
    + [
        Ended(Outcome.FAILED, cause)
        for cause in ("not_found", "gone", "dns", "connection_refused", "certificate", "site_error", "tombstone", "")
    ],
    ids=lambda each: f"{each.outcome} {each.cause}",
)
def test_nothing_else_is_tried_again(ended: Ended) -> None:
    assert next_attempt(ended, 1, NOW, policy=POLICY) is None


def test_a_short_throttling_is_waited_out_and_a_long_one_ends_the_capture() -> None:
    short = Ended(Outcome.THROTTLED, "rate_limit", NOW + timedelta(seconds=50))
    long = Ended(Outcome.THROTTLED, "rate_limit", NOW + timedelta(hours=1))
    assert next_attempt(short, 1, NOW, policy=POLICY) == NOW + timedelta(seconds=51)
    assert next_attempt(long, 1, NOW, policy=POLICY) is None


@given(
    outcome=st.sampled_from(Outcome),
    cause=st.sampled_from([*sorted(PASSING), "not_found"]),
    later=st.one_of(st.none(), st.integers(-100, 10**6).map(lambda each: NOW + timedelta(seconds=each))),
    attempt=st.integers(1, 9),
    jitter=st.floats(0, 1),
)
def test_an_attempt_lies_ahead_and_their_number_is_bounded(
    outcome: Outcome, cause: str, later: datetime | None, attempt: int, jitter: float
) -> None:
    moment = next_attempt(Ended(outcome, cause, later), attempt, NOW, policy=POLICY, jitter=jitter)
    assert moment is None or moment > NOW
    assert moment is None or attempt <= POLICY.retries
