"""Rows in rounds."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from detectors.rows import Rows, Scope, in_rounds
from tests.detectors.stream import rule


@given(st.lists(st.integers(0, 9), max_size=50))
def test_each_round_holds_a_key_once_and_keys_keep_their_order(keys: list[int]) -> None:
    key = np.array(keys, np.intp)
    order, starts = in_rounds(key, np.full(10, -7, np.int32))
    if order is None:
        assert len(set(keys)) == len(keys)
        order = np.arange(len(key))
    assert sorted(order.tolist()) == list(range(len(key)))
    rounds = [order[a:b].tolist() for a, b in pairwise(starts)]
    seen: dict[int, list[int]] = {}
    for k, members in enumerate(rounds):
        assert len({keys[row] for row in members}) == len(members)
        for row in members:
            seen.setdefault(keys[row], []).append(row)
            assert len(seen[keys[row]]) == k + 1
    assert all(rows == sorted(rows) for rows in seen.values())


def scope(points: list[int], n_points: int) -> Scope:
    return Scope(rule("value", [1, 2, 3, 4], points=points), n_points)


def made(point: list[int], starts: list[int]) -> Rows:
    n = len(point)
    slot = np.array(point, np.intp)
    return Rows(slot, np.arange(n), np.arange(n, dtype=np.float64), np.zeros(n, np.uint8), starts, 0, 0)


def test_a_scope_chooses_its_points_in_their_rounds() -> None:
    rows = made([4, 2, 0, 4, 2, 2], [0, 3, 5, 6])
    chosen = scope([2, 5, 0], 6).choose(rows)
    assert chosen.slot.tolist() == [0, 2, 0, 0]
    assert chosen.value.tolist() == [1, 2, 4, 5]
    assert [chosen.slot[part].tolist() for part in chosen.rounds()] == [[0, 2], [0], [0]]


def test_a_round_may_be_left_empty() -> None:
    rows = made([1, 0, 1, 1], [0, 2, 3, 4])
    chosen = scope([0], 2).choose(rows)
    assert [chosen.value[part].tolist() for part in chosen.rounds()] == [[1.0]]


def test_a_scope_knows_where_a_point_is_kept() -> None:
    watched = scope([2, 5], 6)
    assert [watched.slot(point) for point in (2, 5, 0, 6, -1)] == [0, 1, None, None, None]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=60), st.integers(1, 60))
def test_every_row_is_in_a_wide_round_or_with_its_point_and_knows_the_one_before(keys: list[int], copies: int) -> None:
    key = np.repeat(np.array(keys, np.intp) * copies, copies) + np.tile(np.arange(copies), len(keys))
    order, starts = in_rounds(key, np.empty(10 * copies, np.int32))
    key = key if order is None else key[order]
    n = len(key)
    rows = Rows(key, np.arange(n) + 100, np.zeros(n), np.zeros(n, np.uint8), starts, 0, 0)
    parts = [*(list(range(part.start, part.stop)) for part in rows.wide())]
    parts += [np.arange(n)[index].tolist() for _, index in rows.points()]
    assert sorted(row for part in parts for row in part) == list(range(n))
    assert all(set(key[index]) == {slot} for slot, index in rows.points())
    last = np.arange(10 * copies)
    before = rows.before(last, rows.time)
    newest: dict[int, int] = {}
    for row in (row for part in parts for row in part):
        assert before[row] == newest.get(key[row], key[row])
        newest[key[row]] = rows.time[row]
    assert last.tolist() == [newest.get(slot, slot) for slot in range(10 * copies)]
