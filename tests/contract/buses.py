"""Every implementation of the bus, opened for a test: a new one is one more entry of `BUSES`."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

from duelcast.channels.broker import Broker, Message, Origin, StoredMessage
from duelcast.channels.memory import MemoryBroker
from duelcast.channels.names import Channel, Kind
from duelcast.clock import Clock, ManualClock

HISTORY_MESSAGES = 5
HISTORY_S = 100.0
TOMBSTONE_RETENTION_S = 100.0
LONG_IDLE_S = HISTORY_S + TOMBSTONE_RETENTION_S + 300.0
"""Time enough for a bus to forget what it may."""


@dataclass
class Recorder:
    """A listener that remembers."""

    messages: list[Message] = field(default_factory=list)
    replacements: list[tuple[str, int, bytes]] = field(default_factory=list)
    resynchronisations: int = 0

    def deliver(self, message: Message) -> None:
        self.messages.append(message)

    def replace(self, channel: Channel, seq: int, body: bytes) -> None:
        self.replacements.append((channel.name, seq, body))

    def resynchronise(self) -> None:
        self.resynchronisations += 1

    @property
    def bodies(self) -> list[bytes]:
        return [message.body for message in self.messages]


class StoredInMemory:
    """What a database does for the bus: numbers the messages of *every* channels, and keeps them if it `keeps`."""

    def __init__(self, clock: Clock, *, keeps: bool = True) -> None:
        self.reads: list[str] = []
        """Channels whose messages were read."""
        self._clock = clock
        self._keeps = keeps
        self._numbers: Counter[str] = Counter()
        self._kept: dict[str, list[tuple[int, bytes, float]]] = {}

    def add(self, channel: Channel, body: bytes) -> int:
        """Store a message; gives its number."""
        self._numbers[channel.name] += 1
        seq = self._numbers[channel.name]
        if self._keeps:
            self._kept.setdefault(channel.name, []).append((seq, body, self._clock.monotonic()))
        return seq

    def forget(self, channel: Channel, up_to: int) -> None:
        """Delete the messages up to a number."""
        self._kept[channel.name] = [each for each in self._kept[channel.name] if each[0] > up_to]

    async def position(self, channel: Channel) -> int:
        await asyncio.sleep(0)
        return self._numbers[channel.name]

    async def messages(self, channel: Channel) -> Sequence[StoredMessage]:
        self.reads.append(channel.name)
        found = list(self._kept.get(channel.name, ()))
        await asyncio.sleep(0)
        return [StoredMessage(seq, body, self._clock.monotonic() - at_s) for seq, body, at_s in found]


@dataclass
class Bus:
    """A broker under test: `advance` lets time pass for it, `lose` makes it lose its memory."""

    broker: Broker
    stored: StoredInMemory
    advance: Callable[[float], Awaitable[None]]
    lose: Callable[[], Awaitable[None]]

    def publish(
        self, channel: Channel, body: bytes, *, key: str = "", is_tombstone: bool = False, origin: Origin | None = None
    ) -> None:
        """Of an *every* channel, what is stored is broadcast."""
        publish(self.broker, self.stored, channel, body, key=key, is_tombstone=is_tombstone, origin=origin)

    def listen(self) -> Recorder:
        recorder = Recorder()
        self.broker.attach(recorder)
        return recorder


def publish(
    broker: Broker,
    stored: StoredInMemory,
    channel: Channel,
    body: bytes,
    *,
    key: str = "",
    is_tombstone: bool = False,
    origin: Origin | None = None,
) -> None:
    """Publish on a *latest* channel; store and broadcast on an *every* one."""
    if channel.kind is Kind.EVERY:
        broker.broadcast(channel, stored.add(channel, body), body, origin)
    else:
        broker.publish(channel, body, key=key, is_tombstone=is_tombstone)


@asynccontextmanager
async def memory_bus(max_history_bytes: int = 1_000_000) -> AsyncIterator[Bus]:
    clock = ManualClock()
    stored = StoredInMemory(clock)
    broker = MemoryBroker(
        clock,
        stored,
        history_messages=HISTORY_MESSAGES,
        history_s=HISTORY_S,
        tombstone_retention_s=TOMBSTONE_RETENTION_S,
        max_history_bytes=max_history_bytes,
    )

    async def lose() -> None:
        broker.reset()

    housekeeping = asyncio.create_task(broker.run())
    try:
        yield Bus(broker, stored, clock.advance, lose)
    finally:
        housekeeping.cancel()
        await asyncio.wait([housekeeping])


BUSES: dict[str, Callable[[], AbstractAsyncContextManager[Bus]]] = {"memory": memory_bus}
