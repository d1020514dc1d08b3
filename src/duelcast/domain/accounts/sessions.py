"""Sessions that were ended before their tokens expired."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence

from msgspec import Struct

from duelcast.clock import Clock


class EndedSession(Struct, frozen=True):
    """`session_id` is the same as in `Identity`; no token of the session is valid after `ends_at_s` (epoch seconds)."""

    session_id: str
    wallet: str
    ends_at_s: float


class EndedSessions:
    """The ended sessions, each kept as long as a token of that session may be valid. Listeners are called when a
    session ends."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ended: dict[str, EndedSession] = {}
        self._by_end: list[tuple[float, str]] = []
        self._listeners: list[Callable[[EndedSession], None]] = []

    def __contains__(self, session_id: object) -> bool:
        return session_id in self._ended

    def __len__(self) -> int:
        return len(self._ended)

    def all(self) -> Sequence[EndedSession]:
        """The ended sessions."""
        return list(self._ended.values())

    def on_end(self, listener: Callable[[EndedSession], None]) -> None:
        """Call `listener` with each session that ends from now on, once its tokens are refused."""
        self._listeners.append(listener)

    def end(self, ended: EndedSession) -> None:
        """Refuse the tokens of a session, and call the listeners."""
        now = self._clock.monotonic()
        while self._by_end and self._by_end[0][0] <= now:
            self._ended.pop(heapq.heappop(self._by_end)[1], None)
        if ended.session_id in self._ended:
            return
        self._ended[ended.session_id] = ended
        # The end is in monotonic time, so that a wall clock that jumps ahead does not revive a session.
        heapq.heappush(self._by_end, (now + ended.ends_at_s - self._clock.time(), ended.session_id))
        for listener in self._listeners:
            listener(ended)
