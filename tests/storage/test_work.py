"""Maintenance windows, permits and what is suppressed, in the ledger of either database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from ganzhi.clock import NS_PER_S
from ganzhi.records import AlarmState, Change, Chatter, Effect, Suppression, SuppressionKind, Text, Tier, Work, WorkKind
from storage.ledger import Ledger
from tests.storage.database import query
from tests.storage.plant import T0, alarm, event
from tests.storage.test_ledger import same

HOUR = 3600 * NS_PER_S
NEW = Work(0, WorkKind.MAINTENANCE, "point", "plant.LT 1", T0, T0 + HOUR, "更换\0液位计", "张工", T0, Tier.YELLOW)
SHELF = Suppression(SuppressionKind.SHELVED, T0, Text("校表", "校表"), "张工", T0 + HOUR, tier=Tier.ORANGE)
OUT = Suppression(SuppressionKind.OUT_OF_SERVICE, T0, Text("拆检", "拆检"), "李工")
NORMAL = {"state": AlarmState.NORMAL, "tier": Tier.NONE}


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    with Ledger(ledger_url) as opened:
        yield opened


def test_works_get_numbers_and_are_ended_once(ledger: Ledger, ledger_url: str) -> None:
    plain = replace(NEW, reason="更换液位计")
    first = ledger.add_work(plain)
    second = ledger.add_work(replace(plain, kind=WorkKind.PERMIT, scope="source", end=T0 + 2 * HOUR))
    assert (first, second.id) == (replace(plain, id=1), 2)
    assert ledger.works(T0 + HOUR, 9) == [second]
    assert ledger.works(0, 9) == [second, first]
    assert ledger.works(0, 1) == [second]
    ended = ledger.end_work(1, T0 + 5, "李工")
    assert ended == replace(first, ended_at=T0 + 5, ended_by="李工")
    assert ledger.end_work(1, T0 + 9, "王工") == ended
    assert ledger.end_work(7, T0 + 9, "王工") is None
    with Ledger(ledger_url) as again:
        assert again.works(0, 9) == [second, ended]


def test_what_is_suppressed_is_found_by_condition_whatever_its_alarm_is(ledger: Ledger, ledger_url: str) -> None:
    ledger.write([event(1, alarm(1, suppressions=(SHELF,))), event(2, alarm(1, **NORMAL, suppressions=(SHELF,)))])
    assert [found.id for found in ledger.open_alarms()] == ["a1"]
    ledger.write([event(3, alarm(2, suppressions=(SHELF, OUT)))])
    assert [found.id for found in ledger.open_alarms()] == ["a2"]
    columns = "condition, subject, alarm, kinds, until"
    assert query(ledger_url, f"SELECT {columns} FROM suppression") == [
        ("level.high", "plant.LT 1", "a2", "shelved out_of_service", T0 + HOUR)
    ]
    ledger.write([event(4, alarm(2, **NORMAL, suppressions=(OUT,)))])
    with Ledger(ledger_url) as again:
        (found,) = again.open_alarms()
        assert (found.id, found.suppressions) == ("a2", (OUT,))
        again.write([event(5, alarm(2, **NORMAL))])
        assert again.open_alarms() == []
    assert query(ledger_url, "SELECT count(*) FROM suppression") == [(0,)]


def test_a_line_and_its_alarm_come_back_with_all_that_is_new_of_them(ledger: Ledger) -> None:
    whole = alarm(
        1,
        seq=1,
        told=True,
        suppressions=(SHELF, OUT),
        chatter=Chatter((T0, T0 + 9), 2, T0 + 9),
        falls_at=T0 + HOUR,
        falls_by=T0 + 2 * HOUR,
        incident="a0",
        folded=True,
        details={"picture": "http://nvr/1.jpg", "text": "“明火”\n"},
    )
    line = replace(event(1, whole, Change.SHELVED), effects=(Effect.SILENCE, Effect.FOLD))
    ledger.write([line, event(2, alarm(2))])
    assert same(dict(enumerate(ledger.lines_of("a1", 9))), {0: line})
    assert same(ledger.alarm("a1"), whole)
    assert ledger.alarm("none") is None
    assert ledger.events_after(1, 9)[0].effects == ()


def test_late_alarms_are_found_newest_first(ledger: Ledger) -> None:
    for number in (1, 2, 3):
        late = alarm(number, **NORMAL, retrospective=number != 2, suppressions=(SHELF,))
        ledger.write([event(number, late, Change.RETROSPECTIVE)])
    assert [found.id for found in ledger.retrospective(9)] == ["a3", "a1"]
    assert [found.id for found in ledger.retrospective(1)] == ["a3"]
