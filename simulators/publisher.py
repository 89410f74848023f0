"""The thread of a gateway: keeps its line up, and lets others put messages in, wait for room and wait for the end.

What may be sent, and when again, is decided in delivery.py; line.py is the only place that touches paho.
"""

from __future__ import annotations

import logging
import random
import select
import threading
import time
from collections.abc import Callable

from ganzhi.errors import Unavailable
from simulators.address import GatewayOptions
from simulators.buffer import Buffer
from simulators.delivery import Delivery
from simulators.line import IDLE_S, Line

log = logging.getLogger(__name__)

FIRST_DELAY_S, MOST_DELAY_S = 0.2, 15.0
SYNC_EVERY_S = 1.0
"""A power cut costs about so much of what was published, while connecting up to line.CONNECT_LIMIT_S, if the broker
loses it too."""


class Publisher:
    """Publishes bytes to `{topic}/data` and keeps `{topic}/state` true: births, a last will, a good-bye.

    `state(online)` gives the retained payload of the moment. Raises ConfigError for options that cannot work.
    """

    def __init__(self, options: GatewayOptions, *, state: Callable[[bool], bytes], will: bytes) -> None:
        self._options = options
        self.buffer = Buffer(most=options.buffer, most_bytes=options.buffer_bytes, folder=options.folder)
        self.delivery = Delivery(options, self.buffer)
        self._line = Line(options, self.delivery, state=state, will=will)
        self.address = self._line.address
        self._changed = threading.Condition()
        self._over = False
        self._since = self._synced = 0.0
        self._close_by: float | None = None
        self._thread = threading.Thread(target=self._run, name=f"gateway-{options.gateway}", daemon=True)
        self.published = self.connections = 0

    # -- called from any thread

    @property
    def connected(self) -> bool:
        return self._line.up

    @property
    def why(self) -> str:
        """What its messages wait for."""
        return self.delivery.why if self._line.up else self._line.error

    def open(self, begin: int) -> None:
        """Start, and wait for the first connection; `begin` is the first number where no earlier one is known.

        Raises Unavailable where no connection comes about, ConfigError for a folder that cannot be used.
        """
        self.buffer.open(begin)
        self._line.bell.hang()
        self._thread.start()
        with self._changed:
            self._changed.wait_for(lambda: self.connections or self._over)
        if not self.connections:
            self._thread.join()
            tries = self._options.attempts
            raise Unavailable(
                f"no MQTT broker at {self.address} after {tries} attempt{'s' if tries > 1 else ''} "
                f"({self._line.error}); check the address and that the broker runs",
                retry_after_s=MOST_DELAY_S,
            )

    def put(self, lines: bytes, count: int) -> None:
        """Keep a message of `count` numbers, whether there is room or not; ask `wait_for_room` before."""
        self.buffer.add(lines, count)
        self.published += 1
        if self._line.asleep:
            self._line.bell.ring()

    def wait_for_room(self, timeout_s: float) -> bool:
        """Whether the buffer has room, waiting so long for it; raises Unavailable once closed."""
        if not self._room():
            with self._changed:
                self._changed.wait_for(self._room, timeout_s)
        if self._over or not self._thread.is_alive():
            raise Unavailable(f"the gateway to {self.address} is not open")
        return self._room()

    def drained(self, timeout_s: float) -> bool:
        """Wait until nothing waits; False when `timeout_s` was not enough."""
        with self._changed:
            self._changed.wait_for(lambda: self._over or not self.delivery.waiting, timeout_s)
        return not self.delivery.waiting

    def close(self, timeout_s: float) -> None:
        """Send what waits as long as `timeout_s` allows, say that we go offline, and disconnect.

        What a folder keeps needs only the broker's acknowledgement now; its receipt is for the next start.
        """
        if self._thread.is_alive():
            self._close_by = time.monotonic() + timeout_s
            self._line.bell.ring()
            self._thread.join()
            self._report()

    def _report(self) -> None:
        unanswered, waiting = self.delivery.unanswered, self.delivery.waiting
        if self.buffer.durable and waiting:
            log.info("%d messages stay in %s until the next start", waiting, self._options.folder)
        elif unanswered:
            log.warning("%d messages were not acknowledged by %s", unanswered, self.address)
        elif waiting:
            log.warning("%d messages have no receipt of the platform behind %s", waiting, self.address)

    def _room(self) -> bool:
        return self._over or not self.buffer.full

    # -- the thread

    def _run(self) -> None:
        delay_s, failures = FIRST_DELAY_S / 2, 0
        try:
            while not self._done():
                try:
                    self._line.connect()
                    self._connected()
                    self._serve()
                except (OSError, ValueError) as error:
                    up = self._line.up
                    failures = 0 if up else failures + 1
                    lasted = up and time.monotonic() - self._since > MOST_DELAY_S
                    delay_s = FIRST_DELAY_S if lasted else min(delay_s * 2, MOST_DELAY_S)
                    self._line.lost(str(error) or type(error).__name__)
                    if not self.connections and failures >= self._options.attempts:
                        return
                    self._pause(delay_s * random.uniform(0.5, 1.0))
        finally:
            with self._changed:
                self._over, self._line.up = True, False
                self._changed.notify_all()
            self._line.bell.close()
            self.buffer.close()

    def _connected(self) -> None:
        with self._changed:
            self._since = time.monotonic()
            self.connections += 1
            self._changed.notify_all()

    def _done(self) -> bool:
        """Whether closing was asked for, and there is nothing to send or no time left."""
        if self._close_by is None:
            return False
        left = self.delivery.unanswered if self.buffer.durable else self.delivery.waiting
        return not left or time.monotonic() >= self._close_by

    def _pause(self, delay_s: float) -> None:
        until = time.monotonic() + delay_s
        while not self._done() and (left := until - time.monotonic()) > 0:
            select.select([self._line.bell], [], [], min(left, IDLE_S))
            self._line.bell.calm()
            self._tick(self.delivery.changes)

    def _serve(self) -> None:
        """Send and read until closing is done; raises OSError when the line breaks."""
        while not self._done():
            before = self.delivery.changes
            self._line.work()
            self._tick(before)
        self._line.goodbye()

    def _tick(self, before: int) -> None:
        """What is due now; wakes those who wait when `changes` are no longer what they were `before`."""
        now = time.monotonic()
        self.delivery.tick(now)
        if now - self._synced >= SYNC_EVERY_S:
            self._synced = now
            self.buffer.sync()
        if self.delivery.changes != before:
            with self._changed:
                self._changed.notify_all()
