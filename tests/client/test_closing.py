"""Closing and cancelling: they always end, leave nothing behind, and concern nobody else."""

from __future__ import annotations

import asyncio
import base64
import gc
import hashlib
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress

import pytest

from duelcast.client import Client, Closed, RequestFailed
from duelcast.client.generated.common import GetSubscriptions
from tests.client.scripted import arrives, next_price, price, scripted, watching

CLOSE_TIMEOUT_S = 0.05


@asynccontextmanager
async def leaving_no_task() -> AsyncIterator[None]:
    """Fails if there are more tasks after the block than before it, or one was destroyed while it waited."""
    before = asyncio.all_tasks()
    problems: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, context: problems.append(context))
    yield
    assert asyncio.all_tasks() <= before
    gc.collect()
    assert problems == []


@asynccontextmanager
async def deaf_server() -> AsyncIterator[tuple[str, asyncio.Event]]:
    """A server that opens WebSockets and then never answers, not even a close. The event is set once it has read
    something behind the handshake."""
    heard = asyncio.Event()
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        request = await reader.readuntil(b"\r\n\r\n")
        key = next(line for line in request.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key:"))
        accept = key.split(b":")[1].strip() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        digest = base64.b64encode(hashlib.sha1(accept).digest())
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + digest + b"\r\n\r\n"
        )
        await reader.read(1)
        heard.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", heard
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()


async def test_close_ends_although_the_server_does_not_answer_it() -> None:
    async with deaf_server() as (url, heard), leaving_no_task():
        client = Client(url, close_timeout=CLOSE_TIMEOUT_S)
        async with client:
            waiting = next_price(client)
            await heard.wait()
        with pytest.raises(Closed):
            await waiting


async def test_a_close_that_is_cancelled_leaves_no_task() -> None:
    async with deaf_server() as (url, heard), leaving_no_task():
        client = await Client(url, close_timeout=3_600).__aenter__()
        stream = client.market("SOL")
        waiting = asyncio.create_task(anext(stream))
        await heard.wait()
        closing = asyncio.create_task(client.close())
        with pytest.raises(Closed):
            await waiting
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing
        await client.close()


async def test_close_abandons_a_connection_that_is_being_opened() -> None:
    writers: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()
    silent = await asyncio.start_server(lambda _reader, writer: writers.put_nowait(writer), "127.0.0.1", 0)
    async with leaving_no_task():
        url = f"ws://127.0.0.1:{silent.sockets[0].getsockname()[1]}"
        client = Client(url, close_timeout=3_600)
        async with client:
            waiting = next_price(client)
            writer = await writers.get()
        with pytest.raises(Closed):
            await waiting
    writer.close()
    silent.close()


async def test_close_does_not_wait_for_the_token_provider() -> None:
    asked = asyncio.Event()

    async def provider() -> str:
        asked.set()
        await asyncio.Event().wait()
        return "never"

    async with leaving_no_task(), scripted() as server:
        async with Client(server.url, token=provider) as client:
            waiting = next_price(client)
            await asked.wait()
        with pytest.raises(Closed):
            await waiting


async def test_everything_that_waits_raises_closed() -> None:
    async with leaving_no_task(), scripted() as server:
        async with Client(server.url) as client:
            prices, tracked = client.market("SOL"), client.track("opened")
            room = client.room(2)
            await room.__aenter__()
            waiting: list[Awaitable[object]] = [
                asyncio.ensure_future(one)
                for one in (
                    anext(prices),
                    client.contest.request(GetSubscriptions()),
                    room.ready(),
                    room.send("gg"),
                    anext(room.chat()),
                )
            ]
            await asyncio.sleep(0)
        for one in [*waiting, tracked]:
            with pytest.raises(Closed):
                await one
        with pytest.raises(Closed):
            await anext(prices)
        with pytest.raises(Closed):
            await client.contest.request(GetSubscriptions())
        with pytest.raises(Closed):
            await room.ready()
        await client.close()


async def test_a_client_that_is_never_used_opens_and_closes_nothing() -> None:
    async with leaving_no_task(), Client("ws://127.0.0.1:9"):
        pass


async def test_a_failing_block_closes_too() -> None:
    async with leaving_no_task(), scripted() as server:
        with suppress(ZeroDivisionError):
            async with Client(server.url) as client:
                waiting = next_price(client)
                await server.peer()
                raise ZeroDivisionError
        with pytest.raises(Closed):
            await waiting


async def test_cancelling_a_request_concerns_no_other() -> None:
    async with watching() as watched, watched.client as client:
        cancelled, other = (asyncio.create_task(client.market_data.request(GetSubscriptions())) for _ in range(2))
        peer = await watched.greeted()
        first, second = await peer.receive(), await peer.receive()
        cancelled.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cancelled
        await peer.answer(first, type="subscriptions", data=[])
        await peer.answer(second, type="subscriptions", data=[])
        assert (await other).data == []


async def test_cancelling_a_reader_concerns_no_other() -> None:
    async with watching() as watched, watched.client as client:
        cancelled, other = (next_price(client) for _ in range(2))
        peer = await watched.greeted()
        await peer.receive_type("subscribe")
        cancelled.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cancelled
        await arrives(peer, other)


async def test_a_cancelled_reader_can_go_on_without_losing_anything() -> None:
    async with watching(token="t1") as watched, watched.client as client:
        prices = client.market("SOL")
        for _ in range(2):
            reading = asyncio.create_task(anext(prices))
            await asyncio.sleep(0)
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
        reading = asyncio.create_task(anext(prices))
        peer = await watched.greeted()
        await arrives(peer, reading)


async def test_a_request_that_nobody_answers_times_out() -> None:
    async with watching() as watched, watched.client as client:
        request = asyncio.create_task(client.market_data.request(GetSubscriptions(), timeout=5))
        peer = await watched.greeted()
        await peer.receive_type("get_subscriptions")
        await watched.clock.advance(5.01)
        with pytest.raises(RequestFailed, match="TIMEOUT") as failed:
            await request
        assert failed.value.retriable


async def test_after_closing_every_iterator_raises_closed_even_if_items_wait() -> None:
    async with (
        watching() as watched,
        watched.client as client,
        client.market("SOL") as read,
        client.market("SOL") as unread,
    ):
        peer = await watched.greeted()
        await peer.send(price("SOL", 1, 1))
        await anext(read)
        async with client.room(2) as room:
            await client.close()
            for stream in (unread, client.market("SOL"), room.changes(), room.chat(), client.contest.follow()):
                with pytest.raises(Closed):
                    await anext(stream)
