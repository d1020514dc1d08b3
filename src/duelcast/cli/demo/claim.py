"""Restricts the demo to empty databases and its own."""

from __future__ import annotations

from duelcast.settings import ConfigurationError
from duelcast.store import key_values
from duelcast.store.database import Database, Transaction


async def claim(database: Database) -> None:
    """Mark an empty database as demo data, before anything else is written to it.

    Raises `ConfigurationError` if it contains anything that the demo did not put there.
    """
    await database.write(_claim)


async def _claim(transaction: Transaction) -> None:
    if await key_values.find_value(transaction, key_values.DEMO) is not None:
        return
    if not await key_values.is_empty(transaction):
        raise ConfigurationError(
            "The database holds data that `duelcast demo` did not make, and bots would spoil it: run the server alone "
            "with `duelcast serve`, or set DUELCAST_DATA_DIR to another folder for the demo."
        )
    await key_values.add_value(transaction, key_values.DEMO, True)
