"""对账: what came of every reading, by hour and enterprise, as JSON and as a table for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from console.shape import Json, ms, text_json
from ganzhi.clock import NS_PER_S
from ganzhi.records import Catalogue, Reconciled, Text

NS_PER_HOUR = 3600 * NS_PER_S
UNKNOWN = Text("未知企业", "Unknown enterprise")
"""Who sent on topics of no enterprise that the catalogue knows."""

FIGURES = {
    "received": Text("接收", "Received"),
    "accepted": Text("接受", "Accepted"),
    "late": Text("迟到", "Late"),
    "duplicate": Text("重复", "Duplicate"),
    "conflict": Text("其中值冲突", "of them conflicts"),
    "rejected": Text("拒收", "Rejected"),
    "unknown": Text("未登记", "Unknown"),
    "stored": Text("已入库", "Stored"),
    "refused": Text("库拒收", "Refused by the store"),
    "backlog": Text("待入库", "Backlog"),
}
"""The figures of a row in the order in which they are read; conflicts are a part of the duplicates."""

HOUR = Text("时段起", "Hour from")
ENTERPRISE = Text("企业编号", "Enterprise")
NAME = Text("企业", "Name")
OFF = (Text("去向差", "Off in ends"), Text("入库差", "Off in storage"))
CLOSES = Text("对账结果", "Closes")
YES, NO = Text("平", "yes"), Text("不平", "no")


def since(now: int, hours: int) -> int:
    """UTC ns of the first hour of the last `hours`, the present one included."""
    return (now // NS_PER_HOUR - hours + 1) * NS_PER_HOUR


def rows_json(rows: Sequence[Reconciled], catalogue: Catalogue) -> list[Json]:
    """The rows with the hour in ms and the enterprise's name."""
    return [
        {
            "hour": ms(row.hour),
            "enterprise": row.enterprise,
            "name": text_json(_name(row.enterprise, catalogue)),
            **{key: getattr(row, key) for key in FIGURES},
            "closes": row.closes,
        }
        for row in rows
    ]


def rows_csv(rows: Sequence[Reconciled], catalogue: Catalogue, zone: ZoneInfo, language: Literal["zh", "en"]) -> bytes:
    """The rows as CSV in UTF-8, begun with the mark by which spreadsheets know Chinese; hours in the site's time."""

    def word(text: Text) -> str:
        return text.zh if language == "zh" else text.en

    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow([f"{word(HOUR)} ({zone.key})", *map(word, (ENTERPRISE, NAME, *FIGURES.values(), *OFF, CLOSES))])
    for row in rows:
        local = datetime.fromtimestamp(row.hour / NS_PER_S, zone)
        owner = map(_plain, (row.enterprise, word(_name(row.enterprise, catalogue))))
        figures = (getattr(row, key) for key in FIGURES)
        closes = word(YES if row.closes else NO)
        writer.writerow([f"{local:%Y-%m-%d %H:%M}", *owner, *figures, *_off(row), closes])
    return table.getvalue().encode("utf-8-sig")


def csv_name(now: int, zone: ZoneInfo) -> str:
    """A file name that says when it was made."""
    return f"reconciliation-{datetime.fromtimestamp(now / NS_PER_S, zone):%Y%m%d-%H%M}.csv"


def _off(row: Reconciled) -> tuple[int, int]:
    ends = row.accepted + row.late + row.duplicate + row.rejected + row.unknown
    return row.received - ends, row.accepted + row.late - row.stored - row.refused - row.backlog


def _name(enterprise: str, catalogue: Catalogue) -> Text:
    known = catalogue.enterprises.get(enterprise)
    if known is not None:
        return known.name
    return Text(enterprise, enterprise) if enterprise else UNKNOWN


def _plain(text: str) -> str:
    # a spreadsheet would run a cell that begins like a formula
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
