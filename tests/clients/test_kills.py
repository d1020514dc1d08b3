"""Client programs lose nothing, repeat nothing and never hang, however often their server is killed."""

from __future__ import annotations

import random
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.clients.evening import PROGRAMS, Evening
from tests.clients.town import SETTINGS, Town
from tests.e2e.process import serving
from tests.ports import free_port

pytestmark = pytest.mark.clients

SEED = 9
KILLS = 20
LIFE = 20, 80
"""How many chat messages the programs send while a server lives."""
ENDS = 0, 30
"""How many connections and attempts end before there is a server again; twelve connections end with the server."""


async def test_clients_hold_what_the_server_holds_after_it_was_killed_twenty_times(tmp_path: Path) -> None:
    port, rng = free_port(), random.Random(SEED)
    settings: dict[str, Any] = {"port": port, **SETTINGS}
    async with (
        AsyncExitStack() as last,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http,
    ):
        stack = await last.enter_async_context(AsyncExitStack())
        await stack.enter_async_context(serving(tmp_path, **settings))
        town = Town(http, port, SEED)
        await town.open(list(PROGRAMS))

        evening = Evening(f"http://127.0.0.1:{port}", town, tmp_path, SEED)

        async def kill_again_and_again() -> None:
            for _ in range(KILLS):
                await evening.news.more("said", rng.randint(*LIFE))
                ends = evening.news.more("closed 1006", rng.randint(*ENDS))
                await stack.aclose()
                await ends
                await stack.enter_async_context(serving(tmp_path, **settings))

        await evening.spend(kill_again_and_again)
