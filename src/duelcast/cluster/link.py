"""One end of a link: its frames, and the peer at the other end."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

from duelcast.clock import Clock
from duelcast.cluster.calls import Methods, Peer
from duelcast.cluster.frames import Fault, FrameProtocol


class Link:
    """`linked` is called once both ends have proved that they know the secret, and `ended` once at the end of the
    connection, whether or not it `was_linked`."""

    def __init__(
        self,
        secret: bytes,
        node: str,
        methods: Methods,
        clock: Clock,
        *,
        listens: bool,
        faults: Counter[Fault],
        linked: Callable[[Link], None],
        ended: Callable[[Link], None],
    ) -> None:
        self.frames = FrameProtocol(secret, node, listens=listens, faults=faults)
        self.peer = Peer(self.frames, methods, clock)
        self.was_linked = False
        self.has_ended = asyncio.Event()
        self._linked = linked
        self._ended = ended
        self._watching: asyncio.Task[None] | None = None
        self.frames.connected = self._begin
        self.frames.received = self.peer.received
        self.frames.lost = self._end

    def _begin(self) -> None:
        self.was_linked = True
        self._watching = asyncio.get_running_loop().create_task(self.peer.watch())
        self._linked(self)

    def _end(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
        self.peer.lost()
        self.has_ended.set()
        self._ended(self)
