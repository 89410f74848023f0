"""Whether a database that stays away delays alarms, and how soon it has everything after it came back.

    python -m bench.outage [--short] [--minutes 10] [--rate 20000] [--json FILE]

Readings go publisher → Mosquitto → `ganzhi run` → InfluxDB 1.x at a steady rate, ten a message, QoS 1. The database is
stopped (SIGTERM) for so many minutes and started again. All along, probes are published beside the stream: points
that nobody else publishes, pushed over their limit and back in turn, each stamped with the moment at which it is sent.
The delay of a probe is from there to the line of the journal that tells of it, as in bench/pipeline.py, and its p99
during the outage is set against that of the minutes before. Both have as many probes a second.

The backlog counts as written when the store's oldest unwritten reading is younger than CAUGHT_UP_S: at a steady rate
something always waits for the next write. Missing is what the database's own count() lacks at the end.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import psutil

from bench.fault import audit
from bench.fault.child import Publishing
from bench.fault.examine import quiet
from bench.fault.plan import Plan
from bench.fault.schedule import Target
from bench.fault.site import DATABASE, RULES
from bench.fault.stage import Stage, stage
from bench.load.firehose import connect, packets
from ganzhi.figure import Figure, at_most, table, write_json
from ganzhi.records import Floats
from tests.servers import program, wait_until

MINUTES, RATE = 10.0, 20_000
SHORT_MINUTES = 1.0
POINTS, PER_MESSAGE, GATEWAYS = 10_000, 10, 20
PROBES, PROBES_PER_S = 200, 20
BEYOND, WITHIN = 99, 50
"""Values of a probe: over the limit of red, and back."""
WARM_S, MOST_BEFORE_S, AFTER_S = 15.0, 120.0, 10.0
LEAD_S = 2.0
CAUGHT_UP_S = 1.0
CATCH_UP_LIMIT_S = 900.0
QUIET_LIMIT_S = 120.0
RATIO, CATCH_UP_S = 1.2, 180.0
"""What is wanted."""

POLL_S, SAY_S = 0.25, 15.0
IDLE_CORES = 0.15
"""With less than this idle, the processors are what is full."""
BUSY_CORES = 0.85
"""A process of Python with this much is held up by its own lock."""

Say = Callable[[str], None]


@dataclass(slots=True)
class Probes:
    """Publishes probes at a steady rate in a thread of its own.

    late_s  how long after its moment each was sent: what the machine alone costs, with nothing of the platform in it
    """

    topic: bytes
    port: int
    sent: int = 0
    late_s: list[float] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Probe while the context lasts."""
        thread = threading.Thread(target=self._run, name="probes", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    def _run(self) -> None:
        with connect("127.0.0.1", self.port, "probe") as line:
            began = time.monotonic()
            while not self._stop.wait(max(0.0, began + self.sent / PROBES_PER_S - time.monotonic())):
                self.late_s.append(time.monotonic() - began - self.sent / PROBES_PER_S)
                cycle, probe = divmod(self.sent, PROBES)
                value = WITHIN if cycle % 2 else BEYOND
                payload = f'{{"ts":{time.time() * 1000:.3f},"values":{{"q{probe}":{value}}}}}'
                line.sendall(packets([(self.topic, payload.encode())])[0])
                line.recv(1 << 12)
                self.sent += 1


@dataclass(frozen=True, slots=True)
class Use:
    """CPU seconds of each process, of all others and of none, at a moment of the wall clock."""

    at: float
    cpu_s: dict[str, float]

    @classmethod
    def now(cls, pids: dict[str, int]) -> Use:
        """Of these processes, by name."""
        spent = {name: sum(psutil.Process(pid).cpu_times()[:2]) for name, pid in pids.items()}
        machine = psutil.cpu_times()
        idle_s = machine.idle + machine.iowait
        return cls(time.time(), spent | {"others": sum(machine[:8]) - idle_s - sum(spent.values()), "idle": idle_s})

    def cores(self, later: Use) -> dict[str, float]:
        """Cores that each used on average until then."""
        return {name: (later.cpu_s[name] - spent) / (later.at - self.at) for name, spent in self.cpu_s.items()}


@dataclass(frozen=True, slots=True)
class Course:
    """What happened when; moments of the wall clock.

    rows         what had to be written when the database came back, and `live_rows` what came until it was written
    first_write  when the first of it was
    cores        used by each process meanwhile
    """

    began: float
    down: float
    back: float
    first_write: float | None
    caught_up: float | None
    rows: int
    live_rows: int
    cores: dict[str, float]


def carry_out(scene: Stage, publishing: Publishing, outage_s: float, say: Say) -> Course:
    """Before, outage, catching up; then the publisher is told to end."""
    database, platform = scene.children[Target.DATABASE], scene.children[Target.PLATFORM]
    began = time.time() + WARM_S
    _until(scene, publishing, began, "warming up", say)
    _until(scene, publishing, began + min(outage_s, MOST_BEFORE_S), "before the outage", say)
    down = time.time()
    database.stop()
    say("the database is stopped")
    _until(scene, publishing, down + outage_s, "without a database", say)
    database.start()
    wait_until(scene.database_answers, "the database", CATCH_UP_LIMIT_S)
    back = time.time()
    rows, published = _backlog(scene)[0], publishing.report["readings"]
    say(f"the database is back; {rows:,} rows wait")
    processes = {"influxd": database.pid, "ganzhi": platform.pid, "publisher": publishing.pid}
    use = Use.now(processes | {"mosquitto": scene.children[Target.BROKER].pid})
    first_write, caught_up = _catch_up(scene, back, say)
    cores = use.cores(Use.now(processes | {"mosquitto": scene.children[Target.BROKER].pid}))
    live_rows = publishing.report["readings"] - published
    _until(scene, publishing, time.time() + AFTER_S, "after it", say)
    publishing.stop()
    return Course(began, down, back, first_write, caught_up, rows, live_rows, cores)


def _catch_up(scene: Stage, back: float, say: Say) -> tuple[float | None, float | None]:
    """When the backlog first fell, and when it was gone; None where it never was."""
    said, most, first_write = back, 0, None
    while time.time() < back + CATCH_UP_LIMIT_S:
        rows, age_s = _backlog(scene)
        if first_write is None and rows < most:
            first_write = time.time()
        most = max(most, rows)
        if age_s < CAUGHT_UP_S:
            return first_write, time.time()
        if time.time() > said + SAY_S:
            say(f"{time.time() - back:6.1f} s after its return {rows:,} rows wait")
            said = time.time()
        time.sleep(POLL_S)
    return first_write, None


def _until(scene: Stage, publishing: Publishing, moment: float, what: str, say: Say) -> None:
    """Let it run until a moment of the wall clock."""
    while (left_s := moment - time.time()) > 0:
        if not publishing.alive or not scene.children[Target.PLATFORM].alive:
            raise RuntimeError(f"{what}: the publisher or the platform has ended")
        time.sleep(min(left_s, POLL_S))
    rows, age_s = _backlog(scene)
    report = publishing.report
    say(f"{what}: published {report['readings']:,}, kept {report['kept']}; {rows:,} rows wait, {age_s:.1f} s old")


def _backlog(scene: Stage) -> tuple[int, float]:
    """Rows and age in s of what the store has still to write."""
    health = scene.health()
    if health is None:
        raise RuntimeError("the platform does not answer")
    store = next(each for each in health["consumers"] if each["name"] == "store")
    return int(store["backlog_rows"]), float(store["backlog_s"])


def figures(course: Course, published: int, stored: int, at_s: Floats, delay_ms: Floats) -> list[Figure]:
    """The table."""

    def delay(begin: float, end: float) -> tuple[int, float, float]:
        chosen = delay_ms[(at_s >= begin) & (at_s < end)]
        return len(chosen), float(np.percentile(chosen, 50)), float(np.percentile(chosen, 99))

    count_before, median_before, high_before = delay(course.began, course.down)
    count, median, high = delay(course.down, course.back)
    catch_up_s = None if course.caught_up is None else course.caught_up - course.back
    table = [
        Figure("published", float(published), ""),
        Figure("outage_s", course.back - course.down, "s"),
        Figure("probes_before", float(count_before), ""),
        Figure("probes_during", float(count), ""),
        Figure("delay_p50_before_ms", median_before, "ms"),
        Figure("delay_p50_during_ms", median, "ms"),
        Figure("delay_p99_before_ms", high_before, "ms"),
        Figure("delay_p99_during_ms", high, "ms"),
        at_most("delay_p99_ratio", high / high_before, "", RATIO),
        Figure("backlog_rows", float(course.rows), ""),
        at_most("catch_up_s", catch_up_s, "s", CATCH_UP_S),
        Figure("first_write_s", None if course.first_write is None else course.first_write - course.back, "s"),
        at_most("missing", float(published - stored), "", 0),
    ]
    if course.caught_up is not None and catch_up_s:
        _, _, after = delay(course.back, course.caught_up)
        table.append(Figure("delay_p99_catching_up_ms", after, "ms"))
        table.append(Figure("catch_up_rows_per_s", (course.rows + course.live_rows) / catch_up_s, "1/s"))
    return table + [Figure(f"catch_up_cores_{name}", used, "") for name, used in course.cores.items()]


def by_minute(course: Course, at_s: Floats, delay_ms: Floats, late_ms: Floats) -> str:
    """The p99 of each minute since the beginning, and how late the probes themselves were, in ms."""
    order = np.argsort(at_s, kind="stable")
    delay_ms, minute = delay_ms[order], ((at_s[order] - course.began) // 60).astype(int)
    late_ms = late_ms[: len(order)]

    def high(values: Floats, number: int) -> str:
        return f"{np.percentile(values[minute == number], 99):.0f}"

    numbers = [number for number in np.unique(minute).tolist() if number >= 0]
    rows = [f"{number} {high(delay_ms, number)} ({high(late_ms, number)})" for number in numbers]
    down, back = (course.down - course.began) / 60, (course.back - course.began) / 60
    return f"p99 of each minute (probes late by), ms; away from {down:.1f} to {back:.1f}: {', '.join(rows)}"


def limit(course: Course) -> str:
    """What kept the catch-up from being faster, in a sentence."""
    used = ", ".join(f"{name} {cores:.2f}" for name, cores in course.cores.items())
    if course.first_write is None or course.caught_up is None:
        return f"it never caught up; cores used: {used}"
    waited_s, whole_s = course.first_write - course.back, course.caught_up - course.back
    parts = [f"{waited_s:.1f} of {whole_s:.1f} s passed until ganzhi tried again and the first row was written"]
    if course.cores["idle"] < IDLE_CORES:
        most = max((name for name in course.cores if name != "idle"), key=lambda name: course.cores[name])
        parts.append(f"then the processors were full, most of them with {most}")
    elif course.cores["ganzhi"] > BUSY_CORES:
        parts.append("then ganzhi's one thread at a time was what took so long")
    else:
        parts.append("then ganzhi waited for the database's answers")
    return f"catching up: {'; '.join(parts)}; cores used: {used}"


def run(minutes: float, rate: int, say: Say) -> list[Figure]:
    """The whole run. Raises RuntimeError or TimeoutError where it cannot go on."""
    plan = Plan(
        seed=1, start_ms=0, steps=1 << 30, period_ms=POINTS * 1000 // rate, enterprises=("outage",),
        gateways_each=GATEWAYS, points_each=POINTS // GATEWAYS, per_message=PER_MESSAGE, gap_s=0.0,
    )  # fmt: skip
    with (
        tempfile.TemporaryDirectory(prefix="ganzhi-outage-") as name,
        stage(Path(name), plan, disk_bytes=None, probes=PROBES) as scene,
    ):
        plan = replace(plan, start_ms=int((time.time() + LEAD_S) * 1000))
        publishing = Publishing(plan, port=scene.broker_port, receipts=False)
        probes = Probes(f"ganzhi/v1/{plan.enterprises[0]}/probe/data".encode(), scene.broker_port)
        try:
            with probes.running():
                course = carry_out(scene, publishing, minutes * 60, say)
            wait_until(lambda: not quiet(scene, publishing.report), "the last reading in the database", QUIET_LIMIT_S)
        finally:
            publishing.close()
        published = publishing.report["readings"] + probes.sent
        stored = audit.count(scene.database_port, DATABASE)
        at_s, delay_ms = audit.delays(scene.ledger, RULES[0].id, f"{plan.enterprises[0]}.q")
    say(by_minute(course, at_s, delay_ms, np.array(probes.late_s) * 1000))
    say(limit(course))
    return figures(course, published, stored, at_s, delay_ms)


def main() -> int:
    """Measure, print the table, write the file; 1 when an aim was missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help=f"an outage of {SHORT_MINUTES:g} minute")
    parser.add_argument("--minutes", type=float, help=f"of the outage, {MINUTES:g} unless short")
    parser.add_argument("--rate", type=int, default=RATE, help=f"readings a second, {RATE:,} unless given")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    given = parser.parse_args()
    if missing := [name for name in ("mosquitto", "influxd") if program(name) is None]:
        print(f"bench.outage needs {' and '.join(missing)}: apt-get install mosquitto influxdb", file=sys.stderr)
        return 1
    minutes = given.minutes or (SHORT_MINUTES if given.short else MINUTES)
    found = run(minutes, given.rate, lambda line: print(line, flush=True))
    print(table(f"outage, {given.rate:,} readings a second, {POINTS:,} points, database away {minutes:g} min", found))
    if given.json:
        write_json(given.json, "outage", found)
    return 0 if all(figure.met is not False for figure in found) else 1


if __name__ == "__main__":
    sys.exit(main())
