"""A point list as columns of cells: any of the encodings that spreadsheets save, every row with its line."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from config.explain import shown
from config.nearest import did_you_mean
from ganzhi.errors import Fault

REQUIRED = ("id", "enterprise", "source", "tag", "quantity", "unit", "low", "high", "resolution", "period")
OPTIONAL = ("lon", "lat", "name")
COLUMNS = (*REQUIRED, *OPTIONAL)
HEADER = ",".join(COLUMNS)
MOST_OF_A_KIND = 50
"""Faults of one kind in one column that are told line by line; the rest are counted."""

Saying = tuple[str, str]
"""Problem and remedy."""


@dataclass(slots=True)
class Sheet:
    """The cells by column, the line of each row, and the faults found so far with their lines."""

    name: str
    lines: list[int]
    cells: dict[str, list[str]]
    found: list[tuple[int, Fault]] = field(default_factory=list)

    def refuse(self, rows: Iterable[int], column: str, say: Callable[[int], Saying]) -> None:
        """A fault for each row; beyond MOST_OF_A_KIND one that counts the rest."""
        rows = list(rows)
        for row in rows[:MOST_OF_A_KIND]:
            self.found.append((self.lines[row], Fault(f"{self.name}:{self.lines[row]}: {column}", *say(row))))
        if len(rows) > MOST_OF_A_KIND:
            line, rest = self.lines[rows[MOST_OF_A_KIND]], len(rows) - MOST_OF_A_KIND
            place = f"{self.name}:{line}: {column}"
            self.found.append((line, Fault(place, f"from here on {rest} further lines like those above")))

    def refuse_values(self, column: str, bad: Collection[str], say: Callable[[str], Saying]) -> None:
        """A fault for each bad value, at the first line that has it, with the number of the others."""
        if not bad:
            return
        cells, first, count = self.cells[column], dict[str, int](), dict[str, int]()
        for row, value in enumerate(cells):
            if value in bad:
                first.setdefault(value, row)
                count[value] = count.get(value, 0) + 1

        def saying(row: int) -> Saying:
            problem, remedy = say(cells[row])
            more = count[cells[row]] - 1
            return problem + (f", here and on {more} further line{'s' * (more > 1)}" if more else ""), remedy

        self.refuse(first.values(), column, saying)


def read_sheet(path: Path, faults: list[Fault]) -> Sheet | None:
    """The cells of a file, UTF-8 or GB18030; None with a fault where there are none to check."""
    text = _decoded(path, faults)
    return None if text is None else _sheet(path.name, text, faults)


def _decoded(path: Path, faults: list[Fault]) -> str | None:
    try:
        raw = path.read_bytes()
    except (OSError, ValueError) as error:
        why = "there is no such file" if isinstance(error, FileNotFoundError) else str(error)
        faults.append(Fault(path.name, f"{why}: {path}", f"write one with the header {HEADER}"))
        return None
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    faults.append(Fault(path.name, "the file is neither UTF-8 nor GB18030 text", "save it as CSV UTF-8"))
    return None


def _sheet(name: str, text: str, faults: list[Fault]) -> Sheet | None:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        rows = [(reader.line_num, row) for row in reader if any(row)]
    except csv.Error as error:
        faults.append(
            Fault(f"{name}:{reader.line_num}", f"not valid CSV: {error}", "close every quote; double one inside")
        )
        return None
    if not rows:
        faults.append(Fault(name, "the file is empty", f"begin with the header {HEADER}"))
        return None
    header = [cell.strip() for cell in rows[0][1]]
    wrong = _header_faults(f"{name}:{rows[0][0]}", header)
    if len(rows) == 1:
        wrong.append(Fault(name, "it lists no point", f"add a row for each measured quantity under {HEADER}"))
    if wrong:
        faults.extend(wrong)
        return None
    return _columns(name, header, rows[1:])


def _columns(name: str, header: Sequence[str], rows: list[tuple[int, list[str]]]) -> Sheet:
    """The rows turned on their side; those that do not fit the header are refused."""
    sheet = Sheet(name, [line for line, _ in rows], {})
    uneven = [row for row, (_, cells) in enumerate(rows) if len(cells) != len(header)]
    if uneven:
        sheet.refuse(uneven, "row", lambda row: _uneven(len(rows[row][1]), len(header)))
        rows = [entry for entry in rows if len(entry[1]) == len(header)]
        sheet.lines = [line for line, _ in rows]
    columns = list(zip(*(cells for _, cells in rows), strict=True)) or [()] * len(header)
    sheet.cells = {key: list(map(str.strip, column)) for key, column in zip(header, columns, strict=True)}
    return sheet


def _uneven(cells: int, width: int) -> Saying:
    return (
        f"it has {cells} cells, the header {width}",
        "write as many commas as the header has; quote a text with a comma",
    )


def _header_faults(place: str, header: Sequence[str]) -> list[Fault]:
    separator = next((mark for mark in (";", "\t", "，") if len(header) == 1 and mark in header[0]), "")
    if separator:
        return [
            Fault(place, f"the columns are separated by {separator!r}", "save the file with commas between columns")
        ]
    faults = []
    missing = [name for name in REQUIRED if name not in header]
    for name in dict.fromkeys(header):
        if name not in COLUMNS:
            remedy = did_you_mean(name, COLUMNS) if name else "remove the column without a name"
            faults.append(Fault(place, f"unknown column {shown(name)}", remedy))
        elif header.count(name) > 1:
            faults.append(Fault(place, f"the column {name!r} is there {header.count(name)} times", "keep one of them"))
    faults.extend(Fault(place, f"the column {name!r} is missing", f"the header is {HEADER}") for name in missing)
    return faults
