"""Alarm events in line protocol, read back by a real parser."""

from __future__ import annotations

from dataclasses import replace

import httpx

from ganzhi.records import AlarmEvent, Text, Tier
from grafana.line import CHANNEL, line, lines
from tests.grafana.city import NOW, alarm, raised, story
from tests.servers import Server

EVENT = replace(raised(alarm(1, "haihe-storage.LT-101", "level.high", Tier.ORANGE, NOW)), seq=7)


def test_line_when_an_alarm_is_raised_carries_all_its_columns() -> None:
    assert CHANNEL == "stream/ganzhi/alarm"
    assert line(EVENT) == (
        'alarm seq=7i,tier=3i,before=0i,worst=3i,id="A0001",change="raised",state="unacknowledged",'
        'enterprise="haihe-storage",source="tank-area-1",point="haihe-storage.LT-101",condition="level.high",'
        'name_zh="液位高",name_en="Level high",text_zh="haihe-storage.LT-101 液位高，达到二级",'
        'text_en="haihe-storage.LT-101: Level high, level 2",reading="13.72 m",limit="13.6 m",actor="",simulated=true '
        f"{NOW}"
    )


def columns(event: AlarmEvent) -> list[str]:
    return [part.split("=")[0].split(",")[-1] for part in line(event).split('="')[:-1]]


def test_line_when_there_is_no_figure_has_the_same_columns() -> None:
    stale = raised(alarm(5, "haihe-storage.TT-102", "stale", Tier.BLUE, NOW))
    assert 'reading="",limit=""' in line(stale)
    assert columns(stale) == columns(EVENT)


def test_lines_when_texts_are_awkward_are_read_back_as_they_were(influxdb1_server: Server) -> None:
    awkward = 'a "quoted" \\ path, x=1 二行\n'
    events = [replace(event, noted=event.noted + 1) for event in story(NOW)]
    events[0] = replace(events[0], alarm=replace(events[0].alarm, text=Text(awkward, "")))
    with httpx.Client(base_url=influxdb1_server.url) as client:
        client.post("/query", params={"q": "CREATE DATABASE line"}).raise_for_status()
        client.post("/write", params={"db": "line"}, content=lines(events).encode()).raise_for_status()
        query = {"db": "line", "q": "SELECT text_zh, tier, seq FROM alarm", "epoch": "ns"}
        (series,) = client.get("/query", params=query).json()["results"][0]["series"]
    assert len(series["values"]) == len(events) == 12
    assert series["values"][0] == [events[0].noted, awkward.replace("\n", " "), 2, 1]
    assert [row[3] for row in series["values"]] == list(range(1, 13))
