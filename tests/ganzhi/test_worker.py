"""Worker loops: patience with what is down, and an end for all when one fails."""

from __future__ import annotations

import logging
import threading

import pytest

from ganzhi.errors import Unavailable
from ganzhi.worker import Crew, Worker


def test_worker_goes_on_when_the_far_side_comes_back(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    stop = threading.Event()
    turns: list[str] = []

    def step() -> int:
        turns.append(worker.error)
        if len(turns) <= 3:
            raise Unavailable("the database is down", retry_after_s=0.001)
        stop.set()
        return 1

    worker = Worker("store", step)
    worker.run(stop)
    assert turns == ["", "the database is down", "the database is down", "the database is down"]
    assert worker.error == ""
    assert [record.message for record in caplog.records] == ["store waits: the database is down", "store goes on"]


def test_all_loops_end_when_one_fails(caplog: pytest.LogCaptureFixture) -> None:
    def bad(stop: threading.Event) -> None:
        raise ZeroDivisionError

    def good(stop: threading.Event) -> None:
        stop.wait(30)

    with Crew([("good", good), ("bad", bad)]) as crew:
        assert crew.stop.wait(10)
    assert isinstance(crew.failure, ZeroDivisionError)
    assert [record.message for record in caplog.records] == ["bad failed; the service stops"]
