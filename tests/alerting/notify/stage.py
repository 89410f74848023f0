"""A router and receivers over a real ledger, with a clock and alarms that a test moves by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Self

from alerting.notify import Deliver, Inhibit, Message, Notice, Plan, Present, Receiver, Route, Router, Told
from alerting.notify.message import Happening, mark
from ganzhi.clock import NS_PER_S
from ganzhi.errors import Unavailable
from ganzhi.records import Delivery, Text, Tier
from storage import Ledger
from tests.alerting.site import ZONE


def moment(text: str) -> int:
    """`2026-05-01 22:30` at the site, UTC ns."""
    return round(datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp()) * NS_PER_S


def message(
    subject: str = "a1", tier: Tier = Tier.ORANGE, happening: Happening = Happening.RAISED, **changes: object
) -> Message:
    """A line about an alarm of the first tank area."""
    filled: dict[str, object] = {
        "stream": "alarm",
        "seq": 0,
        "happening": happening,
        "subject": subject,
        "noted": 0,
        "tier": tier,
        "kind": "process",
        "enterprise": "haihe-storage",
        "source": "tank-area-1",
        "sector": "tank_farm",
        "district": "滨海区",
        "condition": "level.high",
        "rule": "tank.level.high",
        "mark": mark(happening, tier),
        "place": Text("海河石化仓储 一号罐区", "Haihe Storage, Tank area 1"),
        "title": Text("液位高", "Level high"),
        "text": Text(f"一号罐区 {subject} 为 14.41 m(2026-05-01 08:01:00)", f"Tank area 1 {subject} is 14.41 m"),
        "advice": Text("停止进料", "Stop the inflow"),
        "link": f"#alarm={subject}",
    }
    return Message(**{**filled, **changes})  # type: ignore[arg-type]


@dataclass
class Post:
    """A carrier that keeps what it is given, or is down, or refuses what holds a word."""

    most: int = 0
    down: bool = False
    refuses: str = ""
    notices: list[Notice] = field(default_factory=list)
    tried: int = 0

    def send(self, notice: Notice) -> None:
        self.tried += 1
        if self.down or (self.refuses and self.refuses in notice.body):
            raise Unavailable("does not answer")
        self.notices.append(notice)

    def idle(self) -> None:
        pass

    def take(self) -> list[list[tuple[str, str]]]:
        """Subject and happening of every line of every notice since the last time."""
        taken = [[(line.subject, line.happening.value) for line in notice.messages] for notice in self.notices]
        self.notices.clear()
        return taken


@dataclass
class Stage:
    """Tell it of changes, move its clock, and see what each receiver got."""

    folder: Path
    routes: Sequence[Route]
    receivers: Sequence[Receiver]
    inhibits: Sequence[Inhibit] = ()
    now: int = moment("2026-05-01 12:00")
    seq: int = 0
    present: dict[str, Present] = field(default_factory=dict)
    posts: dict[str, Post] = field(default_factory=dict)

    def __enter__(self) -> Self:
        self.ledger = Ledger(f"sqlite:///{self.folder / 'ledger.sqlite'}")
        self.ledger.__enter__()
        self.outbox = self.ledger.outbox
        self.restart()
        return self

    def __exit__(self, *exc: object) -> None:
        self.ledger.close()

    def restart(self) -> None:
        """Router and receivers anew, as after a kill."""
        plan = Plan(self.routes, {receiver.name: receiver for receiver in self.receivers}, ZONE, self.inhibits)
        self.router = Router(
            plan=plan,
            add=self.outbox.settle,
            routed=lambda subject: [Told(d.receiver, d.route, d.grouping) for d in self.outbox.routed(subject)],
            clock=self.clock,
        )
        self.loops = {}
        for receiver in self.receivers:
            post = self.posts.setdefault(receiver.name, Post())
            self.loops[receiver.name] = Deliver(
                receiver=receiver,
                carrier=post,
                outbox=self.outbox,
                plan=plan,
                told=self.outbox.told(receiver.name),
                present=lambda: dict(self.present),
                url="https://g.example",
                clock=self.clock,
            )

    def clock(self) -> int:
        return self.now

    def at(self, text: str) -> None:
        """Move the clock to a local time of the first of May, or a full date."""
        self.now = moment(text if len(text) > len("00:00:00") else f"2026-05-01 {text}")

    def happens(self, line: Message) -> Message:
        """A line is journalled now and routed; the alarm stands as it says."""
        self.seq += 1
        noted = replace(line, seq=self.seq, noted=self.now)
        if noted.happening == Happening.ENDED:
            self.present.pop(noted.subject, None)
        elif noted.happening != Happening.LATE and noted.stream == "alarm":
            self.present[noted.subject] = Present(noted, "unacknowledged", self.now, False, False)
        self.router.tell([noted])
        return noted

    def stands(self, subject: str, *, acknowledged: bool = False, shelved: bool = False) -> None:
        """The alarm is acknowledged or shelved now."""
        self.present[subject] = replace(self.present[subject], acknowledged=acknowledged, shelved=shelved)

    def turn(self, name: str = "duty") -> list[list[tuple[str, str]]]:
        """Turns of a receiver until it has nothing to do; what it got."""
        while self.loops[name]():
            pass
        return self.posts[name].take()

    def after(self, seconds: float, name: str = "duty") -> list[list[tuple[str, str]]]:
        """The same, so much later."""
        self.now += round(seconds * NS_PER_S)
        return self.turn(name)

    def rows(self, **asked: str) -> list[Delivery]:
        """All deliveries, oldest first."""
        return self.outbox.recent(1000, **asked)[::-1]

    def ends(self, **asked: str) -> list[tuple[str, str, str]]:
        """Happening, outcome and reason of all deliveries, oldest first."""
        return [(row.happening, row.outcome.value, row.reason.value) for row in self.rows(**asked)]
