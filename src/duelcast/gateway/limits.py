"""How much a client may send to an endpoint (protocol 1.5)."""

from __future__ import annotations

from collections.abc import Sequence

from duelcast.errors import PolicyViolation, RateLimitExceeded
from duelcast.gateway.session import ConnectionSession
from duelcast.ratelimit import Buckets, TokenBucket, scaled

LIVENESS_PER_MINUTE = 60
"""`heartbeat` and `ping` of a connection."""
ADDRESS_FACTOR = 10
"""What all anonymous connections of an address may send, in units of what one may."""
ROWS_PER_UNIT = 100


class _Meter:
    """A bucket per connection."""

    def __init__(self, capacity: float) -> None:
        self._capacity = capacity

    def buckets(self, session: ConnectionSession, now: float) -> Sequence[TokenBucket]:
        """All that a message of `session` takes from."""
        return [session.own_bucket(self, self._capacity, now)]


class _ClientMeter(_Meter):
    """A bucket per wallet over all its connections, or per anonymous connection and its address."""

    def __init__(self, capacity: float) -> None:
        super().__init__(capacity)
        self._wallets = Buckets(capacity)
        self._addresses = Buckets(capacity * ADDRESS_FACTOR)

    def buckets(self, session: ConnectionSession, now: float) -> Sequence[TokenBucket]:
        if session.identity is not None:
            return [self._wallets.bucket(session.identity.wallet, now)]
        own = super().buckets(session, now)
        if session.address_bucket is None:
            return own
        return [*own, self._addresses.bucket(session.address_bucket, now)]


class MessageLimits:
    """The limits of one endpoint.

    Each refusal takes from a second bucket of the same size; where that is empty the connection is closed.
    """

    def __init__(self, per_minute: float, factor: float) -> None:
        self._capacity = scaled(per_minute, factor)
        liveness = scaled(LIVENESS_PER_MINUTE, factor)
        self._messages = _meters(_ClientMeter, self._capacity)
        self._liveness = _meters(_Meter, liveness)

    @property
    def per_minute(self) -> int | None:
        """Messages per minute, None where there is no limit."""
        return None if self._capacity is None else int(self._capacity)

    def admit(self, session: ConnectionSession, now: float) -> None:
        """Let a message through and take one unit for it.

        Raises `RateLimitExceeded`; `PolicyViolation` where refusals do not stop the client either.
        """
        if self._messages is not None:
            _admit(*self._messages, session, now)

    def admit_liveness(self, session: ConnectionSession, now: float) -> None:
        """The same for `heartbeat` and `ping`, which have a limit of their own."""
        if self._liveness is not None:
            _admit(*self._liveness, session, now)

    def charge_rows(self, session: ConnectionSession, rows: int, now: float) -> None:
        """Take one unit more per started hundred rows of an answer."""
        if self._messages is not None and rows:
            for bucket in self._messages[0].buckets(session, now):
                bucket.take(now, -(-rows // ROWS_PER_UNIT))


def _meters(kind: type[_Meter], capacity: float | None) -> tuple[_Meter, _Meter] | None:
    """One for what is let through, and one for what is refused."""
    return None if capacity is None else (kind(capacity), kind(capacity))


def _admit(messages: _Meter, refusals: _Meter, session: ConnectionSession, now: float) -> None:
    buckets = messages.buckets(session, now)
    if all(bucket.ready(now) for bucket in buckets):
        for bucket in buckets:
            bucket.take(now)
        return
    for bucket in refusals.buckets(session, now):
        if not bucket.ready(now):
            raise PolicyViolation("rate_limit")
        bucket.take(now)
    retry_after_ms = max(bucket.retry_after_ms(now) for bucket in buckets)
    raise RateLimitExceeded(
        "Too many messages: this one was dropped, send it again after `retryAfterMs`.", retry_after_ms=retry_after_ms
    )
