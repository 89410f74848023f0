"""The data source that every panel reads: InfluxDB through InfluxQL, which 1.x, 2.x and 3.x all answer."""

from __future__ import annotations

from dataclasses import dataclass, field

from grafana_foundation_sdk.models.dashboard import DataSourceRef

DATA_SOURCE_UID = "ganzhi-influxdb"
DATA_SOURCE_NAME = "Ganzhi InfluxDB"
DATA_SOURCE_TYPE = "influxdb"
HEADER_NAME = "httpHeaderName1"
HEADER_VALUE = "httpHeaderValue1"
MIN_INTERVAL = "1s"

INFLUX = DataSourceRef(type_val=DATA_SOURCE_TYPE, uid=DATA_SOURCE_UID)
BUILT_IN = DataSourceRef(type_val="datasource", uid="grafana")
"""Grafana itself: its Live channels."""
ANNOTATIONS = DataSourceRef(type_val="grafana", uid="-- Grafana --")
"""Grafana itself: its annotations."""


@dataclass(frozen=True, slots=True)
class InfluxSource:
    """The InfluxDB that Grafana reads, as the Grafana server reaches it.

    database       of 1.x, or the bucket of 2.x and the database of 3.x
    user, password of 1.x
    authorization  the whole header for 2.x and 3.x: `Token …` or `Bearer …`
    """

    url: str
    database: str
    user: str = ""
    password: str = field(default="", repr=False)
    authorization: str = field(default="", repr=False)

    def record(self) -> dict[str, object]:
        """The data source as Grafana's HTTP API and its provisioning files name the parts, without the secrets."""
        options: dict[str, object] = {
            "version": "InfluxQL",
            "dbName": self.database,
            "httpMode": "GET",
            "timeInterval": MIN_INTERVAL,
        }
        if self.authorization:
            options[HEADER_NAME] = "Authorization"
        return {
            "uid": DATA_SOURCE_UID,
            "name": DATA_SOURCE_NAME,
            "type": DATA_SOURCE_TYPE,
            "access": "proxy",
            "url": self.url,
            "user": self.user,
            "database": self.database,
            "jsonData": options,
        }

    def secrets(self) -> dict[str, str]:
        """What Grafana keeps encrypted, under its names."""
        kept = {"password": self.password, HEADER_VALUE: self.authorization}
        return {name: secret for name, secret in kept.items() if secret}
