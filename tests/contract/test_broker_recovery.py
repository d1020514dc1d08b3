"""The broker's contract: what a subscriber gets who comes, or comes back."""

from __future__ import annotations

import asyncio

from duelcast.channels.broker import Position, Recovery
from duelcast.channels.names import Channel
from tests.contract.buses import HISTORY_MESSAGES, HISTORY_S, LONG_IDLE_S, TOMBSTONE_RETENTION_S, Bus
from tests.contract.families import CHAT, PRESENCE

CHAT_1 = CHAT.channel("1")
ROOM = PRESENCE.channel("a")


def publish_numbers(bus: Bus, channel: Channel, *numbers: int) -> None:
    for number in numbers:
        bus.publish(channel, b"%d" % number)


async def position(bus: Bus, channel: Channel) -> Position:
    recovery = await bus.broker.recover(channel)
    return Position(recovery.epoch, recovery.seq)


def contents(recovery: Recovery) -> list[bytes]:
    return [message.body for message in recovery.messages]


class TestEveryChannel:
    async def test_without_since_there_is_a_position_and_no_message(self, bus: Bus) -> None:
        publish_numbers(bus, CHAT_1, 1, 2)
        assert await bus.broker.recover(CHAT_1) == Recovery(bus.broker.epoch, 2, False, ())

    async def test_without_any_message_the_position_is_zero(self, bus: Bus) -> None:
        assert await position(bus, CHAT_1) == Position(bus.broker.epoch, 0)

    async def test_since_brings_exactly_what_was_missed_in_order(self, bus: Bus) -> None:
        publish_numbers(bus, CHAT_1, 1, 2)
        since = await position(bus, CHAT_1)
        publish_numbers(bus, CHAT_1, 3, 4)
        recovery = await bus.broker.recover(CHAT_1, since)
        assert (recovery.recovered, recovery.seq, contents(recovery)) == (True, 4, [b"3", b"4"])
        assert [message.seq for message in recovery.messages] == [3, 4]

    async def test_since_the_beginning_brings_everything(self, bus: Bus) -> None:
        since = await position(bus, CHAT_1)
        publish_numbers(bus, CHAT_1, 1, 2)
        assert contents(await bus.broker.recover(CHAT_1, since)) == [b"1", b"2"]

    async def test_since_the_position_recovers_with_nothing(self, bus: Bus) -> None:
        publish_numbers(bus, CHAT_1, 1)
        recovery = await bus.broker.recover(CHAT_1, await position(bus, CHAT_1))
        assert (recovery.recovered, contents(recovery)) == (True, [])

    async def test_since_beyond_the_position_is_not_recovered(self, bus: Bus) -> None:
        publish_numbers(bus, CHAT_1, 1)
        recovery = await bus.broker.recover(CHAT_1, Position(bus.broker.epoch, 2))
        assert recovery == Recovery(bus.broker.epoch, 1, False, ())

    async def test_since_of_another_epoch_is_not_recovered(self, bus: Bus) -> None:
        publish_numbers(bus, CHAT_1, 1, 2)
        assert not (await bus.broker.recover(CHAT_1, Position("another", 1))).recovered

    async def test_history_holds_all_messages_of_its_time_however_many(self, bus: Bus) -> None:
        numbers = range(1, 10 * HISTORY_MESSAGES)
        publish_numbers(bus, CHAT_1, *numbers)
        await bus.advance(HISTORY_S)
        publish_numbers(bus, CHAT_1, 0)
        recovery = await bus.broker.recover(CHAT_1, Position(bus.broker.epoch, 1))
        assert contents(recovery) == [b"%d" % number for number in numbers[1:]] + [b"0"]

    async def test_history_of_a_followed_channel_holds_its_number_of_messages_however_old(self, bus: Bus) -> None:
        bus.broker.follow(CHAT_1)
        publish_numbers(bus, CHAT_1, *range(1, HISTORY_MESSAGES + 1))
        await bus.advance(LONG_IDLE_S)
        recovery = await bus.broker.recover(CHAT_1, Position(bus.broker.epoch, 0))
        assert (recovery.recovered, len(recovery.messages)) == (True, HISTORY_MESSAGES)

    async def test_what_history_reaches_back_to_recovers_and_what_lies_before_does_not(self, bus: Bus) -> None:
        bus.broker.follow(CHAT_1)
        publish_numbers(bus, CHAT_1, *range(1, HISTORY_MESSAGES + 1))
        await bus.advance(LONG_IDLE_S)
        publish_numbers(bus, CHAT_1, 8, 9)
        recoveries = [await bus.broker.recover(CHAT_1, Position(bus.broker.epoch, seq)) for seq in range(4)]
        assert [recovery.recovered for recovery in recoveries] == [False, False, True, True]
        assert [len(recovery.messages) for recovery in recoveries] == [0, 0, HISTORY_MESSAGES, HISTORY_MESSAGES - 1]

    async def test_who_comes_back_in_time_recovers_also_where_nothing_was_said_for_long(self, bus: Bus) -> None:
        bus.broker.follow(CHAT_1)
        publish_numbers(bus, CHAT_1, 1)
        publish_numbers(bus, CHAT.channel("2"), 1, 2)
        since = await position(bus, CHAT_1)
        await bus.advance(LONG_IDLE_S)
        bus.broker.unfollow(CHAT_1)
        await bus.advance(HISTORY_S)
        publish_numbers(bus, CHAT_1, 2)
        assert contents(await bus.broker.recover(CHAT_1, since)) == [b"2"]

    async def test_since_from_before_a_channel_was_forgotten_never_hides_a_loss(self, bus: Bus) -> None:
        publish_numbers(bus, CHAT_1, 1, 2, 3)
        since = Position(bus.broker.epoch, 2)
        await bus.advance(LONG_IDLE_S)
        publish_numbers(bus, CHAT_1, 4)
        recovery = await bus.broker.recover(CHAT_1, since)
        assert contents(recovery) == ([b"3", b"4"] if recovery.recovered else [])

    async def test_after_a_loss_what_is_stored_recovers_from_before_it(self, bus: Bus) -> None:
        publish_numbers(bus, CHAT_1, 1)
        since = Position(bus.broker.epoch, 0)
        await bus.lose()
        publish_numbers(bus, CHAT_1, 2)
        recovery = await bus.broker.recover(CHAT_1, since)
        assert (recovery.recovered, contents(recovery)) == (True, [b"1", b"2"])

    async def test_after_a_loss_what_is_not_stored_any_more_is_not_recovered(self, bus: Bus) -> None:
        publish_numbers(bus, CHAT_1, 1, 2, 3)
        bus.stored.forget(CHAT_1, 2)
        await bus.lose()
        recoveries = [await bus.broker.recover(CHAT_1, Position(bus.broker.epoch, seq)) for seq in range(4)]
        assert [recovery.recovered for recovery in recoveries] == [False, False, True, True]
        assert [contents(recovery) for recovery in recoveries] == [[], [], [b"3"], []]

    async def test_what_is_stored_is_read_once_for_all_that_come_back(self, bus: Bus) -> None:
        publish_numbers(bus, CHAT_1, 1, 2)
        await bus.lose()
        bus.broker.follow(CHAT_1)
        since = Position(bus.broker.epoch, 0)
        recoveries = await asyncio.gather(*(bus.broker.recover(CHAT_1, since) for _ in range(100)))
        assert all(contents(recovery) == [b"1", b"2"] for recovery in recoveries)
        assert bus.stored.reads == [CHAT_1.name]

    async def test_a_position_before_all_that_is_stored_is_not_looked_for_twice(self, bus: Bus) -> None:
        publish_numbers(bus, CHAT_1, 1, 2)
        bus.stored.forget(CHAT_1, 1)
        await bus.lose()
        bus.broker.follow(CHAT_1)
        for _ in range(3):
            assert not (await bus.broker.recover(CHAT_1, Position(bus.broker.epoch, 0))).recovered
        assert bus.stored.reads == [CHAT_1.name]

    async def test_what_is_broadcast_while_the_position_is_read_is_behind_it(self, bus: Bus) -> None:
        publish_numbers(bus, CHAT_1, 1)
        await bus.lose()
        bus.broker.follow(CHAT_1)
        reading = asyncio.create_task(bus.broker.recover(CHAT_1, Position(bus.broker.epoch, 0)))
        await asyncio.sleep(0)
        publish_numbers(bus, CHAT_1, 2, 3)
        recovery = await reading
        assert (recovery.recovered, recovery.seq) == (True, 3)
        assert [message.seq for message in recovery.messages] == [1, 2, 3]

    async def test_a_number_that_is_known_is_not_delivered_again(self, bus: Bus) -> None:
        publish_numbers(bus, CHAT_1, 1, 2)
        listener = bus.listen()
        bus.broker.broadcast(CHAT_1, 2, b"again")
        publish_numbers(bus, CHAT_1, 3)
        await bus.broker.recover(CHAT_1)
        assert [message.seq for message in listener.messages] == [3]

    async def test_a_channel_stays_followed_through_a_loss(self, bus: Bus) -> None:
        bus.broker.follow(CHAT_1)
        await bus.lose()
        publish_numbers(bus, CHAT_1, 1)
        since = await position(bus, CHAT_1)
        await bus.advance(LONG_IDLE_S)
        publish_numbers(bus, CHAT_1, 2)
        assert contents(await bus.broker.recover(CHAT_1, since)) == [b"2"]


