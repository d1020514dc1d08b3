"""The epoch that positions belong to (protocol 2): it is the database's own, and outlives the server.

A file beside the database tells whether the database is the one that numbers were given with: it has the inode of the
database and counts the starts, as the database does. If a copy takes the place of the database, one of the two differs.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from msgspec import Struct
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from duelcast.store.tables import epochs
from duelcast.store.whole_file import whole_file

_USED, _UNUSED = b"urgent: used  \n", b"urgent: unused\n"


class Epoch(Struct, frozen=True):
    """`latest_floor`: *latest* channels are numbered above it. `block_used`: reserved numbers of urgent channels may
    have been broadcast by a server that was killed, and not stored."""

    name: str
    starts: int
    latest_floor: int
    block_used: bool


class EpochFile:
    """`<database>.epoch`: whether reserved numbers are in use, the inode of the database, its starts."""

    def __init__(self, database: Path) -> None:
        self.path = Path(f"{database}.epoch")
        self._database = database

    def covers(self, starts: int) -> bool:
        """Whether the database, with so many starts, is the one that this was written for. A server that was killed
        between both writes left this one start behind."""
        try:
            _, inode, counted = self.path.read_text("ascii").splitlines()
            return int(inode) == self._inode() and int(counted) in (starts, starts - 1)
        except (OSError, ValueError):
            return False

    @property
    def block_used(self) -> bool:
        """Whether a server ended while reserved numbers were in use."""
        try:
            return self.path.read_bytes().startswith(_USED)
        except OSError:
            return False

    def write(self, starts: int) -> None:
        """Cover the database from now on. Raises `ConfigurationError`."""
        with whole_file(self.path, replace=True) as made:
            made.write_bytes(_UNUSED + f"{self._inode()}\n{starts}\n".encode())

    def set(self, used: bool) -> None:
        """Note, without room on the disk, whether reserved numbers are in use."""
        with suppress(OSError):  # the file is gone, and the database with it
            descriptor = os.open(self.path, os.O_WRONLY)
            try:
                os.pwrite(descriptor, _USED if used else _UNUSED, 0)
            finally:
                os.close(descriptor)

    def _inode(self) -> int:
        return os.stat(self._database).st_ino


async def begin_epoch(connection: AsyncConnection, file: EpochFile, now_us: int) -> Epoch:
    """Count a start; the epoch is a new one if `file` does not cover the database. To be followed, once this is
    committed, by `file.write`."""
    stored = (await connection.execute(select(epochs))).one()
    is_same = file.covers(stored.starts)
    epoch = Epoch(
        name=stored.epoch if is_same else new_epoch(),
        starts=stored.starts + 1,
        latest_floor=max(stored.latest_floor, now_us),
        block_used=is_same and file.block_used,
    )
    values = {"epoch": epoch.name, "starts": epoch.starts, "latest_floor": epoch.latest_floor}
    await connection.execute(update(epochs).values(values))
    return epoch


async def raise_latest_floor(connection: AsyncConnection, floor: int) -> None:
    """See that the next start numbers *latest* channels above `floor`."""
    await connection.execute(update(epochs).where(epochs.c.latest_floor < floor).values(latest_floor=floor))


def new_epoch() -> str:
    """16 characters of `A-Za-z0-9_-`."""
    return secrets.token_urlsafe(12)
