"""Every implementation of the bus, opened for a test: a new one is one more entry of `BUSES`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

from duelcast.channels.broker import Broker, Message
from duelcast.channels.memory import MemoryBroker
from duelcast.channels.names import Channel
from duelcast.clock import ManualClock

HISTORY_MESSAGES = 5
HISTORY_S = 100.0
ENDED_KEY_RETENTION_S = 100.0
LONG_IDLE_S = HISTORY_S + ENDED_KEY_RETENTION_S + 300.0
"""Time enough for a bus to forget what it may."""


@dataclass
class Recorder:
    """A listener that remembers."""

    messages: list[Message] = field(default_factory=list)
    replacements: list[tuple[str, int, bytes]] = field(default_factory=list)
    resynchronisations: int = 0

    def deliver(self, message: Message) -> None:
        self.messages.append(message)

    def replace(self, channel: Channel, stored_id: int, body: bytes) -> None:
        self.replacements.append((channel.name, stored_id, body))

    def resynchronise(self) -> None:
        self.resynchronisations += 1

    @property
    def bodies(self) -> list[bytes]:
        return [message.body for message in self.messages]


@dataclass
class Bus:
    """A broker under test: `advance` lets time pass for it, `lose` makes it lose its memory."""

    broker: Broker
    advance: Callable[[float], Awaitable[None]]
    lose: Callable[[], Awaitable[None]]

    def listen(self) -> Recorder:
        recorder = Recorder()
        self.broker.attach(recorder)
        return recorder


@asynccontextmanager
async def memory_bus(max_history_bytes: int = 1_000_000) -> AsyncIterator[Bus]:
    clock = ManualClock()
    broker = MemoryBroker(
        clock,
        history_messages=HISTORY_MESSAGES,
        history_s=HISTORY_S,
        ended_key_retention_s=ENDED_KEY_RETENTION_S,
        max_history_bytes=max_history_bytes,
    )

    async def lose() -> None:
        broker.reset()

    housekeeping = asyncio.create_task(broker.run())
    try:
        yield Bus(broker, clock.advance, lose)
    finally:
        housekeeping.cancel()
        await asyncio.wait([housekeeping])


BUSES: dict[str, Callable[[], AbstractAsyncContextManager[Bus]]] = {"memory": memory_bus}
