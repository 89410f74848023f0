"""Codecs: bytes of a payload -> rows of a block. One module a format, one line in KINDS."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ingest.codecs import json
from ingest.column import Columns, Reject
from ingest.route import Gateway

Codec = Callable[[bytes, Gateway, Columns, Reject, Callable[[str], None]], int]
"""(payload, gateway, columns, reject, unknown) -> readings found, whatever became of them.

Good readings are appended to the columns; each refused one is told to `reject(reason, sample)`, each tag that is
not in the catalogue to `unknown(tag)`. Raises BadPayload where the payload as a whole cannot be read, having
appended nothing.
"""

KINDS: Mapping[str, Codec] = {"json": json.decode}
