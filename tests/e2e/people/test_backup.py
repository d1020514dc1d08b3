"""A backup taken while clients write, restored elsewhere: everything that was acknowledged before it began is there."""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from duelcast.channels.names import Role
from duelcast.clock import SystemClock
from duelcast.domain.accounts.tokens import TokenIssuer
from tests.cli.running import Finished
from tests.e2e.process import COMMAND, Server, environment, kill, serving
from tests.serving import RECEIVE_TIMEOUT_S, SECRET

pytestmark = pytest.mark.process

SETTINGS: dict[str, Any] = {"feed": "none", "jwt_secret": SECRET, "rate_limit_factor": 0}
WRITERS = 4
ENOUGH = 100
"""Acknowledgements of each kind before the backup, and as many behind it."""


def headers(wallet: str, role: Role = Role.USER) -> dict[str, str]:
    return {"Authorization": f"Bearer {TokenIssuer(SystemClock(), SECRET).issue(wallet, role)}"}


@asynccontextmanager
async def socket(server: Server, endpoint: str, wallet: str) -> AsyncIterator[ClientConnection]:
    async with connect(
        server.ws_url(endpoint), additional_headers=headers(wallet), compression=None, proxy=None
    ) as opened:
        yield opened


async def ask(ws: ClientConnection, **message: Any) -> dict[str, Any]:
    """The answer to a message; what else comes is passed over."""
    request_id = str(uuid.uuid4())
    await ws.send(json.dumps({**message, "requestId": request_id}))
    async with asyncio.timeout(RECEIVE_TIMEOUT_S):
        while True:
            frame: dict[str, Any] = json.loads(await ws.recv())
            if frame.get("requestId") == request_id:
                assert frame["type"] != "error", frame
                return frame


async def call(server: Server, method: str, path: str, body: Any = None) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as http:
        return await http.request(method, f"{server.url}/api/v69{path}", json=body, headers=headers("boss", Role.ADMIN))


async def duelcast(folder: Path, *arguments: str) -> Finished:
    process = await asyncio.create_subprocess_exec(
        *COMMAND, *arguments, env=environment(folder, **SETTINGS), stdin=DEVNULL, stdout=PIPE, stderr=PIPE
    )
    try:
        out, err = await process.communicate()
    finally:
        await kill(process)
    return Finished(process.returncode or 0, out.decode(), err.decode())


class Writer:
    """Writes one message after the other, each once the one before is acknowledged. `acknowledged` are ids."""

    def __init__(self, server: Server, wallet: str) -> None:
        self.acknowledged: list[str] = []
        self._server = server
        self._wallet = wallet

    async def chat(self) -> None:
        async with socket(self._server, "contest", self._wallet) as ws:
            await ask(ws, type="join_contest_room", contestId=1)
            while True:
                number = str(uuid.uuid4())
                await ask(ws, type="send_chat_message", contestId=1, text="gm", messageId=number)
                self.acknowledged.append(number)

    async def track(self) -> None:
        async with socket(self._server, "analytics", self._wallet) as ws:
            while True:
                answer = await ask(ws, type="track_event", event="click", eventId=str(uuid.uuid4()))
                self.acknowledged.append(answer["eventId"])


async def until(condition: Callable[[], bool], tasks: list[asyncio.Task[None]]) -> None:
    """Let the tasks go on until `condition` holds; raises what ends one of them."""
    async with asyncio.timeout(60):
        while not condition():
            for task in tasks:
                if task.done():
                    task.result()
            await asyncio.sleep(0.01)


@asynccontextmanager
async def busy(server: Server) -> AsyncIterator[tuple[list[Writer], list[Writer], list[asyncio.Task[None]]]]:
    """Chatters and trackers that write for as long as the block lasts."""
    chatters = [Writer(server, f"chatter-{number}") for number in range(WRITERS)]
    trackers = [Writer(server, f"tracker-{number}") for number in range(WRITERS)]
    tasks = [
        *(asyncio.create_task(writer.chat()) for writer in chatters),
        *(asyncio.create_task(writer.track()) for writer in trackers),
    ]
    try:
        yield chatters, trackers, tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def total(writers: list[Writer]) -> int:
    return sum(len(writer.acknowledged) for writer in writers)


