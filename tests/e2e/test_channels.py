"""Numbers and confirmations of channels of both kinds (protocol §2)."""

from __future__ import annotations

import asyncio
import re

import pytest

from duelcast.app import App
from tests.e2e.following import follow, latest_seq, numbers, points, publish_note, publish_notes, publish_score, texts
from tests.e2e.market import put_token
from tests.serving import client

pytestmark = pytest.mark.asyncio(loop_scope="module")


# ── numbers ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_push_has_its_channel_and_seq_and_no_request_id(app: App) -> None:
    async with client(app, "arena") as reader:
        await follow(reader, "note.push")
        publish_note(app, "push", "hello")
        (push,) = await reader.drain()
    assert (push["type"], push["channel"], push["text"]) == ("note", "note.push", "hello")
    assert isinstance(push["seq"], int)
    assert "requestId" not in push


async def test_the_numbers_of_an_every_channel_grow_by_one(app: App) -> None:
    async with client(app, "arena") as reader:
        confirmed, _ = await follow(reader, "note.count")
        publish_notes(app, "count", *"abcdefgh")
        frames = await reader.drain()
    assert numbers(frames, "note.count") == list(range(confirmed["seq"] + 1, confirmed["seq"] + 9))


async def test_each_channel_has_numbers_of_its_own(app: App) -> None:
    async with client(app, "arena") as reader:
        first, _ = await follow(reader, "note.own1")
        second, _ = await follow(reader, "note.own2")
        publish_notes(app, "own1", "a", "b")
        publish_note(app, "own2", "c")
        frames = await reader.drain()
    assert numbers(frames, "note.own1") == [first["seq"] + 1, first["seq"] + 2]
    assert numbers(frames, "note.own2") == [second["seq"] + 1]


async def test_every_message_of_an_every_channel_is_sent(app: App) -> None:
    written = [str(number) for number in range(500)]
    async with client(app, "arena") as reader:
        await follow(reader, "note.all")
        publish_notes(app, "all", *written)
        assert texts(await reader.drain()) == written


async def test_of_a_latest_channel_the_newest_message_per_key_is_sent(app: App) -> None:
    async with client(app, "arena") as reader:
        await follow(reader, "board.newest")
        for number in range(100):
            publish_score(app, "newest", "P", number)
            publish_score(app, "newest", "Q", -number)
        frames = await reader.drain()
    assert points(frames) == [("P", 99), ("Q", -99)]


async def test_the_numbers_of_a_latest_channel_only_order(app: App) -> None:
    async with client(app, "arena") as reader:
        await follow(reader, "board.order")
        frames = []
        for number in range(5):
            publish_score(app, "order", "P", number)
            publish_score(app, "order", "P", number + 100)
            frames += await reader.drain()
    seqs = numbers(frames, "board.order")
    assert seqs == sorted(set(seqs))
    assert points(frames)[-1] == ("P", 104)


async def test_there_is_one_epoch_for_all_channels_and_connections(app: App) -> None:
    async with client(app, "arena", "?channel=note.epoch", greeted=False) as one, client(app, "arena") as other:
        *frames, established = await one.receive_until(type="connection_established")
        confirmed, _ = await follow(other, "board.epoch")
    epochs = {established["epoch"], confirmed["epoch"], *(each["epoch"] for each in frames if "epoch" in each)}
    assert len(epochs) == 1
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,32}", epochs.pop())


# ── confirmations ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("channel", "kind"), [("note.kinds", "every"), ("board.kinds", "latest")])
async def test_a_confirmation_names_channel_kind_epoch_and_position(app: App, channel: str, kind: str) -> None:
    async with client(app, "arena") as reader:
        confirmed = await reader.ask(type="subscribe", channel=channel, requestId="q")
    assert confirmed.pop("timestamp")
    assert confirmed == {
        "type": "subscription_confirmed",
        "channel": channel,
        "kind": kind,
        "epoch": reader.epoch,
        "seq": 0 if kind == "every" else latest_seq(app, 0),
        "requestId": "q",
    }


async def test_a_confirmation_comes_before_the_first_message_and_after_the_last(app: App) -> None:
    """While messages are published all the time, and the channel is joined and left over and over."""

    async def write() -> None:
        number = 0
        while True:
            publish_note(app, "busy", str(number))
            number += 1
            await asyncio.sleep(0)

    async with client(app, "arena") as reader:
        writing = asyncio.create_task(write())
        frames = []
        for _ in range(20):
            await reader.send(type="subscribe", channel="note.busy")
            frames += await reader.receive_until(type="note")
            await reader.send(type="unsubscribe", channel="note.busy")
            frames += await reader.receive_until(type="unsubscription_confirmed")
        frames += await reader.drain()
        writing.cancel()
    following, seq = False, 0
    for frame in frames:
        if frame["type"] == "subscription_confirmed":
            following, seq = True, frame["seq"]
        elif frame["type"] == "unsubscription_confirmed":
            following = False
        else:
            assert following
            assert frame["seq"] == seq + 1
            seq += 1


