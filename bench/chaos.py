"""Whether anything is lost, judged twice or told twice while everything is killed, cut off and filled up.

    python -m bench.chaos [--kills 200] [--readings 2000000] [--seed N] [--short] [--json FILE] [--no-receipts]

A real Mosquitto, a real InfluxDB 1.x and `ganzhi run` carry readings that a formula gives, from gateways that keep
their messages until they are receipted. Faults come at random moments from the printed seed and overlap: SIGKILL of
platform, broker and database; lines cut, refused, stalled and delayed; the platform's disk filled. Then everything is
given back, and what is in the database and in the ledger is compared, row by row and line by line, with what the
formula gives and with alarms worked out from it by bench/fault/oracle.py. An alarm counted here is one change of one:
raised, worsened, eased or cleared, with its rule, point, tier and the sensor's time.

Without receipts gateways keep a message until the broker acknowledges it, and the broker is stopped, not killed.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from bench.fault.child import Publishing
from bench.fault.drill import Drill
from bench.fault.examine import examine, quiet
from bench.fault.follower import Follower
from bench.fault.plan import Plan
from bench.fault.report import evidence, figures
from bench.fault.schedule import Target, schedule, tally
from bench.fault.stage import Stage, stage
from ganzhi.figure import Figure, table, write_json
from tests.servers import program

KILLS, READINGS = 200, 2_000_000
SHORT_KILLS, SHORT_READINGS = 20, 200_000
LEAD_S = 2.0
"""From the start of the publisher's process to its first reading."""
QUIET_LIMIT_S = 180.0
"""Time to catch up after the last fault; a worker's longest pause is 5 s."""
FIRST_RECEIPT_S = 20.0
DISK_BASE_BYTES, DISK_BYTES_PER_READING = 256 << 20, 200
"""Room for the platform's log, ledger and snapshots, several times over."""
PROGRESS_S = 15.0

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Options:
    """What to run. `keep`: a folder for logs, ledger and settings afterwards."""

    kills: int
    readings: int
    seed: int
    receipts: bool = True
    keep: Path | None = None


def run(options: Options, say: Say) -> tuple[list[Figure], list[str]]:
    """The whole run: figures, and evidence for those that are not 0. Raises RuntimeError where it cannot go on."""
    plan = Plan(seed=options.seed, start_ms=0, steps=1)
    plan = replace(plan, steps=-(-options.readings // plan.points))
    span_s = plan.steps * plan.period_ms / 1000
    faults = schedule(seed=options.seed, kills=options.kills, span_s=span_s, receipts=options.receipts)
    say(f"{plan.readings:,} readings of {plan.points} points in {span_s:.0f} s; faults: {tally(faults)}")
    with (
        tempfile.TemporaryDirectory(prefix="ganzhi-chaos-") as name,
        stage(Path(name), plan, disk_bytes=DISK_BASE_BYTES + plan.readings * DISK_BYTES_PER_READING) as scene,
    ):
        say(f"the platform's disk: {scene.disk.kind}")
        try:
            with Follower(scene.console) as follower:
                plan = replace(plan, start_ms=int((time.time() + LEAD_S) * 1000))
                drill = Drill(scene, time.monotonic() + LEAD_S, say)
                drill.add(faults)
                quiet_s = carry_out(scene, drill, plan, options)
            told = f"{len(follower.lines)} alarm events, {follower.resyncs} times told to fetch everything"
            say(f"the page: {told}, over {follower.connections} connections")
            found = examine(scene, drill, plan, follower.lines, quiet_s)
        finally:
            if options.keep is not None:
                scene.keep(options.keep)
    return figures(found, options.kills), list(evidence(found, plan))


def carry_out(scene: Stage, drill: Drill, plan: Plan, options: Options) -> float | None:
    """Publish and spoil until all is done; seconds from then until everything was quiet, None where it never was."""
    publishing = Publishing(plan, port=scene.lines[Target.GATEWAYS_BROKER].port, receipts=options.receipts)
    ended_s: float | None = None
    progress_s = 0.0
    try:
        while True:
            drill.turn()
            report = publishing.report
            if not publishing.alive:
                raise RuntimeError("the publisher ended by itself")
            if options.receipts and drill.now_s > FIRST_RECEIPT_S and not report.get("receipts"):
                raise RuntimeError("the platform has sent no receipt: see docs/receipts.md, or run with --no-receipts")
            if drill.now_s > progress_s:
                drill.say(f"{drill.now_s:7.1f} s  {progress(scene, report)}")
                progress_s = drill.now_s + PROGRESS_S
            if not drill.over or not report.get("over"):
                continue
            if ended_s is None:
                ended_s = drill.now_s
                drill.say(f"{ended_s:7.1f} s  no more faults and no more readings; waiting until everything is quiet")
            left = quiet(scene, report)
            if not left:
                return drill.now_s - ended_s
            if drill.now_s > ended_s + QUIET_LIMIT_S:
                drill.say(f"{drill.now_s:7.1f} s  never quiet: {left}")
                return None
    finally:
        drill.say(f"the publisher: {publishing.report}")
        publishing.close()


def progress(scene: Stage, report: dict[str, int]) -> str:
    """Where everything is, in a line."""
    health = scene.health()
    platform = "does not answer" if health is None else f"{health['counters']}, {health['mqtt']['error'] or 'no error'}"
    return f"published {report.get('readings', 0):,}, kept {report.get('kept', 0)} payloads; the platform: {platform}"


def main() -> int:
    """Run, print the table, write the file; 1 when a figure is not what it should be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, help=f"SIGKILLs, {KILLS} unless short")
    parser.add_argument("--readings", type=int, help=f"readings published, {READINGS:,} unless short")
    parser.add_argument("--seed", type=int, help="of readings and faults; a random one is printed")
    parser.add_argument("--short", action="store_true", help=f"{SHORT_KILLS} kills over {SHORT_READINGS:,} readings")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    parser.add_argument("--no-receipts", action="store_true", help="gateways without receipts, a broker never killed")
    parser.add_argument("--keep", type=Path, help="copy logs, settings and ledger to this folder")
    given = parser.parse_args()
    kills, readings = (SHORT_KILLS, SHORT_READINGS) if given.short else (KILLS, READINGS)
    options = Options(
        kills=given.kills or kills,
        readings=given.readings or readings,
        seed=random.SystemRandom().randrange(1 << 31) if given.seed is None else given.seed,
        receipts=not given.no_receipts,
        keep=given.keep,
    )
    if missing := [name for name in ("mosquitto", "influxd") if program(name) is None]:
        print(f"bench.chaos needs {' and '.join(missing)}: apt-get install mosquitto influxdb", file=sys.stderr)
        return 1
    print(f"seed {options.seed}", flush=True)
    found, why = run(options, lambda line: print(line, flush=True))
    for line in why:
        print(line)
    receipts = "with receipts" if options.receipts else "without receipts"
    print(table(f"chaos, seed {options.seed}, {receipts}, Mosquitto, InfluxDB 1.x", found))
    if given.json:
        write_json(given.json, "chaos", found)
    return 0 if all(figure.met is not False for figure in found) else 1


if __name__ == "__main__":
    sys.exit(main())
