"""The end of a chaos run: waits until everything rests, then compares what is there with what should be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bench.fault import audit
from bench.fault.drill import Drill
from bench.fault.oracle import Told, expected
from bench.fault.plan import Plan
from bench.fault.report import Findings, Lost
from bench.fault.site import DATABASE, RULES
from bench.fault.stage import Stage
from bench.fault.verdict import Line, Readings, judge_alarms, judge_readings, repeats

NS_PER_MS = 1_000_000


def quiet(stage: Stage, report: dict[str, Any]) -> str:
    """What still moves, in words; "" when everything published is vouched for, stored, judged and told."""
    if not report.get("over") or report.get("kept"):
        return f"the publisher keeps {report.get('kept')} payloads"
    health = stage.health()
    if health is None:
        return "the platform does not answer"
    if not health["mqtt"]["connected"]:
        return f"the platform has no broker: {health['mqtt']['error']}"
    if waiting := [each for each in health["consumers"] if each["backlog_rows"] or each["error"]]:
        return f"consumers: {waiting}"
    if health["counters"]["backlog"]:
        return f"a backlog of {health['counters']['backlog']} rows"
    try:
        told = audit.count(stage.database_port, DATABASE, "alarm")
    except (OSError, RuntimeError) as error:
        return f"the database: {error}"
    lines = audit.lines(stage.ledger)
    return f"{told} of {lines} lines told to the database" if told < lines else ""


def examine(stage: Stage, drill: Drill, plan: Plan, follower: Sequence[Line], quiet_s: float | None) -> Findings:
    """Read everything and compare."""
    health = stage.health()
    wanted = expected(plan, RULES)
    ours = {rule.id for rule in RULES}
    journal = audit.journal(stage.ledger)
    to_store = audit.told_to_store(stage.database_port, DATABASE)
    stored, readings = _readings(stage.database_port, plan)
    return Findings(
        kills=drill.kills.total(),
        published=plan.readings,
        stored=stored,
        readings=readings,
        counters={} if health is None else health["counters"],
        expected=wanted,
        alarms=judge_alarms(wanted, _of(journal, ours)),
        raised=len(_of(journal, ours)),
        own=_others(journal, ours),
        repeated_to={"database": repeats(to_store), "page": repeats(follower)},
        untold=sorted(set(journal) - set(to_store)),
        crashes=stage.crashes(),
        exits={child.name: child.exits for child in stage.children.values()},
        quiet_s=quiet_s,
        done=drill.done,
    )


def _of(lines: Sequence[Line], rules: set[str]) -> list[Line]:
    return [line for line in lines if line.told.rule in rules]


def _others(lines: Sequence[Line], rules: set[str]) -> list[Told]:
    return [line.told for line in lines if line.told.rule not in rules]


def _readings(port: int, plan: Plan) -> tuple[int, list[Lost]]:
    found: list[Lost] = []
    rows = 0
    for point in range(plan.points):
        name = plan.point_id(point)
        published = Readings(plan.times_ns(point), plan.column(point))
        stored = audit.stored(port, DATABASE, name)
        rows += len(stored.time)
        found += _lost(name, published, stored)
    return rows, found


def _lost(point: str, published: Readings, stored: Readings) -> Iterator[Lost]:
    verdict = judge_readings(published, stored)
    for time in published.time[verdict.missing].tolist():
        yield Lost("missing", point, time // NS_PER_MS)
    for what in ("altered", "duplicated", "unexpected"):
        for time in stored.time[getattr(verdict, what)].tolist():
            yield Lost(what, point, time // NS_PER_MS)
