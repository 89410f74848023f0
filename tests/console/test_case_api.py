"""Cases over a real server, a real ledger and the real rules."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from console.api import create_app
from console.server import Server
from ganzhi.handling import Act, Reason
from ganzhi.records import Change, Text, Tier
from storage.ledger import Ledger
from tests.alerting.office import MINUTE, alarm, risk, told
from tests.console.office import Staffed
from tests.console.plant import NOW, Plant
from tests.console.test_api import message

MS = NOW // 1_000_000
CASE = "C20260501-000001"
HAZARD = {
    "kind": "hazard", "person": "town_office", "title": "护栏缺失", "text": "3 号罐平台护栏缺失", "tier": 2,
    "enterprise": "haihe-storage", "source": "tank-area-1", "photos": ["https://x/1.jpg"],
    "limit": MS + 86_400_000, "key": "form-1",
}  # fmt: skip


@pytest.fixture
def staffed(plant: Plant, tmp_path: Path) -> Iterator[Staffed]:
    with Ledger(f"sqlite:///{tmp_path}/ledger.sqlite") as ledger:
        yield Staffed(plant, ledger)


@pytest.fixture
def http(staffed: Staffed, plant: Plant) -> Iterator[httpx.Client]:
    app = create_app(staffed.backend(), plant.feed, clock=staffed.office.clock)
    with (
        Server(app, "127.0.0.1", 0) as server,
        httpx.Client(base_url=server.url, timeout=5, trust_env=False) as client,
    ):
        yield client


def act(http: httpx.Client, action: str, person: str = "shift_leader", **more: object) -> httpx.Response:
    return http.post(f"/api/cases/{CASE}/{action}", json={"person": person, **more})


def test_a_case_has_all_that_the_page_shows(staffed: Staffed, http: httpx.Client) -> None:
    staffed.office.cases.follow([told(1, alarm(simulated=True))])
    answer = http.get("/api/cases").json()
    assert (answer["now"], answer["seq"]) == (MS, 1)
    assert answer["cases"] == [
        {
            "id": CASE, "kind": "alarm", "state": "dispatched", "tier": 3,
            "title": {"zh": "一号罐区 LT-101 液位高", "en": "Tank area 1 LT-101 Level high"},
            "text": {"zh": "一号罐区 LT-101 为 14.50 m", "en": "Tank area 1 LT-101 reads 14.50 m"},
            "advice": {"zh": "停止进料", "en": "Stop the inflow"},
            "enterprise": "haihe-storage", "source": "tank-area-1", "district": "滨海区",
            "alarms": ["20260501-000001"], "simulated": True, "opened": MS, "opened_by": "", "changed": MS,
            "chain": answer["cases"][0]["chain"], "step": 0,
            "due": MS + 600_000, "late": False, "overdue": 0, "supervised": None, "limit": None,
            "accepted": None, "accepted_by": "", "feedback": None, "feedback_by": "", "feedback_text": "",
            "photos": [], "verified": None, "verified_by": "", "closed": None, "closed_by": "",
            "actions": ["accept", "supervise"], "seq": 1,
        }
    ]  # fmt: skip
    chain = answer["cases"][0]["chain"]
    assert [link["role"] for link in chain] == [
        "shift_leader", "safety_officer", "principal", "town_office", "district_bureau",
    ]  # fmt: skip
    assert chain[0]["name"] == {"zh": "当班班长", "en": "Shift leader"}


def test_a_case_is_carried_from_dispatch_to_close_with_its_history(staffed: Staffed, http: httpx.Client) -> None:
    staffed.office.cases.follow([told(1, alarm())])
    assert act(http, "accept").json()["case"]["accepted_by"] == "当班班长"
    assert act(http, "start").json()["case"]["state"] == "in_progress"
    given = act(http, "feedback", comment="已停泵\n液位下降", photos=["https://x/1.jpg"]).json()["case"]
    assert (given["feedback_text"], given["photos"]) == ("已停泵\n液位下降", ["https://x/1.jpg"])
    assert act(http, "verify", "safety_officer").json()["case"]["verified"] == MS
    closed = act(http, "close", "safety_officer").json()
    assert (closed["case"]["state"], closed["case"]["due"], closed["case"]["actions"]) == ("closed", None, ["reopen"])
    assert closed["line"] == {
        "seq": 6, "at": MS, "kind": "case", "subject": CASE, "act": "closed",
        "text": {"zh": "企业安全员关闭工单", "en": "企业安全员: closed"}, "actor": "safety_officer",
        "name": "企业安全员", "role": "safety_officer",
        "role_name": {"zh": "企业安全员", "en": "Enterprise safety officer"},
        "comment": "", "photos": [], "before": 3, "tier": 3, "state": "closed", "step": 0,
    }  # fmt: skip
    found = http.get(f"/api/cases/{CASE}").json()
    assert found["case"] == closed["case"]
    assert [line["text"]["zh"] for line in found["history"]] == [
        "开立工单并派发给当班班长", "当班班长接单", "当班班长开始处置", "当班班长处置反馈", "企业安全员核验通过",
        "企业安全员关闭工单",
    ]  # fmt: skip
    assert http.get("/api/cases").json()["cases"] == []
    assert [case["id"] for case in http.get("/api/cases?state=closed").json()["cases"]] == [CASE]


def test_a_late_case_is_shown_with_who_has_it_now(staffed: Staffed, http: httpx.Client) -> None:
    staffed.office.cases.follow([told(1, alarm(tier=Tier.YELLOW))])
    staffed.office.now += 15 * MINUTE
    assert http.get("/api/cases").json()["cases"][0]["late"] is True
    staffed.office.clockwork()
    case = http.get("/api/cases").json()["cases"][0]
    assert (case["late"], case["overdue"], case["step"], case["supervised"]) == (False, 1, 1, MS + 900_000)
    line = http.get("/api/handling?newest=true&limit=1").json()["lines"][0]
    assert (line["act"], line["actor"], line["text"]["zh"]) == ("escalated", "", "逾期,升级至企业安全员并督办")


def test_what_is_out_of_place_is_refused_with_a_reason(staffed: Staffed, http: httpx.Client) -> None:
    staffed.office.cases.follow([told(1, alarm())])
    early = act(http, "close")
    assert (early.status_code, message(early)["zh"]) == (409, "尚无处置反馈。")
    missing = http.post("/api/cases/C1/accept", json={"person": "shift_leader"})
    assert (missing.status_code, http.get("/api/cases/C1").status_code) == (404, 404)
    outside = act(http, "accept", "duty_officer")
    assert outside.status_code == 403
    assert message(outside)["zh"].startswith("部门值班负责人无权接单;应由当班班长、企业安全员")
    assert act(http, "accept", "").status_code == 403
    assert staffed.ledger.handling.last_seq() == 1


@pytest.mark.parametrize(
    "body",
    [
        {"person": "shift_leader", "comment": "x" * 501},
        {"person": "shift_leader", "photos": ["javascript:alert(1)"]},
        {"person": "shift_leader", "photos": ["https://x/ y"]},
        {"person": "shift_leader", "photos": ["https://x"] * 10},
        {"person": "x" * 65},
        {"person": "shift_leader", "colour": 3},
        [],
    ],
)
def test_a_body_that_does_not_fit_is_refused(staffed: Staffed, http: httpx.Client, body: object) -> None:
    staffed.office.cases.follow([told(1, alarm())])
    assert http.post(f"/api/cases/{CASE}/accept", json=body).status_code == 422
    assert http.post(f"/api/cases/{CASE}/explode", json={"person": "shift_leader"}).status_code == 422


def test_a_double_click_makes_one_line(staffed: Staffed, http: httpx.Client) -> None:
    staffed.office.cases.follow([told(1, alarm())])
    first, second = act(http, "accept"), act(http, "accept")
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == second.json()
    assert staffed.ledger.handling.last_seq() == 2


def test_a_hazard_is_reported_once_and_struck_off(staffed: Staffed, http: httpx.Client) -> None:
    made, again = http.post("/api/cases", json=HAZARD), http.post("/api/cases", json=HAZARD)
    assert (made.status_code, made.json()) == (201, again.json())
    case = made.json()["case"]
    assert (case["id"], case["kind"], case["limit"], case["opened_by"]) == (
        "H20260501-080000000", "hazard", MS + 86_400_000, "镇街值班负责人",
    )  # fmt: skip
    assert made.json()["line"]["text"]["zh"] == "镇街值班负责人上报隐患并派发给当班班长"
    for action, who, comment in (
        ("accept", "shift_leader", ""), ("start", "shift_leader", ""), ("feedback", "shift_leader", "已装护栏"),
        ("verify", "town_office", ""), ("close", "town_office", ""),
    ):  # fmt: skip
        body = {"person": who, "comment": comment}
        done = http.post(f"/api/cases/{case['id']}/{action}", json=body)
        assert done.status_code == 200, done.text
    assert done.json()["line"]["text"] == {"zh": "镇街值班负责人销号", "en": "镇街值班负责人: struck off"}


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"enterprise": "nowhere"}, 404), ({"source": "gas-area-1"}, 404), ({"tier": 0}, 422), ({"tier": 5}, 422),
        ({"title": " "}, 422), ({"kind": "alarm"}, 422), ({"person": "nobody"}, 403), ({"limit": -1}, 422),
    ],
)  # fmt: skip
def test_a_hazard_that_does_not_fit_is_refused(http: httpx.Client, change: dict[str, object], status: int) -> None:
    answer = http.post("/api/cases", json={**HAZARD, **change})
    assert (answer.status_code, set(message(answer))) == (status, {"zh", "en"})


def test_cases_are_found_by_alarm_enterprise_and_source(staffed: Staffed, http: httpx.Client) -> None:
    gas = alarm(2, Tier.RED, source="gas-area-1", subject="binhai-chem.GD-01")
    staffed.office.cases.follow([told(1, alarm()), told(2, gas)])

    def ids(query: str) -> list[str]:
        return [case["id"] for case in http.get(f"/api/cases?{query}").json()["cases"]]

    assert ids("") == ["C20260501-000002", CASE]
    assert ids("alarm=20260501-000001") == ids("enterprise=haihe-storage") == ids("source=tank-area-1") == [CASE]
    assert ids("alarm=20260501-000009") == ids("enterprise=haihe-storage&source=gas-area-1") == []


def test_the_journal_is_read_after_a_seq(staffed: Staffed, http: httpx.Client) -> None:
    staffed.office.cases.follow([told(1, alarm(tier=Tier.YELLOW)), told(2, alarm(tier=Tier.RED), Change.WORSENED)])
    lines = http.get("/api/handling?after=1").json()
    assert (lines["seq"], [line["act"] for line in lines["lines"]]) == (2, [Act.RAISED])
    assert lines["lines"][0]["text"]["zh"] == "由黄色升为红色"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/api/handling", "/api/handling/1", f"/api/cases/{CASE}", "/api/warnings/W1"])
def test_nothing_written_can_be_altered_over_http(http: httpx.Client, method: str, path: str) -> None:
    assert http.request(method, path, json={}).status_code in (404, 405)


def test_persons_are_listed_with_what_they_may_release(http: httpx.Client) -> None:
    answer = http.get("/api/persons").json()
    post = next(person for person in answer["persons"] if person["id"] == "command_post")
    assert post == {
        "id": "command_post", "name": "指挥部值班负责人", "colours": [1, 2, 3, 4], "enterprise": "", "district": "",
        "roles": [{"role": "command_post", "name": {"zh": "指挥部值班负责人", "en": "Command post, officer on duty"}}],
        "pin": True,
    }  # fmt: skip
    assert {person["id"] for person in answer["persons"]} == {role["role"] for role in answer["roles"]}
    assert "2468" not in json.dumps(answer)


def test_a_ledger_that_is_away_is_told_as_such(staffed: Staffed, http: httpx.Client, tmp_path: Path) -> None:
    staffed.office.cases.follow([told(1, alarm())])
    staffed.ledger.close()
    ledger = tmp_path / "ledger.sqlite"
    ledger.rename(tmp_path / "away.sqlite")
    ledger.mkdir()
    for answer in (http.get("/api/cases"), act(http, "accept"), http.get("/api/handling")):
        assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)


def test_the_live_page_hears_of_every_line(staffed: Staffed, http: httpx.Client) -> None:
    with http.stream("GET", "/api/events") as stream:
        frames = stream.iter_lines()
        assert any(line == "event: resync" for line in frames)
        staffed.office.cases.follow([told(1, alarm())])
        assert any(line == "event: case" for line in frames)
        data = json.loads(next(frames).removeprefix("data: "))
    assert (data["line"]["act"], data["case"]["id"], data["line"]["seq"]) == ("opened", CASE, data["case"]["seq"])


def keys(value: object) -> object:
    """The shape of a JSON value: keys at every depth, and of a list that of its first."""
    if isinstance(value, dict):
        return {name: None if value[name] is None else keys(value[name]) for name in value}
    return [keys(item) for item in value[:1]] if isinstance(value, list) else None


def test_the_page_for_programs_shows_what_the_routes_answer(staffed: Staffed, http: httpx.Client) -> None:
    page = (Path(__file__).parents[2] / "docs" / "cases.md").read_text(encoding="utf-8")
    case, warning, line, person, colour = map(json.loads, re.findall(r"```json\n(.*?)```", page, re.DOTALL))
    staffed.office.cases.follow([told(1, alarm())])
    red = risk(Tier.RED)
    staffed.office.warnings.follow([red])
    staffed.risks = [replace(red, reasons=(Reason(Text("", ""), ("a",)),))]
    done = act(http, "accept").json()
    assert {**done["case"], "chain": case["chain"]}.keys() == case.keys()
    assert keys(done["line"]) == keys(line)
    assert keys(done["case"]["chain"][:1]) == keys(case["chain"])
    assert http.get("/api/warnings").json()["warnings"][0].keys() == warning.keys()
    assert keys(http.get("/api/persons").json()["persons"][0]) == keys({**person, "colours": []})
    assert keys(http.get("/api/risk").json()["risks"][0]) == keys(colour)
    listed = re.findall(r"^\| `(?:GET|POST) (/[^`?]+)", page, re.MULTILINE)
    served = http.get("/openapi.json").json()["paths"]
    ours = {re.sub(r"\w+_id}", "id}", path) for path in served if re.match(r"/api/(risk|cases|warn|pers|hand)", path)}
    assert set(listed) == ours
