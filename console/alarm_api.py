"""Routes on alarms: the list, one alarm, and what people do to them. docs/alarms.md says what each answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import FastAPI, Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from console.alarm_backend import AlarmBackend, Answer
from console.alarm_shape import AlarmShape, flood_json, work_json
from console.answer import JsonResponse, Refusal, unavailable
from console.backend import Backend
from console.feed import Feed
from console.shape import colour_json, ms
from ganzhi.clock import Clock
from ganzhi.errors import Refused, Unavailable
from ganzhi.records import AlarmEvent

PERSON_LENGTH = 64
COMMENT_LENGTH = 500
MOST_IDS = 200
MOST_LINES = 1000
MOST_MINUTES = 44_640.0

Limit = Annotated[int, Query(ge=1, le=MOST_LINES)]


class Signed(BaseModel):
    """What a person does, and what they say of it."""

    model_config = ConfigDict(extra="forbid")
    person: str = ""
    comment: str = ""


class Acknowledgement(Signed):
    """`seq`: the last line that the person has seen."""

    seq: int | None = None


class BulkAcknowledgement(Signed):
    """The alarms on the screen."""

    ids: Annotated[list[str], Field(min_length=1, max_length=MOST_IDS)]
    seq: int


class Reasoned(BaseModel):
    """What a person does, and why."""

    model_config = ConfigDict(extra="forbid")
    person: str = ""
    reason: str = ""


class Shelf(Reasoned):
    """For so many minutes, or once: until it clears."""

    minutes: Annotated[float | None, Field(gt=0, le=MOST_MINUTES)] = None
    once: bool = False


class Condition(Reasoned):
    """A rule at a point."""

    rule: str
    point: str


def person_of(name: str) -> str:
    """A name in one line. Raises Refusal for none, or one that is too long."""
    person = " ".join(name.split())
    if not person:
        raise Refusal(422, "请填写姓名。", "Say who does it: person is empty.")
    if len(person) > PERSON_LENGTH:
        raise Refusal(422, f"姓名最多 {PERSON_LENGTH} 字。", f"At most {PERSON_LENGTH} characters of name.")
    return person


def words_of(words: str, *, needed: bool = False) -> str:
    """A comment or reason in one line. Raises Refusal for one that is too long, or is needed and not there."""
    said = " ".join(words.split())
    if needed and not said:
        raise Refusal(422, "请填写原因。", "Say why: it needs a reason.")
    if len(said) > COMMENT_LENGTH:
        raise Refusal(
            422, f"说明最多 {COMMENT_LENGTH} 字。", f"At most {COMMENT_LENGTH} characters of comment or reason."
        )
    return said


@contextmanager
def answered() -> Iterator[None]:
    """Turns what the platform refuses, or cannot do now, into answers."""
    try:
        yield
    except Refused as refused:
        raise Refusal(404 if refused.missing else 409, refused.zh, refused.en) from refused
    except Unavailable as down:
        zh, en = (
            "台账暂不可用,没有任何改变,请稍后再试。",
            f"The ledger is away; nothing has changed. Try again. ({down})",
        )
        raise unavailable(down, zh, en) from down


def add_alarms(app: FastAPI, backend: Backend, shape: AlarmShape, feed: Feed, clock: Clock) -> None:
    """Add the routes to `app`; those with a fixed name come before those with an alarm's id."""
    alarms = backend.alarm
    _add_lists(app, backend, shape, feed, clock)
    _add_acknowledging(app, alarms, shape)
    _add_suppressing(app, alarms, shape)
    _add_ending(app, alarms, shape)
    _add_one(app, alarms, shape)


def _add_lists(app: FastAPI, backend: Backend, shape: AlarmShape, feed: Feed, clock: Clock) -> None:
    alarms = backend.alarm

    @app.get("/api/alarms")
    def listed() -> Response:
        """Open alarms, worst first, what is suppressed, incidents, floods, works, and the colour of every source."""
        newest = feed.newest  # before the state: an event in between is then applied twice, never missed
        with answered():
            incidents = [shape.incident(incident) for incident in alarms.incidents()]
        return JsonResponse(
            {
                "now": ms(clock()),
                "seq": newest,
                "alarms": [shape.alarm(alarm) for alarm in alarms.annunciated()],
                "suppressed": [shape.alarm(alarm) for alarm in alarms.suppressed()],
                "incidents": incidents,
                "floods": [flood_json(flood) for flood in alarms.floods()],
                "works": [work_json(work) for work in alarms.works()],
                "colours": [colour_json(colour) for colour in backend.colours()],
            }
        )

    @app.get("/api/alarms/history")
    def history(limit: Limit = 100) -> Response:
        """The newest lines of the journal, newest first."""
        with answered():
            return JsonResponse({"events": [shape.event(event) for event in backend.history(limit)]})

    @app.get("/api/alarms/retrospective")
    def retrospective(limit: Limit = 100) -> Response:
        """What late data would have raised, newest first; none of it was announced."""
        with answered():
            return JsonResponse({"alarms": [shape.alarm(alarm) for alarm in alarms.retrospective(limit)]})


