"""Faults from a seed: always the same, every kind at every place, as many kills as were asked for."""

from __future__ import annotations

import pytest

from bench.fault.schedule import LINE_KINDS, LINES, QUIET_START_S, Kind, Target, schedule


@pytest.mark.parametrize("receipts", [True, False])
@pytest.mark.parametrize("kills", [20, 200])
def test_every_kind_is_there_when_faults_are_made(kills: int, receipts: bool) -> None:
    faults = schedule(seed=1, kills=kills, span_s=kills * 4.0, receipts=receipts)
    assert faults == schedule(seed=1, kills=kills, span_s=kills * 4.0, receipts=receipts)
    assert faults != schedule(seed=2, kills=kills, span_s=kills * 4.0, receipts=receipts)
    assert sum(fault.kind is Kind.KILL for fault in faults) == kills
    there = {(fault.kind, fault.target) for fault in faults}
    assert {(kind, line) for kind in LINE_KINDS for line in LINES} < there
    assert {(Kind.KILL, Target.PLATFORM), (Kind.KILL, Target.DATABASE), (Kind.FILL, Target.DISK)} < there
    assert ((Kind.KILL, Target.BROKER) in there) == receipts
    assert ((Kind.STOP, Target.BROKER) in there) != receipts
    moments = [fault.at_s for fault in faults]
    assert moments == sorted(moments)
    assert QUIET_START_S <= moments[0] <= moments[-1] <= kills * 4.0
