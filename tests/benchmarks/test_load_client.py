"""The load client detects the faults of a server. In each test, a server has one fault on purpose."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

import msgspec
import pytest
import websockets
from benchmarks.measuring import Measurement
from benchmarks.programs import compile_program
from websockets.asyncio.server import ServerConnection, serve

pytestmark = pytest.mark.skipif(not any(map(shutil.which, ("cc", "gcc", "clang"))), reason="needs a C compiler")

CLIENTS = 3
TICKS = 40
TICK_S = 0.02

Fault = Callable[[int, int], str | None]
"""Called with the number of a client and a `seq`; returns the message to send, or None to send nothing."""


def price(seq: int) -> str:
    time = "2026-01-02T03:04:05.678Z"
    return (
        f'{{"type":"MARKET_PRICE","data":{{"symbol":"SOL","price":1.5,"timestamp":"{time}"}},'
        f'"timestamp":"{time}","channel":"market.SOL","seq":{seq}}}'
    )


class Exchange:
    """Sends each client what `fault` returns for each number from 1 on."""

    def __init__(self, fault: Fault) -> None:
        self._fault = fault
        self._clients: list[ServerConnection] = []

    async def handle(self, client: ServerConnection) -> None:
        with suppress(websockets.ConnectionClosed):
            async for text in client:
                message = json.loads(text)
                if message["type"] == "SUBSCRIBE_SYMBOLS":
                    self._clients.append(client)
                    await client.send('{"type":"symbols_subscribed","symbols":["SOL"],"unknown":[]}')
                else:
                    await client.send(f'{{"type":"pong","requestId":"{message["requestId"]}"}}')

    async def tick(self) -> None:
        for seq in range(1, TICKS):
            for number, client in enumerate(self._clients):
                text = self._fault(number, seq)
                if text is not None:
                    with suppress(websockets.ConnectionClosed):
                        await client.send(text)
            await asyncio.sleep(TICK_S)


@pytest.fixture
def subscription(tmp_path: Path) -> str:
    path = tmp_path / "subscriptions"
    path.write_text('{"type":"SUBSCRIBE_SYMBOLS","symbols":["SOL"]}\n')
    return str(path)


@contextmanager
def requests(*lines: str) -> Iterator[str]:
    """A file with these lines."""
    with NamedTemporaryFile("w") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        yield file.name


async def measured(port: int | str, *options: str) -> Measurement:
    command = [str(compile_program("load")), "--port", str(port), "--pid", str(os.getpid())]
    process = await asyncio.create_subprocess_exec(
        *command,
        *["--connections", str(CLIENTS), "--warmup", "0.1", "--quiet-ms", "5", *options],
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    return msgspec.json.decode(output, type=Measurement)


async def followed(fault: Fault, subscription: str) -> Measurement:
    """The load client's report on an exchange with this fault. The last tick is sent before the measurement ends."""
    exchange = Exchange(fault)
    async with serve(exchange.handle, "127.0.0.1", 0, compression=None) as server:
        port = server.sockets[0].getsockname()[1]
        ticking = asyncio.create_task(exchange.tick())
        seconds = str(TICKS * TICK_S + 0.5)
        result = await measured(port, "--mode", "push", "--subscriptions", subscription, "--seconds", seconds)
        await ticking
    return result


async def test_a_faultless_exchange_has_no_faults(subscription: str) -> None:
    result = await followed(lambda _client, seq: price(seq), subscription)
    assert result.faults == {}
    assert result.gaps == 0
    assert result.settled == 1
    assert result.messages > CLIENTS


async def test_a_frame_that_is_not_whole_is_torn(subscription: str) -> None:
    result = await followed(lambda _client, seq: price(seq)[: -1 if seq == 20 else None], subscription)
    assert result.faults == {"torn": CLIENTS}


async def test_a_number_that_comes_again_or_late_is_disorder(subscription: str) -> None:
    result = await followed(lambda _client, seq: price(15 if seq == 20 else seq), subscription)
    assert result.faults["disordered"] == CLIENTS


async def test_a_number_that_is_left_out_is_a_gap(subscription: str) -> None:
    result = await followed(lambda client, seq: None if (client, seq) == (1, 30) else price(seq), subscription)
    assert (result.faults, result.gaps) == ({}, 1)


async def test_who_does_not_get_the_newest_message_is_behind(subscription: str) -> None:
    result = await followed(lambda client, seq: None if client == 2 and seq == TICKS - 1 else price(seq), subscription)
    assert result.faults == {"behind": 1}


