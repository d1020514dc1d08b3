"""How often a wallet may write in a contest."""

from __future__ import annotations

from collections.abc import Callable

from duelcast.clock import Clock
from duelcast.errors import RateLimitExceeded
from duelcast.ratelimit import Buckets, scaled


class ChatRate:
    """A token bucket per wallet and contest, full at first and after a restart.

    `per_minute` is asked each time: the figure of the setting and the factor of all limits. Another figure begins with
    full buckets.
    """

    def __init__(self, clock: Clock, per_minute: Callable[[], tuple[float, float]]) -> None:
        self._clock = clock
        self._per_minute = per_minute
        self._capacity: float | None = None
        self._buckets = Buckets(1)

    def take(self, contest_id: int, wallet: str) -> RateLimitExceeded | None:
        """Count a message, or say why there may be none."""
        capacity = scaled(*self._per_minute())
        if capacity != self._capacity:
            self._capacity = capacity
            self._buckets.resize(capacity or 1)
        if capacity is None:
            return None
        now_s = self._clock.monotonic()
        bucket = self._buckets.bucket(f"{contest_id} {wallet}", now_s)
        if not bucket.ready(now_s):
            return RateLimitExceeded(
                f"You may write {capacity:g} messages a minute in this contest: wait a little.",
                retry_after_ms=bucket.retry_after_ms(now_s),
            )
        bucket.take(now_s)
        return None

    def give_back(self, contest_id: int, wallet: str) -> None:
        """A message that was counted came to nothing."""
        if self._capacity is not None:
            now_s = self._clock.monotonic()
            bucket = self._buckets.bucket(f"{contest_id} {wallet}", now_s)
            if not bucket.full(now_s):
                bucket.take(now_s, -1)
