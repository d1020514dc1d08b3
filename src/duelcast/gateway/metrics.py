"""The gateway's metrics for Prometheus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from duelcast.endpoints.kit import Auth
from duelcast.gateway.gateway import Gateway


class GatewayMetrics:
    """Reads the gateway, and stores nothing."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def collect(self) -> Iterable[Metric]:
        """Metrics for Prometheus."""
        gateway = self._gateway
        # Strangers may read this page, and must not learn whether an admin is connected.
        runtimes = [runtime for runtime in gateway.endpoints.values() if runtime.endpoint.auth is not Auth.ADMIN]
        connections = GaugeMetricFamily("duelcast_connections", "Open connections.", labels=["endpoint"])
        counts = Counter(connection.runtime.endpoint.name for connection in gateway.admitted())
        for runtime in runtimes:
            connections.add_metric([runtime.endpoint.name], counts[runtime.endpoint.name])
        yield connections

        received = CounterMetricFamily("duelcast_messages_received", "Messages from clients.", labels=["endpoint"])
        received_bytes = CounterMetricFamily(
            "duelcast_received_bytes", "Bytes of messages from clients.", labels=["endpoint"]
        )
        evicted = CounterMetricFamily(
            "duelcast_rate_limit_evicted",
            "Clients whose count was dropped to make room for others.",
            labels=["endpoint"],
        )
        errors = CounterMetricFamily("duelcast_errors_sent", "Error answers, by code.", labels=["endpoint", "code"])
        for runtime in runtimes:
            received.add_metric([runtime.endpoint.name], runtime.dispatcher.received)
            received_bytes.add_metric([runtime.endpoint.name], runtime.dispatcher.received_bytes)
            evicted.add_metric([runtime.endpoint.name], runtime.dispatcher.limits.evicted)
            for code, count in sorted(runtime.dispatcher.refused.items()):
                errors.add_metric([runtime.endpoint.name, code], count)
        yield received
        yield received_bytes
        yield evicted
        yield errors

        stats = gateway.hub.stats
        sent = CounterMetricFamily(
            "duelcast_messages_sent", "Messages written to sockets; a snapshot is part of a reply.", labels=["kind"]
        )
        sent.add_metric(["push"], stats.delivered)
        sent.add_metric(["reply"], stats.answered)
        yield sent
        yield CounterMetricFamily("duelcast_sent_bytes", "Bytes written to sockets.", value=stats.delivered_bytes)
        yield CounterMetricFamily(
            "duelcast_compression_saved_bytes",
            "Bytes that compression kept from being written to sockets.",
            value=stats.saved_bytes,
        )
        yield CounterMetricFamily(
            "duelcast_messages_published", "Messages that reached the hub.", value=stats.published
        )
        dropped = CounterMetricFamily(
            "duelcast_messages_dropped",
            "Messages replaced by a newer one before they were sent.",
            labels=["reason", "family"],
        )
        for family, count in sorted(gateway.hub.conflated().items()):
            dropped.add_metric(["conflated", family], count)
        yield dropped
        yield CounterMetricFamily(
            "duelcast_resynchronisations", "Outboxes that fell behind the log.", value=stats.resynchronised
        )
        closes = CounterMetricFamily("duelcast_closes", "Connections closed by the server.", labels=["code"])
        for close_code, count in sorted(gateway.closes.items()):
            closes.add_metric([str(close_code)], count)
        yield closes
        yield GaugeMetricFamily(
            "duelcast_slow_readers", "Connections whose socket is full.", value=len(gateway.blocked)
        )
        yield GaugeMetricFamily(
            "duelcast_outbox_depth_bytes",
            "Bytes that wait for sockets to drain.",
            value=sum(connection.outbox.backlog_bytes() for connection in gateway.blocked),
        )
        yield GaugeMetricFamily(
            "duelcast_fragments_bytes",
            "Bytes of unfinished messages.",
            value=gateway.socket_options.unfinished.held_bytes,
        )
        yield CounterMetricFamily(
            "duelcast_unfinished_refused",
            "Connections closed because unfinished messages together held too many bytes.",
            value=gateway.socket_options.sent_away,
        )
        flushes = HistogramMetricFamily("duelcast_flush_seconds", "Duration of a flush, yields included.")
        flushes.add_metric([], stats.flush_buckets(), stats.flush_seconds)
        yield flushes
        yield GaugeMetricFamily(
            "duelcast_event_loop_lag_seconds", "The most recent delay of the event loop.", value=gateway.loop_lag_s
        )
