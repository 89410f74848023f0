"""Every route over a real server: what it returns, what it refuses, and what every response carries."""

from __future__ import annotations

import httpx

from console.server import Server
from ganzhi.records import AlarmClass, Quality, Text, Tier
from tests.console.plant import GAS, LEVEL, LEVEL_BASIS, NOW, PRESSURE, TEMPERATURE, Plant, S

MS = NOW // 1_000_000
HIGH = Text("液位高", "Level high")
TEXT = Text("LT-101 液位 14.5 m", "LT-101 reads 14.5 m")


def message(answer: httpx.Response) -> dict[str, str]:
    found = answer.json()["message"]
    assert set(found) == {"zh", "en"}
    return dict(found)


def test_site_lists_enterprises_with_their_sources(http: httpx.Client) -> None:
    site = http.get("/api/site").json()
    assert site["name"] == {"zh": "示范市滨海区", "en": "Binhai District"}
    assert (site["language"], site["zone"], site["now"], site["points"]) == ("zh", "Asia/Shanghai", MS, 4)
    assert [enterprise["id"] for enterprise in site["enterprises"]] == ["haihe-storage", "binhai-chem"]
    assert site["enterprises"][0]["sources"] == [
        {
            "id": "tank-area-1",
            "enterprise": "haihe-storage",
            "name": {"zh": "一号罐区", "en": "Tank area 1"},
            "sector": "tank_farm",
            "level": 1,
            "lon": 117.7,
            "lat": 38.98,
            "points": 3,
        }
    ]
    assert site["enterprises"][1]["sources"][0]["lon"] is None


def test_alarms_are_worst_first_with_colours_and_the_newest_event(plant: Plant, http: httpx.Client) -> None:
    plant.read(LEVEL, 14.5)
    plant.raise_alarm(LEVEL, Tier.RED, HIGH, TEXT, simulated=True)
    plant.raise_alarm(GAS, Tier.BLUE, Text("无数据", "Silent"), TEXT, alarm_class=AlarmClass.DEVICE)
    answer = http.get("/api/alarms").json()
    assert (answer["now"], answer["seq"]) == (MS, 2)
    assert [(a["id"], a["tier"], a["class"]) for a in answer["alarms"]] == [
        ("alarm-1", 4, "process"),
        ("alarm-2", 1, "device"),
    ]
    assert answer["alarms"][0] == {
        "id": "alarm-1",
        "seq": 0,
        "condition": "level.high",
        "rule": "level.high",
        "point": "haihe-storage.LT-101",
        "tag": "LT-101",
        "subject": "haihe-storage.LT-101",
        "enterprise": "haihe-storage",
        "source": "tank-area-1",
        "class": "process",
        "state": "unacknowledged",
        "tier": 4,
        "worst": 4,
        "raised": MS,
        "changed": MS,
        "cleared": None,
        "acknowledged": None,
        "acknowledged_by": "",
        "comment": "",
        "value": 14.5,
        "score": None,
        "limit": 14.4,
        "unit": "m",
        "score_unit": "m",
        "name": {"zh": "液位高", "en": "Level high"},
        "text": {"zh": "LT-101 液位 14.5 m", "en": "LT-101 reads 14.5 m"},
        "advice": {
            "zh": "立即停止进料，核对现场液位，必要时倒罐。",
            "en": "Stop the inflow, verify the level on site, transfer if needed.",
        },
        "basis": LEVEL_BASIS,
        "simulated": True,
        "retrospective": False,
        "evidence": {},
        "falls": None,
        "suppressions": [],
        "incident": "",
        "folded": False,
        "details": {},
        "chattering": False,
        "cycles": 0,
        "forecast": None,
        "place": {
            "lon": 117.7,
            "lat": 38.98,
            "point": "LT-101",
            "source": {"zh": "一号罐区", "en": "Tank area 1"},
            "enterprise": {"zh": "海河石化仓储", "en": "Haihe Petrochemical Storage"},
            "district": "滨海区",
        },
        "external": False,
        "closable": False,
        "resettable": False,
        "needs_comment": False,
        "context": [],
        "trend": {"step_s": 30, "end": MS, "values": [None, 1.0, 2.0], "slope_per_min": 2.0},
        "links": {
            "page": "/#alarm=alarm-1",
            "curve": "/api/points/haihe-storage.LT-101/curve?minutes=30",
        },
    }
    assert answer["colours"][0] == {
        "source": "tank-area-1",
        "enterprise": "haihe-storage",
        "at": MS,
        "tier": 4,
        "counts": [0, 0, 0, 1],
    }


def test_history_is_newest_first_and_limited(plant: Plant, http: httpx.Client) -> None:
    for tier in (Tier.BLUE, Tier.YELLOW, Tier.RED):
        plant.raise_alarm(LEVEL, tier, HIGH, TEXT)
    events = http.get("/api/alarms/history", params={"limit": 2}).json()["events"]
    assert [(e["seq"], e["change"], e["before"], e["alarm"]["tier"]) for e in events] == [
        (3, "raised", 0, 4),
        (2, "raised", 0, 2),
    ]
    assert http.get("/api/alarms/history", params={"limit": 0}).status_code == 422


