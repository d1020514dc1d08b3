"""What a client can make the server keep or do with frames that are no messages."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from duelcast.app import App
from duelcast.clock import ManualClock
from duelcast.errors import SlowReader
from duelcast.gateway.connection import Connection
from tests.e2e.arena import make_arena
from tests.e2e.following import follow, publish_note, texts
from tests.e2e.metrics import connections, outbox_depth_bytes, received, slow_readers
from tests.e2e.raw import CLOSE, PING, TEXT, TIMEOUT_S, frame, raw_socket
from tests.e2e.slow import KIB, generous_server, slow_socket, until
from tests.serving import client, running

PINGS = 40_000
PAYLOAD = b"p" * 125


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest_asyncio.fixture
async def app(clock: ManualClock) -> AsyncIterator[App]:
    async with generous_server(clock) as app:
        yield app


async def test_pongs_that_a_client_does_not_take_do_not_pile_up(app: App) -> None:
    """While the socket is full only the newest PING is answered, which RFC 6455, 5.5.3 allows."""
    async with slow_socket(app, "arena") as slow:
        await slow.send(frame(PING, PAYLOAD) * PINGS + frame(PING, b"the last"))
        await until(lambda: outbox_depth_bytes(app) > 0)
        assert outbox_depth_bytes(app) < 64 * KIB
        answered = 0
        while (await slow.receive()).payload != b"the last":
            answered += 1
        assert answered < PINGS


async def test_a_defect_in_one_timer_leaves_the_others_running(app: App, clock: ManualClock) -> None:
    def defect(_now: float) -> None:
        raise ValueError("a defect")

    fired: list[float] = []
    app.node.gateway.wheel.schedule(clock.monotonic(), defect)
    app.node.gateway.wheel.schedule(clock.monotonic(), fired.append)
    await clock.advance(3)
    assert len(fired) == 1
    app.node.gateway.wheel.schedule(clock.monotonic(), fired.append)
    await clock.advance(3)
    assert len(fired) == 2


@pytest.mark.parametrize("target", ["//[", "http://[/", "//[::1", "/%00", "*"])
async def test_a_target_that_is_no_address_is_not_found_or_bad(app: App, target: str) -> None:
    request = (
        f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{app.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", app.port)
    try:
        writer.write(request.encode())
        async with asyncio.timeout(TIMEOUT_S):
            status = (await reader.readuntil(b"\r\n")).split()[1]
    finally:
        writer.transport.abort()
    assert status in (b"400", b"404")


async def test_what_was_published_before_a_drain_reaches_its_followers(app: App) -> None:
    async with client(app, "arena") as reader:
        await follow(reader, "note.last")
        publish_note(app, "last", "first")
        await reader.receive()
        publish_note(app, "last", "last words")
        await app.node.gateway.drain()
        frames = [await reader.receive()]
    assert texts(frames) == ["last words"]


async def test_connections_that_ended_hold_no_memory_until_their_timers(app: App) -> None:
    """Else whoever connects and leaves in a loop makes the server keep 30 s of that."""
    for _ in range(20):
        async with raw_socket(app, "arena"):
            pass
    await until(lambda: not connections(app))
    await asyncio.sleep(0)
    gc.collect()
    assert not [thing for thing in gc.get_objects() if type(thing) is Connection]


async def test_a_replay_costs_by_the_messages_that_it_brings() -> None:
    arena = make_arena(messages_per_minute=20)
    async with running(ManualClock(), endpoints={arena.path: arena}) as app:
        for number in range(1000):
            publish_note(app, "long", str(number))
        async with client(app, "arena") as reader:
            since = {"epoch": reader.epoch, "seq": 0}
            for _ in range(2):
                await reader.send(type="subscribe", channel="note.long", since=since)
            assert len(texts(await reader.drain())) == 2000
            assert (await reader.ask(type="get_subscriptions"))["code"] == "RATE_LIMIT_EXCEEDED"


async def test_no_pong_is_sent_behind_a_close(app: App) -> None:
    async with slow_socket(app, "arena", "?channel=note.full") as slow:
        await fill(app, "full")
        await slow.send(frame(PING, b"late"))
        await slow.send(frame(TEXT, b'{"type":"heartbeat"}'))
        await until(lambda: received(app) == 1)
        for connection in app.node.gateway.sockets:
            connection.close(SlowReader("for a test"))
        await slow.ending()
        await slow.send(frame(CLOSE, b"\x0f\xa8"))
        with pytest.raises(EOFError):
            await slow.receive()


async def fill(app: App, room: str) -> None:
    """Publish until the follower's socket is full."""
    while not slow_readers(app):
        publish_note(app, room, "x" * 50_000)
        await asyncio.sleep(0.01)
