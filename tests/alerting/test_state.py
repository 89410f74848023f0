"""The tables of states, pair by pair."""

from __future__ import annotations

from collections import deque

import pytest

from alerting.state import SUPPRESSIONS, TABLE, Event, Move, Standing, after, markdown, stand, told
from ganzhi.errors import Refused
from ganzhi.records import AlarmState, Effect, Text

N, U, A = AlarmState.NORMAL, AlarmState.UNACKNOWLEDGED, AlarmState.ACKNOWLEDGED
R = AlarmState.RETURNED_UNACKNOWLEDGED
L, LA = AlarmState.LATCHED_UNACKNOWLEDGED, AlarmState.LATCHED_ACKNOWLEDGED
TELL, QUIET, OVER = (Effect.ANNOUNCE,), (Effect.SILENCE,), (Effect.RESOLVE,)

Steps = dict[Event, tuple[AlarmState, tuple[Effect, ...]]]
Moves = dict[Move, tuple[Standing, tuple[Effect, ...]]]

PLAIN: dict[AlarmState, Steps] = {
    N: {Event.RAISE: (U, TELL)},
    U: {Event.WORSEN: (U, TELL), Event.EASE: (U, ()), Event.CLEAR: (R, OVER), Event.ACKNOWLEDGE: (A, QUIET)},
    A: {Event.WORSEN: (U, TELL), Event.EASE: (A, ()), Event.CLEAR: (N, OVER)},
    R: {Event.RAISE: (U, TELL), Event.ACKNOWLEDGE: (N, QUIET)},
    L: {Event.RAISE: (U, TELL), Event.ACKNOWLEDGE: (LA, QUIET)},
    LA: {Event.RAISE: (U, TELL), Event.RESET: (N, ())},
}
LATCHING: dict[AlarmState, Steps] = {
    **PLAIN,
    U: {**PLAIN[U], Event.CLEAR: (L, OVER)},
    A: {**PLAIN[A], Event.CLEAR: (LA, OVER)},
}

PAIRS = [(state, event) for state in AlarmState for event in Event]

NONE, SHELF, ONCE = Standing.ANNUNCIATED, Standing.SHELVED, Standing.SHELVED_ONCE
DESIGN, OUT = Standing.BY_DESIGN, Standing.OUT_OF_SERVICE
SHELVING: Moves = {Move.SHELVE: (SHELF, QUIET), Move.SHELVE_ONCE: (ONCE, QUIET)}
UNSHELVING: Moves = {Move.UNSHELVE: (NONE, TELL), Move.EXCEED: (NONE, TELL)}
STANDINGS: dict[Standing, Moves] = {
    NONE: {**SHELVING, Move.SUPPRESS: (DESIGN, QUIET), Move.TAKE_OUT: (OUT, QUIET)},
    SHELF: {**SHELVING, **UNSHELVING, Move.EXPIRE: (NONE, TELL), Move.END: (SHELF, ())},
    ONCE: {**SHELVING, **UNSHELVING, Move.END: (NONE, ())},
    DESIGN: {Move.SUPPRESS: (DESIGN, ()), Move.RELEASE: (NONE, TELL)},
    OUT: {Move.PUT_BACK: (NONE, TELL)},
}
OF_SHELF: set[Move] = {Move.SHELVE, Move.SHELVE_ONCE, Move.UNSHELVE, Move.EXPIRE, Move.EXCEED, Move.END}
OWN: dict[Standing, set[Move]] = {
    NONE: set(Move),
    SHELF: OF_SHELF,
    ONCE: OF_SHELF,
    DESIGN: {Move.SUPPRESS, Move.RELEASE},
    OUT: {Move.TAKE_OUT, Move.PUT_BACK},
}


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
        step = after(state, event, latch=latch)
        assert (step.state, step.effects) == expected


def test_what_nobody_was_told_of_ends_when_it_clears_unless_it_latches() -> None:
    assert after(U, Event.CLEAR, unheard=True).state == N
    assert after(U, Event.CLEAR, unheard=True, latch=True).state == L
    steps = {pair: step for pair, step in TABLE.items() if not isinstance(step, Text)}
    assert [pair for pair, step in steps.items() if step.unheard] == [(U, Event.CLEAR)]


def test_every_pair_of_one_kind_is_in_the_table_when_standings_and_moves_are_crossed() -> None:
    assert set(SUPPRESSIONS) == {(standing, move) for standing, moves in OWN.items() for move in moves}


@pytest.mark.parametrize(("standing", "move"), [(standing, move) for standing in Standing for move in OWN[standing]])
def test_standing_after_is_the_expected_one_when_any_move_comes(standing: Standing, move: Move) -> None:
    expected = STANDINGS[standing].get(move)
    if expected is None:
        with pytest.raises(Refused) as refused:
            stand(standing, move)
        assert refused.value.zh.endswith("。")
        assert refused.value.en.endswith(".")
    else:
        step = stand(standing, move)
        assert (step.standing, step.effects) == expected


@pytest.mark.parametrize("state", AlarmState)
@pytest.mark.parametrize("suppressed", [False, True])
def test_only_what_holds_unacknowledged_and_unsuppressed_is_announced(state: AlarmState, suppressed: bool) -> None:
    announced = () if state != U else (Effect.WITHHOLD,) if suppressed else (Effect.ANNOUNCE,)
    assert told(TELL, state, suppressed=suppressed) == announced
    for effects in ((), QUIET, OVER):
        assert told(effects, state, suppressed=suppressed) == effects


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
                if not isinstance(step, Text) and (new := after(state, event, latch=latch).state) not in seen:
                    seen.add(new)
                    queue.append(new)
        assert N in seen


@pytest.mark.parametrize("standing", Standing)
def test_a_person_can_end_whatever_a_person_began(standing: Standing) -> None:
    ends = {SHELF: Move.UNSHELVE, ONCE: Move.UNSHELVE, OUT: Move.PUT_BACK, DESIGN: Move.RELEASE}
    if standing in ends:
        assert stand(standing, ends[standing]).standing == NONE


def test_only_clear_asks_for_the_latch_when_the_table_is_read() -> None:
    latching = {event for (_, event), step in TABLE.items() if not isinstance(step, Text) and step.latching}
    assert latching == {Event.CLEAR}


def test_markdown_has_every_cell_when_printed() -> None:
    lines = markdown().split("\n")
    assert lines[0] == "| state | raise | worsen | ease | clear | acknowledge | reset |"
    assert lines[4] == (
        "| **acknowledged** | (2) | unacknowledged *announce* | acknowledged "
        "| normal; latching: latched_acknowledged *resolve* | (4) | (3) |"
    )
    assert len([line for line in lines if line.startswith("| **")]) == len(AlarmState) + len(Standing)
    assert "| **out_of_service** | beside |" in "\n".join(lines)
    assert lines[-1] == "12. refused: The alarm is out of service already. 该报警已经停用。"
