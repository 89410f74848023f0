"""The rules of docs/receipts.md one by one, with a buffer in memory and time as a number."""

from __future__ import annotations

from simulators.address import GatewayOptions
from simulators.buffer import Buffer
from simulators.delivery import NOBODY, Delivery

OPTIONS = GatewayOptions("mqtt://h", "e", "g", grace_s=1000.0)


class Gateway:
    """A delivery with messages 1, 2, …; `now` is what the clock says."""

    def __init__(self, options: GatewayOptions = OPTIONS, *, count: int = 0, window: int = 3) -> None:
        self.now = 0.0
        self.buffer = Buffer(most=options.buffer, most_bytes=options.buffer_bytes, folder=None)
        self.buffer.open(1)
        self.delivery = Delivery(options, self.buffer)
        self.window = window
        self.mids: dict[int, int] = {}
        self.add(count)
        self.connect()

    def add(self, count: int) -> None:
        for _ in range(count):
            self.buffer.add(b"{}", 1)

    def connect(self, *, reasons: bool = True) -> None:
        self.delivery.connected(self.window, self.now, reasons=reasons)

    def send(self) -> list[int]:
        """Everything that may be sent now, by number."""
        sent = []
        while (message := self.delivery.take(self.now)) is not None:
            mid = len(self.mids) + 1
            self.mids[mid] = message.first
            self.delivery.sent(mid, message)
            sent.append(message.first)
        return sent

    def answer(self, *numbers: int, reason: int = 0) -> None:
        for number in numbers:
            mid = max(mid for mid, its in self.mids.items() if its == number)
            assert self.delivery.answered(mid, reason, self.now)
        self.delivery.tick(self.now)

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.delivery.tick(self.now)


def test_first_message_goes_alone_after_a_connect() -> None:
    gateway = Gateway(count=5)
    assert gateway.send() == [1]
    gateway.answer(1)
    assert gateway.send() == [2, 3, 4]


def test_all_goes_at_once_where_acknowledgements_give_no_reason() -> None:
    gateway = Gateway(count=5)
    gateway.connect(reasons=False)
    assert gateway.send() == [1, 2, 3]


def test_message_that_nobody_heard_is_repeated_alone_every_half_second() -> None:
    gateway = Gateway(count=5)
    for _ in range(3):
        assert gateway.send() == [1]
        gateway.answer(1, reason=NOBODY)
        assert gateway.send() == []
        gateway.wait(0.4)
        assert gateway.send() == []
        gateway.wait(0.1)
    assert gateway.send() == [1]
    gateway.answer(1)
    assert gateway.send() == [2, 3, 4]
    assert (gateway.delivery.acknowledged, gateway.delivery.resent) == (1, 3)


def test_all_that_is_kept_is_sent_again_when_the_subscriber_goes() -> None:
    gateway = Gateway(count=5)
    gateway.send()
    gateway.answer(1)
    assert gateway.send() == [2, 3, 4]
    gateway.answer(2)
    gateway.answer(3, reason=NOBODY)
    gateway.wait(1.0)
    assert gateway.send() == []  # the answer for 4 is still to come
    gateway.answer(4, reason=NOBODY)
    gateway.wait(1.0)
    assert gateway.send() == [1]
    gateway.answer(1)
    assert gateway.send() == [2, 3, 4]


def test_receipt_ends_all_up_to_its_number_and_oldest_follows() -> None:
    gateway = Gateway(count=3)
    gateway.send()
    gateway.answer(1)
    gateway.send()
    gateway.answer(2, 3)
    assert (gateway.buffer.oldest, gateway.delivery.waiting) == (1, 3)
    gateway.delivery.receipt(2, gateway.now)
    assert (gateway.buffer.oldest, gateway.delivery.waiting, gateway.delivery.receipted) == (3, 1, 2)
    gateway.delivery.receipt(3, gateway.now)
    assert (gateway.buffer.oldest, gateway.delivery.waiting) == (4, 0)


def test_everything_kept_goes_before_anything_new_after_a_connect() -> None:
    gateway = Gateway(count=4)
    gateway.send()
    gateway.answer(1)
    gateway.send()
    gateway.answer(2)
    gateway.delivery.lost()
    gateway.add(1)
    gateway.connect(reasons=False)
    assert gateway.send() == [1, 2, 3]
    gateway.answer(1, 2, 3)
    assert gateway.send() == [4, 5]


