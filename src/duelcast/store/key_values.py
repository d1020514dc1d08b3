"""Single facts about the database as a whole."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert, select

from duelcast.store.database import Transaction
from duelcast.store.statements import upsert
from duelcast.store.tables import FILLED_BY_MIGRATIONS, channel_positions, facts, leaders, metadata

DEMO = "demo"
"""The fact that the database was filled by `duelcast demo`."""
NICKNAME_SHAPES = "nickname_shapes"
"""The version of the method by which the shapes of all stored nicknames were computed; see
`domain.accounts.nicknames.version`."""
NOTIFIER = "notifier"
"""The position of the notifier; see `domain.notifications.notifier.NotifierProgress`."""

RECEIPT = "receipt"
"""How times of receipt relate to the wall clock; see `domain.market.receipt.TimeScale`."""

_OF_THE_SERVER = (*FILLED_BY_MIGRATIONS, channel_positions, leaders)
"""Tables with rows that a server writes even without users."""


async def find_value(transaction: Transaction, name: str) -> Any | None:
    """The value of a fact; None if it is not stored."""
    return await transaction.scalar(select(facts.c.value).where(facts.c.name == name))


async def add_value(transaction: Transaction, name: str, value: Any) -> None:
    """Store a fact that is not stored yet; `value` is JSON, and not null."""
    await transaction.execute(insert(facts).values(name=name, value=value))


async def put_value(transaction: Transaction, name: str, value: Any) -> None:
    """Store a fact, replacing any value stored under its name; `value` is JSON, and not null."""
    await transaction.execute(upsert(facts), {"name": name, "value": value})


async def is_empty(transaction: Transaction) -> bool:
    """Whether there are no rows except those that a server writes even without users."""
    for table in metadata.sorted_tables:
        if table in _OF_THE_SERVER:
            continue
        if await transaction.scalar(select(1).select_from(table).limit(1)) is not None:
            return False
    return True
