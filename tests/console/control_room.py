"""A control room without a plant: real alarms over a real ledger behind the real server; a clock moved by hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import numpy as np

from alerting import Alarms
from config import Configuration, Settings
from console.api import create_app
from console.backend import Backend
from console.server import Server
from ganzhi import desk
from ganzhi.desk import Desk
from ganzhi.latest import Latest
from ganzhi.records import AlarmEvent, Rule, SuppressWhen, Text, Tier, Transition
from ganzhi.trend import Trend
from ingest.event import EventReader
from storage.ledger import Ledger
from tests.console import plant

S = 1_000_000_000
LEVEL, TEMPERATURE, PRESSURE, GAS = range(4)


def rule(rule_id: str, points: Sequence[int], **more: object) -> Rule:
    """A value rule; its limits are of no interest here."""
    m = len(points)
    made = Rule(
        id=rule_id,
        name=Text(rule_id, rule_id),
        kind="value",
        points=np.array(points, np.int32),
        limits=np.full((m, 4), np.nan),
        side="high",
        deadband=np.zeros(m),
        unit="m",
    )
    return replace(made, **more)  # type: ignore[arg-type]


RULES = (
    rule("high", range(4)),
    rule("latching", [GAS], latch=True),
    rule("in.use", [TEMPERATURE], suppress_when=SuppressWhen(tag="PT-101", below=1.0)),
    rule("silent", range(4), kind="stale"),
)


@dataclass
class Room:
    """The parts, and ways to let something happen."""

    ledger: Ledger
    desk: Desk
    latest: Latest
    clock: list[int]
    http: httpx.Client

    @property
    def alarms(self) -> Alarms:
        return self.desk.alarms

    def pass_time(self, seconds: float) -> list[AlarmEvent]:
        """Our clock goes on, and the turn by the clock is taken."""
        self.clock[0] += round(seconds * S)
        return self.alarms.tick()

    def move(self, rule_id: str, new: Tier, *, point: int = LEVEL, **more: object) -> list[AlarmEvent]:
        """A rule's tier changes, a moment later."""
        self.clock[0] += S
        made = Transition(rule_id, point, self.clock[0], Tier.NONE, new, 14.5, 14.4, 14.5)
        events = self.alarms.apply([replace(made, **more)])  # type: ignore[arg-type]
        self.desk.publish(events)
        return events

    def listed(self) -> dict[str, Any]:
        """What the page gets."""
        answer = self.http.get("/api/alarms")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def post(self, path: str, **body: object) -> httpx.Response:
        """What a person does."""
        return self.http.post(path, json=body)


@contextmanager
def control_room(
    folder: Path, *, alarms: dict[str, object] | None = None, clock: list[int] | None = None
) -> Iterator[Room]:
    """Open it where it left off; `alarms`: its section of the settings."""
    now = clock or [plant.NOW]
    catalogue = plant.catalogue()
    settings = Settings.model_validate({"alarms": alarms or {}})
    configuration = Configuration(settings, catalogue, RULES, ())
    latest = Latest(len(catalogue.points))
    trend = Trend(latest, len(catalogue.points))
    with Ledger(f"sqlite:///{folder}/ledger.sqlite") as ledger:
        opened = desk.open_desk(
            configuration, ledger, recent=ledger.recent(1000), latest=latest, trend=trend, clock=lambda: now[0]
        )
        sources: dict[str, set[str]] = {name: set() for name in catalogue.enterprises}
        for key, source in catalogue.sources.items():
            sources[source.enterprise].add(key)
        reader = EventReader(sources=sources, kinds={"flame", "smoke", "public_report"}, keep=lambda events: None)
        report = desk.reporter(
            opened.alarms, lambda owner, said: reader(said, owner, now[0]), opened.watched, opened.publish
        )
        quiet = plant.Plant().backend()
        backend: Backend = replace(
            quiet,
            alarms=opened.alarms.active,
            history=ledger.recent,
            alarm=desk.backend(opened.alarms, opened.works, ledger, report=report),
            shape=opened.shape,
            zone=ZoneInfo("Asia/Shanghai"),
        )
        app = create_app(backend, opened.feed, clock=lambda: now[0])
        with (
            Server(app, "127.0.0.1", 0) as server,
            httpx.Client(base_url=server.url, timeout=5, trust_env=False) as http,
        ):
            yield Room(ledger, opened, latest, now, http)
