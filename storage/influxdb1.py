"""InfluxDB 1.x over `/write`. The database is created when it is missing; its retention policy is never touched."""

from __future__ import annotations

import httpx

from ganzhi.errors import Fault, Unavailable
from ganzhi.records import Catalogue
from storage.delivery import judge
from storage.influxdb import TIMEOUT_S, URL, InfluxDBStore, packed
from storage.influxql import InfluxQL, client, named, unreachable

ACCESS = "[store] username and password_file"
PLACE = "[store] database"


class InfluxDB1:
    """A server of the 1.x line."""

    def __init__(self, *, url: str, database: str, username: str, password: str, timeout_s: float) -> None:
        self._database = database
        self._http = client(url, timeout_s=timeout_s, auth=(username, password) if username else None)
        self.influxql = InfluxQL(http=self._http, database=database, access=ACCESS, place=PLACE)

    def send(self, lines: bytes) -> None:
        answer = self._post(lines)
        if answer.status_code == httpx.codes.NOT_FOUND:  # dropped, or never there
            self._create()
            answer = self._post(lines)
        judge(answer.status_code, answer.text, answer.headers.get("Retry-After"), access=ACCESS, place=PLACE)

    def verify(self) -> Fault | None:
        url = self._http.base_url
        try:
            if "X-Influxdb-Version" not in self._http.get("/ping").headers:
                return Fault(URL, f"{url} answers, but is not InfluxDB 1.x", "give InfluxDB's own address and port")
            [databases] = self.influxql.ask("SHOW DATABASES")
            if [self._database] not in databases:
                self._create()
            self.send(b"")
        except httpx.TransportError as error:
            return Fault(URL, f"InfluxDB does not answer at {url} ({error!r})", "start it, or mend the address")
        except Unavailable as error:
            return Fault(f"InfluxDB at {url}, database {self._database!r}", str(error))
        return None

    def close(self) -> None:
        self._http.close()

    def _post(self, lines: bytes) -> httpx.Response:
        place = {"db": self._database, "precision": "ns"}
        try:
            return self._http.post("/write", params=place, headers={"Content-Encoding": "gzip"}, content=packed(lines))
        except httpx.TransportError as error:
            raise unreachable(self._http, error) from error

    def _create(self) -> None:
        self.influxql.ask(f"CREATE DATABASE {named(self._database)}")


def influxdb1_store(
    url: str,
    database: str,
    catalogue: Catalogue,
    *,
    username: str = "",
    password: str = "",
    timeout_s: float = TIMEOUT_S,
) -> InfluxDBStore:
    """A store in InfluxDB 1.x; without a username it goes in without one."""
    server = InfluxDB1(url=url, database=database, username=username, password=password, timeout_s=timeout_s)
    return InfluxDBStore(server, catalogue)
