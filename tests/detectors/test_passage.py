"""The time of a crossing, and its probability, of courses whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.parabola import Course
from detectors.passage import GAIN_MOST, Passage, passage


def course(slope: float, bend: float = 0.0, *, slope_error: float = 0.0, bend_error: float = 0.0) -> Course:
    figures = (0.0, slope, bend, 0.0, slope_error, bend_error, 0.0, 0.0, 1.0)
    return Course(*(np.array([figure]) for figure in figures))


def after(found: Passage, deviations: float = 0.0) -> float:
    return float(found.after(deviations)[0])


def test_a_straight_line_arrives_after_distance_over_speed() -> None:
    assert after(passage(course(2.0), np.array([10.0]), 1.0, 0.1)) == pytest.approx(5.0)
    assert after(passage(course(-2.0), np.array([10.0]), -1.0, 0.1)) == pytest.approx(5.0)


def test_a_line_that_goes_away_or_stands_never_arrives() -> None:
    for slope in (-2.0, 0.0, -5e-324):
        assert after(passage(course(slope), np.array([10.0]), 1.0, 0.1)) == np.inf


def test_nothing_is_left_at_the_target_or_past_it() -> None:
    for distance in (0.0, -3.0):
        assert after(passage(course(-2.0), np.array([distance]), 1.0, 0.1), 1.645) == 0.0


def test_a_level_in_doubt_is_at_the_target_when_it_is_probable() -> None:
    near = Passage(*(np.array([figure]) for figure in (-0.1, -1.0, 0.0, 0.1, 0.0, 0.1)))
    assert after(near) == after(near, 0.9) == 0.0
    assert after(near, 1.1) == np.inf


def test_exponential_growth_arrives_when_it_does() -> None:
    # e^h - 1 with slope 1 and half the second derivative 1/2: the way on is its Padé approximant.
    for distance in (0.5, 1.0, 1.8):
        found = passage(course(1.0, 0.5), np.array([distance]), 1.0, 1.0)
        assert after(found) == pytest.approx(np.log(1 + distance), rel=0.09)


def test_no_growth_arrives_sooner_than_in_a_third_of_the_straight_line() -> None:
    assert after(passage(course(1.0, 1e6), np.array([10.0]), 1.0, 1.0)) == pytest.approx(10.0 / (1 + GAIN_MOST))


def test_what_levels_off_before_the_target_never_arrives() -> None:
    assert after(passage(course(1.0, -0.2), np.array([6.0]), 1.0, 1.0)) == np.inf


def test_a_gain_that_the_fit_does_not_know_is_the_one_known_beforehand() -> None:
    found = passage(course(1.0, 0.5, bend_error=1e3), np.array([10.0]), 1.0, 0.3)
    assert found.gain[0] == pytest.approx(0.0, abs=1e-3)
    assert found.gain_error[0] == pytest.approx(0.3, rel=0.05)


def test_a_course_may_turn_more_where_the_rule_states_more_doubt() -> None:
    pump, leak = (passage(course(1.0), np.array([1.0]), 1.0, curvature) for curvature in (0.02, 0.5))
    assert pump.gain_error[0] == pytest.approx(0.2 * 0.02)
    assert leak.gain_error[0] == pytest.approx(0.2 * 0.5)


@given(
    slope=st.floats(-10, 10),
    bend=st.floats(-10, 10),
    distance=st.floats(0, 1e6),
    errors=st.tuples(st.floats(0, 10), st.floats(0, 10)),
    deviations=st.lists(st.floats(-4, 4), min_size=2, max_size=2).map(sorted),
)
def test_more_certain_is_never_sooner(
    slope: float, bend: float, distance: float, errors: tuple[float, float], deviations: list[float]
) -> None:
    with np.errstate(over="ignore", under="ignore"):
        known = course(slope, bend, slope_error=errors[0], bend_error=errors[1])
        found = passage(known, np.array([distance]), 1.0, 0.5)
        assert after(found, deviations[0]) <= after(found, deviations[1]) * (1 + 1e-12)
