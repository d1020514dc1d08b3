"""More clients than the process may have descriptors for."""

from __future__ import annotations

import asyncio
import json
import resource
import socket
import sys
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.e2e.process import COMMAND, Server, serving
from tests.e2e.slow import until

pytestmark = pytest.mark.process

CLIENTS = 400
OPEN_FILES = 256


def within(soft: int, hard: int) -> list[str]:
    """The command of a server that may have so many open files."""
    limited = f"import os, resource, sys; resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard})); "
    return [sys.executable, "-c", f"{limited}os.execv(sys.argv[1], sys.argv[1:])", *COMMAND]


@pytest.fixture(autouse=True)
def _descriptors_of_the_tests() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 2 * CLIENTS:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4 * CLIENTS), hard))


async def is_healthy(server: Server) -> bool:
    async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
        return (await http.get(f"{server.url}/healthz")).status_code == 200


async def all_connected(server: Server, stack: AsyncExitStack) -> list[ClientConnection]:
    return [
        await stack.enter_async_context(
            connect(server.ws_url("market-data"), compression=None, proxy=None, open_timeout=60)
        )
        for _ in range(CLIENTS)
    ]


async def first_code(client: ClientConnection) -> str | None:
    """The code of the error that a client got first; None if it was welcome."""
    async with asyncio.timeout(60):
        code: str | None = json.loads(await client.recv()).get("code")
    return code


def lines(server: Server, event: str) -> list[dict[str, Any]]:
    return [line for line in server.log() if line["event"] == event]


async def test_the_soft_limit_is_raised_so_that_all_clients_find_room(tmp_path: Path) -> None:
    async with (
        serving(tmp_path, command=within(OPEN_FILES, 4096), feed="none") as server,
        AsyncExitStack() as stack,
    ):
        clients = await all_connected(server, stack)
        assert {await first_code(client) for client in clients} == {None}
        assert [line["limit"] for line in lines(server, "descriptors")] == [4096]


async def test_more_websockets_than_there_are_descriptors_for_are_told_so(tmp_path: Path) -> None:
    command = within(OPEN_FILES, OPEN_FILES)
    async with (
        serving(tmp_path, command=command, feed="none", max_connections=1000) as server,
        AsyncExitStack() as stack,
    ):
        codes = [await first_code(client) for client in await all_connected(server, stack)]
        (lowered,) = lines(server, "max_connections_lowered")
        assert 0 < codes.count(None) <= lowered["max_connections"]
        assert set(codes) == {None, "TOO_MANY_CONNECTIONS"}
        assert await is_healthy(server)
        assert len(server.log()) < 50


async def test_sockets_that_take_all_descriptors_are_waited_out(tmp_path: Path) -> None:
    command = within(OPEN_FILES, OPEN_FILES)
    async with serving(tmp_path, command=command, feed="none", http_head_timeout_s=3) as server:
        with ExitStack() as stack:
            for _ in range(CLIENTS):
                stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            await until(lambda: bool(lines(server, "accepting_paused")))
            assert await is_healthy(server)
        assert len(lines(server, "accepting_paused")) == 1
        assert len(server.log()) < 50
        assert await server.metric("duelcast_accepting_pauses_total") >= 1
