"""Risk colours and warnings over a real server, a real ledger and the real rules."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from ganzhi.handling import Reason, Scope
from ganzhi.records import Text, Tier
from tests.alerting.office import DISTRICT, MINUTE, risk
from tests.console.office import Staffed
from tests.console.test_api import message
from tests.console.test_case_api import MS, http, staffed

__all__ = ["http", "staffed"]


def act(client: httpx.Client, action: str, person: str, **more: object) -> httpx.Response:
    (warning,) = client.get("/api/warnings").json()["warnings"]
    return client.post(f"/api/warnings/{warning['id']}/{action}", json={"person": person, **more})


def test_risks_are_worst_first_with_reasons(staffed: Staffed, http: httpx.Client) -> None:
    reason = Reason(Text("一号罐区为红色", "Tank area 1 is red"), ("a1",))
    district = risk(Tier.RED, scope=Scope.DISTRICT, subject=DISTRICT, simulated=True)
    staffed.risks = [risk(Tier.NONE), replace(district, reasons=(reason,))]
    found = http.get("/api/risk").json()
    assert [(item["scope"], item["id"], item["tier"]) for item in found["risks"]] == [
        ("district", DISTRICT, 4), ("source", "tank-area-1", 0),
    ]  # fmt: skip
    assert (found["now"], found["risks"][0]["simulated"]) == (MS, True)
    assert found["risks"][0]["reasons"] == [
        {"text": {"zh": "一号罐区为红色", "en": "Tank area 1 is red"}, "alarms": ["a1"]}
    ]
    assert [item["id"] for item in http.get("/api/risk?scope=source").json()["risks"]] == ["tank-area-1"]
    assert http.get("/api/risk?scope=planet").status_code == 422


def test_a_warning_has_all_that_the_page_shows(staffed: Staffed, http: httpx.Client) -> None:
    staffed.office.warnings.follow([risk(Tier.ORANGE, simulated=True)])
    (warning,) = http.get("/api/warnings").json()["warnings"]
    assert [link["role"] for link in warning.pop("chain")] == ["command_post", "government"]
    assert warning == {
        "id": "W20260501-080000000", "scope": "source", "subject": "tank-area-1",
        "name": {"zh": "一号罐区", "en": "Tank area 1"}, "enterprise": "haihe-storage", "district": DISTRICT,
        "state": "proposed", "tier": 0, "proposed": 3, "needs": 3, "by_machine": True, "proposed_by": "",
        "reason": {"zh": "一号罐区已恢复", "en": "Tank area 1 is calm again"}, "simulated": True, "step": 0,
        "opened": MS, "changed": MS, "due": MS + 900_000, "late": False, "overdue": 0, "supervised": None,
        "released": None, "released_by": "", "ended": None, "ended_by": "",
        "actions": ["propose", "release", "decline"], "seq": 1,
    }  # fmt: skip


def test_a_warning_is_released_by_those_with_the_authority_only(staffed: Staffed, http: httpx.Client) -> None:
    staffed.office.warnings.follow([risk(Tier.ORANGE)])
    refused = act(http, "release", "duty_officer")
    assert refused.status_code == 403
    assert message(refused)["zh"] == "部门值班负责人无权签发橙色预警;应由指挥部值班负责人、政府值班负责人办理。"
    for pin, zh in (("", "需要口令。"), ("1", "口令错误。")):
        assert message(act(http, "release", "command_post", pin=pin))["zh"] == zh
    done = act(http, "release", "command_post", pin="2468").json()
    assert (done["warning"]["state"], done["warning"]["tier"], done["line"]["text"]["zh"]) == (
        "released", 3, "指挥部值班负责人签发橙色预警",
    )  # fmt: skip
    assert done == act(http, "release", "command_post", pin="2468").json()
    assert "2468" not in http.get("/api/handling").text


def test_a_warning_is_raised_lowered_and_lifted_with_its_history(staffed: Staffed, http: httpx.Client) -> None:
    staffed.office.warnings.follow([risk(Tier.ORANGE)])
    act(http, "release", "government")
    staffed.office.warnings.follow([risk(Tier.RED)])
    staffed.office.now += 10 * MINUTE
    staffed.office.clockwork()
    act(http, "release", "government")
    act(http, "release", "government", tier=2)
    act(http, "propose", "duty_officer", tier=0, comment="已受控")
    ended = act(http, "release", "duty_officer").json()["warning"]
    assert (ended["state"], ended["tier"], ended["ended_by"], ended["actions"]) == ("lifted", 0, "部门值班负责人", [])
    found = http.get(f"/api/warnings/{ended['id']}").json()
    assert [line["text"]["zh"] for line in found["history"]] == [
        "建议橙色预警,待指挥部值班负责人决定",
        "政府值班负责人签发橙色预警",
        "建议红色预警,待指挥部值班负责人决定",
        "逾期,升级至政府值班负责人并督办",
        "政府值班负责人将预警由橙色升为红色",
        "政府值班负责人将预警由红色降为黄色",
        "部门值班负责人建议解除预警,待部门值班负责人决定",
        "部门值班负责人解除黄色预警",
    ]
    assert http.get("/api/warnings").json()["warnings"] == []
    assert [w["id"] for w in http.get("/api/warnings?state=all").json()["warnings"]] == [ended["id"]]


def test_a_person_proposes_a_warning(http: httpx.Client) -> None:
    body = {
        "person": "duty_officer",
        "scope": "district",
        "subject": DISTRICT,
        "tier": 1,
        "comment": "台风",
        "key": "k",
    }
    made = http.post("/api/warnings", json=body)
    assert (made.status_code, made.json()["warning"]["by_machine"]) == (201, False)
    assert http.post("/api/warnings", json=body).json() == made.json()
    assert http.post("/api/warnings", json={**body, "key": "k2", "tier": 2}).status_code == 409


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"subject": "nowhere"}, 404), ({"scope": "planet"}, 422), ({"tier": 0}, 422), ({"comment": ""}, 409),
        ({"person": "nobody"}, 403),
    ],
)  # fmt: skip
def test_a_proposal_that_does_not_fit_is_refused(http: httpx.Client, change: dict[str, object], status: int) -> None:
    body = {"person": "duty_officer", "scope": "district", "subject": DISTRICT, "tier": 1, "comment": "台风"}
    assert http.post("/api/warnings", json={**body, **change}).status_code == status


def test_what_is_not_there_is_said_so(http: httpx.Client) -> None:
    assert http.get("/api/warnings/W1").status_code == 404
    assert http.post("/api/warnings/W1/release", json={"person": "duty_officer"}).status_code == 404
