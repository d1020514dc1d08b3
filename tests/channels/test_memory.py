"""What the broker in memory promises beyond the contract of `tests/contract`: bounds, housekeeping, metrics."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from typing import Any, NoReturn

import pytest
import pytest_asyncio
from prometheus_client import CollectorRegistry

from duelcast.channels.broker import Message, Position
from duelcast.channels.channel_memory import MESSAGE_OVERHEAD_BYTES
from duelcast.channels.memory import MemoryBroker
from duelcast.channels.names import Channel
from duelcast.clock import ManualClock
from duelcast.errors import Unavailable
from duelcast.tasks import cancel
from tests.contract.buses import Recorder, StoredInMemory, memory_bus, publish
from tests.contract.families import BOARD, CHAT, PRESENCE, ROW
from tests.contract.interleavings import run_interleavings

BODY = b"x" * 100
MESSAGE_BYTES = len(BODY) + MESSAGE_OVERHEAD_BYTES
QUIET, BUSY = CHAT.channel("1"), CHAT.channel("2")


class NumberingBroker(MemoryBroker):
    """One with a database that numbers messages, and keeps none."""

    def __init__(self, clock: ManualClock, **bounds: Any) -> None:
        self._numbers = StoredInMemory(clock, keeps=False)
        super().__init__(clock, self._numbers, **bounds)

    def say(self, channel: Channel, body: bytes, *, key: str = "", is_tombstone: bool = False) -> None:
        """Publish, on a channel of whatever kind."""
        publish(self, self._numbers, channel, body, key=key, is_tombstone=is_tombstone)


class StoredUntilAsked(StoredInMemory):
    """A database that fails while it is read, once `failing` is set."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(clock)
        self.add(QUIET, BODY)
        self.asked, self.failing = asyncio.Event(), asyncio.Event()

    async def messages(self, channel: Channel) -> NoReturn:
        self.asked.set()
        await self.failing.wait()
        raise Unavailable("The database is away.")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest_asyncio.fixture
async def broker(clock: ManualClock) -> AsyncIterator[NumberingBroker]:
    """Room for 20 messages of `BODY`; idle after 100 s."""
    opened = NumberingBroker(
        clock, history_messages=2, history_s=100, tombstone_retention_s=100, max_history_bytes=20 * MESSAGE_BYTES
    )
    housekeeping = asyncio.create_task(opened.run())
    yield opened
    housekeeping.cancel()
    await asyncio.wait([housekeeping])


def metric(broker: NumberingBroker, name: str, **labels: str) -> float:
    registry = CollectorRegistry()
    registry.register(broker)
    value = registry.get_sample_value(f"duelcast_bus_{name}", labels)
    assert value is not None, f"no sample {name} {labels}"
    return value


async def recovers(broker: NumberingBroker, channel: Channel, seq: int) -> bool:
    return (await broker.recover(channel, Position(broker.epoch, seq))).recovered


async def test_history_stays_within_its_bound_and_counts_what_it_drops(broker: NumberingBroker) -> None:
    published = 1000
    for _ in range(published):
        broker.say(BUSY, BODY)
        assert metric(broker, "history_bytes") <= 20 * MESSAGE_BYTES
    kept = metric(broker, "history_messages")
    assert 5 < kept <= 20
    assert metric(broker, "history_evicted_total", reason="size") == published - kept


async def test_a_busy_channel_does_not_cost_a_quiet_one_its_history(broker: NumberingBroker) -> None:
    for _ in range(3):
        broker.say(QUIET, BODY)
    for _ in range(1000):
        broker.say(BUSY, BODY)
    assert await recovers(broker, QUIET, 0)
    assert not await recovers(broker, BUSY, 0)


async def test_what_no_longer_fits_is_delivered_all_the_same(broker: NumberingBroker) -> None:
    listener = Recorder()
    broker.attach(listener)
    broker.say(BUSY, BODY * 100)
    assert listener.bodies == [BODY * 100]
    assert metric(broker, "history_messages") == 0
    assert not await recovers(broker, BUSY, 0)


async def test_ended_keys_count_as_history_and_live_ones_do_not(broker: NumberingBroker) -> None:
    room = PRESENCE.channel("a")
    for number in range(100):
        broker.say(room, BODY, key=str(number))
    assert metric(broker, "history_bytes") == 0
    for number in range(100):
        broker.say(room, BODY, key=str(number), is_tombstone=True)
    assert metric(broker, "history_messages") <= 20
    assert not await recovers(broker, room, 100)
    assert await recovers(broker, room, 195)


