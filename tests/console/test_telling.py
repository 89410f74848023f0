"""GET /api/deliveries over a real server: what was told to whom, and why not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import httpx
import pytest

from console.api import create_app
from console.server import Server
from console.telling import REASONS
from ganzhi.errors import Unavailable
from ganzhi.records import Delivery, Outcome, Unsent
from tests.console.plant import Plant
from tests.storage.test_outbox import delivery


def ask(plant: Plant, rows: Sequence[Delivery] | Unavailable, query: str = "") -> tuple[httpx.Response, list[object]]:
    """The answer, and what the backend was asked."""
    asked: list[object] = []

    def deliveries(most: int, wanted: Mapping[str, str]) -> Sequence[Delivery]:
        asked.extend((most, dict(wanted)))
        if isinstance(rows, Unavailable):
            raise rows
        return rows

    app = create_app(replace(plant.backend(), deliveries=deliveries), plant.feed)
    with Server(app, "127.0.0.1", 0) as server:
        return httpx.get(f"{server.url}/api/deliveries{query}", trust_env=False), asked


def test_delivery_says_what_came_of_it_and_why(plant: Plant) -> None:
    down = delivery(7, reason=Unsent.RECEIVER_DOWN, due=8_000_000, attempts=3, tried_at=9_000_000, error="no answer")
    answer, asked = ask(plant, [down])
    (row,) = answer.json()["deliveries"]
    assert (row["receiver"], row["outcome"], row["reason"]) == ("duty", "waiting", "receiver_down")
    assert row["why"] == {"zh": "接收方没有应答", "en": "the receiver does not answer"}
    assert (row["due"], row["attempts"], row["tried"], row["sent"], row["error"]) == (8, 3, 9, None, "no answer")
    assert asked == [100, {}]


def test_only_those_asked_for_are_listed(plant: Plant) -> None:
    _, asked = ask(plant, [], "?limit=5&subject=a1&receiver=duty&outcome=not_sent")
    assert asked == [5, {"subject": "a1", "receiver": "duty", "outcome": Outcome.NOT_SENT.value}]
    answer, _ = ask(plant, [], "?outcome=lost")
    assert answer.status_code == 422


def test_answer_is_503_while_the_ledger_is_away(plant: Plant) -> None:
    answer, _ = ask(plant, Unavailable("the ledger is away", retry_after_s=3))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "3")
    assert "通知记录" in answer.json()["message"]["zh"]


@pytest.mark.parametrize("reason", Unsent)
def test_every_reason_has_words(reason: Unsent) -> None:
    assert bool(REASONS[reason].zh) == bool(REASONS[reason].en) == bool(reason)
