"""Receipts against a plain set of the numbers heard."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from ingest.receipt import MOST_GAPS, Numbering, numbers_in, receipt_topic


def plain(numbers: list[tuple[int, int | None]]) -> int:
    """The highest number up to which all were heard or are known not to come, counted one by one."""
    heard: set[int] = set()
    first, oldest = numbers[0]
    upto = (first if oldest is None or oldest > first else oldest) - 1
    for number, kept in numbers:
        heard.add(number)
        if kept is not None and kept <= number:
            upto = max(upto, kept - 1)
        while upto + 1 in heard:
            upto += 1
    return upto


MESSAGES = st.lists(st.tuples(st.integers(1, 30), st.none() | st.integers(1, 30)), min_size=1, max_size=60)


@given(MESSAGES)
@example([(5, None), (7, None), (8, None), (6, None)])
@example([(3, 1), (1, 1), (2, 1)])
def test_receipt_is_the_highest_number_without_a_gap_before_it(numbers: list[tuple[int, int | None]]) -> None:
    numbering = Numbering()
    for number, oldest in numbers:
        numbering.note(number, oldest)
    assert numbering.upto == plain(numbers)


def test_receipt_waits_for_a_gap_and_then_takes_all_behind_it() -> None:
    numbering = Numbering(10)
    for number in (11, 13, 14, 16):
        numbering.note(number)
    assert numbering.upto == 11
    numbering.note(12)
    assert numbering.upto == 14
    numbering.note(15)
    assert numbering.upto == 16


def test_numbers_before_the_oldest_kept_await_no_receipt() -> None:
    numbering = Numbering(4)
    numbering.note(9, 8)
    assert numbering.upto == 7
    numbering.note(8, 8)
    assert numbering.upto == 9


def test_a_repeated_number_makes_the_receipt_due_again() -> None:
    numbering = Numbering(4)
    numbering.note(3)
    assert (numbering.upto, numbering.due) == (4, True)


def test_what_is_no_number_is_passed_over() -> None:
    numbering = Numbering()
    for number in (-1, 1.5, "7", True, 2**63, [1]):
        numbering.note(number)
    assert (numbering.upto, numbering.due) == (None, False)
    numbering.note(5, "1")
    assert numbering.upto == 5


def test_memory_is_bounded_when_a_gateway_leaves_nothing_but_gaps() -> None:
    numbering = Numbering(0)
    for number in range(2, 10 * MOST_GAPS, 2):
        numbering.note(number)
    assert numbering.upto == 0
    for number in range(1, 10 * MOST_GAPS):  # sent again, oldest first
        numbering.note(number)
    assert numbering.upto == 10 * MOST_GAPS - 1


def test_numbers_are_found_in_a_payload_that_cannot_be_read() -> None:
    assert numbers_in(b'{"seq": 17, "oldest":3, "values": {') == {"seq": 17, "oldest": 3}
    assert numbers_in(b"\xff\x00") == {}


def test_receipt_goes_beside_the_data() -> None:
    assert receipt_topic("ganzhi/v1/e/g/data") == "ganzhi/v1/e/g/receipt"
