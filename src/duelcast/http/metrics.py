"""What the HTTP side counts."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, Metric

from duelcast.ratelimit import Buckets

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class HttpMetrics:
    """Requests by method and status, how long they took, and who was slowed down."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._buckets: list[Buckets] = []
        registry.register(self)
        self._requests = Counter(
            "duelcast_http_requests_total", "HTTP requests answered.", ["method", "status"], registry=registry
        )
        self._duration = Histogram(
            "duelcast_http_request_duration_seconds",
            "From the request's head to the end of its answer.",
            registry=registry,
        )
        self.rate_limited = Counter(
            "duelcast_http_rate_limited_total", "HTTP requests refused with 429.", registry=registry
        )

    def watch(self, buckets: Buckets) -> None:
        """Count what is evicted from them."""
        self._buckets.append(buckets)

    def collect(self) -> Iterable[Metric]:
        """What is not counted one by one."""
        yield CounterMetricFamily(
            "duelcast_http_rate_limit_evicted",
            "Callers whose count was dropped to make room for others.",
            value=sum(buckets.evicted for buckets in self._buckets),
        )

    def answered(self, method: str, status: int, duration_s: float) -> None:
        """Count one request. A method that nobody knows counts as `other`: a client must not make labels."""
        self._requests.labels(method if method in _METHODS else "other", str(status)).inc()
        self._duration.observe(duration_s)
