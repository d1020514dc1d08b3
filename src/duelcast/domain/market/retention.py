"""Retention of prices and trades."""

from __future__ import annotations

from collections.abc import Callable

from duelcast.domain.market.ownership import REMEMBERED_POSTED_IDS
from duelcast.domain.market.receipt import ReceiptTime
from duelcast.domain.retention import delete_in_pieces
from duelcast.store import market as store
from duelcast.store.database import Database

_MS_PER_DAY = 86_400_000


class MarketRetention:
    """Deletes prices and trades older than a number of days, but none from `oldest_needed_ms()` (epoch) on, because
    these may still be needed. If `oldest_needed_ms` returns None, no old ones are needed."""

    def __init__(self, database: Database, receipt: ReceiptTime, oldest_needed_ms: Callable[[], int | None]) -> None:
        self._database = database
        self._receipt = receipt
        self._oldest_needed_ms = oldest_needed_ms

    async def delete_prices(self, days: float) -> int:
        """Delete old minutes, and return how many. The last old minute of each token is kept, because it has the price
        with which the remaining minutes begin. Raises `errors.Unavailable`."""
        before_ms = self._before_ms(days)
        return await delete_in_pieces(
            self._database, lambda transaction, limit: store.delete_minutes(transaction, before_ms, limit)
        )

    async def delete_trades(self, days: float) -> int:
        """Delete old trades, and return how many. Trades whose ids are remembered are kept. Raises
        `errors.Unavailable`."""
        before_ms = self._before_ms(days)
        async with self._database.read() as transaction:
            symbols = await store.traded_symbols(transaction)
        return sum([await self._delete_trades_of(symbol, before_ms) for symbol in symbols])

    async def _delete_trades_of(self, symbol: str, before_ms: int) -> int:
        async with self._database.read() as transaction:
            first_kept = await store.nth_newest_trade_with_id(transaction, symbol, REMEMBERED_POSTED_IDS)
        return await delete_in_pieces(
            self._database,
            lambda transaction, limit: store.delete_trades(transaction, symbol, before_ms, first_kept, limit),
        )

    def _before_ms(self, days: float) -> int:
        before_ms = int(self._receipt.now_s() * 1000 - days * _MS_PER_DAY)
        needed_ms = self._oldest_needed_ms()
        return before_ms if needed_ms is None else min(before_ms, needed_ms)
