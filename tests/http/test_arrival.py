from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from structlog.testing import capture_logs

from tests.http.announcing import PATIENCE_S, Announced, announced
from tests.http.serving import Serving

REQUESTS = 5


def posted(server: Serving, length: int) -> AbstractAsyncContextManager[Announced]:
    return announced(server, "POST", "/api/v69/tokens/prices", length, server.admin)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - what a real socket brings sets no event
            await asyncio.sleep(0.001)


async def test_a_body_that_does_not_come_is_given_up_after_30_seconds(server: Serving) -> None:
    async with posted(server, 100) as request:
        request.writer.write(b"[")
        await server.clock.advance(30)
        answer = await asyncio.wait_for(request.reader.read(), PATIENCE_S)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"REQUEST_TIMEOUT"' in answer


async def test_a_body_may_take_its_time_until_then(server: Serving) -> None:
    async with posted(server, 3) as request:
        for byte in (b"[", b" ", b"]"):
            await server.clock.advance(9)
            request.writer.write(byte)
            await asyncio.sleep(0.01)
        assert await request.status() == 200


async def test_a_client_that_leaves_in_the_middle_is_no_defect(server: Serving) -> None:
    with capture_logs() as logs:
        async with posted(server, 100) as request:
            request.writer.write(b"[")
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
