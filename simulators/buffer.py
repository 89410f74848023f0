"""The bounded buffer of a gateway: every message, in order, until it is done; with a folder also after a restart."""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from simulators.journal import Journal

log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Message:
    """One MQTT message: numbers `first` to `last`, one JSON object a line; `acked` by a broker at least once."""

    first: int
    last: int
    lines: bytes
    sent: bool = False
    acked: bool = False

    def payload(self, oldest: int) -> bytes:
        """What goes out: each object says which number is the oldest that is still kept, as of now."""
        head = b'{"oldest":%d,' % oldest
        if self.first == self.last:
            return head + self.lines[1:]
        return b"[" + b",".join(head + line[1:] for line in self.lines.split(b"\n")) + b"]"


class Buffer:
    """Messages to send and messages sent, oldest first; together they are what is kept.

    One thread adds; one other takes, rewinds and releases. `last` is the highest number ever given. What a full
    buffer does is its caller's affair: it only says so. Everything kept is in memory too.
    """

    def __init__(self, *, most: int, most_bytes: int, folder: Path | None) -> None:
        self._most, self._most_bytes = most, most_bytes
        self._journal = None if folder is None else Journal(folder, most_bytes)
        self._unsent: deque[Message] = deque()
        self._sent: deque[Message] = deque()
        self._added = self._removed = self._answered = 0  # each has one writer, so any thread may read
        self._added_bytes = self._removed_bytes = 0
        self.last = 0
        self.heard = False

    def open(self, begin: int) -> None:
        """Take over what the folder holds; without it, or with a part of it lost, numbers begin at `begin`."""
        if self._journal is not None:
            kept = self._journal.open()
            self.last, self.heard = kept.last, kept.heard
            for first, last, lines in kept.messages:
                self._append(Message(first, last, lines, sent=True))
            if self._unsent:
                log.info("%d messages were kept from before, the oldest is number %d", len(self), self.oldest)
            if self.last and not kept.damaged:
                return
        self.last = max(self.last, begin - 1)

    def __len__(self) -> int:
        return self._added - self._removed

    @property
    def durable(self) -> bool:
        """Whether what is kept outlives the process."""
        return self._journal is not None

    @property
    def full(self) -> bool:
        return self._added - self._removed >= self._most or self._added_bytes - self._removed_bytes >= self._most_bytes

    def over(self, part: float) -> bool:
        """Whether so large a part of the buffer, or more, is taken."""
        most, most_bytes = self._most * part, self._most_bytes * part
        return len(self) >= most or self._added_bytes - self._removed_bytes >= most_bytes

    @property
    def unacked(self) -> int:
        """How many of those kept no broker has acknowledged."""
        return self._added - self._answered

    @property
    def unsent(self) -> int:
        return len(self._unsent)

    @property
    def oldest(self) -> int:
        """The lowest number kept; the next one where nothing is."""
        head = self._sent or self._unsent
        return head[0].first if head else self.last + 1

    def add(self, lines: bytes, count: int) -> None:
        """Keep a message of the next `count` numbers; raises Unavailable when the disk does not take it."""
        first, last = self.last + 1, self.last + count
        if self._journal is not None:
            self._journal.add(first, last, lines)
        self.last = last
        self._append(Message(first, last, lines))

    def take(self) -> Message:
        """The next message to send, where there is one; it is kept as sent."""
        message = self._unsent.popleft()
        self._sent.append(message)
        return message

    def ack(self, message: Message) -> bool:
        """A broker has it; whether that is new."""
        if message.acked:
            return False
        message.acked = True
        self._answered += 1
        return True

    def rewind(self, *, acked: bool) -> None:
        """Let everything sent be sent again, or, without `acked`, all from the first that no broker acknowledged."""
        again = list(self._sent)
        if not acked:
            again = again[sum(1 for _ in takewhile(lambda message: message.acked, again)) :]
        for _ in again:
            self._sent.pop()
        self._unsent.extendleft(reversed(again))

    def release(self, upto: int) -> int:
        """All numbers up to `upto` are done, and a receipt said so; how many messages that were."""
        count = 0
        for queue in (self._sent, self._unsent):
            while queue and queue[0].last <= upto:
                self._remove(queue.popleft())
                count += 1
        if count or not self.heard:
            self.heard = True
            self._note(upto)
        return count

    def let_go(self, part: float) -> int:
        """Drop the oldest acknowledged messages until less than `part` of the buffer is taken; how many."""
        count = last = 0
        while self._sent and self._sent[0].acked and self.over(part):
            message = self._sent.popleft()
            self._remove(message)
            count, last = count + 1, message.last
        if count:
            self._note(last)
        return count

    def drop(self, message: Message) -> None:
        """A sent message that no broker will ever take."""
        if message in self._sent:
            self._sent.remove(message)
            self._remove(message)
            if self._journal is not None:
                self._journal.refused(message.first, message.last)

    def skip_to(self, number: int) -> None:
        """Go on above a number that was given in an earlier life."""
        self.last, self.heard = number, True
        self._note(0)

    def sync(self) -> None:
        if self._journal is not None:
            self._journal.sync()

    def close(self) -> None:
        if self._journal is not None:
            self._journal.close()

    def _append(self, message: Message) -> None:
        self._added += 1
        self._added_bytes += len(message.lines)
        self._unsent.append(message)

    def _remove(self, message: Message) -> None:
        self._answered += not message.acked
        self._removed += 1
        self._removed_bytes += len(message.lines)

    def _note(self, upto: int) -> None:
        if self._journal is not None:
            self._journal.done(upto, self.last, self.heard)
