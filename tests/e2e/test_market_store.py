"""A platform's market lives on: over restarts, kills and a database that is gone for a while."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import httpx
import pytest

from duelcast.channels.names import Role
from duelcast.clock import ManualClock
from tests.e2e.market import platform, subscribed
from tests.e2e.process import serving
from tests.serving import SECRET, client, running, token_for
from tests.storing import moved_away

METADATA = {
    "name": "Solana",
    "address": "So111",
    "decimals": 9,
    "websites": [{"label": "x", "url": "https://x.example"}],
}


async def test_a_restarted_server_shows_the_same_tokens_prices_and_history(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running(clock, data_dir=tmp_path) as app, platform(app) as caller:
        assert (await caller.put("/tokens/SOL", json=METADATA)).status_code == 200
        assert (await caller.post("/tokens/prices", json=[{"symbol": "SOL", "price": 150.5}])).status_code == 200
        trades = [{"symbol": "SOL", "price": 150.5, "quantity": 2, "side": "buy", "id": "t-1"}]
        assert (await caller.post("/tokens/trades", json=trades)).json()["accepted"] == 1
        before = [(await caller.get(path)).json() for path in ("/tokens", "/tokens/sol/history")]
    async with running(clock, data_dir=tmp_path) as app, platform(app) as caller:
        assert [(await caller.get(path)).json() for path in ("/tokens", "/tokens/sol/history")] == before
        assert (await caller.post("/tokens/trades", json=trades)).json()["duplicate"] == 1
        async with client(app, "market-data") as follower:
            _, frames = await subscribed(follower, "*")
    pushed = {frame["type"]: frame["data"] for frame in frames}
    assert (pushed["MARKET_PRICE"]["price"], pushed["MARKET_PRICE"]["stale"]) == (150.5, False)
    assert pushed["token_update"][0]["websites"] == METADATA["websites"]


async def test_while_the_database_is_gone_posts_are_refused_and_prices_still_read(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running(clock, data_dir=tmp_path) as app, platform(app) as caller:
        await caller.post("/tokens/prices", json=[{"symbol": "SOL", "price": 1}])
        with moved_away(tmp_path / "duelcast.db"):
            refused = [
                await caller.post("/tokens/prices", json=[{"symbol": "SOL", "price": 2}]),
                await caller.post("/tokens/trades", json=[{"symbol": "A", "price": 2, "quantity": 1, "side": "buy"}]),
                await caller.put("/tokens/B", json=METADATA),
            ]
            for answer in refused:
                assert (answer.status_code, answer.json()["code"]) == (503, "UNAVAILABLE")
                assert int(answer.headers["Retry-After"]) >= 1
            listed = (await caller.get("/tokens")).json()["data"]
            assert [(token["symbol"], token["price"]) for token in listed] == [("SOL", 1.0)]
        # The breaker of the store may have opened: it lets a write through after a second.
        await clock.advance(1.1)
        again = await caller.post("/tokens/prices", json=[{"symbol": "SOL", "price": 2}])
        assert again.json()["accepted"] == 1


async def test_what_was_put_is_in_the_audit_trail(tmp_path: Path) -> None:
    async with running(data_dir=tmp_path) as app, platform(app) as caller:
        await caller.put("/tokens/sol", json=METADATA)
        (act,) = (await caller.get("/audit", params={"action": "tokens.put"})).json()["data"]
    assert (act["wallet"], act["target"], act["outcome"]) == ("platform", "SOL", "ok")
    assert act["details"]["name"] == "Solana"


async def post(server_url: str, token: str, price: float) -> Any:
    async with httpx.AsyncClient(base_url=server_url, headers={"Authorization": f"Bearer {token}"}) as caller:
        return await caller.post("/api/v69/tokens/prices", json=[{"symbol": "SOL", "price": price}])


@pytest.mark.crash
@pytest.mark.parametrize("ends", [signal.SIGKILL, signal.SIGTERM])
async def test_what_was_acknowledged_outlives_the_process(tmp_path: Path, ends: signal.Signals) -> None:
    settings: dict[str, Any] = {"feed": "none", "jwt_secret": SECRET}
    async with running() as app:
        token = token_for(app, "platform", Role.ADMIN)
    async with serving(tmp_path, **settings) as server:
        for price in range(1, 20):
            assert (await post(server.url, token, price)).status_code == 200
        server.signal(ends)
        await server.process.wait()
    async with serving(tmp_path, **settings) as server, httpx.AsyncClient(base_url=server.url) as caller:
        (token_now,) = (await caller.get("/api/v69/tokens")).json()["data"]
        assert token_now["price"] == 19.0
        rows = (await caller.get("/api/v69/tokens/SOL/history")).json()["data"]
        assert (rows[0]["open"], rows[-1]["close"], max(row["high"] for row in rows)) == (1.0, 19.0, 19.0)
