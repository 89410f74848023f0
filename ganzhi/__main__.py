"""The `ganzhi` command. Exit codes: 0 done, 1 something failed, 2 the settings or arguments are wrong."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.logging import RichHandler
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from ganzhi import __version__, app, command
from ganzhi.clock import local_text, wall_clock
from ganzhi.demo import DemoOptions, run_demo
from ganzhi.errors import ConfigError, Refused, Unavailable

FAILED, WRONG = 1, 2

cli = typer.Typer(
    help="Ganzhi 感知中枢: streaming monitoring and early warning for hazardous sources.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
grafana_cli = typer.Typer(help="Dashboards: as files, or straight to a server.", no_args_is_help=True)
cli.add_typer(grafana_cli, name="grafana")
out = Console()
err = Console(stderr=True)

SettingsFile = Annotated[Path, typer.Argument(help="the settings, ganzhi.toml")]
BrokerUrl = Annotated[str, typer.Option(help="the broker, mqtt://host:1883 or mqtts://host:8883")]
Keep = Annotated[Path | None, typer.Option("--keep", help="keep messages in this folder until their receipt")]
Mqtt = Annotated[str, typer.Option("--mqtt", help='protocol version, "5" or "3.1.1"')]


@contextmanager
def sentences() -> Iterator[None]:
    """Errors that a person can mend, as sentences instead of tracebacks."""
    try:
        yield
    except ConfigError as error:
        err.print(f"[bold red]{len(error.faults)} fault(s)[/]")
        for fault in error.faults:
            err.print(f"  {fault}", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(WRONG) from None
    except Refused as error:
        err.print(f"{error.zh}\n{error.en}", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(FAILED) from None
    except (Unavailable, OSError, ValueError) as error:
        plain = error.strerror if isinstance(error, OSError) and error.filename is None else None
        err.print(plain or str(error), markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(FAILED) from None


@contextmanager
def stopping() -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set."""
    stop = threading.Event()
    kept = {name: signal.signal(name, lambda *_: stop.set()) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for name, handler in kept.items():
            signal.signal(name, handler)


def set_up_logging(verbose: bool) -> None:
    """Changes of state to the terminal; counters and pages hold the rest."""
    handler = RichHandler(console=err, show_path=False, rich_tracebacks=False, log_time_format="%H:%M:%S")
    logging.basicConfig(level=logging.DEBUG if verbose else logging.INFO, format="%(message)s", handlers=[handler])
    for name in ("alembic", "apscheduler", "httpx", "httpcore", "uvicorn", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)


def version(show: bool) -> None:
    """Print the version and end."""
    if show:
        out.print(__version__)
        raise typer.Exit


@cli.callback()
def common(
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="say more")] = False,
    show_version: Annotated[bool, typer.Option("--version", callback=version, is_eager=True)] = False,
) -> None:
    """Options of every command."""
    set_up_logging(verbose)


@cli.command()
def run(settings: SettingsFile) -> None:
    """Run the service until it is told to stop; SIGHUP reads settings, points and rules anew."""
    reload_asked = threading.Event()
    with sentences(), stopping() as stop:
        signal.signal(signal.SIGHUP, lambda *_: reload_asked.set())
        well = app.serve(
            settings,
            stop,
            reload_asked,
            say=lambda text: out.print(text, highlight=False),
            warn=lambda text: err.print(f"[yellow]warning[/] {text}", highlight=False, soft_wrap=True),
        )
    raise typer.Exit(0 if well else FAILED)


@cli.command()
def check(settings: SettingsFile) -> None:
    """Print every fault in settings, points and rules at once."""
    with sentences():
        configuration = command.load(settings)
        for warning in configuration.warnings:
            out.print(f"[yellow]warning[/] {warning}", highlight=False, soft_wrap=True)
        catalogue = configuration.catalogue
        out.print(
            f"[green]no fault[/]: {len(catalogue.enterprises)} enterprises, {len(catalogue.sources)} sources, "
            f"{len(catalogue.points)} points, {len(configuration.rules)} rules",
            highlight=False,
        )


