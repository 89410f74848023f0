"""Recorded CSV files: which column is which tag, and the rows one after the other."""

from __future__ import annotations

import csv
import difflib
import math
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ganzhi.errors import ConfigError, Fault

UNIX_FORMATS = {"unix_s": 1000.0, "unix_ms": 1.0}
"""Time formats that are numbers, and the milliseconds of their unit."""
DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?(ms|s|min|h|d)")
SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
TEXTS = ("time_column", "enterprise", "gateway", "time_format", "time_zone", "delimiter", "encoding", "max_gap")
NEEDED = ("time_column", "enterprise", "gateway")
COLUMN_KEYS = ("tag", "scale")
SAMPLES = 10
"""Faulty places of which the line is kept."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column's tag, and the factor that brings its numbers to the point's unit."""

    tag: str
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class ReplayMap:
    """How a recording is read and as whose it is published.

    time_format  for strptime, or "unix_s" or "unix_ms"; a time that names no zone is of `time_zone`
    max_gap_s    a longer silence of the recording is replayed as one of this length; the stamps stay
    columns      column of the CSV -> Column; other columns are left out
    """

    time_column: str
    enterprise: str
    gateway: str
    columns: Mapping[str, Column]
    time_format: str = "%Y-%m-%d %H:%M:%S"
    time_zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    delimiter: str = ","
    encoding: str = "utf-8-sig"
    max_gap_s: float = math.inf

    @classmethod
    def load(cls, path: Path) -> ReplayMap:
        """Read a map from TOML; raises ConfigError with every fault."""
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigError([Fault(str(path), f"cannot be read: {error.strerror}")]) from error
        except ValueError as error:  # TOMLDecodeError and UnicodeDecodeError
            raise ConfigError([Fault(str(path), f"is not TOML: {error}")]) from error
        faults: list[Fault] = []
        texts = _texts(path, table, faults)
        columns = _columns(path, table.get("columns"), faults)
        zone = _zone(path, texts.pop("time_zone", "UTC"), faults)
        max_gap_s = _seconds(path, texts.pop("max_gap", None), faults)
        _check_delimiter(path, texts, faults)
        if faults:
            raise ConfigError(faults)
        return cls(columns=columns, time_zone=zone, max_gap_s=max_gap_s, **texts)

    def milliseconds(self, text: str) -> int:
        """A time of the recording as UTC ms; raises ValueError or OverflowError where it is none."""
        factor = UNIX_FORMATS.get(self.time_format)
        if factor is not None:
            return round(float(text) * factor)
        moment = datetime.strptime(text.strip(), self.time_format)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=self.time_zone)
        return round(moment.timestamp() * 1000)


@dataclass(slots=True)
class Losses:
    """What of a recording could not be read.

    rows     rows without a time, left out whole       values   numbers left out, by column
    samples  the first faulty places, as "file:line: what"
    """

    rows: int = 0
    values: dict[str, int] = field(default_factory=dict)
    samples: list[str] = field(default_factory=list)

    def row(self, place: str, what: str) -> None:
        self.rows += 1
        self._keep(place, what)

    def value(self, place: str, column: str, text: str) -> None:
        self.values[column] = self.values.get(column, 0) + 1
        self._keep(place, f"{column} {text[:40]!r} is no number" if text.strip() else f"{column} is empty")

    def _keep(self, place: str, what: str) -> None:
        if len(self.samples) < SAMPLES:
            self.samples.append(f"{place}: {what}")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a recording; `values` by tag, without those that could not be read."""

    time_ms: int
    values: Mapping[str, float]


class Recording:
    """CSV files, read as a stream in the order given; iterating starts afresh and fills `losses` and `done`.

    Raises ConfigError with every file that is missing or whose header does not match the map.
    """

    def __init__(self, files: Sequence[Path], chart: ReplayMap) -> None:
        self.files = tuple(files)
        self._chart = chart
        faults = [] if files else [Fault("files", "no recording is named")]
        self.total = 0
        for path in files:
            found, rows = _look(path, chart)
            faults += found
            self.total += rows
        if faults:
            raise ConfigError(faults)
        self.done = 0
        self.losses = Losses()

    def __iter__(self) -> Iterator[Row]:
        self.done, self.losses = 0, Losses()
        for path in self.files:
            yield from self._rows(path)

    def _rows(self, path: Path) -> Iterator[Row]:
        chart, losses = self._chart, self.losses
        with path.open(newline="", encoding=chart.encoding, errors="replace") as file:
            reader = csv.reader(file, delimiter=chart.delimiter)
            header = next(reader)
            time_at = header.index(chart.time_column)
            wanted = [(name, header.index(name), column.tag, column.scale) for name, column in chart.columns.items()]
            for cells in _lines(reader, path, losses):
                self.done += 1
                place = f"{path.name}:{reader.line_num}"
                text = cells[time_at] if time_at < len(cells) else ""
                try:
                    time_ms = chart.milliseconds(text)
                except (ValueError, OverflowError):
                    losses.row(place, f"{chart.time_column} {text[:40]!r} is no time")
                    continue
                values: dict[str, float] = {}
                for name, at, tag, scale in wanted:
                    cell = cells[at] if at < len(cells) else ""
                    number = _number(cell) * scale
                    if math.isfinite(number):
                        values[tag] = number
                    else:
                        losses.value(place, name, cell)
                yield Row(time_ms, values)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _lines(reader: Iterator[list[str]], path: Path, losses: Losses) -> Iterator[list[str]]:
    """The rows of a reader; what is not CSV is counted, blank lines are not rows."""
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            losses.row(path.name, str(error))
            continue
        if cells:
            yield cells


def _look(path: Path, chart: ReplayMap) -> tuple[list[Fault], int]:
    """What is wrong with a file's header, and how many lines follow it."""
    try:
        with path.open("rb") as raw:
            lines = sum(block.count(b"\n") for block in iter(lambda: raw.read(1 << 20), b""))
            if raw.tell():
                raw.seek(-1, 2)
                lines += raw.read(1) != b"\n"
        with path.open(newline="", encoding=chart.encoding, errors="replace") as file:
            header = next(csv.reader(file, delimiter=chart.delimiter), [])
    except OSError as error:
        return [Fault(str(path), f"cannot be read: {error.strerror}")], 0
    except csv.Error as error:
        return [Fault(f"{path}:1", f"is not CSV: {error}")], 0
    if not header:
        return [Fault(str(path), "is empty", "its first line must name the columns")], 0
    faults = [
        Fault(f"{path}:1", f"has no column {name!r}", _meant(name, header))
        for name in (chart.time_column, *chart.columns)
        if name not in header
    ]
    return faults, max(0, lines - 1)