def test_acknowledge_calls_the_platform_once_with_person_and_comment(plant: Plant, http: httpx.Client) -> None:
    alarm = plant.raise_alarm(LEVEL, Tier.RED, HIGH, TEXT)
    body = {"person": "  李 明 ", "comment": "已停泵\n去现场"}
    answer = http.post(f"/api/alarms/{alarm.id}/acknowledge", json=body)
    assert answer.status_code == 200
    event = answer.json()
    assert (event["change"], event["actor"], event["comment"]) == ("acknowledged", "李 明", "已停泵 去现场")
    assert event["alarm"]["state"] == "acknowledged"
    assert plant.acknowledged == [("alarm-1", "李 明", "已停泵 去现场")]

    again = http.post(f"/api/alarms/{alarm.id}/acknowledge", json={"person": "王"})
    assert (again.status_code, message(again)["zh"]) == (409, "已由 李 明 确认。")


def test_acknowledge_of_an_unknown_alarm_is_404(http: httpx.Client) -> None:
    answer = http.post("/api/alarms/no/such/acknowledge", json={"person": "李明"})
    assert (answer.status_code, message(answer)["en"]) == (404, "No such alarm: no/such")


def test_acknowledge_refuses_a_body_that_does_not_fit(plant: Plant, http: httpx.Client) -> None:
    alarm = plant.raise_alarm(LEVEL, Tier.RED, HIGH, TEXT)
    bodies: list[dict[str, object]] = [
        {"person": "   "},
        {},
        {"person": "x" * 65},
        {"person": "x", "comment": "y" * 501},
        {"person": 3},
        {"who": "x"},
    ]
    for body in bodies:
        answer = http.post(f"/api/alarms/{alarm.id}/acknowledge", json=body)
        assert (answer.status_code, message(answer)["zh"] != "") == (422, True), body
    assert plant.acknowledged == []


def test_acknowledge_refuses_what_is_not_json_and_what_is_huge(plant: Plant, http: httpx.Client) -> None:
    path = f"/api/alarms/{plant.raise_alarm(LEVEL, Tier.RED, HIGH, TEXT).id}/acknowledge"
    head = {"Content-Type": "application/json"}
    assert http.post(path, content=b"{", headers=head).status_code == 422
    assert http.post(path, data={"person": "x"}).status_code == 422
    huge = http.post(path, json={"person": "x", "comment": "y" * 20_000})
    assert huge.status_code == 413
    assert plant.acknowledged == []


