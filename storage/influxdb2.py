"""InfluxDB 2.x and 3.x over `/api/v2/write`, through influxdb-client. The bucket must exist.

It is read through InfluxQL, for which 2.x maps every bucket to a database of its name by itself.
"""

from __future__ import annotations

import ssl

import httpx
from urllib3.exceptions import HTTPError

from ganzhi.errors import Fault, Unavailable
from ganzhi.records import Catalogue
from storage.delivery import RefusedLines, judge
from storage.influxdb import TIMEOUT_S, URL, InfluxDBStore, packed
from storage.influxql import InfluxQL, client, unreachable

ACCESS = "[store] token_file"
PLACE = "[store] org and bucket"
MS_PER_S = 1_000


class InfluxDB2:
    """A server of the 2.x or the 3.x line.

    influxdb-client writes here through its service of the write API, below the part that turns objects into lines
    and retries on a timer of its own: the lines are there already, and so is the log that everything waits in.
    """

    def __init__(self, *, url: str, org: str, bucket: str, token: str, timeout_s: float) -> None:
        from influxdb_client.client.influxdb_client import InfluxDBClient
        from influxdb_client.rest import ApiException
        from influxdb_client.service.write_service import WriteService

        self._org = org
        self._bucket = bucket
        self._refusal = ApiException
        trusted = ssl.create_default_context()
        timeout_ms = int(timeout_s * MS_PER_S)
        self._client = InfluxDBClient(url, token, org=org, timeout=timeout_ms, ssl_context=trusted)
        self._writing = WriteService(self._client.api_client)  # type: ignore[no-untyped-call]
        self._http = client(url, timeout_s=timeout_s, token=token)
        self.influxql = InfluxQL(http=self._http, database=bucket, access=ACCESS, place=PLACE)

    def send(self, lines: bytes) -> None:
        try:
            self._writing.post_write(  # type: ignore[no-untyped-call]
                org=self._org, bucket=self._bucket, body=packed(lines), precision="ns", content_encoding="gzip"
            )
        except self._refusal as error:
            if not error.status:
                raise Unavailable(f"InfluxDB cannot be written ({error.reason}): check {URL}") from error
            body = error.body or b""
            answer = body.decode(errors="replace") if isinstance(body, bytes) else str(body)
            retry_after = error.headers.get("Retry-After") if error.headers else None
            judge(error.status, answer, retry_after, access=ACCESS, place=PLACE)
        except HTTPError as error:
            raise unreachable(self._http, error) from error

    def verify(self) -> Fault | None:
        url = self._http.base_url
        try:
            if self._http.get("/ping").status_code >= httpx.codes.BAD_REQUEST:
                return Fault(URL, f"{url} answers, but is not InfluxDB", "give InfluxDB's own address and port")
            self.send(b"")
        except RefusedLines:
            return None  # no lines are bad lines to some, but they were looked at: entry and bucket are right
        except httpx.TransportError as error:
            return Fault(URL, f"InfluxDB does not answer at {url} ({error!r})", "start it, or mend the address")
        except Unavailable as error:
            return Fault(f"InfluxDB at {url}, bucket {self._bucket!r}", str(error))
        return None

    def close(self) -> None:
        self._http.close()
        self._client.close()  # type: ignore[no-untyped-call]


def influxdb2_store(
    url: str, org: str, bucket: str, token: str, catalogue: Catalogue, *, timeout_s: float = TIMEOUT_S
) -> InfluxDBStore:
    """A store in InfluxDB 2.x or 3.x."""
    return InfluxDBStore(InfluxDB2(url=url, org=org, bucket=bucket, token=token, timeout_s=timeout_s), catalogue)
