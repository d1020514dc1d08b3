"""How many channels a connection may follow (protocol §1.4)."""

from __future__ import annotations

import pytest

from tests.e2e.following import (
    follow,
    held,
    own_arena,
    publish_notes,
    publish_score,
)
from tests.serving import client

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_of_a_message_that_passes_the_limit_nothing_is_subscribed() -> None:
    async with own_arena(max_subscriptions=3) as (app, _), client(app, "arena") as reader:
        await follow(reader, "note.a")
        answer = await reader.ask(type="subscribe", channels=[{"channel": f"note.{room}"} for room in ("b", "c", "d")])
        assert (answer["type"], answer["code"]) == ("error", "TOO_MANY_SUBSCRIPTIONS")
        assert await held(reader) == ["note.a"]
        publish_notes(app, "b", "not followed")
        assert await reader.drain() == []


async def test_exactly_the_limit_is_subscribed_and_no_more_until_one_is_left() -> None:
    async with own_arena(max_subscriptions=3) as (app, _), client(app, "arena") as reader:
        await reader.ask(type="subscribe", channels=[{"channel": f"note.{room}"} for room in "abc"])
        assert len(await held(reader)) == 3
        assert (await reader.ask(type="subscribe", channel="note.d"))["code"] == "TOO_MANY_SUBSCRIPTIONS"
        await reader.ask(type="unsubscribe", channel="note.a")
        assert (await reader.ask(type="subscribe", channel="note.d"))["type"] == "subscription_confirmed"
        assert await held(reader) == ["note.b", "note.c", "note.d"]


async def test_joining_again_at_the_limit_is_no_further_subscription() -> None:
    async with own_arena(max_subscriptions=1) as (app, _), client(app, "arena") as reader:
        await follow(reader, "note.a")
        await follow(reader, "note.a")
        names = [{"channel": "note.a"}, {"channel": "note.a"}]
        assert (await reader.ask(type="subscribe", channels=names))["type"] == "subscription_confirmed"


async def test_a_group_counts_as_one() -> None:
    async with own_arena(max_subscriptions=2) as (app, _), client(app, "arena") as reader:
        for board in "abcd":
            publish_score(app, board, "P", 1)
        await follow(reader, "board.*")
        await follow(reader, "note.a")
        assert (await reader.ask(type="subscribe", channel="note.b"))["code"] == "TOO_MANY_SUBSCRIPTIONS"
        assert await held(reader) == ["board.*", "note.a"]


async def test_what_was_joined_by_connecting_does_not_count() -> None:
    query = "?channel=note.a&channel=note.b&channel=board.c"
    async with own_arena(max_subscriptions=2) as (app, _), client(app, "arena", query) as reader:
        await follow(reader, "note.d")
        await follow(reader, "note.e")
        assert (await reader.ask(type="subscribe", channel="note.f"))["code"] == "TOO_MANY_SUBSCRIPTIONS"
        assert len(await held(reader)) == 5


async def test_the_limit_stands_in_the_greeting() -> None:
    async with own_arena(max_subscriptions=3) as (app, _), client(app, "arena", greeted=False) as reader:
        established = (await reader.receive_until(type="connection_established"))[-1]
    assert established["limits"]["maxSubscriptions"] == 3
