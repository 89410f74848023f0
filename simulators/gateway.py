"""A field gateway: numbers readings, publishes them over MQTT, and keeps each until the platform has it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import orjson

from ganzhi.clock import NS_PER_MS, Clock, wall_clock
from ganzhi.errors import Unavailable
from ganzhi.records import Quality
from simulators.address import GatewayOptions
from simulators.publisher import MOST_DELAY_S, Publisher

CLOSE_LIMIT_S = 5.0


@dataclass(frozen=True, slots=True)
class Counts:
    """Messages given to the gateway, and what became of them.

    acknowledged  by the broker, at least once      receipted  done by a receipt of the platform
    resent        sendings that were not the first  refused    messages that the broker will not take
    waiting       not done yet, those included that a folder kept from before
    """

    published: int = 0
    acknowledged: int = 0
    receipted: int = 0
    resent: int = 0
    refused: int = 0
    reconnects: int = 0
    waiting: int = 0


class Gateway:
    """Publishes to `ganzhi/v1/{enterprise}/{gateway}/data`; a context manager that connects and says good-bye.

    Entering raises Unavailable, naming the address, where no broker answers. A retained message on `…/state` says
    that the gateway is online, its last will that it no longer is. All methods may be called from any thread.
    Raises ConfigError for options that cannot work.
    """

    def __init__(self, options: GatewayOptions, *, clock: Clock = wall_clock) -> None:
        self._options = options
        self._clock = clock
        self._publisher = Publisher(
            options, state=self._state, will=orjson.dumps({"online": False, "reason": "connection lost"})
        )
        self._order = threading.Lock()

    def __enter__(self) -> Self:
        self._publisher.open(begin=max(1, self._clock() // NS_PER_MS))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def counts(self) -> Counts:
        line, done = self._publisher, self._publisher.delivery
        return Counts(
            published=line.published,
            acknowledged=done.acknowledged,
            receipted=done.receipted,
            resent=done.resent,
            refused=done.refused,
            reconnects=max(0, line.connections - 1),
            waiting=done.waiting,
        )

    @property
    def connected(self) -> bool:
        return self._publisher.connected

    def publish(
        self,
        ts_ms: int,
        values: Mapping[str, float],
        quality: Mapping[str, Quality] | None = None,
        simulated: bool = False,
    ) -> int:
        """Keep one message and return its number; raises Unavailable when the buffer stays full too long.

        With a folder, a message whose number was returned outlives the process.
        """
        self._take_room()
        with self._order:
            message = self._message(ts_ms, values, simulated, 1)
            if quality:
                message["quality"] = {tag: code.name.lower() for tag, code in quality.items()}
            self._publisher.put(orjson.dumps(message, option=orjson.OPT_SERIALIZE_NUMPY), 1)
            return self._publisher.buffer.last

    def publish_batch(self, rows: Iterable[tuple[int, Mapping[str, float]]], simulated: bool = False) -> int:
        """Keep many moments as one message, a JSON array; each is numbered, the last number is returned."""
        self._take_room()
        with self._order:
            batch = [self._message(ts_ms, values, simulated, i) for i, (ts_ms, values) in enumerate(rows, 1)]
            if batch:
                lines = [orjson.dumps(message, option=orjson.OPT_SERIALIZE_NUMPY) for message in batch]
                self._publisher.put(b"\n".join(lines), len(lines))
            return self._publisher.buffer.last

    def wait_for_room(self, timeout_s: float) -> bool:
        """Whether the buffer takes another message, waiting so long for it; raises Unavailable once closed."""
        return self._publisher.wait_for_room(timeout_s)

    def flush(self, timeout_s: float) -> bool:
        """Wait until every message is done: by receipt, or by the broker's answer where there are none.

        False when that took too long.
        """
        return self._publisher.drained(timeout_s)

    def close(self, timeout_s: float = CLOSE_LIMIT_S) -> None:
        """Send what waits as long as `timeout_s` allows, say that we go offline, and disconnect."""
        self._publisher.close(timeout_s)

    def _take_room(self) -> None:
        if not self._publisher.wait_for_room(self._options.patience_s):
            waiting = len(self._publisher.buffer)
            raise Unavailable(
                f"{waiting} messages wait for the broker at {self._publisher.address}: {self._publisher.why}",
                retry_after_s=MOST_DELAY_S,
            )

    def _message(self, ts_ms: int, values: Mapping[str, float], simulated: bool, nth: int) -> dict[str, object]:
        message: dict[str, object] = {"ts": ts_ms, "values": values, "seq": self._publisher.buffer.last + nth}
        if simulated:
            message["simulated"] = True
        return message

    def _state(self, online: bool) -> bytes:
        state: dict[str, object] = {
            "online": online,
            "ts": self._clock() // NS_PER_MS,
            "gateway": self._options.gateway,
        }
        if not online:
            state["reason"] = "closed"
        return orjson.dumps(state)
