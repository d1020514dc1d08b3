"""`duelcast serve --workers`: one command runs all nodes of a machine."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.process import COMMAND, Server, serving
from tests.e2e.slow import until
from tests.ports import free_port
from tests.postgres_server import is_alive
from tests.serving import SECRET
from tests.store.postgres.place import Place
from tests.three_nodes import CLUSTER_SECRET
from tests.valkey import Valkey, valkey

pytestmark = pytest.mark.process


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Valkey]:
    folder = tmp_path / "valkey"
    folder.mkdir()
    async with valkey(folder) as server:
        yield server


def settings_of(place: Place, broker: Valkey) -> dict[str, Any]:
    """The settings that all nodes share."""
    return {
        "feed": "none",
        "database_url": place.url,
        "broker_url": broker.url,
        "cluster_secret": CLUSTER_SECRET,
        "jwt_secret": SECRET,
        "link_listen": f"127.0.0.1:{free_port()}",
    }


@asynccontextmanager
async def workers(folder: Path, place: Place, broker: Valkey) -> AsyncIterator[Server]:
    """Two gateways on one port, and a leader."""
    async with serving(folder, command=COMMAND, workers=2, **settings_of(place, broker)) as server:
        await until(lambda: len(events(server, "listening")) == 2)
        yield server


def events(server: Server, name: str) -> Sequence[dict[str, Any]]:
    """The lines of the log with this event."""
    return [line for line in server.log() if line["event"] == name]


def started(server: Server, program: str) -> int:
    """The newest process of a program."""
    return int([line["pid"] for line in events(server, "started") if line["program"] == program][-1])


async def test_one_command_starts_what_dies_again_and_stops_all_with_one_signal(
    tmp_path: Path, place: Place, broker: Valkey
) -> None:
    async with workers(tmp_path, place, broker) as server:
        for program in ("gateway-1", "leader"):
            os.kill(started(server, program), signal.SIGKILL)
        await until(lambda: len(events(server, "listening")) == 3)
        await until(lambda: len(events(server, "leading")) == 2)
        programs = [started(server, name) for name in ("gateway-1", "gateway-2", "leader")]
        server.signal(signal.SIGTERM)
        assert await server.ended() == 0
        assert not any(map(is_alive, programs))
        stopped = events(server, "stopped")
        assert {line["program"]: line["status"] for line in stopped if "program" in line} == {
            "gateway-1": 0,
            "gateway-2": 0,
            "leader": 0,
        }
        assert [line["program"] for line in stopped if "program" in line][-1] == "leader"


async def test_all_processes_end_with_their_supervisor(tmp_path: Path, place: Place, broker: Valkey) -> None:
    async with workers(tmp_path, place, broker) as server:
        programs = [started(server, name) for name in ("gateway-1", "gateway-2", "leader")]
        server.signal(signal.SIGKILL)
        await server.ended()
        await until(lambda: not any(map(is_alive, programs)))
