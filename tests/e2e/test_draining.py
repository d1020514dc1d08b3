"""SIGTERM: clients are sent away one by one, and the process ends (protocol §1.5, close 1012)."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import shutil
import signal
import socket
import statistics
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, closing, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.e2e.ending import retry_after_ms
from tests.e2e.process import COMMAND, Server, serving
from tests.e2e.raw import KEY, TEXT, frame

pytestmark = pytest.mark.process

CONNECTIONS = 500
OF_THEM_NOT_READING = 20
SPREAD_MS = 5_000
LIVELY: dict[str, Any] = {"feed": "simulated?seed=1&interval_ms=20", "price_interval_ms": 0, "send_buffer_bytes": 4096}
"""Prices that fill the buffers of who does not read within a moment."""
SUBSCRIBE = json.dumps({"type": "SUBSCRIBE_SYMBOLS", "symbols": ["*"]})


async def connected(stack: AsyncExitStack, server: Server) -> ClientConnection:
    """A client that reads what little it follows."""
    url = server.ws_url("market-data") + "?channel=metadata.SOL"
    return await stack.enter_async_context(connect(url, compression=None, proxy=None))


async def close_of(ws: ClientConnection) -> tuple[int, str]:
    """Read up to the close: its code and reason."""
    await read_up(ws)
    assert ws.close_code is not None
    return ws.close_code, ws.close_reason or ""


async def read_up(ws: ClientConnection) -> None:
    with suppress(ConnectionClosed):
        while True:
            await ws.recv()


def upgrade_request(server: Server) -> bytes:
    return (
        "GET /api/v69/ws/market-data HTTP/1.1\r\n"
        f"Host: 127.0.0.1:{server.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\r\n"
    ).encode()


async def deaf_socket(server: Server) -> socket.socket:
    """A client of every symbol that reads nothing but the answer to its upgrade."""
    loop = asyncio.get_running_loop()
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.setblocking(False)
    await loop.sock_connect(deaf, ("127.0.0.1", server.port))
    await loop.sock_sendall(deaf, upgrade_request(server))
    assert (await loop.sock_recv(deaf, 1024)).startswith(b"HTTP/1.1 101")
    await loop.sock_sendall(deaf, frame(TEXT, SUBSCRIBE.encode()))
    return deaf


@asynccontextmanager
async def deaf_clients(server: Server, count: int) -> AsyncIterator[None]:
    """Clients that do not read, each with a full socket."""
    with ExitStack() as sockets:
        for _ in range(count):
            sockets.enter_context(closing(await deaf_socket(server)))
        async with asyncio.timeout(60):
            while await server.metric("duelcast_slow_readers") < count:  # noqa: ASYNC110  # another process
                await asyncio.sleep(0.02)
        yield


def cpu_s(server: Server) -> float:
    """User and system time of a server that runs (proc(5), `stat`, fields 14 and 15)."""
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ended_children_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.mark.crash  # 500 connections
async def test_500_clients_are_sent_away_in_two_seconds_of_cpu_time_each_with_its_own_delay(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(
            serving(tmp_path, command=COMMAND, drain_spread_ms=SPREAD_MS, max_connections=600, **LIVELY)
        )
        await stack.enter_async_context(deaf_clients(server, OF_THEM_NOT_READING))
        readers = [await connected(stack, server) for _ in range(CONNECTIONS - OF_THEM_NOT_READING)]
        closes = [asyncio.create_task(close_of(ws)) for ws in readers]

        before_s = ended_children_cpu_s() + cpu_s(server)
        server.signal(signal.SIGTERM)
        exit_code = await server.ended()
        took_s = ended_children_cpu_s() - before_s

        told = await asyncio.gather(*closes)
    assert exit_code == 0
    assert took_s < 2
    assert {code for code, _ in told} == {1012}
    delays_ms = [retry_after_ms(reason) for _, reason in told]
    assert_even(delays_ms)
    assert abs(statistics.correlation(delays_ms, range(len(delays_ms)))) < 0.25
    assert {entry["level"] for entry in server.log()} == {"info"}


def assert_even(delays_ms: list[int]) -> None:
    """All different, and as many in each part of the span; those who do not read have theirs among them."""
    assert len(set(delays_ms)) == len(delays_ms)
    step_ms = SPREAD_MS / len(delays_ms)
    floor_ms = min(delays_ms) - step_ms / 2
    deviations_ms = [abs(delay - floor_ms - step_ms * (rank + 0.5)) for rank, delay in enumerate(sorted(delays_ms))]
    assert max(deviations_ms) < 0.05 * SPREAD_MS


async def test_the_log_tells_that_the_server_stops_and_that_it_has_stopped(tmp_path: Path) -> None:
    async with serving(tmp_path, feed="none") as server:
        server.signal(signal.SIGTERM)
        assert await server.ended() == 0
        events = [entry["event"] for entry in server.log()]
    assert events.index("stopping") < events.index("stopped") == len(events) - 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=lambda number: str(number.name))
async def test_a_signal_ends_a_server_without_clients_with_exit_code_0(tmp_path: Path, number: signal.Signals) -> None:
    # More connections than a machine has open files would be a warning.
    async with serving(tmp_path, feed="none", max_connections=100) as server:
        server.signal(number)
        assert await server.ended() == 0
        assert {entry["level"] for entry in server.log()} == {"info"}


async def test_sighup_sends_clients_away_as_sigterm_does(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(serving(tmp_path, feed="none"))
        witness = await connected(stack, server)
        server.signal(signal.SIGHUP)
        code, reason = await close_of(witness)
        assert (code, await server.ended()) == (1012, 0)
    assert retry_after_ms(reason)


@pytest.mark.skipif(shutil.which("nohup") is None, reason="there is no nohup")
async def test_a_server_that_was_started_to_outlive_its_terminal_does(tmp_path: Path) -> None:
    async with serving(tmp_path, command=("nohup", *COMMAND), feed="none") as server:
        server.signal(signal.SIGHUP)
        await server.until_ready()
        server.signal(signal.SIGTERM)
        assert await server.ended() == 0


async def test_clients_return_no_earlier_than_a_start_takes(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(serving(tmp_path, feed="none", drain_spread_ms=1_000))
        clients = [await connected(stack, server) for _ in range(20)]
        began_s = await server.metric("process_start_time_seconds")
        server.signal(signal.SIGTERM)
        delays_ms = [retry_after_ms((await close_of(each))[1]) for each in clients]
        assert await server.ended() == 0
        (listened,) = [entry["timestamp"] for entry in server.log() if entry["event"] == "listening"]
    start_ms = (datetime.fromisoformat(listened).timestamp() - began_s) * 1000
    a_tick_and_a_second_ms = 20 + 1_000  # the clock of processes is not that of the log to the millisecond
    assert min(delays_ms) > start_ms + 1_000 - a_tick_and_a_second_ms
    assert len(set(delays_ms)) == len(delays_ms)
    assert 900 < max(delays_ms) - min(delays_ms) < 1_000


async def test_the_least_delay_is_a_setting(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(
            serving(tmp_path, feed="none", drain_floor_ms=90_000, drain_spread_ms=1_000)
        )
        clients = [await connected(stack, server) for _ in range(2)]
        server.signal(signal.SIGTERM)
        delays_ms = {retry_after_ms((await close_of(each))[1]) for each in clients}
    assert delays_ms == {90_250, 90_750}


async def test_before_the_drain_the_port_stays_open_and_readyz_tells(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(serving(tmp_path, drain_delay_s=600, feed="none"))
        early = await connected(stack, server)
        server.signal(signal.SIGTERM)
        await until_draining(server)
        late = await connected(stack, server)
        async with httpx.AsyncClient(base_url=server.url, trust_env=False) as http:
            assert (await http.get("/api/v69/tokens")).status_code == 200
            assert (await http.get("/healthz")).status_code == 200
        for client in (early, late):
            assert await pong_of(client)
        server.signal(signal.SIGTERM)
        await server.ended()
        assert "stopped" not in [entry["event"] for entry in server.log()]


async def test_behind_the_delay_the_server_drains(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(serving(tmp_path, drain_delay_s=0.5, feed="none"))
        client = await connected(stack, server)
        server.signal(signal.SIGTERM)
        assert ((await close_of(client))[0], await server.ended()) == (1012, 0)
        events = [entry["event"] for entry in server.log()]
    assert events.index("draining") < events.index("stopping") < events.index("stopped")


async def until_draining(server: Server) -> None:
    """Ask on a new connection each time: the server may not have heard the signal yet."""
    async with asyncio.timeout(60):
        while True:
            async with httpx.AsyncClient(trust_env=False) as http:
                answer = await http.get(f"{server.url}/readyz")
            if answer.status_code == 503:
                assert answer.json()["status"] == "draining"
                return


async def pong_of(ws: ClientConnection) -> bool:
    """Whether a client is still served."""
    await ws.send(json.dumps({"type": "ping", "timestamp": "here"}))
    while True:
        frame = json.loads(await ws.recv())
        if frame["type"] == "pong":
            return bool(frame["timestamp"] == "here")


async def test_while_it_drains_nobody_new_gets_in(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(serving(tmp_path, **LIVELY))
        await stack.enter_async_context(deaf_clients(server, 1))
        witness = await connected(stack, server)
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        stack.callback(writer.transport.abort)
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=server.url, trust_env=False))
        assert (await http.get("/readyz")).json()["status"] == "ready"

        server.signal(signal.SIGTERM)
        assert (await close_of(witness))[0] == 1012
        readiness = await http.get("/readyz")
        writer.write(upgrade_request(server))
        answer = await reader.read(1024)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", server.port)
        assert server.process.returncode is None
        assert await server.ended() == 0
    assert (readiness.status_code, readiness.json()["status"]) == (503, "draining")
    assert not answer.startswith(b"HTTP/1.1 101")


async def test_a_second_signal_stops_at_once(tmp_path: Path) -> None:
    """A client that does not read would otherwise be waited for, and the log would say that the server has stopped."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(serving(tmp_path, **LIVELY))
        await stack.enter_async_context(deaf_clients(server, 1))
        witness = await connected(stack, server)
        server.signal(signal.SIGTERM)
        assert (await close_of(witness))[0] == 1012
        server.signal(signal.SIGTERM)
        await server.ended()
        assert "stopped" not in [entry["event"] for entry in server.log()]
