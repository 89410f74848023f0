"""Reading the configuration anew over a real server: accepted, refused with every fault, one at a time."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import httpx

from console.api import create_app
from console.server import Server
from tests.console.plant import Plant
from tests.servers import wait_until


def test_a_good_configuration_is_accepted(plant: Plant, http: httpx.Client) -> None:
    answer = http.post("/api/reload")
    assert (answer.status_code, answer.json(), plant.reloaded) == (202, {"faults": []}, 1)


def test_a_faulty_configuration_is_refused_with_every_fault(plant: Plant, http: httpx.Client) -> None:
    plant.faults = ["points.csv, line 3: no such unit", "rules.toml: limits fall"]
    answer = http.post("/api/reload")
    assert answer.status_code == 422
    assert answer.json()["faults"] == plant.faults
    assert answer.json()["message"] == {
        "zh": "新配置有 2 处错误，没有生效；原配置继续运行。",
        "en": "Not accepted: 2 faults in the new configuration. The old one stays in force.",
    }


def test_a_reload_that_another_site_asks_for_is_refused(plant: Plant, http: httpx.Client, server: Server) -> None:
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert http.post("/api/reload", headers=headers).status_code == 403
    assert http.get("/api/reload").status_code in {404, 405}
    assert plant.reloaded == 0
    assert http.post("/api/reload", headers={"Origin": server.url}).status_code == 202


def test_a_second_reload_waits_its_turn_and_holds_up_nobody(plant: Plant) -> None:
    entered, leave = threading.Event(), threading.Event()

    def reload() -> list[str]:
        entered.set()
        assert leave.wait(10)
        return []

    app = create_app(replace(plant.backend(), reload=reload), plant.feed)
    with Server(app, "127.0.0.1", 0) as server, ThreadPoolExecutor(1) as pool:
        first = pool.submit(httpx.post, f"{server.url}/api/reload", timeout=20)
        wait_until(entered.is_set, "the first reload")
        assert httpx.get(f"{server.url}/api/site").status_code == 200
        second = httpx.post(f"{server.url}/api/reload")
        assert (second.status_code, second.json()["message"]["zh"]) == (409, "正在重新加载，请稍候。")
        leave.set()
        assert first.result(20).status_code == 202
        assert httpx.post(f"{server.url}/api/reload").status_code == 202
