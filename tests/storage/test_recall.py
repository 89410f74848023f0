"""Keys are asked for in few clusters of time, and every key in one of them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ganzhi.clock import NS_PER_S
from storage.recall import MOST_SPANS, SPAN_NS, clusters
from tests.storage.plant import T0


@given(st.lists(st.integers(0, 10**17), min_size=1, max_size=400), st.booleans())
def test_every_key_is_in_one_cluster_and_clusters_are_few(since: list[int], joined: bool) -> None:
    time = T0 + np.array(since)
    found = clusters(time, joined=joined)
    assert sorted(np.concatenate(found).tolist()) == list(range(len(time)))
    assert len(found) <= MOST_SPANS + 1
    longest = max(SPAN_NS, int(np.ptp(time)) // MOST_SPANS + 1)
    for rows in found:
        assert (np.diff(time[rows]) >= 0).all()
        assert joined or np.ptp(time[rows]) < longest


def test_what_touches_is_joined() -> None:
    time = T0 + np.concatenate([np.arange(100), 500 + np.arange(100)]) * NS_PER_S
    assert [len(rows) for rows in clusters(time, joined=True)] == [100, 100]
    assert [len(rows) for rows in clusters(time, joined=False)] == [10] * 20
