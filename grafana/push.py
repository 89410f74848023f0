"""The data source, the folder and the dashboards, straight to a Grafana through its HTTP API."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar
from zoneinfo import ZoneInfo

import requests
from grafana_api.grafana_api import GrafanaClientError, GrafanaServerError
from grafana_api.grafana_face import GrafanaFace

from ganzhi.errors import Refused, Unavailable
from ganzhi.records import Catalogue, Rule
from grafana.build import FOLDER_TITLE, FOLDER_UID, dashboards
from grafana.datasource import DATA_SOURCE_UID, InfluxSource
from grafana.server import GrafanaServer, refusal, unreachable, wrong_address
from grafana.view import LANGUAGES, Language

RETRY_S = 5.0
NOT_FOUND = 404
ASSIGNED = frozenset({"id", "version"})
"""Keys of a stored dashboard that Grafana sets itself."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Pushed:
    """One thing done: `what` it was, its uid and title, `created`, `updated` or `unchanged`, and where to see it."""

    what: str
    uid: str
    title: str
    action: str
    url: str = ""


def push(
    server: GrafanaServer,
    *,
    catalogue: Catalogue,
    rules: Sequence[Rule],
    zone: ZoneInfo,
    influx: InfluxSource,
    languages: Sequence[Language] = LANGUAGES,
) -> tuple[Pushed, ...]:
    """Create or update the data source, the folder and the dashboards by their uids; doing it twice changes nothing.

    Raises Unavailable where Grafana is down, Refused with a sentence where a person has to mend something.
    """
    boards = list(dashboards(catalogue=catalogue, rules=rules, zone=zone, languages=languages))
    with sentences(server):
        face = server.face()
        health = face.api.GET("/health")
        if not isinstance(health, dict) or "database" not in health:
            raise wrong_address(server.base)
        done = [push_data_source(face, influx), push_folder(face)]
        done += [push_dashboard(face, server, board) for board in boards]
    return tuple(done)


@contextmanager
def sentences(server: GrafanaServer) -> Iterator[None]:
    """Turns what grafana-api and requests raise into Unavailable and Refused."""
    try:
        yield
    except GrafanaServerError as error:
        raise Unavailable(unreachable(server.base, f"status {error.status_code}"), retry_after_s=RETRY_S) from error
    except GrafanaClientError as error:
        raise refusal(error.status_code, server.base, error.message) from error
    except requests.exceptions.SSLError as error:
        raise Refused(
            f"{server.base} 的证书不受信任：请用 ca_file 指定签发机构的证书",
            f"the certificate of {server.base} is not trusted: name its authority's certificate in ca_file",
        ) from error
    except (requests.exceptions.ConnectionError, requests.exceptions.Timeout) as error:
        raise Unavailable(unreachable(server.base, type(error).__name__), retry_after_s=RETRY_S) from error
    except requests.exceptions.RequestException as error:
        raise wrong_address(server.base) from error


def found(look_up: Callable[[], Result]) -> Result | None:
    """What a look-up finds, or None where Grafana says that it is not there."""
    try:
        return look_up()
    except GrafanaClientError as error:
        if error.status_code == NOT_FOUND:
            return None
        raise


def push_data_source(face: GrafanaFace, influx: InfluxSource) -> Pushed:
    """Create or update it by its uid; the secrets cannot be read back, so it is always written."""
    record = {**influx.record(), "secureJsonData": influx.secrets()}
    present = [item for item in face.datasource.list_datasources() if item["uid"] == DATA_SOURCE_UID]
    if present:
        face.datasource.update_datasource(present[0]["id"], record)
    else:
        face.datasource.create_datasource(record)
    return Pushed("data source", DATA_SOURCE_UID, str(record["name"]), "updated" if present else "created")


def push_folder(face: GrafanaFace) -> Pushed:
    """Create the folder, or give it its title back."""
    present = found(lambda: face.folder.get_folder(FOLDER_UID))
    action = "unchanged"
    if present is None:
        face.folder.create_folder(FOLDER_TITLE, uid=FOLDER_UID)
        action = "created"
    elif present["title"] != FOLDER_TITLE:
        face.folder.update_folder(FOLDER_UID, FOLDER_TITLE, overwrite=True)
        action = "updated"
    return Pushed("folder", FOLDER_UID, FOLDER_TITLE, action)


def push_dashboard(face: GrafanaFace, server: GrafanaServer, board: Mapping[str, object]) -> Pushed:
    """Overwrite the dashboard of that uid unless it is already the same, so that no empty version is made."""
    uid, title = str(board["uid"]), str(board["title"])
    url = f"{server.base}/d/{uid}"
    present = found(lambda: face.dashboard.get_dashboard(uid))
    if present is not None:
        stored = {key: value for key, value in present["dashboard"].items() if key not in ASSIGNED}
        if stored == board and present["meta"].get("folderUid") == FOLDER_UID:
            return Pushed("dashboard", uid, title, "unchanged", url)
    face.dashboard.update_dashboard({"dashboard": dict(board), "folderUid": FOLDER_UID, "overwrite": True})
    return Pushed("dashboard", uid, title, "created" if present is None else "updated", url)
