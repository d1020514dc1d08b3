"""Token buckets for rate limits (protocol §1.5).

Times are monotonic seconds (`Clock.monotonic`), passed in by the caller.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Iterator

from duelcast.clock import Clock
from duelcast.errors import RateLimitExceeded

_TOLERANCE = 1e-9


def scaled(figure: float, factor: float) -> float | None:
    """The capacity of a limit of `figure` times the configured factor; None (no limit) if either is 0.

    The capacity is at least one unit, because a smaller bucket would never let anything through.
    """
    return max(1.0, figure * factor) if figure > 0 and factor > 0 else None


class TokenBucket:
    """A bucket of `capacity` units, refilled evenly over `per_s` seconds and initially full."""

    __slots__ = ("_level", "_rate", "_updated", "capacity", "taken")

    def __init__(self, capacity: float, per_s: float = 60.0, *, now: float) -> None:
        self.capacity = capacity
        self.taken: float = 0
        """The units that `take` took since somebody set this to 0."""
        self._rate = capacity / per_s
        self._level = capacity
        self._updated = now

    def ready(self, now: float) -> bool:
        """Whether a whole unit is available."""
        return self._refill(now) >= 1.0 - _TOLERANCE

    def full(self, now: float) -> bool:
        """Whether the bucket is full, so that a new one would behave the same."""
        return self._refill(now) >= self.capacity - _TOLERANCE

    def take(self, now: float, units: float = 1.0) -> None:
        """Take `units`, whatever the level, which may become negative."""
        self._level = self._refill(now) - units
        self.taken += units

    def take_elsewhere(self, now: float, units: float) -> None:
        """Take units that were counted in `taken` of another bucket of the same key."""
        self._level = self._refill(now) - units

    def put_back(self, now: float, units: float = 1.0) -> None:
        """Undo a `take`, up to the capacity."""
        self._level = min(self.capacity, self._refill(now) + units)
        self.taken -= units

    def debt(self, now: float) -> float:
        """How many units the bucket lacks; 0 if it is full."""
        return 0.0 if self.full(now) else self.capacity - self._level

    def owe(self, now: float, units: float) -> None:
        """Lack at least `units`, because another bucket of the same key does. Repeating this changes nothing."""
        self._level = min(self._refill(now), self.capacity - units)

    def full_in_s(self, now: float) -> float:
        """Seconds until the bucket is full if nothing more is taken."""
        return self.debt(now) / self._rate

    def used_since(self, since: float) -> bool:
        """Whether the bucket was looked at since that time."""
        return self._updated >= since

    def retry_after_ms(self, now: float) -> int:
        """Milliseconds until the bucket is `ready`, rounded up; 0 if it is ready now."""
        missing = 1.0 - self._refill(now)
        return math.ceil(missing / self._rate * 1000 - _TOLERANCE) if missing > _TOLERANCE else 0

    def _refill(self, now: float) -> float:
        if now > self._updated:
            self._level = min(self.capacity, self._level + (now - self._updated) * self._rate)
            self._updated = now
        return self._level


class Buckets:
    """A bucket per key (a wallet, an address), for at most `max_keys` keys.

    Before a key is added, buckets are dropped, the one unused for longest first, until the next one is not full and
    there is room for the new key. If a dropped bucket is not full, the count of its key is lost; `evicted` is the
    number of such buckets. Look up a bucket each time it is needed, instead of keeping a reference to it.
    """

    def __init__(self, capacity: float, per_s: float = 60.0, *, max_keys: int = 100_000) -> None:
        self._capacity = capacity
        self._per_s = per_s
        self._max_keys = max_keys
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()
        self.evicted = 0

    def __len__(self) -> int:
        return len(self._buckets)

    def resize(self, capacity: float) -> None:
        """Start again with full buckets of `capacity`."""
        self._capacity = capacity
        self._buckets.clear()

    def bucket(self, key: str, now: float) -> TokenBucket:
        """The bucket of `key`; created if there is none."""
        found = self._buckets.get(key)
        if found is None:
            self._make_room(now)
            found = self._buckets[key] = TokenBucket(self._capacity, self._per_s, now=now)
        else:
            self._buckets.move_to_end(key)
        return found

    def find(self, key: str) -> TokenBucket | None:
        """The bucket of `key`, if there is one; this does not count as a use."""
        return self._buckets.get(key)

    def used_since(self, since: float) -> Iterator[tuple[str, TokenBucket]]:
        """The buckets that were used since that time, with their keys. The time this takes grows with their number."""
        for key in reversed(self._buckets):
            bucket = self._buckets[key]
            if not bucket.used_since(since):
                return
            yield key, bucket

    def _make_room(self, now: float) -> None:
        while self._buckets:
            oldest = next(iter(self._buckets.values()))
            idle = oldest.full(now)
            if not idle and len(self._buckets) < self._max_keys:
                return
            self._buckets.popitem(last=False)
            self.evicted += not idle


class Allowance:
    """A quota for each key over `per_s` seconds, as a bucket that is full initially and after a restart.

    `limit` is called for every `take`, and returns the value of a setting and the factor that applies to all limits. If
    their product has changed, all buckets start full again. `refusal` makes the sentence of a refusal from the
    capacity.
    """

    def __init__(
        self,
        clock: Clock,
        limit: Callable[[], tuple[float, float]],
        refusal: Callable[[float], str],
        *,
        per_s: float = 60.0,
    ) -> None:
        self._clock = clock
        self._limit = limit
        self._refusal = refusal
        self._capacity: float | None = None
        self._buckets = Buckets(1, per_s)

    def take(self, key: str, units: float = 1.0) -> RateLimitExceeded | None:
        """Take `units`, or return the refusal. The last `take` before a refusal may exceed what was left."""
        capacity = scaled(*self._limit())
        if capacity != self._capacity:
            self._capacity = capacity
            self._buckets.resize(capacity or 1)
        if capacity is None:
            return None
        now_s = self._clock.monotonic()
        bucket = self._buckets.bucket(key, now_s)
        if not bucket.ready(now_s):
            return RateLimitExceeded(self._refusal(capacity), retry_after_ms=bucket.retry_after_ms(now_s))
        bucket.take(now_s, units)
        return None

    def give_back(self, key: str, units: float = 1.0) -> None:
        """Undo a `take` for something that was not done after all."""
        if self._capacity is not None:
            now_s = self._clock.monotonic()
            self._buckets.bucket(key, now_s).put_back(now_s, units)
