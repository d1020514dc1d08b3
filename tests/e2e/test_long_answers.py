"""What one message may ask for: each channel once, and no more bytes than a client may leave unread (1.3, 1.4, 1.5)."""

from __future__ import annotations

from typing import Any

from tests.e2e.following import epoch_of, held, own_arena, publish_note, publish_notes, publish_score, store, texts
from tests.e2e.metrics import slow_readers
from tests.e2e.slow import KIB, slow_socket, until
from tests.serving import Client, Frame, client

LONG = "x" * 1000


def beginning(epoch: str, channel: str) -> dict[str, Any]:
    """A member of `channels` that asks for everything that was ever published on `channel`."""
    return {"channel": channel, "since": {"epoch": epoch, "seq": 0}}


async def answer(member: Client, **message: Any) -> list[Frame]:
    await member.send(**message)
    return await member.drain()


# ── repeats ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_channel_that_a_message_names_again_is_answered_once() -> None:
    async with own_arena() as (app, _), client(app, "arena") as member:
        publish_score(app, "b", "ann", 1)
        frames = await answer(member, type="subscribe", channels=[{"channel": "board.b"}] * 500)
        assert [frame["type"] for frame in frames] == ["subscription_confirmed", "score"]


async def test_a_repeat_with_a_position_counts_once_too() -> None:
    async with own_arena() as (app, _), client(app, "arena") as member:
        publish_notes(app, "a", "one", "two")
        frames = await answer(member, type="subscribe", channels=[beginning(member.epoch, "note.a")] * 500)
        assert [frame["type"] for frame in frames] == ["subscription_confirmed", "note", "note"]


async def test_a_name_that_is_no_channel_is_refused_once() -> None:
    async with own_arena() as (app, _), client(app, "arena") as member:
        frames = await answer(member, type="subscribe", channels=[{"channel": "nonsense"}] * 500)
        assert [(frame["code"], frame["field"]) for frame in frames] == [("UNKNOWN_CHANNEL", "channels[0].channel")]


async def test_leaving_a_channel_twice_in_a_message_is_answered_once() -> None:
    async with own_arena() as (app, _), client(app, "arena", "?channel=note.a") as member:
        frames = await answer(member, type="unsubscribe", channels=["note.a", {"channel": "note.a"}] * 200)
        assert [frame["type"] for frame in frames] == ["unsubscription_confirmed"]


async def test_a_channel_that_the_address_names_again_is_answered_once() -> None:
    async with own_arena() as (app, _):
        publish_score(app, "b", "ann", 1)
        async with client(app, "arena", "?" + "&".join(["channel=board.b"] * 400), greeted=False) as member:
            frames = await member.receive_until(type="connection_established")
    assert [frame["type"] for frame in frames[1:-1]] == ["subscription_confirmed", "score"]


# ── bytes ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_message_whose_answer_is_too_large_is_refused_as_a_whole() -> None:
    async with own_arena(answer_max_bytes=20 * KIB) as (app, _), client(app, "arena") as member:
        for room in "abcd":
            publish_notes(app, room, *[LONG] * 6)
        wanted = [beginning(member.epoch, f"note.{room}") for room in "abcd"]
        (refused,) = await answer(member, type="subscribe", channels=wanted, requestId="r")
        assert (refused["code"], refused["requestId"]) == ("TOO_MANY_SUBSCRIPTIONS", "r")
        assert await held(member) == []
        assert len(texts(await answer(member, type="subscribe", channels=wanted[:3]))) == 18


async def test_what_a_refused_message_read_is_charged() -> None:
    async with (
        own_arena(answer_max_bytes=20 * KIB, rate_limit_factor=0.001) as (app, _),
        client(app, "arena") as member,
    ):
        publish_notes(app, "a", *[""] * 100)
        publish_notes(app, "b", *[LONG] * 10)
        wanted = [beginning(member.epoch, "note.a"), beginning(member.epoch, "note.b")]
        codes = [(await member.ask(type="subscribe", channels=wanted))["code"] for _ in range(3)]
    assert codes == ["TOO_MANY_SUBSCRIPTIONS"] * 2 + ["RATE_LIMIT_EXCEEDED"]


async def test_a_replay_that_is_too_large_by_itself_is_not_recovered() -> None:
    async with own_arena(answer_max_bytes=20 * KIB) as (app, _), client(app, "arena") as member:
        for number in range(30):
            store(app, "a", f"{number}{LONG}")
        confirmed, *snapshot = await answer(member, type="subscribe", **beginning(member.epoch, "stored.a"))
        assert (confirmed["recovered"], confirmed["seq"]) == (False, 30)
        assert [text.rstrip("x") for text in texts(snapshot)] == ["27", "28", "29"]


async def test_a_single_frame_may_be_larger() -> None:
    async with own_arena(answer_max_bytes=2 * KIB) as (app, _), client(app, "arena") as member:
        publish_score(app, "b", "ann" * 1000, 1)
        frames = await answer(member, type="subscribe", channel="board.b")
        assert [frame["type"] for frame in frames] == ["subscription_confirmed", "score"]


async def test_what_the_address_asks_for_has_the_same_bound_and_the_connection_is_made() -> None:
    async with own_arena(answer_max_bytes=20 * KIB) as (app, _):
        for room in "abcd":
            publish_notes(app, room, *[LONG] * 6)
        epoch = await epoch_of(app)
        query = "?" + "&".join(f"since=note.{room},{epoch},0" for room in "abcd")
        async with client(app, "arena", query, greeted=False) as member:
            frames = await member.receive_until(type="connection_established")
            assert [frame["type"] for frame in frames] == ["welcome", "error", "connection_established"]
            assert frames[1]["code"] == "TOO_MANY_SUBSCRIPTIONS"
            assert await held(member) == []


# ── pieces ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_snapshot_of_a_group_may_be_larger_and_is_handed_to_the_socket_as_that_drains() -> None:
    async with own_arena(answer_max_bytes=20 * KIB) as (app, _), slow_socket(app, "arena") as slow:
        for number in range(2000):
            publish_score(app, f"b{number}", LONG, number)
        await slow.send_json(type="subscribe", channel="board.*", requestId="r")
        await until(lambda: slow_readers(app) == 1)
        (connection,) = app.node.gateway.blocked
        assert connection.outbox.backlog_bytes() > 1000 * KIB
        held_by_transport = connection.ws.underlying_transport.get_write_buffer_size()  # type: ignore[union-attr]  # open
        assert held_by_transport < 128 * KIB
        publish_score(app, "late", "ann", 1)
        assert (await slow.receive_message())["type"] == "subscription_confirmed"
        scores = [(await slow.receive_message())["points"] for _ in range(2000)]
        assert scores == list(range(2000))
        assert (await slow.receive_message())["board"] == "late"


async def test_answers_behind_a_long_one_come_behind_it() -> None:
    async with own_arena() as (app, _), slow_socket(app, "arena") as slow:
        publish_notes(app, "a", *[LONG] * 1000)
        await slow.send_json(type="subscribe", **beginning(await epoch_of(app), "note.a"))
        await slow.send_json(type="ping", timestamp="behind")
        await until(lambda: slow_readers(app) == 1)
        publish_note(app, "a", "last")
        kinds = [(await slow.receive_message())["type"] for _ in range(1003)]
        assert kinds[:1001] == ["subscription_confirmed"] + ["note"] * 1000
        assert sorted(kinds[1001:]) == ["note", "pong"]
