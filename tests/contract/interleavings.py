"""A model of subscribers over a broker, for hypothesis to interleave.

A subscriber does what the contract tells it to: it follows the channel, holds back what is delivered while it recovers,
takes what recovery brings, and then what was held back and lies beyond.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import uvloop
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from duelcast.channels.broker import Message, Position
from duelcast.channels.names import Channel, Kind
from tests.contract.buses import HISTORY_S, TOMBSTONE_RETENTION_S, Bus
from tests.contract.families import CHAT, PRESENCE
from tests.examples import examples

CHANNELS = (CHAT.channel("1"), CHAT.channel("2"), PRESENCE.channel("a"))
SUBSCRIBERS = (CHANNELS[0], CHANNELS[0], CHANNELS[1], CHANNELS[2], CHANNELS[2])
KEYS = ("x", "y")
RETENTION_S = min(HISTORY_S, TOMBSTONE_RETENTION_S)


class Truth:
    """Everything that was published on a channel; on a *latest* one, since the bus last lost its memory."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def live(self) -> dict[str, bytes]:
        live: dict[str, bytes] = {}
        for message in self.messages:
            apply(live, message)
        return live


def apply(live: dict[str, bytes], message: Message) -> None:
    """What a message of a *latest* channel does to the state that a client holds."""
    if message.is_tombstone:
        live.pop(message.key, None)
    else:
        live[message.key] = message.body


