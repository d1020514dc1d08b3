"""How a domain publishes."""

from __future__ import annotations

from duelcast.channels.broker import Message
from duelcast.channels.memory import MemoryBroker
from duelcast.channels.names import Family, Kind
from duelcast.channels.publisher import Publisher
from duelcast.clock import ManualClock
from duelcast.wire.messages import Event
from tests.contract.buses import Recorder, StoredInMemory


class Presence(Event, tag="user_presence"):
    """Somebody came, or left."""

    wallet: str
    left: bool = False


def _wallet(event: Event) -> str:
    assert isinstance(event, Presence)
    return event.wallet


def _left(event: Event) -> bool:
    assert isinstance(event, Presence)
    return event.left


ROOM = Family("room", Kind.LATEST, (Presence,), "Who is there.", parameter="[a-z]+", key=_wallet, is_tombstone=_left)
LOG = Family("log", Kind.LATEST, (Presence,), "Who came or left last.")


async def published(family: Family, event: Presence) -> Message:
    clock = ManualClock(1_800_000_000.25)
    broker, listener = MemoryBroker(clock, StoredInMemory(clock)), Recorder()
    broker.attach(listener)
    Publisher(broker, clock).publish(family.channel("a" if family.parameter else ""), event)
    return listener.messages[0]


async def test_an_event_is_encoded_with_the_time_of_its_publication() -> None:
    message = await published(ROOM, Presence(wallet="w"))
    assert message.body == b'{"type":"user_presence","wallet":"w","left":false,"timestamp":"2027-01-15T08:00:00.250Z"}'
    assert message.channel is ROOM.channel("a")


async def test_key_and_end_of_key_are_what_the_family_declares() -> None:
    came, left = await published(ROOM, Presence(wallet="w")), await published(ROOM, Presence(wallet="w", left=True))
    assert [(message.key, message.is_tombstone) for message in (came, left)] == [("w", False), ("w", True)]


async def test_a_family_without_keys_has_one_message_at_a_time() -> None:
    message = await published(LOG, Presence(wallet="w", left=True))
    assert (message.key, message.is_tombstone) == ("", False)


async def test_a_channel_is_followed_as_long_as_somebody_follows_it() -> None:
    clock = ManualClock()
    broker = MemoryBroker(clock, StoredInMemory(clock))
    publisher = Publisher(broker, clock)
    room, other, log = ROOM.channel("a"), ROOM.channel("b"), LOG.channel()
    assert not publisher.is_followed(room)
    for channel in (room, room, log):
        broker.follow(channel)
    assert [publisher.is_followed(channel) for channel in (room, other, log)] == [True, False, True]
    broker.unfollow(room)
    assert publisher.is_followed(room)
    broker.unfollow(room)
    assert not publisher.is_followed(room)
