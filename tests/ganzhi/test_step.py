"""The turns of the loops, over consumers that a test can look into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from numpy.typing import NDArray

from ganzhi.errors import Unavailable
from ganzhi.handling import Reason, Risk, Scope
from ganzhi.latest import Delay, Latest
from ganzhi.records import AlarmEvent, ReadingBlock, RiskColour, Text, Tier, Transition
from ganzhi.step import COLOURS_EVERY_NS, Colour, Detect, Follow, Store, Tell
from tests.storage.plant import alarm, event


@dataclass
class Batch:
    block: ReadingBlock
    last_seq: int


@dataclass
class Consumer:
    batches: list[Batch]
    committed: list[int] = field(default_factory=list)
    refused: list[list[int] | None] = field(default_factory=list)

    def read(self, max_rows: int = 0, timeout_s: float = 0.0) -> Batch | None:
        return self.batches.pop(0) if self.batches else None

    def commit(self, batch: Batch, refused: NDArray[np.intp] | None = None) -> None:
        self.committed.append(batch.last_seq)
        self.refused.append(None if refused is None else refused.tolist())


@dataclass
class Kept:
    """What a keeper is told."""

    begun: int = 0
    done_with: list[int] = field(default_factory=list)

    def begin(self) -> None:
        self.begun += 1

    def done(self, seq: int) -> None:
        self.done_with.append(seq)


def reading(value: float) -> ReadingBlock:
    return ReadingBlock(
        np.zeros(1, np.int32), np.ones(1, np.int64), np.array([value]), np.zeros(1, np.uint8), np.zeros(1, np.int64), 5
    )


def test_batch_is_applied_once_more_when_the_journal_was_down() -> None:
    consumer = Consumer([Batch(reading(1.0), 7), Batch(reading(2.0), 8)])
    judged: list[float] = []
    applied: list[Sequence[Transition]] = []
    kept = Kept()
    transition = Transition("r", 0, 1, Tier.NONE, Tier.RED, 1.0, 1.0, 1.0)

    def judge(block: ReadingBlock) -> list[Transition]:
        judged.append(float(block.value[0]))
        return [transition]

    def apply(transitions: Sequence[Transition]) -> list[AlarmEvent]:
        applied.append(list(transitions))
        if len(applied) == 1:
            raise Unavailable("the ledger is down")
        return []

    detect = Detect(
        consumer=consumer,
        judge=judge,
        apply=apply,
        announce=lambda events: None,
        latest=Latest(1),
        delay=Delay(),
        clock=lambda: 9,
        keeper=kept,
    )
    with pytest.raises(Unavailable):
        detect()
    assert consumer.committed == []
    assert detect()
    assert detect()
    assert not detect()
    assert judged == [1.0, 2.0]
    assert applied == [[transition], [transition], [transition]]
    assert consumer.committed == kept.done_with == [7, 8]
    assert kept.begun == 2


def test_batch_waits_when_the_store_is_down() -> None:
    consumer = Consumer([Batch(reading(1.0), 7)])
    written: list[int] = []

    def write(block: ReadingBlock, seq: int) -> NDArray[np.intp]:
        written.append(seq)
        if len(written) < 3:
            raise Unavailable("down")
        return np.array([0], np.intp)

    store = Store(consumer=consumer, write=write)
    for _ in range(2):
        with pytest.raises(Unavailable):
            store()
        assert consumer.committed == []
    assert store()
    assert (written, consumer.committed, consumer.refused) == ([7, 7, 7], [7], [[0]])


def test_colour_is_announced_at_once_and_written_later_when_the_store_is_down() -> None:
    now, down = [COLOURS_EVERY_NS], [True]
    present = [RiskColour("s", "e", 0, Tier.NONE, (0, 0, 0, 0)), RiskColour("t", "e", 0, Tier.NONE, (0, 0, 0, 0))]
    announced: list[Tier] = []
    written: list[list[str]] = []

    def write(due: Sequence[RiskColour]) -> None:
        if down[0]:
            raise Unavailable("down")
        written.append([colour.source for colour in due])

    colour = Colour(
        colours=lambda: list(present), write=write, announce=lambda c: announced.append(c.tier), clock=lambda: now[0]
    )
    with pytest.raises(Unavailable):
        colour()
    present[0] = RiskColour("s", "e", 0, Tier.RED, (0, 0, 0, 1))
    with pytest.raises(Unavailable):
        colour()
    assert announced == [Tier.NONE, Tier.NONE, Tier.RED]
    down[0] = False
    colour()
    colour()
    assert written == [["s", "t"]]
    now[0] += COLOURS_EVERY_NS
    colour()
    assert written == [["s", "t"], ["s", "t"]]


def test_nobody_is_told_again_when_only_his_place_could_not_be_kept() -> None:
    down = ["receiver"]
    told: list[int] = []
    kept: list[int] = []

    def tell(events: Sequence[AlarmEvent]) -> None:
        if "receiver" in down:
            raise Unavailable("the receiver is down")
        told.extend(event.seq for event in events)

    def move(name: str, seq: int) -> None:
        if "ledger" in down:
            raise Unavailable("the disk is full")
        kept.append(seq)

    journal = [event(seq, alarm(seq)) for seq in (4, 5)]
    tell_step = Tell(
        "page",
        after=lambda seq, most: [line for line in journal if line.seq > seq],
        place=lambda name: 3,
        move=move,
        tell=tell,
    )
    with pytest.raises(Unavailable):
        tell_step()
    down[:] = ["ledger"]
    for _ in range(2):
        with pytest.raises(Unavailable):
            tell_step()
    down.clear()
    assert tell_step() == 2
    assert tell_step() == 0
    assert (told, kept) == ([4, 5], [5])


def test_risk_is_announced_when_it_changes_and_proposed_every_turn() -> None:
    calm = Risk(Scope.SOURCE, "s", Text("s", "s"), 0, Tier.NONE)
    present = [calm, replace(calm, subject="t")]
    announced: list[tuple[str, Tier]] = []
    proposed: list[int] = []
    down = [True]

    def propose(risks: Sequence[Risk]) -> None:
        if down[0]:
            raise Unavailable("the ledger is away")
        proposed.append(len(risks))

    follow = Follow(
        risks=lambda: list(present), announce=lambda risk: announced.append((risk.subject, risk.tier)), propose=propose
    )
    with pytest.raises(Unavailable):
        follow()
    present[0] = replace(calm, tier=Tier.RED, at=5)
    with pytest.raises(Unavailable):
        follow()
    down[0] = False
    present[0] = replace(present[0], at=6)
    assert follow() == 0
    present[0] = replace(present[0], reasons=(Reason(Text("因", "why")),))
    follow()
    present[0] = calm
    follow()
    assert announced == [("s", Tier.RED), ("s", Tier.RED), ("s", Tier.NONE)]
    assert proposed == [2, 2, 2]
