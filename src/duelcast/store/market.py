"""Tokens, prices per minute and posted trades."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct, structs
from sqlalchemy import ColumnElement, Select, bindparam, delete, exists, func, insert, or_, select

from duelcast.store.database import Transaction
from duelcast.store.statements import execute_many, upsert
from duelcast.store.tables import minute_prices, posted_trades, tokens

_US_PER_MINUTE = 60_000_000
_MS_PER_MINUTE = 60_000


class MinutePrice(Struct, frozen=True):
    """The prices within a minute. `minute` is counted from the Unix epoch; `received_us` is when `last` was received
    (epoch µs)."""

    symbol: str
    minute: int
    open: float
    high: float
    low: float
    last: float
    received_us: int


class CandlePrices(Struct, frozen=True):
    """The prices of several minutes, from `start` (minutes since the Unix epoch)."""

    start: int
    open: float
    high: float
    low: float
    last: float


class StoredToken(Struct, frozen=True):
    """A token. `source` is where its market data last came from, `told` the metadata from a feed, `put` the metadata
    set over HTTP, and `quote` its last market data other than the price."""

    symbol: str
    source: str | None
    told: dict[str, Any]
    put: dict[str, Any]
    quote: dict[str, Any] | None
    updated_ms: int


class StoredTrade(Struct, frozen=True):
    """A posted trade. `venue_ms` is its time according to the venue, `received_us` the time of receipt."""

    symbol: str
    trade_id: str | None
    price: float
    quantity: float
    side: str
    venue_ms: int | None
    received_us: int


class MarketWrites(Struct, frozen=True):
    """Rows to store together. A token or a minute replaces the stored row with the same key."""

    tokens: Sequence[StoredToken] = ()
    minutes: Sequence[MinutePrice] = ()
    trades: Sequence[StoredTrade] = ()


# ── writing ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def write(transaction: Transaction, writes: MarketWrites) -> None:
    """Store all of `writes`."""
    for statement, rows in (
        (upsert(tokens), writes.tokens),
        (upsert(minute_prices), writes.minutes),
        (insert(posted_trades), writes.trades),
    ):
        await execute_many(transaction, statement, [structs.asdict(row) for row in rows])


async def delete_minutes(transaction: Transaction, before_ms: int, limit: int) -> int:
    """Delete at most `limit` minutes that ended before `before_ms` (epoch), except for the last such minute of each
    token; returns how many were deleted."""
    before = before_ms // _MS_PER_MINUTE
    later = minute_prices.alias("later")
    is_followed = exists().where(
        later.c.symbol == minute_prices.c.symbol, later.c.minute > minute_prices.c.minute, later.c.minute < before
    )
    old = select(minute_prices.c.symbol, minute_prices.c.minute).where(minute_prices.c.minute < before, is_followed)
    rows = (await transaction.execute(old.order_by(minute_prices.c.minute).limit(limit))).all()
    await execute_many(transaction, _DELETE_MINUTE, [{"key": row.symbol, "key_minute": row.minute} for row in rows])
    return len(rows)


async def delete_trades(
    transaction: Transaction, symbol: str, before_ms: int, first_kept: int | None, limit: int
) -> int:
    """Delete at most `limit` trades of a token that were received before `before_ms` (epoch). Trades with a trade id
    are deleted only if their row id is below `first_kept`, and not at all if that is None. Returns how many were
    deleted."""
    may_go: ColumnElement[bool] = posted_trades.c.trade_id.is_(None)
    if first_kept is not None:
        may_go = or_(may_go, posted_trades.c.id < first_kept)
    old = select(posted_trades.c.id).where(
        posted_trades.c.symbol == symbol, posted_trades.c.received_us < before_ms * 1000, may_go
    )
    ids = (await transaction.execute(old.order_by(posted_trades.c.id).limit(limit))).scalars().all()
    await execute_many(transaction, _DELETE_TRADE, [{"key": trade_id} for trade_id in ids])
    return len(ids)


_DELETE_MINUTE = delete(minute_prices).where(
    minute_prices.c.symbol == bindparam("key"), minute_prices.c.minute == bindparam("key_minute")
)
_DELETE_TRADE = delete(posted_trades).where(posted_trades.c.id == bindparam("key"))


# ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def all_tokens(transaction: Transaction) -> list[StoredToken]:
    """All tokens, sorted by symbol."""
    rows = await transaction.execute(select(tokens).order_by(tokens.c.symbol))
    return [StoredToken(**row._mapping) for row in rows]


async def minutes_since(transaction: Transaction, symbols: Sequence[str], minute: int) -> list[MinutePrice]:
    """The minutes of a few symbols from `minute` on, sorted by symbol, then by time."""
    wanted = minute_prices.c.symbol.in_(symbols), minute_prices.c.minute >= minute
    ordered = select(minute_prices).where(*wanted).order_by(minute_prices.c.symbol, minute_prices.c.minute)
    return [MinutePrice(*row) for row in await transaction.execute(ordered)]


async def candles_between(
    transaction: Transaction, symbol: str, minutes: int, from_minute: int, before_minute: int, limit: int
) -> list[CandlePrices]:
    """The first `limit` candles in a span of time, oldest first. Each covers `minutes` minutes."""
    minute = minute_prices.c.minute
    start = (minute - minute % minutes).label("start")
    spans = (
        select(
            start,
            func.min(minute).label("first_minute"),
            func.max(minute).label("last_minute"),
            func.max(minute_prices.c.high).label("high"),
            func.min(minute_prices.c.low).label("low"),
        )
        .where(minute_prices.c.symbol == symbol, minute >= from_minute, minute < before_minute)
        .group_by(start)
        .order_by(start)
        .limit(limit)
        .subquery()
    )
    first, last = minute_prices.alias("first"), minute_prices.alias("last")
    candles = (
        select(spans.c.start, first.c.open, spans.c.high, spans.c.low, last.c.last)
        .join(first, (first.c.symbol == symbol) & (first.c.minute == spans.c.first_minute))
        .join(last, (last.c.symbol == symbol) & (last.c.minute == spans.c.last_minute))
        .order_by(spans.c.start)
    )
    return [CandlePrices(*row) for row in await transaction.execute(candles)]


async def last_minutes_before(transaction: Transaction, symbols: Sequence[str], minute: int) -> list[MinutePrice]:
    """For each of a few symbols, its newest minute before `minute`, if there is one."""
    return await _newest_minutes(transaction, symbols, minute_prices.c.minute < minute)


async def last_minutes_at(transaction: Transaction, symbols: Sequence[str], moment_us: int) -> list[MinutePrice]:
    """For each of a few symbols, its newest minute whose last price was received at or before `moment_us` (epoch)."""
    return await _newest_minutes(
        transaction,
        symbols,
        minute_prices.c.minute <= moment_us // _US_PER_MINUTE,
        minute_prices.c.received_us <= moment_us,
    )


async def first_minutes_from(transaction: Transaction, symbols: Sequence[str], minute: int) -> list[MinutePrice]:
    """For each of a few symbols, its first minute from `minute` on, if there is one."""
    firsts = (
        select(minute_prices.c.symbol, func.min(minute_prices.c.minute).label("minute"))
        .where(minute_prices.c.symbol.in_(symbols), minute_prices.c.minute >= minute)
        .group_by(minute_prices.c.symbol)
        .subquery()
    )
    statement = select(minute_prices).join(
        firsts, (firsts.c.symbol == minute_prices.c.symbol) & (firsts.c.minute == minute_prices.c.minute)
    )
    return [MinutePrice(*row) for row in await transaction.execute(statement)]


async def trades_since(
    transaction: Transaction, received_us: int, after_id: int, limit: int
) -> list[tuple[int, StoredTrade]]:
    """The first `limit` trades after `after_id` that were received at `received_us` (epoch) or later, with their row
    ids."""
    wanted = posted_trades.c.received_us >= received_us, posted_trades.c.id > after_id
    ordered = select(posted_trades).where(*wanted).order_by(posted_trades.c.id).limit(limit)
    return [(row.id, StoredTrade(*row[1:])) for row in await transaction.execute(ordered)]


async def traded_symbols(transaction: Transaction) -> list[str]:
    """The symbols with posted trades."""
    return list((await transaction.execute(select(posted_trades.c.symbol).distinct())).scalars())


async def newest_trade_ids(transaction: Transaction, symbol: str, limit: int) -> list[str]:
    """The last `limit` trade ids of a token, oldest first."""
    newest = _trades_with_id(posted_trades.c.trade_id, symbol).limit(limit)
    return list((await transaction.execute(newest)).scalars())[::-1]


async def nth_newest_trade_with_id(transaction: Transaction, symbol: str, number: int) -> int | None:
    """Among the trades of a token that have a trade id, the row id of the `number`-th newest; None if there are
    fewer."""
    wanted = _trades_with_id(posted_trades.c.id, symbol).offset(number - 1).limit(1)
    found: int | None = (await transaction.execute(wanted)).scalar()
    return found


def _trades_with_id(column: ColumnElement[Any], symbol: str) -> Select[Any]:
    wanted = posted_trades.c.symbol == symbol, posted_trades.c.trade_id.is_not(None)
    return select(column).where(*wanted).order_by(posted_trades.c.id.desc())


async def _newest_minutes(transaction: Transaction, symbols: Sequence[str], *conditions: Any) -> list[MinutePrice]:
    newest = (
        select(minute_prices.c.minute)
        .where(minute_prices.c.symbol == tokens.c.symbol, *conditions)
        .order_by(minute_prices.c.minute.desc())
        .limit(1)
        .correlate(tokens)
        .scalar_subquery()
    )
    found = tokens.join(minute_prices, minute_prices.c.symbol == tokens.c.symbol)
    wanted = tokens.c.symbol.in_(symbols), minute_prices.c.minute == newest
    statement = select(minute_prices).select_from(found).where(*wanted)
    return [MinutePrice(*row) for row in await transaction.execute(statement)]
