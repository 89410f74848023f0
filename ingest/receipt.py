"""Receipts: the highest number up to which all messages of a gateway are committed (docs/receipts.md)."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field

MOST_GAPS = 1000
"""Runs of numbers remembered beyond a gap; later ones are forgotten, and the gateway sends them again."""

MOST_NUMBER = 2**63 - 1

NUMBER = re.compile(rb'"(seq|oldest)"\s*:\s*(\d{1,19})\b')


@dataclass(slots=True)
class Numbering:
    """The numbers heard of one gateway.

    upto  all numbers up to this one were heard; None before the first
    due   a number was heard since the last commit, be it one repeated because its receipt was lost
    """

    upto: int | None = None
    due: bool = False
    _runs: list[tuple[int, int]] = field(default_factory=list)

    def note(self, number: object, oldest: object = None) -> None:
        """A message of this number came; `oldest` is the lowest that its gateway still keeps.

        Below `oldest` nothing awaits a receipt. A gateway that does not say it is taken to begin with the first number
        heard of it. What is no whole number within reason is passed over: the readings count all the same.
        """
        if type(number) is not int or not 0 <= number <= MOST_NUMBER:
            return
        self.due = True
        if number - 1 == self.upto and not self._runs:
            self.upto = number
            return
        if type(oldest) is not int or not 0 <= oldest <= number:
            oldest = number if self.upto is None else self.upto + 1
        upto = oldest - 1 if self.upto is None else max(self.upto, oldest - 1)
        if number > upto:
            self._insert(number)
        while self._runs and self._runs[0][0] <= upto + 1:
            upto = max(upto, self._runs.pop(0)[1])
        self.upto = upto

    def _insert(self, number: int) -> None:
        runs = self._runs
        if runs and runs[-1][0] <= number <= runs[-1][1] + 1:  # the usual case: the numbers after a gap go on
            runs[-1] = runs[-1][0], max(runs[-1][1], number)
            return
        at = bisect_right(runs, (number, MOST_NUMBER))
        if at and number <= runs[at - 1][1] + 1:
            at -= 1
            runs[at] = runs[at][0], max(runs[at][1], number)
        else:
            runs.insert(at, (number, number))
        if at + 1 < len(runs) and runs[at + 1][0] == runs[at][1] + 1:
            runs[at : at + 2] = [(runs[at][0], runs[at + 1][1])]
        del runs[MOST_GAPS:]


def numbers_in(payload: bytes) -> dict[str, int]:
    """`seq` and `oldest` of a payload that is refused whole, as far as they can be read: it must not come for ever."""
    return {name.decode(): int(digits) for name, digits in NUMBER.findall(payload)}


def receipt_topic(data_topic: str) -> str:
    """Where a gateway hears its receipts."""
    return data_topic.removesuffix("/data") + "/receipt"
