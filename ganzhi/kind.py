"""What a rule pack may set, by kind of score: the table in which the detectors' kinds and config's meet."""

from __future__ import annotations

from dataclasses import replace

from config import PER_POINT, POLYGONS, RULE_IDS, Kind, PerUnit
from detectors import OPTIONS
from detectors.jointmodel import read_models
from ganzhi.records import COLOURS

COLOUR_NAMES = tuple(tier.name.lower() for tier in COLOURS)

KINDS = {
    "value": Kind(unit="{unit}", options=dict.fromkeys(OPTIONS["value"], float), reading=True),
    "rate": Kind(unit="{unit}/min", options={"window_s": float}),
    "forecast": Kind(
        unit="min",
        options={
            "target": PER_POINT,
            "direction": ("high", "low"),
            "window_s": float,
            "probability": float,
            "curvature": float,
            "confidence": float,
        },
        required=frozenset({"target", "direction"}),
        side="low",
    ),
    "stale": Kind(unit="periods", side="high"),
    "accumulate": Kind(
        unit="steps",
        options={"steps": str, "reading": ("increment", "counter")},
        required=frozenset({"steps"}),
        side="high",
    ),
    "profile": Kind(
        unit="sigma",
        options={
            "utc_offset_s": float,
            "holidays": str,
            "workdays": str,
            "visits": int,
            "cell_s": float,
            "cells": int,
        },
    ),
    "creep": Kind(
        unit="°",
        options={
            "window_s": float,
            "settle_s": float,
            "direction": ("high", "low"),
            "least_per_day": float,
            "confidence": float,
        },
        side="high",
    ),
    "spike": Kind(unit="sigma", options={"window": int, "longest": int}, side="high"),
    "spread": Kind(unit="ratio", options={"window": float, "reference_s": float}),
    "shift": Kind(
        unit="sigma",
        options={
            "method": ("cusum", "ewma"),
            "slack_sigma": float,
            "weight": float,
            "warmup": int,
            "reference_s": float,
        },
        side="high",
    ),
    "stuck": Kind(unit="pauses", options={"changes": int, "learn_s": float, "memory_s": float}, side="high"),
    "worst": Kind(
        unit="colour",
        options={"rules": RULE_IDS},
        required=frozenset({"rules"}),
        side="high",
        colours=True,
        per=("source", "enterprise", "all", "neighbours"),
    ),
    "at_least": Kind(
        unit="points",
        options={"rules": RULE_IDS, "tier": COLOUR_NAMES},
        required=frozenset({"rules"}),
        side="high",
        per=("source", "enterprise", "all", "neighbours"),
    ),
    "raised": Kind(
        unit="colour",
        options={"rules": RULE_IDS, "tier": COLOUR_NAMES, "agree": int},
        required=frozenset({"rules", "agree"}),
        side="high",
        colours=True,
        per=("neighbours",),
    ),
    "counting": Kind(
        unit="colour",
        options={"rules": RULE_IDS, "counts": str, "items": bool},
        required=frozenset({"rules"}),
        side="high",
        colours=True,
        per=("source", "enterprise", "all", "neighbours"),
    ),
    "fence": Kind(
        unit="m",
        options={"polygons": POLYGONS, "stay": ("inside", "outside"), "wait": int},
        required=frozenset({"polygons"}),
        side="high",
        per=("source",),
        members=("longitude", "latitude"),
    ),
    "joint": Kind(
        unit="ratio",
        options={"model": PerUnit(read_models), "wait": int},
        required=frozenset({"model"}),
        side="high",
        per=("source", "enterprise", "all"),
    ),
    "novelty": Kind(
        unit="decades",
        options={"pace": float, "warmup": int, "memory_s": float, "rhythm": ("day", "week", "none")},
        side="high",
    ),
}
"""What a rule pack may set, by kind; a test holds it against the detectors' own OPTIONS."""

UNFITTED = KINDS | {"joint": replace(KINDS["joint"], options={**KINDS["joint"].options, "model": PerUnit(None)})}
"""The same where models are still to be made: their files need not be there."""
