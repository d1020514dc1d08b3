"""What is missing of a feed that works as a whole, in sentences and metrics."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from prometheus_client.core import GaugeMetricFamily, Metric

from duelcast.domain.market.ownership import Source
from duelcast.domain.market.sink import FeedState

NAMES_IN_SENTENCE = 10
LABELS_PER_FEED = 100
"""Further pairs and symbols count as `_other`: a feed may have thousands."""


def gaps(state: FeedState) -> Iterator[str]:
    """Sentences on the pairs that fail by themselves, and on the symbols of which nothing came; none while the feed
    itself is at fault."""
    if state.status != "running":
        return
    by_reason: defaultdict[str, list[str]] = defaultdict(list)
    for pair, reason in state.failed_pairs.items():
        by_reason[reason].append(pair)
    for reason, pairs in by_reason.items():
        yield f"{_listed(pairs)}: {reason}"
    if state.awaited:
        yield f"No price has come of {_listed(state.awaited)}."


def gap_metrics(feeds: Sequence[Source]) -> Iterable[Metric]:
    """A series for each pair that fails, and each symbol of which nothing came."""
    failed = GaugeMetricFamily(
        "duelcast_feed_pair_failed", "1 while a pair fails by itself; absent otherwise.", labels=["feed", "pair"]
    )
    awaited = GaugeMetricFamily(
        "duelcast_feed_symbol_awaited", "1 until the first price of a symbol; absent then.", labels=["feed", "symbol"]
    )
    for feed in feeds:
        _add(failed, feed.name, sorted(feed.failed_pairs))
        _add(awaited, feed.name, sorted(feed.awaited))
    return failed, awaited


def _add(metric: GaugeMetricFamily, feed: str, names: Sequence[str]) -> None:
    for name in names[:LABELS_PER_FEED]:
        metric.add_metric([feed, name], 1)
    if len(names) > LABELS_PER_FEED:
        metric.add_metric([feed, "_other"], len(names) - LABELS_PER_FEED)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:NAMES_IN_SENTENCE])
    return shown if len(names) <= NAMES_IN_SENTENCE else f"{shown} and {len(names) - NAMES_IN_SENTENCE} more"
