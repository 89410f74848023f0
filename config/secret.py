"""Secrets are named, never written, in the settings: a file's path, or `env:NAME`."""

from __future__ import annotations

import os
from pathlib import Path

from ganzhi.errors import ConfigError, Fault

ENVIRONMENT = "env:"


def secret(ref: str) -> str:
    """The secret that `ref` names, without the line's end; "" for "". Raises ConfigError, which never shows it."""
    if not ref:
        return ""
    if ref.startswith(ENVIRONMENT):
        name = ref.removeprefix(ENVIRONMENT)
        found = os.environ.get(name, "")
        if not found:
            raise ConfigError([Fault(ref, f"the environment variable {name} is not set", f"export {name}=…")])
        return found
    try:
        found = Path(ref).read_text(encoding="utf-8").strip("\r\n")
    except OSError as error:
        problem = f"the secret cannot be read: {error.strerror}"
        raise ConfigError([Fault(ref, problem, "create the file, or name env:NAME")]) from error
    except ValueError as error:
        raise ConfigError([Fault(ref, "the secret is not UTF-8 text", "save the file as UTF-8")]) from error
    if not found:
        raise ConfigError([Fault(ref, "the secret's file is empty", "write the secret on its first line")])
    return found
