"""The progress of the notifier, stored with its results."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from duelcast.store import key_values
from duelcast.store.database import Transaction


class NotifierProgress(Struct, frozen=True):
    """Domain events up to `event` are done, and the contest entries up to `entry` (ids) of the next one."""

    event: int = 0
    entry: int = 0


async def find_progress(transaction: Transaction) -> NotifierProgress:
    """The stored position; the very beginning if none is stored."""
    stored = await key_values.find_value(transaction, key_values.NOTIFIER)
    return NotifierProgress() if stored is None else msgspec.convert(stored, NotifierProgress)


async def put_progress(transaction: Transaction, position: NotifierProgress) -> None:
    await key_values.put_value(transaction, key_values.NOTIFIER, msgspec.to_builtins(position))
