"""Scripts: which acts fall into a step, over all repetitions."""

from __future__ import annotations

import itertools

import pytest

from simulators.script import DEMO, QUIET, Act, Script


def act(at_s: float) -> Act:
    return Act(at_s, "tank_farm", "s", "overfill", "1")


def test_act_is_due_once_however_time_is_cut() -> None:
    script = Script((act(0.0), act(40.0), act(99.0)), 100.0)
    edges = [0.0, 0.5, 40.0, 41.0, 60.0, 99.0, 100.0, 139.9, 250.0]
    cut = [found for since, until in itertools.pairwise(edges) for found in script.due(since, until)]
    whole = list(script.due(0.0, 250.0))
    assert cut == whole
    assert [found.at_s for found in whole] == [0.0, 40.0, 99.0, 0.0, 40.0, 99.0, 0.0, 40.0]


def test_nothing_is_due_when_the_city_is_quiet() -> None:
    assert list(QUIET.due(0.0, 1e9)) == []


def test_demo_repeats_every_five_minutes_at_its_speed() -> None:
    assert DEMO.repeat_s / 20 == 300
    assert [(found.at_s / 20, found.accident, found.ends) for found in DEMO.acts] == [
        (5, "overfill", False),
        (30, "leak", False),
        (90, "overfill", True),
        (100, "leak", True),
    ]


@pytest.mark.parametrize("times", [(5.0, 1.0), (1.0, 100.0), (-1.0, 2.0)])
def test_acts_out_of_order_are_refused(times: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="in the order of time"):
        Script(tuple(act(time) for time in times), 100.0)
