"""Accounts by enterprise and hour: the turn of an hour, a restart, and what is due to be committed."""

from __future__ import annotations

import numpy as np

from ganzhi.clock import NS_PER_HOUR
from ganzhi.records import Reconciled
from ingest.account import Accounts

HOUR = 500_000 * NS_PER_HOUR


def accounts(*saved: Reconciled) -> Accounts:
    return Accounts(enterprises=["a", "b"], point_enterprise=["a", "b", "b"], saved=saved)


def test_readings_are_counted_for_their_own_enterprise_and_hour() -> None:
    books = accounts()
    books.turn(HOUR + 5)
    books.of("a").received += 3
    books.of("who?").received += 1
    books.of("who?").rejected += 1
    books.judged("accepted", np.array([0, 0, 1], np.int32))
    books.judged("late", np.array([], np.int32))
    due = books.due()
    assert due == [
        Reconciled(HOUR, "a", received=3, accepted=2),
        Reconciled(HOUR, "", received=1, rejected=1),
    ]
    books.of("b").received += 1
    assert Reconciled(HOUR, "b", received=1, accepted=1) in books.due()


def test_nothing_is_due_once_it_is_kept_until_it_changes() -> None:
    books = accounts()
    books.turn(HOUR)
    books.of("a").received += 1
    books.kept(books.due())
    assert books.due() == []
    books.of("a").unknown += 1
    assert books.due() == [Reconciled(HOUR, "a", received=1, unknown=1)]


def test_the_last_of_an_hour_is_due_although_the_next_has_begun() -> None:
    books = accounts()
    books.turn(HOUR)
    books.of("a").received += 1
    books.turn(HOUR + NS_PER_HOUR)
    books.of("a").received += 2
    assert books.due() == [Reconciled(HOUR, "a", received=1), Reconciled(HOUR + NS_PER_HOUR, "a", received=2)]
    books.kept(books.due())
    assert books.due() == []
    assert books.totals()["a"]["received"] == 3


def test_an_hour_goes_on_after_a_restart_and_totals_begin_anew() -> None:
    books = accounts(Reconciled(HOUR, "a", received=5, accepted=5))
    books.turn(HOUR + 1)
    assert books.due() == []
    books.of("a").received += 1
    books.judged("duplicate", np.array([0], np.int32))
    assert books.due() == [Reconciled(HOUR, "a", received=6, accepted=5, duplicate=1)]
    assert books.totals()["a"] == {
        "received": 1,
        "accepted": 0,
        "late": 0,
        "duplicate": 1,
        "rejected": 0,
        "unknown": 0,
        "conflict": 0,
    }
