"""More clients than limits have room for: who is forgiven is counted."""

from __future__ import annotations

import pytest

from duelcast.clock import ManualClock
from duelcast.ratelimit import Buckets
from tests.e2e.metrics import metric
from tests.serving import client, http_client, running, token_for

WALLETS = ("ann", "bob", "eve")


@pytest.fixture(autouse=True)
def _room_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    defaults = Buckets.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "max_keys", 1)


async def test_forgiven_clients_of_an_endpoint_are_counted() -> None:
    async with running(ManualClock()) as app:
        for wallet in WALLETS:
            async with client(app, "contest", token=token_for(app, wallet)) as member:
                await member.ask(type="get_subscriptions")
        assert metric(app, "duelcast_rate_limit_evicted_total", endpoint="contest") == 2
        assert metric(app, "duelcast_rate_limit_evicted_total", endpoint="monitor") == 0


async def test_forgiven_callers_are_counted() -> None:
    async with running(ManualClock()) as app, http_client(app) as http:
        for wallet in WALLETS:
            await http.get("/tokens", headers={"Authorization": f"Bearer {token_for(app, wallet)}"})
        assert metric(app, "duelcast_http_rate_limit_evicted_total") == 2
