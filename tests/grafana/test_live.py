"""The outlet: annotations that become regions, none twice, and what it does when Grafana does not answer."""

from __future__ import annotations

import socket
import uuid
from collections.abc import Iterator
from dataclasses import replace

import pytest

from ganzhi.clock import NS_PER_MS
from ganzhi.errors import Unavailable
from ganzhi.records import AlarmEvent, Change, Tier
from grafana import GrafanaOutlet, GrafanaServer
from grafana.live import Count
from tests.grafana.city import MINUTE, NOW, alarm, changed, raised
from tests.servers import free_port

NOW_MS = NOW // NS_PER_MS
MINUTE_MS = MINUTE // NS_PER_MS


@pytest.fixture
def history() -> list[AlarmEvent]:
    """Raised, worsened, acknowledged and cleared: one alarm with an id of its own."""
    first = alarm(0, "binhai-chem.GD-03", "gas.high", Tier.YELLOW, NOW)
    events = [raised(replace(first, id=f"test-{uuid.uuid4()}"))]
    events.append(changed(events[-1], 2, Change.WORSENED, Tier.RED))
    events.append(changed(events[-1], 1, Change.ACKNOWLEDGED, Tier.RED))
    events.append(changed(events[-1], 7, Change.CLEARED, Tier.NONE))
    return events


@pytest.fixture
def outlet(grafana_server: GrafanaServer) -> Iterator[GrafanaOutlet]:
    with GrafanaOutlet(server=grafana_server) as opened:
        yield opened


def found(server: GrafanaServer, event: AlarmEvent) -> list[dict[str, object]]:
    """The annotations of the alarm, searched over all time."""
    with server.client() as client:
        query: dict[str, str | int] = {"tags": f"alarm:{event.alarm.id}", "limit": 10}
        answer: list[dict[str, object]] = client.get("/api/annotations", params=query).raise_for_status().json()
    return answer


def test_tell_when_nobody_listens_is_unavailable(history: list[AlarmEvent]) -> None:
    server = GrafanaServer(f"http://127.0.0.1:{free_port()}", "token")
    with GrafanaOutlet(server=server) as outlet:
        with pytest.raises(Unavailable, match="does not answer") as caught:
            outlet.tell(history)
        assert caught.value.retry_after_s > 0
        assert outlet.count == Count()


def test_tell_when_the_server_hangs_gives_up_in_time(history: list[AlarmEvent]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = GrafanaServer(f"http://127.0.0.1:{silent.getsockname()[1]}", "token", timeout_s=0.2)
        with GrafanaOutlet(server=server) as outlet, pytest.raises(Unavailable, match="does not answer"):
            outlet.tell(history)


def test_tell_when_only_figures_changed_says_nothing() -> None:
    event = replace(raised(alarm(1, "binhai-chem.GD-03", "gas.high", Tier.YELLOW, NOW)), change=Change.UPDATED)
    with GrafanaOutlet(server=GrafanaServer(f"http://127.0.0.1:{free_port()}", "token")) as outlet:
        outlet.tell([event])
        outlet.tell([])
        assert outlet.count == Count()


def test_tell_when_the_token_is_refused_waits_for_a_person(
    grafana_server: GrafanaServer, history: list[AlarmEvent]
) -> None:
    with GrafanaOutlet(server=GrafanaServer(grafana_server.base, "glsa_not_a_token")) as outlet:
        with pytest.raises(Unavailable, match="does not accept the token") as caught:
            outlet.tell(history)
        assert caught.value.retry_after_s == 60


def test_annotation_when_the_alarm_ends_becomes_a_region(
    grafana_server: GrafanaServer, outlet: GrafanaOutlet, history: list[AlarmEvent]
) -> None:
    outlet.tell(history[:1])
    (point,) = found(grafana_server, history[0])
    assert (point["time"], point["timeEnd"]) == (NOW_MS, NOW_MS)
    assert str(point["text"]).startswith("【黄】【模拟】可燃气体浓度高 binhai-chem.GD-03\n")
    for event in history[1:]:
        outlet.tell([event])
    (region,) = found(grafana_server, history[0])
    assert region["id"] == point["id"]
    assert (region["time"], region["timeEnd"]) == (NOW_MS, NOW_MS + 10 * MINUTE_MS)
    tags = region["tags"]
    assert isinstance(tags, list)
    assert set(tags) == {
        *("ganzhi", "red", f"alarm:{history[0].alarm.id}", "source:gas-area-1", "enterprise:binhai-chem"),
        *("condition:gas.high", "point:binhai-chem.GD-03", "simulated"),
    }
    assert str(region["text"]).endswith("已恢复正常\n已确认：值班员\n已消除")
    assert outlet.count == Count(created=1, patched=3, live=4)


def test_annotation_when_a_whole_history_comes_at_once_is_made_in_one_go(
    grafana_server: GrafanaServer, outlet: GrafanaOutlet, history: list[AlarmEvent]
) -> None:
    outlet.tell(history)
    (region,) = found(grafana_server, history[0])
    assert (region["time"], region["timeEnd"]) == (NOW_MS, NOW_MS + 10 * MINUTE_MS)
    assert outlet.count == Count(created=1, live=4)


def test_annotation_when_another_process_repeats_the_events_is_not_made_twice(
    grafana_server: GrafanaServer, history: list[AlarmEvent]
) -> None:
    with GrafanaOutlet(server=grafana_server) as before:
        before.tell(history[:2])
    with GrafanaOutlet(server=grafana_server) as after:
        after.tell(history[:2])
        after.tell(history[2:])
        assert after.count == Count(patched=2, live=4)
    (region,) = found(grafana_server, history[0])
    assert (region["time"], region["timeEnd"]) == (NOW_MS, NOW_MS + 10 * MINUTE_MS)


def test_annotation_when_the_memory_is_full_is_looked_up_again(
    grafana_server: GrafanaServer, history: list[AlarmEvent]
) -> None:
    other = [replace(event, alarm=replace(event.alarm, id=f"{event.alarm.id}-b")) for event in history]
    with GrafanaOutlet(server=grafana_server, remembered=1) as outlet:
        for one, two in zip(history, other, strict=True):
            outlet.tell([one])
            outlet.tell([two])
        assert outlet.count == Count(created=2, patched=6, live=8)
    assert len(found(grafana_server, history[0])) == len(found(grafana_server, other[0])) == 1


def test_annotation_when_someone_deleted_it_is_made_anew(
    grafana_server: GrafanaServer, outlet: GrafanaOutlet, history: list[AlarmEvent]
) -> None:
    outlet.tell(history[:1])
    (point,) = found(grafana_server, history[0])
    with grafana_server.client() as client:
        client.delete(f"/api/annotations/{point['id']}").raise_for_status()
    outlet.tell(history[1:])
    (region,) = found(grafana_server, history[0])
    assert region["id"] != point["id"]
    assert region["timeEnd"] == NOW_MS + 10 * MINUTE_MS


def test_outlet_when_not_opened_says_how() -> None:
    outlet = GrafanaOutlet(server=GrafanaServer("http://127.0.0.1:3000", "token"))
    with pytest.raises(RuntimeError, match="with statement"):
        outlet.tell([raised(alarm(1, "binhai-chem.GD-03", "gas.high", Tier.YELLOW, NOW))])
