"""Which visit comes next."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from archiver.core.nights import NightVisit, VisitKind
from archiver.workflows.night.pace import Pace, PaceLimits


def visit(number: int, site: str = "a") -> NightVisit:
    return NightVisit(
        number=number, kind=VisitKind.PAGE, url=f"https://{site}/{number}", site=site, account_id=None, job_id="job_1",
        reason="new",
    )  # fmt: skip


def pace(*visits: NightVisit, **limits: float) -> Pace:
    made = Pace(PaceLimits(**{"delay": 1.0, "per_site": 2, "failures": 3, "rest": 600.0, **limits}))  # type: ignore[arg-type]
    for each in visits:
        made.add(each)
    return made


def test_between_two_visits_to_one_site_the_delay_passes_while_other_sites_go_on() -> None:
    waiting = pace(visit(1), visit(2), visit(3, "b"))
    assert waiting.take(0.0) == visit(1)
    assert waiting.take(0.0) == visit(3, "b")
    assert waiting.take(0.5) is None
    assert waiting.wait(0.5) == 0.5
    assert waiting.take(1.0) == visit(2)


def test_no_more_than_so_many_visits_to_one_site_at_once() -> None:
    waiting = pace(visit(1), visit(2), visit(3), delay=0.0)
    assert [waiting.take(0.0), waiting.take(0.0), waiting.take(0.0)] == [visit(1), visit(2), None]
    waiting.ended("a", 5.0, failed=False)
    assert waiting.take(5.0) == visit(3)


def test_a_site_that_asked_for_rest_is_left_alone_until_then() -> None:
    waiting = pace(visit(1), visit(2, "b"))
    waiting.rest("a", 3600.0, "a asked to be left alone")
    assert waiting.take(0.0) == visit(2, "b")
    assert waiting.take(3599.0) is None
    assert waiting.sites() == {"a": "a asked to be left alone"}
    assert waiting.take(3600.0) == visit(1)


def test_after_failures_in_a_row_a_site_rests_then_one_visit_tells() -> None:
    waiting = pace(*(visit(n) for n in range(10)), delay=0.0)
    for moment in range(3):
        assert waiting.take(moment)
        assert not waiting.ended("a", moment, failed=True, why="down")
    assert waiting.take(100.0) is None
    assert waiting.take(602.0) is not None
    assert waiting.take(602.0) is None, "only one is tried"
    assert waiting.ended("a", 603.0, failed=True, why="still down")
    assert [each.number for each in waiting.give_up("a")] == [4, 5, 6, 7, 8, 9]
    assert waiting.wait(603.0) is None


def test_a_site_that_is_well_again_after_its_rest_goes_on_as_before() -> None:
    waiting = pace(*(visit(n) for n in range(10)), delay=0.0)
    for moment in range(3):
        waiting.take(moment)
        waiting.ended("a", moment, failed=True)
    waiting.take(602.0)
    assert not waiting.ended("a", 603.0, failed=False)
    assert waiting.take(603.0)
    assert waiting.take(603.0)


def test_one_that_was_under_way_when_the_site_was_left_alone_is_no_trial() -> None:
    waiting = pace(*(visit(n) for n in range(6)), delay=0.0, failures=1)
    waiting.take(0.0)
    waiting.take(0.0)
    assert not waiting.ended("a", 1.0, failed=True)
    assert not waiting.ended("a", 2.0, failed=True), "begun before the rest"
    assert waiting.take(601.0) is not None


def test_failures_that_are_not_in_a_row_leave_a_site_at_work() -> None:
    waiting = pace(*(visit(n) for n in range(9)), delay=0.0)
    for moment in range(9):
        assert waiting.take(moment)
        waiting.ended("a", moment, failed=moment % 3 != 2)


def test_a_visit_put_back_waits_its_time_and_holds_up_nobody() -> None:
    waiting = pace(visit(2), delay=0.0)
    waiting.add(visit(1), not_before=40.0)
    assert waiting.take(0.0) == visit(2)
    waiting.ended("a", 1.0, failed=False)
    assert waiting.wait(1.0) == 39.0
    assert waiting.take(40.0) == visit(1)


@given(
    st.lists(st.tuples(st.integers(0, 99), st.sampled_from("abc")), unique=True, max_size=40),
    st.lists(st.booleans(), min_size=1, max_size=40),
)
def test_every_visit_is_taken_once_or_given_up(named: list[tuple[int, str]], fates: list[bool]) -> None:
    waiting, now, ended = pace(*(visit(*each) for each in named)), 0.0, list[str]()
    for step in range(10_000):
        wait = waiting.wait(now)
        if wait is None:
            break
        now += wait
        taken = waiting.take(now)
        assert taken is not None, "what need not wait can be taken"
        ended.append(taken.url)
        if waiting.ended(taken.site, now, failed=fates[step % len(fates)]):
            ended += [each.url for each in waiting.give_up(taken.site)]
    assert sorted(ended) == sorted(visit(*each).url for each in named)
