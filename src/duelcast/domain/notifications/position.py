"""The progress of the notifier, stored with its results."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from duelcast.store import facts
from duelcast.store.database import Transaction


class Position(Struct, frozen=True):
    """Domain events up to `event` are done, and the contest entries up to `entry` (ids) of the next one."""

    event: int = 0
    entry: int = 0


async def find_position(transaction: Transaction) -> Position:
    """The stored position; the very beginning if none is stored."""
    stored = await facts.find_fact(transaction, facts.NOTIFIER)
    return Position() if stored is None else msgspec.convert(stored, Position)


async def put_position(transaction: Transaction, position: Position) -> None:
    await facts.put_fact(transaction, facts.NOTIFIER, msgspec.to_builtins(position))
