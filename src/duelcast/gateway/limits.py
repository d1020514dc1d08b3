"""How much a client may send to an endpoint (protocol §1.5)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from duelcast.errors import PolicyViolation, RateLimitExceeded
from duelcast.gateway.session import ConnectionSession
from duelcast.ratelimit import Buckets, TokenBucket, scaled

LIVENESS_PER_MINUTE = 60
"""A connection may send at most this many `heartbeat` and `ping` messages a minute."""
ADDRESS_FACTOR = 10
"""All anonymous connections from an address together may send this many times as much as a single one."""
ROWS_PER_UNIT = 100
UNIT_BYTES = 16 * 1024


class Units(NamedTuple):
    """Units of a wallet: those of accepted messages, and those of refused ones."""

    taken: float
    refused: float


class _Meter:
    """A bucket per connection."""

    def __init__(self) -> None:
        self._capacity = 0.0

    def resize(self, capacity: float) -> None:
        """Start again with full buckets of `capacity`."""
        self._capacity = capacity

    def buckets(self, session: ConnectionSession, now: float) -> Sequence[TokenBucket]:
        """The buckets that a message of `session` takes from."""
        return [session.own_bucket(self, self._capacity, now)]

    @property
    def evicted(self) -> int:
        """How many buckets were dropped while in use; see `Buckets`."""
        return 0


class _ClientMeter(_Meter):
    """All connections of a wallet share a bucket. An anonymous connection has a bucket of its own, and shares a second
    one with the other anonymous connections from its address."""

    def __init__(self) -> None:
        super().__init__()
        self.wallets = Buckets(1)
        self._addresses = Buckets(1)

    def resize(self, capacity: float) -> None:
        super().resize(capacity)
        self.wallets.resize(capacity)
        self._addresses.resize(capacity * ADDRESS_FACTOR)

    @property
    def evicted(self) -> int:
        return self.wallets.evicted + self._addresses.evicted

    def buckets(self, session: ConnectionSession, now: float) -> Sequence[TokenBucket]:
        if session.identity is not None:
            return [self.wallets.bucket(session.identity.wallet, now)]
        own = super().buckets(session, now)
        if session.address_bucket is None:
            return own
        return [*own, self._addresses.bucket(session.address_bucket, now)]

    def shared_bucket(self, session: ConnectionSession, now: float) -> TokenBucket | None:
        """The bucket of the wallet, or of an anonymous connection's address; None if there is neither."""
        if session.identity is not None:
            return self.wallets.bucket(session.identity.wallet, now)
        if session.address_bucket is None:
            return None
        return self._addresses.bucket(session.address_bucket, now)


