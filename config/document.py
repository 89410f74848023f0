"""A TOML file as a table, with the line of each key, or the fault that says why it cannot be read."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ganzhi.errors import Fault

HEADER = re.compile(r"\s*(\[\[?)([^\[\]#]+)\]\]?\s*(?:#.*)?$")
KEY = re.compile(r"\s*([A-Za-z0-9_\-.\"' ]+?)\s*=")
SYNTAX_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")

Step = str | int
"""A key of a table, or a position in a list."""
KeyPath = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """`name` is the file's name as faults show it; `lines` leads from a key path to its line, counted from 1."""

    path: Path
    table: dict[str, object]
    lines: dict[KeyPath, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.path.name

    def where(self, keys: Sequence[Step] = ()) -> str:
        """`file.toml:7`, the line of the longest part of `keys` that has one."""
        path = tuple(keys)
        while path and path not in self.lines:
            path = path[:-1]
        return f"{self.name}:{self.lines[path]}" if path else self.name

    def place(self, keys: Sequence[Step] = (), shown: str = "") -> str:
        """`file.toml:7: a.b`; `shown` replaces the keys."""
        text = shown or dotted(tuple(keys))
        return f"{self.where(keys)}: {text}" if text else self.where(keys)


def dotted(keys: Sequence[Step]) -> str:
    """`mqtt.routes[2].codec` for ("mqtt", "routes", 1, "codec"): tables of a list count from 1 for people."""
    text = ""
    for key in keys:
        text += f"[{key + 1}]" if isinstance(key, int) else f".{key}" if text else key
    return text


def read_document(path: Path, faults: list[Fault], *, missing: str) -> Document | None:
    """The file's table; None with a fault where it cannot be read. `missing` is the remedy for no file."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        faults.append(Fault(path.name, "the file is not UTF-8 text", "save it as UTF-8"))
        return None
    except (OSError, ValueError) as error:
        why = "there is no such file" if isinstance(error, FileNotFoundError) else _reason(error)
        faults.append(Fault(path.name, f"{why}: {path}", missing))
        return None
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        faults.append(_syntax_fault(path.name, str(error)))
        return None
    return Document(path, table, _key_lines(text))


def _reason(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error)


def _syntax_fault(name: str, message: str) -> Fault:
    """tomllib of Python 3.11 tells the line in its message only; it is moved to where all faults have it."""
    found = SYNTAX_PLACE.search(message)
    line = f":{found[1]}" if found and found[1] else ""
    said = message[: found.start()] if found else message
    at_end = " at the end of the file" if found and not found[1] else ""
    return Fault(f"{name}{line}", f"not valid TOML: {said[:1].lower()}{said[1:]}{at_end}", "correct the syntax there")


def _key_lines(text: str) -> dict[KeyPath, int]:
    """Where each header and key stands, by reading line by line; what a multi-line text holds is never looked up."""
    lines: dict[KeyPath, int] = {}
    counts: dict[KeyPath, int] = {}
    prefix: KeyPath = ()
    for number, line in enumerate(text.splitlines(), 1):
        header = HEADER.match(line)
        if header:
            prefix = _table_path(_names(header[2]), counts, is_list=header[1] == "[[")
            lines.setdefault(prefix, number)
            continue
        key = KEY.match(line)
        if key:
            names = _names(key[1])
            for end in range(1, len(names) + 1):
                lines.setdefault((*prefix, *names[:end]), number)
    return lines


def _names(text: str) -> list[str]:
    return [part.strip().strip("\"'") for part in text.split(".")]


def _table_path(names: list[str], counts: dict[KeyPath, int], *, is_list: bool) -> KeyPath:
    """The path of a header, with the present index of every list of tables on the way."""
    path: KeyPath = ()
    for position, name in enumerate(names, 1):
        path = (*path, name)
        if position == len(names) and is_list:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path
