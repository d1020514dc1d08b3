"""When a reply is written: at once, and together with others where they come closely."""

from __future__ import annotations

import asyncio

from duelcast.channels.memory import MemoryBroker
from duelcast.clock import ManualClock
from duelcast.gateway.hub import Hub
from duelcast.gateway.outbox import BURST_S, MAX_UNWRITTEN_BYTES
from tests.contract.buses import StoredInMemory
from tests.e2e.arena import make_arena
from tests.gateway.wire_client import WireClient


class Writes:
    """A client of a hub whose loop time is `now`, with the sizes of the writes to its socket."""

    def __init__(self) -> None:
        clock = ManualClock()
        broker = MemoryBroker(clock, StoredInMemory(clock))
        self.now = 1_000.0
        self.hub = Hub(broker, clock)
        self.hub.turn_time = lambda: self.now
        self.client = WireClient("c", make_arena(), self.hub, broker, clock)
        self.sizes: list[int] = []
        write = self.client.outbox.write

        def note(data: bytes) -> None:
            self.sizes.append(len(data))
            write(data)

        self.client.outbox.write = note

    async def ping(self, name: str) -> None:
        await self.client.send(type="ping", requestId=name)

    def answered(self) -> list[str]:
        return [frame["requestId"] for frame in self.client.frames()]


async def test_a_reply_is_written_at_once() -> None:
    writes = Writes()
    await writes.ping("a")
    assert writes.answered() == ["a"]


async def test_replies_behind_it_share_a_write_at_the_end_of_the_loop_turn() -> None:
    writes = Writes()
    for name in "abc":
        await writes.ping(name)
    assert writes.answered() == ["a"]
    await asyncio.sleep(0)
    assert writes.answered() == ["b", "c"]
    assert len(writes.sizes) == 2


async def test_after_a_while_a_reply_is_written_at_once_again() -> None:
    writes = Writes()
    await writes.ping("a")
    writes.now += 2 * BURST_S
    await writes.ping("b")
    assert writes.answered() == ["a", "b"]


async def test_a_reply_never_passes_one_that_waits() -> None:
    writes = Writes()
    await writes.ping("a")
    await writes.ping("b")
    writes.now += 2 * BURST_S
    await writes.ping("c")
    await asyncio.sleep(0)
    assert writes.answered() == ["a", "b", "c"]


async def test_large_replies_do_not_wait_for_one_another_without_a_bound() -> None:
    writes = Writes()
    await writes.ping("a")
    value = "x" * (MAX_UNWRITTEN_BYTES // 4)
    for _ in range(12):
        await writes.client.send(type="free", value=value)
    assert max(writes.sizes) < 2 * MAX_UNWRITTEN_BYTES
    assert len(writes.sizes) > 2
