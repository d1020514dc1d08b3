"""A service outside fails, and comes back: what people, probes and machines see of a server that watches it."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

from duelcast.channels.names import Role
from duelcast.clock import SystemClock
from duelcast.domain.accounts.tokens import TokenIssuer
from tests.e2e.operations.control_room import (
    CLOSED,
    FAILED,
    HALF_OPENED,
    OPENED,
    RECOVERED,
    alerts,
    of_service,
    of_type,
)
from tests.e2e.operations.patient import patient
from tests.e2e.process import Server, free_port, kill, serving
from tests.outbound.checks.test_redis import server_binary
from tests.serving import SECRET, Client, Frame

PATIENCE_S = 60.0
SERVICES = """
[[services]]
name = "shop"
kind = "probe"
layer = "wallet"
check = {{ type = "{type}", url = "{url}", intervalMs = 1000, timeoutMs = 10000 }}
circuit_breaker = {{ failure_threshold = 2, reset_timeout_ms = 500, backoff_multiplier = 1 }}

[[services]]
name = "till"
kind = "reported"
layer = "wallet"
dependencies = ["shop"]
"""

Life = Callable[[int], Any]
"""Something that is there during a block, on a port."""


@asynccontextmanager
async def http_service(port: int) -> AsyncIterator[None]:
    async with patient(port):
        yield


@asynccontextmanager
async def redis_service(port: int) -> AsyncIterator[None]:
    binary = server_binary()
    assert binary is not None
    process = await asyncio.create_subprocess_exec(
        *(binary, "--port", str(port), "--bind", "127.0.0.1", "--save", ""),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            while b"Ready to accept connections" not in await process.stdout.readline():
                pass
        yield
    finally:
        await kill(process)


class Watcher(Client):
    """Keeps all frames."""

    frames: list[Frame]

    async def until(self, holds: Callable[[Frame], bool]) -> Frame:
        """The next frame for which `holds`."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                text = await self.ws.recv()
                self.frames.append(json.loads(text))
                if holds(self.frames[-1]):
                    return self.frames[-1]

    async def until_all(self, *expected: Callable[[Frame], bool]) -> None:
        """Wait until each of `expected` holds for a frame, in whatever order they come."""
        missing = list(expected)

        def was_last(frame: Frame) -> bool:
            missing[:] = [holds for holds in missing if not holds(frame)]
            return not missing

        await self.until(was_last)


async def watching(
    stack: AsyncExitStack, server: Server, endpoint: str, role: Role, *messages: dict[str, Any]
) -> Watcher:
    token = TokenIssuer(SystemClock(), SECRET).issue("watcher", role)
    url, headers = server.ws_url(endpoint), {"Authorization": f"Bearer {token}"}
    watcher = Watcher(await stack.enter_async_context(connect(url, additional_headers=headers, proxy=None)))
    watcher.frames = []
    for message in messages:
        await watcher.send(**message)
    return watcher


def has_status(status: str) -> Callable[[Frame], bool]:
    """Whether a frame says that of the shop."""

    def holds(frame: Frame) -> bool:
        match frame:
            case {"type": "service:update", "service": "shop"}:
                return bool(frame["status"] == status)
            case {"type": "service_update", "service": {"name": "shop"}}:
                return bool(frame["service"]["status"] == status)
            case {"type": "SERVER_STATUS_UPDATE"}:
                return bool(frame["data"]["status"] == status)
        return False

    return holds


def is_alert(kind: str) -> Callable[[Frame], bool]:
    return lambda frame: frame["type"] == "service:alert" and frame["alert"]["type"] == kind


async def metric_lines(http: httpx.AsyncClient) -> Sequence[str]:
    return [line for line in (await http.get("/metrics")).text.splitlines() if 'service="shop"' in line]


def value_of(lines: Sequence[str], name: str, **labels: str) -> float:
    wanted = [f'{label}="{value}"' for label, value in labels.items()]
    found = [line for line in lines if line.startswith(f"{name}{{") and all(part in line for part in wanted)]
    return float(found[0].rsplit(" ", 1)[1]) if found else 0.0


