"""What a gateway sends next, and when a message is done: by receipt, or by the broker's word where there are none.

No socket and no clock: every call brings the time (s), so each rule of docs/receipts.md is one method here.
"""

from __future__ import annotations

import logging
import math

from simulators.address import GatewayOptions
from simulators.buffer import Buffer, Message

log = logging.getLogger(__name__)

NOBODY = 0x10
"""PUBACK reason "no matching subscribers". Source: OASIS MQTT 5.0, 3.4.2.1."""
FAILURE = 0x80
"""Reasons from here on are failures. Source: OASIS MQTT 5.0, 2.4."""
NOBODY_WAIT_S = 0.5
MOST_RESEND_S = 300.0
"""Sending again in vain doubles the wait up to this: a platform that was away must not find many copies."""
TRIM = 0.9
"""Without receipts the oldest acknowledged messages are let go from here on, so that `publish` never waits for it."""


class Delivery:
    """The rules of a line over a buffer. Counters only rise; `changes` says that somebody who waits should look.

    While no receipt was ever heard, `grace_s` after the first acknowledgement, the gateway goes on without: an
    acknowledged message no longer waits, and is let go when room is needed. The first receipt ends that, and so does
    the first acknowledgement that says that somebody subscribed after nobody had: then all that is kept is sent.
    """

    def __init__(self, options: GatewayOptions, buffer: Buffer) -> None:
        self.buffer = buffer
        self._receipts, self._grace_s = options.receipts, options.grace_s
        self._first_resend_s = self._resend_s = options.resend_after_s
        self._flight: dict[int, Message] = {}
        self._window = 0
        self._alone_first = False
        self._rewind_due = self._nobody = False
        self._without = not options.receipts
        self._told = False
        self._first_answer = math.inf
        self._not_before = self._quiet_since = -math.inf
        self.acknowledged = self.receipted = self.resent = self.refused = self.changes = 0

    @property
    def unanswered(self) -> int:
        """Messages that the broker has not answered for since they were last to be sent."""
        return self.buffer.unsent + len(self._flight)

    @property
    def waiting(self) -> int:
        """Messages that are not done; any thread may ask."""
        return self.buffer.unacked if self._without else len(self.buffer)

    @property
    def why(self) -> str:
        """What the oldest message waits for, while the line is up."""
        if self._nobody:
            return "nobody has subscribed to them"
        if self.unanswered:
            return "it does not acknowledge them"
        return "it has them, but no receipt of the platform came"

    def connected(self, window: int, now: float, *, reasons: bool) -> None:
        """A new line: all kept is sent again, oldest first; `reasons`: PUBACKs say whether somebody subscribed."""
        self._flight.clear()
        self._window = window
        self.buffer.rewind(acked=not self._without)
        self._rewind_due = self._nobody = False
        self._alone_first = reasons and not self._without
        self._resend_s = self._first_resend_s
        self._not_before, self._quiet_since = -math.inf, now

    def lost(self) -> None:
        """The line broke: what was on its way counts as not sent."""
        self._flight.clear()
        self.buffer.rewind(acked=False)

    def ready(self, now: float) -> bool:
        """Whether `take` would give a message."""
        limit = 1 if self._alone_first else self._window
        return self.buffer.unsent > 0 and len(self._flight) < limit and not self._rewind_due and now >= self._not_before

    def take(self, now: float) -> Message | None:
        """The next message to send, or None while there is none or it must wait."""
        if not self.ready(now):
            return None
        message = self.buffer.take()
        if message.first == self.buffer.oldest:
            self._quiet_since = now  # until now nothing waited for a receipt
        self.resent += message.sent
        message.sent = True
        return message

    def sent(self, mid: int, message: Message) -> None:
        self._flight[mid] = message

    def answered(self, mid: int, reason: int, now: float) -> bool:
        """A PUBACK came; False when it is for none of these messages."""
        message = self._flight.pop(mid, None)
        if message is None:
            return False
        self.changes += 1
        self._first_answer = min(self._first_answer, now)
        if reason >= FAILURE:
            self.refuse(message)
        elif reason == NOBODY and not self._without:
            self._nobody = self._alone_first = self._rewind_due = True
            self._not_before = now + NOBODY_WAIT_S
        else:
            self.acknowledged += self.buffer.ack(message)
            self._somebody(reason, now)
        return True

    def refuse(self, message: Message) -> None:
        """The broker will never take it."""
        self.refused += 1
        self.changes += 1
        self.buffer.drop(message)

    def due_s(self, now: float) -> float:
        """How long nothing needs to be asked of this, at most."""
        return self._not_before - now if self._not_before > now else math.inf

    def receipt(self, number: int, now: float) -> None:
        """The platform has committed all up to `number`."""
        self.changes += 1
        self._without = False
        if number > self.buffer.last:
            log.info("receipts stand at %d: numbers go on from there", number)
            self.buffer.skip_to(number)
            return
        released = self.buffer.release(number)
        self.receipted += released
        if released:
            self._quiet_since, self._resend_s = now, self._first_resend_s

    def tick(self, now: float) -> None:
        """What time alone brings about; call it after every turn of the line."""
        if self._receipts and not self._without and not self.buffer.heard:
            self._without = now - self._first_answer >= self._grace_s
            if self._without:
                self._go_on_without()
        if self._without:
            self.changes += self.buffer.let_go(TRIM if self._receipts else 0.0)
        elif not self.unanswered and len(self.buffer) and now - self._quiet_since >= self._resend_s:
            self._rewind_due = True
            self._quiet_since, self._resend_s = now, min(2 * self._resend_s, MOST_RESEND_S)
        if self._rewind_due and not self._flight:
            self._rewind_due = False
            self.buffer.rewind(acked=True)

    def _somebody(self, reason: int, now: float) -> None:
        came = self._nobody and reason != NOBODY
        self._nobody = reason == NOBODY
        self._alone_first = self._alone_first and self._nobody
        if came:
            self._first_answer = now
            if self._without and self._receipts:
                self._without, self._rewind_due = False, True

    def _go_on_without(self) -> None:
        self._alone_first = False
        self._not_before = -math.inf
        self.changes += 1
        if not self._told:
            who = "nobody subscribed" if self._nobody else "none came"
            log.warning("going on without receipts (%s): what the broker acknowledges counts as delivered", who)
        self._told = True