def test_a_post_from_another_site_is_refused(plant: Plant, http: httpx.Client) -> None:
    alarm = plant.raise_alarm(LEVEL, Tier.RED, HIGH, TEXT)
    for headers in (
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        answer = http.post(f"/api/alarms/{alarm.id}/acknowledge", json={"person": "李明"}, headers=headers)
        assert (answer.status_code, message(answer)["en"][:8]) == (403, "Refused:"), headers
    assert plant.acknowledged == []


def test_a_post_from_our_own_page_passes(plant: Plant, http: httpx.Client, server: Server) -> None:
    alarm = plant.raise_alarm(LEVEL, Tier.RED, HIGH, TEXT)
    headers = {"Origin": server.url, "Sec-Fetch-Site": "same-origin"}
    answer = http.post(f"/api/alarms/{alarm.id}/acknowledge", json={"person": "李明"}, headers=headers)
    assert answer.status_code == 200


def test_points_carry_value_quality_limits_and_colour(plant: Plant, http: httpx.Client) -> None:
    plant.read(LEVEL, 14.5, simulated=True)
    plant.read(TEMPERATURE, 21.25, Quality.IN_CALIBRATION)
    plant.raise_alarm(LEVEL, Tier.YELLOW, HIGH, TEXT)
    plant.raise_alarm(LEVEL, Tier.RED, HIGH, TEXT)
    answer = http.get("/api/sources/tank-area-1/points").json()
    level, temperature, pressure = answer["points"]
    assert answer["source"]["id"] == "tank-area-1"
    assert level == {
        "id": "haihe-storage.LT-101",
        "tag": "LT-101",
        "name": "",
        "quantity": "level",
        "unit": "m",
        "low": 0.0,
        "high": 16.0,
        "resolution": 0.01,
        "period_s": 1.0,
        "lon": 117.7,
        "lat": 38.98,
        "value": 14.5,
        "time": MS,
        "iso": "2026-05-01T08:00:00.000+08:00",
        "quality": "good",
        "simulated": True,
        "tier": 4,
        "limits": [
            {"tier": 3, "value": 13.6, "side": "high", "rule": "level.high", "basis": LEVEL_BASIS}
            | {"name": {"zh": "液位高", "en": "Level high"}},
            {"tier": 4, "value": 14.4, "side": "high", "rule": "level.high", "basis": LEVEL_BASIS}
            | {"name": {"zh": "液位高", "en": "Level high"}},
        ],
    }
    assert (temperature["quality"], temperature["simulated"], temperature["limits"]) == ("in_calibration", False, [])
    assert [pressure[key] for key in ("value", "time", "iso", "quality", "tier")] == [None, None, None, None, 0]


def test_points_of_an_unknown_source_are_404(http: httpx.Client) -> None:
    answer = http.get("/api/sources/nowhere/points")
    assert (answer.status_code, message(answer)["zh"]) == (404, "没有这个危险源：nowhere")


def test_curve_returns_the_rows_of_the_window(plant: Plant, http: httpx.Client) -> None:
    for seconds, value in ((-400, 1.0), (-120, 2.5), (-60, float("nan")), (0, 3.5)):
        plant.now = NOW + seconds * S
        plant.read(GAS, value, simulated=True)
    plant.now = NOW + S
    path = "/api/points/binhai-chem.GD%2F01/curve"
    assert http.get(path, params={"minutes": 5}).json() == {
        "point": "binhai-chem.GD/01",
        "start": MS + 1000 - 300_000,
        "end": MS + 1000,
        "time": [MS - 120_000, MS - 60_000, MS],
        "value": [2.5, None, 3.5],
        "quality": [128, 128, 128],
    }
    between = {"start": MS - 400_000, "end": MS - 60_000}
    assert http.get(path, params=between).json()["value"] == [1.0, 2.5]
    assert http.get(path, params={"minutes": 60, "most": 2}).json()["value"] == [None, 3.5]


def test_curve_ends_at_the_last_reading_when_that_is_old_or_ahead(plant: Plant, http: httpx.Client) -> None:
    plant.read(PRESSURE, 3.0)
    path = "/api/points/haihe-storage.PT-101/curve"
    for shift_s in (86_400, -40):
        plant.now = NOW + shift_s * S
        answer = http.get(path, params={"minutes": 5}).json()
        assert (answer["end"], answer["value"]) == (MS + 1, [3.0])


def test_curve_without_readings_is_empty_and_no_error(http: httpx.Client) -> None:
    answer = http.get("/api/points/haihe-storage.PT-101/curve")
    assert answer.status_code == 200
    assert answer.json()["time"] == answer.json()["value"] == []


def test_curve_says_so_when_the_store_is_down(plant: Plant, http: httpx.Client) -> None:
    plant.store_is_down = True
    answer = http.get("/api/points/haihe-storage.PT-101/curve")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "connection refused" in message(answer)["en"]


def test_curve_refuses_a_window_that_makes_no_sense(http: httpx.Client) -> None:
    queries: list[dict[str, float | str]] = [
        {"minutes": 0},
        {"minutes": "nan"},
        {"minutes": 1e9},
        {"most": 1},
        {"start": 9_223_372_036_855},
        {"start": 2000, "end": 1000},
    ]
    for query in queries:
        answer = http.get("/api/points/haihe-storage.PT-101/curve", params=query)
        assert (answer.status_code, message(answer)["zh"] != "") == (422, True), query


def test_curve_of_an_unknown_point_is_404(http: httpx.Client) -> None:
    assert http.get("/api/points/nothing/curve").status_code == 404


def test_health_is_the_platforms_with_our_open_pages(plant: Plant, http: httpx.Client) -> None:
    answer = http.get("/api/health").json()
    assert answer.pop("feed") == {"subscribers": 0, "published": 0, "resyncs": 0}
    assert answer == plant.health


def test_every_response_is_guarded_and_data_is_not_cached(http: httpx.Client) -> None:
    for path in ("/", "/app.js", "/api/site", "/api/nothing"):
        headers = http.get(path).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'self';")
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "server" not in headers
    assert http.get("/api/site").headers["Cache-Control"] == "no-store"
    assert http.get("/app.js").headers["Cache-Control"] == "no-cache"


def test_openapi_is_there_and_nothing_that_needs_the_internet(http: httpx.Client) -> None:
    paths = http.get("/openapi.json").json()["paths"]
    assert "/api/alarms/{alarm_id}/acknowledge" in paths
    assert http.get("/docs").status_code == http.get("/redoc").status_code == 404
    assert message(http.get("/docs"))["en"] == "404 Not Found"


def test_the_page_and_its_parts_are_served_with_their_types(http: httpx.Client) -> None:
    index = http.get("/")
    assert index.headers["Content-Type"].startswith("text/html")
    assert "onclick" not in index.text and "<style" not in index.text and "http" not in index.text
    for path, kind in (("app.js", "javascript"), ("style.css", "css"), ("icon.svg", "svg")):
        assert kind in http.get(f"/{path}").headers["Content-Type"]
    assert http.get("/../backend.py").status_code == 404
