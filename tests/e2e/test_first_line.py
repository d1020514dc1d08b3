"""The thin line through all layers."""

from __future__ import annotations

from tests.serving import client, running


async def test_a_client_gets_live_prices_of_the_simulated_market() -> None:
    async with running(feed="simulated?seed=1&interval_ms=20") as app, client(app, "market-data") as trader:
        answer = await trader.ask(type="SUBSCRIBE_SYMBOLS", symbols=["sol", "BTC"])
        assert answer["symbols"] == ["SOL", "BTC"]
        seen: set[str] = set()
        while len(seen) < 2:
            frame = await trader.receive()
            if frame["type"] == "MARKET_PRICE":
                seen.add(frame["data"]["symbol"])
        assert seen == {"SOL", "BTC"}
