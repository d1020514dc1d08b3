"""How far the notifier has come, stored with what it made."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from duelcast.store import facts
from duelcast.store.database import Transaction


class Position(Struct, frozen=True):
    """Done are the domain events up to `event`, and of the one behind it the contest entries up to `entry` (ids)."""

    event: int = 0
    entry: int = 0


async def find_position(transaction: Transaction) -> Position:
    """The beginning of all, where none is stored."""
    stored = await facts.find_fact(transaction, facts.NOTIFIER)
    return Position() if stored is None else msgspec.convert(stored, Position)


async def put_position(transaction: Transaction, position: Position) -> None:
    await facts.put_fact(transaction, facts.NOTIFIER, msgspec.to_builtins(position))
