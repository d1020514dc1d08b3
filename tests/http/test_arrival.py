from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from structlog.testing import capture_logs

from tests.http.serving import Serving

PATIENCE_S = 60.0
REQUESTS = 5


@asynccontextmanager
async def announced(server: Serving, length: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection with a request whose body of `length` bytes the server waits for."""
    url = server.client.base_url
    reader, writer = await asyncio.open_connection(url.host, url.port)
    headers = server.admin | {
        "Host": "localhost",
        "Content-Type": "application/json",
        "Content-Length": str(length),
        "Expect": "100-continue",
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    writer.write(f"POST /api/v69/tokens/prices HTTP/1.1\r\n{head}\r\n".encode())
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    try:
        yield reader, writer
    finally:
        writer.close()
        await writer.wait_closed()


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - what a real socket brings sets no event
            await asyncio.sleep(0.001)


async def test_a_body_that_does_not_come_is_given_up_after_30_seconds(server: Serving) -> None:
    async with announced(server, 100) as (reader, writer):
        writer.write(b"[")
        await server.clock.advance(30)
        answer = await asyncio.wait_for(reader.read(), PATIENCE_S)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"REQUEST_TIMEOUT"' in answer


async def test_a_body_may_take_its_time_until_then(server: Serving) -> None:
    async with announced(server, 3) as (reader, writer):
        for byte in (b"[", b" ", b"]"):
            await server.clock.advance(9)
            writer.write(byte)
            await asyncio.sleep(0.01)
        answer = await asyncio.wait_for(reader.readuntil(b"\r\n"), PATIENCE_S)
    assert answer == b"HTTP/1.1 200 OK\r\n"


async def test_a_client_that_leaves_in_the_middle_is_no_defect(server: Serving) -> None:
    with capture_logs() as logs:
        async with announced(server, 100) as (_, writer):
            writer.write(b"[")
        await until(lambda: logs)
    (line,) = logs
    assert (line["log_level"], line["status"]) == ("info", 400)


async def test_no_timer_is_left_behind_a_request(server: Serving) -> None:
    before = asyncio.all_tasks()
    for _ in range(REQUESTS):
        answer = await server.client.post("/api/v69/tokens/prices", json=[], headers=server.admin)
        assert answer.status_code == 200
    await asyncio.sleep(0.01)
    left = [repr(task.get_coro()) for task in asyncio.all_tasks() - before]
    # The server itself may have begun to wait for something.
    assert len([coroutine for coroutine in left if "ManualClock.sleep" in coroutine]) < REQUESTS
