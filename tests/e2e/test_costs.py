"""What a client is charged beside the number of its messages: their size, and what it is greeted with (1.5)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from duelcast.app import App
from duelcast.clock import ManualClock
from duelcast.endpoints.registry import find_endpoints
from tests.e2e.arena import make_arena
from tests.e2e.ending import ending_of
from tests.e2e.following import epoch_of, publish_notes
from tests.e2e.market import list_tokens
from tests.e2e.slow import KIB
from tests.serving import client, running, token_for


def at(address: str) -> dict[str, Any]:
    """The options of a client of `address`, which a proxy tells."""
    return {"additional_headers": {"X-Forwarded-For": address}}


@pytest_asyncio.fixture
async def app() -> AsyncIterator[App]:
    arena = make_arena(messages_per_minute=10)
    endpoints = find_endpoints() | {arena.path: arena}
    async with running(ManualClock(), endpoints=endpoints, trusted_proxies=("127.0.0.1",)) as app:
        yield app


# ── size ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_message_costs_a_unit_for_each_started_16_kib(app: App) -> None:
    async with client(app, "arena") as sender:
        for _ in range(3):
            # 4 units each: the third finds 2 of 10.
            assert (await sender.ask(type="free", value="x" * 50 * KIB))["type"] == "freed"
        assert (await sender.ask(type="free", value=""))["code"] == "RATE_LIMIT_EXCEEDED"


async def test_a_message_of_16_kib_costs_one(app: App) -> None:
    async with client(app, "arena") as sender:
        for _ in range(10):
            assert (await sender.ask(type="free", value="x" * 16_000))["type"] == "freed"
        assert (await sender.ask(type="free", value=""))["code"] == "RATE_LIMIT_EXCEEDED"


async def test_a_large_message_that_is_refused_costs_as_much(app: App) -> None:
    async with client(app, "arena") as sender:
        for _ in range(7):
            await sender.send(type="nonsense", value="x" * 50 * KIB)
        ending = await ending_of(sender)
    assert [frame["code"] for frame in ending.frames] == ["UNKNOWN_MESSAGE_TYPE"] * 3 + ["RATE_LIMIT_EXCEEDED"] * 3
    assert (ending.code, ending.reason) == (1008, "rate_limit")


# ── connecting ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def connects(app: App, times: int, query: str = "", **options: Any) -> list[str]:
    """What each of `times` connections was answered: `connection_established`, or the code of an error."""
    answers = []
    for _ in range(times):
        async with client(app, "arena", query, greeted=False, **options) as comer:
            frame = await comer.receive()
            while frame["type"] not in ("connection_established", "error"):
                frame = await comer.receive()
            answers.append(str(frame.get("code", frame["type"])))
    return answers


async def test_connecting_without_a_token_takes_from_the_bucket_of_the_address(app: App) -> None:
    answers = await connects(app, 102, **at("192.0.2.1"))
    assert answers == ["connection_established"] * 100 + ["RATE_LIMIT_EXCEEDED"] * 2
    assert await connects(app, 1, **at("192.0.2.2")) == ["connection_established"]


async def test_a_refused_connection_is_told_when_to_come_back_and_closed(app: App) -> None:
    await connects(app, 100, **at("192.0.2.1"))
    async with client(app, "arena", greeted=False, **at("192.0.2.1")) as comer:
        ending = await ending_of(comer)
    assert (ending.error["code"], ending.error["retryAfterMs"]) == ("RATE_LIMIT_EXCEEDED", 600)
    assert (ending.code, ending.reason) == (1008, "rate_limit retry_after_ms=600")


async def test_what_a_connection_is_greeted_with_counts_like_the_answer_to_a_command(app: App) -> None:
    publish_notes(app, "a", *["x"] * 950)
    since = f"?since=note.a,{await epoch_of(app)},0"
    # 1 for the connection and 10 for 950 messages.
    assert await connects(app, 10, since, **at("192.0.2.1")) == ["connection_established"] * 10
    assert await connects(app, 1, **at("192.0.2.1")) == ["RATE_LIMIT_EXCEEDED"]


async def test_with_a_token_it_is_the_bucket_of_the_wallet_that_pays(app: App) -> None:
    publish_notes(app, "a", *["x"] * 950)
    since = f"?since=note.a,{await epoch_of(app)},0"
    rich, poor = ({**at("192.0.2.1"), "token": token_for(app, wallet)} for wallet in ("rich", "poor"))
    assert await connects(app, 2, since, **poor) == ["connection_established", "RATE_LIMIT_EXCEEDED"]
    assert await connects(app, 20, **rich) == ["connection_established"] * 20
    assert await connects(app, 1, **at("192.0.2.1")) == ["connection_established"]


async def test_the_list_of_all_tokens_counts_by_its_tokens(app: App) -> None:
    await list_tokens(app, 150)
    async with client(app, "token-data", **at("192.0.2.1")):
        pass
    limits = app.node.gateway.endpoints["/api/v69/ws/token-data"].dispatcher.limits
    limits.change(1)
    refused = 0
    for _ in range(6):
        async with client(app, "token-data", greeted=False, **at("192.0.2.1")) as comer:
            refused += (await comer.receive()).get("code") == "RATE_LIMIT_EXCEEDED"
    # Ten units, 1 for each connection and 2 for its 150 tokens.
    assert refused == 2
