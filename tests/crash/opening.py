"""A server that is ready for entries and chat."""

from __future__ import annotations

import time

import httpx

from duelcast.channels.names import Role
from duelcast.wire.timestamps import format_time
from tests.crash.caller import headers_for
from tests.crash.script import ADMIN, CONTEST


async def open_contest(http: httpx.AsyncClient) -> None:
    """Prices of BTC and SOL, and a contest that starts in an hour."""
    headers = headers_for(ADMIN, Role.ADMIN)
    prices = [{"symbol": "BTC", "price": 50_000}, {"symbol": "SOL", "price": 100}]
    assert (await http.post("/api/v69/tokens/prices", json=prices, headers=headers)).is_success
    now_s = time.time()
    contest = {"name": "Cup", "start_time": format_time(now_s + 3_600), "end_time": format_time(now_s + 7_200)}
    answer = await http.post("/api/v69/contests", json=contest, headers=headers)
    assert answer.json()["id"] == CONTEST
