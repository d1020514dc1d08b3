"""Settings of the market."""

from __future__ import annotations

from msgspec import Struct


class ReceiptSettings(Struct, frozen=True, kw_only=True):
    """`pace` (0 to 1) is the speed of the time of receipt relative to the wall clock while the time of receipt is ahead
    of that clock. At its start, a server continues from stored times of receipt if they are at most `max_ahead_s` ahead
    of the wall clock."""

    pace: float = 0.5
    max_ahead_s: float = 3_600.0


class MarketSettings(Struct, frozen=True, kw_only=True):
    """Each interval is the minimum time between two pushes of the same kind for the same symbol, or, for
    `token_list_interval_ms`, between two pushes of the same list.

    All symbols of a feed that is silent for `feed_stale_ms` become stale. A single symbol becomes stale after
    `symbol_stale_ms` without a record from its feed, or after `posted_stale_ms` without a post. `max_symbols` limits
    the number of tokens.
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
