"""What one receiver is to be sent now, what waits and why, what is not sent after all; functions without effects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from zlib import crc32
from zoneinfo import ZoneInfo

from alerting.notify.message import ALARM, ANNOUNCING, Happening, Message, Present, from_json, mark, to_json
from alerting.notify.route import QUIET_TIERS, Inhibit, Receiver, Route
from ganzhi.clock import NS_PER_S
from ganzhi.records import Delivery, Outcome, Text, Tier, Unsent

FIRST_RETRY_S, MOST_RETRY_S = 5.0, 300.0
LEAST_JITTER = 0.5
MOST_NOTICES = 10
"""So many messages at once are sent one by one; more are told in one, red still by itself."""
SETTLED_NS = 5 * NS_PER_S
"""An alarm's line is in the journal a moment before the alarm is among those that are open."""
HELD = frozenset({Unsent.INHIBITED, Unsent.QUIET_HOURS})
"""Why a delivery is held back for as long as it takes, with no thought of giving it up."""
JITTER_STEPS = 1 << 32


@dataclass(frozen=True, slots=True)
class View:
    """What is known beside the deliveries themselves.

    present  the alarms that are open now, by id
    told     the last delivery sent about a subject whose end was not told yet
    last     when a group of a route was last told, UTC ns
    """

    receiver: Receiver
    routes: Mapping[str, Route]
    inhibits: Sequence[Inhibit]
    zone: ZoneInfo
    present: Mapping[str, Present]
    told: Mapping[str, Delivery]
    last: Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class Batch:
    """Deliveries that are told in one message; `messages` are its lines, one a subject."""

    rows: tuple[Delivery, ...]
    messages: tuple[Message, ...]

    @property
    def tier(self) -> Tier:
        return max(row.tier for row in self.rows)

    @property
    def key(self) -> str:
        """By this the receiver knows the message: it is the same when the same deliveries are tried again."""
        last = self.rows[-1]
        again = f"-{last.again}" if last.again else ""
        return f"{last.stream}-{last.seq}{again}" + (f"+{len(self.rows) - 1}" if len(self.rows) > 1 else "")


@dataclass(slots=True)
class Turn:
    """`settled` are deliveries whose reason, due or outcome has changed; `batches` are sent in their order."""

    settled: list[Delivery] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)


def turn(rows: Sequence[Delivery], view: View, now: int) -> Turn:
    """Judge every delivery that waits, in the order in which they were made."""
    done = Turn()
    silencers = _silencers(view)
    groups: dict[tuple[str, str], list[tuple[Delivery, Message]]] = {}
    going: set[str] = set()
    for row in rows:
        message = from_json(row.message)
        inhibited = any(inhibit.applies(source, message) for inhibit, source in silencers)
        judged = _judged(row, message, view, now, inhibited=inhibited, going=row.subject in going)
        if judged != row:
            done.settled.append(judged)
        if judged.outcome == Outcome.WAITING and judged.reason in (Unsent.DUE, Unsent.RECEIVER_DOWN, Unsent.GROUPED):
            going.add(row.subject)
            groups.setdefault((row.route, row.grouping), []).append((judged, message))
    for key, members in groups.items():
        _gather(key, members, view, now, done)
    done.batches = _merged(sorted(done.batches, key=_order))
    return done


def repeats(waiting: Iterable[Delivery], view: View, now: int) -> list[Delivery]:
    """What is to be told once more, because nobody has acknowledged it since it was last told."""
    busy = {row.subject for row in waiting}
    found = []
    for subject, row in view.told.items():
        route, standing = view.routes.get(row.route), view.present.get(subject)
        if route is None or standing is None or subject in busy or row.sent_at is None or not route.repeat_s:
            continue
        idle = standing.acknowledged or standing.shelved or not standing.message.tier
        if idle or now - row.sent_at < route.repeat_s * NS_PER_S:
            continue
        tier = standing.message.tier
        sign = mark(Happening.REPEATED, tier)
        told = replace(standing.message, seq=row.seq, happening=Happening.REPEATED, mark=sign, noted=now)
        found.append(
            replace(
                row,
                id=0,
                again=row.again + 1,
                happening=Happening.REPEATED.value,
                tier=tier,
                noted=now,
                outcome=Outcome.WAITING,
                reason=Unsent.DUE,
                due=now,
                message=to_json(told),
                attempts=0,
                tried_at=None,
                sent_at=None,
                notice="",
                error="",
            )
        )
    return found


def retry_at(row: Delivery) -> int:
    """When a delivery may be tried again, UTC ns: later each time up to a ceiling, and not all at one moment."""
    if row.tried_at is None:
        return row.due
    wait_s = min(MOST_RETRY_S, FIRST_RETRY_S * 2.0 ** min(row.attempts - 1, 30))
    share = crc32(f"{row.receiver} {row.stream} {row.seq} {row.attempts}".encode()) / JITTER_STEPS
    return row.tried_at + round(wait_s * (LEAST_JITTER + (1 - LEAST_JITTER) * share) * NS_PER_S)


