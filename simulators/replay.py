"""Recorded CSV files to MQTT, at any multiple of their own speed, as the gateway that recorded them would send."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ganzhi.clock import NS_PER_MS, Clock, wall_clock
from ganzhi.errors import ConfigError, Fault
from simulators.address import ANONYMOUS, GatewayOptions, Login
from simulators.gateway import Gateway
from simulators.recording import Losses, Recording, ReplayMap, Row

FLUSH_LIMIT_S = 60.0
SHOW_EVERY_S = 0.1
"""Progress is told no more often than this."""
LOOK_S = 0.5
"""How often a replay that waits for the broker looks whether it is to stop."""

Progress = Callable[[int, int, int], None]
"""(rows done, rows in all, moment of the recording in UTC ns) -> None."""

__all__ = ["Progress", "ReplayMap", "ReplaySummary", "replay"]


@dataclass(slots=True)
class ReplaySummary:
    """What a replay did. Times are UTC ns of the recording, as it stamped itself; None: no row had a time.

    rows          rows read              before_start  rows passed over because they are older than `start`
    empty         rows with a time and no value, not published
    losses        what could not be read, counted, the first places named
    receipted     messages that the platform has for certain
    waiting       messages that had no receipt at the end; without receipts: no acknowledgement of the broker
    """

    files: int
    rows: int = 0
    before_start: int = 0
    empty: int = 0
    messages: int = 0
    readings: int = 0
    acknowledged: int = 0
    receipted: int = 0
    refused: int = 0
    waiting: int = 0
    losses: Losses = field(default_factory=Losses)
    first: int | None = None
    last: int | None = None
    seconds: float = 0.0
    stopped: bool = False

    def settle(self, gateway: Gateway, recording: Recording) -> None:
        """Take over what the gateway and the recording have counted."""
        counts = gateway.counts
        self.acknowledged, self.receipted = counts.acknowledged, counts.receipted
        self.refused, self.waiting = counts.refused, counts.waiting
        self.rows, self.losses = recording.done, recording.losses

    def __str__(self) -> str:
        sent = f"{self.messages} messages, {self.readings} readings published, {self.receipted} with a receipt"
        lines = [f"{self.rows} rows of {self.files} file(s) in {self.seconds:.1f} s: {sent}"]
        if self.before_start:
            lines.append(f"{self.before_start} rows before the start were passed over")
        if self.losses.rows or self.losses.values:
            values = ", ".join(f"{name} {count}" for name, count in self.losses.values.items())
            lines.append(f"left out: {self.losses.rows} rows without a readable time; values: {values or 'none'}")
            lines += [f"  {sample}" for sample in self.losses.samples]
        if self.refused or self.waiting:
            lines.append(f"the broker refused {self.refused} messages; {self.waiting} still waited at the end")
        if self.stopped:
            lines.append("stopped before the end")
        return "\n".join(lines)


def replay(
    files: Sequence[Path],
    *,
    map: ReplayMap,
    url: str,
    stop: threading.Event,
    speed: float | None = 1.0,
    start: int | None = None,
    shift: bool = False,
    protocol: str = "5",
    login: Login = ANONYMOUS,
    receipts: bool = True,
    folder: Path | None = None,
    clock: Clock = wall_clock,
    on_progress: Progress | None = None,
) -> ReplaySummary:
    """Publish recordings, one message a row with all its values; ends at the last row or when `stop` is set.

    speed  times real time; 0 or None: as fast as the broker takes them. Silences are kept, up to the map's max_gap_s
    start  UTC ns: rows older than this are passed over
    shift  stamp the rows by now instead of by the recording: all by the same amount, so that spacings stay and the
           last row is stamped with the moment it is sent, none later (below speed 1: the first row)
    receipts, folder  as in GatewayOptions
    Raises ConfigError, before anything is sent, for files, a map or an address that cannot work, and Unavailable
    where no broker answers.
    """
    options = GatewayOptions(url, map.enterprise, map.gateway, protocol, login, receipts=receipts, folder=folder)
    recording = Recording(files, map)
    start_ms = -math.inf if start is None else start / NS_PER_MS
    pace = _Pace(speed or 0.0, map.max_gap_s)
    summary = ReplaySummary(files=len(files))
    shown_s = -math.inf
    with Gateway(options, clock=clock) as gateway:
        shift_ms = _shift_ms(recording, pace, start_ms, clock() // NS_PER_MS) if shift else 0
        began = time.monotonic()
        for row in recording:
            if row.time_ms < start_ms:
                summary.before_start += 1
                continue
            if not _wait(gateway, stop, began + pace.after(row)):
                summary.stopped = True
                break
            _send(gateway, row, shift_ms, summary)
            if on_progress is not None and time.monotonic() - shown_s >= SHOW_EVERY_S:
                shown_s = time.monotonic()
                on_progress(recording.done, recording.total, row.time_ms * NS_PER_MS)
        gateway.flush(0.0 if stop.is_set() else FLUSH_LIMIT_S)
    summary.seconds = time.monotonic() - began
    summary.settle(gateway, recording)
    if on_progress is not None and summary.last is not None:
        on_progress(recording.done, recording.total if summary.stopped else recording.done, summary.last)
    return summary


class _Pace:
    """When a row is due, in seconds after the first: silences are cut to `max_gap_s`, and time never falls back."""

    def __init__(self, speed: float, max_gap_s: float) -> None:
        if not (math.isfinite(speed) and speed >= 0):
            raise ConfigError([Fault("speed", f"{speed!r} is not a number of 0 or more", "0 is as fast as possible")])
        self.speed, self._max_gap_s = speed or math.inf, max_gap_s
        self.reset()

    def reset(self) -> None:
        self._before_ms: int | None = None
        self._plant_s = 0.0

    def after(self, row: Row) -> float:
        if self._before_ms is not None:
            self._plant_s += min(max(0.0, (row.time_ms - self._before_ms) / 1000), self._max_gap_s)
        self._before_ms = row.time_ms
        return self._plant_s / self.speed


def _wait(gateway: Gateway, stop: threading.Event, due_s: float) -> bool:
    """Until the row is due and the gateway has room for it; False when it is time to stop."""
    wait_s = due_s - time.monotonic()
    if stop.wait(wait_s) if wait_s > 0 else stop.is_set():
        return False
    deadline = time.monotonic() + FLUSH_LIMIT_S
    while not gateway.wait_for_room(LOOK_S) and time.monotonic() < deadline:
        if stop.is_set():
            return False
    return True


def _send(gateway: Gateway, row: Row, shift_ms: int, summary: ReplaySummary) -> None:
    summary.last = row.time_ms * NS_PER_MS
    summary.first = summary.last if summary.first is None else summary.first
    if not row.values:
        summary.empty += 1
        return
    gateway.publish(row.time_ms + shift_ms, row.values)
    summary.messages += 1
    summary.readings += len(row.values)


def _shift_ms(recording: Recording, pace: _Pace, start_ms: float, now_ms: int) -> int:
    """By how much to move the stamps; reads the recording's times once."""
    first = last = None
    lasts_s = 0.0
    for row in recording:
        if row.time_ms >= start_ms:
            lasts_s = pace.after(row)
            first = row.time_ms if first is None else first
            last = row.time_ms if last is None else max(last, row.time_ms)
    pace.reset()
    if first is None or last is None:
        return 0
    return now_ms - first if pace.speed < 1 else now_ms + round(lasts_s * 1000) - last
