"""The direction of dependencies: packages meet in ganzhi/app.py, parts.py and command.py, and nowhere else."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("config", "ingest", "detectors", "alerting", "storage", "grafana", "console", "simulators")
SHARED = {"ganzhi.records", "ganzhi.handling", "ganzhi.errors", "ganzhi.clock"}

DRIVERS = {
    "apprise": {"alerting"},
    "paho": {"ingest", "simulators"},
    "iotcore": {"ingest"},
    "duckdb": {"storage"},
    "sqlalchemy": {"storage"},
    "alembic": {"storage"},
    "psycopg": {"storage"},
    "prometheus_client": {"console"},
    "influxdb_client": {"storage"},
    "grafana_api": {"grafana"},
    "grafana_foundation_sdk": {"grafana"},
    "fastapi": {"console"},
    "starlette": {"console"},
    "uvicorn": {"console"},
    "typer": {"ganzhi"},
    "rich": {"ganzhi"},
    "apscheduler": {"ganzhi"},
    "httpx": {"storage", "grafana"},
    "pydantic": {"config", "console"},
}

EXCEPTIONS: dict[str, str] = {
    "ganzhi/app.py": "connects the parts of the service and runs them",
    "ganzhi/parts.py": "opens them, each where it left off",
    "ganzhi/desk.py": "puts together what the page asks of alarms",
    "ganzhi/outlets.py": "opens everything that is told of alarms",
    "ganzhi/command.py": "the same for the commands beside the service",
    "ganzhi/kind.py": "says what a rule pack may set, by kind of score",
    "ganzhi/fitting.py": "what `ganzhi fit` connects: recordings, rules and the fit",
}
"""file -> why it may import packages other than its own"""


def imports(path: Path) -> set[str]:
    """Every module that a file imports, by its absolute name."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write absolute imports"
            found.add(node.module or "")
    return found


FILES = [path for package in ("ganzhi", *PACKAGES) for path in sorted((ROOT / package).rglob("*.py"))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_arrow_is_allowed_when_a_module_imports(path: Path) -> None:
    name = str(path.relative_to(ROOT))
    own = name.split("/", maxsplit=1)[0]
    for module in imports(path):
        top = module.split(".")[0]
        if top in PACKAGES and top != own:
            assert name in EXCEPTIONS, f"{name} imports {module}; packages meet in ganzhi/app.py only"
        if top == "ganzhi" and own != "ganzhi":
            shared = module in SHARED
            assert shared, f"{name} imports {module}; of ganzhi only {sorted(SHARED)} are shared"
        if top in DRIVERS:
            assert own in DRIVERS[top], f"{name} imports {module}; only {sorted(DRIVERS[top])} may know {top}"


def test_every_package_says_what_it_is_when_opened() -> None:
    missing = [package for package in ("ganzhi", *PACKAGES) if not (ROOT / package / "README.md").exists()]
    assert missing == []
