"""A log server that forgets, and each node's way to it, which loses and delays requests and answers."""

from __future__ import annotations

import asyncio
import random
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from duelcast.channels.records import BEGINNING, EntryId
from duelcast.channels.shared_log import Fenced, LogEntry, LogUnavailable, SharedLog
from tests.simulation.loop import Process
from tests.simulation.network import OUTSIDE, delay_s

ANSWER_TIMEOUT_S = 3.0
ENTRIES_PER_READ = 20
LOST_SHARE = 0.004
"""How many requests, and how many answers, are lost with their connection."""
LATE_SHARE = 0.002
"""How many requests take effect only after their sender has given up."""

T = TypeVar("T")


class NotAbove(Exception):
    """The server refuses an entry."""


class LogServer:
    """A stream, as Valkey keeps it: an entry must be above the highest that there ever was, unless the server has
    forgotten that one, too."""

    def __init__(self) -> None:
        self.entries: list[LogEntry] = []
        self.is_up = True
        self.starts = 0
        """A request of an earlier start never arrives."""
        self._highest = BEGINNING
        self._readers: dict[asyncio.Event, None] = {}

    def add(self, entry: LogEntry, keep_after: EntryId) -> None:
        if entry.id <= self._highest:
            raise NotAbove
        self.entries.append(entry)
        self._highest = entry.id
        del self.entries[: self._count_up_to(keep_after)]
        self._wake()

    def after(self, id_: EntryId) -> Sequence[LogEntry]:
        begin = self._count_up_to(id_)
        return self.entries[begin : begin + ENTRIES_PER_READ]

    def find(self, id_: EntryId) -> LogEntry | None:
        return next((entry for entry in self.entries if entry.id == id_), None)

    def top(self) -> EntryId:
        return self.entries[-1].id if self.entries else BEGINNING

    # ── what may happen to it ───────────────────────────────────────────────────────────────────────────────────

    def stop(self) -> None:
        self.is_up = False
        self.starts += 1
        self._wake()

    def start(self, *, lost: int) -> None:
        """Start again, without so many of the newest entries."""
        del self.entries[max(0, len(self.entries) - lost) :]
        self._highest = self.top()
        self.is_up = True

    def trim(self, kept: int) -> None:
        """Keep no more than so many entries."""
        del self.entries[: max(0, len(self.entries) - kept)]

    def _count_up_to(self, id_: EntryId) -> int:
        return bisect_right(self.entries, id_, key=lambda entry: entry.id)

    def _wake(self) -> None:
        for reader in self._readers:
            reader.set()

    async def wait(self, after: EntryId, wait_s: float) -> None:
        """Wait for an entry after `after`."""
        if self.after(after):
            return
        more = asyncio.Event()
        self._readers[more] = None
        try:
            async with asyncio.timeout(wait_s):
                await more.wait()
        except TimeoutError:
            pass
        finally:
            del self._readers[more]


class LogView:
    """The log, as the node of `process` reaches it."""

    def __init__(self, server: LogServer, process: Process, seed: str, is_faulty: Callable[[], bool]) -> None:
        self.is_cut = False
        """Whether no packet comes through."""
        self.on_appended: Callable[[LogEntry], None] = lambda _entry: None
        """Called when the server has taken an entry of this node."""
        self._server = server
        self._rng = random.Random(f"{seed}/log/{process.name}")
        self._is_faulty = is_faulty

    async def append(self, entry: LogEntry, keep_after: EntryId) -> None:
        def add() -> None:
            self._server.add(entry, keep_after)
            self.on_appended(entry)

        try:
            await self._request(add)
        except NotAbove:
            if await self._request(lambda: self._server.find(entry.id)) != entry:
                raise Fenced from None

    async def read(self, after: EntryId, wait_s: float) -> Sequence[LogEntry]:
        starts = self._server.starts
        entries: Sequence[LogEntry] = await self._request(lambda: self._server.after(after))
        if not entries:
            await self._server.wait(after, wait_s)
            if starts != self._server.starts:
                raise LogUnavailable("The server has closed the connection.")
            entries = await self._request(lambda: self._server.after(after))
        return entries

    async def top(self) -> EntryId:
        return await self._request(self._server.top)

    async def run_id(self) -> str:
        return await self._request(lambda: str(self._server.starts))

    async def faults(self) -> Sequence[str]:
        return ()

    async def close(self) -> None:
        pass

    async def _request(self, act: Callable[[], T]) -> T:
        """Have the server do something, which it does even if this process does not wait for it any longer."""
        loop, rng = asyncio.get_running_loop(), self._rng
        starts = self._server.starts
        answer: asyncio.Future[T] = loop.create_future()

        def arrive() -> None:
            if self.is_cut:
                return
            if not self._server.is_up or starts != self._server.starts:
                _set_exception(answer, LogUnavailable("The connection was refused or closed."))
                return
            try:
                result = act()
            except NotAbove as error:
                loop.call_later(delay_s(rng), _set_exception, answer, error, context=OUTSIDE)
                return
            lost = LogUnavailable("The connection was lost after the request.") if self._happens(LOST_SHARE) else None
            if lost is not None:
                loop.call_later(delay_s(rng), _set_exception, answer, lost, context=OUTSIDE)
            else:
                loop.call_later(delay_s(rng), _set_result, answer, result, context=OUTSIDE)

        if self._happens(LOST_SHARE):
            _set_exception(answer, LogUnavailable("The connection was lost before the request."))
        else:
            is_late = self._happens(LATE_SHARE)
            late_s = ANSWER_TIMEOUT_S + rng.uniform(-0.5, 0.5) if is_late else 0.0
            loop.call_later(delay_s(rng) + late_s, arrive, context=OUTSIDE)
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                return await answer
        except TimeoutError:
            raise LogUnavailable("The server does not answer.") from None

    def _happens(self, share: float) -> bool:
        return self._is_faulty() and self._rng.random() < share


def _set_result(answer: asyncio.Future[T], result: T) -> None:
    if not answer.done():
        answer.set_result(result)


def _set_exception(answer: asyncio.Future[T], error: Exception) -> None:
    if not answer.done():
        answer.set_exception(error)


if TYPE_CHECKING:
    _conforms: type[SharedLog] = LogView
