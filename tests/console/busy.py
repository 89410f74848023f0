"""A platform at work, with one of everything that the health view, the banner and the metrics can tell."""

from __future__ import annotations

from console.health import Conflict, EnterpriseCounters, Health, Words
from ganzhi.records import Reconciled
from tests.console.plant import NOW, Plant, S, quiet_health

MS = NOW // 1_000_000
HOUR = 3600 * S
DISK_FULL: Words = {
    "zh": "日志所在磁盘已满，读数暂由消息代理保存，未丢失。",
    "en": "The disk of the log is full; the broker holds the readings, none is lost.",
}
BEHIND: Words = {
    "zh": "时序数据库落后 12 分钟，恢复后自动补齐。",
    "en": "The telemetry store is 12 minutes behind; it will catch up by itself.",
}
HAIHE: EnterpriseCounters = {
    "received": 1_234_567, "accepted": 1_233_000, "late": 1_000, "duplicate": 500,
    "rejected": 60, "unknown": 7, "conflict": 3,
}  # fmt: skip
STRANGER: EnterpriseCounters = {
    "received": 9, "accepted": 0, "late": 0, "duplicate": 0, "rejected": 9, "unknown": 0, "conflict": 0,
}  # fmt: skip


def conflict(minutes: int) -> Conflict:
    """A second value for a reading, refused some minutes ago."""
    return {
        "enterprise": "haihe-storage", "point": "haihe-storage.LT-101", "time": MS - 60_500 * minutes,
        "kept": 7.62, "refused": 7.6200001 + minutes, "at": MS - 60_000 * minutes,
    }  # fmt: skip


def busy_health() -> Health:
    """Two consumers of which one stands still, two conditions, conflicts, rejected and refused rows."""
    return {
        **quiet_health(),
        "mqtt": {
            "connected": True, "url": "mqtt://127.0.0.1:1883", "since": MS - 7_200_000, "outstanding": 18, "error": "",
        },
        "counters": {
            "received": 1_234_576, "accepted": 1_233_000, "late": 1_000, "duplicate": 500, "rejected": 69,
            "unknown": 7, "stored": 1_198_765, "backlog": 35_235, "conflict": 3,
        },
        "enterprises": {"haihe-storage": HAIHE, "": STRANGER},
        "rejected_by_reason": {"坏数值": {"count": 69, "sample": '{"v": "x"}', "topic": "a/b/c", "at": MS}},
        "unknown_points": [
            {"enterprise": "haihe-storage", "gateway": "gw-tank", "tag": "XT-9", "count": 7, "at": MS},
        ],
        "gateways": [
            {"enterprise": "haihe-storage", "gateway": "gw-tank", "last": MS - 900, "readings": 120_000, "skew_s": 0.2},
            {"enterprise": "binhai-chem", "gateway": "gw-gas", "last": MS - 95_000, "readings": 34_567, "skew_s": -7.5},
        ],
        "consumers": [
            {"name": "detect", "backlog_rows": 0, "backlog_s": 0.0, "backlog_bytes": 0, "error": ""},
            {
                "name": "store", "backlog_rows": 35_235, "backlog_s": 754.0, "backlog_bytes": 3_670_016,
                "error": "InfluxDB: connection refused",
            },
        ],
        "rates": {"readings_per_s": 2012.5, "messages_per_s": 40.25},
        "delay_ms": {"p50": 12.5, "p99": 48.0},
        "conflicts": [conflict(minutes) for minutes in (1, 2, 3)],
        "conditions": [
            {"id": "log.full", "tier": 4, "text": DISK_FULL, "since": MS - 120_000},
            {"id": "store.behind", "tier": 2, "text": BEHIND, "since": MS - 754_000},
        ],
        "log": {
            "bytes": 5_368_709_120, "free_bytes": 734_003_200, "commit_p50_ms": 1.25, "commit_p99_ms": 21.0,
            "pending_rows": 410,
        },
        "store_refused": {"count": 2, "sample": "haihe-storage.LT-101 7.62: field type conflict"},
        "snapshot": {"at": MS - 45_000, "seq": 90_210, "bytes": 812_345, "error": ""},
    }  # fmt: skip


def hours_of(count: int) -> list[Reconciled]:
    """So many hours of two enterprises that close, the store one row behind in the present one."""
    return [
        Reconciled(
            NOW - hour * HOUR, enterprise, received=3_620, accepted=3_600, late=10, duplicate=6, rejected=3, unknown=1,
            conflict=2, stored=3_609 if hour == 0 else 3_610, backlog=1 if hour == 0 else 0,
        )
        for hour in range(count)
        for enterprise in ("haihe-storage", "binhai-chem")
    ]  # fmt: skip


def busy_plant() -> Plant:
    """The small site with all of it."""
    return Plant(health=busy_health(), reconciled=hours_of(24))
