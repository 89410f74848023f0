"""A plant and its console on a free port."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest

from console.api import create_app
from console.server import Server
from tests.console.plant import Plant


@pytest.fixture
def plant(request: pytest.FixtureRequest) -> Plant:
    """The small site, or the one that a test's indirect parameter makes."""
    make: Callable[[], Plant] = getattr(request, "param", Plant)
    return make()


@pytest.fixture
def server(plant: Plant) -> Iterator[Server]:
    app = create_app(plant.backend(), plant.feed, clock=lambda: plant.now, values_s=0.1)
    with Server(app, "127.0.0.1", 0) as running:
        yield running


@pytest.fixture
def http(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=5, trust_env=False) as client:
        yield client
