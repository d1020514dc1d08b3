"""A changed setting acts without a restart, on what real clients see (protocol §9)."""

from __future__ import annotations

from typing import Any

import pytest

from duelcast.app import App
from duelcast.clock import ManualClock
from duelcast.endpoints.registry import find_endpoints
from tests.e2e.contest.contest_room import Stage, join, pushes, stage
from tests.e2e.market import platform
from tests.serving import Client, client, running


async def put(scene: Stage, key: str, value: Any) -> None:
    await scene.do("PUT", f"/settings/{key}", {"value": value})


async def update(app: App, key: str, value: Any) -> None:
    async with platform(app) as caller:
        assert (await caller.put(f"/settings/{key}", json={"value": value})).is_success


async def send_chat(member: Client, contest: int, text: str) -> str | None:
    """Why the message was refused, None where it was not."""
    code: str | None = (await member.ask(type="send_chat_message", contestId=contest, text=text)).get("code")
    return code


async def test_prices_come_as_often_as_the_interval_says() -> None:
    async with stage() as scene, client(scene.app, "market-data") as watcher:
        await watcher.ask(type="SUBSCRIBE_SYMBOLS", symbols=["SOL"])
        await watcher.drain()

        async def news() -> list[float]:
            return [frame["data"]["price"] for frame in await pushes(watcher, "MARKET_PRICE")]

        async def told(prices: list[float]) -> list[float]:
            # Read behind each price: of two that come before one flush, the second replaces the first.
            seen: list[float] = []
            for price in prices:
                await scene.prices({"SOL": price})
                await scene.pass_time(0.2)
                seen += await news()
            return seen

        await scene.pass_time(10)
        await news()
        assert await told([101, 102, 103]) == [101, 102, 103]
        await put(scene, "market.price_interval_ms", 10_000)
        await scene.pass_time(10)
        assert await told([104, 105, 106]) == [104]
        await scene.pass_time(10)
        assert await news() == [106]


async def test_an_endpoint_takes_as_many_messages_as_its_limit_says() -> None:
    async with running(ManualClock()) as app, client(app, "market-data") as member:
        for _ in range(10):
            assert (await member.ask(type="get_subscriptions"))["type"] == "subscriptions"
        await update(app, "limits.market-data.messages_per_minute", 3)
        answers = [(await member.ask(type="get_subscriptions"))["type"] for _ in range(4)]
        assert answers == ["subscriptions"] * 3 + ["ERROR"]
        async with client(app, "market-data", greeted=False) as other:
            assert (await other.receive())["limits"]["messagesPerMinute"] == 3
        await update(app, "limits.market-data.messages_per_minute", 0)
        answers = [(await member.ask(type="get_subscriptions"))["type"] for _ in range(700)]
        assert answers == ["subscriptions"] * 700
        async with client(app, "market-data", greeted=False) as other:
            assert (await other.receive())["limits"]["messagesPerMinute"] is None


async def test_chat_obeys_its_settings() -> None:
    async with stage(rate_limit_factor=1) as scene:
        contest = await scene.contest()
        async with scene.socket("ann") as ann:
            await join(ann, contest)
            await put(scene, "chat.max_characters", 5)
            assert await send_chat(ann, contest, "123456") == "MESSAGE_TOO_LONG"
            assert await send_chat(ann, contest, "12345") is None
            await put(scene, "chat.messages_per_minute", 2)
            codes = [await send_chat(ann, contest, "hi") for _ in range(3)]
            assert codes == [None, None, "RATE_LIMIT_EXCEEDED"]
            await put(scene, "chat.messages_per_minute", 0)
            assert [await send_chat(ann, contest, "hi") for _ in range(20)] == [None] * 20


