"""A bad line costs only itself."""

from __future__ import annotations

import pytest

from ganzhi.errors import Unavailable
from storage.delivery import CHUNK_LINES, MAX_REFUSALS, MAX_RETRY_S, Delivery, RefusedLines, Rejected, judge


class Shop:
    """Takes what is good; like InfluxDB 2 it keeps nothing of a request that holds anything bad."""

    def __init__(self, bad: set[str]) -> None:
        self.bad = bad
        self.kept: list[str] = []
        self.requests = 0

    def __call__(self, lines: bytes) -> None:
        self.requests += 1
        asked = lines.decode().split("\n")
        if not self.bad.isdisjoint(asked):
            raise RefusedLines("400 not for sale")
        self.kept += asked


def test_good_lines_go_out_in_order_in_chunks() -> None:
    shop = Shop(set())
    lines = [str(i) for i in range(2 * CHUNK_LINES + 1)]
    assert Delivery(shop)(lines).size == 0
    assert (shop.kept, shop.requests) == (lines, 3)


def test_bad_lines_are_found_and_counted() -> None:
    shop = Shop({"17", "18", "63"})
    deliver = Delivery(shop)
    assert deliver([str(i) for i in range(64)]).tolist() == [17, 18, 63]
    assert shop.kept == [str(i) for i in range(64) if i not in (17, 18, 63)]
    assert deliver.rejected == Rejected(3, "400 not for sale: 63")
    assert deliver(["17"]).tolist() == [0]
    assert deliver.rejected == Rejected(4, "400 not for sale: 17")
    assert deliver([]).tolist() == []


def test_the_search_for_bad_lines_has_an_end() -> None:
    lines = [str(i) for i in range(2 * CHUNK_LINES)]
    shop = Shop(set(lines[:CHUNK_LINES]))
    deliver = Delivery(shop)
    assert deliver(lines).tolist() == list(range(CHUNK_LINES))
    assert shop.requests < MAX_REFUSALS + 50
    assert deliver.rejected.count == CHUNK_LINES


def test_bad_lines_are_not_counted_twice_when_the_rest_must_be_sent_again() -> None:
    shop = Shop({"5"})
    away = True

    def send(lines: bytes) -> None:
        if away and lines.endswith(b"7"):
            raise Unavailable("gone")
        shop(lines)

    deliver = Delivery(send)
    with pytest.raises(Unavailable):
        deliver([str(i) for i in range(8)])
    away = False
    assert deliver([str(i) for i in range(8)]).tolist() == [5]
    assert deliver.rejected.count == 1


def test_a_request_that_was_dropped_whole_is_not_searched() -> None:
    requests = []

    def send(lines: bytes) -> None:
        requests.append(lines)
        late = lines.decode().split("\n").count("late")
        if late:
            judge(400, f'{{"error":"partial write: out of time dropped={late}"}}', None, access="", place="")

    deliver = Delivery(send)
    assert deliver(["late"] * CHUNK_LINES + ["now"] * 2 + ["late"] * 2).tolist() == [
        *range(CHUNK_LINES),
        CHUNK_LINES + 2,
        CHUNK_LINES + 3,
    ]
    assert len(requests) == 4
    assert deliver.rejected == Rejected(CHUNK_LINES + 2, '400 {"error":"partial write: out of time dropped=2"}: late')


@pytest.mark.parametrize(
    ("status", "retry_after", "expected_s"),
    [(503, "7", 7.0), (429, "99999", MAX_RETRY_S), (500, "Wed, 01 Jan", 2.0), (302, None, 2.0)],
)
def test_a_server_that_cannot_now_is_tried_again(status: int, retry_after: str | None, expected_s: float) -> None:
    with pytest.raises(Unavailable) as caught:
        judge(status, "busy", retry_after, access="token", place="bucket")
    assert caught.value.retry_after_s == expected_s


@pytest.mark.parametrize(("status", "words"), [(401, "check token"), (403, "check token"), (404, "check bucket")])
def test_a_server_that_will_not_names_the_setting(status: int, words: str) -> None:
    with pytest.raises(Unavailable, match=words):
        judge(status, "no", None, access="token", place="bucket")


@pytest.mark.parametrize("status", [400, 413, 422])
def test_lines_that_are_bad_or_too_many_are_refused(status: int) -> None:
    with pytest.raises(RefusedLines):
        judge(status, "", None, access="token", place="bucket")
