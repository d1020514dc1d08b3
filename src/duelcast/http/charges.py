"""Charges requests to the rate-limit buckets of their callers (protocol §1.5)."""

from __future__ import annotations

from dataclasses import dataclass

from duelcast.clock import Clock
from duelcast.domain.accounts.identity import Identity
from duelcast.errors import RateLimitExceeded
from duelcast.http.metrics import HttpMetrics
from duelcast.ratelimit import Buckets, scaled

_LOOPBACK = "loopback"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLimits:
    """Limits in requests per minute; 0 means no limit, and `factor` multiplies all limits. Every `bytes_per_request`
    bytes of a body and its answer together cost as much as one more request."""

    requests: int = 600
    probes: int = 6_000
    sign_ins: int = 10
    bytes_per_request: int = 64 * 1024
    factor: float = 1.0


class Charges:
    """Buckets of requests per wallet (or per address if there is no valid token), and buckets of probes and of sign-ins
    per address.

    A loopback address pays only for sign-ins. Machines pay nothing for requests.
    """

    def __init__(self, limits: RequestLimits, clock: Clock, metrics: HttpMetrics) -> None:
        self._clock = clock
        self._metrics = metrics
        self._bytes_per_request = limits.bytes_per_request
        self._requests = self._buckets(limits.requests, limits.factor)
        self._probes = self._buckets(limits.probes, limits.factor)
        self._sign_ins = self._buckets(limits.sign_ins, limits.factor)

    def take_request(self, payer: str | None) -> None:
        """Charge a request. Like `take_probe` and `take_sign_in`, raises `RateLimitExceeded` if the bucket is empty."""
        self._take(self._requests, payer, "Too many requests: slow down.")

    def take_probe(self, address: str | None) -> None:
        """Charge a probe. Probes have a bucket of their own, so that other requests cannot slow them down."""
        self._take(self._probes, address, "Too many requests: slow down.")

    def take_sign_in(self, address: str | None) -> None:
        """Charge an attempt to begin or continue a session."""
        self._take(self._sign_ins, address or _LOOPBACK, "Too many sign-ins: wait a little.")

    def take_bytes(self, payer: str | None, count: int) -> None:
        """Charge `count` bytes that were received or sent; the bucket may become negative."""
        units = count // self._bytes_per_request
        if units and self._requests is not None and payer is not None:
            now = self._clock.monotonic()
            self._requests.bucket(payer, now).take(now, units)

    def _buckets(self, per_minute: int, factor: float) -> Buckets | None:
        capacity = scaled(per_minute, factor)
        if capacity is None:
            return None
        buckets = Buckets(capacity)
        self._metrics.watch(buckets)
        return buckets

    def _take(self, buckets: Buckets | None, payer: str | None, refusal: str) -> None:
        if buckets is None or payer is None:
            return
        now = self._clock.monotonic()
        bucket = buckets.bucket(payer, now)
        if not bucket.ready(now):
            self._metrics.rate_limited.inc()
            raise RateLimitExceeded(refusal, retry_after_ms=bucket.retry_after_ms(now))
        bucket.take(now)


def payer_of(identity: Identity | None, address: str | None) -> str | None:
    """The key of the bucket that pays for a request of `identity` (None without a valid token). Returns None if nobody
    pays."""
    if identity is None:
        return address
    return None if identity.scopes else f"wallet {identity.wallet}"
