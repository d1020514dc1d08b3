"""A client that reads slowly never slows another and never grows the server's memory (protocol §1.5)."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from functools import partial
from itertools import pairwise

import httpx
import pytest
import pytest_asyncio

from duelcast.app import App
from duelcast.clock import ManualClock
from tests.e2e.following import publish_note, publish_score
from tests.e2e.market import put_token
from tests.e2e.metrics import closes, metric, outbox_depth_bytes, received, slow_readers
from tests.e2e.slow import (
    KIB,
    MIB,
    SYMBOLS,
    flood_with_prices,
    follow_all_prices,
    generous_server,
    publish_price,
    read_on,
    read_to_the_end,
    slow_socket,
    until,
)
from tests.serving import Client, client, settled

MESSAGES = 3000
MESSAGES_PER_SECOND = 1000
BATCH = 10
"""Fewer than there are symbols, so that who keeps up sees each price."""
KERNEL_BUFFERS_BYTES = 320 * KIB
"""What the kernel holds of one connection: twice the send buffer (Linux counts its bookkeeping), and the receiver's."""
READERS = 3


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest_asyncio.fixture
async def app(clock: ManualClock) -> AsyncIterator[App]:
    async with generous_server(clock) as app:
        yield app


async def publish_paced(app: App, publish: Callable[[int], None], count: int = MESSAGES) -> float:
    """Call `publish` with 0 to `count`, 1,000 times a second; the deepest that the outboxes were meanwhile."""
    deepest = 0.0
    for start in range(0, count, BATCH):
        for number in range(start, start + BATCH):
            publish(number)
        if start % 100 == 0:
            deepest = max(deepest, outbox_depth_bytes(app))
        await asyncio.sleep(BATCH / MESSAGES_PER_SECOND)
    return deepest


# ── prices ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def follow_prices(reader: Client) -> None:
    await reader.ask(type="SUBSCRIBE_SYMBOLS", symbols=["*"])
    await reader.drain()


async def read_prices(reader: Client) -> list[int]:
    """All prices up to the last that will be published."""
    prices: list[int] = []
    while not prices or prices[-1] != MESSAGES - 1:
        frame = await reader.receive()
        if frame["type"] == "MARKET_PRICE":
            prices.append(int(frame["data"]["price"]))
    return prices


async def test_a_client_that_stops_reading_gets_the_newest_prices_and_nobody_else_notices(app: App) -> None:
    for symbol in SYMBOLS:
        await put_token(app, symbol)
    async with AsyncExitStack() as stack:
        slow = await stack.enter_async_context(slow_socket(app, "market-data"))
        await follow_all_prices(slow)
        readers = [await stack.enter_async_context(client(app, "market-data")) for _ in range(READERS)]
        for reader in readers:
            await follow_prices(reader)
        reading = [asyncio.create_task(read_prices(reader)) for reader in readers]
        before_bytes = metric(app, "process_resident_memory_bytes")
        deepest_bytes = await publish_paced(app, lambda number: publish_price(app, number))
        grown_bytes = metric(app, "process_resident_memory_bytes") - before_bytes

        assert await asyncio.gather(*reading) == [list(range(MESSAGES))] * READERS
        assert 0 < deepest_bytes < 256 * KIB
        assert grown_bytes < 32 * MIB

        prices = [frame["data"] for frame in await read_on(slow) if frame["type"] == "MARKET_PRICE"]
        assert len(prices) < MESSAGES / 2
        newest = {data["symbol"]: int(data["price"]) for data in prices}
        assert sorted(newest.values()) == list(range(MESSAGES - len(SYMBOLS), MESSAGES))
        publish_price(app, MESSAGES)
        assert [frame["data"]["price"] for frame in await read_on(slow) if "data" in frame] == [MESSAGES]


async def test_no_price_of_a_slow_reader_is_older_than_one_that_it_got_before(app: App) -> None:
    async with slow_socket(app, "market-data") as slow:
        await follow_all_prices(slow)
        await flood_with_prices(app)
        frames = await read_on(slow)
    seqs = defaultdict(list)
    for frame in frames:
        if "seq" in frame:
            seqs[frame["channel"]].append(frame["seq"])
    assert len(seqs) == len(SYMBOLS)
    assert all(earlier < later for numbers in seqs.values() for earlier, later in pairwise(numbers))


