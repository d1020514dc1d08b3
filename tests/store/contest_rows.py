"""Contests and entries of the tests, each test with some of its own."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import event

from duelcast.store import contests as repository
from duelcast.store.contests import ContestRow, EntryRow
from duelcast.store.database import Database, Transaction

P = ParamSpec("P")
T = TypeVar("T")

CODES = (f"C{number:07}" for number in itertools.count())
NOBODY = 10**9
"""The id of no contest and no entry."""
CONTEST: Mapping[str, Any] = {
    "name": "Spring",
    "description": None,
    "image_url": "https://example.org/spring.png",
    "rules": "None.",
    "start_ms": 1_800_000_000_000,
    "end_ms": 1_800_000_600_000,
    "status": "pending",
    "entry_fee": "0.5",
    "prize_pool": "100",
    "currency": "SOL",
    "payout": [[1, 62.5], [2, 37.5]],
    "min_participants": 2,
    "max_participants": None,
    "starting_balance": 10_000.0,
    "allowed_symbols": ["BTC", "SOL"],
    "cancellation_reason": None,
    "created_by": "admin",
    "created_ms": 1_799_999_000_000,
    "updated_ms": 1_799_999_000_000,
    "started_ms": None,
    "ended_ms": None,
}


async def do(
    database: Database,
    function: Callable[Concatenate[Transaction, P], Awaitable[T]],
    *arguments: P.args,
    **named: P.kwargs,
) -> T:
    """What a function of the repository returns, in a transaction of its own."""
    return await database.write(lambda transaction: function(transaction, *arguments, **named))


async def statements(
    database: Database,
    function: Callable[Concatenate[Transaction, P], Awaitable[Any]],
    *arguments: P.args,
    **named: P.kwargs,
) -> list[tuple[str, Any]]:
    """The SQL that a function of the repository executes, with its parameters."""
    executed = []

    def on_execute(*told: Any) -> None:
        executed.append((told[2], told[3]))

    async def work(transaction: Transaction) -> None:
        event.listen(transaction.sync_connection, "before_cursor_execute", on_execute)
        await function(transaction, *arguments, **named)
        event.remove(transaction.sync_connection, "before_cursor_execute", on_execute)

    await database.write(work)
    return executed


async def new_contest(database: Database, **changes: Any) -> ContestRow:
    return await do(database, repository.insert_contest, {**CONTEST, "contest_code": next(CODES), **changes})


async def enter(
    database: Database, contest: ContestRow, wallet: str, *, entered_ms: int = 0, **portfolio: int
) -> EntryRow:
    return await do(database, repository.insert_entry, contest.id, wallet, None, entered_ms, portfolio or {"SOL": 100})