async def test_housekeeping_drops_what_is_old_and_idle(broker: NumberingBroker, clock: ManualClock) -> None:
    for number in range(10):
        broker.say(CHAT.channel(str(number)), BODY)
        broker.say(PRESENCE.channel("a"), BODY, key=str(number), is_tombstone=True)
    await clock.advance(60)
    assert metric(broker, "channels", kind="every") == 10
    await clock.advance(120)
    assert metric(broker, "channels", kind="every") == metric(broker, "channels", kind="latest") == 0
    assert metric(broker, "history_bytes") == metric(broker, "history_messages") == 0
    assert metric(broker, "history_evicted_total", reason="idle") == 10
    assert metric(broker, "history_evicted_total", reason="retention") == 10
    assert await broker.group_messages("presence.*") == []


async def test_housekeeping_keeps_what_is_followed_or_live(broker: NumberingBroker, clock: ManualClock) -> None:
    broker.follow(QUIET)
    broker.say(PRESENCE.channel("a"), BODY)
    await clock.advance(1000)
    assert metric(broker, "channels", kind="every") == metric(broker, "channels", kind="latest") == 1
    broker.unfollow(QUIET)
    await clock.advance(1000)
    assert metric(broker, "channels", kind="every") == 0


async def test_a_board_that_is_elsewhere_too_is_forgotten_once_nobody_used_it_for_long(
    broker: NumberingBroker, clock: ManualClock
) -> None:
    table = BOARD.channel("a")
    broker.follow(table)
    broker.say(table, BODY)
    await clock.advance(1000)
    assert metric(broker, "channels", kind="latest") == 1
    broker.unfollow(table)
    await clock.advance(90)
    assert await recovers(broker, table, 1)
    broker.say(table, BODY)
    await clock.advance(60)
    assert await recovers(broker, table, 1), "a message is a use too"
    await clock.advance(120)
    assert metric(broker, "channels", kind="latest") == 0
    assert not await recovers(broker, table, 1)


async def test_a_channel_that_is_silent_while_nobody_follows_it_is_forgotten(
    broker: NumberingBroker, clock: ManualClock
) -> None:
    row = ROW.channel("ann.cup")
    broker.follow(row)
    broker.say(row, BODY)
    await clock.advance(1000)
    assert metric(broker, "channels", kind="latest") == 1
    broker.unfollow(row)
    broker.say(row, BODY)
    await clock.advance(180)
    assert metric(broker, "channels", kind="latest") == 0


async def test_a_position_from_before_a_latest_channel_was_forgotten_is_not_recovered(
    broker: NumberingBroker, clock: ManualClock
) -> None:
    for _ in range(5):
        broker.say(BOARD.channel("a"), BODY)
    await clock.advance(1000)
    broker.say(BOARD.channel("b"), BODY)
    recovery = await broker.recover(BOARD.channel("b"))
    assert recovery.seq == 6
    assert not await recovers(broker, BOARD.channel("b"), 4)
    assert await recovers(broker, BOARD.channel("b"), 5)


async def test_housekeeping_gives_way_while_it_walks_many_channels(clock: ManualClock) -> None:
    broker = NumberingBroker(clock, history_s=100)
    for number in range(2500):
        broker.say(CHAT.channel(str(number)), BODY)
    housekeeping = asyncio.create_task(broker.run())
    await clock.advance(60)
    walk = asyncio.create_task(clock.advance(60))
    sizes = set()
    while not walk.done():
        await asyncio.sleep(0)
        sizes.add(metric(broker, "channels", kind="every"))
    housekeeping.cancel()
    assert {2500, 1500, 500, 0} <= sizes


async def test_a_loss_counts_what_it_takes(broker: NumberingBroker) -> None:
    for _ in range(3):
        broker.say(QUIET, BODY)
    broker.reset()
    assert metric(broker, "history_evicted_total", reason="reset") == 3
    assert metric(broker, "history_bytes") == metric(broker, "channels", kind="every") == 0


class Failing(Recorder):
    """A listener with a defect."""

    def deliver(self, message: Message) -> NoReturn:
        raise RuntimeError


def test_a_defect_of_a_listener_does_not_stop_the_bus() -> None:
    broker, listener = NumberingBroker(ManualClock()), Recorder()
    broker.attach(listener)
    broker.attach(Failing())
    for body in (b"1", b"2"):
        with pytest.raises(RuntimeError):
            broker.say(QUIET, body)
    assert listener.bodies == [b"1", b"2"]


class Chattering(Recorder):
    """A listener that publishes from within `deliver`, and has a defect."""

    def __init__(self, broker: NumberingBroker) -> None:
        super().__init__()
        self._broker = broker

    def deliver(self, message: Message) -> None:
        super().deliver(message)
        if message.body == b"first":
            self._broker.say(QUIET, b"second")
            raise RuntimeError


