"""Counts connections that speak HTTP or have sent nothing yet, in total and per address (protocol §1.2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from duelcast.peers.addresses import Network, address_bucket, is_in
from duelcast.settings import Settings


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """The limits of one connection; each is the value of the setting `http_<name>`."""

    head_timeout_s: float
    idle_timeout_s: float
    linger_timeout_s: float
    linger_max_bytes: int
    write_timeout_s: float
    write_min_bytes: int
    max_pipelined: int
    chunk_min_bytes: int

    @classmethod
    def of(cls, settings: Settings) -> HttpLimits:
        return cls(
            head_timeout_s=settings.http_head_timeout_s,
            idle_timeout_s=settings.http_idle_timeout_s,
            linger_timeout_s=settings.http_linger_timeout_s,
            linger_max_bytes=settings.http_linger_max_bytes,
            write_timeout_s=settings.http_write_timeout_s,
            write_min_bytes=settings.http_write_min_bytes,
            max_pipelined=settings.http_max_pipelined,
            chunk_min_bytes=settings.http_chunk_min_bytes,
        )


class HttpConnections:
    """Counts connections from the moment they are accepted until they end or become WebSockets.

    An address may have at most `max_per_address` such connections (0 means no limit). Loopback and trusted proxies,
    which forward for other clients, have no limit.
    """

    def __init__(self, max_per_address: int = 0, trusted_proxies: Sequence[Network] = ()) -> None:
        self._max_per_address = max_per_address
        self._trusted_proxies = trusted_proxies
        self._by_address: Counter[str] = Counter()
        self.open = 0
        """The number of open connections."""
        self._refused = 0
        self.pauses = 0
        """How often accepting was paused because descriptors ran out."""

    def enter(self, peer: str) -> Place | None:
        """A place for a connection from `peer`; None if that address has already reached its limit."""
        is_proxy = self._trusted_proxies and is_in(peer, self._trusted_proxies)
        bucket = None if is_proxy else address_bucket(peer)
        if bucket is not None:
            if self._max_per_address and self._by_address[bucket] >= self._max_per_address:
                self._refused += 1
                return None
            self._by_address[bucket] += 1
        self.open += 1
        return Place(self, peer, bucket)

    def collect(self) -> Iterable[Metric]:
        """Metrics for Prometheus."""
        yield GaugeMetricFamily("duelcast_http_connections", "Open connections that are not WebSockets.", self.open)
        yield CounterMetricFamily(
            "duelcast_http_connections_refused",
            "Connections closed at once, because their address had reached its limit.",
            self._refused,
        )
        yield CounterMetricFamily(
            "duelcast_accepting_pauses", "How often accepting was paused for lack of descriptors.", self.pauses
        )

    def left(self, bucket: str | None) -> None:
        """Count a freed place."""
        self.open -= 1
        if bucket is not None:
            self._by_address[bucket] -= 1
            if not self._by_address[bucket]:
                del self._by_address[bucket]


class Place:
    """The place of one connection. `peer` is the address at the other end of its socket."""

    __slots__ = ("_bucket", "_connections", "_taken", "peer")

    def __init__(self, connections: HttpConnections, peer: str, bucket: str | None) -> None:
        self._connections = connections
        self._bucket = bucket
        self._taken = True
        self.peer = peer

    def leave(self) -> None:
        """Free the place: the connection ended, or is counted elsewhere from now on."""
        if self._taken:
            self._taken = False
            self._connections.left(self._bucket)
