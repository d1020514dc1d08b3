"""The metrics of HTTP, and the page with all metrics."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, Metric

from duelcast.clock import Clock
from duelcast.ratelimit import Buckets

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class HttpMetrics:
    """Counts requests by method and status, rate-limited requests and evicted callers, and measures how long requests
    take."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._buckets: list[Buckets] = []
        registry.register(self)
        self._requests = Counter(
            "duelcast_http_requests_total", "HTTP requests answered.", ["method", "status"], registry=registry
        )
        self._duration = Histogram(
            "duelcast_http_request_duration_seconds",
            "Time from the request's head to the end of its answer.",
            registry=registry,
        )
        self.rate_limited = Counter(
            "duelcast_http_rate_limited_total", "HTTP requests refused with 429.", registry=registry
        )

    def watch(self, buckets: Buckets) -> None:
        """Count the callers that are evicted from `buckets`."""
        self._buckets.append(buckets)

    def collect(self) -> Iterable[Metric]:
        """The number of callers evicted from the buckets."""
        yield CounterMetricFamily(
            "duelcast_http_rate_limit_evicted",
            "Callers whose count was dropped to make room for others.",
            value=sum(buckets.evicted for buckets in self._buckets),
        )

    def answered(self, method: str, status: int, duration_s: float) -> None:
        """Count one request. An unknown method counts as `other`, so that clients cannot create labels."""
        self._requests.labels(method if method in _METHODS else "other", str(status)).inc()
        self._duration.observe(duration_s)


class Exposition:
    """All metrics of a registry in Prometheus' text format, rendered at most once in `interval_s` seconds.

    Rendering blocks the event loop for milliseconds, and anybody may request it.
    """

    def __init__(self, registry: CollectorRegistry, clock: Clock, interval_s: float) -> None:
        self._registry = registry
        self._clock = clock
        self._interval_s = interval_s
        self._rendered_at: float | None = None
        self._text = b""

    def text(self) -> bytes:
        """The metrics as they were at most `interval_s` ago."""
        now = self._clock.monotonic()
        if self._rendered_at is None or now - self._rendered_at >= self._interval_s:
            self._text = generate_latest(self._registry)
            self._rendered_at = now
        return self._text
