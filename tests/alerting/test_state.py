"""The table of states, pair by pair."""

from __future__ import annotations

from collections import deque

import pytest

from alerting.state import TABLE, Event, Latchable, after, markdown
from ganzhi.errors import Refused
from ganzhi.records import AlarmState, Text

N, U, A = AlarmState.NORMAL, AlarmState.UNACKNOWLEDGED, AlarmState.ACKNOWLEDGED
R = AlarmState.RETURNED_UNACKNOWLEDGED
L, LA = AlarmState.LATCHED_UNACKNOWLEDGED, AlarmState.LATCHED_ACKNOWLEDGED

PLAIN = {
    N: {Event.RAISE: U},
    U: {Event.WORSEN: U, Event.EASE: U, Event.CLEAR: R, Event.ACKNOWLEDGE: A},
    A: {Event.WORSEN: U, Event.EASE: A, Event.CLEAR: N},
    R: {Event.RAISE: U, Event.ACKNOWLEDGE: N},
    L: {Event.RAISE: U, Event.ACKNOWLEDGE: LA},
    LA: {Event.RAISE: U, Event.RESET: N},
}
LATCHING = {**PLAIN, U: {**PLAIN[U], Event.CLEAR: L}, A: {**PLAIN[A], Event.CLEAR: LA}}

PAIRS = [(state, event) for state in AlarmState for event in Event]


def test_every_pair_is_in_the_table_when_states_and_events_are_crossed() -> None:
    assert set(TABLE) == set(PAIRS)


@pytest.mark.parametrize("latch", [False, True])
@pytest.mark.parametrize(("state", "event"), PAIRS)
def test_state_after_is_the_expected_one_when_any_event_comes(state: AlarmState, event: Event, latch: bool) -> None:
    expected = (LATCHING if latch else PLAIN)[state].get(event)
    if expected is None:
        with pytest.raises(Refused) as refused:
            after(state, event, latch=latch)
        assert refused.value.zh.endswith("。")
        assert refused.value.en.endswith(".")
        assert not refused.value.missing
    else:
        assert after(state, event, latch=latch) is expected


@pytest.mark.parametrize(
    ("state", "event", "zh", "en"),
    [
        (U, Event.RESET, "该状况尚未恢复,不能复位。", "The condition still holds, so the alarm cannot be reset."),
        (A, Event.ACKNOWLEDGE, "该报警已经确认。", "The alarm is acknowledged already."),
        (L, Event.RESET, "请先确认该报警,再复位。", "Acknowledge the alarm before you reset it."),
        (R, Event.RESET, "该报警不需要复位,确认即可。", "The alarm needs no reset; acknowledge it."),
        (N, Event.RESET, "该报警已经结束。", "The alarm has ended."),
        (U, Event.RAISE, "该报警已经存在。", "The alarm is active already."),
        (R, Event.CLEAR, "该状况已经恢复。", "The condition has cleared already."),
    ],
)
def test_refusal_says_why_when_an_event_is_out_of_place(state: AlarmState, event: Event, zh: str, en: str) -> None:
    with pytest.raises(Refused) as refused:
        after(state, event)
    assert (refused.value.zh, refused.value.en) == (zh, en)


@pytest.mark.parametrize("latch", [False, True])
def test_normal_is_reachable_when_starting_from_any_state(latch: bool) -> None:
    for start in AlarmState:
        seen, queue = {start}, deque([start])
        while queue:
            state = queue.popleft()
            for event in Event:
                step = TABLE[state, event]
                if not isinstance(step, Text) and (new := after(state, event, latch=latch)) not in seen:
                    seen.add(new)
                    queue.append(new)
        assert N in seen


def test_only_clear_asks_for_the_latch_when_the_table_is_read() -> None:
    assert {event for (_, event), step in TABLE.items() if isinstance(step, Latchable)} == {Event.CLEAR}


def test_markdown_has_every_cell_when_printed() -> None:
    lines = markdown().split("\n")
    assert lines[0] == "| state | raise | worsen | ease | clear | acknowledge | reset |"
    assert lines[4] == (
        "| **acknowledged** | (2) | unacknowledged | acknowledged "
        "| normal; latching: latched_acknowledged | (4) | (3) |"
    )
    assert len([line for line in lines if line.startswith("| **")]) == len(AlarmState)
    assert lines[-1] == "7. refused: Acknowledge the alarm before you reset it. 请先确认该报警,再复位。"
