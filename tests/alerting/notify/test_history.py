"""Whatever happens in whatever order: nobody is told the same twice, and who was told of an alarm hears its end."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.notify import Hours, Match, Receiver, Route
from alerting.notify.message import Happening
from ganzhi.clock import NS_PER_S
from ganzhi.errors import Unavailable
from ganzhi.records import Outcome, Tier
from tests.alerting.notify.stage import Stage, message, moment

DAY_S = 86_400.0
SUBJECTS = ("a1", "a2", "b1")
TIERS = st.sampled_from([Tier.BLUE, Tier.YELLOW, Tier.ORANGE, Tier.RED])

Step = tuple[str, object]
STEPS = st.one_of(
    st.tuples(st.just("raise"), st.tuples(st.sampled_from(SUBJECTS), TIERS)),
    st.tuples(st.just("end"), st.sampled_from(SUBJECTS)),
    st.tuples(st.just("acknowledge"), st.sampled_from(SUBJECTS)),
    st.tuples(st.just("shelve"), st.sampled_from(SUBJECTS)),
    st.tuples(st.just("wait"), st.sampled_from([1.0, 11.0, 300.0, 3600.0, 30_000.0])),
    st.tuples(st.just("down"), st.booleans()),
    st.tuples(st.just("restart"), st.none()),
)


def take(at: Stage, step: Step, told: list[tuple[str, str, str]]) -> None:
    """One thing happens, and the receiver has a turn."""
    what, which = step
    if what == "raise" and isinstance(which, tuple):
        subject, tier = which
        change = Happening.WORSENED if subject in at.present else Happening.RAISED
        at.happens(message(subject, tier, change, source=subject[0]))
    elif what == "end" and which in at.present:
        at.happens(message(str(which), at.present[str(which)].message.tier, Happening.ENDED, source=str(which)[0]))
    elif what in {"acknowledge", "shelve"} and which in at.present:
        at.stands(str(which), acknowledged=what == "acknowledge", shelved=what == "shelve")
    elif what == "wait" and isinstance(which, float):
        at.now += round(which * NS_PER_S)
    elif what == "down":
        at.posts["duty"].down = bool(which)
    elif what == "restart":
        at.restart()
    hear(at, told)


def hear(at: Stage, told: list[tuple[str, str, str]]) -> None:
    with suppress(Unavailable):
        while at.loops["duty"]():
            pass
    post = at.posts["duty"]
    told += [(line.subject, line.happening.value, n.key) for n in post.notices for line in n.messages]
    post.notices.clear()


@settings(max_examples=20, deadline=None)
@given(st.lists(STEPS, max_size=25), st.booleans())
def test_nothing_is_told_twice_and_every_end_is_heard(steps: list[Step], quiet: bool) -> None:
    told: list[tuple[str, str, str]] = []
    receiver = Receiver("duty", quiet=Hours(22 * 60, 7 * 60) if quiet else None, give_up_s=1000 * DAY_S)
    with (
        tempfile.TemporaryDirectory() as folder,
        Stage(Path(folder), [Route("all", Match(), ("duty",))], [receiver], now=moment("2026-05-01 20:00")) as at,
    ):
        for step in steps:
            take(at, step, told)
        at.posts["duty"].down = False
        for subject in list(at.present):
            take(at, ("end", subject), told)
        for _ in range(6):
            at.now += round(DAY_S / 4 * NS_PER_S)
            hear(at, told)
        rows = at.rows()
        assert all(row.outcome != Outcome.WAITING for row in rows)
        assert len(told) == sum(row.outcome == Outcome.SENT for row in rows)
        assert len(set(told)) == len(told)
        for subject in SUBJECTS:
            heard = [happening for s, happening, _ in told if s == subject]
            for before, after in zip(["ended", *heard], heard, strict=False):
                assert (before, after) != ("ended", "repeated")
            assert not heard or heard[-1] == "ended"