async def with_a_contest(server: Server) -> None:
    times = {"start_time": "2100-01-01T00:00:00Z", "end_time": "2100-01-02T00:00:00Z"}
    made = await call(server, "POST", "/contests", {"name": "Cup", **times})
    assert made.json()["id"] == 1, made.text


async def said(server: Server) -> set[str]:
    """The ids of all messages that the chat has."""
    found: set[str] = set()
    async with socket(server, "contest", "reader") as ws:
        before: dict[str, int] = {}
        while True:
            page = await ask(ws, type="get_chat_messages", contestId=1, limit=100, **before)
            found |= {message["messageId"] for message in page["data"]}
            if not page["hasMore"]:
                return found
            before = {"beforeId": page["data"][0]["id"]}


async def tracked(folder: Path) -> list[str]:
    """The ids of all events that are stored."""
    exported = await duelcast(folder, "events", "export")
    return [json.loads(line)["event_id"] for line in exported.out.splitlines()]


async def test_all_that_was_acknowledged_before_the_command_is_in_the_restored_server(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for folder in (old, new):
        folder.mkdir()
    backup = tmp_path / "backup.db"
    async with serving(old, **SETTINGS) as server:
        await with_a_contest(server)
        async with busy(server) as (chatters, trackers, tasks):
            await until(lambda: min(total(chatters), total(trackers)) >= ENOUGH, tasks)
            messages = {number for writer in chatters for number in writer.acknowledged}
            events = {number for writer in trackers for number in writer.acknowledged}
            taken = await duelcast(old, "backup", str(backup))
            assert (taken.code, taken.err) == (0, "")
            # The writers were not in the way, nor was the backup in theirs.
            await until(lambda: total(chatters) >= len(messages) + ENOUGH, tasks)
    restored = await duelcast(new, "restore", str(backup))
    assert (restored.code, restored.err) == (0, "")
    async with serving(new, **SETTINGS) as server:
        assert messages <= await said(server)
        stored = await tracked(new)
        assert events <= set(stored)
        assert len(stored) == len(set(stored))
        # It goes on as any other.
        async with busy(server) as (chatters, trackers, tasks):
            await until(lambda: min(total(chatters), total(trackers)) >= WRITERS, tasks)


async def test_a_running_server_is_left_its_database_unless_it_is_taken_by_force(tmp_path: Path) -> None:
    backup = tmp_path / "backup.db"
    async with serving(tmp_path, **SETTINGS) as server:
        assert (await duelcast(tmp_path, "backup", str(backup))).code == 0
        await with_a_contest(server)
        refused = await duelcast(tmp_path, "restore", str(backup))
        assert (refused.code, refused.out) == (2, "")
        assert refused.err.startswith("duelcast: A server uses the database")
        assert (await call(server, "GET", "/contests/1")).status_code == 200

        forced = await duelcast(tmp_path, "restore", str(backup), "--force")
        assert forced.code == 0
        assert "Restart the running server" in forced.out
        times = {"start_time": "2100-01-01T00:00:00Z", "end_time": "2100-01-02T00:00:00Z"}
        refusal = await call(server, "POST", "/contests", {"name": "Cup", **times})
        assert (refusal.status_code, refusal.json()["code"]) == (503, "UNAVAILABLE")
        server.process.terminate()
        assert await server.ended() == 0
    async with serving(tmp_path, **SETTINGS) as server:
        assert (await call(server, "GET", "/contests/1")).status_code == 404
    moved = re.search(r"The previous database is now in (\S+)\.", forced.out)
    assert moved is not None
    assert (await duelcast(tmp_path, "restore", moved[1], "--force")).code == 0
    async with serving(tmp_path, **SETTINGS) as server:
        assert (await call(server, "GET", "/contests/1")).status_code == 200
