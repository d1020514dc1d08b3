"""Feeds as the market sees them: their sinks, their state, and gaps in feeds that work as a whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress

import structlog
from msgspec import Struct
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from duelcast.domain.market.intake import Intake
from duelcast.domain.market.ownership import Dropped, FeedStatus, Source
from duelcast.domain.market.ticks import Tick

MAX_LOGGED_PAIRS = 100
"""Failures of further pairs are not logged and only appear in the state of the feed, because a feed may have thousands
of pairs that fail and recover together."""
NAMES_IN_SENTENCE = 10
LABELS_PER_FEED = 100
"""Further pairs and symbols share the label `_other`, because a feed may have thousands."""

_log = structlog.get_logger("duelcast.market")


class MarketSink:
    """Takes the records of one feed; conforms to `feeds.source.Sink`."""

    __slots__ = ("_intake", "_source")

    def __init__(self, intake: Intake, source: Source) -> None:
        self._intake = intake
        self._source = source

    def accept(self, tick: Tick) -> None:
        """Take one record; never blocks. A record that cannot be used is counted."""
        source = self._source
        if source.status == "starting":
            source.status = "running"
        with suppress(Dropped):
            self._intake.take(source, tick)

    def unreadable(self, records: int) -> None:
        """Count records of the venue that could not be read."""
        self._source.dropped["unreadable"] += records

    def connected(self) -> None:
        """Record that the feed reads its venue."""
        if self._source.failure is not None:
            _log.info("feed_recovered", feed=self._source.name)
        self._source.status = "running"
        self._source.failure = None

    def failed(self, reason: str) -> None:
        """Record that the feed cannot read its venue because of `reason`. The feed retries by itself."""
        if self._source.failure != reason:
            _log.warning("feed_failed", feed=self._source.name, reason=reason)
        self._source.status = "failed"
        self._source.failure = reason

    def pair_failed(self, pair: str, reason: str) -> None:
        """Record that one of the requested pairs cannot be read because of `reason`."""
        failed = self._source.failed_pairs
        if failed.get(pair) != reason and len(failed) < MAX_LOGGED_PAIRS:
            _log.warning("feed_pair_failed", feed=self._source.name, pair=pair, reason=reason)
        failed[pair] = reason

    def pair_works(self, pair: str) -> None:
        """Record that a pair that had failed is being read again."""
        failed = self._source.failed_pairs
        if failed.pop(pair, None) is not None and len(failed) < MAX_LOGGED_PAIRS:
            _log.info("feed_pair_recovered", feed=self._source.name, pair=pair)


# ── state ───────────────────────────────────────────────────────────────────────────────────────────────────────────


class FeedState(Struct, kw_only=True, frozen=True):
    """The state of a feed. `age_ms` is the time since the feed's newest record, or None before the first; `reason` says
    why the feed failed. `symbols` is the number of symbols that the feed owns, and `records` the number of its records
    that were used. `failed_pairs` has the pairs that fail although the feed itself works, each with the reason.
    `awaited` are the symbols that the feed should deliver but has not delivered yet, sorted."""

    name: str
    status: FeedStatus
    reason: str | None
    age_ms: int | None
    symbols: int
    records: int
    failed_pairs: Mapping[str, str] = {}
    awaited: Sequence[str] = ()


def feed_state(feed: Source, monotonic_s: float) -> FeedState:
    """The state of `feed` at the monotonic time `monotonic_s`."""
    age_ms = None if feed.received_s is None else int((monotonic_s - feed.received_s) * 1000)
    return FeedState(
        name=feed.name,
        status=feed.status,
        reason=feed.failure,
        age_ms=age_ms,
        symbols=len(feed.symbols),
        records=feed.accepted.total(),
        failed_pairs=dict(feed.failed_pairs),
        awaited=sorted(feed.awaited),
    )


def gaps(state: FeedState) -> Iterator[str]:
    """Sentences about failing pairs and about symbols without any price; none if the feed itself is not running."""
    if state.status != "running":
        return
    by_reason: defaultdict[str, list[str]] = defaultdict(list)
    for pair, reason in state.failed_pairs.items():
        by_reason[reason].append(pair)
    for reason, pairs in by_reason.items():
        yield f"{_listed(pairs)}: {reason}"
    if state.awaited:
        yield f"No price has been received for {_listed(state.awaited)}."


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:NAMES_IN_SENTENCE])
    return shown if len(names) <= NAMES_IN_SENTENCE else f"{shown} and {len(names) - NAMES_IN_SENTENCE} more"


# ── metrics ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def market_metrics(feeds: Sequence[Source], posted: Source, symbols: int, monotonic_s: float) -> Iterator[Metric]:
    """The records used and dropped, by source; the age of each feed, and whether it works; and the number of tokens."""
    age = GaugeMetricFamily("duelcast_feed_age_seconds", "Time since the newest record of a feed.", labels=["feed"])
    up = GaugeMetricFamily("duelcast_feed_up", "1 while a feed reads its venue.", labels=["feed"])
    for feed in feeds:
        up.add_metric([feed.name], float(feed.status == "running"))
        if feed.received_s is not None:
            age.add_metric([feed.name], monotonic_s - feed.received_s)
    taken = CounterMetricFamily("duelcast_feed_records", "Records used.", labels=["feed", "kind"])
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
    yield GaugeMetricFamily("duelcast_market_symbols", "Number of tokens.", value=symbols)


def gap_metrics(feeds: Sequence[Source]) -> Iterable[Metric]:
    """A series for each pair that fails, and one for each symbol without any price."""
    failed = GaugeMetricFamily(
        "duelcast_feed_pair_failed",
        "1 while a pair fails although its feed works; absent otherwise.",
        labels=["feed", "pair"],
    )
    awaited = GaugeMetricFamily(
        "duelcast_feed_symbol_awaited",
        "1 until the first price of a symbol is received; absent afterwards.",
        labels=["feed", "symbol"],
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
