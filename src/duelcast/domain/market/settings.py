"""Settings of the market."""

from __future__ import annotations

from msgspec import Struct


class ReceiptSettings(Struct, frozen=True, kw_only=True):
    """`pace` (0 to 1): the speed of the time of receipt relative to the wall clock, while it is ahead of it.
    `max_ahead_s`: a server that starts continues after stored times of receipt that are at most that far ahead."""

    pace: float = 0.5
    max_ahead_s: float = 3_600.0


class MarketSettings(Struct, frozen=True, kw_only=True):
    """Intervals are the least time between two pushes of the same kind for the same symbol.

    `feed_stale_ms`: a feed that is silent for that long makes all its symbols stale; `symbol_stale_ms`: the same for
    one symbol of a feed; `posted_stale_ms`: for one symbol whose prices are posted. `max_symbols` bounds the number of
    tokens.
    """

    price_interval_ms: int = 100
    volume_interval_ms: int = 1_000
    sentiment_interval_ms: int = 5_000
    token_data_interval_ms: int = 1_000
    token_list_interval_ms: int = 10_000
    feed_stale_ms: int = 30_000
    symbol_stale_ms: int = 300_000
    posted_stale_ms: int = 300_000
    max_symbols: int = 10_000