class Subscriber:
    """A client of one channel that comes and goes and keeps its position."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.position: Position | None = None
        self.online = False
        self.left_s = 0.0
        self.left_at_loss = 0
        self.live: dict[str, bytes] = {}
        self.handled: list[bytes] = []
        self.handled_from = 0
        self._held_back: list[Message] | None = None

    def deliver(self, message: Message) -> None:
        if not self.online or message.channel is not self.channel:
            return
        if self._held_back is None:
            self._handle(message)
        else:
            self._held_back.append(message)

    async def join(self, bus: Bus, truth: Truth, meanwhile: Callable[[], None]) -> bool:
        """Go on from the own position; whether that was recovered. `meanwhile` runs while the bus is asked."""
        self.online, self._held_back = True, []
        asked = asyncio.create_task(bus.broker.recover(self.channel, self.position))
        meanwhile()
        recovery = await asked
        if not recovery.recovered:
            self.live.clear()
            self.handled.clear()
            self.handled_from = sum(message.seq <= recovery.seq for message in truth.messages)
            self.position = None
        for message in recovery.messages:
            self._handle(message)
        self.position = Position(recovery.epoch, recovery.seq)
        held_back, self._held_back = self._held_back, None
        for message in held_back:
            if message.seq > recovery.seq:
                self._handle(message)
        return recovery.recovered

    def _handle(self, message: Message) -> None:
        assert self.position is None or message.seq > self.position.seq, "repeated, or out of order"
        if self.position is not None:
            self.position = Position(self.position.epoch, message.seq)
        if self.channel.kind is Kind.LATEST:
            apply(self.live, message)
        else:
            self.handled.append(message.body)


class Interleavings(RuleBasedStateMachine):
    """Publish, come, go, let time pass, lose the bus, in any order.

    `prompt_recovery`: whether the bus promises that who comes back within retention recovers.
    """

    def __init__(self, open_bus: Callable[[], AbstractAsyncContextManager[Bus]], prompt_recovery: bool) -> None:
        super().__init__()
        self._runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        self._opened = open_bus()
        self._bus = self._runner.run(self._opened.__aenter__())
        self._prompt_recovery = prompt_recovery
        self._now_s = 0.0
        self._losses = 0
        self._body = itertools.count()
        self._truths = {channel.name: Truth() for channel in CHANNELS}
        self._subscribers = [Subscriber(channel) for channel in SUBSCRIBERS]
        self._bus.broker.attach(self)

    def teardown(self) -> None:
        self._runner.run(self._opened.__aexit__(None, None, None))
        self._runner.close()

    def deliver(self, message: Message) -> None:
        self._truths[message.channel.name].messages.append(message)
        for subscriber in self._subscribers:
            subscriber.deliver(message)

    def replace(self, channel: Channel, seq: int, body: bytes) -> None:
        raise AssertionError("nothing is replaced here")

    def resynchronise(self) -> None:
        self._losses += 1
        for channel in CHANNELS:
            if channel.kind is Kind.LATEST:
                self._truths[channel.name].messages.clear()

    def _publish(self, channel: Channel, key: str, is_tombstone: bool) -> None:
        body = b"%d" % next(self._body)
        if channel.kind is Kind.LATEST:
            self._bus.publish(channel, body, key=key, is_tombstone=is_tombstone)
        else:
            self._bus.publish(channel, body)

    async def _settle(self) -> None:
        for channel in CHANNELS:
            await self._bus.broker.recover(channel)

    @rule(
        channel=st.sampled_from(CHANNELS),
        messages=st.lists(st.tuples(st.sampled_from(KEYS), st.booleans()), min_size=1, max_size=12),
    )
    def publish(self, channel: Channel, messages: list[tuple[str, bool]]) -> None:
        for key, is_tombstone in messages:
            self._publish(channel, key, is_tombstone)
        self._runner.run(self._settle())

    @rule(number=st.integers(0, len(SUBSCRIBERS) - 1), meanwhile=st.integers(0, 3))
    def come_or_go(self, number: int, meanwhile: int) -> None:
        subscriber = self._subscribers[number]
        if subscriber.online:
            self._go(subscriber)
        else:
            self._come(subscriber, meanwhile)

    def _come(self, subscriber: Subscriber, meanwhile: int) -> None:
        since, away_s = subscriber.position, self._now_s - subscriber.left_s
        self._bus.broker.follow(subscriber.channel)
        recovered = self._runner.run(self._join(subscriber, meanwhile))
        lost = subscriber.channel.kind is Kind.LATEST and subscriber.left_at_loss < self._losses
        if self._prompt_recovery and since is not None:
            assert recovered or away_s > RETENTION_S or lost

    def _go(self, subscriber: Subscriber) -> None:
        subscriber.online = False
        subscriber.left_s = self._now_s
        subscriber.left_at_loss = self._losses
        self._bus.broker.unfollow(subscriber.channel)

    async def _join(self, subscriber: Subscriber, meanwhile: int) -> bool:
        def publish_some() -> None:
            for _ in range(meanwhile):
                self._publish(subscriber.channel, KEYS[0], False)

        recovered = await subscriber.join(self._bus, self._truths[subscriber.channel.name], publish_some)
        await self._settle()
        return recovered

    @rule(seconds=st.sampled_from([1.0, RETENTION_S / 2, RETENTION_S, RETENTION_S + 61, 5 * RETENTION_S]))
    def wait(self, seconds: float) -> None:
        self._now_s += seconds
        self._runner.run(self._advance(seconds))

    async def _advance(self, seconds: float) -> None:
        await self._bus.advance(seconds)

    @rule(chance=st.integers(0, 7))
    def lose(self, chance: int) -> None:
        """Seldom: it ends every longer story."""
        if chance == 7:
            self._runner.run(self._lose())

    async def _lose(self) -> None:
        await self._bus.lose()
        for subscriber in self._subscribers:
            if subscriber.online:
                recovered = await subscriber.join(self._bus, self._truths[subscriber.channel.name], lambda: None)
                if subscriber.channel.kind is Kind.LATEST:
                    assert not recovered, "nothing of a lost memory can be recovered"
                elif self._prompt_recovery:
                    assert recovered, "what is stored outlives the memory"

    @invariant()
    def each_message_of_an_every_channel_was_handled_once_and_in_order(self) -> None:
        for subscriber in self._subscribers:
            if subscriber.online and subscriber.channel.kind is Kind.EVERY:
                due = self._truths[subscriber.channel.name].messages[subscriber.handled_from :]
                assert subscriber.handled == [message.body for message in due]

    @invariant()
    def the_newest_message_of_each_live_key_has_arrived(self) -> None:
        for subscriber in self._subscribers:
            if subscriber.online and subscriber.channel.kind is Kind.LATEST:
                assert subscriber.live == self._truths[subscriber.channel.name].live()

    @invariant()
    def no_number_was_given_twice(self) -> None:
        for truth in self._truths.values():
            seqs = [message.seq for message in truth.messages]
            assert all(earlier < later for earlier, later in itertools.pairwise(seqs))


def run_interleavings(open_bus: Callable[[], AbstractAsyncContextManager[Bus]], *, prompt_recovery: bool) -> None:
    """Let hypothesis look for an order of events that breaks an invariant over the buses that `open_bus` opens."""

    class Bound(Interleavings):
        def __init__(self) -> None:
            super().__init__(open_bus, prompt_recovery)

    run_state_machine_as_test(Bound, settings=settings(max_examples=examples(100), stateful_step_count=60))
