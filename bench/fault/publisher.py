"""The program that publishes a plan: every gateway of it, in real time, each over a line of its own.

Run as a child process: `python -m bench.fault.publisher JSON`, with `plan` (see Plan), `port`, `receipts`, and
`from_seq`, the first number of every gateway. It prints a JSON line of what it has done each half second, and goes on
until its standard input is closed, so that what nobody has vouched for is sent again for as long as it takes.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict

from bench.fault.gateway import Count, Entry, Gateway
from bench.fault.plan import Plan

REPORT_S = 0.5
BEAT_S = 0.05
PAIR_EVERY = 7
"""Every so many payloads one is an array of two messages."""


class Producer:
    """Makes the payloads of a plan, in order, each gateway with its own numbers."""

    def __init__(self, plan: Plan, *, from_seq: int | None) -> None:
        self._plan = plan
        self._numbers = [from_seq] * plan.gateways
        self._made = 0
        self._step, self._values = -1, [0.0]
        self._names = [json.dumps(f"p{point}").encode() + b":" for point in range(plan.points)]

    def slot(self, slot: int) -> Iterator[Entry]:
        """The payloads of a gateway's turn, in the order of their times."""
        step, gateway = divmod(slot, self._plan.gateways)
        if step != self._step:
            self._step, self._values = step, self._plan.values(step).tolist()
        first = gateway * self._plan.points_each
        starts = list(range(first, first + self._plan.points_each, self._plan.per_message))
        while starts:
            self._made += 1
            count = 2 if self._made % PAIR_EVERY == 0 else 1
            chosen, starts = starts[:count], starts[count:]
            yield self._entry(gateway, step, chosen, self._values)

    def _entry(self, gateway: int, step: int, starts: list[int], values: list[float]) -> Entry:
        documents, numbers = [], []
        for start in starts:
            points = range(start, start + self._plan.per_message)
            pairs = b",".join(self._names[point] + repr(values[point]).encode() for point in points)
            document = b'{"ts":%d,"values":{%b}' % (self._plan.time_ms(start, step), pairs)
            number = self._numbers[gateway]
            if number is not None:
                document += b',"seq":%d' % number
                numbers.append(number)
                self._numbers[gateway] = number + 1
            documents.append(document)
        return Entry(tuple(documents), *((numbers[0], numbers[-1]) if numbers else (0, 0)))


class Publisher:
    """All gateways of a plan over one selector. A line on standard input ends the plan early, its end the publisher."""

    def __init__(self, plan: Plan, *, port: int, receipts: bool, from_seq: int) -> None:
        self._plan = plan
        self._producer = Producer(plan, from_seq=from_seq if receipts else None)
        self._gateways = [
            Gateway(
                topic=plan.topic(number), client=f"{plan.enterprise(number)}-gw{number}", port=port,
                receipts=receipts, seed=plan.seed * 1000 + number,
            )
            for number in range(plan.gateways)
        ]  # fmt: skip
        self._watched: dict[Gateway, socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._selector.register(sys.stdin, selectors.EVENT_READ)
        self._slot, self._slots = 0, plan.steps * plan.gateways

    def run(self) -> None:
        """Until standard input is closed."""
        beat_at = report_at = 0.0
        ready: set[Gateway] = set()
        while True:
            ready |= self._produce()
            now = time.monotonic()
            if now >= beat_at:
                ready, beat_at = set(self._gateways), now + BEAT_S
            for gateway in ready:
                gateway.turn(now)
                self._watch(gateway)
            if now >= report_at:
                print(json.dumps(self._report()), flush=True)
                report_at = now + REPORT_S
            ready.clear()
            for key, _ in self._selector.select(max(0.0, min(beat_at - now, self._next_s()))):
                if key.data is not None:
                    ready.add(key.data)
                elif not sys.stdin.readline():
                    return
                else:
                    self._slots = -(-self._slot // self._plan.gateways) * self._plan.gateways

    def close(self) -> None:
        """Leave the broker."""
        for gateway in self._gateways:
            gateway.close()
        self._selector.close()

    def _produce(self) -> set[Gateway]:
        """Make what is due; the gateways that have something new to send."""
        touched = set()
        while self._slot < self._slots and self._next_s() <= 0:
            gateway = self._gateways[self._slot % self._plan.gateways]
            for entry in self._producer.slot(self._slot):
                gateway.put(entry)
            touched.add(gateway)
            self._slot += 1
        return touched

    def _next_s(self) -> float:
        """Seconds until the next slot is due."""
        return self._plan.slot_ms(self._slot) / 1000 - time.time() if self._slot < self._slots else BEAT_S

    def _watch(self, gateway: Gateway) -> None:
        tap, known = gateway.tap, self._watched.get(gateway)
        if known is not None and known is not tap:
            self._selector.unregister(known)
            del self._watched[gateway]
        if tap is None:
            return
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if gateway.wants_write else 0)
        if known is tap:
            self._selector.modify(tap, events, gateway)
        else:
            self._selector.register(tap, events, gateway)
            self._watched[gateway] = tap

    def _report(self) -> dict[str, int]:
        counts = [asdict(gateway.count) for gateway in self._gateways]
        totals = {name: sum(count[name] for count in counts) for name in asdict(Count())}
        return {
            **totals,
            "readings": self._slot * self._plan.points_each,
            "over": self._slot == self._slots,
            "kept": sum(gateway.kept for gateway in self._gateways),
        }


def main() -> None:
    """See the module's docstring."""
    given = json.loads(sys.argv[1])
    publisher = Publisher(
        Plan.made(given["plan"]), port=given["port"], receipts=given["receipts"], from_seq=given["from_seq"]
    )
    try:
        publisher.run()
    finally:
        publisher.close()


if __name__ == "__main__":
    main()
