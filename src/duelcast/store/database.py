"""The database, with one writer that commits in groups, and concurrent readers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from contextvars import ContextVar
from typing import Any, TypeVar

from prometheus_client.core import Metric
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from duelcast.channels.names import Channel
from duelcast.channels.publisher import Broadcast, Published
from duelcast.clock import Alarm, Clock, time_ms
from duelcast.errors import CircuitOpen, Unavailable
from duelcast.settings import ConfigurationError
from duelcast.store.availability import Availability
from duelcast.store.backend import Backend, Superseded
from duelcast.store.breaker_port import BreakerPort, NoBreaker
from duelcast.store.channel_log import ChannelLog, Encoded
from duelcast.store.commit_figures import CommitFigures
from duelcast.store.delivery import deliver
from duelcast.store.doubt import CommitCount, Doubt
from duelcast.store.epoch import Epoch, EpochMark, LatestFloor, Seen, begin_epoch
from duelcast.store.group_work import GroupWork
from duelcast.store.grouped_reads import BatchRead
from duelcast.store.log_retention import LogBounds
from duelcast.store.reads import Reads
from duelcast.store.refusals import unavailable, unknown
from duelcast.store.savepoints import CutOff
from duelcast.store.tables import store_probe
from duelcast.store.write_lock import InDoubt, WriteLock
from duelcast.store.write_queue import BatchWork, Committed, Job, Producer, Refused, Work, WriteQueue
from duelcast.wire.frames import encode_body

MAX_WAITING = 20_000
"""How many writes without a producer of their own may wait."""
MAX_GROUP = 2_000
"""How many writes without a producer of their own are committed together."""
SETTLE_INTERVAL_S = 0.05
"""How often the outcome of a COMMIT is looked up while its writes wait for it."""

Transaction = AsyncConnection
"""The connection with which repositories read and write."""

_in_line_since_s: ContextVar[float | None] = ContextVar("in_line_since_s", default=None)

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
P = TypeVar("P")
R = TypeVar("R")


class Database:
    """Writes wait in the queues of their producers. A group of them is committed as one transaction, and only then
    acknowledged.

    While a commit is being written to the disk, further writes gather. Under load, many writes therefore share a
    commit, while a lone write is not delayed. Each write has a savepoint of its own, so that its failure does not
    affect the others. Once its turn has come, a write runs to its end, even if its caller is gone. The `committed`
    callbacks update memory and clients, in the order of the commits; the next group begins only after that.

    If a COMMIT fails and may have taken effect, the next transaction looks whether it did, before anything else is
    written; its writes are then acknowledged or refused like all others. Writes whose outcome is not known after
    `outcome_wait_ms` raise `OutcomeUnknown`; `committed` or `refused` is called once it is known.

    If the database is full or missing, all waiting writes fail with `Unavailable` and change nothing; a probe notices
    when the database is back. If another process has the write lock, each write fails once the backend's
    `busy_timeout_ms` have passed since it was requested, however many writes are ahead of it; `failure` reports the
    lock after `lock_notice_ms`. If `guard` lets no commit through, writes fail at once. A write whose work takes longer
    than `WORK_LIMIT_S` raises `CutOff`; if that ends the transaction, the other writes in it raise `Unavailable`.
    Otherwise, a write raises whatever its work raises.
    """

    def __init__(
        self,
        backend: Backend,
        clock: Clock,
        *,
        lock_notice_ms: int = 250,
        outcome_wait_ms: int = 2_000,
        low_room_bytes: int = 0,
        urgent: Sequence[Channel] = (),
        log_bounds: LogBounds | None = None,
    ) -> None:
        self.guard: BreakerPort = NoBreaker()
        """Decides whether commits are attempted; to be set before `run`."""
        self.log = ChannelLog(clock, log_bounds)
        """The log of *every* channels, whose bus is to be set before `run`."""
        self.epoch: Epoch
        """Set by `open`."""
        self._mark: EpochMark | None = None
        self.urgent_positions: Mapping[Channel, int] = {}
        """The positions of the `urgent` channels when the database was opened."""
        self._urgent_channels = urgent
        self._backend = backend
        self._clock = clock
        self._lock_wait_s = backend.busy_timeout_ms / 1000
        self._lock = WriteLock(
            backend, clock, lock_notice_ms, noticed=self._lock_is_missing, still_waiting=self._refuse_overdue
        )
        self._outcome_wait_s = outcome_wait_ms / 1000
        self._count = CommitCount(self._lock)
        self._settling = Alarm(clock)
        self._floor = LatestFloor(clock)
        self._availability = Availability(backend, low_room_bytes)
        self._reads = Reads(backend, self._availability)
        self._work = GroupWork(clock, backend.is_failure)
        self._queue = WriteQueue(MAX_WAITING, MAX_GROUP)
        self._under_way: Sequence[Job] = ()
        """The writes of the newest transaction, until they are delivered."""
        self.shared = self._queue.shared
        """The producer of every write that names no other."""
        self._writer: asyncio.Task[None] | None = None
        self._arrived = asyncio.Event()
        self._closing = False
        self._is_superseded = False
        self._figures = CommitFigures()

    # ── life ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def open(self, seen: Seen | None = None) -> None:
        """Reserve the database, whose tables must be up to date or are brought up to date. In a cluster, `seen` is what
        other nodes know. Raises `ConfigurationError`."""
        await self._backend.open()
        self._availability.look_for_room()
        self._lock.engine = self._backend.engine(writes=True)
        self._reads.engine = self._backend.engine(writes=False)
        try:
            await self._begin(seen)
        except BaseException:
            await self.close()
            raise

    def _cover(self) -> None:
        """Record how many numbers were issued so far, so that an earlier copy of the database is detected."""
        if self._mark is None or self._is_superseded:
            return
        with suppress(ConfigurationError):  # the previous record is valid, too
            # The count of this server: another database may have taken the place of its own.
            self._mark.stopped(self.epoch.starts, self.log.numbers, block_used=self.log.has_unstored)

    async def _begin(self, seen: Seen | None) -> None:
        """Count the start, and continue the stored numbers. Raises `ConfigurationError`."""
        mark = self._backend.epoch_mark()
        try:
            async with self._lock.engine.begin() as connection:
                self.epoch = await begin_epoch(connection, mark, int(self._clock.time() * 1e6), seen)
                self.urgent_positions = await self.log.load(
                    connection, self._urgent_channels, block_used=self.epoch.block_used
                )
                await self._count.begin(connection)
        except (DBAPIError, OSError) as error:
            raise self._backend.refusal(error) from None
        mark.started(self.epoch.starts, self.log.numbers)
        self.log.mark = self._mark = mark

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Open the database, and run it during the block; writes requested before the end of the block are committed.
        Raises whatever `open` raises."""
        await self.open()
        writing = asyncio.create_task(self.run())
        try:
            yield
        finally:
            self.stop_writing()
            await writing
            await self.close()

    async def run(self) -> None:
        """Commit requested writes until `stop_writing` is called, or until the database turns out to be `Superseded`.
        If cancelled, it ends after the running commit; writes that are still waiting raise `Unavailable`."""
        async with asyncio.TaskGroup() as tasks:
            probing = tasks.create_task(self._availability.watch(self._clock, self._probe_if_idle))
            self._writer = asyncio.create_task(self._write_groups())
            try:
                # Let a running commit finish, because the outcome of an interrupted commit is unknown.
                await asyncio.shield(self._writer)
            finally:
                self.stop_writing()
                while self._queue:
                    for job in self._queue.take_group():
                        self._refuse(job)
                await asyncio.wait({self._writer})
                probing.cancel()

    async def _write_groups(self) -> None:
        while self._queue or not self._closing:
            if not self._queue:
                self._arrived.clear()
                await self._arrived.wait()
                continue
            await self._commit()

    def ignore_guard(self) -> None:
        """Attempt every commit from now on, whatever `guard` says: what is not stored before the server stops is
        lost."""
        self.guard = NoBreaker()

    def stop_writing(self) -> None:
        """Let `run` end once all waiting writes are committed; later writes raise `Unavailable`."""
        self._closing = True
        self._arrived.set()
        self._settling.ring()

    async def close(self) -> None:
        """Close the connections, after `run` has ended."""
        self._cover()
        await self._reads.close()
        await self._lock.engine.dispose()
        await self._backend.close()

    # ── writing ─────────────────────────────────────────────────────────────────────────────────────────────────

    def producer(self, name: str, *, max_waiting: int, max_group: int) -> Producer:
        """Declare a producer of many writes, with a queue of its own. Its waiting writes may weigh at most
        `max_waiting` in total, and its writes in one commit at most `max_group`."""
        return self._queue.add_producer(name, max_waiting, max_group)

    async def write(self, work: Work[T], committed: Committed[T] | None = None, refused: Refused | None = None) -> T:
        """Commit the writes of `work`, and return its result. If nothing was committed, `refused` is called with the
        reason, even if the caller no longer waits."""
        job = Job(self._asked_s(), self.shared, work=work, committed=committed, refused=refused)
        result: T = await self._enqueue(job)
        return result

    async def publish(self, work: Work[Published[T]], committed: Committed[T] | None = None) -> T:
        """Commit the writes of `work`, number and store its messages in the same transaction, broadcast them, and
        return its result."""
        result: T = await self._enqueue(Job(self._asked_s(), self.shared, work=work, committed=committed))
        return result

    async def write_batched(
        self,
        batch: BatchWork[P, R],
        payload: P,
        committed: Committed[R] | None = None,
        refused: Refused | None = None,
        *,
        producer: Producer | None = None,
        weight: int = 1,
    ) -> R:
        """Like `write`, but `batch` is called with all payloads of the group that wait for it, after the single writes
        of the group. The write waits in the queue of `producer`, if one is given, where it has the `weight` (at least
        1)."""
        line = self.shared if producer is None else producer
        result: R = await self._enqueue(
            Job(self._asked_s(), line, max(weight, 1), None, batch, payload, committed, refused)
        )
        return result

    async def publish_batched(
        self,
        batch: BatchWork[P, Published[R]],
        payload: P,
        committed: Committed[R] | None = None,
        refused: Refused | None = None,
        *,
        producer: Producer | None = None,
    ) -> R:
        """Like `write_batched`, but publishes the messages of each payload as `publish` does."""
        line = self.shared if producer is None else producer
        result: R = await self._enqueue(Job(self._asked_s(), line, 1, None, batch, payload, committed, refused))
        return result

    def announce(self, broadcast: Broadcast) -> None:
        """Store and broadcast an urgent message that belongs to no other write; if the database is down, broadcast it
        at once and store it later. This neither waits for the database nor raises because of it."""
        encoded = Encoded(broadcast, encode_body(broadcast.event, self._clock.time()))
        job = Job(self._asked_s(), self.shared, urgent=[encoded])
        if self.failure is not None and not self.log.is_numbering:
            # The message is no reason to retry a commit, because the probe does that.
            self._send_urgent()
            self._send_urgent_of(job)
            return
        job.retrieve()
        self._put(job)

    def moment(self) -> float:
        """The current time, as `asked_since` takes it."""
        return self._clock.monotonic()

    @contextmanager
    def asked_since(self, moment: float) -> Iterator[None]:
        """Count the writes of the block as requested at `moment`, so that a write that has already waited elsewhere
        does not wait the full time again if the database is locked."""
        token = _in_line_since_s.set(moment)
        try:
            yield
        finally:
            _in_line_since_s.reset(token)

    def _asked_s(self) -> float:
        asked_s = _in_line_since_s.get()
        return self._clock.monotonic() if asked_s is None else asked_s

    def _enqueue(self, job: Job) -> asyncio.Future[Any]:
        """Put a write into its queue; returns the future of its outcome."""
        if self._under_way and asyncio.current_task() is self._writer:
            raise RuntimeError("A write inside a write would wait for itself.")
        self._put(job)
        return job.future

    def _put(self, job: Job) -> None:
        if self._closing:
            self._refuse(job)
            return
        try:
            job.producer.add(job)
        except Unavailable as full:
            self._refuse(job, full)
        else:
            self._arrived.set()

    def _send_urgent(self) -> None:
        """Broadcast the urgent messages of waiting writes, in order, because the database is down."""
        if not self.log.is_numbering:
            for job in self._queue:
                self._send_urgent_of(job)

    def _send_urgent_of(self, job: Job) -> None:
        urgent, job.urgent = job.urgent, ()
        for encoded in urgent:
            self.log.send_unstored(encoded)

    async def _commit(self) -> None:
        """Acquire the write lock, then commit the writes that are waiting by then."""
        began_s = self._clock.monotonic()
        try:
            permit = self.guard.acquire()
        except CircuitOpen:
            for job in self._queue.take_group():
                self._refuse(job)
            return
        jobs: list[Job] = []
        try:
            if self._count.doubt is not None:
                await self._settle(self._count.doubt)
            async with self._lock.transaction() as connection:
                jobs = self._under_way = self._queue.take_group()
                await self._work.run(connection, jobs)
                await self._give_numbers(connection, jobs)
                await self._floor.raise_if_due(connection)
        except InDoubt as error:
            permit.fail()
            self._availability.failed(error.cause)
            await self._await_outcome(jobs)
            return
        except Exception as error:
            permit.fail()
            self._under_way = ()
            if not isinstance(error, CutOff):
                self._availability.failed(error)
            if self._count.doubt is None:
                self.log.failed()
            # Writes that wait for the lock have deadlines of their own.
            for job in jobs if jobs or self._backend.is_locked(error) else self._queue.take_group():
                if isinstance(job.outcome, CutOff):
                    self._send_urgent_of(job)
                    job.forget()
                    job.acknowledge()
                else:
                    self._refuse(job)
            self._end_if_superseded(error)
            return
        permit.succeed()
        self._count.committed()
        self._figures.latency_s.observe(self._clock.monotonic() - began_s)
        await self._take_effect(jobs)

    async def _take_effect(self, jobs: Sequence[Job]) -> None:
        """Deliver the writes of a commit that took effect."""
        self.log.committed()
        self._availability.works()
        self._figures.commits += 1
        self._figures.writes += sum(not isinstance(job.outcome, Exception) for job in jobs)
        await deliver(jobs, self.log)
        self._under_way = ()

    async def _await_outcome(self, jobs: Sequence[Job]) -> None:
        """Find out whether the commit of `jobs` took effect. After `outcome_wait_ms`, answer their callers without
        knowing; the next transaction looks again."""
        self._figures.unknown_commits += 1
        doubt = self._count.failed(jobs)
        until_s = self._clock.monotonic() + self._outcome_wait_s
        while True:
            try:
                await self._settle(doubt)
            except Exception as error:
                self._availability.failed(error)
                self._end_if_superseded(error)
            else:
                return
            if self._closing or self._clock.monotonic() >= until_s:
                break
            await self._settling.sleep(SETTLE_INTERVAL_S)
        for job in jobs:
            changes_nothing = isinstance(job.outcome, Exception)
            self._figures.unknown_writes += not changes_nothing
            job.answer_early(unavailable() if changes_nothing else unknown())
        for job, sent in zip(jobs, self.log.send_in_doubt([job.numbered for job in jobs]), strict=True):
            job.urgent = () if sent else job.urgent
        self._send_urgent()

    def _end_if_superseded(self, error: Exception) -> None:
        if isinstance(error, Superseded):
            self._is_superseded = True
            self.stop_writing()

    async def _settle(self, doubt: Doubt) -> None:
        """Find out whether a commit took effect, and then deliver or refuse its writes. Raises whatever prevents
        that."""
        await self._count.settle(doubt)
        if doubt.happened:
            await self._take_effect(doubt.jobs)
            return
        self._availability.works()
        self.log.failed()
        for job in doubt.jobs:
            self._refuse(job)

    async def _give_numbers(self, connection: AsyncConnection, jobs: Sequence[Job]) -> None:
        """Number the messages in the order of the jobs, after the last savepoint and just before COMMIT."""
        outgoing = [[*job.urgent, *job.outgoing] for job in jobs]
        if any(outgoing) or self.log.has_unstored:
            for job, numbered in zip(jobs, await self.log.number(connection, outgoing), strict=True):
                job.numbered = numbered

    def _lock_is_missing(self, error: Exception) -> None:
        self._availability.failed(error)
        self._send_urgent()

    def _refuse_overdue(self, now_s: float) -> bool:
        """Refuse writes that were requested too long ago to wait for the lock any longer. Returns whether any are
        left."""
        for job in self._queue.take_overdue(now_s, self._lock_wait_s):
            self._refuse(job)
        return bool(self._queue)

    def _refuse(self, job: Job, refusal: Unavailable | None = None) -> None:
        self._figures.refused += 1
        job.outcome = refusal or unavailable()
        self._send_urgent_of(job)
        job.forget()
        job.acknowledge()

    # ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────

    def read(self) -> AbstractAsyncContextManager[Transaction]:
        """A consistent view of the committed data, from the first statement on. Raises `Unavailable`."""
        return self._reads.transaction()

    async def read_grouped(self, batch: BatchRead[K, V], key: K) -> V:
        """The value that `batch` reads for `key`, in one transaction for all concurrent callers with the same `batch`.
        The read sees everything committed before this call; other callers may receive the same object. Raises
        `Unavailable`."""
        return await self._reads.grouped.get(batch, key)

    def first_undelivered(self, channel: Channel) -> int | None:
        """The lowest number of a channel's messages in the newest transaction, whose messages a read may see before
        they are delivered."""
        numbered = (message for job in self._under_way for message in job.numbered if message.channel is channel)
        return min((message.seq for message in numbered if not message.replaces), default=None)

    # ── state ───────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def failure(self) -> str | None:
        """Why nothing can be written at the moment, as a sentence in our own words; None if writing works."""
        return self._availability.failure

    @property
    def shortage(self) -> str | None:
        """A sentence saying that little space is left on the disk; None if at least `low_room_bytes` are free."""
        return self._availability.shortage

    async def probe(self) -> None:
        """Try to write. Raises `Unavailable`."""
        await self.write(self._write_probe)

    async def _probe_if_idle(self) -> None:
        if not self._queue:
            await self.probe()

    async def _write_probe(self, transaction: Transaction) -> None:
        await transaction.execute(update(store_probe).values(at_ms=time_ms(self._clock)))

    def collect(self) -> Iterable[Metric]:
        """Metrics for Prometheus."""
        yield from self._figures.collect()
        yield from self._availability.collect()
        yield from self._queue.collect()
        yield from self.log.collect()
