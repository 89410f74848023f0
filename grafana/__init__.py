"""Grafana: dashboards as code, files to provision them, a push, and the outlet that tells it of every alarm."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana.datasource import InfluxSource
from grafana.live import GrafanaOutlet
from grafana.overview import overview
from grafana.server import GrafanaServer
from grafana.view import LANGUAGES, Language, View

__all__ = ["KINDS", "LANGUAGES", "GrafanaOutlet", "GrafanaServer", "InfluxSource", "Language", "View"]

KINDS: Mapping[str, Callable[[View], Dashboard]] = {"overview": overview}
"""Every dashboard by its name."""
