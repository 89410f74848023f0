"""The control-room page: alarms, live values and health over HTTP and server-sent events."""

from console.alarm_backend import AlarmBackend, NewWork, Reportable
from console.alarm_shape import AlarmShape, Surroundings, flood_json, work_json
from console.api import create_app
from console.backend import Backend
from console.desk import Desk
from console.feed import Feed
from console.handling_shape import Shape, risk_json
from console.health import Health
from console.server import Server
from console.shape import colour_json

__all__ = [
    "AlarmBackend",
    "AlarmShape",
    "Backend",
    "Desk",
    "Feed",
    "Health",
    "NewWork",
    "Reportable",
    "Server",
    "Shape",
    "Surroundings",
    "colour_json",
    "create_app",
    "flood_json",
    "risk_json",
    "work_json",
]