class TestLatestChannel:
    async def test_without_since_there_is_the_newest_message_of_each_key(self, bus: Bus) -> None:
        for body, key in ((b"1", "a"), (b"2", "b"), (b"3", "a")):
            bus.publish(ROOM, body, key=key)
        recovery = await bus.broker.recover(ROOM)
        assert (recovery.recovered, recovery.seq, contents(recovery)) == (False, 3, [b"2", b"3"])

    async def test_a_message_that_ends_its_key_is_in_no_snapshot(self, bus: Bus) -> None:
        bus.publish(ROOM, b"1", key="a")
        bus.publish(ROOM, b"2", key="b")
        bus.publish(ROOM, b"3", key="a", is_tombstone=True)
        recovery = await bus.broker.recover(ROOM)
        assert (recovery.seq, contents(recovery)) == (3, [b"2"])

    async def test_a_key_that_comes_back_is_in_the_snapshot_again(self, bus: Bus) -> None:
        bus.publish(ROOM, b"1", key="a", is_tombstone=True)
        bus.publish(ROOM, b"2", key="a")
        assert contents(await bus.broker.recover(ROOM)) == [b"2"]
        assert contents(await bus.broker.recover(ROOM, Position(bus.broker.epoch, 0))) == [b"2"]

    async def test_since_brings_the_newest_of_the_keys_that_changed(self, bus: Bus) -> None:
        for body, key in ((b"1", "a"), (b"2", "b")):
            bus.publish(ROOM, body, key=key)
        since = await position(bus, ROOM)
        for body in (b"3", b"4"):
            bus.publish(ROOM, body, key="b")
        recovery = await bus.broker.recover(ROOM, since)
        assert (recovery.recovered, recovery.seq, contents(recovery)) == (True, 4, [b"4"])

    async def test_since_brings_the_messages_that_ended_a_key(self, bus: Bus) -> None:
        bus.publish(ROOM, b"1", key="a")
        since = await position(bus, ROOM)
        bus.publish(ROOM, b"2", key="b")
        bus.publish(ROOM, b"3", key="a", is_tombstone=True)
        bus.publish(ROOM, b"4", key="b")
        await bus.advance(TOMBSTONE_RETENTION_S)
        assert contents(await bus.broker.recover(ROOM, since)) == [b"3", b"4"]

    async def test_since_from_before_a_dropped_end_of_a_key_is_not_recovered(self, bus: Bus) -> None:
        for key in ("a", "b"):
            bus.publish(ROOM, key.encode(), key=key)
        bus.publish(ROOM, b"end", key="a", is_tombstone=True)
        await bus.advance(TOMBSTONE_RETENTION_S + 1)
        recoveries = [await bus.broker.recover(ROOM, Position(bus.broker.epoch, seq)) for seq in (2, 3)]
        assert [recovery.recovered for recovery in recoveries] == [False, True]
        assert [contents(recovery) for recovery in recoveries] == [[b"b"], []]

    async def test_since_of_another_epoch_or_beyond_the_position_brings_the_newest(self, bus: Bus) -> None:
        bus.publish(ROOM, b"1")
        for since in (Position("another", 1), Position(bus.broker.epoch, 2)):
            recovery = await bus.broker.recover(ROOM, since)
            assert (recovery.recovered, contents(recovery)) == (False, [b"1"])

    async def test_the_newest_message_of_a_live_key_stays_without_followers(self, bus: Bus) -> None:
        bus.publish(ROOM, b"1")
        await bus.advance(10 * LONG_IDLE_S)
        assert contents(await bus.broker.recover(ROOM)) == [b"1"]

    async def test_a_loss_takes_the_newest_messages_too(self, bus: Bus) -> None:
        bus.publish(ROOM, b"1")
        await bus.lose()
        recovery = await bus.broker.recover(ROOM)
        assert (recovery.epoch, contents(recovery)) == (bus.broker.epoch, [])