@cli.command()
def demo(
    minutes: Annotated[float | None, typer.Option(help="end by itself after so many minutes")] = None,
    headless: Annotated[bool, typer.Option(help="do not open a browser")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="write the summary to this file as well")] = None,
    port: Annotated[int, typer.Option(help="port of the page")] = 8600,
    seed: Annotated[int, typer.Option(help="of the simulated city's randomness")] = 7,
) -> None:
    """Run a simulated city on embedded parts: broker, store and console, with an accident to watch."""
    with sentences(), stopping() as stop:
        options = DemoOptions(minutes=minutes, headless=headless, json_file=json_file, port=port, seed=seed)
        code = run_demo(options, stop=stop, say=lambda text: out.print(text, highlight=False, soft_wrap=True))
    raise typer.Exit(code)


@cli.command()
def simulate(
    settings: SettingsFile,
    url: BrokerUrl = "",
    speed: Annotated[float, typer.Option(help="plant seconds a second of the clock")] = 20.0,
    seed: Annotated[int, typer.Option(help="of the randomness")] = 7,
    minutes: Annotated[float | None, typer.Option(help="end after so many minutes")] = None,
    accidents: Annotated[bool, typer.Option(help="play the scripted accidents")] = True,
    mqtt: Mqtt = "5",
    keep: Keep = None,
) -> None:
    """Publish the simulated sources of a site, as its gateways would."""
    with sentences(), stopping() as stop:
        summary = command.simulate(
            command.load(settings),
            url=url,
            speed=speed,
            seed=seed,
            minutes=minutes,
            accidents=accidents,
            mqtt=mqtt,
            folder=keep,
            stop=stop,
        )
        out.print(summary, highlight=False)


