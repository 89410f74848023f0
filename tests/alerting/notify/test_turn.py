"""What a receiver gets and when, over a real ledger and a clock moved by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from alerting.notify import Hours, Inhibit, Match, Receiver, Route
from alerting.notify.message import Happening
from alerting.notify.turn import FIRST_RETRY_S, LEAST_JITTER, MOST_NOTICES, MOST_RETRY_S, retry_at
from ganzhi.clock import NS_PER_S
from ganzhi.errors import Unavailable
from ganzhi.records import Delivery, Outcome, Tier, Unsent
from tests.alerting.notify.stage import Stage, message, moment

DUTY = Receiver("duty")
EVERYTHING = Route("all", Match(), ("duty",))
NIGHT = Hours(22 * 60, 7 * 60)


def stage(folder: Path, route: Route = EVERYTHING, receiver: Receiver = DUTY, *inhibits: Inhibit) -> Stage:
    return Stage(folder, [route], [receiver], inhibits)


def test_message_waits_for_others_of_its_group_unless_it_is_red(tmp_path: Path) -> None:
    with stage(tmp_path) as at:
        at.happens(message("a1"))
        at.happens(message("b1", source="other"))
        assert at.turn() == []
        at.now += 6 * NS_PER_S
        at.happens(message("a2", Tier.YELLOW))
        assert at.after(4) == [[("a1", "raised"), ("a2", "raised")], [("b1", "raised")]]
        at.happens(message("a3", Tier.RED))
        assert at.turn() == [[("a3", "raised")]]
        assert at.after(3599) == []


def test_second_message_of_a_group_waits_for_the_interval_and_says_so(tmp_path: Path) -> None:
    with stage(tmp_path) as at:
        at.happens(message("a1"))
        assert at.after(10) == [[("a1", "raised")]]
        at.happens(message("a2"))
        assert at.after(10) == []
        assert at.ends()[1] == ("raised", "waiting", "grouped")
        assert at.after(289) == []
        assert at.after(1) == [[("a2", "raised")]]
        at.happens(message("a3"))
        at.after(20)
        at.happens(message("a4", Tier.RED))
        assert at.turn() == [[("a4", "raised"), ("a3", "raised")]]


def test_alarm_that_worsens_while_it_waits_is_one_line(tmp_path: Path) -> None:
    with stage(tmp_path) as at:
        at.happens(message("a1", Tier.YELLOW))
        at.happens(message("a1", Tier.ORANGE, Happening.WORSENED))
        assert at.after(10) == [[("a1", "worsened")]]
        assert at.ends() == [("raised", "not_sent", "grouped"), ("worsened", "sent", "")]
        assert len({row.notice for row in at.rows()}) == 1


def test_milder_colour_is_not_told_and_that_is_stored(tmp_path: Path) -> None:
    with stage(tmp_path) as at:
        at.happens(message("a1"))
        at.after(10)
        at.happens(message("a1", Tier.BLUE, Happening.EASED))
        assert at.after(600) == []
        assert at.ends()[1] == ("eased", "not_sent", "not_worse")


def test_alarm_is_repeated_until_somebody_acknowledges_it(tmp_path: Path) -> None:
    with stage(tmp_path) as at:
        at.happens(message("a1"))
        assert at.after(10) == [[("a1", "raised")]]
        assert at.after(3599) == []
        assert at.after(1) == [[("a1", "repeated")]]
        at.restart()
        assert at.after(3599) == []
        assert at.after(1) == [[("a1", "repeated")]]
        at.stands("a1", acknowledged=True)
        assert at.after(10_000) == []
        assert [row.again for row in at.rows()] == [0, 1, 2]


def test_nothing_is_repeated_when_the_route_says_never(tmp_path: Path) -> None:
    with stage(tmp_path, replace(EVERYTHING, repeat_s=0.0)) as at:
        at.happens(message("a1"))
        at.after(10)
        assert at.after(100_000) == []


def test_blue_and_yellow_wait_for_the_end_of_quiet_hours(tmp_path: Path) -> None:
    with stage(tmp_path, receiver=replace(DUTY, quiet=NIGHT)) as at:
        at.at("23:30:00")
        at.happens(message("a1", Tier.YELLOW))
        at.happens(message("a2", Tier.BLUE, source="gone by morning"))
        at.happens(message("a3", Tier.ORANGE, source="not quiet"))
        assert at.after(10) == [[("a3", "raised")]]
        assert at.rows(subject="a1")[0].reason == Unsent.QUIET_HOURS
        assert at.rows(subject="a1")[0].due == moment("2026-05-02 07:00")
        at.at("2026-05-02 03:00")
        at.happens(message("a2", Tier.BLUE, Happening.ENDED, source="gone by morning"))
        at.at("2026-05-02 06:59")
        assert at.turn() == [[("a3", "repeated")]]
        at.at("2026-05-02 07:00")
        assert at.turn() == [[("a1", "raised")]]
        assert at.ends(subject="a2") == [("raised", "not_sent", "quiet_hours"), ("ended", "not_sent", "not_told")]


def test_end_of_a_yellow_alarm_waits_for_the_morning_when_it_was_told_before_the_night(tmp_path: Path) -> None:
    with stage(tmp_path, receiver=replace(DUTY, quiet=NIGHT)) as at:
        at.at("21:00:00")
        at.happens(message("a1", Tier.YELLOW))
        assert at.after(10) == [[("a1", "raised")]]
        at.at("23:00:00")
        at.happens(message("a1", Tier.YELLOW, Happening.ENDED))
        assert at.after(60) == []
        at.at("2026-05-02 07:00")
        assert at.turn() == [[("a1", "ended")]]


OFFLINE = Inhibit(
    Match(conditions=frozenset({"gateway.offline"})), Match(conditions=frozenset({"stale"})), ("enterprise",)
)


def test_offline_gateway_silences_the_stale_alarms_of_its_points(tmp_path: Path) -> None:
    with stage(tmp_path, EVERYTHING, DUTY, OFFLINE) as at:
        at.happens(message("s1", Tier.YELLOW, condition="stale", kind="device"))
        at.happens(message("s2", Tier.YELLOW, condition="stale", kind="device", enterprise="binhai-chem", source="x"))
        at.happens(message("g", condition="gateway.offline", kind="device", source="gateway"))
        assert sorted(at.after(10)) == [[("g", "raised")], [("s2", "raised")]]
        assert at.ends(subject="s1") == [("raised", "waiting", "inhibited")]
        at.happens(message("s1", Tier.YELLOW, Happening.ENDED, condition="stale", kind="device"))
        at.happens(
            message("g", happening=Happening.ENDED, condition="gateway.offline", kind="device", source="gateway")
        )
        assert at.after(10) == [[("g", "ended")]]
        assert at.ends(subject="s1") == [("raised", "not_sent", "inhibited"), ("ended", "not_sent", "not_told")]


def test_silenced_alarm_is_told_when_it_outlasts_what_silenced_it(tmp_path: Path) -> None:
    with stage(tmp_path, EVERYTHING, DUTY, OFFLINE) as at:
        at.happens(message("g", condition="gateway.offline", kind="device", source="gateway"))
        at.happens(message("s1", Tier.YELLOW, condition="stale", kind="device"))
        at.after(10)
        at.happens(
            message("g", happening=Happening.ENDED, condition="gateway.offline", kind="device", source="gateway")
        )
        assert sorted(at.after(10)) == [[("g", "ended")], [("s1", "raised")]]


def test_end_is_told_to_whoever_got_the_alarm_although_it_was_shelved_meanwhile(tmp_path: Path) -> None:
    with stage(tmp_path) as at:
        at.happens(message("a1"))
        assert at.after(10) == [[("a1", "raised")]]
        at.stands("a1", shelved=True)
        assert at.after(10_000) == []
        at.happens(message("a1", happening=Happening.ENDED))
        at.restart()
        assert at.after(10) == [[("a1", "ended")]]
        assert at.after(100_000) == []


def test_alarm_shelved_before_it_was_told_is_told_when_it_returns(tmp_path: Path) -> None:
    with stage(tmp_path) as at:
        at.happens(message("a1"))
        at.stands("a1", shelved=True)
        assert at.after(10) == []
        assert at.ends() == [("raised", "not_sent", "shelved")]
        at.happens(message("a1", happening=Happening.RETURNED))
        assert at.after(10) == [[("a1", "returned")]]


def test_alarm_that_ended_before_it_was_told_is_one_line_that_says_both(tmp_path: Path) -> None:
    with stage(tmp_path) as at:
        at.happens(message("a1"))
        at.happens(message("a1", happening=Happening.ENDED))
        at.loops["duty"]()
        at.now += 10 * NS_PER_S
        at.loops["duty"]()
        assert [notice.title for notice in at.posts["duty"].notices] == [
            "【橙色报警,已恢复】海河石化仓储 一号罐区 液位高"
        ]
        assert at.ends() == [("raised", "not_sent", "grouped"), ("ended", "sent", "")]


def test_dead_receiver_is_tried_again_later_each_time_and_gets_all_in_one_when_it_returns(tmp_path: Path) -> None:
    with stage(tmp_path) as at:
        post = at.posts["duty"]
        post.down = True
        at.happens(message("a1", Tier.RED))
        for _ in range(200):
            with pytest.raises(Unavailable, match="does not answer"):
                at.after(10)
        assert 5 + 3 <= post.tried <= 5 + 2 * 2000 / MOST_RETRY_S + 3
        at.happens(message("a2", Tier.RED))
        assert (at.rows()[0].attempts, at.rows()[0].reason, at.rows()[0].error) == (
            post.tried,
            Unsent.RECEIVER_DOWN,
            "does not answer",
        )
        post.down = False
        assert at.turn() == [[("a1", "raised"), ("a2", "raised")]]
        assert {row.outcome for row in at.rows()} == {Outcome.SENT}


def test_what_could_not_be_sent_for_a_day_is_given_up_and_that_is_stored(tmp_path: Path) -> None:
    with stage(tmp_path, replace(EVERYTHING, repeat_s=0.0)) as at:
        at.posts["duty"].down = True
        at.happens(message("a1"))
        with pytest.raises(Unavailable):
            at.after(10)
        assert at.after(86_401) == []
        assert at.ends() == [("raised", "not_sent", "receiver_down")]
        at.posts["duty"].down = False
        at.happens(message("a1", happening=Happening.ENDED))
        assert at.after(10) == []
        assert len(at.rows()) == 1


def test_message_that_is_always_refused_stops_no_other(tmp_path: Path) -> None:
    with stage(tmp_path) as at:
        at.posts["duty"].refuses = "a1"
        at.happens(message("a1", Tier.RED))
        with pytest.raises(Unavailable):
            at.turn()
        at.happens(message("b1", Tier.BLUE, source="other"))
        at.now += 10 * NS_PER_S
        with pytest.raises(Unavailable):
            at.turn()
        assert at.posts["duty"].take() == [[("b1", "raised")]]


def test_notice_is_recorded_and_not_sent_again_when_the_ledger_was_away_just_then(tmp_path: Path) -> None:
    with stage(tmp_path) as at:
        at.happens(message("a1", Tier.RED))
        ledger_away = [True]
        settle = at.outbox.settle

        class Away:
            """The outbox, whose file is full for a moment."""

            waiting = staticmethod(at.outbox.waiting)

            @staticmethod
            def settle(deliveries: list[Delivery]) -> None:
                if ledger_away[0]:
                    raise Unavailable("the disk is full")
                settle(deliveries)

        at.loops["duty"]._outbox = Away()  # type: ignore[assignment]
        for _ in range(3):
            with pytest.raises(Unavailable, match="disk"):
                at.turn()
        ledger_away[0] = False
        at.turn()
        assert at.posts["duty"].tried == 1
        assert at.ends() == [("raised", "sent", "")]


def test_notice_goes_again_under_its_key_when_the_process_died_before_it_was_recorded(tmp_path: Path) -> None:
    with stage(tmp_path) as at:
        at.happens(message("a1", Tier.RED))
        at.happens(message("a2", Tier.RED))
        post, before = at.posts["duty"], at.outbox.waiting("duty")
        at.loops["duty"]()
        at.outbox.settle(before)  # as if what followed the sending had never been written
        at.restart()
        at.loops["duty"]()
        assert [notice.key for notice in post.notices] == ["alarm-2+1"] * 2
        at.restart()
        at.loops["duty"]()
        assert len(post.notices) == 2


def test_many_groups_at_once_are_told_in_one_but_red_by_itself(tmp_path: Path) -> None:
    with stage(tmp_path) as at:
        for number in range(MOST_NOTICES + 5):
            at.happens(message(f"a{number}", source=f"source {number}"))
        at.happens(message("red", Tier.RED, source="red"))
        got = at.after(10)
        assert got[0] == [("red", "raised")]
        assert [len(lines) for lines in got] == [1, MOST_NOTICES + 5]


def test_retries_grow_to_a_ceiling_and_are_spread() -> None:
    row = Delivery(
        1, "alarm", 1, 0, "duty", "", "", "a", "raised", Tier.RED, 0, Outcome.WAITING, Unsent.DUE, 5, "", tried_at=0
    )
    waits = [retry_at(replace(row, attempts=n)) / NS_PER_S for n in range(1, 40)]
    for n, wait in enumerate(waits, 1):
        full = min(MOST_RETRY_S, FIRST_RETRY_S * 2 ** (n - 1))
        assert full * LEAST_JITTER <= wait <= full
    assert len(set(waits)) == len(waits)
    assert retry_at(replace(row, tried_at=None)) == 5