class TestGroup:
    async def test_a_group_brings_the_newest_per_key_channel_by_channel(self, bus: Bus) -> None:
        for parameter, body, key in (("a", b"1", "x"), ("b", b"2", ""), ("a", b"3", "y"), ("a", b"4", "x")):
            bus.publish(PRESENCE.channel(parameter), body, key=key)
        messages = await bus.broker.group_messages("presence.*")
        by_channel = sorted(messages, key=lambda message: message.channel.name)
        assert [message.body for message in by_channel] == [b"3", b"4", b"2"]
        names = [message.channel.name for message in messages]
        assert names in (["presence.a", "presence.a", "presence.b"], ["presence.b", "presence.a", "presence.a"])

    async def test_ended_keys_and_channels_of_no_group_are_not_in_it(self, bus: Bus) -> None:
        bus.publish(PRESENCE.channel("alone"), b"1")
        bus.publish(ROOM, b"2")
        bus.publish(ROOM, b"3", is_tombstone=True)
        assert list(await bus.broker.group_messages("presence.*")) == []

    async def test_what_a_group_brings_has_been_delivered(self, bus: Bus) -> None:
        listener = bus.listen()
        bus.publish(ROOM, b"1")
        messages = await bus.broker.group_messages("presence.*")
        assert list(messages) == listener.messages


async def test_what_recovery_names_has_been_delivered(bus: Bus) -> None:
    listener = bus.listen()
    publish_numbers(bus, CHAT_1, 1, 2, 3)
    recovery = await bus.broker.recover(CHAT_1)
    assert [message.seq for message in listener.messages] == list(range(1, recovery.seq + 1))
