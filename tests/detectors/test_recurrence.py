"""A step that is told once runs over arrays and over plain floats alike."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.recurrence import Columns, Recurrence
from detectors.rows import Rows
from ganzhi.records import Floats

HALF = 0.5
WIDE = 200
"""Points in a round that is worth numpy's calls, whatever the number of rounds."""


def _step(state: Columns, row: Columns, own: Columns) -> tuple[Columns, Columns]:
    total, most, calm = state
    x, again = row
    gain, offset = own
    if again.any():
        total = np.where(again, 0.0, total)
    low, high = _ordered(x, total)
    size = np.abs(x - offset)
    total += gain * (x - total)
    most = np.maximum(most, -HALF * size)
    near = (size < 2.0) & ~(x > high) | (low >= x)
    calm = (calm + near) * near
    root = np.sqrt(np.maximum(size, 0.0)) / np.maximum(size, 1.0)
    signed: Floats = np.copysign(root, -x)
    return (total, most, calm), (signed, low, np.minimum(high, most) + calm)


def _ordered(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    least = np.minimum(a, b)
    return least, np.maximum(a, b)


STEP = Recurrence(_step)


def rows(points: int, times: int) -> Rows:
    """Each point once a round."""
    n = points * times
    slot = np.tile(np.arange(points), times)
    nothing = np.zeros(n)
    return Rows(slot, nothing.astype(np.int64), nothing, nothing.astype(np.uint8), np.arange(0, n + 1, points), 0, 0)


@given(
    st.lists(st.tuples(st.floats(-1e150, 1e150), st.booleans()), min_size=1, max_size=20),
    st.floats(0, 1),
    st.floats(-5, 5),
)
def test_arrays_and_plain_floats_give_the_same_bits(
    readings: list[tuple[float, bool]], gain: float, offset: float
) -> None:
    x = np.array([x for x, _ in readings])
    again = np.array([again for _, again in readings])
    told = []
    for points in (1, WIDE):
        taken = rows(points, len(readings))
        assert taken.narrow == (0 if points == 1 else len(taken))
        memory = np.zeros((points, 3))
        found = STEP.run(
            taken, memory, (np.repeat(x, points), np.repeat(again, points)), (np.full(points, gain), offset)
        )
        told.append([*(column[::points].tobytes() for column in found), memory[0].tobytes()])
        assert all((column.reshape(-1, points) == column.reshape(-1, points)[:, :1]).all() for column in found)
    assert told[0] == told[1]


def _with_exp(state: Columns, row: Columns, own: Columns) -> tuple[Columns, Columns]:
    (level,) = state
    (x,) = row
    () = own
    level = level + np.exp(x)
    return (level,), (level,)


def _with_loop(state: Columns, row: Columns, own: Columns) -> tuple[Columns, Columns]:
    (level,) = state
    (x,) = row
    () = own
    for _ in range(2):
        level = level + x
    return (level,), (level,)


def _with_power(state: Columns, row: Columns, own: Columns) -> tuple[Columns, Columns]:
    (level,) = state
    (x,) = row
    () = own
    level = level + x**2
    return (level,), (level,)


@pytest.mark.parametrize("step", [_with_exp, _with_loop, _with_power])
def test_a_step_is_refused_when_it_may_mean_something_else_for_numbers(step: object) -> None:
    with pytest.raises(TypeError, match="not for one number"):
        Recurrence(step)  # type: ignore[arg-type]