class MessageLimits:
    """The limits of one endpoint.

    Each refusal takes from a second bucket of the same size; if that is empty, the connection is closed. A message
    costs one unit per `unit_bytes`, rounded up.
    """

    def __init__(self, per_minute: float, factor: float, unit_bytes: int = UNIT_BYTES) -> None:
        self._factor = factor
        self._unit_bytes = unit_bytes
        self._clients, self._refused = _ClientMeter(), _ClientMeter()
        self._messages = _Pair(self._clients, self._refused)
        self._liveness = _Pair(_Meter(), _Meter())
        self._liveness.resize(scaled(LIVENESS_PER_MINUTE, factor))
        self.change(per_minute)

    def change(self, per_minute: float) -> None:
        """Change the limit; 0 means no limit. If the new limit differs from the old one, earlier messages no longer
        count."""
        self._messages.resize(scaled(per_minute, self._factor))

    @property
    def per_minute(self) -> int | None:
        """Messages per minute; None if there is no limit."""
        capacity = self._messages.capacity
        return None if capacity is None else int(capacity)

    @property
    def evicted(self) -> int:
        """How many clients had their count reset to make room for others."""
        return self._messages.taken.evicted + self._messages.refused.evicted

    def admit(self, session: ConnectionSession, size_bytes: int, now: float) -> None:
        """Let a message of `size_bytes` through and charge its cost.

        Raises `RateLimitExceeded`, or `PolicyViolation` if the client keeps sending despite refusals.
        """
        if self._messages.capacity is not None:
            _admit(self._messages, session, self._units(size_bytes), now)

    def admit_liveness(self, session: ConnectionSession, size_bytes: int, now: float) -> None:
        """Like `admit`, for `heartbeat` and `ping`, which have a limit of their own."""
        if self._liveness.capacity is not None:
            _admit(self._liveness, session, self._units(size_bytes), now)

    def _units(self, size_bytes: int) -> int:
        return 1 if size_bytes <= self._unit_bytes else -(-size_bytes // self._unit_bytes)

    def admit_connection(self, session: ConnectionSession, now: float) -> None:
        """Raise `RateLimitExceeded` unless a unit is left for the connection's wallet or, if the connection is
        anonymous, for its address.

        """
        bucket = self._shared_bucket(session, now)
        if bucket is not None and not bucket.ready(now):
            raise RateLimitExceeded(
                "Too many connections and messages: connect again after `retryAfterMs`.",
                retry_after_ms=bucket.retry_after_ms(now),
            )

    def charge_connection(self, session: ConnectionSession, rows: int, now: float) -> None:
        """Charge one unit per hundred rows of the greeting, rounded up, and one more for an anonymous connection."""
        bucket = self._shared_bucket(session, now)
        if bucket is not None:
            bucket.take(now, (session.identity is None) + -(-rows // ROWS_PER_UNIT))

    def _shared_bucket(self, session: ConnectionSession, now: float) -> TokenBucket | None:
        return None if self._messages.capacity is None else self._clients.shared_bucket(session, now)

    def charge_rows(self, session: ConnectionSession, rows: int, now: float) -> None:
        """Charge one unit per hundred rows of an answer, rounded up, on top of the cost of the message."""
        if self._messages.capacity is not None and rows:
            for bucket in self._messages.taken.buckets(session, now):
                bucket.take(now, -(-rows // ROWS_PER_UNIT))

    # ── wallets with connections to several nodes ───────────────────────────────────────────────────────────────

    def used_since(self, since: float) -> Iterator[str]:
        """The wallets whose buckets were used since that time; some of them twice."""
        for meter in (self._clients, self._refused):
            for wallet, _ in meter.wallets.used_since(since):
                yield wallet

    def count_units(self, wallet: str) -> Units:
        """The units that a wallet has used here since the last call."""
        return Units(*(_count(meter.wallets.find(wallet)) for meter in (self._clients, self._refused)))

    def debts(self, wallet: str, now: float) -> Units:
        """The units that the buckets of a wallet lack."""
        buckets = (meter.wallets.find(wallet) for meter in (self._clients, self._refused))
        return Units(*(0.0 if bucket is None else bucket.debt(now) for bucket in buckets))

    def full_in_s(self, wallet: str, now: float) -> float:
        """Seconds until the buckets of a wallet are full if it uses nothing more."""
        buckets = (meter.wallets.find(wallet) for meter in (self._clients, self._refused))
        return max(0.0 if bucket is None else bucket.full_in_s(now) for bucket in buckets)

    def take_elsewhere(self, wallet: str, units: Units, now: float) -> None:
        """Take units that a wallet has used at other nodes."""
        if self._messages.capacity is not None:
            for meter, amount in zip((self._clients, self._refused), units, strict=True):
                if amount:
                    meter.wallets.bucket(wallet, now).take_elsewhere(now, amount)

    def owe(self, wallet: str, debts: Units, now: float) -> None:
        """Let the buckets of a wallet lack at least as much as those of another node."""
        if self._messages.capacity is not None:
            for meter, amount in zip((self._clients, self._refused), debts, strict=True):
                if amount:
                    meter.wallets.bucket(wallet, now).owe(now, amount)


class _Pair:
    """A meter for admitted messages, and one for refusals. If `capacity` is None, there is no limit."""

    def __init__(self, taken: _Meter, refused: _Meter) -> None:
        self.taken, self.refused = taken, refused
        self.capacity: float | None = None

    def resize(self, capacity: float | None) -> None:
        if capacity != self.capacity and capacity is not None:
            self.taken.resize(capacity)
            self.refused.resize(capacity)
        self.capacity = capacity


def _admit(meters: _Pair, session: ConnectionSession, units: int, now: float) -> None:
    buckets = meters.taken.buckets(session, now)
    # `all` with a generator would take longer than the buckets do.
    for bucket in buckets:
        if not bucket.ready(now):
            break
    else:
        for bucket in buckets:
            bucket.take(now, units)
        return
    for bucket in meters.refused.buckets(session, now):
        if not bucket.ready(now):
            raise PolicyViolation("rate_limit")
        bucket.take(now, units)
    retry_after_ms = max(bucket.retry_after_ms(now) for bucket in buckets)
    raise RateLimitExceeded(
        "Too many messages: this one was dropped. Send it again after `retryAfterMs`.", retry_after_ms=retry_after_ms
    )


def _count(bucket: TokenBucket | None) -> float:
    if bucket is None:
        return 0
    units, bucket.taken = bucket.taken, 0
    return units
