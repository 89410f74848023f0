"""Stable keys of points. An index into the catalogue changes when the catalogue does; a key never does.

The log and DuckDB name points on disk by a key of their own, given in the order in which ids were first seen.
Where the catalogue only ever grew at its end, index and key are equal and the mapping costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ganzhi.records import Int32s, Int64s, ReadingBlock

GONE = -1
"""Index of a key whose point is not in the present catalogue."""


NONE = np.empty(0, np.intp)
"""No rows."""

NEVER = int(np.iinfo(np.int64).min)
"""Newest time of a point that was never heard of."""


class Owners:
    """Whose every key is: `of_key` int (n_keys,) are places in `names`, so that rows are counted without a look-up."""

    def __init__(self, enterprise_of_key: Sequence[str]) -> None:
        self.names = sorted(set(enterprise_of_key))
        place = {name: i for i, name in enumerate(self.names)}
        self.of_key = np.array([place[name] for name in enterprise_of_key], np.intp)

    def __iter__(self) -> Iterator[str]:
        """The enterprise of key 0, 1, 2, …"""
        return (self.names[i] for i in self.of_key.tolist())


class PointKeys:
    """Maps the present catalogue's indices to stable keys and back.

    `known` are the ids that have keys, in the order of their keys 0, 1, 2, …; `new_ids` those to be added after
    them by whoever keeps the table. `enterprises` and `known_enterprises` go with them, where somebody counts by them.
    """

    def __init__(
        self,
        *,
        ids: Sequence[str],
        known: Sequence[str],
        enterprises: Sequence[str] | None = None,
        known_enterprises: Sequence[str] = (),
    ) -> None:
        if len(set(ids)) != len(ids):
            raise ValueError("two points have one id")
        key_of_id = {id_: key for key, id_ in enumerate(known)}
        self.new_ids = [id_ for id_ in ids if id_ not in key_of_id]
        key_of_id.update((id_, len(known) + i) for i, id_ in enumerate(self.new_ids))
        owner = dict(zip(ids, enterprises or [""] * len(ids), strict=True))
        gone = dict(zip(known, known_enterprises, strict=False))
        self.owners = Owners([owner.get(id_, gone.get(id_, "")) for id_ in key_of_id])
        self.n_points = len(ids)
        self.n_keys = len(key_of_id)
        self.key_of_index: Int32s = np.fromiter((key_of_id[id_] for id_ in ids), np.int32, len(ids))
        self.index_of_key: Int32s = np.full(self.n_keys, GONE, np.int32)
        self.index_of_key[self.key_of_index] = np.arange(self.n_points, dtype=np.int32)
        self._same = bool((self.key_of_index == np.arange(self.n_points)).all())

    def keys(self, point: Int32s) -> Int32s:
        """Keys (n,) of catalogue indices (n,). Raises ValueError for an index outside the catalogue."""
        if len(point) and (int(point.max()) >= self.n_points or int(point.min()) < 0):
            raise ValueError(f"a point index outside the catalogue of {self.n_points} points")
        return point if self._same else self.key_of_index.take(point)

    def indexed(self, block: ReadingBlock) -> tuple[ReadingBlock, NDArray[np.intp]]:
        """A block named by keys as one named by indices, and the rows that were left out: their point is gone."""
        if self._same and self.n_keys == self.n_points:
            return block, NONE
        point = self.index_of_key.take(block.point)
        mapped = ReadingBlock(point, block.time, block.value, block.quality, block.received, block.now)
        gone = np.flatnonzero(point == GONE)
        return (mapped.rows(point != GONE), gone) if len(gone) else (mapped, NONE)

    def by_key(self, per_point: Int64s, rest: Int64s) -> Int64s:
        """An array per index as one per key; a key that has no index, or no entry, keeps what `rest` says of it."""
        result: Int64s = np.full(self.n_keys, NEVER, np.int64)
        result[: len(rest)] = rest
        result[self.key_of_index[: len(per_point)]] = per_point
        return result

    def by_index(self, per_key: Int64s) -> Int64s:
        """An array per key as one per index; a key beyond its end counts as never."""
        full: Int64s = np.full(self.n_keys, NEVER, np.int64)
        full[: len(per_key)] = per_key
        return full.take(self.key_of_index)
