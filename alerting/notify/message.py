"""What people are told of: one line of a journal, whichever journal it is, and the line's subject as it stands now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import orjson

from alerting.text import COLOURS
from ganzhi.records import Alarm, AlarmEvent, AlarmState, Catalogue, Change, Effect, Text, Tier, Unsent

ALARM = "alarm"
"""The stream of alarms."""


class Happening(StrEnum):
    """What happened to a subject, as far as telling goes.

    RAISED, WORSENED, RETURNED, REPEATED announce it; RETURNED: it was suppressed and is so no longer. ENDED goes to
    whom it was announced. EASED, LATE (found in late data) and NOTED announce nothing.
    """

    RAISED = "raised"
    WORSENED = "worsened"
    RETURNED = "returned"
    REPEATED = "repeated"
    ENDED = "ended"
    EASED = "eased"
    LATE = "late"
    NOTED = "noted"


ANNOUNCING = frozenset({Happening.RAISED, Happening.WORSENED, Happening.RETURNED, Happening.REPEATED})

HELD: Mapping[Effect, Unsent] = {
    Effect.ANNOUNCE: Unsent.DUE,
    Effect.WITHHOLD: Unsent.SHELVED,
    Effect.FOLD: Unsent.FOLDED,
}
"""Effects by which an alarm is announced, or would be but for a reason."""
ANNOUNCED: Mapping[Change, Happening] = {Change.RAISED: Happening.RAISED, Change.WORSENED: Happening.WORSENED}
"""What such a change is; any other is a RETURN from being suppressed."""


@dataclass(frozen=True, slots=True)
class Message:
    """A line of a journal, with all that routes ask and texts say.

    noted  our clock when the line was written, UTC ns
    tier   the colour to tell; of what has ended, the worst it had
    kind   the class: "process" or "device" for alarms
    mark   what happened in a word or two, such as 红色报警
    place  enterprise and source; `title` what is wrong there, `text` the whole sentence with its local time
    link   what follows the console's public address
    role   of a case or a warning: who is in charge of it now
    held   why it is to be told to nobody, as was decided when the line was written; DUE: it may be told
    """

    stream: str
    seq: int
    happening: Happening
    subject: str
    noted: int
    tier: Tier
    kind: str
    enterprise: str
    source: str
    sector: str
    district: str
    condition: str
    rule: str
    mark: Text
    place: Text
    title: Text
    text: Text
    advice: Text
    link: str
    simulated: bool = False
    drill: bool = False
    held: Unsent = Unsent.DUE
    role: str = ""


@dataclass(frozen=True, slots=True)
class Present:
    """A subject as it stands now; `message` is NOTED and has its present tier. `raised_at` is UTC ns."""

    message: Message
    state: str
    raised_at: int
    acknowledged: bool
    shelved: bool


def from_alarm(event: AlarmEvent, catalogue: Catalogue) -> Message:
    """A line of the alarms' journal. What is to be told was decided when it was written, and is in its effects."""
    held = next((HELD[effect] for effect in event.effects if effect in HELD), None)
    happening = Happening.NOTED
    if event.change == Change.RETROSPECTIVE:
        happening = Happening.LATE
    elif Effect.RESOLVE in event.effects:
        happening = Happening.ENDED
    elif held is not None:
        happening = ANNOUNCED.get(event.change, Happening.RETURNED)
    elif event.change == Change.EASED:
        happening = Happening.EASED
    tier = event.alarm.worst if happening in (Happening.ENDED, Happening.LATE) else event.alarm.tier
    told = _message(event.alarm, catalogue, happening, tier, seq=event.seq, noted=event.noted)
    return told if not held else replace(told, held=held)


def present(alarm: Alarm, catalogue: Catalogue) -> Present:
    """An alarm that is open."""
    return Present(
        message=_message(alarm, catalogue, Happening.NOTED, alarm.tier, seq=0, noted=alarm.changed_at),
        state=alarm.state.value,
        raised_at=alarm.raised_at,
        acknowledged=alarm.state in (AlarmState.ACKNOWLEDGED, AlarmState.LATCHED_ACKNOWLEDGED),
        shelved=bool(alarm.suppressions),
    )


def mark(happening: Happening, tier: Tier) -> Text:
    """What happened to an alarm, for the beginning of a title."""
    colour = COLOURS[tier]
    if happening == Happening.ENDED:
        return Text("已恢复", "cleared")
    if happening == Happening.WORSENED:
        return Text(f"升为{colour.zh}", f"now {colour.en}")
    if happening == Happening.REPEATED:
        return Text(f"{colour.zh}报警 仍未确认", f"{colour.en}, still unacknowledged")
    return Text(f"{colour.zh}报警", f"{colour.en} alarm")


def to_json(message: Message) -> str:
    """For the ledger."""
    return orjson.dumps(message).decode()


def from_json(text: str) -> Message:
    """From the ledger."""
    found = orjson.loads(text)
    texts = {name: Text(**found[name]) for name in ("mark", "place", "title", "text", "advice")}
    exact = {"happening": Happening(found["happening"]), "tier": Tier(found["tier"]), "held": Unsent(found["held"])}
    return Message(**{**found, **texts, **exact})


def _message(alarm: Alarm, catalogue: Catalogue, happening: Happening, tier: Tier, *, seq: int, noted: int) -> Message:
    enterprise, source = catalogue.enterprises.get(alarm.enterprise), catalogue.sources.get(alarm.source)
    names = [thing.name for thing in (enterprise, source) if thing is not None]
    return Message(
        stream=ALARM,
        seq=seq,
        happening=happening,
        subject=alarm.id,
        noted=noted,
        tier=tier,
        kind=alarm.alarm_class.value,
        enterprise=alarm.enterprise,
        source=alarm.source,
        sector="" if source is None else source.sector,
        district="" if enterprise is None else enterprise.district,
        condition=alarm.condition,
        rule=alarm.rule,
        mark=mark(happening, tier),
        place=Text(" ".join(name.zh for name in names), ", ".join(name.en for name in names)),
        title=alarm.name,
        text=alarm.text,
        advice=alarm.advice,
        link=f"#alarm={alarm.id}",
        simulated=alarm.simulated,
    )