def _meant(word: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known[:20])}"


def _texts(path: Path, table: Mapping[str, object], faults: list[Fault]) -> dict[str, str]:
    known = (*TEXTS, "columns")
    faults += [Fault(f"{path}: {key}", "unknown key", _meant(key, known)) for key in table if key not in known]
    faults += [Fault(f"{path}: {key}", "is missing") for key in NEEDED if key not in table]
    texts: dict[str, str] = {}
    for key in TEXTS:
        value = table.get(key)
        if isinstance(value, str) and value:
            texts[key] = value
        elif key in table:
            faults.append(Fault(f"{path}: {key}", f"{value!r} is not a text"))
    return texts


def _columns(path: Path, table: object, faults: list[Fault]) -> dict[str, Column]:
    remedy = 'write [columns] and lines such as Pressure = "PT-1" or Pressure = { tag = "PT-1", scale = 1000 }'
    if not isinstance(table, dict) or not table:
        faults.append(Fault(f"{path}: columns", "no column is named", remedy))
        return {}
    columns: dict[str, Column] = {}
    for name, value in table.items():
        entry = {"tag": value} if isinstance(value, str) else value
        place = f"{path}: columns.{name}"
        if not isinstance(entry, dict):
            faults.append(Fault(place, f"{value!r} is neither a tag nor a table", remedy))
            continue
        faults += [
            Fault(f"{place}.{key}", "unknown key", _meant(key, COLUMN_KEYS)) for key in entry if key not in COLUMN_KEYS
        ]
        tag, scale = entry.get("tag"), entry.get("scale", 1.0)
        if not isinstance(tag, str) or not tag:
            faults.append(Fault(f"{place}.tag", f"{tag!r} is not a tag", remedy))
        elif tag in {column.tag for column in columns.values()}:
            faults.append(Fault(place, f"{tag!r} is the tag of another column too"))
        elif isinstance(scale, bool) or not isinstance(scale, int | float) or not math.isfinite(scale) or scale == 0:
            faults.append(Fault(f"{place}.scale", f"{scale!r} is not a number other than 0"))
        else:
            columns[name] = Column(tag, float(scale))
    return columns


def _zone(path: Path, name: str, faults: list[Fault]) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        faults.append(Fault(f"{path}: time_zone", f"{name!r} is not a time zone", 'write "UTC" or "Asia/Shanghai"'))
        return ZoneInfo("UTC")


def _seconds(path: Path, text: str | None, faults: list[Fault]) -> float:
    if text is None:
        return math.inf
    found = DURATION.fullmatch(text)
    if found is None or float(found[1]) == 0:
        faults.append(Fault(f"{path}: max_gap", f"{text!r} is not a duration above 0", 'write "10s" or "5min"'))
        return math.inf
    return float(found[1]) * SECONDS[found[2]]


def _check_delimiter(path: Path, texts: Mapping[str, str], faults: list[Fault]) -> None:
    if len(texts.get("delimiter", ",")) != 1:
        faults.append(Fault(f"{path}: delimiter", f"{texts['delimiter']!r} is not one character", 'write ";" or "\\t"'))
    try:
        "".encode(texts.get("encoding", "utf-8-sig"))
    except LookupError:
        faults.append(Fault(f"{path}: encoding", f"{texts['encoding']!r} is not known", 'write "utf-8" or "gb18030"'))
