"""Contests with their entries, portfolios, trades and boundary prices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct
from sqlalchemy import BigInteger, ColumnElement, Row, bindparam, delete, func, insert, literal, select, update

from duelcast.store.database import Transaction
from duelcast.store.statements import allow_long_statements, execute_many
from duelcast.store.tables import (
    contest_entries,
    contest_prices,
    contest_trades,
    contests,
    holdings,
)

_RESULT_COLUMNS = ("final_value", "final_rank", "final_rank_change", "prize")

ContestStatus: TypeAlias = Literal["pending", "active", "completed", "cancelled"]
PENDING: Final = "pending"
ACTIVE: Final = "active"
COMPLETED: Final = "completed"
CANCELLED: Final = "cancelled"


class ContestRow(Struct, frozen=True):
    """A contest. `payout` has pairs of place and percent. `started_ms` and `ended_ms` are the times whose prices were
    used; for a cancelled contest, `ended_ms` is the time of cancellation."""

    id: int
    contest_code: str
    name: str
    description: str | None
    image_url: str | None
    rules: str | None
    start_ms: int
    end_ms: int
    status: ContestStatus
    entry_fee: str
    prize_pool: str
    currency: str
    payout: list[list[float]]
    min_participants: int
    max_participants: int | None
    starting_balance: float
    allowed_symbols: list[str]
    cancellation_reason: str | None
    created_by: str
    created_ms: int
    updated_ms: int
    started_ms: int | None
    ended_ms: int | None


class EntryRow(Struct, frozen=True):
    """A wallet's entry in a contest. The final figures are None until the contest is completed, and always if the entry
    is disqualified."""

    id: int
    contest_id: int
    wallet: str
    nickname: str | None
    entered_ms: int
    disqualified: bool
    final_value: float | None
    final_rank: int | None
    final_rank_change: int | None
    prize: str | None


class HoldingRow(Struct, frozen=True):
    """A token of a portfolio; `quantity` is None before the start."""

    symbol: str
    weight: int
    quantity: float | None


class TradeRow(Struct, frozen=True):
    """A purchase or sale by a portfolio change."""

    id: int
    at_ms: int
    symbol: str
    side: str
    quantity: float
    price: float


class BoundaryPrice(Struct, frozen=True):
    """A price that was used for the start or the end of a contest, and when it was received."""

    symbol: str
    price: float
    received_us: int


class FinalResult(Struct, frozen=True):
    """The final result of an entry."""

    entry_id: int
    value: float
    rank: int
    rank_change: int
    prize: str | None


# ── contests ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def insert_contest(transaction: Transaction, values: Mapping[str, Any]) -> ContestRow:
    """Insert a contest. Raises `IntegrityError` if the code is taken."""
    result = await transaction.execute(insert(contests).values(**values))
    assert result.inserted_primary_key is not None
    found = await find_contest(transaction, result.inserted_primary_key[0])
    assert found is not None
    return found


async def find_contest(transaction: Transaction, contest_id: int) -> ContestRow | None:
    """The contest, or None."""
    query = select(contests).where(contests.c.id == contest_id)
    row = (await transaction.execute(query)).first()
    return None if row is None else _contest(row)


async def update_contest(transaction: Transaction, contest_id: int, **values: Any) -> ContestRow:
    await transaction.execute(update(contests).where(contests.c.id == contest_id).values(**values))
    found = await find_contest(transaction, contest_id)
    assert found is not None
    return found


async def all_contests(transaction: Transaction) -> list[ContestRow]:
    return [_contest(row) for row in await transaction.execute(select(contests).order_by(contests.c.id))]


async def code_exists(transaction: Transaction, code: str) -> bool:
    query = select(contests.c.id).where(contests.c.contest_code == code)
    return (await transaction.execute(query)).first() is not None


async def participant_counts(transaction: Transaction) -> dict[int, int]:
    """The number of entries that are not disqualified, by contest."""
    query = (
        select(contest_entries.c.contest_id, func.count().label("participants"))
        .where(contest_entries.c.disqualified.is_(False))
        .group_by(contest_entries.c.contest_id)
    )
    return {row.contest_id: row.participants for row in await transaction.execute(query)}


# ── entries ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def find_entry(transaction: Transaction, contest_id: int, wallet: str) -> EntryRow | None:
    query = select(contest_entries).where(_is_entry(contest_id, wallet))
    row = (await transaction.execute(query)).first()
    return None if row is None else _entry(row)


async def count_participants(transaction: Transaction, contest_id: int) -> int:
    """The number of entries that are not disqualified."""
    query = select(func.count()).where(
        contest_entries.c.contest_id == contest_id, contest_entries.c.disqualified.is_(False)
    )
    return int((await transaction.execute(query.select_from(contest_entries))).scalar_one())


async def has_entries(transaction: Transaction, contest_id: int) -> bool:
    """Whether the contest has entries, disqualified ones included."""
    query = select(contest_entries.c.id).where(contest_entries.c.contest_id == contest_id).limit(1)
    return (await transaction.execute(query)).first() is not None


async def insert_entry(
    transaction: Transaction,
    contest_id: int,
    wallet: str,
    nickname: str | None,
    entered_ms: int,
    portfolio: Mapping[str, int],
) -> EntryRow:
    """Insert an entry. `portfolio` has weights by symbol."""
    values = {"contest_id": contest_id, "wallet": wallet, "nickname": nickname, "entered_ms": entered_ms}
    result = await transaction.execute(insert(contest_entries).values(**values, disqualified=False))
    assert result.inserted_primary_key is not None
    await _insert_holdings(
        transaction, result.inserted_primary_key[0], [HoldingRow(*item, None) for item in portfolio.items()]
    )
    entry = await find_entry(transaction, contest_id, wallet)
    assert entry is not None
    return entry


async def delete_entry(transaction: Transaction, entry_id: int) -> None:
    await transaction.execute(delete(holdings).where(holdings.c.entry_id == entry_id))
    await transaction.execute(delete(contest_entries).where(contest_entries.c.id == entry_id))


async def set_disqualified(transaction: Transaction, entry_id: int, *, disqualified: bool) -> None:
    await transaction.execute(
        update(contest_entries).where(contest_entries.c.id == entry_id).values(disqualified=disqualified)
    )


async def entries_of(transaction: Transaction, contest_id: int) -> list[EntryRow]:
    """All entries, sorted by the time of entry, then by id."""
    await allow_long_statements(transaction)
    table = contest_entries
    query = select(table).where(table.c.contest_id == contest_id).order_by(table.c.entered_ms, table.c.id)
    return [_entry(row) for row in await transaction.execute(query)]


async def participants_after(transaction: Transaction, contest_id: int, after_id: int, limit: int) -> list[EntryRow]:
    """The first `limit` entries after `after_id` that are not disqualified, sorted by id."""
    table = contest_entries
    query = (
        select(table)
        .where(table.c.contest_id == contest_id, table.c.disqualified.is_(False), table.c.id > after_id)
        .order_by(table.c.id)
        .limit(limit)
    )
    return [_entry(row) for row in await transaction.execute(query)]


async def entries_after(
    transaction: Transaction, contest_id: int, disqualified: bool | None, after_wallet: str, limit: int
) -> list[EntryRow]:
    """The first `limit` entries after `after_wallet`, sorted by wallet; unless `disqualified` is None, only those that
    are disqualified, or only those that are not."""
    table = contest_entries
    query = select(table).where(table.c.contest_id == contest_id, table.c.wallet > after_wallet)
    if disqualified is not None:
        query = query.where(table.c.disqualified.is_(disqualified))
    return [_entry(row) for row in await transaction.execute(query.order_by(table.c.wallet).limit(limit))]


async def entries_of_wallet(
    transaction: Transaction, wallet: str, *, limit: int, before_id: int | None = None
) -> list[EntryRow]:
    """At most `limit` entries of the wallet in all contests, newest first; with `before_id`, only older ones."""
    query = select(contest_entries).where(contest_entries.c.wallet == wallet)
    if before_id is not None:
        query = query.where(contest_entries.c.id < before_id)
    return [_entry(row) for row in await transaction.execute(query.order_by(contest_entries.c.id.desc()).limit(limit))]


async def final_page(transaction: Transaction, contest_id: int, offset: int, limit: int) -> list[EntryRow]:
    """At most `limit` rows of the final ranking from `offset` on, in order."""
    table = contest_entries
    query = (
        select(table)
        .where(table.c.contest_id == contest_id, table.c.final_rank.is_not(None))
        .order_by(table.c.final_rank, table.c.entered_ms, table.c.id)
        .offset(literal(offset, BigInteger))  # otherwise, it would have to fit into 32 bits on PostgreSQL
        .limit(limit)
    )
    return [_entry(row) for row in await transaction.execute(query)]


async def final_position(transaction: Transaction, entry: EntryRow) -> int:
    """How many rows of the final ranking precede `entry`, which must have a final rank."""
    table = contest_entries
    before = (table.c.final_rank < entry.final_rank) | (
        (table.c.final_rank == entry.final_rank)
        & (
            (table.c.entered_ms < entry.entered_ms)
            | ((table.c.entered_ms == entry.entered_ms) & (table.c.id < entry.id))
        )
    )
    query = select(func.count()).select_from(table).where(table.c.contest_id == entry.contest_id, before)
    return int((await transaction.execute(query)).scalar_one())


async def store_results(transaction: Transaction, results: Sequence[FinalResult]) -> None:
    """Store the final results of a contest."""
    table = contest_entries
    statement = (
        update(table)
        .where(table.c.id == bindparam("key"))
        .values({name: bindparam(f"its_{name}") for name in _RESULT_COLUMNS})
    )
    rows = (
        {
            "key": one.entry_id,
            "its_final_value": one.value,
            "its_final_rank": one.rank,
            "its_final_rank_change": one.rank_change,
            "its_prize": one.prize,
        }
        for one in results
    )
    await execute_many(transaction, statement, rows)


# ── portfolios ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def holdings_of(transaction: Transaction, entry_id: int) -> list[HoldingRow]:
    """The holdings of an entry, sorted by symbol."""
    query = select(holdings).where(holdings.c.entry_id == entry_id).order_by(holdings.c.symbol)
    return [_holding(row) for row in await transaction.execute(query)]


async def holdings_of_contest(transaction: Transaction, contest_id: int) -> dict[int, list[HoldingRow]]:
    """The holdings of all entries, by entry, each list sorted by symbol."""
    await allow_long_statements(transaction)
    query = (
        select(holdings)
        .join(contest_entries, contest_entries.c.id == holdings.c.entry_id)
        .where(contest_entries.c.contest_id == contest_id)
        .order_by(holdings.c.entry_id, holdings.c.symbol)
    )
    found: dict[int, list[HoldingRow]] = {}
    for row in await transaction.execute(query):
        found.setdefault(row.entry_id, []).append(_holding(row))
    return found


async def held_symbols(transaction: Transaction, contest_id: int) -> list[str]:
    """All symbols held in the contest, sorted."""
    await allow_long_statements(transaction)
    query = (
        select(holdings.c.symbol)
        .join(contest_entries, contest_entries.c.id == holdings.c.entry_id)
        .where(contest_entries.c.contest_id == contest_id)
        .distinct()
        .order_by(holdings.c.symbol)
    )
    return list((await transaction.execute(query)).scalars())


async def replace_holdings(transaction: Transaction, entry_id: int, portfolio: Iterable[HoldingRow]) -> None:
    await transaction.execute(delete(holdings).where(holdings.c.entry_id == entry_id))
    await _insert_holdings(transaction, entry_id, portfolio)


async def buy_portfolios(transaction: Transaction, contest_id: int, balance: float) -> None:
    """Set the quantity of all holdings in a contest to balance × weight / 100 / price, computed in that order, with the
    prices that were stored for the start. This is a single statement, because each statement scans all holdings."""
    await allow_long_statements(transaction)
    entered = select(contest_entries.c.id).where(contest_entries.c.contest_id == contest_id)
    price = select(contest_prices.c.price).where(
        contest_prices.c.contest_id == contest_id,
        contest_prices.c.boundary == "start",
        contest_prices.c.symbol == holdings.c.symbol,
    )
    await transaction.execute(
        update(holdings)
        .where(holdings.c.entry_id.in_(entered))
        .values(quantity=balance * holdings.c.weight / 100.0 / price.scalar_subquery())
    )


# ── trades and boundary prices ──────────────────────────────────────────────────────────────────────────────────────


async def insert_trades(
    transaction: Transaction, contest_id: int, wallet: str, at_ms: int, trades: Iterable[Mapping[str, Any]]
) -> None:
    """Insert trades; each has a symbol, a side, a quantity and a price."""
    rows = [{"contest_id": contest_id, "wallet": wallet, "at_ms": at_ms, **trade} for trade in trades]
    if rows:
        await transaction.execute(insert(contest_trades), rows)


async def trades_of(
    transaction: Transaction, contest_id: int, wallet: str, after_id: int, limit: int
) -> list[TradeRow]:
    """At most `limit` trades of a wallet in a contest after `after_id`, in the order in which they were made."""
    table = contest_trades
    query = (
        select(table.c.id, table.c.at_ms, table.c.symbol, table.c.side, table.c.quantity, table.c.price)
        .where(table.c.contest_id == contest_id, table.c.wallet == wallet, table.c.id > after_id)
        .order_by(table.c.id)
        .limit(limit)
    )
    return [TradeRow(*row) for row in await transaction.execute(query)]


async def store_prices(
    transaction: Transaction, contest_id: int, boundary: str, prices: Iterable[BoundaryPrice]
) -> None:
    """Store the prices of a `boundary`, which is `start` or `end`."""
    rows = [
        {
            "contest_id": contest_id,
            "boundary": boundary,
            "symbol": one.symbol,
            "price": one.price,
            "received_us": one.received_us,
        }
        for one in prices
    ]
    if rows:
        await transaction.execute(insert(contest_prices), rows)


async def prices_of(transaction: Transaction, contest_id: int, boundary: str) -> list[BoundaryPrice]:
    """The prices of a boundary, sorted by symbol."""
    table = contest_prices
    query = (
        select(table.c.symbol, table.c.price, table.c.received_us)
        .where(table.c.contest_id == contest_id, table.c.boundary == boundary)
        .order_by(table.c.symbol)
    )
    return [BoundaryPrice(*row) for row in await transaction.execute(query)]


# ── rows ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def _insert_holdings(transaction: Transaction, entry_id: int, portfolio: Iterable[HoldingRow]) -> None:
    rows = [
        {"entry_id": entry_id, "symbol": one.symbol, "weight": one.weight, "quantity": one.quantity}
        for one in portfolio
    ]
    if rows:
        await transaction.execute(insert(holdings), rows)


def _is_entry(contest_id: int, wallet: str) -> ColumnElement[bool]:
    return (contest_entries.c.contest_id == contest_id) & (contest_entries.c.wallet == wallet)


def _contest(row: Row[Any]) -> ContestRow:
    return ContestRow(**row._mapping)


def _entry(row: Row[Any]) -> EntryRow:
    return EntryRow(**row._mapping)


def _holding(row: Row[Any]) -> HoldingRow:
    return HoldingRow(row.symbol, row.weight, row.quantity)
