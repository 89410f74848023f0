"""The embedded store with a city's day in it: 10,000 points at 1 Hz, 864 million rows.

    python -m bench.storage [--short] [--json FILE]

Blocks of 65,536 rows go through DuckDBStore.write as the service writes them; one row in a thousand comes a quarter of
an hour late. Then the file is opened again and curves of points taken at random are asked for, each once; the time is
that of the slowest but for the very first, which finds out where everything lies and has its own figure. Plain writes
are the same inserts, a transaction a block, into a table of the same columns without rollups, in turn with the others.
All takes 8 minutes, and 3 GB in the folder for temporary files.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import numpy as np

from ganzhi.clock import NS_PER_MS, NS_PER_S
from ganzhi.figure import Figure, at_least, at_most, table, write_json
from ganzhi.records import Catalogue, Point, ReadingBlock
from storage import DuckDBStore

POINTS = 10_000
BLOCK_ROWS = 65_536
DAY_S = 86_400
SHORT = 50
START = 1_780_012_800 * NS_PER_S
"""2026-05-29 00:00:00 UTC."""
LATE_EVERY = 1_000
LATE_NS = 900 * NS_PER_S - NS_PER_S // 2
QUERIES = 30
MS_PER_S = 1_000
MOST = 1_000
"""Rows of a curve: what the console asks for."""

SPANS_S = {"week": 7 * DAY_S, "day": DAY_S, "hour": 3_600}


def blocks(first: int, rows: int) -> Iterator[ReadingBlock]:
    """Rows numbered on from `first`, points in turn, a second a turn; values rounded to the instrument's resolution."""
    rng = np.random.default_rng(7)
    noise = rng.normal(0, 0.2, 1 << 20)
    for at in range(first, first + rows, BLOCK_ROWS):
        number = np.arange(at, min(at + BLOCK_ROWS, first + rows))
        point = (number % POINTS).astype(np.int32)
        second = number // POINTS
        begin = int(rng.integers(0, len(noise) - len(number)))
        value = np.round(50 + 10 * np.sin(second / 4_000 + point) + noise[begin : begin + len(number)], 2)
        when = START + second * NS_PER_S
        received = when + 20 * NS_PER_MS
        sent = np.where(number % LATE_EVERY == point[0] % LATE_EVERY, when - LATE_NS, when)
        yield ReadingBlock(point, sent, value, np.zeros(len(number), np.uint8), received, int(received[-1]))


def catalogue() -> Catalogue:
    """So many points."""
    points = (Point(f"bench.p{i}", "bench", "area", f"p{i}", "level", "m", 0, 100, 0.01, 1.0) for i in range(POINTS))
    return Catalogue({}, {}, tuple(points))


class Plain:
    """Inserts alone, into a file of its own."""

    def __init__(self, path: Path) -> None:
        self._connection = duckdb.connect(path, config={"memory_limit": "512MB"})
        self._connection.execute(
            "CREATE TABLE reading (point_key INTEGER NOT NULL, time TIMESTAMP_NS NOT NULL, value DOUBLE NOT NULL,"
            " quality UTINYINT NOT NULL, received TIMESTAMP_NS NOT NULL, seq BIGINT)"
        )

    def write(self, block: ReadingBlock, seq: int) -> None:
        """One transaction."""
        columns = {
            "point_key": block.point,
            "time": block.time.view("M8[ns]"),
            "value": block.value,
            "quality": block.quality,
            "received": block.received.view("M8[ns]"),
        }
        self._connection.begin()
        self._connection.register("columns", columns)
        self._connection.execute("INSERT INTO reading SELECT *, ? FROM columns", [seq])
        self._connection.commit()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


Write = Callable[[ReadingBlock, int], object]


def fill(rows: int, first: int, *writers: Write) -> list[float]:
    """Write rows from block number `first` on with each of the writers in turn; the seconds each took."""
    spent = [0.0] * len(writers)
    for seq, block in enumerate(blocks(first * BLOCK_ROWS, rows), first + 1):
        for i, write in enumerate(writers):
            began = time.perf_counter()
            write(block, seq)
            spent[i] += time.perf_counter() - began
    return spent


def curve_ms(store: DuckDBStore, point: int, span_s: int, end: int) -> float:
    """How long a curve takes that ends at `end`."""
    began = time.perf_counter()
    found, _, _ = store.curve(point, end - span_s * NS_PER_S, end, MOST)
    spent = time.perf_counter() - began
    if not 100 < len(found) <= MOST:
        raise RuntimeError(f"a curve of {len(found)} rows")
    return spent * MS_PER_S


def recall_ms(store: DuckDBStore, end: int) -> float:
    """How long it takes to look up a reading of every point, of the last seconds."""
    point = np.arange(POINTS)
    began = time.perf_counter()
    found = store.recall(point.astype(np.int32), end - (1 + point % 5) * NS_PER_S)
    spent = time.perf_counter() - began
    if np.isnan(found).sum() > POINTS // 100:
        raise RuntimeError(f"{np.isnan(found).sum()} of {POINTS} readings were not found")
    return spent * MS_PER_S


def measure(folder: Path, seconds: int) -> list[Figure]:
    """All figures of the table."""
    rows = seconds * POINTS
    compared = DAY_S // SHORT * POINTS // BLOCK_ROWS
    path = folder / "readings.duckdb"
    points = catalogue()
    with DuckDBStore(path, points) as store, closing(Plain(folder / "plain.duckdb")) as plain:
        plain_s, first_s = fill(compared * BLOCK_ROWS, 0, plain.write, store.write)
        [rest_s] = fill(rows - compared * BLOCK_ROWS, compared, store.write)
    file_bytes = path.stat().st_size
    with DuckDBStore(path, points) as store:
        assert store.count() == rows
        end = START + seconds * NS_PER_S
        first, *chosen = np.random.default_rng(3).permutation(POINTS)[: QUERIES + 1].tolist()
        first_ms = curve_ms(store, first, SPANS_S["week"], end)
        found = {name: max(curve_ms(store, point, span_s, end) for point in chosen) for name, span_s in SPANS_S.items()}
        found_ms = recall_ms(store, end)
    return [
        Figure("rows", rows, ""),
        at_most("week_query_ms", found["week"], "ms", 100),
        Figure("day_query_ms", found["day"], "ms"),
        Figure("hour_query_ms", found["hour"], "ms"),
        Figure("first_query_ms", first_ms, "ms"),
        Figure("recall_10000_ms", found_ms, "ms"),
        at_least("write_rows_per_s", rows / (first_s + rest_s), "1/s", 1_000_000),
        Figure("plain_rows_per_s", compared * BLOCK_ROWS / plain_s, "1/s"),
        Figure("rollup_share", first_s / plain_s - 1, ""),
        Figure("file_bytes_per_row", file_bytes / rows, "B"),
    ]


def main() -> int:
    """Measure, print the table, write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help=f"a day's {SHORT}th")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ganzhi-bench-") as name:
        figures = measure(Path(name), DAY_S // (SHORT if arguments.short else 1))
    print(table(f"storage, DuckDB, {POINTS:,} points at 1 Hz, blocks of {BLOCK_ROWS:,} rows", figures))
    if arguments.json:
        write_json(arguments.json, "storage", figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