def test_sending_again_waits_twice_as_long_each_time_it_is_in_vain() -> None:
    gateway = Gateway(count=1)
    gateway.send()
    gateway.answer(1)
    for wait_s in (10.0, 20.0, 40.0, 80.0, 160.0, 300.0, 300.0):
        gateway.wait(wait_s - 0.1)
        assert gateway.send() == []
        gateway.wait(0.1)
        assert gateway.send() == [1]
        gateway.answer(1)
    gateway.add(1)
    assert gateway.send() == [2]
    gateway.answer(2)
    gateway.delivery.receipt(1, gateway.now)
    gateway.wait(10.0)
    assert gateway.send() == [2]


def test_missing_receipt_is_noticed_while_new_messages_go_on() -> None:
    gateway = Gateway(count=1)
    gateway.send()
    gateway.answer(1)
    sent = []
    for _ in range(11):
        gateway.add(1)
        gateway.wait(1.0)
        for number in gateway.send():
            sent.append(number)
            gateway.answer(number)
    assert sent == [*range(2, 12), 1, 2, 3]


def test_gateway_goes_on_without_receipts_when_none_came_within_the_grace_time() -> None:
    gateway = Gateway(GatewayOptions("mqtt://h", "e", "g", grace_s=5.0, buffer=10), count=9)
    gateway.send()
    gateway.answer(1)
    gateway.send()
    gateway.answer(2, 3, 4)
    assert gateway.delivery.waiting == 9
    gateway.wait(5.0)
    assert (gateway.delivery.waiting, len(gateway.buffer)) == (5, 8)
    gateway.add(2)
    assert gateway.buffer.full
    gateway.wait(0.0)
    assert (len(gateway.buffer), gateway.buffer.oldest) == (8, 4)
    gateway.delivery.lost()
    gateway.connect()
    assert gateway.send() == [5, 6, 7]


def test_first_subscriber_gets_all_that_is_kept_when_the_gateway_went_on_without() -> None:
    gateway = Gateway(GatewayOptions("mqtt://h", "e", "g", grace_s=5.0), count=3)
    gateway.send()
    gateway.answer(1, reason=NOBODY)
    gateway.wait(5.0)
    assert gateway.send() == [1, 2, 3]
    gateway.answer(1, 2, 3, reason=NOBODY)
    assert gateway.delivery.waiting == 0
    gateway.add(1)
    assert gateway.send() == [4]
    gateway.answer(4)
    assert gateway.send() == [1, 2, 3]
    assert gateway.delivery.waiting == 4
    gateway.answer(1, 2, 3)
    gateway.send()
    gateway.delivery.receipt(4, gateway.now)
    assert gateway.delivery.waiting == 0


def test_platform_that_gave_receipts_once_is_waited_for() -> None:
    gateway = Gateway(GatewayOptions("mqtt://h", "e", "g", grace_s=5.0), count=2)
    gateway.delivery.receipt(0, 0.0)
    gateway.send()
    gateway.answer(1, reason=NOBODY)
    gateway.wait(3600.0)
    assert gateway.send() == [1]
    assert gateway.delivery.waiting == 2


def test_acknowledgement_is_the_end_where_receipts_are_not_wanted() -> None:
    gateway = Gateway(GatewayOptions("mqtt://h", "e", "g", receipts=False), count=5)
    assert gateway.send() == [1, 2, 3]
    gateway.answer(1, reason=NOBODY)
    gateway.answer(3)
    assert (len(gateway.buffer), gateway.delivery.waiting) == (4, 3)
    gateway.answer(2)
    assert (len(gateway.buffer), gateway.delivery.acknowledged) == (2, 3)
    gateway.wait(3600.0)
    assert gateway.send() == [4, 5]


def test_refused_message_no_longer_counts() -> None:
    gateway = Gateway(count=2)
    gateway.send()
    gateway.answer(1, reason=0x87)
    assert gateway.send() == [2]
    assert (gateway.buffer.oldest, gateway.delivery.refused, gateway.delivery.waiting) == (2, 1, 1)
