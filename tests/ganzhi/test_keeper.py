"""When the state of detection is saved, and what happens when it cannot be."""

from __future__ import annotations

import time

import numpy as np
import pytest

from ganzhi.errors import Unavailable
from ganzhi.keeper import Arrays, Keeper


class Room:
    """A keeper, what it saved, and what the log was told it may forget."""

    def __init__(self, period_s: float = 0.0) -> None:
        self.saved: list[tuple[int, float]] = []
        self.passed: list[int] = []
        self.down = False
        self.state = np.zeros(1)
        self.keeper = Keeper(
            capture=lambda: {"a": self.state.copy()},
            save=self.save,
            passed=self.passed.append,
            clock=lambda: 5,
            period_s=period_s,
        )

    def save(self, arrays: Arrays, seq: int) -> int:
        if self.down:
            raise Unavailable("the disk is full")
        self.saved.append((seq, float(arrays["a"][0])))
        return 8

    def step(self, seq: int) -> None:
        self.keeper.begin()
        self.state[0] = seq
        self.keeper.done(seq)


def until(done: object) -> None:
    assert callable(done)
    deadline = time.monotonic() + 5
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_state_and_block_belong_together_and_the_last_is_saved_on_stop() -> None:
    room = Room(period_s=1000.0)
    with room.keeper:
        for seq in range(1, 50):
            room.step(seq)
        until(lambda: room.saved)
        assert room.saved == [(1, 1.0)]
    assert room.saved == [(1, 1.0), (49, 49.0)]
    assert room.passed == [1, 49]
    assert (room.keeper.kept.at, room.keeper.kept.seq, room.keeper.kept.size_bytes) == (5, 49, 8)


def test_nothing_is_saved_twice_on_stop() -> None:
    room = Room(period_s=1000.0)
    with room.keeper:
        room.step(1)
    assert room.saved == [(1, 1.0)]
    with Room().keeper:
        pass


def test_log_keeps_what_is_needed_while_the_state_cannot_be_saved() -> None:
    room = Room()
    room.down = True
    with room.keeper:
        room.step(1)
        until(lambda: room.keeper.kept.error)
        assert room.passed == []
        room.down = False

        def passed() -> bool:
            room.step(2)
            return bool(room.passed)

        until(passed)
    assert room.keeper.kept.error == ""


def test_state_is_left_as_it_was_saved_when_the_service_failed() -> None:
    room = Room(period_s=1000.0)
    with pytest.raises(RuntimeError), room.keeper:
        room.step(1)
        until(lambda: room.saved)
        room.step(2)
        raise RuntimeError
    assert room.saved == [(1, 1.0)]


def test_state_is_left_as_it_was_saved_when_a_batch_was_in_hand() -> None:
    room = Room(period_s=1000.0)
    with room.keeper:
        room.step(1)
        until(lambda: room.saved)
        room.step(2)
        room.keeper.begin()
        room.state[0] = 3
    assert room.saved == [(1, 1.0)]
