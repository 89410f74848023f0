"""Everything a chaos run needs, running: database, broker, the lines between them, the small disk, the platform."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.fault.audit import health
from bench.fault.child import Child, broker, platform
from bench.fault.disk import Disk
from bench.fault.plan import Plan
from bench.fault.proxy import Proxy
from bench.fault.schedule import Target
from bench.fault.site import write_site
from tests.servers import answers, free_port, influxdb1, listening, wait_until

READY_LIMIT_S = 60.0
TRACEBACK = "Traceback (most recent call last)"
MOST_SHOWN = 2000
"""Characters of the log of a platform that does not start."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The parts; the database by its own port, which the audit uses, not by the line that faults are on."""

    folder: Path
    database_port: int
    broker_port: int
    console: int
    disk: Disk
    children: dict[Target, Child]
    lines: dict[Target, Proxy]

    @property
    def ledger(self) -> Path:
        return self.folder / "site" / "data" / "ledger.sqlite"

    def health(self) -> dict[str, Any] | None:
        """The platform's account of itself; None while it does not answer."""
        try:
            return health(self.console)
        except (OSError, ValueError):
            return None

    def connected(self) -> bool:
        """Whether the platform has its broker."""
        found = self.health()
        return found is not None and bool(found["mqtt"]["connected"])

    def database_answers(self) -> bool:
        """Whether the database takes requests."""
        return answers(f"http://127.0.0.1:{self.database_port}/ping")

    def crashes(self) -> int:
        """Errors that nobody foresaw, as the platform's log has them."""
        return self.children[Target.PLATFORM].log.read_text(encoding="utf-8", errors="replace").count(TRACEBACK)

    def keep(self, folder: Path) -> None:
        """Copy everything there is to look at."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("fill", "*.sock"))


@contextmanager
def stage(folder: Path, plan: Plan, *, disk_bytes: int | None, probes: int = 0) -> Iterator[Stage]:
    """A stage in an empty folder, every part of it ready. `disk_bytes`: size of the platform's own disk, if any."""
    with ExitStack() as stack:
        site, influx = folder / "site", folder / "influxdb"
        for each in (site, influx):
            each.mkdir()
        disk = stack.enter_context(Disk(site / "data", size_bytes=disk_bytes))
        server = influxdb1(influx)
        database = Child("database", server.command, influx)
        mosquitto, broker_port = broker(folder / "broker")
        targets = {
            Target.GATEWAYS_BROKER: broker_port,
            Target.PLATFORM_BROKER: broker_port,
            Target.PLATFORM_DATABASE: server.port,
        }
        lines = {target: stack.enter_context(Proxy(port)) for target, port in targets.items()}
        console = free_port()
        settings = write_site(
            site,
            plan,
            broker=lines[Target.PLATFORM_BROKER].port,
            database=lines[Target.PLATFORM_DATABASE].port,
            console=console,
            probes=probes,
        )
        ganzhi = platform(settings, disk.started)
        children = {Target.DATABASE: database, Target.BROKER: mosquitto, Target.PLATFORM: ganzhi}
        for child in children.values():
            stack.callback(child.stop)
        made = Stage(folder, server.port, broker_port, console, disk, children, lines)
        database.start()
        mosquitto.start()
        wait_until(lambda: server.ready() and listening(broker_port), "database and broker", READY_LIMIT_S)
        ganzhi.start()
        wait_until(lambda: made.connected() or not ganzhi.alive, "ganzhi run", READY_LIMIT_S)
        if not ganzhi.alive:
            raise RuntimeError(f"ganzhi run does not start:\n{ganzhi.log.read_text(encoding='utf-8')[-MOST_SHOWN:]}")
        yield made
