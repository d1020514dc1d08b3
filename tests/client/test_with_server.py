"""The client and a whole server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from duelcast.client import Client, Refused, RequestFailed, SignedOut, channels
from duelcast.client.generated.analytics import GetServerStats
from duelcast.client.generated.common import MarketPrice, Unsubscribe
from duelcast.client.generated.contest import GetLeaderboard, LeaderboardUpdate
from duelcast.client.generated.notifications import GetUnread
from duelcast.client.generated.system_settings import GetSetting, SettingFound, SettingUpdate, UpdateSetting
from duelcast.client.room import Room
from tests.e2e.contest.contest_room import ADMIN, Stage, stage


@asynccontextmanager
async def client_of(scene: Stage, wallet: str | None = None, **options: Any) -> AsyncIterator[Client]:
    """A client of the server, signed in as `wallet`."""
    token = scene.token(wallet) if wallet is not None else None
    async with Client(f"http://127.0.0.1:{scene.app.port}", token=token, **options) as client:
        yield client


@pytest.fixture
async def scene() -> AsyncIterator[Stage]:
    async with stage() as made:
        yield made


async def test_prices_arrive_as_they_change(scene: Stage) -> None:
    async with client_of(scene) as client:
        prices = client.market("SOL", "BTC")
        assert {(one.symbol, one.price) for one in [await anext(prices), await anext(prices)]} == {
            ("SOL", 100.0),
            ("BTC", 50_000.0),
        }
        await scene.clock.advance(1)
        await scene.prices({"SOL": 101.0})
        await scene.clock.advance(1)
        assert (await anext(prices)).price == 101.0


async def test_every_symbol_can_be_followed(scene: Stage) -> None:
    async with client_of(scene) as client:
        prices = client.market("*")
        assert {(await anext(prices)).symbol for _ in range(2)} == {"SOL", "BTC"}


async def test_a_leaderboard_arrives(scene: Stage) -> None:
    contest = await scene.contest()
    await scene.enter(contest, "ann", "bob")
    async with client_of(scene) as client:
        board = await anext(client.leaderboard(contest))
        assert {row.wallet for row in board.entries} == {"ann", "bob"}


async def test_a_contest_that_does_not_exist_refuses_its_room(scene: Stage) -> None:
    async with client_of(scene) as client, client.room(999) as room:
        with pytest.raises(Refused, match="CONTEST_NOT_FOUND"):
            await room.ready()


async def test_a_chat_arrives_once_and_in_order(scene: Stage) -> None:
    contest = await scene.contest()
    async with (
        client_of(scene, "ann") as ann,
        client_of(scene, "bob") as bob,
        ann.room(contest) as hers,
        bob.room(contest) as his,
    ):
        await hers.ready()
        sent = await hers.send("Hello")
        await his.ready()
        chat = his.chat()
        answer = asyncio.create_task(his.send("Hi"))
        assert [(await anext(chat)).text for _ in range(2)] == ["Hello", "Hi"]
        assert sent.sender.wallet == "ann"
        await answer
        assert [entry.status for entry in his.messages] == ["sent", "sent"]
        assert hers.contest is not None
        assert hers.contest.id == contest


async def test_a_room_counts_its_members(scene: Stage) -> None:
    contest = await scene.contest()
    async with client_of(scene, "ann") as ann, client_of(scene, "bob") as bob, ann.room(contest) as room:
        await room.ready()
        changes = room.changes()
        async with bob.room(contest) as other:
            await until_member_count(changes, 2)
            assert [member.wallet for member in room.members] == ["ann", "bob"]
            assert other.role is None or other.role == "spectator"


async def until_member_count(changes: AsyncIterator[Room], count: int) -> None:
    async for room in changes:
        if room.member_count == count:
            return


async def test_a_refused_message_fails_with_the_reason(scene: Stage) -> None:
    contest = await scene.contest()
    async with client_of(scene, "ann") as client, client.room(contest) as room:
        await room.ready()
        with pytest.raises(RequestFailed) as failed:
            await room.send("   ")
        assert failed.value.code == "EMPTY_MESSAGE"
        assert not failed.value.retriable
        assert [(entry.status, entry.error) for entry in room.messages] == [("failed", "EMPTY_MESSAGE")]


async def test_an_inbox_counts_and_marks(scene: Stage) -> None:
    note = {"wallets": ["ann"], "type": "LEVEL_UP", "title": "Level 2", "content": "Well done."}
    await scene.do("POST", "/notifications", note)
    async with client_of(scene, "ann") as client, client.inbox() as inbox:
        await inbox.ready()
        assert inbox.unread == 1
        (notification,) = inbox.notifications
        assert (await inbox.mark_read(notification.id)).count == 1
        async for changed in inbox.changes():
            if changed.unread == 0:
                break
        assert inbox.notifications[0].read


async def test_an_inbox_that_is_opened_on_a_live_connection_is_complete(scene: Stage) -> None:
    note = {"wallets": ["ann"], "type": "LEVEL_UP", "title": "Level 2", "content": "Well done."}
    await scene.do("POST", "/notifications", note)
    async with client_of(scene, "ann") as client:
        async with client.inbox() as first:
            await first.ready()
        await client.notifications.request(GetUnread())
        async with client.inbox() as second:
            await second.ready()
            assert second.unread == 1
            assert len(second.notifications) == 1


async def test_a_request_is_answered_with_its_own_type(scene: Stage) -> None:
    contest = await scene.contest()
    await scene.enter(contest, "ann")
    async with client_of(scene, "ann") as client:
        reply = await client.contest.request(GetLeaderboard(contestId=contest))
        assert isinstance(reply, LeaderboardUpdate)
        assert [row.wallet for row in reply.data.entries] == ["ann"]


async def test_an_error_names_the_field(scene: Stage) -> None:
    contest = await scene.contest()
    async with client_of(scene, "ann") as client:
        with pytest.raises(RequestFailed) as failed:
            await client.contest.request(GetLeaderboard(contestId=contest, limit=0))
        assert (failed.value.code, failed.value.field) == ("INVALID_REQUEST", "limit")


async def test_settings_are_followed_as_they_change(scene: Stage) -> None:
    async with client_of(scene, ADMIN) as client:
        settings = client.system_settings
        before = await settings.request(GetSetting(key="chat.max_characters"))
        changes = settings.follow(channels.setting("chat.max_characters"))
        first = asyncio.create_task(anext(changes))
        assert isinstance(await first, SettingFound)
        await settings.request(
            UpdateSetting(key="chat.max_characters", value=123, expectedVersion=before.setting.version)
        )
        update = await anext(changes)
        assert isinstance(update, SettingUpdate)
        assert "123" in repr(update)


async def test_a_channel_brings_typed_messages(scene: Stage) -> None:
    async with client_of(scene) as client:
        async for message in client.market_data.follow(channels.market("SOL")):
            if isinstance(message, MarketPrice):
                assert message.data.price == 100.0
                return


async def test_a_command_may_name_a_channel(scene: Stage) -> None:
    async with client_of(scene) as client:
        left = await client.contest.request(Unsubscribe(channel=channels.PUBLIC_CONTESTS))
        assert left.channel == "public.contests"


async def test_a_command_that_cannot_be_encoded_is_not_sent(scene: Stage) -> None:
    strange: Any = object()
    async with client_of(scene) as client:
        with pytest.raises(TypeError, match="cannot contain this: object"):
            await client.contest.request(Unsubscribe(channel=strange))


async def test_a_denied_channel_is_refused(scene: Stage) -> None:
    async with client_of(scene, "ann") as client:
        with pytest.raises(Refused, match="SUBSCRIPTION_DENIED"):
            await anext(client.monitor.follow(channels.SYSTEM_ERRORS))


async def test_an_endpoint_that_needs_a_token_is_signed_out_without_one(scene: Stage) -> None:
    async with client_of(scene) as client:
        with pytest.raises(SignedOut):
            await anext(client.circuit_breaker.follow(channels.ALERTS))
        with pytest.raises(RequestFailed, match="UNAUTHORIZED"):
            await client.analytics.request(GetServerStats())


async def test_events_are_stored(scene: Stage) -> None:
    # The server accepts only events of the last day, and its clock stands still.
    async with client_of(scene, "ann", clock=scene.clock) as client:
        stored = await asyncio.gather(client.track("opened"), client.track("traded", {"symbol": "SOL"}))
        assert [one.duplicate for one in stored] == [False, False]
        with pytest.raises(RequestFailed, match="INVALID_REQUEST"):
            await client.track("not a name")


async def test_a_banned_user_is_refused(scene: Stage) -> None:
    async with client_of(scene, "ann") as client, client.inbox() as inbox:
        await inbox.ready()
        await scene.do("PUT", "/users/ann", {"banned": True})
        with pytest.raises(Refused) as refused:
            async for _ in inbox.changes():
                pass
        assert refused.value.code == "4003"


async def test_the_clock_of_the_server_is_known(scene: Stage) -> None:
    async with client_of(scene) as client:
        await anext(client.market("SOL"))
        async with client.inbox() as inbox:
            await inbox.ready()
        assert client.clock_offset is not None
