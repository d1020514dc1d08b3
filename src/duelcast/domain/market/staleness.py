"""Which symbols are stale: those of a feed that is silent as a whole, and those whose prices are no longer posted."""

from __future__ import annotations

from collections.abc import Callable

from duelcast.clock import Clock
from duelcast.domain.market.book import Entry, TokenBook
from duelcast.domain.market.outlet import MarketOutlet
from duelcast.domain.market.ownership import Ownership, Source
from duelcast.domain.market.settings import MarketSettings

_LONGEST_SLEEP_S = 1.0
_TOLERANCE_S = 1e-6


class Staleness:
    """Marks entries and tells the outlet. A record marks its own symbol fresh when it comes; the other symbols of a
    feed that was silent follow within a second."""

    def __init__(
        self,
        clock: Clock,
        book: TokenBook,
        ownership: Ownership,
        outlet: MarketOutlet,
        settings: Callable[[], MarketSettings],
    ) -> None:
        self._clock = clock
        self._book = book
        self._ownership = ownership
        self._outlet = outlet
        self._settings = settings
        self._began_s = clock.monotonic()

    async def run(self) -> None:
        """Mark each symbol at its moment, until cancelled."""
        while True:
            await self._clock.sleep(min(_LONGEST_SLEEP_S, self._check()))

    def _check(self) -> float:
        """Mark what has changed; returns the seconds until more can change."""
        now_s = self._clock.monotonic()
        settings = self._settings()
        feed_stale_s, posted_stale_s = settings.feed_stale_ms / 1000, settings.posted_stale_ms / 1000
        feeds, posted = [*self._ownership.feeds, *self._ownership.absent()], self._ownership.posted.symbols
        waits = [self._check_feed(feed, now_s, feed_stale_s) for feed in feeds]
        waits += [self._check_posted(self._book[symbol], now_s, posted_stale_s) for symbol in posted]
        return min(waits, default=_LONGEST_SLEEP_S)

    def _check_feed(self, feed: Source, now_s: float, stale_after_s: float) -> float:
        # Prices of former times may wait for a feed that never comes.
        received_s = self._began_s if feed.received_s is None else feed.received_s
        left_s = received_s + stale_after_s - now_s
        is_stale = left_s <= _TOLERANCE_S
        if is_stale != feed.stale:
            feed.stale = is_stale
            for symbol in feed.symbols:
                entry = self._book.get(symbol)
                if entry is not None:
                    self._mark(entry, is_stale)
        return _LONGEST_SLEEP_S if is_stale else left_s

    def _check_posted(self, entry: Entry, now_s: float, stale_after_s: float) -> float:
        left_s = entry.received_s + stale_after_s - now_s
        is_stale = left_s <= _TOLERANCE_S
        self._mark(entry, is_stale)
        return _LONGEST_SLEEP_S if is_stale else left_s

    def _mark(self, entry: Entry, is_stale: bool) -> None:
        if entry.stale != is_stale:
            entry.stale = is_stale
            self._outlet.staleness_changed(entry)
