"""ganzhi.toml: what the service is to do. One module, so that every default stands in one place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, ValidationInfo

from config.document import Document, Step, dotted, read_document
from config.duration import Duration, OptionalDuration, PositiveDuration, Size
from config.explain import Finding, Wrong, explain
from config.nearest import did_you_mean
from config.notify import Notify
from config.responsibility import AUTHORITY, Authority, Cases, Person, Role, Warnings
from config.section import Section
from config.value import (
    FOLDER,
    ExistingFile,
    HttpUrl,
    LedgerUrl,
    MqttUrl,
    Port,
    SecretRef,
    SitePath,
    TopicPattern,
    ZoneName,
    beside,
)
from ganzhi.errors import ConfigError, Fault

PACKS = Path(__file__).parent / "packs"
MOST_KEEP_ALIVE_S = 65535
"""MQTT carries the keep-alive as two bytes, in seconds."""
MOST_SESSION_EXPIRY_S = 2**32 - 1
"""MQTT 5 carries the session expiry as four bytes, in seconds."""


def packs_known() -> list[str]:
    """Names of the packs that come with the package."""
    return sorted(path.stem for path in PACKS.glob("*.toml"))


def pack_path(name: str, folder: Path) -> Path:
    """The file of a pack: a name of `packs_known`, or a path `*.toml` relative to `folder`. Raises Wrong."""
    if name.endswith(".toml"):
        return folder / name
    known = packs_known()
    if name not in known:
        raise Wrong(f"there is no rule pack {name!r}", did_you_mean(name, known))
    return PACKS / f"{name}.toml"


def _pack(value: object, info: ValidationInfo) -> Path:
    if isinstance(value, Path):
        return value
    if not isinstance(value, str) or "\0" in value:
        raise Wrong(f"{value!r} is not a pack", 'write a name such as "tank_farm", or a path that ends in .toml')
    return pack_path(value, beside(info, ""))


class Site(Section):
    """[site] who this is, where its catalogue lies, and which rules watch it."""

    name_zh: str = "感知中枢"
    name_en: str = "Ganzhi"
    time_zone: ZoneName = "Asia/Shanghai"
    language: Literal["zh", "en"] = "zh"
    catalogue: SitePath = Path()
    packs: Annotated[tuple[Annotated[Path, BeforeValidator(_pack)], ...], Field(strict=False)] = ()


class Route(Section):
    """[[mqtt.routes]] a topic pattern with named wildcards, and the codec that reads its payloads."""

    topic: TopicPattern = "ganzhi/v1/{enterprise}/{gateway}/data"
    codec: str = "json"


def _some_route(routes: tuple[Route, ...]) -> tuple[Route, ...]:
    if not routes:
        raise Wrong("there is no route", "leave mqtt.routes out for the default one")
    return routes


def _password_needs_user(given: Mapping[str, Any]) -> list[Finding]:
    if given.get("password_file") and not given.get("username"):
        return [Finding("password_file has no username", "add the username", "username")]
    if given.get("username") and not given.get("password_file"):
        return [Finding("username has no password_file", 'add password_file, a path or "env:NAME"', "password_file")]
    return []


class Mqtt(Section):
    """[mqtt] the broker that gateways publish to."""

    url: MqttUrl = "mqtt://127.0.0.1:1883"
    version: Literal["5", "3.1.1"] = "5"
    client_id: Annotated[str, Field(min_length=1)] = "ganzhi"
    username: str = ""
    password_file: SecretRef = ""
    ca_file: ExistingFile = None
    certificate_file: ExistingFile = None
    key_file: ExistingFile = None
    receive_maximum: Annotated[int, Field(ge=1, le=65535)] = 8192
    keep_alive: Annotated[PositiveDuration, Field(le=MOST_KEEP_ALIVE_S)] = 30.0
    session_expiry: Annotated[Duration, Field(le=MOST_SESSION_EXPIRY_S)] = 86400.0
    routes: Annotated[tuple[Route, ...], Field(strict=False), AfterValidator(_some_route)] = (Route(),)

    @classmethod
    def across(cls, given: Mapping[str, Any]) -> list[Finding]:
        found = _password_needs_user(given)
        if given.get("certificate_file") and not given.get("key_file"):
            found.append(
                Finding("certificate_file has no key_file", "add the private key of the certificate", "key_file")
            )
        if given.get("key_file") and not given.get("certificate_file"):
            found.append(Finding("key_file has no certificate_file", "add the certificate", "certificate_file"))
        if not str(given.get("url", "mqtt:")).startswith("mqtts:"):
            found.extend(
                Finding("only a TLS connection uses this key", "write mqtts:// in mqtt.url, or remove it", key)
                for key in ("ca_file", "certificate_file", "key_file")
                if given.get(key)
            )
        return found


class Ingest(Section):
    """[ingest] what a payload may hold."""

    clock_ahead: PositiveDuration = 300.0
    max_payload: Size = 2**20


class Log(Section):
    """[log] the durable log of blocks."""

    path: SitePath = Path("data/log.sqlite")
    retention: PositiveDuration = 86400.0


class Store(Section):
    """[store] where readings and alarms are kept for people."""

    kind: Literal["duckdb", "influxdb1", "influxdb2"] = "duckdb"
    path: SitePath = Path("data/readings.duckdb")
    url: HttpUrl = ""
    database: str = ""
    username: str = ""
    password_file: SecretRef = ""
    org: str = ""
    bucket: str = ""
    token_file: SecretRef = ""
    retention: OptionalDuration = None
    rollup_retention: OptionalDuration = None

    NEEDS: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "duckdb": (),
        "influxdb1": ("url", "database"),
        "influxdb2": ("url", "org", "bucket", "token_file"),
    }
    TAKES: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "duckdb": ("path", "rollup_retention"),
        "influxdb1": ("url", "database", "username", "password_file"),
        "influxdb2": ("url", "org", "bucket", "token_file"),
    }

    @classmethod
    def across(cls, given: Mapping[str, Any]) -> list[Finding]:
        kind = given.get("kind", "duckdb")
        if not isinstance(kind, str) or kind not in cls.NEEDS:
            return []
        needs, takes = cls.NEEDS[kind], cls.TAKES[kind]
        examples = {"url": "http://127.0.0.1:8086", "token_file": "env:INFLUX_TOKEN"}
        found = [
            Finding(f"kind {kind!r} needs {key}", f'write {key} = "{examples.get(key, "ganzhi")}"', key)
            for key in needs
            if not given.get(key)
        ]
        others = {key for keys in cls.TAKES.values() for key in keys} - set(takes)
        found.extend(
            Finding(f"kind {kind!r} has no use for {key}", f"it takes {', '.join(takes)} and retention", key)
            for key in sorted(others & set(given))
            if given[key]
        )
        kept, rolled = given.get("retention"), given.get("rollup_retention")
        if isinstance(rolled, float) and (kept is None or (isinstance(kept, float) and rolled < kept)):
            problem = "the minutes and hours would be gone before the readings"
            found.append(Finding(problem, "make it as long as retention, or longer", "rollup_retention"))
        return found + (_password_needs_user(given) if kind == "influxdb1" else [])


class Ledger(Section):
    """[ledger] alarms and their journal."""

    url: LedgerUrl = "sqlite:///data/ledger.sqlite"


class Console(Section):
    """[console] the control-room page."""

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Port = 8600
    public_url: HttpUrl = ""


class Grafana(Section):
    """[grafana] the 一网统管 view; an empty `url` turns it off."""

    url: HttpUrl = ""
    token_file: SecretRef = ""
    username: str = ""
    password_file: SecretRef = ""

    @classmethod
    def across(cls, given: Mapping[str, Any]) -> list[Finding]:
        found = _password_needs_user(given)
        if given.get("token_file") and given.get("username"):
            found.append(Finding("both a token and a user are given", "keep one of them", "token_file"))
        if given.get("url") and not given.get("token_file") and not given.get("username"):
            found.append(Finding("Grafana needs a credential", "add token_file, or username and password_file"))
        return found


class Alarms(Section):
    """[alarms] how the control room runs them."""

    comment_from: Literal["", "blue", "yellow", "orange", "red"] = ""
    shelve_most: PositiveDuration = 8 * 3600.0
    position: Literal["site", "district"] = "site"


class Settings(Section):
    """All of ganzhi.toml. Paths are resolved against `folder`, the one that holds the file."""

    site: Site = Site()
    mqtt: Mqtt = Mqtt()
    ingest: Ingest = Ingest()
    log: Log = Log()
    store: Store = Store()
    ledger: Ledger = Ledger()
    alarms: Alarms = Alarms()
    console: Console = Console()
    grafana: Grafana = Grafana()
    notify: Notify = Notify()
    cases: Cases = Cases()
    warnings: Warnings = Warnings()
    role: Annotated[tuple[Role, ...], Field(strict=False)] = ()
    person: Annotated[tuple[Person, ...], Field(strict=False)] = ()
    authority: Annotated[tuple[Authority, ...], Field(strict=False)] = AUTHORITY


def sections() -> dict[str, type[Section]]:
    """The tables of Settings that stand once; the others are lists of tables."""
    found = {name: field.annotation for name, field in Settings.model_fields.items()}
    return {name: kind for name, kind in found.items() if isinstance(kind, type) and issubclass(kind, Section)}


def load_settings(path: Path) -> Settings:
    """The settings of a file. Raises ConfigError with every fault."""
    faults: list[Fault] = []
    document = read_settings_document(path, faults)
    settings = None if document is None else read_settings(document, faults)
    if settings is None or faults:
        raise ConfigError(faults)
    return settings


def read_settings_document(path: Path, faults: list[Fault]) -> Document | None:
    """The file as a table, or None with a fault."""
    remedy = "name the settings file, or copy one of the folders in config/examples"
    return read_document(path, faults, missing=remedy)


def read_settings(document: Document, faults: list[Fault]) -> Settings | None:
    """The settings, or None with a fault for everything that is wrong."""
    table = {name: {} for name in sections()} | document.table
    context = {FOLDER: document.path.absolute().parent}
    try:
        return Settings.model_validate(table, context=context)
    except ValidationError as error:
        found = explain(error, Settings, lambda keys: _place(document, keys))
    for name, section in table.items():
        model = sections().get(name)
        if isinstance(section, dict) and model is not None:
            found.extend(
                Fault(_place(document, (name, finding.key) if finding.key else (name,)), *finding[:2])
                for finding in model.across(section)
            )
    faults.extend(dict.fromkeys(found))
    return None


def site_folders(document: Document) -> tuple[Path | None, list[Path]]:
    """The catalogue's folder and the packs as far as they can be known when the settings have faults."""
    folder = document.path.absolute().parent
    site = document.table.get("site", {})
    if not isinstance(site, dict):
        return None, []
    catalogue, packs = site.get("catalogue", "."), site.get("packs", [])
    names = [name for name in packs if isinstance(name, str) and "\0" not in name] if isinstance(packs, list) else []
    known = packs_known()
    paths = [pack_path(name, folder) for name in names if name.endswith(".toml") or name in known]
    usable = isinstance(catalogue, str) and catalogue != "" and "\0" not in catalogue
    return folder / catalogue if usable else None, paths


def _place(document: Document, keys: Sequence[Step]) -> str:
    return f"{document.name}: {dotted(keys)}"
