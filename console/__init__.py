"""The control-room page: alarms, live values and health over HTTP and server-sent events."""

from console.api import create_app
from console.backend import Backend
from console.desk import Desk
from console.feed import Feed
from console.handling_shape import Shape, risk_json
from console.health import Health
from console.server import Server
from console.shape import alarm_json, colour_json, event_json

__all__ = [
    "Backend",
    "Desk",
    "Feed",
    "Health",
    "Server",
    "Shape",
    "alarm_json",
    "colour_json",
    "create_app",
    "event_json",
    "risk_json",
]