def _add_acknowledging(app: FastAPI, alarms: AlarmBackend, shape: AlarmShape) -> None:
    @app.post("/api/alarms/acknowledge")
    def acknowledge_all(body: BulkAcknowledgement) -> Response:
        """Acknowledge what is on a screen; what has changed since its `seq` is refused."""
        person, comment = person_of(body.person), words_of(body.comment)
        with answered():
            events, refused = alarms.acknowledge_all(body.ids, body.seq, person, comment)
        why = [{"id": alarm_id, "message": {"zh": each.zh, "en": each.en}} for alarm_id, each in refused]
        return JsonResponse({"events": [shape.event(event) for event in events], "refused": why})

    @app.post("/api/alarms/{alarm_id:path}/acknowledge")
    def acknowledge(alarm_id: str, body: Acknowledgement) -> Response:
        """Acknowledge an alarm in a person's name; answers with the journal line."""
        person, comment = person_of(body.person), words_of(body.comment)
        with answered():
            return JsonResponse(shape.event(alarms.acknowledge(alarm_id, person, comment, body.seq)))


def _add_suppressing(app: FastAPI, alarms: AlarmBackend, shape: AlarmShape) -> None:
    @app.post("/api/alarms/{alarm_id:path}/shelve")
    def shelve(alarm_id: str, body: Shelf) -> Response:
        """Do not tell of an alarm for so many minutes, or until it clears."""
        if (body.minutes is None) is not body.once:
            raise Refusal(422, "请填写搁置分钟数,或选择搁置到恢复为止。", "Give minutes, or once: true; not both.")
        person, reason = person_of(body.person), words_of(body.reason, needed=True)
        with answered():
            return JsonResponse(shape.event(alarms.shelve(alarm_id, person, reason, body.minutes)))

    @app.post("/api/alarms/{alarm_id:path}/out-of-service")
    def take_out(alarm_id: str, body: Reasoned) -> Response:
        """Do not tell of an alarm until a person puts it back in service."""
        person, reason = person_of(body.person), words_of(body.reason, needed=True)
        with answered():
            return JsonResponse(shape.event(alarms.take_out(alarm_id, person, reason)))

    @app.post("/api/out-of-service")
    def take_out_condition(body: Condition) -> Response:
        """The same for a rule at a point that need not have an alarm now."""
        person, reason = person_of(body.person), words_of(body.reason, needed=True)
        with answered():
            return JsonResponse(shape.event(alarms.take_out_condition(body.rule, body.point, person, reason)))


def _add_ending(app: FastAPI, alarms: AlarmBackend, shape: AlarmShape) -> None:
    def add(path: str, act: Answer, summary: str, *, needed: bool = False) -> None:
        app.add_api_route(
            f"/api/alarms/{{alarm_id:path}}/{path}",
            _signed(act, shape.event, needed=needed),
            methods=["POST"],
            summary=summary,
            name=path,
        )

    add("reset", alarms.reset, "End an alarm that is latched and acknowledged")
    add("unshelve", alarms.unshelve, "Tell of an alarm again before its shelf is over")
    add("in-service", alarms.put_back, "Put an alarm back in service")
    add("close", alarms.close, "Say that an external event is over", needed=True)


def _signed(act: Answer, shown: Callable[[AlarmEvent], object], *, needed: bool) -> Callable[[str, Signed], Response]:
    def do(alarm_id: str, body: Signed) -> Response:
        person, comment = person_of(body.person), words_of(body.comment, needed=needed)
        with answered():
            return JsonResponse(shown(act(alarm_id, person, comment)))

    return do


def _add_one(app: FastAPI, alarms: AlarmBackend, shape: AlarmShape) -> None:
    @app.get("/api/alarms/{alarm_id:path}")
    def one(alarm_id: str) -> Response:
        """An alarm, open or long ended, with its lines, oldest first."""
        with answered():
            alarm = alarms.find(alarm_id)
            if alarm is None:
                raise Refusal(404, f"没有这条报警：{alarm_id}", f"No such alarm: {alarm_id}")
            lines = alarms.lines_of(alarm_id, MOST_LINES)
        return JsonResponse({"alarm": shape.alarm(alarm), "events": [shape.event(line) for line in lines]})
