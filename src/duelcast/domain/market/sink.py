"""A feed's way into the market."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

import structlog
from msgspec import Struct

from duelcast.domain.market.intake import Intake
from duelcast.domain.market.ownership import Dropped, FeedStatus, Source
from duelcast.domain.market.ticks import Tick

MAX_LOGGED_PAIRS = 100
"""If more of a feed fail, they are in its state alone: a feed may have thousands, which fail and recover together."""

_log = structlog.get_logger("duelcast.market")


class FeedState(Struct, kw_only=True, frozen=True):
    """How a feed is. `age_ms` is since its newest record, None before the first; `reason` is why it failed; `symbols`
    counts those it owns, `records` those of its records that were used. `failed_pairs` has the reason of each pair that
    fails by itself; `awaited` are the symbols it is known to bring of which nothing came, sorted."""

    name: str
    status: FeedStatus
    reason: str | None
    age_ms: int | None
    symbols: int
    records: int
    failed_pairs: Mapping[str, str] = {}
    awaited: Sequence[str] = ()


class MarketSink:
    """Takes what one feed reads; conforms to `feeds.source.Sink`."""

    __slots__ = ("_intake", "_source")

    def __init__(self, intake: Intake, source: Source) -> None:
        self._intake = intake
        self._source = source

    def accept(self, tick: Tick) -> None:
        """Take one record; never blocks. One that cannot be used is counted."""
        source = self._source
        if source.status == "starting":
            source.status = "running"
        with suppress(Dropped):
            self._intake.take(source, tick)

    def unreadable(self, records: int) -> None:
        """Count records of the venue that could not be read."""
        self._source.dropped["unreadable"] += records

    def connected(self) -> None:
        """The feed reads its venue."""
        if self._source.failure is not None:
            _log.info("feed_recovered", feed=self._source.name)
        self._source.status = "running"
        self._source.failure = None

    def failed(self, reason: str) -> None:
        """The feed cannot read its venue, for `reason`, and tries again by itself."""
        if self._source.failure != reason:
            _log.warning("feed_failed", feed=self._source.name, reason=reason)
        self._source.status = "failed"
        self._source.failure = reason

    def pair_failed(self, pair: str, reason: str) -> None:
        """One of what the feed was asked for cannot be read, for `reason`."""
        failed = self._source.failed_pairs
        if failed.get(pair) != reason and len(failed) < MAX_LOGGED_PAIRS:
            _log.warning("feed_pair_failed", feed=self._source.name, pair=pair, reason=reason)
        failed[pair] = reason

    def pair_works(self, pair: str) -> None:
        """What failed as a pair is read again."""
        failed = self._source.failed_pairs
        if failed.pop(pair, None) is not None and len(failed) < MAX_LOGGED_PAIRS:
            _log.info("feed_pair_recovered", feed=self._source.name, pair=pair)


def feed_state(feed: Source, steady_s: float) -> FeedState:
    """The state of `feed` at `steady_s` of the steady clock."""
    age_ms = None if feed.received_s is None else int((steady_s - feed.received_s) * 1000)
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