def test_what_a_defect_held_back_comes_with_the_next_message() -> None:
    broker = NumberingBroker(ManualClock())
    listener = Chattering(broker)
    broker.attach(listener)
    with pytest.raises(RuntimeError):
        broker.say(QUIET, b"first")
    broker.say(QUIET, b"third")
    assert listener.bodies == [b"first", b"second", b"third"]


def test_what_a_defect_held_back_is_lost_with_the_memory() -> None:
    broker = NumberingBroker(ManualClock())
    listener = Chattering(broker)
    broker.attach(listener)
    with pytest.raises(RuntimeError):
        broker.say(QUIET, b"first")
    broker.reset()
    broker.say(QUIET, b"third")
    assert [(message.seq, message.body) for message in listener.messages] == [(1, b"first"), (3, b"third")]


async def test_a_read_that_fails_after_its_reader_has_left_is_not_reported(clock: ManualClock) -> None:
    numbers = StoredUntilAsked(clock)
    broker = MemoryBroker(clock, numbers)
    reported: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))
    reader = asyncio.create_task(broker.recover(QUIET, Position(broker.epoch, 0)))
    await numbers.asked.wait()
    await cancel([reader])
    del reader  # its traceback refers to the read
    numbers.failing.set()
    for _ in range(5):
        await asyncio.sleep(0)
    gc.collect()
    assert reported == []


async def test_after_a_loss_numbers_go_on_above_those_that_were_given(broker: NumberingBroker) -> None:
    room = PRESENCE.channel("a")
    for channel in (QUIET, room):
        broker.say(channel, BODY)
    broker.reset()
    assert (await broker.recover(QUIET)).seq == 1
    assert not await recovers(broker, room, 1)
    broker.say(room, BODY)
    assert (await broker.recover(room)).seq > 1


def test_no_subscriber_misses_a_message_untold_where_the_bound_on_history_bites() -> None:
    run_interleavings(lambda: memory_bus(max_history_bytes=8 * MESSAGE_OVERHEAD_BYTES), prompt_recovery=False)


# ── channels that nobody follows any more ───────────────────────────────────────────────────────────────────────────


@pytest.fixture
def small(clock: ManualClock) -> NumberingBroker:
    """Keeps three of them."""
    return NumberingBroker(clock, max_idle_channels=3)


def visit(broker: NumberingBroker, channel: Channel) -> None:
    """Follow a channel for one message."""
    broker.follow(channel)
    broker.say(channel, BODY)
    broker.unfollow(channel)


def channels(broker: NumberingBroker) -> float:
    return sum(metric(broker, "channels", kind=kind) for kind in ("latest", "every"))


async def test_channels_without_followers_are_bounded_and_the_one_left_longest_is_forgotten(
    small: NumberingBroker,
) -> None:
    for number in range(1, 6):
        visit(small, CHAT.channel(str(number)))
    assert [await recovers(small, CHAT.channel(str(number)), 0) for number in range(1, 5)] == [False] * 2 + [True] * 2
    assert channels(small) == 3
    assert metric(small, "channels_forgotten_total", reason="room") == 2


async def test_following_a_channel_again_makes_it_the_newest(small: NumberingBroker) -> None:
    for number in (1, 2, 3, 1, 4):
        visit(small, CHAT.channel(str(number)))
    assert await recovers(small, CHAT.channel("1"), 0)
    assert not await recovers(small, CHAT.channel("2"), 0)


async def test_a_followed_channel_is_not_forgotten_however_many_others_come_and_go(small: NumberingBroker) -> None:
    small.follow(QUIET)
    small.say(QUIET, BODY)
    for number in range(10, 20):
        visit(small, CHAT.channel(str(number)))
    assert await recovers(small, QUIET, 0)


async def test_the_state_of_a_channel_is_not_forgotten(small: NumberingBroker) -> None:
    visit(small, PRESENCE.channel("ann"))
    for number in range(10):
        visit(small, CHAT.channel(str(number)))
    assert len((await small.recover(PRESENCE.channel("ann"))).messages) == 1


async def test_a_forgotten_channel_goes_on_above_its_numbers(small: NumberingBroker) -> None:
    for _ in range(5):
        visit(small, QUIET)
    for number in range(10, 14):
        visit(small, CHAT.channel(str(number)))
    visit(small, QUIET)
    assert (await small.recover(QUIET)).seq == 6


async def test_a_channel_on_which_nothing_was_said_takes_no_room_and_its_position_holds(small: NumberingBroker) -> None:
    for number in range(100):
        small.follow(CHAT.channel(str(number)))
        small.unfollow(CHAT.channel(str(number)))
    assert channels(small) == 0
    assert await recovers(small, QUIET, 0)
    small.say(QUIET, BODY)
    recovery = await small.recover(QUIET, Position(small.epoch, 0))
    assert (recovery.recovered, len(recovery.messages)) == (True, 1)
