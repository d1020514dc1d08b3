"""Stale symbols: all symbols of a silent feed, symbols that an active feed no longer delivers, and symbols whose prices
are no longer posted."""

from __future__ import annotations

from collections.abc import Callable

from duelcast.clock import Clock
from duelcast.domain.market.book import BookEntry, TokenBook
from duelcast.domain.market.outlet import MarketOutlet
from duelcast.domain.market.ownership import Ownership, Source
from duelcast.domain.market.settings import MarketSettings

_LONGEST_SLEEP_S = 1.0
_SHORTEST_SLEEP_S = 0.05
"""Limits how often symbols are checked, because checking 10,000 of them takes about 2 ms, and each may become stale at
a different moment."""
_TOLERANCE_S = 1e-6


class Staleness:
    """Marks entries as stale or fresh, and notifies the outlet. Every quote or trade marks its symbol as fresh as soon
    as it is received. If the whole feed had been silent, its other symbols become fresh within a second, unless they
    have been silent for too long themselves."""

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
        """Mark each symbol when it becomes stale or fresh, until cancelled."""
        while True:
            await self._clock.sleep(max(_SHORTEST_SLEEP_S, self._check()))

    def _check(self) -> float:
        """Mark the symbols that changed; returns the seconds until another change is possible."""
        now_s = self._clock.monotonic()
        settings = self._settings()
        feed_stale_s, symbol_stale_s = settings.feed_stale_ms / 1000, settings.symbol_stale_ms / 1000
        wait_s = self._check_symbols(self._ownership.posted, now_s - settings.posted_stale_ms / 1000)
        for feed in (*self._ownership.feeds, *self._ownership.absent()):
            wait_s = min(wait_s, self._check_feed(feed, now_s - feed_stale_s, now_s - symbol_stale_s))
        return wait_s

    def _check_feed(self, feed: Source, feed_stale_before_s: float, symbol_stale_before_s: float) -> float:
        # Restored prices must become stale even if their feed never sends anything.
        received_s = self._began_s if feed.received_s is None else feed.received_s
        left_s = received_s - feed_stale_before_s
        was_stale, feed.stale = feed.stale, left_s <= _TOLERANCE_S
        if not feed.stale:
            return min(left_s, self._check_symbols(feed, symbol_stale_before_s))
        if not was_stale:
            for symbol in feed.symbols:
                self._mark(self._book.get(symbol), True)
        return _LONGEST_SLEEP_S

    def _check_symbols(self, source: Source, stale_before_s: float) -> float:
        """Mark symbols of `source` by the age of their newest record; returns the seconds until another change is
        possible."""
        wait_s = _LONGEST_SLEEP_S
        for symbol in source.symbols:
            entry = self._book.get(symbol)
            if entry is None:
                continue
            left_s = entry.received_s - stale_before_s
            is_stale = left_s <= _TOLERANCE_S
            if entry.stale != is_stale:
                self._mark(entry, is_stale)
            if left_s < wait_s and not is_stale:
                wait_s = left_s
        return wait_s

    def _mark(self, entry: BookEntry | None, is_stale: bool) -> None:
        if entry is not None and entry.stale != is_stale:
            entry.stale = is_stale
            self._outlet.staleness_changed(entry)
