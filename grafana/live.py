"""Tells Grafana of every alarm: as an annotation that becomes a region, and over Grafana Live."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import httpx

from ganzhi.clock import NS_PER_MS
from ganzhi.errors import Unavailable
from ganzhi.records import Alarm, AlarmEvent, Change
from grafana.annotation import LATE_TAGS, alarm_tag, annotation
from grafana.line import STREAM, lines
from grafana.server import GrafanaServer, refusal, unreachable, wrong_address
from grafana.view import Language

log = logging.getLogger(__name__)

TOLD = frozenset(Change) - {Change.UPDATED, Change.GROUPED}
"""Changes that are told; the others leave an alarm as it was, but for a figure or the incident that it belongs to."""
REMEMBERED = 4096
"""Annotation ids kept in memory; one that is not there costs a look-up."""
RETRY_S = 5.0
RETRY_SETTINGS_S = 60.0
"""Before trying again where a person has to mend a token or an address first."""
SHOWN_CHARACTERS = 200

Json = Mapping[str, object]


@dataclass(slots=True)
class Count:
    """What an outlet has done since it was opened; `refused` are annotations that Grafana would not take."""

    created: int = 0
    patched: int = 0
    refused: int = 0
    live: int = 0
    live_failed: int = 0


class GrafanaOutlet:
    """Sends alarm events to Grafana; a context manager.

    `tell` may be given the same events again, by this process or the next one: the annotation of an alarm is looked
    up by its tag before one is made. Everything that fails and may later succeed raises Unavailable, so that a
    caller which moves its cursor only after `tell` returns loses nothing. Live is best effort after that: it shows
    the moment, and who opens a panel later reads the store.
    """

    def __init__(self, *, server: GrafanaServer, language: Language = "zh", remembered: int = REMEMBERED) -> None:
        if remembered < 1:
            raise ValueError(f"remembered must be at least 1, not {remembered!r}")
        self.server = server
        self.language = language
        self.remembered = remembered
        self.count = Count()
        self._ids: OrderedDict[str, int] = OrderedDict()
        self._client: httpx.Client | None = None
        self._live_works = True
        self._tags_known = False

    def __enter__(self) -> Self:
        self._client = self.server.client()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def tell(self, events: Sequence[AlarmEvent]) -> None:
        """Bring the annotations of all alarms in `events` up to date, then push each event. Raises Unavailable."""
        told = [event for event in events if event.change in TOLD]
        if not told:
            return
        for alarm in {event.alarm.id: event.alarm for event in told}.values():
            self._annotate(alarm)
        self._push(told)

    def _annotate(self, alarm: Alarm) -> None:
        body = annotation(alarm, self.language)
        known = self._ids.get(alarm.id)
        if known is None:
            known = self._find(alarm)
        if known is not None and self._patch(known, body):
            self._remember(alarm.id, known)
            return
        answer = self._answer("POST", "/api/annotations", body)
        if answer is None:
            return
        made = answer.get("id")
        if not isinstance(made, int):
            raise self._wrong()
        self.count.created += 1
        self._remember(alarm.id, made)

    def _remember(self, alarm: str, number: int) -> None:
        self._ids[alarm] = number
        self._ids.move_to_end(alarm)
        if len(self._ids) > self.remembered:
            self._ids.popitem(last=False)

    def _find(self, alarm: Alarm) -> int | None:
        """The id of the alarm's annotation; the moment it was raised keeps Grafana from searching all it has."""
        moment = alarm.raised_at // NS_PER_MS
        query: dict[str, str | int] = {"tags": alarm_tag(alarm), "from": moment, "to": moment, "limit": 1}
        response = self._send("GET", "/api/annotations", query=query)
        if response.is_client_error:
            raise self._settings(response)
        found = self._json(response)
        if not isinstance(found, list):
            raise self._wrong()
        ids = [item["id"] for item in found if isinstance(item, dict) and isinstance(item.get("id"), int)]
        return int(ids[0]) if ids else None

    def _show_tags(self) -> None:
        """Let Grafana see every tag that a PATCH may bring, by an annotation that is deleted at once.

        Grafana 9 over SQLite waits for itself when a PATCH brings a tag that it has never seen: the tag is inserted
        by a second connection while the first holds the lock. A POST inserts tags before it takes the lock.
        """
        if self._tags_known:
            return
        answer = self._answer("POST", "/api/annotations", {"time": 1, "text": "Ganzhi", "tags": list(LATE_TAGS)})
        if answer is not None:
            self._send("DELETE", f"/api/annotations/{answer.get('id')}")
        self._tags_known = True

    def _patch(self, number: int, body: Json) -> bool:
        """Whether the annotation was there to be patched."""
        self._show_tags()
        response = self._send("PATCH", f"/api/annotations/{number}", body)
        if response.status_code == httpx.codes.NOT_FOUND:
            return False
        if self._taken(response, body):
            self.count.patched += 1
        return True

    def _answer(self, method: str, path: str, body: Json) -> Json | None:
        response = self._send(method, path, body)
        if not self._taken(response, body):
            return None
        answer = self._json(response)
        if not isinstance(answer, dict):
            raise self._wrong()
        return answer

    def _taken(self, response: httpx.Response, body: Json) -> bool:
        """Whether Grafana took it. What it will never take is counted and left, for the alarms behind it wait."""
        if response.status_code in {httpx.codes.BAD_REQUEST, httpx.codes.UNPROCESSABLE_ENTITY}:
            self.count.refused += 1
            log.warning("Grafana refused an annotation %.200r: %.200r", body.get("tags"), response.text)
            return False
        if response.is_client_error:
            raise self._settings(response)
        return True

    def _send(
        self, method: str, path: str, body: Json | None = None, query: dict[str, str | int] | None = None
    ) -> httpx.Response:
        """One request; a response of 500 and above, a redirect, and silence raise Unavailable."""
        try:
            response = self._open().request(method, path, json=body, params=query)
        except httpx.TransportError as error:
            raise Unavailable(
                unreachable(self.server.base, error or type(error).__name__), retry_after_s=RETRY_S
            ) from error
        if response.is_server_error or response.status_code == httpx.codes.TOO_MANY_REQUESTS:
            asked = response.headers.get("Retry-After", "")
            wait_s = float(asked) if asked.isdecimal() else RETRY_S
            raise Unavailable(unreachable(self.server.base, f"status {response.status_code}"), retry_after_s=wait_s)
        if response.is_redirect:
            raise self._wrong()
        return response

    def _push(self, events: Sequence[AlarmEvent]) -> None:
        try:
            response = self._open().post(f"/api/live/push/{STREAM}", content=lines(events).encode())
            problem = (
                "" if response.is_success else f"status {response.status_code} {response.text[:SHOWN_CHARACTERS]!r}"
            )
        except httpx.TransportError as error:
            problem = repr(error)
        if problem:
            self.count.live_failed += len(events)
        else:
            self.count.live += len(events)
        if bool(problem) is self._live_works:
            self._live_works = not problem
            if problem:
                log.warning("Grafana Live takes no events, annotations do not depend on it: %s", problem)
            else:
                log.info("Grafana Live takes events again")

    def _open(self) -> httpx.Client:
        if self._client is None:
            raise RuntimeError("the outlet is not open: use it in a with statement")
        return self._client

    def _json(self, response: httpx.Response) -> object:
        try:
            answer: object = response.json()
        except ValueError as error:
            raise self._wrong() from error
        return answer

    def _wrong(self) -> Unavailable:
        return Unavailable(wrong_address(self.server.base).en, retry_after_s=RETRY_SETTINGS_S)

    def _settings(self, response: httpx.Response) -> Unavailable:
        told = refusal(response.status_code, self.server.base, response.text[:SHOWN_CHARACTERS])
        return Unavailable(told.en, retry_after_s=RETRY_SETTINGS_S)
