"""How fast each part is alone: catalogue, log, detectors, stores; on one thread, in this process.

python -m bench.parts [--short] [--json FILE]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from bench.pipeline import RULES, write_points
from config import load_catalogue, load_rules
from detectors.engine import Engine
from ganzhi.figure import Figure, at_least, at_most, table, write_json
from ganzhi.kind import KINDS
from ganzhi.records import Catalogue, ReadingBlock
from storage import DuckDBStore, Log
from storage.line import ReadingLines

POINTS = 100_000
SMALL, LARGE = 1_000, 65_536
START = 1_780_000_000_000_000_000
SECOND = 1_000_000_000


def blocks(count: int, rows: int) -> Iterator[ReadingBlock]:
    """Blocks in which points take turns, one reading a second each, values with noise around the middle."""
    rng = np.random.default_rng(7)
    for k in range(count):
        at = np.arange(k * rows, (k + 1) * rows)
        point = (at % POINTS).astype(np.int32)
        when = START + at // POINTS * SECOND
        now = int(when[-1])
        value = 50 + rng.normal(0, 0.2, rows)
        yield ReadingBlock(point, when, value, np.zeros(rows, np.uint8), np.full(rows, now, np.int64), now)


def per_second(work: Callable[[ReadingBlock], object], given: list[ReadingBlock]) -> float:
    """Rows a second of `work` over the blocks."""
    began = time.perf_counter()
    for block in given:
        work(block)
    return sum(map(len, given)) / (time.perf_counter() - began)


def log_figures(folder: Path, catalogue: Catalogue, count: int) -> list[Figure]:
    """Appending small blocks, each durable, and reading them back joined."""
    small = list(blocks(count, SMALL))
    with Log(folder / "log.sqlite", retention_s=86400.0) as log:
        log.bind([point.id for point in catalogue.points])
        reader = log.reader("bench")
        times = []
        for block in small:
            began = time.perf_counter()
            log.append(block, {})
            times.append(time.perf_counter() - began)
        began = time.perf_counter()
        rows = 0
        while (batch := reader.read(timeout_s=0.0)) is not None:
            rows += batch.rows
        read_s = time.perf_counter() - began
    return [
        Figure("log_append_1000_rows_ms", float(np.median(times)) * 1000, "ms"),
        Figure("log_read_rows_per_s", rows / read_s, "1/s"),
    ]


def measure(short: bool, folder: Path) -> list[Figure]:
    """All figures of the table."""
    count = 40 if short else 200
    write_points(folder, POINTS)
    (folder / "rules.toml").write_text(RULES, encoding="utf-8")
    began = time.perf_counter()
    catalogue = load_catalogue(folder)
    catalogue_s = time.perf_counter() - began
    rules, _ = load_rules([folder / "rules.toml"], catalogue, KINDS)
    period, resolution = np.ones(POINTS), np.full(POINTS, 0.01)
    value_engine = Engine([rule for rule in rules if rule.kind == "value"], period_s=period, resolution=resolution)
    full_engine = Engine(rules, period_s=period, resolution=resolution)
    large = list(blocks(count, LARGE))
    lines = ReadingLines(catalogue)
    with DuckDBStore(folder / "readings.duckdb", catalogue) as store:
        numbers = iter(range(1, count + 1))
        duckdb_per_s = per_second(lambda block: store.write(block, next(numbers)), large)
    return [
        at_most("catalogue_100k_s", catalogue_s, "s", 3),
        *log_figures(folder, catalogue, count * 5),
        Figure("value_rows_per_s", per_second(value_engine.update, large), "1/s"),
        Figure("four_rules_rows_per_s", per_second(full_engine.update, large), "1/s"),
        at_least("duckdb_rows_per_s", duckdb_per_s, "1/s", 500_000),
        Figure("line_protocol_lines_per_s", per_second(lines, large[: count // 4]), "1/s"),
    ]


def main() -> int:
    """Measure, print the table, write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="a fifth of the work")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ganzhi-bench-") as name:
        figures = measure(arguments.short, Path(name))
    print(table(f"parts, {POINTS:,} points, blocks of {LARGE:,} rows unless named", figures))
    if arguments.json:
        write_json(arguments.json, "parts", figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