async def test_who_gets_nothing_at_all_is_silent(subscription: str) -> None:
    result = await followed(lambda client, seq: None if client == 2 else price(seq), subscription)
    assert result.faults == {"behind": 1, "silent": 1}


async def test_a_server_that_sends_nothing_is_a_fault(subscription: str) -> None:
    result = await followed(lambda *_: None, subscription)
    assert result.faults == {"silent": CLIENTS}


async def test_an_answer_to_something_else_is_a_mismatch() -> None:
    async def answer(client: ServerConnection) -> None:
        with suppress(websockets.ConnectionClosed):
            async for _ in client:
                await client.send('{"type":"pong","requestId":"of-somebody-else"}')

    async with serve(answer, "127.0.0.1", 0, compression=None) as server:
        port = server.sockets[0].getsockname()[1]
        result = await measured(port, "--mode", "ping", "--seconds", "0.2")
    assert result.faults.keys() == {"mismatched"}


async def test_a_ping_is_answered_once_each_at_the_asked_rate() -> None:
    async with serve(Exchange(lambda *_: None).handle, "127.0.0.1", 0, compression=None) as server:
        port = server.sockets[0].getsockname()[1]
        result = await measured(port, "--mode", "ping", "--seconds", "0.5", "--rate", "200")
    assert result.faults == {}
    assert 0 < result.messages <= 200 * result.seconds + CLIENTS


async def test_a_connection_that_ends_is_seen() -> None:
    async def leave(client: ServerConnection) -> None:
        await client.recv()

    async with serve(leave, "127.0.0.1", 0, compression=None) as server:
        port = server.sockets[0].getsockname()[1]
        result = await measured(port, "--mode", "ping", "--seconds", "0.2")
    assert result.faults["closed"] > 0


async def test_a_request_without_an_answer_is_a_fault() -> None:
    """A push about the request is not its answer."""

    async def push(client: ServerConnection) -> None:
        with suppress(websockets.ConnectionClosed):
            async for text in client:
                said = json.loads(text)["messageId"]
                if said.startswith("000001"):
                    await client.send(f'{{"type":"said","messageId":"{said}","channel":"room.1","seq":1}}')
                else:
                    await client.send(f'{{"type":"said","requestId":"{said}","channel":"room.1","seq":1}}')

    with requests('{"type":"say","messageId":"$","requestId":"$"}') as file:
        async with serve(push, "127.0.0.1", 0, compression=None) as server:
            port = server.sockets[0].getsockname()[1]
            options = ("--requests", file, "--seconds", "0.2", "--doze")
            result = await measured(port, "--mode", "ping", *options)
    assert result.faults == {"silent": 1, "unanswered": 1}


async def test_requests_are_numbered_and_answered_also_after_the_window() -> None:
    said = []

    async def answer(client: ServerConnection) -> None:
        with suppress(websockets.ConnectionClosed):
            async for text in client:
                message = json.loads(text)
                said.append(message["requestId"])
                await client.send(f'{{"type":"{message["type"]}","requestId":"{message["requestId"]}"}}')

    with requests('{"type":"one","requestId":"$"}', '{"type":"two","requestId":"$"}') as file:
        async with serve(answer, "127.0.0.1", 0, compression=None) as server:
            port = server.sockets[0].getsockname()[1]
            result = await measured(port, "--mode", "ping", "--requests", file, "--seconds", "0.2")
    assert result.faults == {}
    assert result.asked == len(said) == len(set(said))
    assert {len(number) for number in said} == {12}


async def test_connections_take_the_ports_in_turn_and_processes_beside_are_measured_apart() -> None:
    clients = Counter[int]()

    def counting(number: int) -> Callable[[ServerConnection], Awaitable[None]]:
        async def count(client: ServerConnection) -> None:
            clients[number] += 1
            await client.wait_closed()

        return count

    async with (
        serve(counting(0), "127.0.0.1", 0, compression=None) as first,
        serve(counting(1), "127.0.0.1", 0, compression=None) as second,
    ):
        ports = ",".join(str(server.sockets[0].getsockname()[1]) for server in (first, second))
        beside = f"{os.getpid()},{os.getppid()}"
        result = await measured(ports, "--mode", "idle", "--beside", beside, "--seconds", "0.1")
    assert clients == {0: 2, 1: 1}
    assert len(result.beside_cpu_s) == 2
