"""The demo: a simulated city on embedded parts, watched through the same platform that a city would run."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import webbrowser
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ganzhi import app, command
from ganzhi.clock import NS_PER_S
from ganzhi.figure import Figure, table, write_json
from ganzhi.records import AlarmEvent, Change, Rule, Tier

SPEED = 20.0
"""Plant seconds a second: a tank that takes half an hour to overfill does so in a minute and a half."""
SETTLE_S = 10.0
"""How long the last readings may take from the gateways to the store at the end."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What `ganzhi demo` was asked for; `minutes` None runs until stopped."""

    minutes: float | None
    headless: bool
    json_file: Path | None
    port: int
    seed: int


def run_demo(options: DemoOptions, *, stop: threading.Event, say: Say) -> int:
    """Run the demo and return the exit code: 1 where a part failed or the counters do not close."""
    with tempfile.TemporaryDirectory(prefix="ganzhi-demo-") as name:
        folder = Path(name)
        with command.embedded_broker(folder) as broker:
            settings = command.demo_settings()
            configuration = command.embedded(command.load(settings), folder, broker_url=broker.url, port=options.port)
            with app.platform(configuration) as platform:
                say(f"page      {platform.url}")
                say(f"broker    {broker.url} (MQTT 5), port {broker.port_311} (MQTT 3.1.1)")
                say(f"plant     {SPEED:g} times the clock; tank 102 overfills and a valve leaks, every 5 minutes")
                say("end       Ctrl-C" if options.minutes is None else f"end       after {options.minutes:g} min")
                if not options.headless and os.environ.get("DISPLAY"):
                    webbrowser.open(platform.url)
                city = _start_city(settings, broker.url, options.seed)
                try:
                    city_ended = _watch(city, platform, stop, options.minutes, say)
                finally:
                    _end(city)
                platform.drain(SETTLE_S)
                figures = summary(platform.counters(), platform.events_after(0), configuration.rules)
                failed = platform.failed or city_ended
    say("")
    say(table("demo", figures))
    if options.json_file is not None:
        write_json(options.json_file, "demo", figures)
    closed = all(figure.met is not False for figure in figures)
    return 0 if closed and not failed else 1


def _start_city(settings: Path, url: str, seed: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "ganzhi", "simulate", str(settings), "--url", url]
    return subprocess.Popen([*command, "--speed", str(SPEED), "--seed", str(seed)], stdout=subprocess.DEVNULL)


def _watch(
    city: subprocess.Popen[bytes],
    platform: app.Platform,
    stop: threading.Event,
    minutes: float | None,
    say: Say,
) -> bool:
    """Say what happens until it is time to end; whether the city ended before."""
    told = 0
    left_s = float("inf") if minutes is None else minutes * 60
    while left_s > 0 and not stop.is_set() and not platform.failed:
        if city.poll() is not None:
            say(f"the simulated city ended by itself (exit code {city.returncode})")
            return True
        stop.wait(min(0.5, left_s))
        left_s -= 0.5
        for event in platform.events_after(told):
            told = event.seq
            say(
                f"{platform.local(event.at)}  {event.change.value:<12} {event.alarm.tier.name:<6} {event.alarm.text.zh}"
            )
    return False


def _end(city: subprocess.Popen[bytes]) -> None:
    city.terminate()
    try:
        city.wait(10)
    except subprocess.TimeoutExpired:
        city.kill()
        city.wait()


def summary(counters: dict[str, int], events: Sequence[AlarmEvent], rules: Sequence[Rule]) -> list[Figure]:
    """Counters that must close, alarms by colour, and the lead of the warning over the crossing of its limit."""
    ends = ("accepted", "late", "duplicate", "rejected", "unknown")
    received_closes = counters["received"] == sum(counters[end] for end in ends)
    stored_closes = counters["accepted"] + counters["late"] == counters["stored"] + counters["backlog"]
    figures = [Figure("received", counters["received"], "readings", "= the five below", received_closes)]
    figures += [Figure(end, counters[end], "readings") for end in ends]
    figures.append(Figure("stored", counters["stored"], "readings", "= accepted + late - backlog", stored_closes))
    figures.append(Figure("backlog", counters["backlog"], "readings"))
    worst = {event.alarm.id: event.alarm.worst for event in events}
    figures.append(Figure("alarms", len(worst), "alarms"))
    for tier in (Tier.BLUE, Tier.YELLOW, Tier.ORANGE, Tier.RED):
        figures.append(Figure(f"alarms_{tier.name.lower()}", sum(w == tier for w in worst.values()), "alarms"))
    figures.append(Figure("lead_minutes", lead_minutes(events, rules), "min"))
    return figures


def lead_minutes(events: Sequence[AlarmEvent], rules: Sequence[Rule]) -> float | None:
    """Longest time from a forecast's warning to the crossing of the limit that it spoke of; None without a crossing.

    Both are read from the journal, by the sensor's clock: the warning is the raising of an alarm by a forecast
    rule, the crossing the moment the same alarm is taken over by a value rule.
    """
    kinds = {rule.id: rule.kind for rule in rules}
    warned: dict[str, int] = {}
    leads: list[float] = []
    for event in events:
        alarm, kind = event.alarm, kinds.get(event.alarm.rule)
        if event.change is Change.RAISED and kind == "forecast":
            warned[alarm.id] = event.at
        elif event.change is Change.WORSENED and kind == "value" and alarm.id in warned:
            leads.append((event.at - warned.pop(alarm.id)) / NS_PER_S / 60)
    return max(leads, default=None)
