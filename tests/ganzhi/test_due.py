"""What the scheduler calls."""

from __future__ import annotations

import logging

import pytest

from ganzhi.due import Due
from ganzhi.errors import Unavailable


def test_a_ledger_that_is_away_is_told_once_and_deadlines_go_on(caplog: pytest.LogCaptureFixture) -> None:
    away = [True]
    calls = []

    def clockwork() -> int:
        calls.append(away[0])
        if away[0]:
            raise Unavailable("the ledger is away")
        return 1

    due = Due(clockwork)
    with caplog.at_level(logging.INFO):
        due()
        due()
        away[0] = False
        due()
        due()
    assert [record.message for record in caplog.records] == [
        "deadlines wait: the ledger is away",
        "deadlines go on",
    ]
    assert len(calls) == 4


def test_a_bug_is_not_hidden() -> None:
    def broken() -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Due(broken)()
