"""What Prometheus is told of the market."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from duelcast.domain.market.ownership import Source


def market_metrics(feeds: Sequence[Source], posted: Source, symbols: int, steady_s: float) -> Iterator[Metric]:
    """Records taken and dropped by source, the age of each feed, and the number of tokens."""
    age = GaugeMetricFamily("duelcast_feed_age_seconds", "Time since the newest record of a feed.", labels=["feed"])
    up = GaugeMetricFamily("duelcast_feed_up", "1 while a feed reads its venue.", labels=["feed"])
    for feed in feeds:
        up.add_metric([feed.name], float(feed.status == "running"))
        if feed.received_s is not None:
            age.add_metric([feed.name], steady_s - feed.received_s)
    taken = CounterMetricFamily("duelcast_feed_records", "Records taken.", labels=["feed", "kind"])
    dropped = CounterMetricFamily("duelcast_feed_dropped", "Records not used, by reason.", labels=["feed", "reason"])
    for source in (*feeds, posted):
        for kind, count in source.accepted.items():
            taken.add_metric([source.name, kind], count)
        for reason, count in source.dropped.items():
            dropped.add_metric([source.name, reason], count)
    yield age
    yield up
    yield taken
    yield dropped
    yield GaugeMetricFamily("duelcast_market_symbols", "Tokens that are kept.", value=symbols)