async def test_the_metrics_tell_of_slow_readers_and_what_waits_for_them(app: App) -> None:
    async with slow_socket(app, "market-data") as slow:
        await follow_all_prices(slow)
        await flood_with_prices(app)
        await until(lambda: slow_readers(app) == 1)
        async with httpx.AsyncClient(trust_env=False) as http:
            text = (await http.get(f"{app.url}/metrics")).text
        shown = dict(line.split(" ") for line in text.splitlines() if line.startswith("duelcast_") and "{" not in line)
        assert float(shown["duelcast_slow_readers"]) == 1
        assert 0 < float(shown["duelcast_outbox_depth_bytes"]) < 256 * KIB
        await read_on(slow)
        await until(lambda: slow_readers(app) == 0)
        assert outbox_depth_bytes(app) == 0


# ── numbered messages ───────────────────────────────────────────────────────────────────────────────────────────────


LONG = "x" * 500


async def read_notes(reader: Client, count: int) -> list[int]:
    """The `seq` of the next notes."""
    return [(await reader.receive())["seq"] for _ in range(count)]


async def test_who_falls_a_mebibyte_behind_on_numbered_messages_is_closed_and_recovers_without_loss(
    app: App, clock: ManualClock
) -> None:
    async with (
        slow_socket(app, "arena", "?channel=note.slow") as slow,
        client(app, "arena", "?channel=note.slow") as reader,
    ):
        reading = asyncio.create_task(read_notes(reader, MESSAGES))
        deepest_bytes = await publish_paced(app, lambda _number: publish_note(app, "slow", LONG))
        await clock.advance(1)
        assert await reading == list(range(1, MESSAGES + 1))
        assert 0 < deepest_bytes < 256 * KIB
        assert closes(app) == {4008: 1}
        before, code, _ = await read_to_the_end(slow)
    assert code == 4008
    handled = [frame["seq"] for frame in before]
    assert handled == list(range(1, len(before) + 1))
    assert len(handled) < MESSAGES

    query = f"?since=note.slow,{reader.epoch},{handled[-1]}"
    async with client(app, "arena", query, greeted=False) as again:
        frames = await again.receive_until(type="connection_established")
        publish_note(app, "slow", "after")
        frames += await again.drain()
    confirmed = next(frame for frame in frames if frame["type"] == "subscription_confirmed")
    assert confirmed["recovered"] is True
    assert [frame["seq"] for frame in frames if frame["type"] == "note"] == list(range(handled[-1] + 1, MESSAGES + 2))


async def test_who_falls_less_than_a_mebibyte_behind_stays_and_gets_every_message(app: App, clock: ManualClock) -> None:
    count = (KERNEL_BUFFERS_BYTES + MIB // 2) // 600
    async with slow_socket(app, "arena", "?channel=note.most") as slow:
        for _ in range(count):
            publish_note(app, "most", LONG)
        await until(lambda: slow_readers(app) == 1)
        await clock.advance(2)
        notes = [frame for frame in await read_on(slow) if frame["type"] == "note"]
    assert [note["seq"] for note in notes] == list(range(1, count + 1))


async def test_messages_of_latest_channels_do_not_count_towards_the_mebibyte(app: App, clock: ManualClock) -> None:
    async with slow_socket(app, "arena", "?channel=board.slow") as slow:
        for number in range(20_000):
            publish_score(app, "slow", str(number % 100), number)
            if number % 500 == 0:
                await asyncio.sleep(0.001)
        await settled(app)
        await clock.advance(2)
        scores = [frame for frame in await read_on(slow) if frame["type"] == "score"]
        assert closes(app) == {}
    assert {score["player"]: score["points"] for score in scores} == {
        str(number % 100): number for number in range(19_900, 20_000)
    }


def has_received(app: App, count: int) -> bool:
    return received(app, "market-data") == count


async def test_who_takes_no_prices_for_a_minute_is_closed(app: App, clock: ManualClock) -> None:
    async with slow_socket(app, "market-data") as slow:
        await follow_all_prices(slow)
        await flood_with_prices(app)
        await until(lambda: slow_readers(app) == 1)
        for beats in range(4):
            await slow.send_json(type="heartbeat")
            await until(partial(has_received, app, beats + 2))
            await clock.advance(14)
        assert closes(app) == {}
        await clock.advance(6)
        assert closes(app) == {4008: 1}
