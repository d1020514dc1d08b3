"""What is told of notifications, in the order of the commits."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import structlog
from msgspec import Struct

from duelcast.channels.broker import Origin
from duelcast.channels.names import Channel
from duelcast.channels.publisher import Publisher
from duelcast.logs import describe_exception
from duelcast.wire.messages import Event

PUSHES_PER_TURN = 100
"""So many take a few milliseconds."""

_log = structlog.get_logger("duelcast.notifications")


class Push(Struct, frozen=True):
    """A message of a channel. It also takes the place of what was published with the ids of `replaces`."""

    channel: Channel
    event: Event
    stored_id: int | None = None
    origin: Origin | None = None
    replaces: tuple[int, ...] = ()


class _Waiting(NamedTuple):
    pushes: Iterator[Push]
    then: Callable[[], None] | None


class Outlet:
    """Publishes what commits bring, one commit behind the other, at most `PUSHES_PER_TURN` in a turn of the event loop:
    a commit may concern thousands of wallets.

    What waits is what the commits brought, whose queue is bounded; nothing is dropped, and nobody has to keep this
    going: what waits at the end of the server goes out while that says good-bye.
    """

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._waiting: deque[_Waiting] = deque()

    @property
    def waiting(self) -> int:
        """Commits that were not told to their end yet."""
        return len(self._waiting)

    def put(self, pushes: Iterable[Push], then: Callable[[], None] | None = None) -> None:
        """Publish `pushes` behind what was put before, and call `then`."""
        self._waiting.append(_Waiting(iter(pushes), then))
        if len(self._waiting) == 1:
            self._schedule()

    async def settle(self) -> None:
        """Return once what was put before is published, so that an answer is not followed by something older."""
        if self._waiting:
            settled = asyncio.Event()
            self.put((), settled.set)
            await settled.wait()

    def _schedule(self) -> None:
        asyncio.get_running_loop().call_soon(self._publish_some)

    def _publish_some(self) -> None:
        for _ in range(PUSHES_PER_TURN):
            if self._publish_next(self._waiting[0]):
                continue
            self._waiting.popleft()
            if not self._waiting:
                return
        self._schedule()

    def _publish_next(self, waiting: _Waiting) -> bool:
        """Whether something was left of it. What cannot be published is left out: what follows is for others."""
        try:
            push = next(waiting.pushes, None)
            if push is not None:
                self._publish(push)
                return True
        except Exception as error:
            _log.error("defect", error=describe_exception(error))
            return True
        if waiting.then is not None:
            waiting.then()
        return False

    def _publish(self, push: Push) -> None:
        self._publisher.publish(push.channel, push.event, origin=push.origin, stored_id=push.stored_id)
        for stored_id in push.replaces:
            self._publisher.replace(push.channel, stored_id, push.event)