async def test_leaving_a_channel_that_was_not_followed_is_confirmed(app: App) -> None:
    async with client(app, "arena") as reader:
        answer = await reader.ask(type="unsubscribe", channel="note.never")
    assert (answer["type"], answer["channel"]) == ("unsubscription_confirmed", "note.never")
    assert "reason" not in answer


async def test_of_a_list_each_channel_is_confirmed_or_refused_and_then_begins(app: App) -> None:
    publish_score(app, "list", "P", 1)
    names = ["note.list", "board.none", "board.list", "private.somebody"]
    async with client(app, "arena") as reader:
        await reader.send(type="subscribe", channels=[{"channel": name} for name in names], requestId="q")
        frames = await reader.drain()
    assert [each.get("channel") or each["code"] for each in frames] == [
        "note.list",
        "UNKNOWN_CHANNEL",
        "board.list",
        "board.list",
        "SUBSCRIPTION_DENIED",
    ]
    assert [each.get("requestId") for each in frames] == ["q", "q", "q", None, "q"]
    assert [each.get("field") for each in frames if each["type"] == "error"] == [
        "channels[1].channel",
        "channels[3].channel",
    ]
    unknown = next(each for each in frames if each.get("code") == "UNKNOWN_CHANNEL")
    assert "note.{room}, " in unknown["message"], "it names the families that there are"


async def test_a_list_of_channels_is_left_with_a_confirmation_each(app: App) -> None:
    async with client(app, "arena") as reader:
        await follow(reader, "note.left1")
        await follow(reader, "board.left2")
        await reader.send(type="unsubscribe", channels=["note.left1", "board.left2"])
        answers = await reader.receive_many(2)
        assert [answer["channel"] for answer in answers] == ["note.left1", "board.left2"]
        publish_note(app, "left1", "too late")
        publish_score(app, "left2", "P", 1)
        assert await reader.drain() == []


async def test_what_is_followed_is_listed_with_kind_and_position(app: App) -> None:
    publish_notes(app, "listed", "a", "b")
    async with client(app, "arena") as reader:
        for name in ("note.listed", "board.listed", "board.*"):
            await follow(reader, name)
        before = await reader.ask(type="get_subscriptions")
        publish_note(app, "listed", "c")
        await reader.receive_until(type="note", text="c")
        after = await reader.ask(type="get_subscriptions")
    assert before["data"] == [
        {"channel": "note.listed", "kind": "every", "seq": 2},
        {"channel": "board.*", "kind": "latest", "seq": None},
    ]
    assert after["data"][0]["seq"] == 3


async def test_the_right_is_checked_before_the_existence(app: App) -> None:
    async with client(app, "arena") as reader:
        answer = await reader.ask(type="subscribe", channel="private.nobodyatall")
        unknown = await reader.ask(type="subscribe", channel="board.none")
    assert (answer["code"], unknown["code"]) == ("SUBSCRIPTION_DENIED", "UNKNOWN_CHANNEL")


# ── what the shipped endpoints open ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("endpoint", "channel", "seq"),
    [
        ("market-data", "market.ROW", int),
        ("market-data", "market.*", type(None)),
        ("market-data", "metadata.ROW", int),
        ("market-data", "metadata.*", type(None)),
        ("token-data", "market.ROW", int),
        ("token-data", "market.*", type(None)),
        ("token-data", "token.ROW", int),
        ("token-data", "token.*", type(None)),
        ("token-data", "public.tokens", int),
    ],
)
async def test_a_channel_of_the_market_is_a_latest_one(app: App, endpoint: str, channel: str, seq: type) -> None:
    await put_token(app, "ROW")
    async with client(app, endpoint) as reader:
        confirmed, _ = await follow(reader, channel)
    assert confirmed["kind"] == "latest"
    assert isinstance(confirmed["seq"], seq)


@pytest.mark.parametrize(
    ("endpoint", "channel"),
    [
        ("market-data", "token.ROW"),
        ("market-data", "public.tokens"),
        ("market-data", "market.NOSUCH"),
        ("token-data", "metadata.ROW"),
        ("token-data", "public.tokens.x"),
    ],
)
async def test_a_channel_that_an_endpoint_does_not_open_is_unknown(app: App, endpoint: str, channel: str) -> None:
    async with client(app, endpoint) as reader:
        assert (await reader.ask(type="subscribe", channel=channel))["code"] == "UNKNOWN_CHANNEL"
