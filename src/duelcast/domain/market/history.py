"""The candles of a token: the last 24 h from memory, earlier ones from the store. Sparklines of the last 24 h."""

from __future__ import annotations

from msgspec import Struct

from duelcast.domain.market.book import BookEntry
from duelcast.domain.market.candles import CANDLE_MINUTES, MINUTES_KEPT, Candle, Row, by_interval, candle
from duelcast.errors import InvalidRequest
from duelcast.store import market as store
from duelcast.store.database import Database
from duelcast.wire.messages import Timestamp
from duelcast.wire.timestamps import format_time

MAX_CANDLES = 1_440
SPARKLINE_MINUTES = 15


class Sparkline(Struct, frozen=True):
    """The prices of a token in the last 24 hours."""

    symbol: str
    """The symbol."""
    start: Timestamp
    """When the first quarter of an hour begins; each further price is that of the next one."""
    prices: list[float]
    """The price at the end of each quarter of an hour, oldest first: at most 96. The last one is the newest price."""


class CandleSpan(Struct, frozen=True):
    """At most `limit` candles of `minutes` minutes each, which begin at `from_minute` or later and before
    `before_minute`. These two are counted from the Unix epoch, and are multiples of `minutes`."""

    minutes: int
    from_minute: int
    before_minute: int
    limit: int


class History(Struct, frozen=True):
    """Candles, oldest first. `next_minute` is the beginning of the first candle beyond `limit`, or None if there is no
    such candle."""

    candles: list[Candle]
    next_minute: int | None


def candle_span(interval: str, from_s: float | None, to_s: float | None, now_s: float, limit: int) -> CandleSpan:
    """The span of the candles that begin at `from_s` or later and before `to_s` (epoch seconds). `to_s` defaults to
    now, and `from_s` to the beginning of the candle that contains the time 24 h before the end of the span.

    Raises `errors.InvalidRequest`.
    """
    minutes = CANDLE_MINUTES.get(interval)
    if minutes is None:
        raise InvalidRequest(f"`interval` must be one of {', '.join(CANDLE_MINUTES)}.", field="interval")
    if not 1 <= limit <= MAX_CANDLES:
        raise InvalidRequest(f"`limit` must be from 1 to {MAX_CANDLES}.", field="limit")
    if from_s is not None and to_s is not None and from_s >= to_s:
        raise InvalidRequest("`from` must be before `to`.", field="from")
    end = int(now_s // 60) + 1
    before_minute = _aligned_up(end if to_s is None else min(-int(-to_s // 60), end), minutes)
    if from_s is None:
        from_minute = (before_minute - MINUTES_KEPT) // minutes * minutes
    else:
        from_minute = _aligned_up(-int(-max(from_s, 0.0) // 60), minutes)
    return CandleSpan(minutes, from_minute, before_minute, limit)


async def history(database: Database, entry: BookEntry, span: CandleSpan, now_s: float) -> History:
    """The candles of `span`. Raises `errors.Unavailable` if the store is needed and unreachable."""
    kept_from = int(now_s // 60) - MINUTES_KEPT + 1
    rows: list[Row] = []
    if span.from_minute < kept_from:
        before = min(span.before_minute, kept_from)
        async with database.read() as transaction:
            stored = await store.candles_between(
                transaction, entry.symbol, span.minutes, span.from_minute, before, span.limit + 1
            )
        rows = [Row(row.start, row.open, row.high, row.low, row.last) for row in stored]
    if len(rows) <= span.limit:
        rows += entry.rows.rows(now_s)
    found = [row for row in by_interval(rows, span.minutes) if span.from_minute <= row.minute < span.before_minute]
    next_minute = found[span.limit].minute if len(found) > span.limit else None
    return History([candle(row) for row in found[: span.limit]], next_minute)


def sparkline(entry: BookEntry, now_s: float) -> Sparkline | None:
    """The sparkline of a token; None if it never had a price."""
    prices = entry.rows.closes(now_s, SPARKLINE_MINUTES)
    if not prices:
        return None
    last = int(now_s // 60) // SPARKLINE_MINUTES
    return Sparkline(entry.symbol, format_time((last - len(prices) + 1) * SPARKLINE_MINUTES * 60), prices)


def _aligned_up(minute: int, minutes: int) -> int:
    return -(-minute // minutes) * minutes
