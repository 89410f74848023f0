"""The control-room page: alarms, live values and health over HTTP and server-sent events."""

from console.alarm_backend import AlarmBackend, NewWork, Reportable
from console.alarm_shape import AlarmShape, Surroundings, flood_json, work_json
from console.api import create_app
from console.backend import Backend
from console.feed import Feed
from console.health import Health
from console.server import Server
from console.shape import colour_json

__all__ = [
    "AlarmBackend",
    "AlarmShape",
    "Backend",
    "Feed",
    "Health",
    "NewWork",
    "Reportable",
    "Server",
    "Surroundings",
    "colour_json",
    "create_app",
    "flood_json",
    "work_json",
]
