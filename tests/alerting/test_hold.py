"""Holds survive in an alarm's evidence."""

from __future__ import annotations

import json
import math
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from alerting.hold import LATCH, Hold, found, kept, pack, unpack
from ganzhi.clock import NS_PER_S
from ganzhi.records import Tier
from tests.alerting.site import HIGH, START, MemoryJournal, alarms, moved

(ALARM,) = (event.alarm for event in alarms(MemoryJournal()).apply([moved(HIGH, 1, Tier.RED)]))

NUMBERS = st.floats(allow_nan=True, allow_infinity=False)
HOLDS = st.builds(
    Hold,
    tier=st.sampled_from(Tier),
    time=st.integers(START - 10**15, START + 100 * 86_400 * NS_PER_S),
    value=NUMBERS,
    score=st.floats(),
    limit=NUMBERS,
    simulated=st.booleans(),
    figures=st.dictionaries(st.sampled_from(["target", "minutes_late"]), st.floats(-1e9, 1e9)),
).map(kept)


@given(st.dictionaries(st.text(min_size=1), HOLDS, max_size=4), st.booleans())
def test_holds_are_the_same_when_packed_and_unpacked(holds: dict[str, Hold], latch: bool) -> None:
    evidence = json.loads(json.dumps(pack(holds, latch=latch, since=START), allow_nan=False))
    restored, latched = unpack(replace(ALARM, raised_at=START, evidence={"target": 1.0, **evidence}))
    assert repr(sorted(restored.items())) == repr(sorted(holds.items()))
    assert latched is latch


def test_evidence_has_a_key_for_each_figure_when_packed() -> None:
    hold = found(moved(HIGH, 2, Tier.RED, limit=math.nan, evidence={"target": 9.0, "far": math.inf}, simulated=True))
    assert pack({"r:1": hold}, latch=True, since=START) == {
        LATCH: 1.0,
        "target:r:1": 9.0,
        "tier:r:1": 4.0,
        "after:r:1": 2e9,
        "value:r:1": 14.52,
        "score:r:1": 14.52,
        "simulated:r:1": 1.0,
    }


def test_only_the_time_is_kept_when_a_hold_is_over() -> None:
    assert repr(kept(found(moved(HIGH, 2, Tier.NONE)))) == repr(Hold(Tier.NONE, START + 2 * NS_PER_S))
