"""The epoch of a database, for programs other than the server."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from duelcast.store.backend import Backend
from duelcast.store.beside import opened_beside
from duelcast.store.epoch import new_epoch
from duelcast.store.tables import epochs


async def read_epoch(backend: Backend) -> str:
    """The epoch. Raises `ConfigurationError`."""
    async with opened_beside(backend) as read, read() as transaction:
        return str(await transaction.scalar(select(epochs.c.epoch)))


async def renew_epoch(backend: Backend) -> str:
    """Give the database a new epoch, and return that epoch. Raises `ConfigurationError`, for example if a server is
    using the database."""
    await backend.check_version()
    await backend.open()
    engine = backend.engine(writes=True)
    name = new_epoch()
    try:
        async with engine.begin() as connection:
            await connection.execute(update(epochs).values(epoch=name))
    except (DBAPIError, OSError) as error:
        raise backend.refusal(error) from None
    finally:
        await engine.dispose()
        await backend.close()
    return name
