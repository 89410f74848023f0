"""Dashboards and provisioning as files, for a Grafana that reads them from disk."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from ganzhi.records import Catalogue, Rule
from grafana import KINDS
from grafana.datasource import HEADER_VALUE, InfluxSource
from grafana.view import LANGUAGES, Language, View

FOLDER_UID = "ganzhi"
FOLDER_TITLE = "一网统管"
SERVED_FROM = "/var/lib/grafana/dashboards/ganzhi"
POLL_S = 30
ENVIRONMENT = {"password": "GANZHI_INFLUX_PASSWORD", HEADER_VALUE: "GANZHI_INFLUX_AUTHORIZATION"}
"""Variables of Grafana's environment that hold the secrets; the files never do."""


def dashboards(
    *, catalogue: Catalogue, rules: Sequence[Rule], zone: ZoneInfo, languages: Sequence[Language] = LANGUAGES
) -> Iterator[dict[str, object]]:
    """The JSON of every dashboard in every language asked for."""
    for draw in KINDS.values():
        for language in languages:
            others = tuple(other for other in languages if other != language)
            drawn = draw(View(catalogue, rules, zone, language, others))
            plain: dict[str, object] = json.loads(json.dumps(drawn, cls=JSONEncoder))
            yield plain


def build(
    folder: Path,
    *,
    catalogue: Catalogue,
    rules: Sequence[Rule],
    zone: ZoneInfo,
    influx: InfluxSource,
    languages: Sequence[Language] = LANGUAGES,
    served_from: str = SERVED_FROM,
) -> list[Path]:
    """Write `dashboards/*.json` and `provisioning/` below `folder`; equal input gives equal bytes.

    `served_from` is where the Grafana server will find the dashboards. Returns the files in the order of their names.
    """
    files = {
        "provisioning/datasources/ganzhi.yaml": data_source_yaml(influx),
        "provisioning/dashboards/ganzhi.yaml": provider_yaml(served_from),
    }
    for board in dashboards(catalogue=catalogue, rules=rules, zone=zone, languages=languages):
        text = json.dumps(board, ensure_ascii=False, indent=2, sort_keys=True, allow_nan=False)
        files[f"dashboards/{board['uid']}.json"] = f"{text}\n"
    written = []
    for name in sorted(files):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files[name], encoding="utf-8")
        written.append(path)
    return written


def data_source_yaml(influx: InfluxSource) -> str:
    """The provisioning file of the data source; a secret is named by the variable that Grafana reads it from."""
    record = {key: unexpanded(value) for key, value in influx.record().items()}
    secrets = {name: f"${{{ENVIRONMENT[name]}}}" for name in influx.secrets()}
    return yaml(
        {
            "apiVersion": 1,
            "datasources": [{**record, "editable": False} | ({"secureJsonData": secrets} if secrets else {})],
        }
    )


def provider_yaml(served_from: str) -> str:
    """The provisioning file that makes Grafana read the dashboards."""
    provider = {
        "name": "ganzhi",
        "orgId": 1,
        "folder": FOLDER_TITLE,
        "folderUid": FOLDER_UID,
        "type": "file",
        "disableDeletion": True,
        "allowUiUpdates": False,
        "updateIntervalSeconds": POLL_S,
        "options": {"path": served_from},
    }
    return yaml({"apiVersion": 1, "providers": [provider]})


def unexpanded(value: object) -> object:
    """A value whose dollar signs Grafana leaves alone; it would put a variable of its environment there."""
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, dict):
        return {key: unexpanded(inner) for key, inner in value.items()}
    return value


def yaml(document: dict[str, object]) -> str:
    """Plain data as YAML: block mappings, and JSON for every scalar, which YAML reads as it is."""
    return "\n".join(block(document, "")) + "\n"


def block(value: object, indent: str) -> Iterator[str]:
    """The lines of a mapping or a list at an indentation."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if isinstance(inner, dict | list):
                yield f"{indent}{key}:"
                yield from block(inner, f"{indent}  ")
            else:
                yield f"{indent}{key}: {json.dumps(inner, ensure_ascii=False)}"
    elif isinstance(value, list):
        for inner in value:
            first, *rest = block(inner, f"{indent}  ")
            yield f"{indent}- {first.lstrip()}"
            yield from rest
