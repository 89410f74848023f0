"""Complete example folders that come with the package."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from config.nearest import did_you_mean
from ganzhi.errors import ConfigError, Fault


def example(name: str) -> Path:
    """The folder of an example: `demo`, a simulated city, or `skab`, a recorded test rig. Raises ConfigError."""
    folder = Path(str(files("config"))) / "examples"
    known = sorted(path.name for path in folder.iterdir() if path.is_dir())
    if name not in known:
        raise ConfigError([Fault("example", f"there is no example {name!r}", did_you_mean(name, known))])
    return folder / name
