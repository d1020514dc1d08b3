"""The broker's contract: numbers, order, delivery, leases."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from duelcast.channels.broker import Message, Origin
from duelcast.channels.names import Channel
from tests.contract.buses import LONG_IDLE_S, Bus, Recorder
from tests.contract.families import CHAT, PRESENCE


async def delivered(bus: Bus, *channels: Channel) -> None:
    """Return when what was published on `channels` has been delivered, which `recover` promises."""
    for channel in channels:
        await bus.broker.recover(channel)


async def test_a_listener_gets_a_message_as_it_was_published(bus: Bus) -> None:
    listener = bus.listen()
    bus.publish(CHAT.channel("1"), b'{"n":1}', origin=Origin("connection", "7"))
    bus.publish(PRESENCE.channel("a"), b'{"n":2}', key="wallet", is_tombstone=True)
    await delivered(bus, CHAT.channel("1"), PRESENCE.channel("a"))
    assert listener.messages == [
        Message(CHAT.channel("1"), 1, b'{"n":1}', origin=Origin("connection", "7")),
        Message(PRESENCE.channel("a"), 1, b'{"n":2}', "wallet", True),
    ]


async def test_every_listener_gets_each_message_once(bus: Bus) -> None:
    listeners = [bus.listen(), bus.listen()]
    for body in (b"1", b"2"):
        bus.publish(CHAT.channel("1"), body)
    await delivered(bus, CHAT.channel("1"))
    assert [listener.bodies for listener in listeners] == [[b"1", b"2"]] * 2


async def test_a_listener_gets_nothing_that_was_published_before_it_came(bus: Bus) -> None:
    bus.publish(CHAT.channel("1"), b"1")
    await delivered(bus, CHAT.channel("1"))
    listener = bus.listen()
    bus.publish(CHAT.channel("1"), b"2")
    await delivered(bus, CHAT.channel("1"))
    assert listener.bodies == [b"2"]


async def test_the_numbers_of_an_every_channel_grow_by_one(bus: Bus) -> None:
    listener = bus.listen()
    for _ in range(20):
        bus.publish(CHAT.channel("1"), b"")
    await delivered(bus, CHAT.channel("1"))
    assert [message.seq for message in listener.messages] == list(range(1, 21))


async def test_the_numbers_of_a_latest_channel_grow_whatever_the_key(bus: Bus) -> None:
    listener = bus.listen()
    for key in ("a", "b", "a"):
        bus.publish(PRESENCE.channel("a"), b"", key=key)
    await delivered(bus, PRESENCE.channel("a"))
    seqs = [message.seq for message in listener.messages]
    assert seqs == sorted(set(seqs))


async def test_channels_are_numbered_apart(bus: Bus) -> None:
    listener = bus.listen()
    bus.publish(CHAT.channel("1"), b"")
    bus.publish(CHAT.channel("2"), b"")
    await delivered(bus, CHAT.channel("1"), CHAT.channel("2"))
    assert [message.seq for message in listener.messages] == [1, 1]


@dataclass
class Answering(Recorder):
    """A listener that publishes an answer to the first message, from within `deliver`."""

    bus: Bus | None = field(default=None)

    def deliver(self, message: Message) -> None:
        super().deliver(message)
        if message.body == b"question" and self.bus:
            self.bus.publish(message.channel, b"answer")


async def test_what_a_listener_publishes_comes_after_what_it_was_given_for_all_listeners(bus: Bus) -> None:
    first, last = Answering(bus=bus), Recorder()
    bus.broker.attach(first)
    bus.broker.attach(last)
    bus.publish(CHAT.channel("1"), b"question")
    await delivered(bus, CHAT.channel("1"))
    await delivered(bus, CHAT.channel("1"))
    assert first.bodies == last.bodies == [b"question", b"answer"]
    assert [message.seq for message in last.messages] == [1, 2]


async def test_a_number_is_not_given_twice_where_a_channel_was_idle_for_long(bus: Bus) -> None:
    listener = bus.listen()
    for number in ("1", "2"):
        for _ in range(3):
            bus.publish(CHAT.channel(number), b"")
        await delivered(bus, CHAT.channel(number))
        await bus.advance(LONG_IDLE_S)
    bus.publish(CHAT.channel("1"), b"")
    await delivered(bus, CHAT.channel("1"))
    seqs = [message.seq for message in listener.messages if message.channel is CHAT.channel("1")]
    assert len(seqs) == len(set(seqs)) == 4
    assert seqs == sorted(seqs)


async def test_the_numbers_of_a_followed_channel_grow_by_one_however_long_it_was_idle(bus: Bus) -> None:
    listener = bus.listen()
    bus.broker.follow(CHAT.channel("1"))
    bus.broker.follow(CHAT.channel("1"))
    bus.broker.unfollow(CHAT.channel("1"))
    for _ in range(3):
        bus.publish(CHAT.channel("1"), b"")
        await delivered(bus, CHAT.channel("1"))
        await bus.advance(LONG_IDLE_S)
    assert [message.seq for message in listener.messages] == [1, 2, 3]


async def test_a_followed_channel_begins_right_above_the_position_it_was_told(bus: Bus) -> None:
    for _ in range(3):
        bus.publish(CHAT.channel("1"), b"")
    await delivered(bus, CHAT.channel("1"))
    await bus.advance(LONG_IDLE_S)
    listener = bus.listen()
    bus.broker.follow(CHAT.channel("2"))
    told = await bus.broker.recover(CHAT.channel("2"))
    bus.publish(CHAT.channel("1"), b"")
    await delivered(bus, CHAT.channel("1"))
    await bus.advance(LONG_IDLE_S)
    bus.publish(CHAT.channel("2"), b"")
    await delivered(bus, CHAT.channel("2"))
    assert listener.messages[-1].seq == told.seq + 1


async def test_the_epoch_is_of_the_grammar_and_stays(bus: Bus) -> None:
    epoch = bus.broker.epoch
    assert re.fullmatch("[A-Za-z0-9_-]{1,32}", epoch)
    await bus.advance(LONG_IDLE_S)
    assert bus.broker.epoch == epoch


async def test_a_lost_bus_keeps_its_epoch_and_tells_every_listener(bus: Bus) -> None:
    listeners, epoch = [bus.listen(), bus.listen()], bus.broker.epoch
    await bus.lose()
    assert bus.broker.epoch == epoch
    assert [listener.resynchronisations for listener in listeners] == [1, 1]


async def test_a_lease_is_free_again_once_it_was_left(bus: Bus) -> None:
    held = []
    for turn in (1, 2):
        async with bus.broker.lease("scorer"):
            held.append(turn)
    assert held == [1, 2]
