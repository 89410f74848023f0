"""To whom a line goes, and why to nobody."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from alerting.notify import Hours, Match, Message, Receiver, Route
from alerting.notify.message import Happening, from_json, to_json
from ganzhi.clock import NS_PER_S
from ganzhi.records import Tier
from tests.alerting.notify.stage import Stage, message

DUTY, CHIEF, SIREN = Receiver("duty"), Receiver("chief"), Receiver("siren", kind="mqtt")


def got(folder: Path, routes: list[Route], line: Message, *, at: str = "12:00:00") -> dict[str, str]:
    """Receiver -> what became of the line: "waiting", or why not."""
    with Stage(folder, routes, [DUTY, CHIEF, SIREN]) as stage:
        stage.at(at)
        stage.happens(line)
        return {row.receiver: row.reason.value or row.outcome.value for row in stage.rows()}


def test_every_route_that_fits_is_taken_and_a_receiver_is_told_once(tmp_path: Path) -> None:
    routes = [
        Route("worst", Match(tiers=frozenset({Tier.ORANGE, Tier.RED})), ("chief", "duty")),
        Route("all", Match(), ("duty",)),
    ]
    assert got(tmp_path, routes, message(tier=Tier.RED)) == {"chief": "waiting", "duty": "waiting"}


def test_no_further_route_is_asked_after_the_last(tmp_path: Path) -> None:
    routes = [
        Route("worst", Match(tiers=frozenset({Tier.RED})), ("chief",), last=True),
        Route("all", Match(), ("duty",)),
    ]
    assert got(tmp_path, routes, message(tier=Tier.RED)) == {"chief": "waiting"}


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        (Match(kinds=frozenset({"process"})), True),
        (Match(kinds=frozenset({"device"})), False),
        (Match(sectors=frozenset({"tank_farm", "dust"})), True),
        (Match(sectors=frozenset({"dust"})), False),
        (Match(districts=frozenset({"滨海区"})), True),
        (Match(districts=frozenset({"城关区"})), False),
        (Match(enterprises=frozenset({"haihe-storage"})), True),
        (Match(enterprises=frozenset({"binhai-chem"})), False),
        (Match(sources=frozenset({"gas-area-1"})), False),
        (Match(conditions=frozenset({"level.high"})), True),
        (Match(tiers=frozenset({Tier.BLUE})), False),
        (Match(tiers=frozenset({Tier.ORANGE}), sectors=frozenset({"dust"})), False),
    ],
)
def test_line_goes_where_all_that_a_route_names_fits(tmp_path: Path, wanted: Match, fits: bool) -> None:
    assert got(tmp_path, [Route("r", wanted, ("duty",))], message()) == (
        {"duty": "waiting"} if fits else {"": "no_route"}
    )


@pytest.mark.parametrize(
    ("hours", "at", "fits"),
    [
        (Hours(8 * 60, 18 * 60), "07:59:59", False),
        (Hours(8 * 60, 18 * 60), "08:00:00", True),
        (Hours(8 * 60, 18 * 60), "18:00:00", False),
        (Hours(22 * 60, 6 * 60), "23:00:00", True),
        (Hours(22 * 60, 6 * 60), "05:59:59", True),
        (Hours(22 * 60, 6 * 60), "12:00:00", False),
    ],
)
def test_route_with_hours_is_open_within_them(tmp_path: Path, hours: Hours, at: str, fits: bool) -> None:
    route = Route("r", Match(), ("duty",), hours=hours)
    assert got(tmp_path, [route], message(), at=at) == ({"duty": "waiting"} if fits else {"": "no_route"})


def test_simulated_and_drilled_alarms_go_only_to_whom_they_are_meant_for(tmp_path: Path) -> None:
    for number, (line, reason, receiver) in enumerate(
        [
            (message(simulated=True), "simulated", replace(DUTY, simulated=True)),
            (message(drill=True), "drill", replace(DUTY, drills=True)),
            (message(drill=True, simulated=True), "drill", replace(DUTY, drills=True)),
        ]
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        with Stage(folder, [Route("all", Match(), ("duty", "open"))], [DUTY, replace(receiver, name="open")]) as stage:
            stage.happens(line)
            assert [(row.receiver, row.reason.value) for row in stage.rows()] == [("duty", reason), ("open", "")]


def test_late_data_and_old_lines_are_not_told(tmp_path: Path) -> None:
    with Stage(tmp_path, [Route("all", Match(), ("duty",))], [DUTY]) as stage:
        stage.happens(message("late", happening=Happening.LATE))
        old = replace(message("old"), seq=9, noted=stage.now - 90_000 * NS_PER_S)
        stage.router.tell([old])
        assert [(row.receiver, row.reason.value) for row in stage.rows()] == [("", "late"), ("duty", "too_old")]


def test_same_line_twice_is_one_delivery(tmp_path: Path) -> None:
    with Stage(tmp_path, [Route("all", Match(), ("duty",))], [DUTY]) as stage:
        line = stage.happens(message())
        stage.restart()
        stage.router.tell([line, line])
        assert len(stage.rows()) == 1


def test_end_goes_where_the_alarm_went_although_routes_have_changed(tmp_path: Path) -> None:
    with Stage(tmp_path, [Route("all", Match(), ("duty",))], [DUTY, CHIEF]) as stage:
        stage.happens(message("a1"))
        stage.after(10)
        stage.routes = [Route("all", Match(), ("chief",))]
        stage.restart()
        stage.happens(message("a1", happening=Happening.ENDED))
        assert stage.after(10) == [[("a1", "ended")]]
        assert stage.turn("chief") == []


def test_what_waits_for_a_receiver_that_is_gone_is_closed(tmp_path: Path) -> None:
    with Stage(tmp_path, [Route("all", Match(), ("duty", "chief"))], [DUTY, CHIEF]) as stage:
        stage.happens(message())
        assert stage.outbox.abandon(["chief"]) == 1
        assert {row.receiver: row.reason.value for row in stage.rows()} == {"duty": "receiver_gone", "chief": ""}


def test_receiver_that_shows_a_state_is_told_of_every_change(tmp_path: Path) -> None:
    with Stage(tmp_path, [Route("s", Match(tiers=frozenset({Tier.RED})), ("siren",))], [SIREN]) as stage:
        stage.happens(message("a1", Tier.RED))
        stage.happens(message("a1", Tier.RED, Happening.NOTED))
        stage.happens(message("a1", Tier.BLUE, Happening.EASED))
        stage.happens(message("a2", Tier.RED, simulated=True))
        assert [(row.happening, row.reason.value) for row in stage.rows()] == [
            ("raised", ""),
            ("noted", ""),
            ("eased", ""),
            ("raised", "simulated"),
        ]
        assert len(stage.turn("siren")) == 1


def test_message_comes_back_from_the_ledger_as_it_was() -> None:
    line = message(simulated=True, drill=True)
    assert from_json(to_json(line)) == line
