"""Models written to a file and read from it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from detectors.jointmodel import file_table, read_models
from tests.detectors.plant import fitted, plant

MODEL = fitted(plant(400)).model


def written() -> Any:
    """A file of one unit, as it is read back."""
    return json.loads(json.dumps(file_table({"reactor-1": MODEL})))


def test_what_was_written_is_read_to_the_last_bit() -> None:
    found = read_models(written())["reactor-1"]
    assert found.mark == MODEL.mark
    assert found.channels == MODEL.channels
    assert np.array_equal(found.now.whiten, MODEL.now.whiten)
    assert found.lasting is not None


def test_other_models_have_another_mark() -> None:
    moved = replace(MODEL, centre=MODEL.centre + 1e-12)
    tighter = replace(MODEL, now=replace(MODEL.now, spe_limit=MODEL.now.spe_limit * 1.01))
    assert len({MODEL.mark, moved.mark, tighter.mark, replace(MODEL, fitted={"from": "…"}).mark}) == 3


def _nan(rows: list[list[float]]) -> list[list[float]]:
    return [[float("nan"), *rows[0][1:]], *rows[1:]]


WRONG: dict[str, tuple[Callable[[Any], object], str]] = {
    "no model": (lambda t: t.update(format="csv"), "no joint model"),
    "of another time": (lambda t: t.update(version=2), "version"),
    "empty": (lambda t: t.update(units={}), "holds no model"),
    "no table": (lambda t: t["units"].update({"reactor-1": 3}), "reactor-1: the model must be a table"),
    "channels": (lambda t: t["units"]["reactor-1"].update(channels="flow"), "channels must be a list"),
    "twice": (lambda t: t["units"]["reactor-1"].update(channels=["a", "a", "b"]), "different points"),
    "centre": (lambda t: t["units"]["reactor-1"].update(centre=[1.0]), "centre must be 3 numbers, not 1"),
    "text": (lambda t: t["units"]["reactor-1"].update(centre=["x", 1, 2]), "centre must be 3 numbers"),
    "scale": (lambda t: t["units"]["reactor-1"].update(scale=[1.0, 0.0, 1.0]), "scale must be above 0"),
    "period": (lambda t: t["units"]["reactor-1"].update(period_s=0), "period_s must be from"),
    "lags": (lambda t: t["units"]["reactor-1"].update(lags=1.5), "lags must be a whole number"),
    "more lags": (lambda t: t["units"]["reactor-1"].update(lags=2), "now: whiten must be 9 x 6 numbers, not 6 x 6"),
    "weight": (lambda t: t["units"]["reactor-1"].update(weight=0), "lasting must be there"),
    "main": (lambda t: t["units"]["reactor-1"]["now"].update(main=7), "now: main must be from 0 to 6"),
    "limit": (lambda t: t["units"]["reactor-1"]["now"].update(t2_limit=0), "now: t2_limit must be from"),
    "missing": (lambda t: t["units"]["reactor-1"]["now"].pop("spe_limit"), "now: spe_limit must be a number"),
    "not finite": (
        lambda t: t["units"]["reactor-1"]["now"].update(whiten=_nan(t["units"]["reactor-1"]["now"]["whiten"])),
        "now: whiten holds a number that is not finite",
    ),
    "ragged": (lambda t: t["units"]["reactor-1"]["lasting"].update(whiten=[[1.0], [1.0, 2.0]]), "lasting: whiten"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_file_that_is_wrong_is_refused_with_what_is(case: str) -> None:
    damage, what = WRONG[case]
    table = written()
    damage(table)
    with pytest.raises(ValueError, match=what):
        read_models(table)


@pytest.mark.parametrize("table", [None, [], "text", 5, {"format": 1}])
def test_what_is_no_table_is_refused(table: object) -> None:
    with pytest.raises(ValueError, match="no joint model"):
        read_models(table)
