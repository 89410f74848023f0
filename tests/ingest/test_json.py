"""The JSON codec on golden payloads: `golden/json/<case>/payload.json` must become `expected.json`, row for row."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganzhi.errors import BadPayload
from ingest.codecs import KINDS
from ingest.column import Columns
from ingest.route import Gateway

GOLDEN = Path(__file__).parent / "golden" / "json"
CASES = sorted(path for path in GOLDEN.iterdir() if path.is_dir())
TAGS = {f"T-{n}": n for n in range(12)}
UNITS = dict.fromkeys(TAGS, "m")


def decoded(payload: bytes) -> dict[str, Any]:
    """Everything the codec says of a payload."""
    columns = Columns()
    rejected: list[str] = []
    unknown: list[str] = []
    gateway = Gateway("e", "g", "json", TAGS, UNITS)
    try:
        count = KINDS["json"](payload, gateway, columns, lambda reason, sample: rejected.append(reason), unknown.append)
    except BadPayload as bad:
        return {"bad": bad.reason}
    point, time, value, quality = columns.arrays()
    rows = zip(point.tolist(), time.tolist(), value.tolist(), quality.tolist(), strict=True)
    return {"count": count, "rows": [list(row) for row in rows], "rejected": rejected, "unknown": unknown}


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_payload_is_read_as_expected_when_it_is(case: Path) -> None:
    expected = json.loads((case / "expected.json").read_text(encoding="utf-8"))
    assert repr(decoded((case / "payload.json").read_bytes())) == repr(expected)  # NaN is not equal to itself


@given(st.binary(max_size=200))
def test_garbage_never_breaks_the_stream_when_it_is_bytes(payload: bytes) -> None:
    found = decoded(payload)
    assert "bad" in found or found["count"] == len(found["rows"]) + len(found["rejected"]) + len(found["unknown"])


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.floats(), st.integers(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=10),
        st.dictionaries(st.sampled_from(["ts", "values", "quality", "units", "simulated", *TAGS]), inner, max_size=12),
    ),
    max_leaves=30,
)


@given(JSON)
def test_every_reading_is_accounted_for_when_the_json_is_odd(document: Any) -> None:
    found = decoded(json.dumps(document).encode())
    assert "bad" in found or found["count"] == len(found["rows"]) + len(found["rejected"]) + len(found["unknown"])
