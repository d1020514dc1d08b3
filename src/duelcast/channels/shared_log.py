"""The log that all nodes share: entries in one order, appended by the leader of a term and read by every node.

It is a port: `valkey.ValkeyLog` is on a server, and `MemoryLog` within a process, for tests.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from duelcast.channels.records import BEGINNING, EntryId
from duelcast.clock import Alarm, Clock


class LogUnavailable(Exception):
    """The log cannot be reached, or does not accept entries. The text is a sentence for operators."""


class Fenced(Exception):
    """A later term has written to the log, so this term is over."""


class LogEntry(NamedTuple):
    """An encoded entry (see `records`), and its id."""

    id: EntryId
    data: bytes


class SharedLog(Protocol):
    """Guarantees of every implementation:

    - Order: all readers see the entries in ascending order of their ids, and no entry twice.
    - Fence: an entry is accepted only if its id is above all entries that the log has. A log that was lost accepts any
      id; each entry names the one before it, so that a reader notices.
    - Repeats: appending an entry again that the log has already taken does nothing.
    """

    async def append(self, entry: LogEntry, keep_after: EntryId) -> None:
        """Add an entry; those up to `keep_after` may be dropped. Returns once readers can see the entry.

        Raises `Fenced`, and `LogUnavailable` if it is not known whether the log has taken the entry.
        """

    async def read(self, after: EntryId, wait_s: float) -> Sequence[LogEntry]:
        """The next entries after `after`, in order and at least one; empty if none came within `wait_s`. The first one
        may be above missing entries that the log has dropped. Raises `LogUnavailable`."""

    async def top(self) -> EntryId:
        """The id of the newest entry; `BEGINNING` if the log is empty. Raises `LogUnavailable`."""

    async def run_id(self) -> str:
        """The name of the present run of the server, empty if it has none. Another run, or another server in its place,
        may have lost entries. Raises `LogUnavailable`."""

    async def faults(self) -> Sequence[str]:
        """Reasons why the log will fail, or lose entries, as sentences for operators. Raises `LogUnavailable`."""

    async def close(self) -> None:
        """Close the connections."""


class MemoryLog:
    """A log within the process."""

    def __init__(self, clock: Clock, *, entries_per_read: int = 1_000) -> None:
        self._clock = clock
        self._entries: list[LogEntry] = []
        self._entries_per_read = entries_per_read
        self._readers: set[Alarm] = set()

    async def append(self, entry: LogEntry, keep_after: EntryId) -> None:
        if entry.id <= self._newest:
            if entry not in self._entries:
                raise Fenced
            return
        self._entries.append(entry)
        del self._entries[: self._count_up_to(keep_after)]
        for reader in self._readers:
            reader.ring()

    async def read(self, after: EntryId, wait_s: float) -> Sequence[LogEntry]:
        if self._newest <= after:
            alarm = Alarm(self._clock)
            self._readers.add(alarm)
            try:
                await alarm.sleep(wait_s)
            finally:
                self._readers.discard(alarm)
        begin = self._count_up_to(after)
        return self._entries[begin : begin + self._entries_per_read]

    async def top(self) -> EntryId:
        return self._newest

    async def run_id(self) -> str:
        return "only"

    async def faults(self) -> Sequence[str]:
        return ()

    async def close(self) -> None:
        pass

    @property
    def _newest(self) -> EntryId:
        return self._entries[-1].id if self._entries else BEGINNING

    def _count_up_to(self, id_: EntryId) -> int:
        return bisect_right(self._entries, id_, key=lambda entry: entry.id)
