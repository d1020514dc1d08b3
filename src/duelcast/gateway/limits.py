"""How much a client may send to an endpoint (protocol 1.5)."""

from __future__ import annotations

from collections.abc import Iterable

from duelcast.errors import PolicyViolation, RateLimitExceeded
from duelcast.gateway.session import ConnectionSession
from duelcast.ratelimit import Buckets, TokenBucket, scaled

LIVENESS_PER_MINUTE = 60
"""`heartbeat` and `ping` of a connection."""
ADDRESS_FACTOR = 10
"""What all anonymous connections of an address may send, in units of what one may."""
ROWS_PER_UNIT = 100


class MessageLimits:
    """The limits of one endpoint: a bucket per wallet, or per anonymous connection and its address.

    Each refusal takes from a second bucket of the same size; where that is empty the connection is closed.
    """

    def __init__(self, per_minute: float, factor: float) -> None:
        self._capacity = scaled(per_minute, factor)
        self._liveness_capacity = scaled(LIVENESS_PER_MINUTE, factor)
        capacity = self._capacity or 1.0
        self._wallets = Buckets(capacity)
        self._wallet_refusals = Buckets(capacity)
        self._addresses = Buckets(capacity * ADDRESS_FACTOR)
        self._address_refusals = Buckets(capacity * ADDRESS_FACTOR)

    @property
    def per_minute(self) -> int | None:
        """Messages per minute, None where there is no limit."""
        return None if self._capacity is None else int(self._capacity)

    def admit(self, session: ConnectionSession, now: float) -> None:
        """Let a message through and take one unit for it.

        Raises `RateLimitExceeded`; `PolicyViolation` where refusals do not stop the client either.
        """
        if self._capacity is None:
            return
        buckets = list(self._buckets(session, now))
        _admit(buckets, self._refusals(session, now), now)

    def admit_liveness(self, session: ConnectionSession, now: float) -> None:
        """The same for `heartbeat` and `ping`, which have a limit of their own."""
        if self._liveness_capacity is None:
            return
        if session.liveness is None:
            session.liveness = TokenBucket(self._liveness_capacity, now=now)
            session.liveness_refusals = TokenBucket(self._liveness_capacity, now=now)
        assert session.liveness_refusals is not None
        _admit([session.liveness], [session.liveness_refusals], now)

    def charge_rows(self, session: ConnectionSession, rows: int, now: float) -> None:
        """Take one unit more per started hundred rows of an answer."""
        if self._capacity is not None and rows:
            units = -(-rows // ROWS_PER_UNIT)
            for bucket in self._buckets(session, now):
                bucket.take(now, units)

    def _buckets(self, session: ConnectionSession, now: float) -> Iterable[TokenBucket]:
        assert self._capacity is not None
        if session.identity is not None:
            yield self._wallets.bucket(session.identity.wallet, now)
            return
        if session.messages is None:
            session.messages = TokenBucket(self._capacity, now=now)
        yield session.messages
        if session.address_bucket is not None:
            yield self._addresses.bucket(session.address_bucket, now)

    def _refusals(self, session: ConnectionSession, now: float) -> Iterable[TokenBucket]:
        assert self._capacity is not None
        if session.identity is not None:
            yield self._wallet_refusals.bucket(session.identity.wallet, now)
            return
        if session.refusals is None:
            session.refusals = TokenBucket(self._capacity, now=now)
        yield session.refusals
        if session.address_bucket is not None:
            yield self._address_refusals.bucket(session.address_bucket, now)


def _admit(buckets: Iterable[TokenBucket], refusals: Iterable[TokenBucket], now: float) -> None:
    if all(bucket.ready(now) for bucket in buckets):
        for bucket in buckets:
            bucket.take(now)
        return
    for bucket in refusals:
        if not bucket.ready(now):
            raise PolicyViolation("rate_limit")
        bucket.take(now)
    retry_after_ms = max(bucket.retry_after_ms(now) for bucket in buckets)
    raise RateLimitExceeded("Too many messages; this one was dropped.", retry_after_ms=retry_after_ms)
