"""Old prices and trades leave the store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog

from duelcast.clock import Clock
from duelcast.domain.market.ownership import REMEMBERED_POSTED_IDS
from duelcast.domain.market.receipt import ReceiptTime
from duelcast.domain.market.settings import MarketSettings
from duelcast.errors import AppError
from duelcast.logs import describe_exception
from duelcast.store import market as store
from duelcast.store.database import Database, Transaction

INTERVAL_S = 3_600.0
_ROWS_PER_WRITE = 1_000
"""Other writes are let in between."""
_MS_PER_DAY = 86_400_000

log = structlog.get_logger("duelcast.market")


class Retention:
    """Deletes what is older than `settings` say, never beyond `oldest_needed_ms` (epoch; None: nothing is needed).

    The last price of a token before that stays: it is the price of that time. So do the newest ids of trades that are
    remembered.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        receipt: ReceiptTime,
        settings: Callable[[], MarketSettings],
        oldest_needed_ms: Callable[[], int | None],
    ) -> None:
        self._database = database
        self._clock = clock
        self._receipt = receipt
        self._settings = settings
        self._oldest_needed_ms = oldest_needed_ms

    async def run(self) -> None:
        """Delete once an hour, and at once, until cancelled."""
        while True:
            try:
                await self.delete_old()
            except AppError:
                pass  # the database has said so
            except Exception as error:
                log.error("defect", error=describe_exception(error))
            await self._clock.sleep(INTERVAL_S)

    async def delete_old(self) -> None:
        """Delete all that is old by now. Raises `errors.Unavailable`."""
        settings = self._settings()
        prices_before_ms = self._before_ms(settings.retention_prices_days)
        await self._in_pieces(lambda transaction: store.delete_minutes(transaction, prices_before_ms, _ROWS_PER_WRITE))
        trades_before_ms = self._before_ms(settings.retention_trades_days)
        async with self._database.read() as transaction:
            symbols = await store.traded_symbols(transaction)
        for symbol in symbols:
            await self._delete_trades(symbol, trades_before_ms)

    async def _delete_trades(self, symbol: str, before_ms: int) -> None:
        async with self._database.read() as transaction:
            first_kept = await store.nth_newest_trade_with_id(transaction, symbol, REMEMBERED_POSTED_IDS)
        await self._in_pieces(
            lambda transaction: store.delete_trades(transaction, symbol, before_ms, first_kept, _ROWS_PER_WRITE)
        )

    async def _in_pieces(self, delete: Callable[[Transaction], Awaitable[int]]) -> None:
        while await self._database.write(delete) == _ROWS_PER_WRITE:
            await self._clock.sleep(0)

    def _before_ms(self, days: float) -> int:
        before_ms = int(self._receipt.now_s() * 1000 - days * _MS_PER_DAY)
        needed_ms = self._oldest_needed_ms()
        return before_ms if needed_ms is None else min(before_ms, needed_ms)
