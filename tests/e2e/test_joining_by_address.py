"""Channels and positions in the address of a connection (protocol §1.2, §2)."""

from __future__ import annotations

import pytest

from duelcast.app import App
from tests.e2e.following import (
    epoch_of,
    held,
    points,
    publish_note,
    publish_notes,
    publish_score,
    texts,
)
from tests.e2e.market import put_token
from tests.serving import client

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_channels_in_the_address_are_confirmed_with_their_snapshots_before_the_connection_is_established(
    app: App,
) -> None:
    publish_score(app, "url", "P", 1)
    publish_notes(app, "url", "a", "b")
    async with client(app, "arena", "?channel=board.url&channel=note.url", greeted=False) as reader:
        frames = await reader.receive_until(type="connection_established")
        publish_note(app, "url", "c")
        pushed = await reader.drain()
    assert [each["type"] for each in frames] == [
        "welcome",
        "subscription_confirmed",
        "score",
        "subscription_confirmed",
        "connection_established",
    ]
    assert [frames[1]["channel"], frames[3]["channel"]] == ["board.url", "note.url"]
    assert frames[-1]["positions"] == {"note.url": 2}
    assert texts(pushed) == ["c"]


async def test_a_position_in_the_address_brings_what_was_missed(app: App) -> None:
    publish_notes(app, "point", "a", "b", "c")
    query = f"?since=note.point,{await epoch_of(app)},1"
    async with client(app, "arena", query, greeted=False) as reader:
        frames = await reader.receive_until(type="connection_established")
        assert await held(reader) == ["note.point"]
    assert [each["type"] for each in frames[1:]] == ["subscription_confirmed", "note", "note", "connection_established"]
    assert (frames[1]["recovered"], frames[1]["seq"], texts(frames)) == (True, 3, ["b", "c"])


async def test_a_channel_that_the_address_names_twice_is_joined_once_from_its_position(app: App) -> None:
    publish_notes(app, "both", "a", "b")
    query = f"?channel=note.both&since=note.both,{await epoch_of(app)},1"
    async with client(app, "arena", query, greeted=False) as reader:
        frames = await reader.receive_until(type="connection_established")
    assert [each["type"] for each in frames[1:]] == ["subscription_confirmed", "note", "connection_established"]
    assert frames[1]["recovered"] is True


async def test_several_positions_in_the_address_are_each_recovered_or_not(app: App) -> None:
    publish_notes(app, "some1", "a", "b")
    publish_score(app, "some2", "P", 1)
    query = f"?since=note.some1,{await epoch_of(app)},1&since=board.some2,another,5"
    async with client(app, "arena", query, greeted=False) as reader:
        frames = await reader.receive_until(type="connection_established")
    assert {each["channel"]: each["recovered"] for each in frames if "recovered" in each} == {
        "note.some1": True,
        "board.some2": False,
    }
    assert (texts(frames), points(frames)) == (["b"], [("P", 1)])


@pytest.mark.parametrize(
    ("channel", "code"), [("board.none", "UNKNOWN_CHANNEL"), ("private.somebody", "SUBSCRIPTION_DENIED")]
)
async def test_a_channel_in_the_address_that_cannot_be_joined_is_an_error(app: App, channel: str, code: str) -> None:
    async with client(app, "arena", f"?channel={channel}&channel=note.good", greeted=False) as reader:
        frames = await reader.receive_until(type="connection_established")
        assert await held(reader) == ["note.good"]
    assert [each["code"] for each in frames if each["type"] == "error"] == [code]


async def test_a_recovered_position_replaces_the_connect_frames_of_its_channel(app: App) -> None:
    await put_token(app, "KEPT")
    async with client(app, "token-data", greeted=False) as reader:
        frames = await reader.receive_until(type="connection_established")
        assert [each["type"] for each in frames] == ["token_update", "connection_established"]
        seq = (await reader.ask(type="get_subscriptions"))["data"][0]["seq"]
    query = f"?since=public.tokens,{frames[-1]['epoch']},{seq}"
    async with client(app, "token-data", query, greeted=False) as reader:
        frames = await reader.receive_until(type="connection_established")
    assert [each["type"] for each in frames] == ["subscription_confirmed", "connection_established"]
    assert frames[0]["recovered"] is True


async def test_a_position_that_is_not_recovered_leaves_the_connect_frames(app: App) -> None:
    query = "?since=public.tokens,another,1"
    async with client(app, "token-data", query, greeted=False) as reader:
        frames = await reader.receive_until(type="connection_established")
    assert frames[0]["type"] == "token_update"
    confirmed = next(each for each in frames if each["type"] == "subscription_confirmed")
    assert confirmed["recovered"] is False
