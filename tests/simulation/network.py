"""The network between the machines: connections with delays that keep their order, and that are cut and mended."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable
from contextvars import Context
from itertools import count
from typing import Any, NamedTuple

from tests.simulation.loop import Process, current_process, until

MIN_DELAY_S, MAX_DELAY_S = 0.0002, 0.004
SLOW_DELAY_S = 0.150
SLOW_SHARE = 0.02
"""Some packets are sent again by the kernel, and arrive late."""
REFUSED_S = 0.001
OUTSIDE = Context()
"""The context of everything that no process does."""


def delay_s(rng: random.Random) -> float:
    """How long a packet takes."""
    if rng.random() < SLOW_SHARE:
        return rng.uniform(MAX_DELAY_S, SLOW_DELAY_S)
    return rng.uniform(MIN_DELAY_S, MAX_DELAY_S)


class Address(NamedTuple):
    host: str
    port: int


class Network:
    """Hosts are processes, by name. Packets between two hosts that are cut off from each other wait until the network
    is mended, as the kernel repeats them."""

    def __init__(self, seed: str) -> None:
        self.seed = seed
        self._listeners: dict[Address, tuple[Process, Callable[[], asyncio.Protocol]]] = {}
        self._cuts: set[frozenset[str]] = set()
        self._ports = count(1)
        self._pipes: list[Pipe] = []
        self._connections = count()

    # ── for processes ───────────────────────────────────────────────────────────────────────────────────────────

    async def listen(self, factory: Callable[[], asyncio.Protocol], _host: str, _port: int, **_tls: None) -> Listener:
        process = current_process()
        assert process is not None
        address = Address(process.name, next(self._ports))
        self._listeners[address] = (process, factory)
        listener = Listener(self, address)
        process.on_death.append(listener.close)
        return listener

    async def connect(
        self, factory: Callable[[], asyncio.Protocol], host: str, port: int, *, ssl: None
    ) -> tuple[Transport, asyncio.Protocol]:
        process = current_process()
        assert process is not None
        await asyncio.sleep(REFUSED_S)
        await until(lambda: not self.is_cut(process.name, host))  # or until the caller gives up
        found = self._listeners.get(Address(host, port))
        if found is None or found[0].is_dead:
            raise ConnectionRefusedError
        far, far_factory = found
        near_protocol, far_protocol = factory(), far.context.run(far_factory)
        rng = random.Random(f"{self.seed}/{next(self._connections)}/{process.name}/{host}")
        near_end, far_end = Transport(process, near_protocol), Transport(far, far_protocol)
        near_end.out = self._pipe(near_end, far_end, rng)
        far_end.out = self._pipe(far_end, near_end, rng)
        near_end.in_, far_end.in_ = far_end.out, near_end.out
        loop = asyncio.get_running_loop()
        loop.call_later(delay_s(rng), far_end.begin, context=far.context)
        near_end.begin()
        return near_end, near_protocol

    def forget(self, address: Address) -> None:
        self._listeners.pop(address, None)

    # ── for the world ───────────────────────────────────────────────────────────────────────────────────────────

    def is_cut(self, one: str, other: str) -> bool:
        return frozenset((one, other)) in self._cuts

    def cut(self, one: str, other: str) -> None:
        self._cuts.add(frozenset((one, other)))

    def mend(self, one: str, other: str) -> None:
        self._cuts.discard(frozenset((one, other)))
        for pipe in self._pipes:
            pipe.pump()

    def reset(self, one: str, other: str) -> None:
        """End all connections between two hosts, as a router does that forgets them."""
        for pipe in list(self._pipes):
            if {pipe.source.process.name, pipe.sink.process.name} == {one, other}:
                pipe.sink.reset()

    def _pipe(self, source: Transport, sink: Transport, rng: random.Random) -> Pipe:
        self._pipes = [pipe for pipe in self._pipes if not pipe.has_ended]
        pipe = Pipe(self, source, sink, rng)
        self._pipes.append(pipe)
        return pipe


class Listener:
    """A listening socket."""

    def __init__(self, network: Network, address: Address) -> None:
        self._network = network
        self._address = address

    @property
    def sockets(self) -> list[Listener]:
        return [self]

    def getsockname(self) -> Address:
        return self._address

    def close(self) -> None:
        self._network.forget(self._address)


class Pipe:
    """One direction of a connection."""

    def __init__(self, network: Network, source: Transport, sink: Transport, rng: random.Random) -> None:
        self.source = source
        self.sink = sink
        self.has_ended = False
        self._network = network
        self._rng = rng
        self._queue: deque[tuple[float, bytes | None]] = deque()
        self._last_s = 0.0

    def send(self, data: bytes | None) -> None:
        """Carry data, or the end of the connection (None)."""
        loop = asyncio.get_running_loop()
        # Two timers of the same moment could run in either order.
        self._last_s = max(self._last_s + 1e-6, loop.time() + delay_s(self._rng))
        self._queue.append((self._last_s, data))
        loop.call_at(self._last_s, self.pump, context=OUTSIDE)

    def pump(self) -> None:
        """Hand over what has arrived."""
        loop = asyncio.get_running_loop()
        while self._queue and self._queue[0][0] <= loop.time():
            if self._network.is_cut(self.source.process.name, self.sink.process.name):
                return
            _, data = self._queue.popleft()
            self.has_ended = data is None
            loop.call_soon(self.sink.arrive, data, context=self.sink.process.context)


class Transport(asyncio.Transport):
    """An end of a connection."""

    def __init__(self, process: Process, protocol: asyncio.Protocol) -> None:
        super().__init__()
        self.process = process
        self.out: Pipe
        self.in_: Pipe
        self._protocol = protocol
        self._has_begun = False
        self._is_closing = False
        self._is_lost = False
        process.on_death.append(self._die)

    def begin(self) -> None:
        if not self._is_lost:
            self._has_begun = True
            self._protocol.connection_made(self)

    def arrive(self, data: bytes | None) -> None:
        if self._is_lost:
            return
        if data is None:
            self.reset()
        elif not self._is_closing:
            self._protocol.data_received(data)

    def reset(self) -> None:
        """Lose the connection."""
        if not self._is_lost:
            self._is_lost = self._is_closing = True
            if not self._has_begun:
                return
            asyncio.get_running_loop().call_soon(self._protocol.connection_lost, None, context=self.process.context)

    def write(self, data: Any) -> None:
        if not self._is_closing:
            self.out.send(bytes(data))

    def close(self) -> None:
        if not self._is_closing:
            self._is_closing = True
            self.out.send(None)
            self.reset()

    def abort(self) -> None:
        self.close()

    def is_closing(self) -> bool:
        return self._is_closing

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return 0

    def _die(self) -> None:
        """The kernel ends the connections of a dead process."""
        if not self._is_closing:
            self._is_closing = self._is_lost = True
            self.out.send(None)
