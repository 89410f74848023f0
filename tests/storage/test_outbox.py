"""Deliveries in the ledger, on both databases."""

from __future__ import annotations

from dataclasses import replace

from ganzhi.records import Delivery, Outcome, Tier, Unsent
from storage import Ledger
from storage.outbox import Outbox


def delivery(seq: int = 1, **changes: object) -> Delivery:
    """A delivery that waits."""
    filled: dict[str, object] = {
        "id": 0,
        "stream": "alarm",
        "seq": seq,
        "again": 0,
        "receiver": "duty",
        "route": "all",
        "grouping": "alarm/tanks",
        "subject": f"a{seq}",
        "happening": "raised",
        "tier": Tier.ORANGE,
        "noted": 5 * seq,
        "outcome": Outcome.WAITING,
        "reason": Unsent.DUE,
        "due": 7 * seq,
        "message": '{"text": "液位高"}',
    }
    return Delivery(**{**filled, **changes})  # type: ignore[arg-type]


def test_delivery_comes_back_as_it_was_and_is_kept_once(ledger_url: str) -> None:
    with Ledger(ledger_url) as ledger:
        outbox = ledger.outbox
        outbox.settle([delivery(1), delivery(2, receiver="chief"), delivery(1, again=1)])
        outbox.settle([delivery(1, tier=Tier.RED), delivery(3)])
    with Ledger(ledger_url) as ledger:
        found = ledger.outbox.waiting("duty")
        assert [replace(row, id=0) for row in found] == [delivery(1), delivery(1, again=1), delivery(3)]
        assert [row.id for row in found] == sorted({row.id for row in found})


def test_delivery_is_settled_by_its_id(ledger_url: str) -> None:
    with Ledger(ledger_url) as ledger:
        outbox = ledger.outbox
        outbox.settle([delivery(1), delivery(2)])
        first, second = outbox.waiting("duty")
        sent = replace(first, outcome=Outcome.SENT, attempts=2, tried_at=8, sent_at=9, notice="n", error="weg\n")
        outbox.settle([sent, delivery(4)])
        assert [row.seq for row in outbox.waiting("duty")] == [2, 4]
        assert outbox.recent(10)[-1] == sent
        assert outbox.recent(1)[0].seq == 4
        assert outbox.recent(10, subject="a2") == [second]
        assert outbox.recent(10, outcome="sent") == [sent]
        assert outbox.recent(10, receiver="chief") == []


def test_subject_is_told_until_its_end_was_sent(ledger_url: str) -> None:
    with Ledger(ledger_url) as ledger:
        outbox = ledger.outbox
        sent = {"outcome": Outcome.SENT, "sent_at": 9}
        outbox.settle(
            [
                delivery(1, **sent),
                delivery(2, subject="a1", happening="worsened", **sent),
                delivery(3, **sent),
                delivery(4, subject="a3", happening="ended", **sent),
                delivery(5, **sent, receiver="chief"),
                delivery(6),
                delivery(7, outcome=Outcome.NOT_SENT, reason=Unsent.SIMULATED),
            ]
        )
        assert [(row.subject, row.seq) for row in outbox.told("duty")] == [("a1", 2)]
        assert [row.seq for row in outbox.routed("a1")] == [1, 2]
        assert [row.seq for row in outbox.routed("a6")] == [6]
        assert outbox.routed("a7") == []


def test_mildest_and_oldest_are_let_go_when_too_many_wait(ledger_url: str) -> None:
    with Ledger(ledger_url) as ledger:
        outbox = Outbox(ledger._reading, ledger._writing, most_waiting=3)
        outbox.settle([delivery(1, tier=Tier.RED), delivery(2), delivery(3, tier=Tier.BLUE), delivery(4)])
        assert [row.seq for row in outbox.waiting("duty")] == [1, 2, 4]
        outbox.settle([delivery(5)])
        assert [row.seq for row in outbox.waiting("duty")] == [1, 4, 5]
        assert [(row.seq, row.reason) for row in outbox.recent(9, outcome="not_sent")] == [
            (3, Unsent.QUEUE_FULL),
            (2, Unsent.QUEUE_FULL),
        ]


def test_what_waits_for_others_is_closed_when_they_are_gone(ledger_url: str) -> None:
    with Ledger(ledger_url) as ledger:
        outbox = ledger.outbox
        outbox.settle([delivery(1), delivery(2, receiver="chief"), delivery(3, receiver="gone", outcome=Outcome.SENT)])
        assert outbox.abandon(["duty"]) == 1
        assert outbox.recent(9, outcome="not_sent")[0].reason == Unsent.RECEIVER_GONE
        assert outbox.abandon([]) == 1
