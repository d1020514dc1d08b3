"""The messages of one connection: one after the other, in the order they were sent (protocol 1.1)."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

MAX_WAITING_MESSAGES = 256
MAX_WAITING_BYTES = 1024 * 1024
"""What may wait; beyond either, nothing is read from the client."""
MAX_DETACHED = 8
"""Commands that may run beside the others; the next one is run in order."""

Work = Coroutine[Any, Any, None]


class QueueOwner(Protocol):
    """Whose queue it is. One reference to it takes less memory than a bound method for each of these."""

    def handle(self, data: bytes) -> None:
        """Take a message that is due; where it has to wait for something, give `begin` the rest."""

    def may_handle(self) -> bool:
        """Whether messages are taken at the moment."""

    def ended_beside(self) -> None:
        """Hear that work beside the others has ended."""

    def spawn(self, work: Work) -> asyncio.Task[None]:
        """Make a task."""


class CommandQueue:
    """Messages wait for the one before, and until the owner may handle them."""

    __slots__ = ("_arrival", "_detached", "_owner", "_running", "_waiting", "_waiting_bytes")

    def __init__(self, owner: QueueOwner) -> None:
        self._owner = owner
        self._running: asyncio.Task[None] | None = None
        self._waiting: deque[bytes] | None = None
        """Made when something waits for the first time: it takes 760 bytes, and most clients never need it."""
        self._waiting_bytes = 0
        self._arrival: asyncio.Future[None] | None = None
        self._detached = 0

    @property
    def is_busy(self) -> bool:
        """Whether something runs that later messages wait for."""
        return self._running is not None

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs or waits."""
        return self._running is None and not self._waiting

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing runs, beside the others neither."""
        return self._running is None and not self._detached

    @property
    def is_full(self) -> bool:
        """Whether nothing more should be read."""
        return self._waiting is not None and (
            len(self._waiting) > MAX_WAITING_MESSAGES or self._waiting_bytes > MAX_WAITING_BYTES
        )

    def push(self, data: bytes) -> None:
        """Handle a message, at once or in its turn."""
        if self.is_idle and self._owner.may_handle():
            self._owner.handle(data)
            return
        if self._waiting is None:
            self._waiting = deque()
        self._waiting.append(data)
        self._waiting_bytes += len(data)
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)

    def work_off(self) -> None:
        """Handle what waits, up to a message that waits for something itself."""
        while self._waiting and not self.is_busy and self._owner.may_handle():
            self._owner.handle(self._pop(self._waiting))

    def begin(self, work: Work) -> None:
        """Let later messages wait for `work`, which calls `end` when it is done."""
        self._running = self._owner.spawn(work)

    def end(self) -> None:
        """Nothing runs any more."""
        self._running = None

    @property
    def has_room_beside(self) -> bool:
        """Whether another command may run without others waiting for it."""
        return self._detached < MAX_DETACHED

    def begin_beside(self, work: Work) -> None:
        """Run `work` without letting others wait for it."""
        self._detached += 1
        self._owner.spawn(self._beside(work))

    def cancel(self) -> None:
        """Cancel what runs."""
        if self._running is not None:
            self._running.cancel()
            self._running = None

    def clear(self) -> None:
        """Forget what waits."""
        self._waiting = None
        self._waiting_bytes = 0

    def give_up_first(self) -> None:
        """Let nobody wait for a `first` message that cannot come any more."""
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)

    async def first(self, give_up: Callable[[], Work]) -> bytes | None:
        """Take the first message out of the queue, or None where `give_up` ends before one comes."""
        if not self._waiting:
            self._arrival = asyncio.get_running_loop().create_future()
            waiting = asyncio.ensure_future(give_up())
            try:
                await asyncio.wait([self._arrival, waiting], return_when=asyncio.FIRST_COMPLETED)
            finally:
                waiting.cancel()
                self._arrival = None
        return self._pop(self._waiting) if self._waiting else None

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
