"""The evidence that a PostgreSQL database is still the one that issued its numbers: its identity, which the database
stores at each start, and a file in the data folder of the server.

- Another cluster, database or table (a restored dump) issues numbers of its own: the epoch is new.
- A database whose epoch moved to a copy (`copy_ends`) has the number 0 for a table: the epoch is new.
- Another timeline (a promoted standby, a recovery to an earlier time) may lack the last transactions. The epoch is kept
  only if the file says that the last server stopped in an orderly way, and nothing is missing that it committed; or if
  other nodes of a cluster have seen nothing that is missing.
- A database that has issued fewer numbers, or seen fewer starts, than the file says is an earlier copy: the epoch is
  new.
- Without the file, for example because the server moved to another machine, the identity decides, and reserved numbers
  count as used: a server that was killed may have broadcast them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from duelcast.settings import ConfigurationError
from duelcast.store.atomic_write import whole_file
from duelcast.store.epoch import EpochMark, Judgement, Stored
from duelcast.store.postgres.claim import Claim, Identity
from duelcast.store.urgent_mark import UNUSED, USED, put_mark

_RUNNING, _STOPPED = "running", "stopped"


class _Record(NamedTuple):
    """The content of the file: numbers are those issued at the start if the server `is_running`, or else at its
    stop."""

    block_used: bool
    is_running: bool
    starts: int
    numbers: int


class PostgresEpochMark:
    """The file `postgres-<cluster>-<database>.epoch`, and the identity in `claim`, which must be taken."""

    def __init__(self, data_dir: Path, claim: Claim) -> None:
        self._data_dir = data_dir
        self._claim = claim

    @property
    def path(self) -> Path:
        identity = self._claim.identity
        return self._data_dir / f"postgres-{identity.cluster_id}-{identity.database_oid}.epoch"

    def judge(self, stored: Stored) -> Judgement:
        now, record = self._claim.identity, self._read()
        before = None if stored.identity is None else Identity(*stored.identity)
        if before is None or before == now:
            is_same = stored.starts > 0 and (
                record is None or (record.starts <= stored.starts and record.numbers <= stored.numbers)
            )
        else:
            # On another timeline, nothing is missing if nothing that was seen is.
            has_all = record is None or record.numbers <= stored.numbers
            is_complete = (stored.lacks_seen is False and has_all) or (
                record is not None and _is_complete(record, stored)
            )
            is_same = before[:-1] == now[:-1] and is_complete
        is_unused = record is not None and record.starts == stored.starts and not record.block_used
        return Judgement(is_same, block_used=stored.starts > 0 and not is_unused, identity=now._asdict())

    def started(self, starts: int, numbers: int) -> None:
        self._claim.began(starts)
        self._write(_Record(block_used=False, is_running=True, starts=starts, numbers=numbers))

    def stopped(self, starts: int, numbers: int, *, block_used: bool) -> None:
        self._write(_Record(block_used, is_running=False, starts=starts, numbers=numbers))

    def set(self, used: bool) -> None:
        put_mark(self.path, used=used)

    def _read(self) -> _Record | None:
        try:
            mark, state, starts, numbers = self.path.read_text("ascii").splitlines(keepends=True)
            return _Record(mark.encode() != UNUSED, state.strip() != _STOPPED, int(starts), int(numbers))
        except (OSError, ValueError):
            return None

    def _write(self, record: _Record) -> None:
        try:
            self._data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError:
            raise ConfigurationError(f"The folder {self._data_dir} cannot be created; set DUELCAST_DATA_DIR.") from None
        mark = USED if record.block_used else UNUSED
        state = _RUNNING if record.is_running else _STOPPED
        with whole_file(self.path, replace=True) as made:
            made.write_bytes(mark + f"{state}\n{record.starts}\n{record.numbers}\n".encode())


def _is_complete(record: _Record, stored: Stored) -> bool:
    """Whether the database has everything that the last server committed."""
    return not record.is_running and record.starts == stored.starts and record.numbers <= stored.numbers


if TYPE_CHECKING:
    _conforms: type[EpochMark] = PostgresEpochMark
