"""Channels of both kinds: numbers, confirmations, recovery, ended keys (protocol 2)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from duelcast.app import App
from duelcast.channels.broker import Position
from duelcast.clock import ManualClock
from duelcast.domain.market.posted import TokenMetadataInput
from tests.e2e.arena import Notebook, make_arena
from tests.e2e.following import (
    follow,
    held,
    numbers,
    points,
    position_of,
    publish_end,
    publish_note,
    publish_notes,
    publish_score,
    texts,
)
from tests.serving import client, running

pytestmark = pytest.mark.asyncio(loop_scope="module")

RETENTION_S = 600


@asynccontextmanager
async def lonely_arena(**settings: int) -> AsyncIterator[tuple[App, ManualClock]]:
    """A server for one test, whose clock it may move."""
    clock, arena = ManualClock(), make_arena()
    async with running(clock, endpoints={arena.path: arena}, **settings) as app:
        app.services[Notebook] = Notebook()
        yield app, clock


# ── numbers ─────────────────────────────────────────────────────────────────────────────────────────────────────────


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


# ── confirmations ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("channel", "kind"), [("note.kinds", "every"), ("board.kinds", "latest")])
async def test_a_confirmation_names_channel_kind_epoch_and_position(app: App, channel: str, kind: str) -> None:
    async with client(app, "arena") as reader:
        confirmed = await reader.ask(type="subscribe", channel=channel, requestId="q")
    assert confirmed.pop("timestamp")
    assert confirmed == {
        "type": "subscription_confirmed",
        "channel": channel,
        "kind": kind,
        "epoch": app.broker.epoch,
        "seq": 0,
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


# ── since, of every channels ────────────────────────────────────────────────────────────────────────────────────────


async def test_since_brings_exactly_the_missed_messages_in_order(app: App) -> None:
    publish_notes(app, "missed", "a", "b", "c", "d")
    async with client(app, "arena") as reader:
        confirmed, frames = await follow(reader, "note.missed", Position(app.broker.epoch, 1))
    assert (confirmed["recovered"], confirmed["seq"]) == (True, 4)
    assert texts(frames) == ["b", "c", "d"]
    assert numbers(frames, "note.missed") == [2, 3, 4]


async def test_who_missed_nothing_gets_nothing(app: App) -> None:
    publish_notes(app, "nothing", "a", "b")
    async with client(app, "arena") as reader:
        confirmed, frames = await follow(reader, "note.nothing", Position(app.broker.epoch, 2))
    assert (confirmed["recovered"], confirmed["seq"], frames) == (True, 2, [])


async def test_without_since_nothing_is_said_of_recovery(app: App) -> None:
    async with client(app, "arena") as reader:
        confirmed, _ = await follow(reader, "note.silent")
    assert "recovered" not in confirmed


async def test_a_reader_that_comes_back_has_every_message_once(app: App) -> None:
    async with client(app, "arena") as reader:
        await follow(reader, "note.again")
        publish_notes(app, "again", "a", "b")
        before = await reader.drain()
    publish_notes(app, "again", "c", "d")
    async with client(app, "arena") as reader:
        _, missed = await follow(reader, "note.again", position_of(before[-1], app.broker.epoch))
        publish_note(app, "again", "e")
        after = await reader.drain()
    assert texts(before + missed + after) == ["a", "b", "c", "d", "e"]


async def test_the_position_of_a_confirmation_is_one_to_come_back_with(app: App) -> None:
    publish_note(app, "come", "before")
    async with client(app, "arena") as reader:
        confirmed, _ = await follow(reader, "note.come")
    publish_note(app, "come", "after")
    async with client(app, "arena") as reader:
        again, frames = await follow(reader, "note.come", position_of(confirmed, app.broker.epoch))
    assert (again["recovered"], texts(frames)) == (True, ["after"])


@pytest.mark.parametrize("channel", ["note.other", "board.other"])
async def test_another_epoch_is_not_recovered(app: App, channel: str) -> None:
    publish_note(app, "other", "a")
    publish_score(app, "other", "P", 7)
    async with client(app, "arena") as reader:
        confirmed, frames = await follow(reader, channel, Position("another", 0))
    assert (confirmed["recovered"], confirmed["epoch"]) == (False, app.broker.epoch)
    assert points(frames) == ([("P", 7)] if channel == "board.other" else [])
    assert texts(frames) == []


async def test_a_position_that_was_never_reached_is_not_recovered(app: App) -> None:
    publish_note(app, "future", "a")
    async with client(app, "arena") as reader:
        confirmed, frames = await follow(reader, "note.future", Position(app.broker.epoch, 2))
    assert (confirmed["recovered"], confirmed["seq"], frames) == (False, 1, [])


async def test_a_thousand_messages_are_kept_however_old() -> None:
    async with lonely_arena() as (app, clock):
        publish_notes(app, "old", *map(str, range(1, 1002)))
        await clock.advance(RETENTION_S + 1)
        async with client(app, "arena") as reader:
            reaches, frames = await follow(reader, "note.old", Position(app.broker.epoch, 1))
            beyond, nothing = await follow(reader, "note.old", Position(app.broker.epoch, 0))
    assert (reaches["recovered"], len(frames), frames[0]["seq"]) == (True, 1000, 2)
    assert (beyond["recovered"], nothing) == (False, [])


async def test_ten_minutes_are_kept_however_many_messages() -> None:
    async with lonely_arena(history_messages=10) as (app, clock):
        publish_notes(app, "many", *"abcde")
        await clock.advance(1)
        publish_notes(app, "many", *map(str, range(100)))
        await clock.advance(RETENTION_S)
        async with client(app, "arena") as reader:
            reaches, frames = await follow(reader, "note.many", Position(app.broker.epoch, 5))
            beyond, _ = await follow(reader, "note.many", Position(app.broker.epoch, 4))
    assert (reaches["recovered"], texts(frames)) == (True, [str(number) for number in range(100)])
    assert beyond["recovered"] is False


async def test_a_channel_that_was_forgotten_goes_on_above_its_old_numbers() -> None:
    async with lonely_arena() as (app, clock):
        publish_notes(app, "gone", "a", "b")
        await clock.advance(2 * RETENTION_S)
        async with client(app, "arena") as reader:
            confirmed, _ = await follow(reader, "note.gone", Position(app.broker.epoch, 1))
            publish_note(app, "gone", "c")
            (push,) = await reader.drain()
    assert confirmed["recovered"] is False
    assert push["seq"] == confirmed["seq"] + 1 > 2


# ── since, of latest channels ───────────────────────────────────────────────────────────────────────────────────────


async def test_a_latest_channel_begins_with_its_newest_messages_as_they_were_pushed(app: App) -> None:
    async with client(app, "arena") as reader, client(app, "arena") as later:
        await follow(reader, "board.begin")
        publish_score(app, "begin", "P", 1)
        publish_score(app, "begin", "Q", 2)
        publish_score(app, "begin", "P", 3)
        pushed = await reader.drain()
        confirmed, snapshot = await follow(later, "board.begin")
    assert points(snapshot) == [("Q", 2), ("P", 3)]
    assert snapshot == pushed
    assert confirmed["seq"] == snapshot[-1]["seq"]


async def test_since_brings_the_newest_message_of_each_key_that_moved(app: App) -> None:
    publish_score(app, "moved", "P", 1)
    publish_score(app, "moved", "Q", 1)
    publish_score(app, "moved", "R", 1)
    publish_score(app, "moved", "P", 2)
    publish_score(app, "moved", "Q", 2)
    publish_score(app, "moved", "P", 3)
    async with client(app, "arena") as reader:
        confirmed, frames = await follow(reader, "board.moved", Position(app.broker.epoch, 3))
    assert (confirmed["recovered"], confirmed["seq"]) == (True, 6)
    assert points(frames) == [("Q", 2), ("P", 3)]


# ── ended keys ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_message_that_ends_its_key_is_pushed(app: App) -> None:
    async with client(app, "arena") as reader:
        await follow(reader, "board.ending")
        publish_score(app, "ending", "P", 1)
        publish_end(app, "ending", "P")
        frames = await reader.drain()
    assert (frames[-1]["type"], frames[-1]["player"]) == ("player_left", "P")


async def test_an_ended_key_is_in_no_snapshot(app: App) -> None:
    publish_score(app, "ended", "P", 1)
    publish_score(app, "ended", "Q", 2)
    publish_end(app, "ended", "P")
    async with client(app, "arena") as reader:
        confirmed, frames = await follow(reader, "board.ended")
    assert [(each["type"], each["player"]) for each in frames] == [("score", "Q")]
    assert confirmed["seq"] == 3


async def test_a_key_that_begins_anew_is_in_the_snapshot(app: App) -> None:
    publish_end(app, "anew", "P")
    publish_score(app, "anew", "P", 5)
    async with client(app, "arena") as reader:
        _, frames = await follow(reader, "board.anew")
        _, missed = await follow(reader, "board.anew", Position(app.broker.epoch, 0))
    assert points(frames) == points(missed) == [("P", 5)]
    assert len(missed) == 1


async def test_who_missed_the_end_of_a_key_is_told_for_ten_minutes() -> None:
    async with lonely_arena() as (app, clock):
        publish_score(app, "end", "P", 1)
        publish_score(app, "end", "Q", 1)
        publish_end(app, "end", "P")
        await clock.advance(RETENTION_S)
        async with client(app, "arena") as reader:
            confirmed, frames = await follow(reader, "board.end", Position(app.broker.epoch, 2))
    assert confirmed["recovered"] is True
    assert [(each["type"], each["player"], each["seq"]) for each in frames] == [("player_left", "P", 3)]


async def test_a_since_from_before_a_dropped_end_is_not_recovered() -> None:
    async with lonely_arena() as (app, clock):
        publish_score(app, "drop", "P", 1)
        publish_score(app, "drop", "Q", 1)
        publish_end(app, "drop", "P")
        publish_score(app, "drop", "R", 1)
        await clock.advance(RETENTION_S + 1)
        async with client(app, "arena") as reader:
            before, snapshot = await follow(reader, "board.drop", Position(app.broker.epoch, 2))
            after, missed = await follow(reader, "board.drop", Position(app.broker.epoch, 3))
    assert (before["recovered"], points(snapshot)) == (False, [("Q", 1), ("R", 1)])
    assert (after["recovered"], points(missed)) == (True, [("R", 1)])


# ── joining again ───────────────────────────────────────────────────────────────────────────────────────────────────


async def test_joining_again_confirms_and_repeats_the_snapshot(app: App) -> None:
    publish_score(app, "twice", "P", 1)
    async with client(app, "arena") as reader:
        first = await follow(reader, "board.twice")
        second = await follow(reader, "board.twice")
        for confirmed, _ in (first, second):
            del confirmed["requestId"]
        assert first == second
        assert await held(reader) == ["board.twice"]
        publish_score(app, "twice", "P", 2)
        assert points(await reader.drain()) == [("P", 2)]


async def test_joining_again_with_since_replays_from_there(app: App) -> None:
    async with client(app, "arena") as reader:
        await follow(reader, "note.replay")
        publish_notes(app, "replay", "a", "b", "c")
        assert texts(await reader.drain()) == ["a", "b", "c"]
        confirmed, frames = await follow(reader, "note.replay", Position(app.broker.epoch, 1))
        assert (confirmed["recovered"], texts(frames)) == (True, ["b", "c"])
        publish_note(app, "replay", "d")
        assert texts(await reader.drain()) == ["d"]


async def test_what_is_due_comes_before_the_confirmation_of_joining_again(app: App) -> None:
    async with client(app, "arena") as reader:
        await follow(reader, "note.due")
        publish_note(app, "due", "a")
        confirmed = await reader.ask(type="subscribe", channel="note.due")
        publish_note(app, "due", "b")
        frames = await reader.drain()
    assert (confirmed["seq"], texts(frames)) == (1, ["b"])


async def test_a_channel_that_is_left_and_joined_in_one_go_is_followed_once(app: App) -> None:
    async with client(app, "arena") as reader:
        await follow(reader, "note.flip")
        await reader.send(type="unsubscribe", channel="note.flip")
        await reader.send(type="subscribe", channel="note.flip")
        await reader.receive_until(type="subscription_confirmed")
        publish_note(app, "flip", "a")
        assert texts(await reader.drain()) == ["a"]


# ── commands that subscribe ─────────────────────────────────────────────────────────────────────────────────────────


async def test_a_command_that_subscribes_tells_the_positions_of_its_every_channels(app: App) -> None:
    publish_notes(app, "enter", "a", "b")
    publish_score(app, "enter", "P", 1)
    async with client(app, "arena") as reader:
        entered = await reader.ask(type="enter", room="enter")
        snapshot = await reader.drain()
        publish_note(app, "enter", "c")
        pushed = await reader.drain()
    assert entered["positions"] == {"note.enter": 2}
    assert points(snapshot) == [("P", 1)]
    assert (texts(pushed), numbers(pushed, "note.enter")) == (["c"], [3])


async def test_the_position_of_a_command_is_one_to_come_back_with_before_the_first_push(app: App) -> None:
    publish_note(app, "early", "a")
    async with client(app, "arena") as reader:
        positions = (await reader.ask(type="enter", room="early"))["positions"]
    publish_note(app, "early", "b")
    async with client(app, "arena") as reader:
        confirmed, frames = await follow(reader, "note.early", Position(app.broker.epoch, positions["note.early"]))
    assert (confirmed["recovered"], texts(frames)) == (True, ["b"])


async def test_a_command_named_get_sends_the_snapshot_to_who_did_not_have_the_channel(app: App) -> None:
    publish_score(app, "got", "P", 1)
    async with client(app, "arena") as reader:
        await reader.ask(type="get_board", board="got")
        assert points(await reader.drain()) == [("P", 1)]
        await reader.ask(type="get_board", board="got")
        assert await reader.drain() == []
        publish_score(app, "got", "P", 2)
        assert points(await reader.drain()) == [("P", 2)]


async def test_a_channel_of_a_held_group_is_not_new_to_a_command_named_get(app: App) -> None:
    publish_score(app, "gotten", "P", 1)
    async with client(app, "arena") as reader:
        await follow(reader, "board.*")
        await reader.ask(type="get_board", board="gotten")
        assert await reader.drain() == []


# ── who caused a message ────────────────────────────────────────────────────────────────────────────────────────────


async def test_who_caused_a_message_gets_it_with_the_request_id_and_everybody_else_without(app: App) -> None:
    async with client(app, "arena") as writer, client(app, "arena") as reader:
        await follow(writer, "note.cause")
        await follow(reader, "note.cause")
        answer = await writer.ask(type="write", room="cause", text="a", requestId="mine")
        (pushed,) = await reader.receive_many(1)
        assert await writer.drain() == []
        assert await reader.drain() == []
    assert answer.pop("requestId") == "mine"
    assert answer == pushed
    assert (answer["channel"], answer["seq"]) == ("note.cause", 1)


async def test_who_caused_a_message_without_a_request_id_gets_the_plain_push(app: App) -> None:
    async with client(app, "arena") as writer:
        await follow(writer, "note.plain")
        await writer.send(type="write", room="plain", text="a")
        (pushed,) = await writer.drain()
    assert pushed["text"] == "a"
    assert "requestId" not in pushed


async def test_many_messages_of_one_origin_each_carry_their_own_request_id(app: App) -> None:
    async with client(app, "arena") as writer, client(app, "arena") as other:
        await follow(writer, "note.origin")
        for number in range(50):
            await writer.send(type="write", room="origin", text=str(number), requestId=f"w{number}")
            if number % 7 == 0:
                await other.send(type="write", room="origin", text="other", requestId="w0")
        frames = [each for each in await writer.drain() if each["text"] != "other" or "requestId" in each]
    assert [(each["text"], each["requestId"]) for each in frames] == [(str(n), f"w{n}") for n in range(50)]


async def test_a_replayed_message_keeps_no_request_id_for_another_connection(app: App) -> None:
    async with client(app, "arena") as writer, client(app, "arena") as reader:
        await follow(writer, "note.kept")
        await writer.ask(type="write", room="kept", text="a", requestId="secret-id")
        _, frames = await follow(reader, "note.kept", Position(app.broker.epoch, 0))
    assert texts(frames) == ["a"]
    assert "requestId" not in frames[0]


# ── in the address ──────────────────────────────────────────────────────────────────────────────────────────────────


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
    query = f"?since=note.point,{app.broker.epoch},1"
    async with client(app, "arena", query, greeted=False) as reader:
        frames = await reader.receive_until(type="connection_established")
        assert await held(reader) == ["note.point"]
    assert [each["type"] for each in frames[1:]] == ["subscription_confirmed", "note", "note", "connection_established"]
    assert (frames[1]["recovered"], frames[1]["seq"], texts(frames)) == (True, 3, ["b", "c"])


async def test_a_channel_that_the_address_names_twice_is_joined_once_from_its_position(app: App) -> None:
    publish_notes(app, "both", "a", "b")
    query = f"?channel=note.both&since=note.both,{app.broker.epoch},1"
    async with client(app, "arena", query, greeted=False) as reader:
        frames = await reader.receive_until(type="connection_established")
    assert [each["type"] for each in frames[1:]] == ["subscription_confirmed", "note", "connection_established"]
    assert frames[1]["recovered"] is True


async def test_several_positions_in_the_address_are_each_recovered_or_not(app: App) -> None:
    publish_notes(app, "some1", "a", "b")
    publish_score(app, "some2", "P", 1)
    query = f"?since=note.some1,{app.broker.epoch},1&since=board.some2,another,5"
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
    app.market.put_token("KEPT", TokenMetadataInput(name="Kept", address="K", decimals=9))
    async with client(app, "token-data", greeted=False) as reader:
        frames = await reader.receive_until(type="connection_established")
        assert [each["type"] for each in frames] == ["token_update", "connection_established"]
        seq = (await reader.ask(type="get_subscriptions"))["data"][0]["seq"]
    query = f"?since=public.tokens,{app.broker.epoch},{seq}"
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


# ── how many ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_of_a_message_that_passes_the_limit_nothing_is_subscribed() -> None:
    async with lonely_arena(max_subscriptions=3) as (app, _), client(app, "arena") as reader:
        await follow(reader, "note.a")
        answer = await reader.ask(type="subscribe", channels=[{"channel": f"note.{room}"} for room in ("b", "c", "d")])
        assert (answer["type"], answer["code"]) == ("error", "TOO_MANY_SUBSCRIPTIONS")
        assert await held(reader) == ["note.a"]
        publish_notes(app, "b", "not followed")
        assert await reader.drain() == []


async def test_exactly_the_limit_is_subscribed_and_no_more_until_one_is_left() -> None:
    async with lonely_arena(max_subscriptions=3) as (app, _), client(app, "arena") as reader:
        await reader.ask(type="subscribe", channels=[{"channel": f"note.{room}"} for room in "abc"])
        assert len(await held(reader)) == 3
        assert (await reader.ask(type="subscribe", channel="note.d"))["code"] == "TOO_MANY_SUBSCRIPTIONS"
        await reader.ask(type="unsubscribe", channel="note.a")
        assert (await reader.ask(type="subscribe", channel="note.d"))["type"] == "subscription_confirmed"
        assert await held(reader) == ["note.b", "note.c", "note.d"]


async def test_joining_again_at_the_limit_is_no_further_subscription() -> None:
    async with lonely_arena(max_subscriptions=1) as (app, _), client(app, "arena") as reader:
        await follow(reader, "note.a")
        await follow(reader, "note.a")
        names = [{"channel": "note.a"}, {"channel": "note.a"}]
        assert (await reader.ask(type="subscribe", channels=names))["type"] == "subscription_confirmed"


async def test_a_group_counts_as_one() -> None:
    async with lonely_arena(max_subscriptions=2) as (app, _), client(app, "arena") as reader:
        for board in "abcd":
            publish_score(app, board, "P", 1)
        await follow(reader, "board.*")
        await follow(reader, "note.a")
        assert (await reader.ask(type="subscribe", channel="note.b"))["code"] == "TOO_MANY_SUBSCRIPTIONS"
        assert await held(reader) == ["board.*", "note.a"]


async def test_what_was_joined_by_connecting_does_not_count() -> None:
    query = "?channel=note.a&channel=note.b&channel=board.c"
    async with lonely_arena(max_subscriptions=2) as (app, _), client(app, "arena", query) as reader:
        await follow(reader, "note.d")
        await follow(reader, "note.e")
        assert (await reader.ask(type="subscribe", channel="note.f"))["code"] == "TOO_MANY_SUBSCRIPTIONS"
        assert len(await held(reader)) == 5


async def test_the_limit_stands_in_the_greeting() -> None:
    async with lonely_arena(max_subscriptions=3) as (app, _), client(app, "arena", greeted=False) as reader:
        established = (await reader.receive_until(type="connection_established"))[-1]
    assert established["limits"]["maxSubscriptions"] == 3


# ── what the shipped endpoints open ─────────────────────────────────────────────────────────────────────────────────


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
    app.market.put_token("ROW", TokenMetadataInput(name="Row", address="R", decimals=9))
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
