"""The loop of one receiver: what waits for it in the ledger is judged, sent, and written down; it knows no other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from alerting.notify.message import Happening, Present
from alerting.notify.route import Receiver
from alerting.notify.router import Plan
from alerting.notify.turn import Batch, View, repeats, turn
from alerting.notify.words import Notice, compose
from ganzhi.clock import Clock
from ganzhi.errors import Unavailable
from ganzhi.records import Delivery, Outcome, Unsent

PAUSE_S = 1.0
"""Between two looks at what waits while the receiver is down."""
SHOWN_CHARACTERS = 300


class Carrier(Protocol):
    """Takes a notice to where it belongs.

    most  characters of a text that it takes, 0: any number
    send  returns when the far side has it; raises Unavailable, without a secret in the sentence
    idle  called at every turn; brings up to date what has no notice of its own; raises Unavailable
    """

    @property
    def most(self) -> int: ...
    def send(self, notice: Notice) -> None: ...
    def idle(self) -> None: ...


class Outbox(Protocol):
    """Deliveries in the ledger. Both raise Unavailable.

    waiting  those of a receiver that wait, oldest first
    settle   brings deliveries up to date, and adds those without an id that are not kept yet
    """

    def waiting(self, receiver: str) -> list[Delivery]: ...
    def settle(self, deliveries: Sequence[Delivery]) -> None: ...


class Deliver:
    """One turn sends one notice that is due, and records it.

    A notice whose record could not be written is recorded first thing in the next turn, not sent again. Only where the
    process dies between the two does a receiver get it twice, under the same key.

    told     the last delivery sent about each subject whose end it was not told yet
    present  the alarms that are open now, by id
    url      public address of the console, "" for no links
    """

    def __init__(
        self,
        *,
        receiver: Receiver,
        carrier: Carrier,
        outbox: Outbox,
        plan: Plan,
        told: Sequence[Delivery],
        present: Callable[[], Mapping[str, Present]],
        url: str,
        clock: Clock,
    ) -> None:
        self._receiver = receiver
        self._carrier = carrier
        self._outbox = outbox
        self._plan = plan
        self._routes = {route.name: route for route in plan.routes}
        self._present = present
        self._url = url
        self._clock = clock
        self._told = {row.subject: row for row in told}
        self._last = {(row.route, row.grouping): row.sent_at or 0 for row in told}
        self._unrecorded: list[Delivery] = []
        self._down = ""

    def __call__(self) -> int:
        """Whether a notice was sent, 1 or 0; raises Unavailable while the receiver is down, or the ledger."""
        self._record(())
        self._carrier.idle()
        now = self._clock()
        view = self._view()
        rows = self._outbox.waiting(self._receiver.name)
        again = [] if self._receiver.follows else repeats(rows, view, now)
        if again:
            self._outbox.settle(again)
            rows = self._outbox.waiting(self._receiver.name)
        judged = turn(rows, view, now)
        if judged.settled:
            self._outbox.settle(judged.settled)
        if judged.batches:
            self._send(judged.batches[0], judged.batches[1:])
            return 1
        left = len(rows) - sum(row.outcome == Outcome.NOT_SENT for row in judged.settled)
        if self._down and left:
            raise Unavailable(self._down, retry_after_s=PAUSE_S)
        self._down = ""
        return 0

    def _view(self) -> View:
        return View(
            receiver=self._receiver,
            routes=self._routes,
            inhibits=self._plan.inhibits,
            zone=self._plan.zone,
            present=self._present(),
            told=self._told,
            last=self._last,
        )

    def _send(self, batch: Batch, behind: Sequence[Batch]) -> None:
        notice = compose(
            batch.messages,
            key=batch.key,
            tier=batch.tier,
            receiver=self._receiver,
            url=self._url,
            most=self._carrier.most,
        )
        try:
            self._carrier.send(notice)
        except Unavailable as error:
            self._down = str(error)[:SHOWN_CHARACTERS]
            now = self._clock()
            tried = [
                replace(row, attempts=row.attempts + 1, tried_at=now, reason=Unsent.RECEIVER_DOWN, error=self._down)
                for row in batch.rows
            ]
            stuck = [replace(row, reason=Unsent.RECEIVER_DOWN) for other in behind for row in other.rows]
            self._outbox.settle([*tried, *stuck])
            raise Unavailable(self._down, retry_after_s=PAUSE_S) from error
        self._down = ""
        self._record(self._sent(batch))

    def _sent(self, batch: Batch) -> list[Delivery]:
        """The rows of a batch once it was sent; those that a later line of it speaks for are folded."""
        now = self._clock()
        spoken = {row.subject: row for row in batch.rows}
        sent = []
        for row in batch.rows:
            tried = replace(row, attempts=row.attempts + 1, tried_at=now, sent_at=now, notice=batch.key, error="")
            told = self._receiver.follows or spoken[row.subject] is row
            outcome, reason = (Outcome.SENT, Unsent.DUE) if told else (Outcome.NOT_SENT, Unsent.GROUPED)
            sent.append(replace(tried, outcome=outcome, reason=reason))
            self._last[row.route, row.grouping] = now
        for row in sent:
            if row.outcome == Outcome.SENT:
                self._note(row)
        return sent

    def _note(self, row: Delivery) -> None:
        if row.happening == Happening.ENDED:
            self._told.pop(row.subject, None)
        elif not self._receiver.follows:
            self._told[row.subject] = row

    def _record(self, rows: Sequence[Delivery]) -> None:
        self._unrecorded += rows
        if self._unrecorded:
            self._outbox.settle(self._unrecorded)
            self._unrecorded = []