@pytest.mark.process
@pytest.mark.parametrize(
    ("life", "type_", "scheme"),
    [
        (http_service, "http", "http"),
        pytest.param(
            redis_service,
            "redis",
            "redis",
            marks=pytest.mark.skipif(server_binary() is None, reason="neither Valkey nor Redis is installed"),
        ),
    ],
)
async def test_a_service_that_fails_and_comes_back(tmp_path: Path, life: Life, type_: str, scheme: str) -> None:
    port = free_port()
    config = tmp_path / "duelcast.toml"
    config.write_text(SERVICES.format(type=type_, url=f"{scheme}://127.0.0.1:{port}"))
    async with AsyncExitStack() as stack:
        first_life = await stack.enter_async_context(AsyncExitStack())
        await first_life.enter_async_context(life(port))
        server = await stack.enter_async_context(serving(tmp_path, feed="none", jwt_secret=SECRET, config=config))
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=server.url, trust_env=False))
        user = await watching(
            stack,
            server,
            "circuit-breaker",
            Role.USER,
            {"type": "subscribe:service", "service": "shop"},
            {"type": "subscribe:layer", "layer": "wallet"},
        )
        monitor = await watching(stack, server, "monitor", Role.USER)
        operator = await watching(
            stack, server, "skyduel", Role.ADMIN, {"type": "subscribe_service", "serviceName": "*"}
        )
        await user.until(has_status("healthy"))
        await monitor.until(has_status("online"))
        assert (await http.get("/readyz")).json() == {"status": "ready", "reasons": []}

        await first_life.aclose()
        opened = await user.until(is_alert("circuit_open"))
        assert opened["circuit_breaker"]["status"] == "open"
        assert opened["circuit_breaker"]["failures"] == 2
        degraded = await monitor.until(has_status("degraded"))
        assert degraded["data"]["affected"] == ["shop"]
        await operator.until(has_status("circuit_open"))
        ready = await http.get("/readyz")
        assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
        assert [reason["part"] for reason in ready.json()["reasons"]] == ["shop"]
        lines = await metric_lines(http)
        assert value_of(lines, "duelcast_breaker_transitions_total", state="open") >= 1
        assert value_of(lines, "duelcast_service_calls_total", outcome="failed") >= 2

        await stack.enter_async_context(life(port))
        await user.until_all(
            is_alert("circuit_closed"),
            has_status("healthy"),
            lambda frame: frame["type"] == "layer:status" and frame["status"] == "operational",
        )
        online = await monitor.until(has_status("online"))
        assert online["data"]["affected"] == []
        await operator.until(has_status("healthy"))
        assert (await http.get("/readyz")).json() == {"status": "ready", "reasons": []}
        lines = await metric_lines(http)
        assert value_of(lines, "duelcast_breaker_state", state="closed") == 1
        assert value_of(lines, "duelcast_breaker_state", state="open") == 0
        assert value_of(lines, "duelcast_service_status", status="healthy") == 1
        turns = {
            state: value_of(lines, "duelcast_breaker_transitions_total", state=state)
            for state in ("open", "half_open", "closed")
        }
    assert_told_once_in_order(user.frames)
    told = [kind for kind, _ in alerts(user.frames, "shop")]
    assert turns == {state: told.count(f"circuit_{state}") for state in turns}
    assert_layer_was_told(user.frames)
    assert [event for event in server.log() if event.get("event") == "defect"] == []


def assert_told_once_in_order(frames: Sequence[Frame]) -> None:
    told = of_service(frames, "service:alert", "shop")
    turns = alerts(frames, "shop")
    assert turns[:2] == [FAILED, OPENED]
    # While it was down it was tried any number of times.
    tried = turns[2:-3]
    assert tried == [HALF_OPENED, OPENED] * (len(tried) // 2)
    assert turns[-3:] == [HALF_OPENED, RECOVERED, CLOSED]
    assert len({frame["alert"]["id"] for frame in told}) == len(told)
    assert [frame["seq"] for frame in told] == list(range(told[0]["seq"], told[0]["seq"] + len(told)))
    numbers = [frame["seq"] for frame in of_service(frames, "service:update", "shop")]
    assert numbers == sorted(set(numbers))


def assert_layer_was_told(frames: Sequence[Frame]) -> None:
    statuses = [frame["status"] for frame in of_type(frames, "layer:status")]
    assert {"critical", "operational"} <= set(statuses)
    assert statuses[-1] == "operational"
    assert statuses.index("critical") > statuses.index("operational")
