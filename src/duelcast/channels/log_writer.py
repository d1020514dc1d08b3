"""The leader's side of the shared log: appends what the bus publishes, in batches."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress

import structlog
from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from duelcast.backoff import Backoff
from duelcast.channels.broker import Message
from duelcast.channels.memory import MemoryBroker
from duelcast.channels.names import Channel
from duelcast.channels.records import (
    BEGINNING,
    EntryId,
    Fact,
    Forget,
    News,
    Put,
    Record,
    Replace,
    Silence,
    encode_entry,
    entry_time_ms,
)
from duelcast.channels.shared_log import Fenced, LogEntry, LogUnavailable, SharedLog
from duelcast.clock import Alarm, Clock, time_ms

FLUSH_INTERVAL_S = 0.010
FIRST_RETRY_S, LONGEST_RETRY_S = 0.05, 1.0
CHECK_INTERVAL_S = 1.0
"""How often the leader looks whether the log has lost entries, or belongs to a later term."""
MAX_KEPT_BYTES = MAX_WAITING_BYTES = 64 * 1024 * 1024
RECORD_OVERHEAD_BYTES = 60
ENTRY_BYTES = 1024 * 1024
"""An entry ends with the record that exceeds this size."""

log = structlog.get_logger("duelcast.log")


class LogWriter:
    """A listener on the leader's bus, which never waits for it. Entries are appended one at a time, and records that
    come meanwhile gather into the next one.

    The newest entries are kept: if the log loses its end, which is noticed whenever the log returns, they are appended
    again. While the log is away, records gather up to `MAX_WAITING_BYTES`; beyond it all of them are dropped and
    counted, and the next entry follows none, so that every node notices, and asks the leader for a copy.
    """

    def __init__(self, shared: SharedLog, clock: Clock) -> None:
        self.failure: str | None = None
        """Why the log takes no entries, as a sentence; None if it does."""
        self.dropped = 0
        self.run_id = ""
        """The latest run of the log's server that was found to have all entries appended before."""
        self.on_another_run: Callable[[str], None] = lambda _run_id: None
        """Called with the new `run_id`."""
        self.confirm: Callable[[], Awaitable[None]] = _nobody_else
        """Called before anything is appended to another run of the log's server, which may have lost the entry that
        opened a later term. Raises `Fenced`, and `LogUnavailable` if nobody knows."""
        self._shared = shared
        self._clock = clock
        self._before = BEGINNING
        """The newest entry that was made."""
        self._after = BEGINNING
        """The entry that the next one follows."""
        self._is_chained = True
        self._waiting: deque[Record] = deque()
        self._waiting_bytes = 0
        self._entries_waiting = 0
        """How many entries the waiting records will make."""
        self._newest_entry_bytes = 0
        """How much the last of these has so far."""
        self._kept: deque[LogEntry] = deque()
        self._kept_bytes = 0
        self._keep_after = BEGINNING
        self._appended = BEGINNING
        self._awaited: deque[tuple[EntryId, asyncio.Future[None]]] = deque()
        self._alarm = Alarm(clock)
        self._appended_s = self._checked_s = clock.monotonic()

    def open(self, opened: EntryId, after: EntryId, run_id: str) -> None:
        """Set the term, to be called once, before anything is added: the entry `opened` has opened it, and its first
        entry will follow `after`. `run_id` was the run of the log's server after that."""
        self.run_id = run_id
        self._before = self._appended = opened
        self._after = after
        # Other nodes may still be reading the entries of the term that the first entry follows.
        self._keep_after = opened if after == BEGINNING else EntryId(after.term, 0)

    def attach_to(self, broker: MemoryBroker) -> None:
        """Append everything that `broker` publishes from now on."""
        broker.attach(self)
        broker.on_silence = self.silence
        broker.on_forget = self.forget

    # ── in: from the bus ────────────────────────────────────────────────────────────────────────────────────────

    def deliver(self, message: Message) -> None:
        self.add(Put.of(message))

    def replace(self, channel: Channel, seq: int, body: bytes) -> None:
        self.add(Replace(channel.name, seq, body))

    def resynchronise(self) -> None:
        """Nothing to do: the leader's memory is not lost without its process."""

    def silence(self, channel: Channel, seq: int) -> None:
        self.add(Silence(channel.name, seq))

    def forget(self, channel: Channel) -> None:
        self.add(Forget(channel.name))

    def add(self, record: Record) -> None:
        """Append `record` with the next entry."""
        size_bytes = _size_of(record)
        if self._waiting_bytes + size_bytes > MAX_WAITING_BYTES:
            self.dropped += len(self._waiting)
            self._waiting.clear()
            self._waiting_bytes = self._entries_waiting = 0
            self._is_chained = False
            # Answers that depend on what was dropped wait for the entry that makes all nodes ask for a copy.
            first = self._before.next()
            self._awaited = deque((min(id_, first), waiting) for id_, waiting in self._awaited)
        if not self._waiting:
            self._alarm.ring()
        if self._entries_waiting == 0 or self._newest_entry_bytes >= ENTRY_BYTES:
            self._entries_waiting += 1
            self._newest_entry_bytes = 0
        self._waiting.append(record)
        self._waiting_bytes += size_bytes
        self._newest_entry_bytes += size_bytes

    # ── answers that depend on entries ──────────────────────────────────────────────────────────────────────────

    @property
    def newest(self) -> EntryId:
        """The entry that has, or will have, everything added so far."""
        return EntryId(self._before.term, self._before.number + self._entries_waiting)

    @property
    def made(self) -> EntryId:
        """The newest entry that has everything it will ever have; records added from now on come later."""
        return self._before

    def lag_ms(self, position: EntryId | None = None) -> int:
        """The age of the oldest entry after `position` (default: the newest entry that the log has taken); 0 if there
        is none. Entries of which no copy is kept count like the oldest that is."""
        position = self._appended if position is None else position
        if not self._kept or position >= self._kept[-1].id:
            return 0
        first = self._kept[0].id
        number = position.number - first.number + 1 if position.term == first.term else 0
        return max(time_ms(self._clock) - entry_time_ms(self._kept[max(number, 0)].data), 0)

    async def appended(self, id_: EntryId) -> None:
        """Append what is waiting now, and return once the log has the entry `id_`. Raises `Fenced`."""
        if id_ <= self._appended:
            return
        waiting = asyncio.get_running_loop().create_future()
        self._awaited.append((id_, waiting))
        self._alarm.ring()
        await waiting

    # ── out: to the log ─────────────────────────────────────────────────────────────────────────────────────────

    async def begin(self) -> None:
        """Append the first entry of the term, even if it has no records: from then on, every node knows where the term
        goes on. Called before `run`. Raises `Fenced`."""
        await self._append(self._next_entry())

    async def run(self) -> None:
        """Append entries until cancelled. Raises `Fenced` once a later term has begun."""
        try:
            while True:
                if not self._waiting:
                    await self._alarm.sleep(CHECK_INTERVAL_S)
                if not self._waiting or self._clock.monotonic() >= self._checked_s + CHECK_INTERVAL_S:
                    # The server may have restarted between two entries, so that none failed.
                    await self._persist(self._restore)
                if self._waiting:
                    await self._pause()
                    await self._append(self._next_entry())
        finally:
            for _, waiting in self._awaited:
                if not waiting.done():
                    waiting.set_exception(Fenced())

    async def finish(self, within_s: float) -> None:
        """Append everything that is waiting, if the log takes it in this time. `run` must be running."""
        with suppress(Fenced, TimeoutError):
            async with asyncio.timeout(within_s):
                await self.appended(self.newest)

    async def _pause(self) -> None:
        """Let records gather, unless the log was idle, or an answer depends on an entry that is to come."""
        ends_s = self._appended_s + FLUSH_INTERVAL_S
        while not self._awaited and (wait_s := ends_s - self._clock.monotonic()) > 0:
            await self._alarm.sleep(wait_s)

    def _next_entry(self) -> LogEntry:
        id_ = self._before.next()
        # An entry that names itself follows none.
        after = self._after if self._is_chained else id_
        data = encode_entry(after, time_ms(self._clock), self._take())
        self._before = self._after = id_
        self._is_chained = True
        return LogEntry(id_, data)

    def _take(self) -> list[Record]:
        taken: list[Record] = []
        size_bytes = 0
        while self._waiting and size_bytes < ENTRY_BYTES:
            record = self._waiting.popleft()
            size_bytes += _size_of(record)
            taken.append(record)
        self._waiting_bytes -= size_bytes
        self._entries_waiting = max(0, self._entries_waiting - 1)  # none if the first entry of a term has no records
        return taken

    async def _append(self, entry: LogEntry) -> None:
        self._keep(entry)

        async def append() -> None:
            if self.failure is not None:
                await self._restore()
            await self._shared.append(entry, self._keep_after)

        await self._persist(append)
        self._appended, self._appended_s = entry.id, self._clock.monotonic()
        while self._awaited and self._awaited[0][0] <= entry.id:
            _, waiting = self._awaited.popleft()
            if not waiting.done():
                waiting.set_result(None)

    async def _restore(self) -> None:
        """Append again what the log has lost of the entries that it had taken."""
        run_id = await self._shared.run_id()
        top = await self._shared.top()
        if top.term > self._appended.term:
            raise Fenced
        if run_id != self.run_id:
            await self.confirm()
        for lost in [entry for entry in self._kept if top < entry.id <= self._appended]:
            await self._shared.append(lost, self._keep_after)
        self._checked_s = self._clock.monotonic()
        if run_id != self.run_id:
            self.run_id = run_id
            self.on_another_run(run_id)

    async def _persist(self, work: Callable[[], Awaitable[None]]) -> None:
        """Repeat `work` until the log is available."""
        backoff = Backoff(self._clock, first_s=FIRST_RETRY_S, longest_s=LONGEST_RETRY_S)
        while True:
            try:
                await work()
                break
            except LogUnavailable as error:
                if self.failure != str(error):
                    log.error("log_unavailable", reason=str(error))
                self.failure = str(error)
                await backoff.wait()
        if self.failure is not None:
            log.info("log_available")
            self.failure = None

    def _keep(self, entry: LogEntry) -> None:
        self._kept.append(entry)
        self._kept_bytes += len(entry.data)
        while self._kept_bytes > MAX_KEPT_BYTES and len(self._kept) > 1:
            dropped = self._kept.popleft()
            self._kept_bytes -= len(dropped.data)
            self._keep_after = dropped.id

    def collect(self) -> Iterator[Metric]:
        """Metrics for Prometheus."""
        yield GaugeMetricFamily("duelcast_shared_log_available", "Whether the log takes entries.", self.failure is None)
        yield GaugeMetricFamily(
            "duelcast_shared_log_waiting", "Records that the log has not taken yet.", len(self._waiting)
        )
        yield CounterMetricFamily(
            "duelcast_shared_log_dropped",
            "Records that were dropped while the log was away; every node was given a copy instead.",
            self.dropped,
        )


async def _nobody_else() -> None:
    """There is no other leader."""


def _size_of(record: Record) -> int:
    if isinstance(record, Put | Replace):
        return len(record.body) + RECORD_OVERHEAD_BYTES
    value = record.value if isinstance(record, News | Fact) else None
    return RECORD_OVERHEAD_BYTES if value is None else len(value) + RECORD_OVERHEAD_BYTES
