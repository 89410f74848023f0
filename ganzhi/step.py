"""The turns of the service's loops: detect, store, tell. Each reads at its own offset and knows no other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from ganzhi.clock import NS_PER_S, Clock
from ganzhi.handling import Reason, Risk
from ganzhi.latest import Delay, Latest
from ganzhi.records import AlarmEvent, ReadingBlock, RiskColour, Tier, Transition

MOST_EVENTS = 500
"""Events told in one go, so that a receiver that was away for days is not sent them all at once."""

COLOURS_EVERY_NS = 60 * NS_PER_S
"""Risk colours are written anew so often even when nothing changed, so that a time line has no holes."""


NO_ROWS = np.empty(0, np.intp)

Seen = tuple[Tier, tuple[int, int, int, int]]


class Batch(Protocol):
    """Consecutive blocks of the log as one."""

    @property
    def block(self) -> ReadingBlock: ...
    @property
    def last_seq(self) -> int: ...


B = TypeVar("B", bound=Batch)


class Consumer(Protocol[B]):
    """A place in the log."""

    def read(self, max_rows: int = ..., timeout_s: float = ...) -> B | None: ...
    def commit(self, batch: B, refused: NDArray[np.intp] | None = ...) -> None: ...


class Keeper(Protocol):
    """Saves the state of detection: never between `begin` and `done`, when it belongs to no block."""

    def begin(self) -> None: ...
    def done(self, seq: int) -> None: ...


class Detect(Generic[B]):
    """Judges what the log holds: scores, alarms, journal, and only then the live page.

    The offset moves after the journal is written, and the keeper may then save the state with it. Blocks that are
    read again after a kill lead to the same transitions, which the alarms know already.
    """

    def __init__(
        self,
        *,
        consumer: Consumer[B],
        judge: Callable[[ReadingBlock], list[Transition]],
        apply: Callable[[Sequence[Transition]], list[AlarmEvent]],
        announce: Callable[[Sequence[AlarmEvent]], None],
        latest: Latest,
        delay: Delay,
        clock: Clock,
        keeper: Keeper,
    ) -> None:
        self._consumer = consumer
        self._keeper = keeper
        self._judge = judge
        self._apply = apply
        self._announce = announce
        self._latest = latest
        self._delay = delay
        self._clock = clock
        self._waiting: list[Transition] = []
        self._batch: B | None = None

    def __call__(self) -> int:
        """One batch; raises Unavailable where the journal cannot be written, and then goes on with that batch."""
        if self._batch is None:
            self._batch = self._consumer.read(timeout_s=0.5)
            if self._batch is None:
                return 0
            block = self._batch.block
            self._keeper.begin()
            self._waiting = self._judge(block)
            self._latest.update(block)
        if self._waiting:
            events = self._apply(self._waiting)
            self._waiting = []
            if events:
                self._announce(events)
        if len(self._batch.block):
            self._delay.note(int(self._batch.block.received[0]), self._clock())
        self._consumer.commit(self._batch)
        self._keeper.done(self._batch.last_seq)
        handled = max(1, len(self._batch.block))
        self._batch = None
        return handled


class Store(Generic[B]):
    """Writes what the log holds to the telemetry store, oldest first; stays behind while the store is down.

    write  (block, its last seq) -> the rows that the store will not take, int (k,)
    """

    def __init__(self, *, consumer: Consumer[B], write: Callable[[ReadingBlock, int], NDArray[np.intp]]) -> None:
        self._consumer = consumer
        self._write = write
        self._batch: B | None = None
        self._refused = NO_ROWS
        self._written = False

    def __call__(self) -> int:
        """One batch; raises Unavailable while the store is down."""
        if self._batch is None:
            self._batch = self._consumer.read(timeout_s=0.5)
            if self._batch is None:
                return 0
        if not self._written:
            block = self._batch.block
            self._refused = self._write(block, self._batch.last_seq) if len(block) else NO_ROWS
            self._written = True
        self._consumer.commit(self._batch, self._refused)
        handled = max(1, len(self._batch.block))
        self._batch, self._written = None, False
        return handled


class Line(Protocol):
    """A line of a journal; `seq` rises with every one."""

    @property
    def seq(self) -> int: ...


L = TypeVar("L", bound=Line)


class Tell(Generic[L]):
    """Carries a journal to one receiver at the receiver's own pace; its place is kept in the ledger by name."""

    def __init__(
        self,
        name: str,
        *,
        after: Callable[[int, int], list[L]],
        place: Callable[[str], int],
        move: Callable[[str, int], None],
        tell: Callable[[Sequence[L]], None],
    ) -> None:
        self._name = name
        self._after = after
        self._move = move
        self._tell = tell
        self._place = place(name)
        self._events: list[L] = []
        self._told = False

    def __call__(self) -> int:
        """The next events, if any; raises Unavailable while the receiver is down."""
        events = self._events = self._events or self._after(self._place, MOST_EVENTS)
        if not events:
            return 0
        if not self._told:
            self._tell(events)
            self._told = True
        self._move(self._name, events[-1].seq)
        self._place = events[-1].seq
        self._events, self._told = [], False
        return len(events)


class Colour:
    """Follows the risk colour of every source: tells the live page at once, and the store when it can.

    The store gets a source's colour when it changes and every source's once a minute.
    """

    def __init__(
        self,
        *,
        colours: Callable[[], list[RiskColour]],
        write: Callable[[Sequence[RiskColour]], None],
        announce: Callable[[RiskColour], None],
        clock: Clock,
    ) -> None:
        self._colours = colours
        self._write = write
        self._announce = announce
        self._clock = clock
        self._announced: dict[str, Seen] = {}
        self._written: dict[str, Seen] = {}
        self._full_at = 0

    def __call__(self) -> int:
        """Compare, announce and write; raises Unavailable while the store is down, and writes the newest later."""
        now = self._clock()
        colours = self._colours()
        for colour in _changed(colours, self._announced):
            self._announce(colour)
            self._announced[colour.source] = (colour.tier, colour.counts)
        full = now - self._full_at >= COLOURS_EVERY_NS
        due = colours if full else _changed(colours, self._written)
        if due:
            self._write(due)
            self._written.update({colour.source: (colour.tier, colour.counts) for colour in due})
            self._full_at = now if full else self._full_at
        return 0


class Follow:
    """Follows the risk of every source, enterprise and district: tells the live page; lets rules propose warnings."""

    def __init__(
        self,
        *,
        risks: Callable[[], list[Risk]],
        announce: Callable[[Risk], None],
        propose: Callable[[Sequence[Risk]], None],
    ) -> None:
        self._risks = risks
        self._announce = announce
        self._propose = propose
        self._announced: dict[tuple[str, str], tuple[Tier, tuple[Reason, ...]]] = {}

    def __call__(self) -> int:
        """Announce what changed, then propose; raises Unavailable while the ledger is, and proposes later."""
        risks = self._risks()
        for risk in risks:
            key, now = (risk.scope, risk.subject), (risk.tier, risk.reasons)
            if self._announced.get(key, CALM) != now:
                self._announce(risk)
                self._announced[key] = now
        self._propose(risks)
        return 0


CALM: tuple[Tier, tuple[Reason, ...]] = (Tier.NONE, ())


def _changed(colours: Sequence[RiskColour], seen: dict[str, Seen]) -> list[RiskColour]:
    return [colour for colour in colours if seen.get(colour.source) != (colour.tier, colour.counts)]
