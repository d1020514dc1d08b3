"""The broker's contract: text that was deleted leaves the history; and who is followed."""

from __future__ import annotations

from duelcast.channels.broker import Position
from tests.contract.buses import HISTORY_MESSAGES, LONG_IDLE_S, Bus
from tests.contract.families import CHAT, PRESENCE

CHAT_1 = CHAT.channel("1")


async def test_recovery_brings_the_replacement_in_its_place(bus: Bus) -> None:
    for number in (1, 2, 3):
        bus.publish(CHAT_1, b"text %d" % number)
    bus.broker.replace(CHAT_1, 2, b"gone")
    recovery = await bus.broker.recover(CHAT_1, Position(bus.broker.epoch, 0))
    assert [(message.seq, message.body) for message in recovery.messages] == [
        (1, b"text 1"),
        (2, b"gone"),
        (3, b"text 3"),
    ]


async def test_listeners_are_told_behind_what_they_were_given_also_of_what_is_not_kept(bus: Bus) -> None:
    recorder = bus.listen()
    bus.publish(CHAT_1, b"text")
    bus.broker.replace(CHAT_1, 1, b"gone")
    bus.broker.replace(CHAT_1, 7, b"never there")
    assert recorder.bodies == [b"text"]
    assert recorder.replacements == [("chat.1", 1, b"gone"), ("chat.1", 7, b"never there")]


async def test_a_replacement_is_kept_as_long_as_what_it_replaced(bus: Bus) -> None:
    bus.broker.follow(CHAT_1)
    bus.publish(CHAT_1, b"text")
    bus.broker.replace(CHAT_1, 1, b"a far longer text than that which was there before")
    for number in range(HISTORY_MESSAGES):
        await bus.advance(LONG_IDLE_S)
        bus.publish(CHAT_1, b"%d" % number)
    assert not (await bus.broker.recover(CHAT_1, Position(bus.broker.epoch, 0))).recovered
    assert (await bus.broker.recover(CHAT_1, Position(bus.broker.epoch, 1))).recovered


async def test_a_channel_is_followed_until_the_last_has_gone(bus: Bus) -> None:
    other = PRESENCE.channel("a")
    bus.broker.follow(CHAT_1)
    bus.broker.follow(CHAT_1)
    bus.broker.follow(other)
    assert dict(bus.broker.followed(CHAT)) == {"1": CHAT_1}
    bus.broker.unfollow(CHAT_1)
    assert dict(bus.broker.followed(CHAT)) == {"1": CHAT_1}
    bus.broker.unfollow(CHAT_1)
    assert dict(bus.broker.followed(CHAT)) == {}
    assert dict(bus.broker.followed(PRESENCE)) == {"a": other}


async def test_a_channel_stays_followed_through_a_loss(bus: Bus) -> None:
    bus.broker.follow(CHAT_1)
    await bus.lose()
    assert dict(bus.broker.followed(CHAT)) == {"1": CHAT_1}
