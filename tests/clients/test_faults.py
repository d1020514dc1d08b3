"""Client programs lose nothing, repeat nothing and never hang, however their network, tokens and server fail."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
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
PER_USER = 12
MOST_NOTIFICATIONS = 500
"""More than fill all buffers between the server and a client."""
SLEEP_S = 9.0
"""Longer than the interval at which a client looks at its clock."""
SAID = 15
"""How many chat messages are sent while, and after, something fails."""


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

    # ── the network ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def slow_network(self) -> None:
        self.proxy.delay_s = 0.2
        await self.evening.news.more("said", SAID)
        self.proxy.delay_s = 0.0

    async def cut_connections(self) -> None:
        for accepted in (1, 4, 8, 2):
            back = self.proxy.news.more("accepted", accepted)
            self.proxy.cut()
            await back

    async def sleeping_machines(self) -> None:
        """The machines sleep, and when they wake up, their connections are gone without a word."""
        for program in self.evening.programs:
            program.process.send_signal(signal.SIGSTOP)
        self.proxy.half_open()
        await asyncio.sleep(SLEEP_S)
        dialled = self.proxy.news.more("accepted")
        for program in self.evening.programs:
            program.process.send_signal(signal.SIGCONT)
        await dialled  # once their connections have not answered
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

    async def closes(self, code: int) -> float:
        """How many connections this server has closed with `code`; a frozen client does not hear of it."""
        async with httpx.AsyncClient(trust_env=False) as http:
            text = (await http.get(f"{self._running.url}/metrics")).text
        samples = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
        return sum(s.value for s in samples if s.name == "duelcast_closes_total" and s.labels["code"] == str(code))

    # ── tokens ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def write_tokens(self, ttl_s: float) -> None:
        for wallet in PROGRAMS:
            token = TokenIssuer(SystemClock(), SECRET).issue(wallet, Role.USER, ttl_s=ttl_s)
            new = self._folder / f"{wallet}.new"
            new.write_text(token)
            new.rename(self._folder / wallet)

    async def expiring_tokens(self) -> None:
        """The tokens expire while they are in use."""
        self.write_tokens(ttl_s=6 - TOKEN_LEEWAY_S)
        ended = self.evening.news.more("closed 4001")
        await self._cut_and_return()
        self.write_tokens(ttl_s=3600)
        await ended

    async def _cut_and_return(self) -> None:
        """Cut all connections, and wait until all programs are back."""
        await self.evening.all_live()
        # Each program reports that it is not complete, and that it is again.
        back = self.evening.news.more("live", 2 * len(PROGRAMS))
        self.proxy.cut()
        await back
        await self.evening.all_live()

    async def failing_providers(self) -> None:
        """The token providers fail while the connections are lost."""
        for wallet in PROGRAMS:
            (self._folder / wallet).unlink()
        # Each program asks, fails and asks again.
        asked = self.evening.news.more("asked", 3 * len(PROGRAMS))
        self.proxy.cut()
        await asked
        self.write_tokens(ttl_s=3600)

    async def ban(self, town: Town) -> None:
        """Users are banned, and permitted again."""
        banned = ("bob", "cat")
        await self.evening.quiet(*banned)
        ended = self.evening.news.more("closed 4003", len(banned))
        for wallet in banned:
            await town.insist("PUT", f"/users/{wallet}", {"banned": True})
        await ended
        for program in self.evening.programs:
            if program.name in banned:
                assert "refused" in (await program.report()).states.values()
                await town.insist("PUT", f"/users/{program.name}", {"banned": False})
                program.sign_in()
        self.evening.silent.clear()

    # ── the server ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def restart(self) -> None:
        """The server ends properly, and closes its connections with 1012."""
        ended = self.evening.news.more("closed 1012", len(PROGRAMS))
        self._running.signal(signal.SIGTERM)
        assert await self._running.ended() == 0
        await ended
        await self._server.aclose()
        await self.open()

    async def full_house(self, town: Town) -> None:
        """Others take all the places of a user while its connections are lost."""
        ended = self.evening.news.more("closed 1013")
        async with AsyncExitStack() as others:
            self.proxy.freeze()
            self.proxy.cut()
            for _ in range(PER_USER):
                await others.enter_async_context(_place(town.address("contest", "ann")))
            self.proxy.thaw()
            await ended


@asynccontextmanager
async def _place(address: str) -> AsyncIterator[None]:
    """A connection with a place of its user, once there is one."""
    while True:
        async with connect(address, proxy=None) as socket:
            if json.loads(await socket.recv())["type"] != "error":
                yield
                return


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
                await faults.evening.news.more("said", SAID)

        await faults.evening.spend(everything_fails)
