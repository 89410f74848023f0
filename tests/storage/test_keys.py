"""Keys that outlive the catalogue's order."""

from __future__ import annotations

import numpy as np
import pytest

from storage.keys import NEVER, PointKeys
from tests.storage.plant import block, rows


def test_indices_are_keys_while_the_catalogue_only_grows() -> None:
    keys = PointKeys(ids=["a", "b", "c"], known=["a", "b"])
    assert keys.new_ids == ["c"]
    point = np.array([2, 0], np.int32)
    assert keys.keys(point) is point
    sent = block([(2, 1, 1.0, 0, 1)], 1)
    found, gone = keys.indexed(sent)
    assert found is sent
    assert gone.tolist() == []


def test_indices_are_mapped_when_the_catalogue_is_reordered() -> None:
    keys = PointKeys(ids=["c", "a", "new"], known=["a", "b", "c"])
    assert keys.new_ids == ["new"]
    assert keys.keys(np.array([0, 1, 2], np.int32)).tolist() == [2, 0, 3]
    found, gone = keys.indexed(block([(0, 1, 1.0, 0, 1), (1, 2, 2.0, 0, 1), (2, 3, 3.0, 0, 1)], 1))
    assert rows(found) == [(1, 1, 1.0, 0, 1), (0, 3, 3.0, 0, 1)]
    assert gone.tolist() == [1]


def test_rows_of_a_point_taken_from_the_end_are_left_out() -> None:
    keys = PointKeys(ids=["a"], known=["a", "b"])
    found, gone = keys.indexed(block([(0, 1, 1.0, 0, 1), (1, 2, 2.0, 0, 1)], 1))
    assert (rows(found), gone.tolist()) == ([(0, 1, 1.0, 0, 1)], [1])


def test_an_array_per_point_follows_its_point() -> None:
    keys = PointKeys(ids=["c", "a", "new"], known=["a", "b", "c"])
    per_key = keys.by_key(np.array([30, 10, 40]), np.array([1, 20]))
    assert per_key.tolist() == [10, 20, 30, 40]
    assert keys.by_index(per_key).tolist() == [30, 10, 40]
    assert keys.by_index(np.array([1, 2])).tolist() == [NEVER, 1, NEVER]


@pytest.mark.parametrize("index", [-1, 2])
def test_keys_refuses_an_index_outside_the_catalogue(index: int) -> None:
    with pytest.raises(ValueError, match="outside the catalogue of 2 points"):
        PointKeys(ids=["a", "b"], known=[]).keys(np.array([0, index], np.int32))


def test_two_points_with_one_id_are_refused() -> None:
    with pytest.raises(ValueError, match="one id"):
        PointKeys(ids=["a", "a"], known=[])
