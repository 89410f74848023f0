"""Read a score's options from a rule; ValueError says which one is wrong and what would be right."""

from __future__ import annotations

import numpy as np

from ganzhi.records import Floats, Rule


def number(rule: Rule, name: str, default: float, *, above: float, below: float = np.inf) -> float:
    """A plain number strictly between two bounds."""
    value = rule.options.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not above < value < below:
        raise ValueError(f"{rule.id}: {name} must be a number above {above:g} and below {below:g}, not {value!r}")
    return float(value)


def choice(rule: Rule, name: str, allowed: tuple[str, ...], default: str | None = None) -> str:
    """One of a few words; without a default it must be given."""
    value = rule.options.get(name, default)
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(f"{rule.id}: {name} must be one of {', '.join(allowed)}, not {value!r}")
    return value


def per_point(rule: Rule, name: str) -> Floats:
    """A finite float64 for each of the rule's points; it must be given."""
    value = np.asarray(rule.options.get(name), dtype=np.float64)
    if value.shape != rule.points.shape or not np.isfinite(value).all():
        raise ValueError(f"{rule.id}: {name} must be a finite number for each of {len(rule.points)} points")
    return value
