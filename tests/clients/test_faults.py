"""Client programs lose nothing, repeat nothing and never hang, however their network, tokens and server fail."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets.asyncio.client import connect

from duelcast.channels.names import Role
from duelcast.clock import SystemClock
from duelcast.domain.accounts.tokens import TokenIssuer
from tests.clients.evening import PROGRAMS, Evening
from tests.clients.proxy import Proxy
from tests.clients.town import SETTINGS, Town
from tests.e2e.process import serving
from tests.ports import free_port
from tests.serving import SECRET

pytestmark = pytest.mark.clients

SEED = 12
TOKEN_LEEWAY_S = 30.0
"""For how long after its end a server accepts a token."""
WAIT_S = 60.0
PER_USER = 12
MOST_NOTIFICATIONS = 500
"""More than fill all buffers between the server and a client."""
SLEEP_S = 9.0
"""Longer than the interval at which a client looks at its clock."""


async def until(reached: Callable[[], Awaitable[bool]]) -> None:
    """Ask `reached` again and again until it is true; no event says so, because it happens in other processes."""
    async with asyncio.timeout(WAIT_S):
        while True:
            if await reached():
                return
            await asyncio.sleep(0.2)


class Faults:
    """A server that clients reach over a proxy."""

    def __init__(self, folder: Path, stack: AsyncExitStack) -> None:
        self.proxy = Proxy(free_port())
        self.evening: Evening
        self._folder = folder
        self._outer = stack
        self._server = AsyncExitStack()
        self._settings: dict[str, Any] = {
            **SETTINGS,
            "port": self.proxy.target_port,
            "max_connections_per_user": PER_USER,
            "slow_reader_bytes": 32_768,
        }

    async def open(self) -> None:
        """Start the server."""
        self._server = await self._outer.enter_async_context(AsyncExitStack())
        self._running = await self._server.enter_async_context(serving(self._folder, **self._settings))

    async def closes(self, code: int) -> float:
        """How many connections this server has closed with `code`."""
        async with httpx.AsyncClient(trust_env=False) as http:
            text = (await http.get(f"{self._running.url}/metrics")).text
        samples = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
        return sum(s.value for s in samples if s.name == "duelcast_closes_total" and s.labels["code"] == str(code))

    async def until_closed(self, code: int, *, more_than: float) -> None:
        async def is_closed() -> bool:
            return await self.closes(code) > more_than

        await until(is_closed)

    # ── the network ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def slow_network(self) -> None:
        self.proxy.delay_s = 0.2
        await asyncio.sleep(4)
        self.proxy.delay_s = 0.0

    async def cut_connections(self) -> None:
        for pause_s in (0.3, 1.0, 1.5, 0.1):
            self.proxy.cut()
            await asyncio.sleep(pause_s)

    async def sleeping_machines(self) -> None:
        """The machines sleep, and when they wake up, their connections are gone without a word."""
        for program in self.evening.programs:
            program.process.send_signal(signal.SIGSTOP)
        self.proxy.half_open()
        await asyncio.sleep(SLEEP_S)
        for program in self.evening.programs:
            program.process.send_signal(signal.SIGCONT)
        accepted = self.proxy.accepted

        async def has_dialled() -> bool:
            return self.proxy.accepted > accepted

        await until(has_dialled)
        self.proxy.recover()

    async def frozen_network(self, town: Town) -> None:
        """Nothing arrives, until the server takes the clients for slow readers."""
        before = await self.closes(4008)
        self.proxy.freeze()
        for _ in range(MOST_NOTIFICATIONS):
            await town.notify(*PROGRAMS, content="x" * 1_000)
            if await self.closes(4008) > before:
                break
        else:
            raise AssertionError("no client was slow")
        self.proxy.thaw()

    # ── tokens ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def write_tokens(self, ttl_s: float) -> None:
        for wallet in PROGRAMS:
            token = TokenIssuer(SystemClock(), SECRET).issue(wallet, Role.USER, ttl_s=ttl_s)
            new = self._folder / f"{wallet}.new"
            new.write_text(token)
            new.rename(self._folder / wallet)

    async def expiring_tokens(self) -> None:
        """The tokens expire while they are in use."""
        before = await self.closes(4001)
        self.write_tokens(ttl_s=6 - TOKEN_LEEWAY_S)
        self.proxy.cut()

        async def are_all_connected() -> bool:
            reports = [await program.report() for program in self.evening.programs]
            return all(report.live for report in reports)

        await until(are_all_connected)
        self.write_tokens(ttl_s=3600)
        await self.until_closed(4001, more_than=before)

    async def failing_providers(self) -> None:
        """The token providers fail while the connections are lost."""
        for wallet in PROGRAMS:
            (self._folder / wallet).unlink()
        self.proxy.cut()
        await asyncio.sleep(2)
        self.write_tokens(ttl_s=3600)

    async def ban(self, town: Town) -> None:
        """A user is banned, and permitted again."""
        before = await self.closes(4003)
        self.evening.silent.add("bob")
        self.evening.silent.add("cat")
        await asyncio.sleep(1)
        for banned in (True, False):
            for wallet in ("bob", "cat"):
                await town.insist("PUT", f"/users/{wallet}", {"banned": banned})
            await self.until_closed(4003, more_than=before)
        for program in self.evening.programs:
            if program.name in self.evening.silent:
                assert (await program.report()).states["contest"] == "refused"
                program.sign_in()
        self.evening.silent.clear()

    # ── the server ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def restart(self) -> None:
        """The server ends properly, and closes its connections with 1012."""
        self._running.signal(signal.SIGTERM)
        assert await self._running.ended() == 0
        await self._server.aclose()
        await self.open()

    async def full_house(self, town: Town) -> None:
        """Others take all the places of a user for a while."""
        before = await self.closes(1013)
        async with AsyncExitStack() as others:
            for _ in range(PER_USER):
                one = connect(town.address("contest", "ann"), proxy=None)
                await others.enter_async_context(one)
            self.proxy.cut()
            await self.until_closed(1013, more_than=before)


async def test_clients_hold_what_the_server_holds_whatever_fails(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        faults = Faults(tmp_path, stack)
        await faults.open()
        await stack.enter_async_context(faults.proxy.running())
        http = await stack.enter_async_context(
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{faults.proxy.target_port}", trust_env=False)
        )
        town = Town(http, faults.proxy.target_port, SEED)
        await town.open(list(PROGRAMS))
        faults.evening = Evening(f"http://127.0.0.1:{faults.proxy.port}", town, tmp_path, SEED)
        troubles: list[Callable[[], Awaitable[None]]] = [
            faults.slow_network,
            faults.cut_connections,
            lambda: faults.frozen_network(town),
            faults.sleeping_machines,
            faults.expiring_tokens,
            faults.failing_providers,
            lambda: faults.ban(town),
            faults.restart,
            lambda: faults.full_house(town),
        ]

        async def everything_fails() -> None:
            for trouble in troubles:
                await trouble()
                await asyncio.sleep(1.5)

        await faults.evening.spend(everything_fails)
