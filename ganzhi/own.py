"""What the platform watches about itself, as points with limits of their own: its alarms go the way of all alarms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ganzhi.records import COLOURS, AlarmClass, Catalogue, Enterprise, Point, Rule, Source, Text, Tier

ENTERPRISE = "_platform"
SOURCE = "_platform/ganzhi"
BASIS = "engineering default"
DEADBAND = 0.05
"""Share of a limit by which a figure must be back inside it."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One figure of the platform and its limits; `side` "high": more is worse."""

    id: str
    name: Text
    unit: str
    limits: Mapping[Tier, float]
    advice: Text
    side: str = "high"
    resolution: float = 1.0


CONDITIONS = (
    Condition(
        "log_held",
        Text("读数无法写入日志的时间", "Time that readings could not be written to the log"),
        "s",
        {Tier.ORANGE: 2.0, Tier.RED: 30.0},
        Text(
            "读数暂存于消息代理,未确认、未丢失。检查日志所在磁盘是否已满或损坏。",
            "Readings wait at the broker, unacknowledged, not lost. See whether the log's disk is full or broken.",
        ),
    ),
    Condition(
        "log_free",
        Text("日志磁盘剩余空间", "Free space on the log's disk"),
        "MiB",
        {Tier.YELLOW: 1024.0, Tier.ORANGE: 256.0},
        Text("清理磁盘,或把日志移到更大的磁盘。", "Free some space, or move the log to a larger disk."),
        side="low",
    ),
    Condition(
        "store_behind",
        Text("数据库写入落后", "The telemetry store is behind"),
        "s",
        {Tier.YELLOW: 60.0, Tier.ORANGE: 3600.0},
        Text(
            "读数在日志中等待,恢复后自动补写;报警不受影响。检查数据库。",
            "Readings wait in the log and are written when it returns; alarms go on. See to the database.",
        ),
    ),
    Condition(
        "store_refused",
        Text("十分钟内数据库拒收的读数", "Readings that the store refused within ten minutes"),
        "",
        {Tier.YELLOW: 1.0},
        Text(
            "健康页列有样例与数据库的答复;常见原因是超出保留策略或字段类型冲突。",
            "The health page shows a sample and the store's words; usually a retention policy or a field's type.",
        ),
    ),
    Condition(
        "detect_behind",
        Text("检测落后", "Detection is behind"),
        "s",
        {Tier.ORANGE: 10.0, Tier.RED: 60.0},
        Text(
            "报警将迟到。检查处理器负载与台账数据库。",
            "Alarms come late. See to the load and to the ledger's database.",
        ),
    ),
    Condition(
        "mqtt_lost",
        Text("与消息代理断开的时间", "Time without the MQTT broker"),
        "s",
        {Tier.ORANGE: 30.0, Tier.RED: 300.0},
        Text("没有新读数。检查消息代理与网络。", "No readings come in. See to the broker and the network."),
    ),
    Condition(
        "not_closed",
        Text("对账差额", "Readings that do not reconcile"),
        "",
        {Tier.RED: 1.0},
        Text(
            "打开对账页,查看哪个企业、哪个小时不平。",
            "Open the reconciliation page: it shows which enterprise and hour.",
        ),
    ),
    Condition(
        "clock_behind",
        Text("本机时钟被回拨", "This machine's clock was set back"),
        "s",
        {Tier.YELLOW: 1.0},
        Text(
            "平台的时间照常前进;核对本机时钟(NTP),重启后采用新时间。",
            "The platform's time goes on; check the clock (NTP). A restart takes the new time.",
        ),
        resolution=0.1,
    ),
    Condition(
        "state_unsaved",
        Text("检测状态未能保存的时间", "Time without a saved state of detection"),
        "s",
        {Tier.YELLOW: 120.0},
        Text("重启后将从日志重算,启动变慢。检查磁盘。", "A restart would read more of the log. See to the disk."),
    ),
)


def rule_id(condition: Condition) -> str:
    """The rule of a condition; no pack's rule begins so."""
    return f"{ENTERPRISE}.{condition.id}"


def extended(catalogue: Catalogue) -> Catalogue:
    """The catalogue with the platform itself at its end, for alarms alone: nothing is measured there by a gateway."""
    name = Text("感知平台", "The platform")
    points = tuple(
        Point(
            id=rule_id(condition),
            enterprise=ENTERPRISE,
            source=SOURCE,
            tag=condition.id,
            quantity="platform",
            unit=condition.unit,
            low=0.0,
            high=np.inf,
            resolution=condition.resolution,
            period_s=1.0,
            name=condition.name.zh,
        )
        for condition in CONDITIONS
    )
    return Catalogue(
        {**catalogue.enterprises, ENTERPRISE: Enterprise(ENTERPRISE, name)},
        {**catalogue.sources, SOURCE: Source(SOURCE, ENTERPRISE, name, "platform")},
        (*catalogue.points, *points),
    )


def rules(catalogue: Catalogue) -> list[Rule]:
    """The rules of the conditions; `catalogue` is the extended one."""
    return [
        Rule(
            id=rule_id(condition),
            name=condition.name,
            kind="value",
            points=np.array([catalogue.index[rule_id(condition)]], np.int32),
            limits=np.array([[condition.limits.get(tier, np.nan) for tier in COLOURS]]),
            side=condition.side,
            deadband=np.zeros(1),
            unit=condition.unit,
            alarm_class=AlarmClass.DEVICE,
            basis=BASIS,
            advice=condition.advice,
        )
        for condition in CONDITIONS
    ]


def tier(condition: Condition, figure: float, held: Tier) -> Tier:
    """The tier of a figure; one that is held is left only beyond the dead-band."""
    found = Tier.NONE
    for colour, limit in sorted(condition.limits.items()):
        back = DEADBAND if colour <= held else 0.0
        beyond = figure >= limit * (1 - back) if condition.side == "high" else figure <= limit * (1 + back)
        if beyond:
            found = colour
    return found
