"""The file beside a database that shows whether the database is still the one that issued the numbers.

It records the inode of the database, the number of starts (which the database also records), and how many numbers had
been issued at the last stop. If a copy replaces the database, at least one of these differs.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from duelcast.store.atomic_write import whole_file
from duelcast.store.epoch import EpochMark, Judgement, Stored, new_epoch
from duelcast.store.sqlite.paths import file_uri
from duelcast.store.urgent_mark import UNUSED, USED, put_mark


class EpochFile:
    """The file `<database>.epoch`. It records whether reserved numbers are in use, the inode of the database, the
    number of starts, and how many numbers had been issued on *every* channels."""

    def __init__(self, database: Path) -> None:
        self.path = Path(f"{database}.epoch")
        self._database = database

    def judge(self, stored: Stored) -> Judgement:
        """If a server was killed between writing the database and the file, the file is one start behind."""
        try:
            mark, inode, starts, numbers = self.path.read_text("ascii").splitlines(keepends=True)
            is_same = (
                int(inode) == self._inode()
                and int(starts) in (stored.starts, stored.starts - 1)
                and int(numbers) <= stored.numbers
            )
        except (OSError, ValueError):
            return Judgement(is_same=False, block_used=False, identity={})
        return Judgement(is_same, block_used=mark.encode() == USED, identity={})

    def started(self, starts: int, numbers: int) -> None:
        self._write(starts, numbers, UNUSED)

    def stopped(self, starts: int, numbers: int, *, block_used: bool) -> None:
        self._write(starts, numbers, USED if block_used else UNUSED)

    def set(self, used: bool) -> None:
        put_mark(self.path, used=used)

    def _write(self, starts: int, numbers: int, mark: bytes) -> None:
        with whole_file(self.path, replace=True) as made:
            made.write_bytes(mark + f"{self._inode()}\n{starts}\n{numbers}\n".encode())

    def _inode(self) -> int:
        return os.stat(self._database).st_ino


def put_new_epoch(database: Path) -> None:
    """Give the database file a new epoch, if its version has epochs. The file must not be in use. Raises
    `sqlite3.Error`."""
    with closing(sqlite3.connect(file_uri(database), uri=True)) as connection, connection:
        if connection.execute("select 1 from sqlite_master where name = 'epochs'").fetchone():
            connection.execute("update epochs set epoch = ?", (new_epoch(),))


if TYPE_CHECKING:
    _conforms: type[EpochMark] = EpochFile
