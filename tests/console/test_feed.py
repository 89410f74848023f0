"""The fan-out by itself: order, bounds, threads."""

from __future__ import annotations

import asyncio
import threading

from console.feed import RESYNC, Feed, frame


def test_frame_has_id_kind_and_data() -> None:
    assert frame("alarm", b'{"a":1}', 7) == b'id: 7\nevent: alarm\ndata: {"a":1}\n\n'
    assert frame("colour", b"{}") == b"event: colour\ndata: {}\n\n"


def test_every_subscriber_gets_every_event_in_order() -> None:
    async def run() -> None:
        feed = Feed()
        with feed.subscribe(None) as one, feed.subscribe(None) as two:
            assert feed.subscribers == 2
            feed.publish("alarm", {"n": 1}, 1)
            feed.publish("alarm", {"n": float("nan")}, 2)
            expected = RESYNC + frame("alarm", b'{"n":1}', 1) + frame("alarm", b'{"n":null}', 2)
            assert await one.take(1) == expected
            assert await two.take(1) == expected
            assert await one.take(0) == b""
        assert (feed.subscribers, feed.newest, feed.published) == (0, 2, 2)

    asyncio.run(run())


def test_a_full_queue_becomes_one_resync_and_is_counted() -> None:
    async def run() -> None:
        feed = Feed(queue_frames=3)
        feed.publish("alarm", {}, 0)
        with feed.subscribe(0) as slow:
            for number in range(1, 5):
                feed.publish("alarm", {"n": number}, number)
            assert await slow.take(1) == RESYNC
            assert feed.resyncs == 1
            feed.publish("alarm", {"n": 5}, 5)
            assert await slow.take(1) == frame("alarm", b'{"n":5}', 5)

    asyncio.run(run())


def test_publishing_from_many_threads_loses_nothing() -> None:
    events_each, threads = 200, 4

    async def run() -> bytes:
        feed = Feed(queue_frames=events_each * threads + 1)
        heard = b""
        with feed.subscribe(None) as subscriber:

            def publish() -> None:
                for _ in range(events_each):
                    feed.publish("alarm", {})

            workers = [threading.Thread(target=publish) for _ in range(threads)]
            for worker in workers:
                worker.start()
            while heard.count(b"event: alarm") < events_each * threads:
                data = await subscriber.take(5)
                assert data != b""
                heard += data
            for worker in workers:
                worker.join()
        return heard

    assert asyncio.run(run()).count(b"event: alarm") == events_each * threads


def test_disconnect_wakes_those_that_wait() -> None:
    async def run() -> None:
        feed = Feed()
        with feed.subscribe(None) as subscriber:
            await subscriber.take(1)
            waiting = asyncio.create_task(subscriber.take(60))
            await asyncio.sleep(0)
            feed.disconnect()
            assert await asyncio.wait_for(waiting, 5) == b""
            assert subscriber.ended

    asyncio.run(run())


def test_publishing_after_the_loop_closed_is_harmless() -> None:
    feed = Feed()

    async def leave_open() -> object:
        context = feed.subscribe(None)
        context.__enter__()
        return context

    kept = asyncio.run(leave_open())
    feed.publish("alarm", {}, 1)
    assert feed.subscribers == 1
    del kept
