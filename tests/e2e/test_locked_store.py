"""A server whose database another process holds for a while: what those who write are told, and who watches it."""

from __future__ import annotations

import asyncio

import httpx

from duelcast.app import App
from duelcast.clock import ManualClock
from tests.e2e.metrics import metric
from tests.serving import client, http_client, running, token_for
from tests.store.facts import until
from tests.storing import locked

WAIT_S = 2.0
NOTICE_S = 0.25


async def test_each_request_waits_two_seconds_from_when_it_came_and_readiness_follows_the_lock() -> None:
    clock = ManualClock()
    refused_s: dict[str, float] = {}

    async def rename(wallet: str) -> None:
        headers = {"Authorization": f"Bearer {token_for(app, wallet)}"}
        answer = await http.patch("/api/v69/users/me", json={"nickname": f"Nick of {wallet}"}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (503, "UNAVAILABLE")
        refused_s[wallet] = clock.monotonic()

    async def waits(wallet: str) -> asyncio.Task[None]:
        before = metric(app, "duelcast_store_waiting_writes")
        task = asyncio.create_task(rename(wallet))
        await until(lambda: metric(app, "duelcast_store_waiting_writes") == before + 1)
        return task

    async with running(clock) as app, http_client(app, "") as http:
        await at_rest(app)
        began_s = clock.monotonic()
        async with locked(app.settings.data_dir / "duelcast.db"):
            tasks = [await waits("first")]
            assert await status(http) == 200
            await clock.advance(NOTICE_S)
            await until(lambda: app.leader.database.failure is not None)
            assert await status(http) == 503, "nobody was refused yet"
            await clock.advance(WAIT_S / 2 - NOTICE_S)
            tasks.append(await waits("second"))
            await clock.advance(WAIT_S / 2)
            await tasks[0]
            assert (await status(http), tasks[1].done()) == (503, False)
            await clock.advance(WAIT_S / 2)
            await tasks[1]
        assert {wallet: at_s - began_s for wallet, at_s in refused_s.items()} == {"first": 2.0, "second": 3.0}
        await becomes_ready(app, clock, http)


async def test_an_event_behind_others_waits_no_longer_than_one_alone() -> None:
    clock, wait_s = ManualClock(), 20.0
    async with (
        running(clock, database_busy_timeout_ms=20_000) as app,
        client(app, "analytics", token=token_for(app, "ann")) as ann,
        client(app, "analytics", token=token_for(app, "bob")) as bob,
    ):
        await at_rest(app)
        async with locked(app.settings.data_dir / "duelcast.db"):
            await ann.send(type="track_event", event="first")
            await until(lambda: metric(app, "duelcast_events_received_total") == 1)
            await clock.advance(wait_s / 2)
            await bob.send(type="track_event", event="second")
            await until(lambda: metric(app, "duelcast_events_received_total") == 2)
            await clock.advance(wait_s / 2)
            assert (await ann.receive())["code"] == "UNAVAILABLE"
            assert metric(app, "duelcast_events_refused_total") == 1, "the second has time left"
            await clock.advance(wait_s / 2)
            assert (await bob.receive())["code"] == "UNAVAILABLE"


async def at_rest(app: App) -> None:
    """What a start writes by itself is written; and enough commits went well for the breaker to bear one that fails."""
    await until(lambda: metric(app, "duelcast_retention_last_run_timestamp_seconds") > 0)
    for _ in range(20):
        await app.leader.database.probe()


async def status(http: httpx.AsyncClient) -> int:
    return (await http.get("/readyz")).status_code


async def becomes_ready(app: App, clock: ManualClock, http: httpx.AsyncClient) -> None:
    """By itself: nobody asks for a write any more."""
    async with asyncio.timeout(60):
        while await status(http) != 200:
            await clock.advance(1)