async def test_a_leaderboard_comes_as_often_as_its_interval_says() -> None:
    async with stage() as scene:
        contest = await scene.contest(lasts_s=10_000)
        await scene.enter(contest, "ann", "bob")
        await scene.act(contest, "start")
        async with scene.socket("ann") as ann:
            await ann.ask(type="get_leaderboard", contestId=contest)

            async def boards(prices: list[float]) -> int:
                count = 0
                for price in prices:
                    await scene.prices({"SOL": price})
                    await scene.pass_time(1.5)
                    count += len(await pushes(ann, "leaderboard_update"))
                return count

            await scene.pass_time(60)
            await pushes(ann, "leaderboard_update")
            assert await boards([101, 102, 103]) == 3
            await put(scene, "contest.leaderboard_interval_ms", 60_000)
            await scene.pass_time(60)
            await pushes(ann, "leaderboard_update")
            assert await boards([104, 105, 106]) <= 1
            await scene.pass_time(60)
            assert len(await pushes(ann, "leaderboard_update")) == 1


async def test_rooms_are_as_many_as_the_limit_says() -> None:
    async with stage() as scene:
        contests = [await scene.contest() for _ in range(3)]
        await put(scene, "limits.rooms_per_connection", 2)
        async with scene.socket("ann") as ann:
            answers = [await ann.ask(type="join_contest_room", contestId=contest) for contest in contests]
            assert [answer.get("code") for answer in answers] == [None, None, "TOO_MANY_SUBSCRIPTIONS"]


async def test_what_is_due_is_written_as_often_as_the_flush_interval_says() -> None:
    """Of prices that come within one interval the last alone is written."""
    prices = list(range(1, 31))
    async with (
        stage(flush_interval_ms=0, price_interval_ms=0) as scene,
        client(scene.app, "market-data", "?channel=market.SOL") as watcher,
    ):

        async def written() -> list[float]:
            for price in prices:
                await scene.prices({"SOL": price})
            told: list[float] = []
            while prices[-1] not in told:
                frame = await watcher.receive()
                if frame["type"] == "MARKET_PRICE":
                    told.append(frame["data"]["price"])
            return told

        assert await written() == prices
        await scene.prices({"SOL": 0.5})
        await watcher.receive_until(type="MARKET_PRICE")
        await put(scene, "gateway.flush_interval_ms", 1000)
        conflated = await written()
        assert len(conflated) < len(prices)
        assert conflated[-1] == prices[-1]


async def test_the_configuration_wins_over_the_default_and_a_stored_value_over_both() -> None:
    async with stage(chat_max_characters=7, token_list_interval_s=2.5) as scene:
        contest = await scene.contest()
        live = scene.app.leader.system_settings
        assert (live.value("chat.max_characters"), live.value("market.token_list_interval_ms")) == (7, 2500)
        assert scene.app.leader.market.settings.token_list_interval_ms == 2500
        async with scene.socket("ann") as ann:
            await join(ann, contest)
            assert await send_chat(ann, contest, "12345678") == "MESSAGE_TOO_LONG"
            await put(scene, "chat.max_characters", 8)
            assert await send_chat(ann, contest, "12345678") is None
            assert (await scene.call("DELETE", "/settings/chat.max_characters")).status_code == 204
            assert await send_chat(ann, contest, "12345678") == "MESSAGE_TOO_LONG"


@pytest.mark.parametrize(
    ("key", "value", "field"),
    [
        ("market.token_list_interval_ms", 77, "token_list_interval_ms"),
        ("market.feed_stale_ms", 78, "feed_stale_ms"),
        ("market.symbol_stale_ms", 80, "symbol_stale_ms"),
        ("market.posted_stale_ms", 79, "posted_stale_ms"),
    ],
)
async def test_the_market_obeys(key: str, value: float, field: str) -> None:
    async with stage() as scene:
        await put(scene, key, value)
        assert getattr(scene.app.leader.market.settings, field) == value


async def test_every_endpoint_has_a_limit_of_its_own() -> None:
    async with running(ManualClock()) as app:
        endpoints = find_endpoints().values()
        assert len(endpoints) > 8
        for endpoint in endpoints:
            key = f"limits.{endpoint.name}.messages_per_minute"
            assert app.leader.system_settings.value(key) == endpoint.messages_per_minute
