"""Answers that a client does not read hold up that client alone (protocol §1.5)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio

from duelcast.app import App
from duelcast.clock import ManualClock
from tests.e2e.following import publish_score
from tests.e2e.market import put_token
from tests.e2e.metrics import closes, connections, outbox_depth_bytes, received
from tests.e2e.raw import TEXT, RawSocket, frame
from tests.e2e.slow import KIB, MIB, SYMBOLS, generous_server, read_on, read_to_the_end, slow_socket, until
from tests.serving import client

REPLY = "r" * 30_000
COMMANDS = 300


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest_asyncio.fixture
async def app(clock: ManualClock) -> AsyncIterator[App]:
    async with generous_server(clock) as app:
        yield app


@asynccontextmanager
async def sending_without_reading(slow: RawSocket) -> AsyncIterator[None]:
    """Commands go out for as long as the server takes them; more than the backlog may hold."""

    async def send() -> None:
        for number in range(COMMANDS):
            await slow.send_json(type="free", value=REPLY, requestId=f"r{number}")

    sending = asyncio.create_task(send())
    try:
        yield
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


async def stands_still(app: App, clock: ManualClock) -> None:
    """Wait until the server has stopped reading: time that passes changes nothing."""
    await until(lambda: outbox_depth_bytes(app) > 256 * KIB)
    before = -1.0
    while before != received(app):
        before = received(app)
        for _ in range(20):
            await asyncio.sleep(0.001)
    await clock.advance(1)


async def test_who_reads_no_replies_is_not_read_from_beyond_the_backlog_and_gets_all_in_the_end(
    app: App, clock: ManualClock
) -> None:
    async with slow_socket(app, "arena") as slow, client(app, "arena") as other, sending_without_reading(slow):
        await stands_still(app, clock)
        assert received(app) < COMMANDS / 2
        assert outbox_depth_bytes(app) < 256 * KIB + 2 * len(REPLY)
        assert (await other.ask(type="heartbeat"))["type"] == "heartbeat_ack"
        frames = [await slow.receive_message() for _ in range(COMMANDS)]
    assert [each["requestId"] for each in frames] == [f"r{number}" for number in range(COMMANDS)]
    assert all(each["value"] == REPLY for each in frames)


async def test_small_commands_with_large_answers_do_not_grow_the_backlog_either(app: App, clock: ManualClock) -> None:
    """They all arrive in one read."""
    description = "d" * 2000
    for symbol in SYMBOLS:
        await put_token(app, symbol, description=description)
    answer_bytes = 2 * len(SYMBOLS) * len(description)
    commands = 200
    async with slow_socket(app, "token-data") as slow:
        await slow.send(b"".join(frame(TEXT, b'{"type":"get_all_tokens"}') for _ in range(commands)))
        await until(lambda: outbox_depth_bytes(app) > 256 * KIB)
        await clock.advance(1)
        assert outbox_depth_bytes(app) < 256 * KIB + answer_bytes
        answers = [await slow.receive_message() for _ in range(commands)]
    assert all(len(answer["data"]) == len(SYMBOLS) for answer in answers)


async def test_the_heartbeat_rests_while_nothing_is_read_from_a_client(app: App, clock: ManualClock) -> None:
    async with slow_socket(app, "arena") as slow, sending_without_reading(slow):
        await stands_still(app, clock)
        taken = 0
        for _ in range(4):
            await clock.advance(45)
            depth = outbox_depth_bytes(app)
            while outbox_depth_bytes(app) >= depth:
                assert (await slow.receive())[0] == TEXT
                taken += 1
            await clock.advance(1)
        assert closes(app) == {}
        frames = [await slow.receive_message() for _ in range(COMMANDS - taken)]
    assert frames[-1]["requestId"] == f"r{COMMANDS - 1}"


async def test_who_takes_nothing_for_a_minute_is_closed(app: App, clock: ManualClock) -> None:
    async with slow_socket(app, "arena") as slow, sending_without_reading(slow):
        await stands_still(app, clock)
        await clock.advance(57)
        assert closes(app) == {}
        await clock.advance(4)
        assert closes(app) == {4008: 1}
        _, code, _ = await read_to_the_end(slow)
    assert code == 4008


async def test_a_snapshot_larger_than_the_mebibyte_reaches_a_slow_reader_whole(app: App, clock: ManualClock) -> None:
    players = 15_000
    for number in range(players):
        publish_score(app, "large", str(number), number)
    async with slow_socket(app, "arena") as slow:
        await slow.send_json(type="subscribe", channel="board.large")
        await until(lambda: outbox_depth_bytes(app) > MIB)
        await clock.advance(30)
        publish_score(app, "large", "0", -1)
        scores = [each for each in await read_on(slow) if each["type"] == "score"]
        assert closes(app) == {}
    assert [score["points"] for score in scores] == [*range(players), -1]


async def test_a_client_that_was_closed_and_still_takes_nothing_is_gone_in_the_end(
    app: App, clock: ManualClock
) -> None:
    async with slow_socket(app, "arena") as slow, sending_without_reading(slow):
        await stands_still(app, clock)
        await clock.advance(62)
        assert connections(app) == 1
        await clock.advance(60)
        await until(lambda: not connections(app))
        assert outbox_depth_bytes(app) == 0
