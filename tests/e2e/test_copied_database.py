"""A database that is copied from SQLite to PostgreSQL and back: clients resume where they left off (protocol §2)."""

from __future__ import annotations

import json
import signal
import uuid
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from duelcast.channels.names import Role
from duelcast.clock import SystemClock
from duelcast.domain.accounts.tokens import TokenIssuer
from tests.databases import empty_postgres_url
from tests.e2e.forked import fork
from tests.e2e.process import Server, environment, serving
from tests.serving import SECRET

pytestmark = pytest.mark.process

SETTINGS: dict[str, Any] = {"feed": "none", "jwt_secret": SECRET}
CHAT = "chat.1"
CONTEST = {"name": "Cup", "start_time": "2100-01-01T00:00:00Z", "end_time": "2100-01-02T00:00:00Z"}


class Resumed(NamedTuple):
    """What a client received that came back with a position."""

    epoch: str
    is_recovered: bool
    seqs: list[int]
    texts: list[str]


def headers(wallet: str, role: Role = Role.USER) -> dict[str, str]:
    return {"Authorization": f"Bearer {TokenIssuer(SystemClock(), SECRET).issue(wallet, role)}"}


@asynccontextmanager
async def attending(server: Server, query: str = "") -> AsyncIterator[ClientConnection]:
    url = server.ws_url("contest") + query
    async with connect(url, additional_headers=headers("ann"), compression=None, proxy=None) as ws:
        yield ws


async def until_type(ws: ClientConnection, wanted: str) -> list[dict[str, Any]]:
    """All frames up to the first one of a type."""
    frames: list[dict[str, Any]] = []
    while not frames or frames[-1]["type"] != wanted:
        frames.append(json.loads(await ws.recv()))
        assert frames[-1]["type"] != "error", frames[-1]
    return frames


async def make_contest(server: Server) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        made = await http.post(f"{server.url}/api/v69/contests", json=CONTEST, headers=headers("boss", Role.ADMIN))
    assert made.json()["id"] == 1, made.text


async def say(server: Server, *texts: str) -> list[int]:
    """Say something in the chat; returns the ids of the messages."""
    ids = []
    async with attending(server) as ws:
        for message in ({"type": "join_contest_room", "contestId": 1}, *map(chat_message, texts)):
            await ws.send(json.dumps({**message, "requestId": "r"}))
            while (answer := json.loads(await ws.recv())).get("requestId") != "r":
                pass
            assert answer["type"] != "error", answer
            if message["type"] == "send_chat_message":
                ids.append(answer["data"]["id"])
    return ids


def chat_message(text: str) -> dict[str, Any]:
    return {"type": "send_chat_message", "contestId": 1, "text": text, "messageId": str(uuid.uuid4())}


async def resume(server: Server, epoch: str, seq: int) -> Resumed:
    """Come back with a position in the chat."""
    async with attending(server, f"?since={CHAT},{epoch},{seq}") as ws:
        frames = await until_type(ws, "connection_established")
    (confirmed,) = (frame for frame in frames if frame["type"] == "subscription_confirmed" and frame["channel"] == CHAT)
    pushes = [frame for frame in frames if frame["type"] == "chat_message" and "seq" in frame]  # others are a snapshot
    texts = [frame["data"]["text"] for frame in pushes]
    return Resumed(confirmed["epoch"], confirmed["recovered"], [frame["seq"] for frame in pushes], texts)


async def epoch_of(server: Server) -> str:
    async with attending(server) as ws:
        epoch: str = (await until_type(ws, "connection_established"))[-1]["epoch"]
        return epoch


async def copy_database(folder: Path, source: str, target: str) -> tuple[int, str]:
    process = await fork(
        "copy-database", source, target, env=environment(folder, **SETTINGS), cwd=folder, stdout=PIPE, stderr=PIPE
    )
    out, err = await process.communicate()
    return await process.wait(), out.decode() or err.decode()


async def stop(server: Server) -> None:
    server.signal(signal.SIGTERM)
    assert await server.ended() == 0


async def test_clients_resume_across_a_copy_to_postgresql_and_back(tmp_path: Path) -> None:
    first, there, back = (
        f"sqlite:///{tmp_path}/first.db",
        empty_postgres_url(tmp_path / "there"),
        f"sqlite:///{tmp_path}/back.db",
    )
    async with serving(tmp_path, database_url=first, **SETTINGS) as server:
        epoch = await epoch_of(server)
        await make_contest(server)
        ids = await say(server, "one", "two", "three")
        refused = await copy_database(tmp_path, first, there)
        assert refused == (2, f"duelcast: A server uses the database {tmp_path}/first.db: stop it first.\n")
        await stop(server)

    assert (await copy_database(tmp_path, first, there))[0] == 0
    async with serving(tmp_path, database_url=there, **SETTINGS) as server:
        assert await resume(server, epoch, 1) == Resumed(epoch, True, [2, 3], ["two", "three"])
        ids += await say(server, "four")
        assert await resume(server, epoch, 1) == Resumed(epoch, True, [2, 3, 4], ["two", "three", "four"])
        await stop(server)

    assert (await copy_database(tmp_path, there, back))[0] == 0
    async with serving(tmp_path, database_url=back, **SETTINGS) as server:
        assert await resume(server, epoch, 3) == Resumed(epoch, True, [4], ["four"])
        ids += await say(server, "five")
        assert await resume(server, epoch, 4) == Resumed(epoch, True, [5], ["five"])
        await stop(server)
    assert ids == [1, 2, 3, 4, 5]

    for source in (first, there):
        async with serving(tmp_path, database_url=source, **SETTINGS) as server:
            resumed = await resume(server, epoch, 1)
            assert (resumed.is_recovered, resumed.seqs) == (False, [])
            assert resumed.epoch != epoch
            await stop(server)
