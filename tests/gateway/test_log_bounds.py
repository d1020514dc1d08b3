"""What the hub's log no longer holds is told, and never silently left out."""

from __future__ import annotations

import asyncio

from duelcast.channels.memory import MemoryBroker
from duelcast.clock import ManualClock
from duelcast.gateway.hub import Hub
from tests.contract.buses import StoredInMemory, publish
from tests.e2e.arena import NOTES, make_arena
from tests.gateway.wire_client import WireClient

FLUSH_TURNS = 5


async def flush() -> None:
    for _ in range(FLUSH_TURNS):
        await asyncio.sleep(0)


async def test_a_burst_beyond_the_log_between_two_flushes_is_noticed_by_who_is_in_a_cohort() -> None:
    clock = ManualClock()
    stored = StoredInMemory(clock)
    broker = MemoryBroker(clock, stored)
    hub = Hub(broker, clock, flush_interval_ms=0, log_bytes=10_000)
    client = WireClient("c", make_arena(), hub, broker, clock)
    await client.send(type="subscribe", channel="note.a")
    publish(broker, stored, NOTES.channel("a"), b'{"type":"note","text":""}')
    await flush()
    assert client.outbox.batch is not None
    client.frames()

    for number in range(100):
        publish(broker, stored, NOTES.channel("a"), b'{"type":"note","text":"%d%s"}' % (number, b"x" * 500))
    await flush()

    numbers = [frame["seq"] for frame in client.frames() if frame["type"] == "note"]
    assert client.lost or numbers == list(range(2, 102))
