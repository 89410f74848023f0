"""The control-room page: alarms, live values and health over HTTP and server-sent events."""

from console.api import create_app
from console.backend import Backend
from console.feed import Feed
from console.health import Health
from console.server import Server
from console.shape import alarm_json, colour_json, event_json

__all__ = ["Backend", "Feed", "Health", "Server", "alarm_json", "colour_json", "create_app", "event_json"]
