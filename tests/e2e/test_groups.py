"""Groups: all channels of a family, now and later, joined as one (protocol §2)."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from duelcast.app import App
from duelcast.channels.broker import Position
from duelcast.channels.names import Role
from duelcast.domain.accounts.accounts import Account
from tests.e2e.arena import BOARD, PlayerLeft
from tests.e2e.following import epoch_of, follow, held, latest_seq, points, publish_end, publish_score
from tests.e2e.users import put_user
from tests.serving import Client, Frame, client, token_for

pytestmark = pytest.mark.asyncio(loop_scope="module")

RESTRICTED = "x1"
"""A board that only admins may see."""


def of_board(frames: list[Frame], *boards: str) -> list[Frame]:
    """The frames of these boards; tests share the group."""
    return [frame for frame in frames if frame.get("board") in boards]


async def pushes_of(reader: Client, *boards: str) -> list[Frame]:
    return of_board(await reader.drain(), *boards)


async def test_a_group_has_no_position_and_begins_with_the_newest_of_all_its_channels(app: App) -> None:
    publish_score(app, "begin1", "P", 1)
    publish_score(app, "begin2", "P", 2)
    publish_score(app, "begin2", "P", 3)
    async with client(app, "arena") as reader:
        confirmed, snapshot = await follow(reader, "board.*")
    assert (confirmed["channel"], confirmed["kind"], confirmed["seq"]) == ("board.*", "latest", None)
    assert confirmed["epoch"] == reader.epoch
    assert [(each["channel"], each["seq"], each["points"]) for each in of_board(snapshot, "begin1", "begin2")] == [
        ("board.begin1", latest_seq(app, 1), 1),
        ("board.begin2", latest_seq(app, 2), 3),
    ]


async def test_a_push_of_a_group_carries_the_concrete_channel_and_its_seq(app: App) -> None:
    async with client(app, "arena") as reader:
        await follow(reader, "board.*")
        publish_score(app, "concrete", "P", 1)
        (push,) = await pushes_of(reader, "concrete")
    assert (push["channel"], push["seq"]) == ("board.concrete", latest_seq(app, 1))


async def test_a_channel_that_begins_later_belongs_to_the_group(app: App) -> None:
    async with client(app, "arena") as reader:
        await follow(reader, "board.*")
        for board in ("later1", "later2"):
            publish_score(app, board, "P", 1)
            assert points(await pushes_of(reader, board)) == [("P", 1)]


async def test_since_is_ignored_for_a_group(app: App) -> None:
    publish_score(app, "since", "P", 1)
    async with client(app, "arena") as reader:
        confirmed, snapshot = await follow(reader, "board.*", Position(reader.epoch, 1))
    assert "recovered" not in confirmed
    assert points(of_board(snapshot, "since")) == [("P", 1)]


async def test_since_is_ignored_for_a_group_in_the_address(app: App) -> None:
    publish_score(app, "query", "P", 1)
    async with client(app, "arena", f"?since=board.*,{await epoch_of(app)},99", greeted=False) as reader:
        frames = await reader.receive_until(type="connection_established")
    confirmed = next(each for each in frames if each["type"] == "subscription_confirmed")
    assert (confirmed["seq"], "recovered" in confirmed) == (None, False)
    assert points(of_board(frames, "query")) == [("P", 1)]
    assert "board.*" not in frames[-1]["positions"]


async def test_joining_a_group_again_always_brings_the_snapshot(app: App) -> None:
    publish_score(app, "always", "P", 1)
    async with client(app, "arena") as reader:
        for _ in range(2):
            _, snapshot = await follow(reader, "board.*")
            assert points(of_board(snapshot, "always")) == [("P", 1)]
        publish_score(app, "always", "P", 2)
        assert points(await pushes_of(reader, "always")) == [("P", 2)]


async def test_an_ended_key_is_in_no_snapshot_of_a_group_and_its_end_is_pushed(app: App) -> None:
    async with client(app, "arena") as reader, client(app, "arena") as later:
        await follow(reader, "board.*")
        publish_score(app, "ended", "P", 1)
        publish_end(app, "ended", "P")
        assert [each["type"] for each in await pushes_of(reader, "ended")][-1:] == ["player_left"]
        _, snapshot = await follow(later, "board.*")
    assert of_board(snapshot, "ended") == []


# ── with its channels ───────────────────────────────────────────────────────────────────────────────────────────────


async def test_joining_a_group_ends_the_single_subscriptions_to_its_channels(app: App) -> None:
    async with client(app, "arena") as reader:
        for name in ("board.single1", "board.single2", "note.single"):
            await follow(reader, name)
        await follow(reader, "board.*")
        assert await held(reader) == ["note.single", "board.*"]


async def test_who_followed_a_channel_before_the_group_gets_a_message_once(app: App) -> None:
    async with client(app, "arena") as reader:
        await follow(reader, "board.once")
        await follow(reader, "board.*")
        publish_score(app, "once", "P", 1)
        assert points(await pushes_of(reader, "once")) == [("P", 1)]


async def test_leaving_a_group_ends_the_channels_that_were_followed_before_it(app: App) -> None:
    async with client(app, "arena") as reader:
        await follow(reader, "board.before")
        await follow(reader, "board.*")
        answer = await reader.ask(type="unsubscribe", channel="board.*")
        assert (answer["type"], answer["channel"]) == ("unsubscription_confirmed", "board.*")
        publish_score(app, "before", "P", 1)
        assert await reader.drain() == []
        assert await held(reader) == []


async def test_a_channel_that_is_joined_meanwhile_is_confirmed_with_its_snapshot_and_changes_nothing(app: App) -> None:
    publish_score(app, "mean", "P", 1)
    async with client(app, "arena") as reader:
        await follow(reader, "board.*")
        confirmed, snapshot = await follow(reader, "board.mean")
        assert (confirmed["seq"], points(snapshot)) == (latest_seq(app, 1), [("P", 1)])
        assert await held(reader) == ["board.*"]
        publish_score(app, "mean", "P", 2)
        assert points(await pushes_of(reader, "mean")) == [("P", 2)]
        await reader.ask(type="unsubscribe", channel="board.*")
        publish_score(app, "mean", "P", 3)
        assert await reader.drain() == []


async def test_since_of_a_channel_that_is_joined_meanwhile_is_recovered(app: App) -> None:
    publish_score(app, "missed", "P", 1)
    publish_score(app, "missed", "Q", 2)
    async with client(app, "arena") as reader:
        await follow(reader, "board.*")
        confirmed, frames = await follow(reader, "board.missed", Position(reader.epoch, latest_seq(app, 1)))
    assert (confirmed["recovered"], points(frames)) == (True, [("Q", 2)])


async def test_leaving_a_channel_meanwhile_is_confirmed_and_changes_nothing(app: App) -> None:
    async with client(app, "arena") as reader:
        await follow(reader, "board.*")
        answer = await reader.ask(type="unsubscribe", channel="board.stay")
        assert (answer["type"], answer["channel"]) == ("unsubscription_confirmed", "board.stay")
        publish_score(app, "stay", "P", 1)
        assert points(await pushes_of(reader, "stay")) == [("P", 1)]


@pytest.mark.parametrize("names", [["board.order", "board.*"], ["board.*", "board.order"]], ids=" ".join)
async def test_a_channel_and_its_group_in_one_message_are_both_confirmed_and_held_as_the_group(
    app: App, names: list[str]
) -> None:
    async with client(app, "arena") as reader:
        await reader.send(type="subscribe", channels=[{"channel": name} for name in names], requestId="q")
        frames = await reader.drain()
        assert [each["channel"] for each in frames if each.get("requestId") == "q"] == names
        assert await held(reader) == ["board.*"]
        publish_score(app, "order", "P", 1)
        assert points(await pushes_of(reader, "order")) == [("P", 1)]


async def test_after_the_group_was_left_a_channel_can_be_followed_alone(app: App) -> None:
    async with client(app, "arena") as reader:
        await follow(reader, "board.*")
        await reader.ask(type="unsubscribe", channel="board.*")
        await follow(reader, "board.alone")
        publish_score(app, "alone", "P", 1)
        publish_score(app, "crowd", "P", 1)
        assert points(await reader.drain()) == [("P", 1)]


async def test_one_follows_the_group_and_another_the_channel_and_both_get_the_same_frame(app: App) -> None:
    async with client(app, "arena") as of_all, client(app, "arena") as of_one:
        await follow(of_all, "board.*")
        await follow(of_one, "board.same")
        publish_score(app, "same", "P", 1)
        assert await pushes_of(of_all, "same") == await of_one.drain() != []


async def test_nothing_is_lost_or_repeated_between_the_snapshot_of_a_group_and_what_follows(app: App) -> None:
    """A clerk counts up on many boards, a message a loop turn, while clients join the group over and over."""
    boards = [f"gap{number}" for number in range(10)]

    async def count_up() -> None:
        for number in itertools.count():
            publish_score(app, boards[number % len(boards)], "P", number)
            await asyncio.sleep(0)

    counting = asyncio.create_task(count_up())
    async with client(app, "arena") as reader:
        for _ in range(20):
            await reader.send(type="subscribe", channel="board.*")
            frames = of_board(await reader.receive_until(type="score", board="gap0"), *boards)
            await reader.send(type="unsubscribe", channel="board.*")
            frames += of_board(await reader.receive_until(type="unsubscription_confirmed"), *boards)
            for board in boards:
                seqs = [frame["seq"] for frame in frames if frame["board"] == board]
                assert seqs == sorted(set(seqs))
        counting.cancel()
        await reader.ask(type="subscribe", channel="board.*")
        last = {frame["board"]: frame["points"] for frame in await pushes_of(reader, *boards)}
    assert sorted(last.values()) == list(range(max(last.values()) - len(boards) + 1, max(last.values()) + 1))


# ── rights ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_holder_sees_no_channel_that_it_may_not_join(app: App) -> None:
    publish_score(app, RESTRICTED, "P", 1)
    async with client(app, "arena") as anonymous, client(app, "arena", token=token_for(app, "Group-U")) as user:
        for reader in (anonymous, user):
            _, snapshot = await follow(reader, "board.*")
            assert of_board(snapshot, RESTRICTED) == []
        publish_score(app, RESTRICTED, "P", 2)
        publish_score(app, "seen", "P", 3)
        for reader in (anonymous, user):
            assert points(await pushes_of(reader, RESTRICTED, "seen")) == [("P", 3)]


async def test_a_holder_with_the_role_sees_it_in_the_snapshot_and_live(app: App) -> None:
    publish_score(app, "x2", "P", 1)
    async with client(app, "arena", token=token_for(app, "Group-A", Role.ADMIN)) as admin:
        _, snapshot = await follow(admin, "board.*")
        assert points(of_board(snapshot, "x2")) == [("P", 1)]
        publish_score(app, "x2", "P", 2)
        assert points(await pushes_of(admin, "x2")) == [("P", 2)]


@pytest.mark.parametrize("board", ["x3", "xnever"])
async def test_a_channel_for_a_role_cannot_be_joined_by_itself_without_it(app: App, board: str) -> None:
    publish_score(app, "x3", "P", 1)
    async with client(app, "arena") as anonymous:
        answer = await anonymous.ask(type="subscribe", channel=f"board.{board}")
        assert (answer["type"], answer.get("code")) == ("error", "SUBSCRIPTION_DENIED")
        assert await anonymous.drain() == []


async def test_who_becomes_admin_sees_it_from_then_on(app: App) -> None:
    async with client(app, "arena") as reader:
        await follow(reader, "board.*")
        publish_score(app, "x4", "P", 1)
        assert await pushes_of(reader, "x4") == []
        await reader.ask(type="auth", token=token_for(app, "Group-B", Role.ADMIN))
        publish_score(app, "x4", "P", 2)
        assert points(await pushes_of(reader, "x4")) == [("P", 2)]


async def test_who_is_no_admin_any_more_keeps_the_group_without_it(app: App) -> None:
    async with client(app, "arena", token=token_for(app, "Group-C", Role.ADMIN)) as reader:
        await follow(reader, "board.*")
        await put_user(app, "Group-C", role="user")
        await reader.receive_until(type="session_updated")
        app.leader.publisher.publish(BOARD.channel("x5"), PlayerLeft(board="x5", player="P"))
        publish_score(app, "open", "P", 1)
        assert points(await pushes_of(reader, "x5", "open")) == [("P", 1)]
        assert await held(reader) == ["board.*"]


async def test_who_loses_a_right_is_told_which_channels_end_and_then_who_it_is(app: App) -> None:
    async with client(app, "arena", token=token_for(app, "Group-D", Role.ADMIN)) as reader:
        for name in ("backstage", "board.x6", "note.stays"):
            await follow(reader, name)
        await put_user(app, "Group-D", role="user")
        frames = await reader.receive_until(type="session_updated")
        assert await held(reader) == ["note.stays"]
    assert [(each["type"], each.get("channel"), each.get("reason")) for each in frames] == [
        ("unsubscription_confirmed", "backstage", "rights"),
        ("unsubscription_confirmed", "board.x6", "rights"),
        ("session_updated", None, None),
    ]
    assert frames[-1]["user"]["role"] == "user"


async def test_no_message_of_a_channel_follows_the_loss_of_its_right(app: App) -> None:
    async with client(app, "arena", token=token_for(app, "Group-E", Role.ADMIN)) as reader:
        await follow(reader, "board.x7")
        publish_score(app, "x7", "P", 1)
        app.leader.accounts.put(Account("Group-E", Role.USER))
        publish_score(app, "x7", "P", 2)
        frames = await reader.drain()
    assert [each["type"] for each in frames] == ["score", "unsubscription_confirmed", "session_updated"]
    assert points(frames) == [("P", 1)]
