"""The broker's contract: *latest* channels while nobody follows them, and which of a family are followed."""

from __future__ import annotations

from duelcast.channels.broker import Position, Recovery
from tests.contract.buses import LONG_IDLE_S, Bus
from tests.contract.families import BOARD, ROW

TABLE = BOARD.channel("a")
ANN, BOB = ROW.channel("ann.cup"), ROW.channel("bob.cup")


async def position(bus: Bus) -> Position:
    recovery = await bus.broker.recover(ANN)
    return Position(recovery.epoch, recovery.seq)


def contents(recovery: Recovery) -> list[bytes]:
    return [message.body for message in recovery.messages]


async def test_since_from_before_a_latest_channel_was_forgotten_never_hides_a_loss(bus: Bus) -> None:
    for body in (b"1", b"2"):
        bus.publish(TABLE, body)
    await bus.advance(LONG_IDLE_S)
    for seq, missed in ((1, [b"2"]), (2, [])):
        recovery = await bus.broker.recover(TABLE, Position(bus.broker.epoch, seq))
        assert not recovery.recovered or contents(recovery) == missed
    bus.publish(TABLE, b"3")
    for seq in (1, 2):
        assert contents(await bus.broker.recover(TABLE, Position(bus.broker.epoch, seq))) == [b"3"]


async def test_a_message_of_a_silent_channel_that_nobody_follows_goes_nowhere(bus: Bus) -> None:
    listener = bus.listen()
    bus.publish(ANN, b"1")
    bus.broker.follow(ANN)
    bus.publish(ANN, b"2")
    bus.broker.unfollow(ANN)
    bus.publish(ANN, b"3")
    assert listener.bodies == [b"2"]
    bus.broker.follow(ANN)
    assert contents(await bus.broker.recover(ANN)) == []


async def test_a_silent_channel_is_recovered_while_somebody_follows_it(bus: Bus) -> None:
    bus.broker.follow(ANN)
    bus.broker.follow(ANN)
    bus.publish(ANN, b"1")
    since = await position(bus)
    bus.broker.unfollow(ANN)
    assert await bus.broker.recover(ANN, since) == Recovery(*since, True, [])
    bus.publish(ANN, b"2")
    recovery = await bus.broker.recover(ANN, since)
    assert (recovery.recovered, contents(recovery)) == (True, [b"2"])


async def test_a_silent_channel_is_not_recovered_from_before_nobody_followed_it(bus: Bus) -> None:
    bus.broker.follow(ANN)
    before = [await position(bus)]
    bus.publish(ANN, b"1")
    before.append(await position(bus))
    bus.broker.unfollow(ANN)
    bus.broker.follow(ANN)
    for since in before:
        assert not (await bus.broker.recover(ANN, since)).recovered
    now = await position(bus)
    assert now.seq > before[-1].seq
    bus.publish(ANN, b"2")
    assert contents(await bus.broker.recover(ANN, now)) == [b"2"]


async def test_a_silent_channel_stays_followed_through_a_loss(bus: Bus) -> None:
    bus.broker.follow(ANN)
    await bus.lose()
    bus.publish(ANN, b"1")
    assert contents(await bus.broker.recover(ANN)) == [b"1"]


async def test_those_that_are_followed_are_told_by_subject(bus: Bus) -> None:
    other = ROW.channel("ann.league")
    for channel in (ANN, BOB, other):
        bus.broker.follow(channel)
    assert dict(bus.broker.followed(ROW, "cup")) == {"ann.cup": ANN, "bob.cup": BOB}
    assert dict(bus.broker.followed(ROW, "league")) == {"ann.league": other}
    bus.broker.unfollow(ANN)
    assert dict(bus.broker.followed(ROW, "cup")) == {"bob.cup": BOB}
    bus.broker.unfollow(BOB)
    assert dict(bus.broker.followed(ROW, "cup")) == {}
