"""The site that the platform is given: its points, its rules, its settings."""

from __future__ import annotations

from pathlib import Path

from bench.fault.oracle import HighRule
from bench.fault.plan import Plan

RULES = (
    HighRule("chaos.high", (80.0, 85.0, 90.0, 95.0), deadband=1.0),
    HighRule("chaos.held", (None, 85.0, None, 95.0), deadband=1.0, on_delay_s=1.0, off_delay_s=2.0),
)
"""None of kind stale, which judges by the platform's own clock."""
COLOURS = ("blue", "yellow", "orange", "red")
DATABASE = "chaos"

SETTINGS = """\
[site]
name_zh = "故障试验"
name_en = "Chaos"
time_zone = "UTC"
packs = ["rules.toml"]
[mqtt]
url = "mqtt://127.0.0.1:{broker}"
client_id = "chaos-platform"
[log]
path = "data/log.sqlite"
[store]
kind = "influxdb1"
url = "http://127.0.0.1:{database}"
database = "{name}"
[ledger]
url = "sqlite:///data/ledger.sqlite"
[console]
port = {console}
"""


def write_site(folder: Path, plan: Plan, *, broker: int, database: int, console: int, probes: int = 0) -> Path:
    """Write everything `ganzhi run` needs; the settings file. The platform keeps its own files in `folder`/data.

    `probes` more points, q0 and so on, belong to the first enterprise and are in no plan.
    """
    (folder / "enterprises.toml").write_text(_enterprises(plan), encoding="utf-8")
    rows = ["id,enterprise,source,tag,quantity,unit,low,high,resolution,period"]
    rows += [
        f"{plan.point_id(p)},{e},{e}-area,p{p},temperature,℃,0,100,0.001,{plan.period_ms}ms"
        for p in range(plan.points)
        for e in [plan.enterprise(plan.gateway_of(p))]
    ]
    first = plan.enterprises[0]
    rows += [f"{first}.q{p},{first},{first}-area,q{p},temperature,℃,0,100,0.001,1s" for p in range(probes)]
    (folder / "points.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "rules.toml").write_text("\n".join(map(_rule, RULES)), encoding="utf-8")
    settings = folder / "ganzhi.toml"
    text = SETTINGS.format(broker=broker, database=database, console=console, name=DATABASE)
    settings.write_text(text, encoding="utf-8")
    return settings


def _enterprises(plan: Plan) -> str:
    return "".join(
        f'[[enterprise]]\nid = "{name}"\nname = {{zh = "试验企业", en = "{name}"}}\n'
        f'[[source]]\nid = "{name}-area"\nenterprise = "{name}"\nname = {{zh = "试验区", en = "{name} area"}}\n'
        'sector = "tank_farm"\n'
        for name in plan.enterprises
    )


def _rule(rule: HighRule) -> str:
    limits = ", ".join(f"{c} = {limit}" for c, limit in zip(COLOURS, rule.limits, strict=True) if limit is not None)
    return f"""[[rule]]
id = "{rule.id}"
name = {{zh = "高", en = "high"}}
kind = "value"
select = {{}}
side = "high"
limits = {{{limits}}}
deadband = {rule.deadband}
on_delay = "{rule.on_delay_s:g}s"
off_delay = "{rule.off_delay_s:g}s"
basis = "engineering default"
"""
