"""The inbox of external events: kept before they are acknowledged, in order, until the journal has them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from ganzhi.errors import ConfigError, Unavailable
from ganzhi.records import ExternalEvent, Tier
from storage import inbox
from storage.inbox import Inbox
from tests.storage.plant import T0


def event(number: int) -> ExternalEvent:
    return ExternalEvent(
        key=f"cam/{number}",
        kind="flame",
        enterprise="plant",
        source="",
        time=T0 + number,
        tier=Tier.RED,
        text="明火\n“T-102”",
    )


def test_events_stay_in_order_until_they_are_dropped(tmp_path: Path) -> None:
    path = tmp_path / "events"
    with Inbox(path) as box:
        box.put([event(1), event(2)])
        box.put([event(3)])
    with Inbox(path) as box:
        kept = box.first(2)
        assert [found for _, found in kept] == [event(1), event(2)]
        box.drop(kept[-1][0])
        assert [found for _, found in box.first(9)] == [event(3)]
        box.drop(box.first(9)[-1][0])
        assert box.first(9) == []
        box.put([event(4)])
    with Inbox(path) as box:
        assert [(number, found) for number, found in box.first(9)] == [(4, event(4))]


def test_a_file_that_another_process_holds_is_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "BUSY_S", 0.05)
    path = tmp_path / "events"
    with Inbox(path) as box:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable):
            box.put([event(1)])
        other.execute("ROLLBACK")
        other.close()
        box.put([event(1)])
        assert len(box.first(9)) == 1


def test_a_file_that_is_none_of_ours_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "events"
    path.write_bytes(b"not a database at all, but quite long enough to be taken for one" * 20)
    with pytest.raises(ConfigError):
        Inbox(path)