@cli.command()
def replay(
    files: Annotated[list[Path], typer.Argument(help="recorded CSV files, sent in this order")],
    map_file: Annotated[Path, typer.Option("--map", help="which column is which tag, TOML")],
    url: BrokerUrl = "mqtt://127.0.0.1:1883",
    speed: Annotated[float, typer.Option(help="times real time; 0: as fast as it goes")] = 60.0,
    shift: Annotated[bool, typer.Option(help="stamp the recording as if it began now")] = False,
    mqtt: Mqtt = "5",
    keep: Keep = None,
) -> None:
    """Publish recorded data over MQTT, as the gateway that recorded them would have."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with sentences(), stopping() as stop, Progress(*columns, console=err, disable=not err.is_terminal) as progress:
        task = progress.add_task("rows", total=None)

        def show(done: int, total: int, moment: int) -> None:
            progress.update(task, completed=done, total=total, description=local_text(moment, ZoneInfo("UTC")))

        summary = command.replay(
            files, map_file=map_file, url=url, speed=speed, shift=shift, mqtt=mqtt, folder=keep, stop=stop, show=show
        )
    out.print(summary, highlight=False)


@cli.command()
def export(
    settings: SettingsFile,
    folder: Annotated[Path, typer.Argument(help="where to write the Parquet files")],
    start: Annotated[str, typer.Option("--from", help="local time of the site, 2026-05-01 or 2026-05-01T08:00")] = "",
    end: Annotated[str, typer.Option("--to", help="the same, not included")] = "",
) -> None:
    """Write readings, minutes and hours of the embedded store as Parquet files; the service must not be running."""
    with sentences():
        written = command.export(command.load(settings), folder, start=start, end=end)
        for path in written:
            out.print(str(path), highlight=False, soft_wrap=True)
        if not written:
            out.print("there are no readings in that time", highlight=False)


@cli.command()
def report(
    settings: SettingsFile,
    folder: Annotated[Path, typer.Argument(help="where to write the page and the sheet")],
    start: Annotated[str, typer.Option("--from", help="local time of the site, 2026-05-01 or 2026-05-01T08:00")] = "",
    end: Annotated[str, typer.Option("--to", help="the same, not included; without both: the last seven days")] = "",
) -> None:
    """Write how many alarms operators had, what became of them and of cases, as an HTML page and a CSV."""
    with sentences():
        for path in command.report(command.load(settings), folder, start=start, end=end, now=wall_clock()):
            out.print(str(path), highlight=False, soft_wrap=True)


@cli.command()
def notify(
    settings: SettingsFile,
    receiver: Annotated[list[str] | None, typer.Option(help="name of a receiver; all of them without it")] = None,
) -> None:
    """Send a test message to the receivers of [notify], and say what came of it."""
    with sentences():
        failed = False
        for name, problem in command.notify(command.load(settings), receiver or (), wall_clock()):
            failed = failed or bool(problem)
            out.print(f"{name}: {problem or 'taken'}", markup=False, highlight=False, soft_wrap=True)
    if failed:
        raise typer.Exit(FAILED)


@cli.command()
def fit(
    settings: SettingsFile,
    rule: Annotated[str, typer.Argument(help="id of the rule of kind joint")],
    csv: Annotated[list[Path] | None, typer.Option("--csv", help="recorded normal running; may be given again")] = None,
    map_file: Annotated[Path | None, typer.Option("--map", help="which column is which tag, TOML")] = None,
    start: Annotated[str, typer.Option("--from", help="without --csv: local time of the site, of the store")] = "",
    end: Annotated[str, typer.Option("--to", help="the same, not included")] = "",
    unit: Annotated[str, typer.Option(help="only this unit of the rule, such as a source's id")] = "",
    lags: Annotated[int, typer.Option(help="samples before that a sample is judged with")] = command.FIT.lags,
    weight: Annotated[float, typer.Option(help="of a sample in the running mean; 0: without one")] = command.FIT.weight,
    variance: Annotated[float, typer.Option(help="part of it in the components of T²")] = command.FIT.variance,
    ridge: Annotated[float, typer.Option(help="greater: trusts the narrow directions less")] = command.FIT.ridge,
    wander: Annotated[float, typer.Option(help="eighths of that time channels may wander on")] = command.FIT.wander,
    false_alarms: Annotated[float, typer.Option(help="normal samples beyond the limit")] = command.FIT.false_alarms,
) -> None:
    """Fit the models of a joint rule to normal running: recorded CSV files, or a time of the embedded store."""
    with sentences():
        written = command.fit(
            settings,
            rule,
            files=csv or [],
            map_file=map_file,
            start=start,
            end=end,
            unit=unit,
            options={
                "lags": lags,
                "weight": weight,
                "variance": variance,
                "ridge": ridge,
                "wander": wander,
                "false_alarms": false_alarms,
            },
        )
        for line in (*written.lines, f"written to {written.path}"):
            out.print(line, highlight=False, soft_wrap=True)


@grafana_cli.command("build")
def grafana_build(
    settings: SettingsFile, folder: Annotated[Path, typer.Argument(help="where to write dashboards and provisioning")]
) -> None:
    """Write the dashboards as JSON and the files that provision them."""
    with sentences():
        for path in command.grafana_build(command.load(settings), folder):
            out.print(str(path), highlight=False, soft_wrap=True)


@grafana_cli.command("push")
def grafana_push(settings: SettingsFile) -> None:
    """Create or update data source, folder and dashboards on the server of [grafana]."""
    with sentences():
        for done in command.grafana_push(command.load(settings)):
            out.print(f"{done.action:<9} {done.what:<11} {done.title}  {done.url}", highlight=False, soft_wrap=True)


def main() -> None:
    """Entry point of the `ganzhi` command."""
    sys.exit(cli())


if __name__ == "__main__":
    main()
