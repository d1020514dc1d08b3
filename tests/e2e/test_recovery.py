"""Coming back with a position, and joining again (protocol §2)."""

from __future__ import annotations

import pytest

from duelcast.app import App
from duelcast.channels.broker import Position
from tests.e2e.following import (
    RETENTION_S,
    follow,
    held,
    latest_seq,
    numbers,
    own_arena,
    points,
    position_of,
    publish_end,
    publish_note,
    publish_notes,
    publish_score,
    texts,
)
from tests.serving import client

pytestmark = pytest.mark.asyncio(loop_scope="module")


# ── since, of every channels ──────────────────────────────────────────────────────────────────────────────────────────


async def test_since_brings_exactly_the_missed_messages_in_order(app: App) -> None:
    publish_notes(app, "missed", "a", "b", "c", "d")
    async with client(app, "arena") as reader:
        confirmed, frames = await follow(reader, "note.missed", Position(reader.epoch, 1))
    assert (confirmed["recovered"], confirmed["seq"]) == (True, 4)
    assert texts(frames) == ["b", "c", "d"]
    assert numbers(frames, "note.missed") == [2, 3, 4]


async def test_who_missed_nothing_gets_nothing(app: App) -> None:
    publish_notes(app, "nothing", "a", "b")
    async with client(app, "arena") as reader:
        confirmed, frames = await follow(reader, "note.nothing", Position(reader.epoch, 2))
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
        _, missed = await follow(reader, "note.again", position_of(before[-1], reader.epoch))
        publish_note(app, "again", "e")
        after = await reader.drain()
    assert texts(before + missed + after) == ["a", "b", "c", "d", "e"]


async def test_the_position_of_a_confirmation_is_one_to_come_back_with(app: App) -> None:
    publish_note(app, "come", "before")
    async with client(app, "arena") as reader:
        confirmed, _ = await follow(reader, "note.come")
    publish_note(app, "come", "after")
    async with client(app, "arena") as reader:
        again, frames = await follow(reader, "note.come", position_of(confirmed, reader.epoch))
    assert (again["recovered"], texts(frames)) == (True, ["after"])


@pytest.mark.parametrize("channel", ["note.other", "board.other"])
async def test_another_epoch_is_not_recovered(app: App, channel: str) -> None:
    publish_note(app, "other", "a")
    publish_score(app, "other", "P", 7)
    async with client(app, "arena") as reader:
        confirmed, frames = await follow(reader, channel, Position("another", 0))
    assert (confirmed["recovered"], confirmed["epoch"]) == (False, reader.epoch)
    assert points(frames) == ([("P", 7)] if channel == "board.other" else [])
    assert texts(frames) == []


async def test_a_position_that_was_never_reached_is_not_recovered(app: App) -> None:
    publish_note(app, "future", "a")
    async with client(app, "arena") as reader:
        confirmed, frames = await follow(reader, "note.future", Position(reader.epoch, 2))
    assert (confirmed["recovered"], confirmed["seq"], frames) == (False, 1, [])


async def test_a_thousand_messages_are_kept_however_old() -> None:
    async with own_arena() as (app, clock):
        publish_notes(app, "old", *map(str, range(1, 1002)))
        await clock.advance(RETENTION_S + 1)
        async with client(app, "arena") as reader:
            reaches, frames = await follow(reader, "note.old", Position(reader.epoch, 1))
            beyond, nothing = await follow(reader, "note.old", Position(reader.epoch, 0))
    assert (reaches["recovered"], len(frames), frames[0]["seq"]) == (True, 1000, 2)
    assert (beyond["recovered"], nothing) == (False, [])


async def test_ten_minutes_are_kept_however_many_messages() -> None:
    async with own_arena(history_messages=10) as (app, clock):
        publish_notes(app, "many", *"abcde")
        await clock.advance(1)
        publish_notes(app, "many", *map(str, range(100)))
        await clock.advance(RETENTION_S)
        async with client(app, "arena") as reader:
            reaches, frames = await follow(reader, "note.many", Position(reader.epoch, 5))
            beyond, _ = await follow(reader, "note.many", Position(reader.epoch, 4))
    assert (reaches["recovered"], texts(frames)) == (True, [str(number) for number in range(100)])
    assert beyond["recovered"] is False


async def test_a_channel_that_memory_has_forgotten_is_recovered_from_what_is_stored() -> None:
    async with own_arena() as (app, clock):
        publish_notes(app, "gone", "a", "b")
        await clock.advance(2 * RETENTION_S)
        async with client(app, "arena") as reader:
            confirmed, missed = await follow(reader, "note.gone", Position(reader.epoch, 1))
            publish_note(app, "gone", "c")
            (push,) = await reader.drain()
    assert (confirmed["recovered"], texts(missed)) == (True, ["b"])
    assert push["seq"] == confirmed["seq"] + 1 == 3


# ── since, of latest channels ─────────────────────────────────────────────────────────────────────────────────────────


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
        confirmed, frames = await follow(reader, "board.moved", Position(reader.epoch, latest_seq(app, 3)))
    assert (confirmed["recovered"], confirmed["seq"]) == (True, latest_seq(app, 6))
    assert points(frames) == [("Q", 2), ("P", 3)]


# ── ended keys ────────────────────────────────────────────────────────────────────────────────────────────────────────


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
    assert confirmed["seq"] == latest_seq(app, 3)


async def test_a_key_that_begins_anew_is_in_the_snapshot(app: App) -> None:
    publish_end(app, "anew", "P")
    publish_score(app, "anew", "P", 5)
    async with client(app, "arena") as reader:
        _, frames = await follow(reader, "board.anew")
        _, missed = await follow(reader, "board.anew", Position(reader.epoch, latest_seq(app, 0)))
    assert points(frames) == points(missed) == [("P", 5)]
    assert len(missed) == 1


async def test_who_missed_the_end_of_a_key_is_told_for_ten_minutes() -> None:
    async with own_arena() as (app, clock):
        publish_score(app, "end", "P", 1)
        publish_score(app, "end", "Q", 1)
        publish_end(app, "end", "P")
        await clock.advance(RETENTION_S)
        async with client(app, "arena") as reader:
            confirmed, frames = await follow(reader, "board.end", Position(reader.epoch, latest_seq(app, 2)))
    assert confirmed["recovered"] is True
    assert [(each["type"], each["player"], each["seq"]) for each in frames] == [
        ("player_left", "P", latest_seq(app, 3))
    ]


async def test_a_since_from_before_a_dropped_end_is_not_recovered() -> None:
    async with own_arena() as (app, clock):
        publish_score(app, "drop", "P", 1)
        publish_score(app, "drop", "Q", 1)
        publish_end(app, "drop", "P")
        publish_score(app, "drop", "R", 1)
        await clock.advance(RETENTION_S + 1)
        async with client(app, "arena") as reader:
            before, snapshot = await follow(reader, "board.drop", Position(reader.epoch, latest_seq(app, 2)))
            after, missed = await follow(reader, "board.drop", Position(reader.epoch, latest_seq(app, 3)))
    assert (before["recovered"], points(snapshot)) == (False, [("Q", 1), ("R", 1)])
    assert (after["recovered"], points(missed)) == (True, [("R", 1)])


# ── joining again ─────────────────────────────────────────────────────────────────────────────────────────────────────


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
        confirmed, frames = await follow(reader, "note.replay", Position(reader.epoch, 1))
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