def _judged(row: Delivery, message: Message, view: View, now: int, *, inhibited: bool, going: bool) -> Delivery:
    """The delivery with what holds it back, if anything does."""
    if row.reason not in HELD and now - row.due > view.receiver.give_up_s * NS_PER_S:
        down = row.reason == Unsent.RECEIVER_DOWN
        return _dropped(row, Unsent.RECEIVER_DOWN if down else Unsent.TOO_OLD)
    if view.receiver.follows:
        return row
    quiet = view.receiver.quiet
    waits = quiet is not None and row.tier in QUIET_TIERS and quiet.hold(now, view.zone)
    if message.happening == Happening.ENDED:
        if row.subject not in view.told and not going:
            return _dropped(row, Unsent.NOT_TOLD)
    elif message.stream == ALARM and message.happening in ANNOUNCING:
        standing = view.present.get(row.subject)
        over = now - row.noted > SETTLED_NS if standing is None else not standing.message.tier
        if standing is not None and standing.shelved:
            return _dropped(row, Unsent.SHELVED)
        if message.happening == Happening.REPEATED and (over or (standing is not None and standing.acknowledged)):
            return _dropped(row, Unsent.ACKNOWLEDGED)
        if over and row.reason in HELD:
            return _dropped(row, row.reason)
        if waits and over:
            return _dropped(row, Unsent.QUIET_HOURS)
        if not waits and inhibited:
            return _dropped(row, Unsent.INHIBITED) if over else replace(row, reason=Unsent.INHIBITED)
    if waits and quiet is not None:
        return replace(row, reason=Unsent.QUIET_HOURS, due=quiet.end(now, view.zone))
    if row.reason in HELD:
        return replace(row, reason=Unsent.DUE, due=now)
    return row


def _silencers(view: View) -> list[tuple[Inhibit, Message]]:
    """Every inhibition with an alarm that is active and lets it silence others."""
    return [
        (inhibit, standing.message)
        for inhibit in view.inhibits
        for standing in view.present.values()
        if standing.message.tier and not standing.shelved and inhibit.source.fits(standing.message)
    ]


def _dropped(row: Delivery, reason: Unsent) -> Delivery:
    return replace(row, outcome=Outcome.NOT_SENT, reason=reason)


def _gather(
    key: tuple[str, str], members: Sequence[tuple[Delivery, Message]], view: View, now: int, done: Turn
) -> None:
    """Send a group, or note that it waits for its interval."""
    rows = [row for row, _ in members]
    if not any(retry_at(row) <= now for row in rows):
        return
    route, last = view.routes.get(key[0]), view.last.get(key)
    urgent = view.receiver.follows or any(
        row.tier == Tier.RED or row.attempts or row.happening == Happening.ENDED for row in rows
    )
    if not urgent and route is not None and last is not None:
        free = last + round(route.interval_s * NS_PER_S)
        if free > now:
            done.settled += [
                replace(row, reason=Unsent.GROUPED, due=free) for row in rows if row.reason != Unsent.GROUPED
            ]
            return
    done.batches.append(Batch(tuple(rows), _folded([message for _, message in members])))


def _folded(messages: Iterable[Message]) -> tuple[Message, ...]:
    """The last message of each subject; what was raised and has ended in one says both."""
    lines: dict[tuple[str, str], Message] = {}
    for message in messages:
        key = message.stream, message.subject
        before = lines.pop(key, None)
        if before is not None and message.happening == Happening.ENDED and before.happening in ANNOUNCING:
            sign = Text(f"{before.mark.zh},{message.mark.zh}", f"{before.mark.en}, {message.mark.en}")
            message = replace(message, mark=sign)  # noqa: PLW2901
        lines[key] = message
    return tuple(sorted(lines.values(), key=lambda line: (line.happening == Happening.ENDED, -line.tier)))


def _order(batch: Batch) -> tuple[int, int, int]:
    """What was never tried first, then the worst, then the oldest: a message that is always refused stops no other."""
    return max(row.attempts for row in batch.rows), -batch.tier, batch.rows[0].id


def _merged(batches: Sequence[Batch]) -> list[Batch]:
    if len(batches) <= MOST_NOTICES:
        return list(batches)
    alone = [batch for batch in batches if batch.tier == Tier.RED]
    rest = [batch for batch in batches if batch.tier != Tier.RED]
    if not rest:
        return alone
    rows = sorted((row for batch in rest for row in batch.rows), key=lambda row: row.id)
    return [*alone, Batch(tuple(rows), _folded(from_json(row.message) for row in rows))]
