"""Cases and warnings in the ledger: they come back whole, and move on from their newest line only."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from ganzhi.errors import Unavailable
from ganzhi.handling import (
    Act,
    Case,
    CaseKind,
    CaseState,
    HandlingEvent,
    Matter,
    PublicWarning,
    Scope,
    WarningState,
)
from ganzhi.records import Text, Tier
from storage.handling_snapshot import from_json, to_json
from storage.ledger import Ledger
from tests.storage.database import query
from tests.storage.plant import T0, alarm, event
from tests.storage.test_ledger_migration import make_old


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    with Ledger(ledger_url) as ledger:
        yield ledger


def case(number: int = 1, **more: object) -> Case:
    made = Case(
        id=f"C{number}", kind=CaseKind.ALARM, state=CaseState.DISPATCHED, tier=Tier.ORANGE,
        title=Text("液位高", "High"), text=Text("", ""), advice=Text("", ""), enterprise="plant",
        source="tank", district="区",
        chain=("shift_leader", "safety_officer"), opened_at=T0 + number, changed_at=T0 + number, due_at=T0 + 100,
        alarms=(f"a{number}",), subject=f"a{number}",
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]


def warning(number: int = 1, **more: object) -> PublicWarning:
    made = PublicWarning(
        id=f"W{number}", scope=Scope.DISTRICT, subject="区", name=Text("区", "District"), enterprise="", district="区",
        state=WarningState.PROPOSED, tier=Tier.NONE, proposed=Tier.RED, needs=Tier.RED, reason=Text("", ""),
        chain=("command_post",), opened_at=T0 + number, changed_at=T0 + number, due_at=T0 + 200, by_machine=True,
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]


def line(matter: Matter, act: Act = Act.OPENED, **more: object) -> HandlingEvent:
    return replace(HandlingEvent(0, T0, act, Tier.NONE, matter), **more)  # type: ignore[arg-type]


def kept(ledger: Ledger, made: HandlingEvent) -> HandlingEvent:
    written = ledger.handling.write(made)
    assert written is not None
    return written


@given(
    st.builds(
        case, state=st.sampled_from(CaseState), tier=st.sampled_from(Tier), feedback=st.text(),
        closed_at=st.none() | st.integers(), photos=st.lists(st.text()).map(tuple),
        chain=st.lists(st.text()).map(tuple), simulated=st.booleans(),
    )
    | st.builds(
        warning, state=st.sampled_from(WarningState), proposed=st.none() | st.sampled_from(Tier),
        scope=st.sampled_from(Scope), reason=st.builds(Text, st.text(), st.text()), declined=st.sampled_from(Tier),
    )
)  # fmt: skip
def test_a_snapshot_gives_the_whole_matter_back(matter: Matter) -> None:
    again = from_json(to_json(matter))
    assert again == matter
    for field in dataclasses.fields(matter):
        assert type(getattr(again, field.name)) is type(getattr(matter, field.name))
    assert set(json.loads(to_json(matter))) == {"matter", *(field.name for field in dataclasses.fields(matter))}


def test_lines_and_matters_come_back_after_a_restart(ledger_url: str) -> None:
    with Ledger(ledger_url) as ledger:
        assert (ledger.handling.last_seq(), ledger.handling_after(0, 9), ledger.handling.due(2**62)) == (0, [], [])
        opened = kept(ledger, line(case(), key="alarm:7"))
        proposed = kept(ledger, line(warning(), Act.PROPOSED))
        assert (opened.seq, opened.matter.seq, proposed.seq) == (1, 1, 2)
        accepted = case(state=CaseState.ACCEPTED, due_at=T0 + 500, seq=1)
        said = line(accepted, Act.ACCEPTED, actor="li", name="李", role="shift_leader", photos=("http://x/1",))
        last = kept(ledger, replace(said, comment="好\0的"))
    with Ledger(ledger_url) as ledger:
        assert ledger.handling_after(0, 9) == [opened, proposed, replace(last, comment="好␀的")]
        assert [found.seq for found in ledger.handling_after(1, 1)] == [2]
        assert [found.seq for found in ledger.handling.newest(2)] == [3, 2]
        assert [found.seq for found in ledger.handling.of("C1")] == [1, 3]
        assert ledger.handling.cases(open=True, limit=9) == [last.matter]
        assert ledger.handling.open_warnings() == [proposed.matter]
        assert ledger.handling.last_seq() == 3


def test_a_matter_is_found_by_id_topic_and_key(ledger: Ledger) -> None:
    kept(ledger, line(case(), key="alarm:7"))
    newest = kept(ledger, line(replace(case(), seq=1, overdue=1), Act.ESCALATED, key="C1:due:100"))
    other = kept(ledger, line(warning(), Act.PROPOSED))
    for name in ("C1", "point:a1", "alarm:7", "C1:due:100"):
        assert ledger.handling.find(name) == newest
    assert ledger.handling.find("district:区") == other
    assert ledger.handling.find("C2") is None


def test_a_line_made_from_an_old_state_is_not_kept(ledger: Ledger) -> None:
    kept(ledger, line(case()))
    accepted = case(state=CaseState.ACCEPTED, seq=1)
    kept(ledger, line(accepted, Act.ACCEPTED))
    assert ledger.handling.write(line(case(state=CaseState.CLOSED, seq=1), Act.CLOSED)) is None
    assert ledger.handling.write(line(case())) is None
    assert [found.act for found in ledger.handling_after(0, 9)] == [Act.OPENED, Act.ACCEPTED]


def test_a_key_is_taken_once(ledger: Ledger) -> None:
    opened = kept(ledger, line(case(), key="one"))
    assert ledger.handling.write(line(case(2), key="one")) is None
    assert ledger.handling.write(line(opened.matter, Act.ESCALATED, key="one")) is None
    assert ledger.handling.last_seq() == 1


def test_of_many_that_notice_a_deadline_one_writes_it(ledger_url: str) -> None:
    with Ledger(ledger_url) as one, Ledger(ledger_url) as other:
        opened = kept(one, line(case()))
        late = line(replace(opened.matter, step=1), Act.ESCALATED, key="C1:due:100")
        with ThreadPoolExecutor(8) as pool:
            written = list(pool.map(lambda n: (one if n % 2 else other).handling.write(late), range(8)))
        assert sum(found is not None for found in written) == 1
        assert [found.act for found in one.handling_after(0, 99)] == [Act.OPENED, Act.ESCALATED]


def test_only_what_is_due_is_looked_at(ledger: Ledger) -> None:
    kept(ledger, line(case(1)))
    kept(ledger, line(case(2, due_at=None)))
    kept(ledger, line(case(3, missed_at=T0 + 100)))
    kept(ledger, line(warning(), Act.PROPOSED))
    handling = ledger.handling
    assert handling.due(T0 + 99) == []
    assert [matter.id for matter in handling.due(T0 + 100)] == ["C1"]
    assert [matter.id for matter in handling.due(T0 + 200)] == ["C1", "W1"]


def test_lists_show_what_is_most_urgent_first(ledger: Ledger) -> None:
    kept(ledger, line(case(1, tier=Tier.BLUE, due_at=T0)))
    kept(ledger, line(case(2, tier=Tier.RED, due_at=None)))
    kept(ledger, line(case(3, tier=Tier.RED, due_at=T0 + 5, enterprise="other")))
    kept(ledger, line(case(4, state=CaseState.CLOSED, due_at=None, closed_at=T0)))
    handling = ledger.handling
    assert [found.id for found in handling.cases(open=True, limit=9)] == ["C3", "C2", "C1"]
    assert [found.id for found in handling.cases(open=True, limit=1)] == ["C3"]
    assert [found.id for found in handling.cases(open=False, limit=9)] == ["C4"]
    assert [found.id for found in handling.cases(open=None, limit=9)] == ["C4", "C3", "C2", "C1"]
    assert [found.id for found in handling.cases(open=None, limit=9, enterprise="other")] == ["C3"]
    assert handling.cases(open=True, limit=9, source="nowhere") == []
    kept(ledger, line(warning(1), Act.PROPOSED))
    kept(ledger, line(warning(2, state=WarningState.RELEASED, tier=Tier.RED, proposed=None), Act.RELEASED))
    kept(ledger, line(warning(3, state=WarningState.LIFTED, proposed=None), Act.LIFTED))
    assert [found.id for found in handling.warnings(open=True, limit=9)] == ["W2", "W1"]
    assert [found.id for found in handling.warnings(open=None, limit=9)] == ["W3", "W2", "W1"]


@pytest.mark.parametrize("statement", ["UPDATE handling_journal SET comment = 'x'", "DELETE FROM handling_journal"])
def test_the_database_itself_refuses_when_somebody_alters_the_journal(
    ledger: Ledger, ledger_url: str, statement: str
) -> None:
    kept(ledger, line(case()))
    engine = create_engine(ledger_url.replace("postgresql:", "postgresql+psycopg:"))
    with pytest.raises(DBAPIError, match="never altered"), engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()
    assert query(ledger_url, "SELECT count(*) FROM handling_journal") == [(1,)]


def test_alarms_from_before_there_were_cases_open_none(ledger_url: str) -> None:
    make_old(ledger_url)
    with Ledger(ledger_url) as ledger:
        assert ledger.cursor("cases") == 4
        ledger.write([event(5, alarm(3))])
        assert [found.seq for found in ledger.events_after(ledger.cursor("cases"), 9)] == [5]


def test_a_ledger_that_is_away_is_unavailable(tmp_path: object) -> None:
    with Ledger(f"sqlite:///{tmp_path}/ledger.sqlite", busy_s=0.05) as ledger:
        kept(ledger, line(case()))
        engine = create_engine(f"sqlite:///{tmp_path}/ledger.sqlite")
        with engine.connect() as connection:
            connection.execute(text("BEGIN IMMEDIATE"))
            with pytest.raises(Unavailable, match="locked"):
                ledger.handling.write(line(case(2)))
        engine.dispose()
        kept(ledger, line(case(2)))


def test_cases_are_as_they_stood_at_the_end_of_a_period(ledger: Ledger) -> None:
    def line(of: Case, act: Act, at: int) -> Case:
        kept = ledger.handling.write(HandlingEvent(0, T0 + at, act, Tier.NONE, of))
        assert kept is not None
        assert isinstance(kept.matter, Case)
        return kept.matter

    first = line(case(1), Act.OPENED, 10)
    line(case(2), Act.OPENED, 20)
    closed = replace(first, state=CaseState.CLOSED, closed_at=T0 + 30)
    line(closed, Act.CLOSED, 30)
    ledger.handling.write(HandlingEvent(0, T0 + 25, Act.PROPOSED, Tier.NONE, warning()))

    def stood(start: int, end: int) -> list[tuple[str, CaseState]]:
        return [(each.id, each.state) for each in ledger.handling.stood(T0 + start, T0 + end)]

    assert stood(0, 10) == []
    assert stood(0, 30) == [("C1", CaseState.DISPATCHED), ("C2", CaseState.DISPATCHED)]
    assert stood(30, 31) == [("C2", CaseState.DISPATCHED), ("C1", CaseState.CLOSED)]
    assert stood(31, 99) == [("C2", CaseState.DISPATCHED)]
