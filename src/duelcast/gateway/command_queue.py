"""The messages of one connection, handled one at a time in the order they were sent (protocol §1.1)."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

MAX_WAITING_MESSAGES = 256
MAX_WAITING_BYTES = 1024 * 1024
"""While more messages or bytes than this are waiting, nothing is read from the client."""
MAX_DETACHED = 8
"""At most this many commands run concurrently with the queue; any further ones run in order."""

Work = Coroutine[Any, Any, None]


class QueueOwner(Protocol):
    """The owner of a queue. One reference to the owner takes less memory than a bound method for each of these
    methods."""

    def handle(self, data: bytes) -> None:
        """Handle a message whose turn has come. If the handling has to wait for something, pass the rest of it to
        `begin`."""

    def may_handle(self) -> bool:
        """Whether messages may be handled now."""

    def ended_beside(self) -> None:
        """Called when detached work has ended."""

    def spawn(self, work: Work) -> asyncio.Task[None]:
        """Start a task."""


class CommandQueue:
    """A queue in which each message waits until the previous one is done and the owner may handle messages."""

    __slots__ = ("_arrival", "_detached", "_owner", "_waiting_bytes", "running", "waiting")

    def __init__(self, owner: QueueOwner) -> None:
        self._owner = owner
        self.running: asyncio.Task[None] | None = None
        """The work that later messages must wait for."""
        self.waiting: deque[bytes] | None = None
        """The messages that wait for their turn. The queue is created when a message first has to wait, because a deque
        takes 760 bytes, and most clients never need one."""
        self._waiting_bytes = 0
        self._arrival: asyncio.Future[None] | None = None
        self._detached = 0

    @property
    def is_busy(self) -> bool:
        """Whether work is running that later messages must wait for."""
        return self.running is not None

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits, and nothing runs except detached work."""
        return self.running is None and not self.waiting

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing runs, not even detached work."""
        return self.running is None and not self._detached

    @property
    def is_full(self) -> bool:
        """Whether nothing more should be read."""
        return self.waiting is not None and (
            len(self.waiting) > MAX_WAITING_MESSAGES or self._waiting_bytes > MAX_WAITING_BYTES
        )

    def push(self, data: bytes) -> None:
        """Handle a message, now or when its turn comes."""
        if self.is_idle and self._owner.may_handle():
            self._owner.handle(data)
            return
        if self.waiting is None:
            self.waiting = deque()
        self.waiting.append(data)
        self._waiting_bytes += len(data)
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)

    def work_off(self) -> None:
        """Handle the waiting messages in turn, until the handling of one has to wait for something."""
        while self.waiting and not self.is_busy and self._owner.may_handle():
            self._owner.handle(self._pop(self.waiting))

    def begin(self, work: Work) -> None:
        """Make later messages wait for `work`, which calls `end` when it is done."""
        self.running = self._owner.spawn(work)

    def end(self) -> None:
        """Mark the running work as done."""
        self.running = None

    @property
    def has_room_beside(self) -> bool:
        """Whether another command may run detached."""
        return self._detached < MAX_DETACHED

    def begin_beside(self, work: Work) -> None:
        """Run `work` detached: later messages do not wait for it."""
        self._detached += 1
        self._owner.spawn(self._beside(work))

    def cancel(self) -> None:
        """Cancel the running work, but not detached work."""
        if self.running is not None:
            self.running.cancel()
            self.running = None

    def clear(self) -> None:
        """Drop the waiting messages."""
        self.waiting = None
        self._waiting_bytes = 0

    def give_up_first(self) -> None:
        """Release the caller of `first`, because no more messages can arrive."""
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)

    async def first(self, give_up: Callable[[], Work]) -> bytes | None:
        """Take the first message out of the queue; None if `give_up` ends before one arrives."""
        if not self.waiting:
            self._arrival = asyncio.get_running_loop().create_future()
            waiting = asyncio.ensure_future(give_up())
            try:
                await asyncio.wait([self._arrival, waiting], return_when=asyncio.FIRST_COMPLETED)
            finally:
                waiting.cancel()
                self._arrival = None
        return self._pop(self.waiting) if self.waiting else None

    async def _beside(self, work: Work) -> None:
        try:
            await work
        finally:
            self._detached -= 1
            self._owner.ended_beside()

    def _pop(self, waiting: deque[bytes]) -> bytes:
        data = waiting.popleft()
        self._waiting_bytes -= len(data)
        return data
