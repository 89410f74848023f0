"""Topic routes: a pattern with named wildcards to a codec, and a topic to its gateway by one look-up."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ganzhi.records import Int32s
from ingest.receipt import Numbering

NAME = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True)
class Route:
    """`pattern` such as `ganzhi/v1/{enterprise}/{gateway}/data`; each name stands for one level.

    Raises ValueError for a pattern without {enterprise} and {gateway}, or with a wildcard of MQTT's own.
    """

    pattern: str
    codec: str
    filter: str = field(init=False)
    _regex: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        names = NAME.findall(self.pattern)
        if "+" in self.pattern or "#" in self.pattern:
            raise ValueError(f"route {self.pattern!r}: write a named wildcard such as {{gateway}}, not + or #")
        if not {"enterprise", "gateway"} <= set(names) or len(names) != len(set(names)):
            raise ValueError(f"route {self.pattern!r} must name {{enterprise}} and {{gateway}}, each name once")
        if any("{" in level and not NAME.fullmatch(level) for level in self.pattern.split("/")):
            raise ValueError(f"route {self.pattern!r}: a named wildcard must be a whole level")
        object.__setattr__(self, "filter", NAME.sub("+", self.pattern))
        parts = NAME.split(self.pattern)
        regex = "".join(f"(?P<{part}>[^/]+)" if i % 2 else re.escape(part) for i, part in enumerate(parts))
        object.__setattr__(self, "_regex", re.compile(regex))

    @property
    def watched(self) -> str:
        """What to subscribe to: everything below the pattern's fixed beginning, so that a topic that was mistyped is
        seen and counted instead of vanishing; the pattern itself where it begins with a name."""
        fixed = NAME.split(self.pattern)[0].rpartition("/")[0]
        return f"{fixed}/#" if fixed else self.filter

    def match(self, topic: str) -> Mapping[str, str] | None:
        """The named levels of `topic`, or None where it is not of this pattern."""
        found = self._regex.fullmatch(topic)
        return None if found is None else found.groupdict()


@dataclass(slots=True)
class Gateway:
    """What is known of one data topic: its tags, and what came last.

    online   what its birth message or last will said, at `stated` by our clock
    tags     tag -> index of its point; a tag that is not there is unknown
    layouts  the tags of a wide message, in order -> the indices of their points; None: some tag is unknown
    """

    enterprise: str
    name: str
    codec: str
    tags: Mapping[str, int]
    units: Mapping[str, str]
    numbering: Numbering = field(default_factory=Numbering)
    layouts: dict[tuple[str, ...], Int32s | None] = field(default_factory=dict)
    readings: int = 0
    messages: int = 0
    time_ms: float = 0.0
    received: int = 0
    online: bool | None = None
    stated: int = 0

    def indices(self, tags: tuple[str, ...]) -> Int32s | None:
        """The indices of these tags, or None where one is unknown; remembered, as gateways repeat themselves."""
        try:
            return self.layouts[tags]
        except KeyError:
            found = [self.tags.get(tag, -1) for tag in tags]
            layout = None if -1 in found else np.array(found, np.int32)
            if len(self.layouts) >= MOST_LAYOUTS:
                self.layouts.clear()
            self.layouts[tags] = layout
            return layout


MOST_LAYOUTS = 64
"""Layouts remembered of one gateway; one that makes up tags must not fill the memory."""
MOST_GATEWAYS = 20_000
"""Topics remembered; beyond it a topic is resolved anew, so that made-up topics cannot fill the memory."""


class Router:
    """Topic -> Gateway, resolved once and remembered.

    tags      enterprise -> tag -> index; units: enterprise -> tag -> unit
    receipts  topic -> the receipt last given
    """

    def __init__(
        self,
        routes: Sequence[Route],
        *,
        tags: Mapping[str, Mapping[str, int]],
        units: Mapping[str, Mapping[str, str]],
        receipts: Mapping[str, int] | None = None,
    ) -> None:
        self._routes = tuple(routes)
        self._tags = tags
        self._units = units
        self._receipts = receipts or {}
        self.gateways: dict[bytes, Gateway] = {}

    def find(self, topic: bytes) -> Gateway | None:
        """The gateway that publishes on `topic`; None where no route matches."""
        gateway = self.gateways.get(topic)
        if gateway is None:
            gateway = self._resolve(topic)
            if gateway is not None and len(self.gateways) < MOST_GATEWAYS:
                self.gateways[topic] = gateway
        return gateway

    def _resolve(self, topic: bytes) -> Gateway | None:
        text = topic.decode("utf-8", "replace")
        for route in self._routes:
            levels = route.match(text)
            if levels is not None:
                enterprise = levels["enterprise"]
                return Gateway(
                    enterprise,
                    levels["gateway"],
                    route.codec,
                    self._tags.get(enterprise, {}),
                    self._units.get(enterprise, {}),
                    Numbering(self._receipts.get(text)),
                )
        return None
