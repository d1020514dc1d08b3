"""The epoch of positions (protocol §2), which belongs to the database and outlives the server.

A file beside the database shows whether the database is still the one that issued the numbers. The file records the
inode of the database, the number of starts (which the database also records), and how many numbers had been issued at
the last stop. If a copy replaces the database, at least one of these differs.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from msgspec import Struct
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from duelcast.settings import ConfigurationError
from duelcast.store.atomic_write import whole_file
from duelcast.store.migrate import check_version
from duelcast.store.sqlite import SqliteFile, file_uri, read_only_uri
from duelcast.store.tables import channel_positions, epochs

_USED, _UNUSED = b"urgent: used  \n", b"urgent: unused\n"


class Epoch(Struct, frozen=True):
    """The epoch of a start. *Latest* channels are numbered above `latest_floor`. `numbers` is how many numbers had been
    issued on *every* channels. `block_used` says whether a killed server may have broadcast reserved numbers of
    urgent channels without storing them."""

    name: str
    starts: int
    latest_floor: int
    numbers: int
    block_used: bool


class EpochFile:
    """The file `<database>.epoch`. It records whether reserved numbers are in use, the inode of the database, the
    number of starts, and how many numbers had been issued on *every* channels."""

    def __init__(self, database: Path) -> None:
        self.path = Path(f"{database}.epoch")
        self._database = database

    def covers(self, starts: int, numbers: int) -> bool:
        """Whether the file was written for the database, given the starts and numbers in the database. If a server was
        killed between writing the database and the file, the file is one start behind."""
        try:
            _, inode, counted, given = self.path.read_text("ascii").splitlines()
            return int(inode) == self._inode() and int(counted) in (starts, starts - 1) and int(given) <= numbers
        except (OSError, ValueError):
            return False

    @property
    def block_used(self) -> bool:
        """Whether a server ended while reserved numbers were in use."""
        try:
            return self.path.read_bytes().startswith(_USED)
        except OSError:
            return False

    def write(self, starts: int, numbers: int, *, block_used: bool = False) -> None:
        """Write the file for the current state of the database. Raises `ConfigurationError`."""
        with whole_file(self.path, replace=True) as made:
            used = _USED if block_used else _UNUSED
            made.write_bytes(used + f"{self._inode()}\n{starts}\n{numbers}\n".encode())

    def set(self, used: bool) -> None:
        """Record whether reserved numbers are in use; needs no free space on the disk."""
        with suppress(OSError):  # the file is gone, and the database with it
            descriptor = os.open(self.path, os.O_WRONLY)
            try:
                os.pwrite(descriptor, _USED if used else _UNUSED, 0)
            finally:
                os.close(descriptor)

    def _inode(self) -> int:
        return os.stat(self._database).st_ino


async def begin_epoch(connection: AsyncConnection, file: EpochFile, now_us: int) -> Epoch:
    """Count a start, and return the epoch, which is new if `file` does not cover the database. Call `file.write` after
    COMMIT."""
    stored = (await connection.execute(select(epochs))).one()
    numbers = await given_numbers(connection)
    is_same = file.covers(stored.starts, numbers)
    epoch = Epoch(
        name=stored.epoch if is_same else new_epoch(),
        starts=stored.starts + 1,
        latest_floor=max(stored.latest_floor, now_us),
        numbers=numbers,
        block_used=is_same and file.block_used,
    )
    values = {"epoch": epoch.name, "starts": epoch.starts, "latest_floor": epoch.latest_floor}
    await connection.execute(update(epochs).values(values))
    return epoch


async def given_numbers(connection: AsyncConnection) -> int:
    """How many numbers have ever been issued on *every* channels."""
    return int(await connection.scalar(select(func.coalesce(func.sum(channel_positions.c.seq), 0))) or 0)


async def raise_latest_floor(connection: AsyncConnection, floor: int) -> None:
    """Ensure that *latest* channels are numbered above `floor` after the next start."""
    await connection.execute(update(epochs).where(epochs.c.latest_floor < floor).values(latest_floor=floor))


def new_epoch() -> str:
    """A random epoch: 16 characters of `A-Za-z0-9_-`."""
    return secrets.token_urlsafe(12)


def read_epoch(database: Path) -> str:
    """Read the epoch of the SQLite file at `database`; blocks. Raises `ConfigurationError`."""
    if not database.exists():
        raise ConfigurationError(f"There is no database {database}.")
    check_version(database)
    with closing(sqlite3.connect(read_only_uri(database), uri=True)) as connection:
        return str(connection.execute("select epoch from epochs").fetchone()[0])


def renew_epoch(database: Path) -> str:
    """Give the SQLite file at `database` a new epoch, and return that epoch; blocks. Raises `ConfigurationError`, for
    example if a server is using the file."""
    read_epoch(database)
    file = SqliteFile(database, busy_timeout_ms=0)
    file.hold()
    try:
        put_new_epoch(database)
        return read_epoch(database)
    finally:
        file.release()


def put_new_epoch(database: Path) -> None:
    """Give the database file a new epoch, if its version has epochs. The file must not be in use. Raises
    `sqlite3.Error`."""
    with closing(sqlite3.connect(file_uri(database), uri=True)) as connection, connection:
        if connection.execute("select 1 from sqlite_master where name = 'epochs'").fetchone():
            connection.execute("update epochs set epoch = ?", (new_epoch(),))
