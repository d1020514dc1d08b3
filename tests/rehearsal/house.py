"""The server of the evening, over its two lives, and the service outside that it probes."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.e2e.process import Server, free_port, serving
from tests.rehearsal.prices import write_prices
from tests.serving import SECRET

RESTART_SPREAD_MS = 2_000
"""Clients return over this span."""
SHOP = "shop"
_SERVICES = """
[[services]]
name = "{name}"
kind = "probe"
layer = "wallet"
check = {{ type = "http", url = "http://127.0.0.1:{port}/health", intervalMs = 1000, timeoutMs = 10000 }}
circuit_breaker = {{ failure_threshold = 2, reset_timeout_ms = 1000, backoff_multiplier = 1 }}
"""


class House:
    """One folder and one port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.shop_port = free_port()
        self.url = f"ws://127.0.0.1:{self.port}/api/v69/ws"
        self._config = folder / "duelcast.toml"
        self._config.write_text(_SERVICES.format(name=SHOP, port=self.shop_port))

    @asynccontextmanager
    async def open(self, prices_s: float) -> AsyncIterator[Server]:
        """A server that is ready, and whose feed brings prices for so long."""
        prices = self.folder / "prices.jsonl"
        write_prices(prices, prices_s)
        async with serving(
            self.folder,
            port=self.port,
            config=self._config,
            feed=f"replay:{prices}",
            feed_stale_s=3_600,
            jwt_secret=SECRET,
            drain_floor_ms=0,
            drain_spread_ms=RESTART_SPREAD_MS,
        ) as server:
            yield server


async def close(server: Server) -> None:
    """Stop it as an operator does."""
    server.signal(signal.SIGTERM)
    assert await server.ended() == 0
