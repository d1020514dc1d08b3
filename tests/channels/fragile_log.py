"""A log that fails."""

from __future__ import annotations

from collections.abc import Sequence

from duelcast.channels.records import EntryId
from duelcast.channels.shared_log import LogEntry, LogUnavailable, MemoryLog
from duelcast.clock import Clock


class FragileLog(MemoryLog):
    """A log that can be away, forget to answer, lose everything, and run anew."""

    def __init__(self, clock: Clock, *, entries_per_read: int = 1_000) -> None:
        super().__init__(clock, entries_per_read=entries_per_read)
        self.is_away = False
        self.answers_lost = 0
        """How many entries are taken without an answer."""
        self.run = "first"

    async def append(self, entry: LogEntry, keep_after: EntryId) -> None:
        self._check()
        await super().append(entry, keep_after)
        if self.answers_lost:
            self.answers_lost -= 1
            raise LogUnavailable("The answer is lost.")

    async def read(self, after: EntryId, wait_s: float) -> Sequence[LogEntry]:
        self._check()
        return await super().read(after, wait_s)

    async def top(self) -> EntryId:
        self._check()
        return await super().top()

    async def run_id(self) -> str:
        self._check()
        return self.run

    @property
    def newest(self) -> EntryId:
        """The id of the newest entry."""
        return self._newest

    def drop(self, entries: int) -> None:
        """Lose the newest entries."""
        del self._entries[max(0, len(self._entries) - entries) :]

    def trim(self, entries: int) -> None:
        """Keep no more than so many entries."""
        del self._entries[: max(0, len(self._entries) - entries)]

    def _check(self) -> None:
        if self.is_away:
            raise LogUnavailable("The log is away.")
