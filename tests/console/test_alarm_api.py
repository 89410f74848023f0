"""What people see of alarms and do to them, over HTTP, against real alarms and a real ledger."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from ganzhi.records import ReadingBlock, Tier
from tests.console.control_room import GAS, LEVEL, PRESSURE, TEMPERATURE, Room, S, control_room

B, Y, O, R, NONE = Tier.BLUE, Tier.YELLOW, Tier.ORANGE, Tier.RED, Tier.NONE  # noqa: E741


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with control_room(tmp_path) as opened:
        yield opened


def ids(listed: dict[str, Any], key: str) -> list[str]:
    return [alarm["id"] for alarm in listed[key]]


def said(answer: httpx.Response) -> str:
    found: str = answer.json()["message"]["en"]
    return found


def test_a_shelved_alarm_is_listed_apart_and_comes_back_announced_when_its_time_is_over(room: Room) -> None:
    (raised,) = room.move("high", Y)
    answer = room.post(f"/api/alarms/{raised.alarm.id}/shelve", person="甲", reason="校表", minutes=10)
    assert answer.status_code == 200, answer.text
    event = answer.json()
    assert (event["change"], event["actor"], event["comment"], event["effects"]) == (
        "shelved",
        "甲",
        "校表",
        ["silence"],
    )
    assert event["alarm"]["suppressions"] == [
        {
            "kind": "shelved",
            "since": event["at"],
            "until": event["at"] + 600_000,
            "once": False,
            "tier": 2,
            "person": "甲",
            "reason": {"zh": "校表", "en": "校表"},
            "cause": "",
        }
    ]
    listed = room.listed()
    assert (ids(listed, "alarms"), ids(listed, "suppressed")) == ([], [raised.alarm.id])
    assert room.pass_time(599) == []
    (over,) = room.pass_time(2)
    assert (over.change, over.effects, over.actor) == ("unshelved", ("announce",), "")
    assert room.pass_time(1) == []
    assert ids(room.listed(), "alarms") == [raised.alarm.id]


def test_what_is_worse_than_when_it_was_shelved_is_announced_at_once(room: Room) -> None:
    (raised,) = room.move("high", Y)
    room.post(f"/api/alarms/{raised.alarm.id}/shelve", person="甲", reason="校表", minutes=60)
    assert [(e.change, e.effects) for e in room.move("high", B)] == [("eased", ())]
    assert [(e.change, e.effects) for e in room.move("high", Y)] == [("worsened", ("withhold",))]
    worse, unshelved = room.move("high", R)
    assert (worse.change, worse.effects) == ("worsened", ("withhold",))
    assert (unshelved.change, unshelved.effects) == ("unshelved", ("announce",))
    assert unshelved.comment == "比搁置时更严重(worse than when it was shelved)"


def test_a_shelf_outlives_the_occurrence_and_a_restart_and_ends_once(tmp_path: Path) -> None:
    clock = [1_777_593_600 * S]
    with control_room(tmp_path, clock=clock) as room:
        (raised,) = room.move("high", Y)
        room.post(f"/api/alarms/{raised.alarm.id}/acknowledge", person="甲")
        room.post(f"/api/alarms/{raised.alarm.id}/shelve", person="甲", reason="抖动", minutes=10)
        room.move("high", NONE)
        assert ids(room.listed(), "suppressed") == [raised.alarm.id]
    with control_room(tmp_path, clock=clock) as room:
        assert ids(room.listed(), "suppressed") == [raised.alarm.id]
        (again,) = room.move("high", Y)
        assert (again.change, again.effects) == ("raised", ("withhold",))
        assert again.alarm.id != raised.alarm.id
    clock[0] += 600 * S
    with control_room(tmp_path, clock=clock) as room:
        assert [(e.change, e.alarm.id, e.effects) for e in room.pass_time(1)] == [
            ("unshelved", again.alarm.id, ("announce",))
        ]
    with control_room(tmp_path, clock=clock) as room:
        assert room.pass_time(1) == []
        assert room.listed()["suppressed"] == []


def test_a_one_shot_shelf_ends_with_the_condition(room: Room) -> None:
    (raised,) = room.move("high", Y)
    room.post(f"/api/alarms/{raised.alarm.id}/shelve", person="甲", reason="已知", once=True)
    assert [(e.change, e.effects) for e in room.move("high", NONE)] == [("cleared", ("resolve",)), ("unshelved", ())]
    assert ids(room.listed(), "alarms") == [raised.alarm.id]
    assert [e.effects for e in room.move("high", Y)] == [("announce",)]


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"person": "甲", "minutes": 5}, 422, "it needs a reason"),
        ({"reason": "x", "minutes": 5}, 422, "person is empty"),
        ({"person": "甲", "reason": "x"}, 422, "Give minutes, or once"),
        ({"person": "甲", "reason": "x", "minutes": 5, "once": True}, 422, "not both"),
        ({"person": "甲", "reason": "x", "minutes": 481}, 409, "at most 480 minutes"),
        ({"person": "甲", "reason": "x", "minutes": -1}, 422, "greater than 0"),
        ({"person": "甲", "reason": "x", "minutes": 5, "hours": 1}, 422, "hours"),
    ],
)
def test_a_shelf_that_does_not_fit_is_refused(room: Room, body: dict[str, object], status: int, words: str) -> None:
    (raised,) = room.move("high", Y)
    answer = room.http.post(f"/api/alarms/{raised.alarm.id}/shelve", json=body)
    assert (answer.status_code, words in said(answer)) == (status, True), answer.text
    assert room.listed()["suppressed"] == []


def test_out_of_service_lasts_until_a_person_ends_it(room: Room) -> None:
    (raised,) = room.move("high", Y)
    path = f"/api/alarms/{raised.alarm.id}"
    assert room.post(f"{path}/out-of-service", person="甲", reason="仪表拆检").json()["change"] == "out_of_service"
    assert [e.effects for e in room.move("high", R)] == [("withhold",)]
    assert room.pass_time(90 * 86_400) == []
    assert said(room.post(f"{path}/out-of-service", person="甲", reason="x")) == "The alarm is out of service already."
    back = room.post(f"{path}/in-service", person="乙", comment="已装回").json()
    assert (back["change"], back["effects"], back["actor"]) == ("in_service", ["announce"], "乙")
    assert said(room.post(f"{path}/in-service", person="乙")) == "The alarm is in service."


def test_a_condition_without_an_alarm_is_taken_out_of_service(tmp_path: Path) -> None:
    where = {"rule": "high", "point": "haihe-storage.LT-101"}
    with control_room(tmp_path) as room:
        taken = room.post("/api/out-of-service", **where, person="甲", reason="未投用")
        assert (taken.status_code, taken.json()["alarm"]["state"]) == (200, "normal")
        assert ids(room.listed(), "suppressed") == [taken.json()["alarm"]["id"]]
        assert room.post("/api/out-of-service", rule="high", point="no", person="甲", reason="x").status_code == 404
    with control_room(tmp_path) as room:
        (raised,) = room.move("high", R)
        assert raised.effects == ("withhold",)
        back = room.post(f"/api/alarms/{raised.alarm.id}/in-service", person="甲").json()
        assert back["effects"] == ["announce"]


def test_only_what_was_on_the_screen_is_acknowledged_in_bulk(room: Room) -> None:
    (first,) = room.move("high", Y)
    (second,) = room.move("high", Y, point=TEMPERATURE)
    seen = room.listed()["seq"]
    room.move("high", R)
    answer = room.post(
        "/api/alarms/acknowledge", ids=[first.alarm.id, second.alarm.id, "none"], seq=seen, person="甲", comment=""
    ).json()
    assert [event["alarm"]["id"] for event in answer["events"]] == [second.alarm.id]
    assert [each["id"] for each in answer["refused"]] == [first.alarm.id, "none"]
    assert answer["refused"][0]["message"]["en"] == "The alarm has changed since you saw it; look at it again."
    states = {alarm["id"]: alarm["state"] for alarm in room.listed()["alarms"]}
    assert states == {first.alarm.id: "unacknowledged", second.alarm.id: "acknowledged"}


def test_acknowledging_needs_a_comment_from_the_colour_that_settings_say(tmp_path: Path) -> None:
    with control_room(tmp_path, alarms={"comment_from": "orange"}) as room:
        (yellow,) = room.move("high", Y)
        (orange,) = room.move("high", O, point=GAS)
        needed = {alarm["id"]: alarm["needs_comment"] for alarm in room.listed()["alarms"]}
        assert needed == {yellow.alarm.id: False, orange.alarm.id: True}
        assert room.post(f"/api/alarms/{yellow.alarm.id}/acknowledge", person="甲").status_code == 200
        refused = room.post(f"/api/alarms/{orange.alarm.id}/acknowledge", person="甲")
        assert (refused.status_code, said(refused)) == (409, "An alarm of this colour needs a comment.")
        assert room.post(f"/api/alarms/{orange.alarm.id}/acknowledge", person="甲", comment="已派人").status_code == 200


def test_a_latched_alarm_is_reset_after_it_was_acknowledged(room: Room) -> None:
    (raised,) = room.move("latching", R, point=GAS)
    room.move("latching", NONE, point=GAS)
    path = f"/api/alarms/{raised.alarm.id}"
    assert room.post(f"{path}/reset", person="甲").status_code == 409
    known = room.post(f"{path}/acknowledge", person="甲").json()
    assert known["alarm"]["resettable"] is True
    done = room.post(f"{path}/reset", person="甲").json()
    assert (done["change"], done["alarm"]["state"], done["alarm"]["resettable"]) == ("reset", "normal", False)


def test_maintenance_suppresses_by_design_but_not_what_is_red(room: Room) -> None:
    end = room.clock[0] // 1_000_000 + 3_600_000
    work = room.post(
        "/api/works",
        scope="source",
        subject="tank-area-1",
        end=end,
        reason="更换液位计",
        person="张三",
        kind="maintenance",
    )
    assert work.status_code == 201, work.text
    number = work.json()["id"]
    (raised,) = room.move("high", O)
    assert raised.effects == ("withhold",)
    (alarm,) = room.listed()["suppressed"]
    assert alarm["suppressions"][0]["cause"] == f"maintenance:{number}"
    assert [each["kind"] for each in alarm["context"]] == ["maintenance"]
    assert [(e.change, e.effects) for e in room.move("high", R)] == [
        ("worsened", ("withhold",)),
        ("released", ("announce",)),
    ]
    assert [(e.change, e.effects) for e in room.move("high", Y)] == [("eased", ()), ("suppressed", ("silence",))]
    assert room.post(f"/api/works/{number}/end", person="李四").json()["ended_by"] == "李四"
    assert [(e.change, e.effects) for e in room.pass_time(1)] == [("released", ("announce",))]
    assert room.listed()["works"] == []
    assert [w["id"] for w in room.http.get("/api/works", params={"past": True}).json()["works"]] == [number]
    assert room.post(f"/api/works/{number}/end", person="李四").status_code == 404


def test_a_window_to_come_begins_and_ends_by_the_clock_and_survives_a_restart(tmp_path: Path) -> None:
    clock = [1_777_593_600 * S]
    now = clock[0] // 1_000_000
    with control_room(tmp_path, clock=clock) as room:
        (raised,) = room.move("high", Y)
        room.post(
            "/api/works", scope="point", subject="haihe-storage.LT-101", start=now + 60_000, end=now + 120_000,
            reason="标定", person="张三",
        )  # fmt: skip
        assert room.pass_time(10) == []
    with control_room(tmp_path, clock=clock) as room:
        assert [e.change for e in room.pass_time(50)] == ["suppressed"]
        assert [(e.change, e.effects) for e in room.pass_time(60)] == [("released", ("announce",))]
        assert ids(room.listed(), "alarms") == [raised.alarm.id]


def test_a_permit_is_context_and_suppresses_nothing(room: Room) -> None:
    end = room.clock[0] // 1_000_000 + 3_600_000
    room.post(
        "/api/works", kind="permit", scope="enterprise", subject="binhai-chem", end=end, reason="动火", person="张三"
    )
    (raised,) = room.move("high", Y, point=GAS)
    assert raised.effects == ("announce",)
    (alarm,) = room.listed()["alarms"]
    assert [(each["kind"], each["work"]["reason"]) for each in alarm["context"]] == [("permit", "动火")]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"subject": "nowhere"}, 404),
        ({"scope": "city"}, 422),
        ({"end": 1}, 409),
        ({"reason": " "}, 422),
        ({"person": ""}, 422),
        ({"most": 5}, 422),
        ({"end": 4_000_000_000_000}, 409),
    ],
)
def test_a_work_that_does_not_fit_is_refused(room: Room, change: dict[str, object], status: int) -> None:
    body = {
        "scope": "source", "subject": "tank-area-1", "end": room.clock[0] // 1_000_000 + 60_000,
        "reason": "检修", "person": "张三", **change,
    }  # fmt: skip
    assert room.post("/api/works", **body).status_code == status
    assert room.listed()["works"] == []


def test_a_reading_suppresses_by_design_while_it_is_good_and_fresh(room: Room) -> None:
    def pressure(value: float, quality: int = 0) -> None:
        now = np.array([room.clock[0]])
        room.latest.update(
            ReadingBlock(
                np.array([PRESSURE], np.int32),
                now,
                np.array([value]),
                np.array([quality], np.uint8),
                now,
                room.clock[0],
            )
        )

    pressure(0.2)
    (raised,) = room.move("in.use", O, point=TEMPERATURE)
    assert raised.effects == ("withhold",)
    assert raised.alarm.suppressions[0].cause == "reading"
    pressure(5.0)
    assert [(e.change, e.effects) for e in room.pass_time(1)] == [("released", ("announce",))]
    pressure(0.2, quality=5)
    assert room.pass_time(1) == []
    pressure(0.2)
    assert [e.change for e in room.pass_time(1)] == ["suppressed"]
    assert [e.change for e in room.pass_time(70)] == ["released"]


def test_an_alarm_is_found_with_its_lines_long_after_it_ended(room: Room) -> None:
    (raised,) = room.move("high", Y)
    room.post(f"/api/alarms/{raised.alarm.id}/acknowledge", person="甲")
    room.move("high", NONE)
    room.move("high", Y)
    found = room.http.get(f"/api/alarms/{raised.alarm.id}").json()
    assert (found["alarm"]["state"], [event["change"] for event in found["events"]]) == (
        "normal",
        ["raised", "acknowledged", "cleared"],
    )
    assert room.http.get("/api/alarms/none").status_code == 404


def test_late_data_are_listed_apart(room: Room) -> None:
    room.move("high", R, retrospective=True)
    listed = room.listed()
    assert (listed["alarms"], listed["suppressed"]) == ([], [])
    (late,) = room.http.get("/api/alarms/retrospective").json()["alarms"]
    assert (late["retrospective"], late["worst"], late["state"]) == (True, 4, "normal")


FLAME = {"key": "cam-3/17", "kind": "flame", "source": "tank-area-1", "picture": "http://nvr/17.jpg", "by": "cam-3"}


def test_an_external_event_is_an_alarm_once_until_a_person_closes_it(room: Room) -> None:
    first = room.post("/api/events/haihe-storage", **FLAME, text="东侧明火")
    assert first.status_code == 201, first.text
    alarm = first.json()["alarm"]
    assert (alarm["tier"], alarm["external"], alarm["closable"], alarm["class"]) == (4, True, True, "process")
    assert alarm["text"]["zh"].startswith("一号罐区 视频发现明火:东侧明火,来自 cam-3(")
    assert alarm["details"]["key"] == "cam-3/17"
    assert (alarm["links"]["picture"], alarm["links"]["curve"]) == ("http://nvr/17.jpg", None)
    assert alarm["place"]["source"] == {"zh": "一号罐区", "en": "Tank area 1"}
    assert room.post("/api/events/haihe-storage", **FLAME).json() == {"known": True}
    assert len(room.listed()["alarms"]) == 1
    path = f"/api/alarms/{alarm['id']}"
    assert room.post(f"{path}/close", person="甲").status_code == 422
    room.clock[0] += S
    closed = room.post(f"{path}/close", person="甲", comment="误报,已核实").json()
    assert (closed["change"], closed["actor"], closed["effects"]) == ("cleared", "甲", ["resolve"])
    assert closed["alarm"]["closable"] is False
    room.clock[0] += S
    assert room.post("/api/events/haihe-storage", **FLAME).json() == {"known": True}
    assert room.post(f"{path}/close", person="甲", comment="x").status_code == 409
    (other,) = room.move("high", Y)
    assert room.post(f"/api/alarms/{other.alarm.id}/close", person="甲", comment="x").status_code == 409


def test_an_external_event_is_ended_by_its_sender(room: Room) -> None:
    first = room.post("/api/events/haihe-storage", **FLAME).json()
    room.clock[0] += S
    over = room.post("/api/events/haihe-storage", **{**FLAME, "state": "over"})
    assert (over.status_code, over.json()["change"]) == (201, "cleared")
    assert over.json()["alarm"]["id"] == first["alarm"]["id"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"key": ""}, "bad_key"),
        ({"key": "a#b"}, "bad_key"),
        ({"kind": "ufo"}, "unknown_kind"),
        ({"source": "gas-area-1"}, "unknown_source"),
        ({"tier": "purple"}, "bad_tier"),
        ({"ts": "now"}, "bad_ts"),
        ({"ts": 5}, "clock_not_set"),
        ({"ts": 4_000_000_000_000}, "clock_ahead"),
        ({"picture": "javascript:alert(1)"}, "bad_picture"),
        ({"text": "x" * 501}, "bad_text"),
        ({"state": "gone"}, "bad_state"),
        ({"simulated": "yes"}, "bad_simulated"),
        ({"colour": "red"}, "unknown_key"),
    ],
)
def test_a_bad_event_is_refused_with_its_reason(room: Room, change: dict[str, object], reason: str) -> None:
    answer = room.post("/api/events/haihe-storage", **{**FLAME, **change})
    assert answer.status_code == 422
    assert re.match(rf"The event does not fit: {reason}\. .+\.$", said(answer))
    assert room.listed()["alarms"] == []


def test_events_of_nobody_and_no_json_are_refused(room: Room) -> None:
    assert said(room.post("/api/events/nobody", **FLAME)) == (
        "The event does not fit: unknown_enterprise. The enterprise in the address is not in the catalogue."
    )
    assert said(room.http.post("/api/events/haihe-storage", content=b"{")) == (
        "The event does not fit: not_json. The body is not JSON."
    )
    assert said(room.http.post("/api/events/haihe-storage", content=b"[]")) == (
        "The event does not fit: not_a_message. The body must be one JSON object."
    )
    kinds = room.http.get("/api/event-kinds").json()["kinds"]
    assert {kind["kind"] for kind in kinds} >= {"flame", "manual_call", "public_report"}


def test_pages_hear_of_what_people_do_and_of_works(room: Room) -> None:
    (raised,) = room.move("high", Y)
    with room.http.stream("GET", "/api/events") as stream:
        heard = stream.iter_lines()
        assert next(line for line in heard if line == "event: resync")
        room.post(f"/api/alarms/{raised.alarm.id}/shelve", person="甲", reason="校表", minutes=5)
        data = next(line for line in heard if line.startswith('data: {"seq"'))
        assert json.loads(data.removeprefix("data: "))["change"] == "shelved"
        end = room.clock[0] // 1_000_000 + 60_000
        room.post("/api/works", scope="source", subject="tank-area-1", end=end, reason="检修", person="张三")
        assert next(line for line in heard if line == "event: work")


def test_a_flood_makes_incidents_of_which_red_is_never_folded(room: Room) -> None:
    for number in range(10):
        room.move("high", Y, point=GAS, about=str(number))
    (flood,) = room.listed()["floods"]
    assert (flood["position"], flood["count"]) == ("", 10)
    assert [(e.change, e.effects) for e in room.move("high", Y)] == [("raised", ("announce",))]
    folded = room.move("high", Y, point=TEMPERATURE)
    assert [(e.change, e.effects) for e in folded] == [("grouped", ()), ("raised", ("fold",))]
    worse = room.move("high", R, point=PRESSURE)
    assert [(e.change, e.effects) for e in worse] == [("raised", ("announce",))]
    (incident,) = room.listed()["incidents"]
    assert (incident["first"]["tag"], incident["tier"], incident["folded"], incident["counts"]) == (
        "LT-101",
        4,
        1,
        [0, 2, 0, 1],
    )
    assert [(e.change, e.effects) for e in room.move("high", R, point=TEMPERATURE)] == [("worsened", ("announce",))]
    assert room.listed()["incidents"][0]["folded"] == 0
    room.pass_time(600)
    assert room.listed()["floods"] == []
    assert [(e.change, e.effects) for e in room.move("high", R, point=LEVEL)] == [("worsened", ("announce",))]
