"""The JSON of our own gateways: `{"ts": ms, "values": {tag: number}}`, or an array of those.

Beside `values` a message may carry

- `"quality": {tag: name}`, names of records.Quality in lower case, for values that are not good;
- `"units": {tag: unit}`, to be refused rather than misread when it is not the unit of the point;
- `"simulated": true`, which marks every value;
- `"seq"`, the gateway's own number for the message, and `"oldest"`, the lowest one it still keeps (docs/receipts.md).

NaN, Infinity and null, which some gateways write for a broken sensor, cost only their own value.
"""

from __future__ import annotations

import json as slow_json
from collections.abc import Callable
from typing import Any

import orjson

from ganzhi.errors import BadPayload
from ganzhi.records import SIMULATED, Quality
from ingest.column import FAR_MS, Columns, Reject
from ingest.route import Gateway

WIDE = 8
"""From so many values on, a message is handled as a whole rather than value by value."""

SAFE_DIGITS = 18
"""A whole number of more digits may not fit int64; it is read as a float, as orjson does."""

QUALITY_BY_NAME = {quality.name.lower(): int(quality) for quality in Quality}

Unknown = Callable[[str], None]


def decode(payload: bytes, gateway: Gateway, columns: Columns, reject: Reject, unknown: Unknown) -> int:
    """Append the readings of one payload; see ingest.codecs.Codec."""
    try:
        document = orjson.loads(payload)
    except orjson.JSONDecodeError:
        document = _lenient(payload)
    if type(document) is dict:
        return _message(document, gateway, columns, reject, unknown)
    if type(document) is not list:
        raise BadPayload("not_a_message")
    if not document:
        raise BadPayload("empty")
    count = 0
    for message in document:
        if type(message) is not dict:
            reject("not_a_message", repr(message))
            count += 1
            continue
        try:
            count += _message(message, gateway, columns, reject, unknown)
        except BadPayload as bad:
            reject(bad.reason, repr(message))
            count += 1
    return count


def _lenient(payload: bytes) -> Any:
    """Read JSON with NaN and Infinity in it, which orjson rightly refuses."""
    try:
        return slow_json.loads(payload, parse_int=_whole)
    except (ValueError, RecursionError) as error:
        raise BadPayload("not_json") from error


def _whole(digits: str) -> float:
    return int(digits) if len(digits) <= SAFE_DIGITS else float(digits)


def _message(message: dict[str, Any], gateway: Gateway, columns: Columns, reject: Reject, unknown: Unknown) -> int:
    number = message.get("seq")
    if number is not None:
        gateway.numbering.note(number, message.get("oldest"))
    try:
        time_ms = message["ts"]
        values = message["values"]
    except KeyError as missing:
        raise BadPayload(f"no_{missing.args[0]}") from missing
    if (type(time_ms) is not int and type(time_ms) is not float) or not -FAR_MS < time_ms < FAR_MS:
        raise BadPayload("bad_ts")
    if type(values) is not dict:
        raise BadPayload("bad_values")
    if not values:
        raise BadPayload("empty")
    gateway.time_ms = time_ms
    quality = SIMULATED if message.get("simulated") is True else 0
    plain = len(message) == 2 or ("quality" not in message and "units" not in message)
    if plain and len(values) >= WIDE and _add_wide(values, time_ms, quality, gateway, columns):
        return len(values)
    if plain:
        named: dict[str, Any] = {}
        units: dict[str, Any] = {}
    else:
        named = _mapping(message, "quality")
        units = _mapping(message, "units")
    tags = gateway.tags
    for tag, value in values.items():
        point = tags.get(tag)
        if point is None:
            unknown(tag)
        elif type(value) is not float and type(value) is not int and type(value) is not bool:
            reject("no_value" if value is None else "not_a_number", f"{tag}={value!r}")
        elif plain:
            columns.add(point, time_ms, value, quality)
        else:
            unit, name = units.get(tag), named.get(tag, "good")
            code = QUALITY_BY_NAME.get(name) if type(name) is str else None
            if unit is not None and unit != gateway.units.get(tag):
                reject("wrong_unit", f"{tag}={value!r} {unit!r}, the point is in {gateway.units.get(tag)!r}")
            elif code is None:
                reject("unknown_quality", f"{tag}: {name!r}")
            else:
                columns.add(point, time_ms, value, quality | code)
    return len(values)


def _mapping(message: dict[str, Any], key: str) -> dict[str, Any]:
    found = message.get(key, {})
    if type(found) is not dict:
        raise BadPayload(f"bad_{key}")
    return found


def _add_wide(values: dict[str, Any], time_ms: float, quality: int, gateway: Gateway, columns: Columns) -> bool:
    """Append a message whose tags are all known and whose values are all numbers; else do nothing."""
    points = gateway.indices(tuple(values))
    if points is None:
        return False
    numbers = list(values.values())
    if not set(map(type, numbers)) <= {float, int}:
        return False
    columns.add_wide(points, time_ms, numbers, quality)
    return True
