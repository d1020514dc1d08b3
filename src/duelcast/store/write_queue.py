"""Waiting writes, with a queue for each producer, so that no producer takes the room or the turn of another."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import structlog
from msgspec import Struct, field
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from sqlalchemy.ext.asyncio import AsyncConnection

from duelcast.errors import AppError, Unavailable
from duelcast.logs import exception_fields
from duelcast.store.channel_log import Encoded, Numbered
from duelcast.tasks import retrieve

RETRY_MS = 1_000

_log = structlog.get_logger("duelcast.store")

T = TypeVar("T")
P = TypeVar("P")
R = TypeVar("R")
Work = Callable[[AsyncConnection], Awaitable[T]]
BatchWork = Callable[[AsyncConnection, Sequence[P]], Awaitable[Sequence[R | AppError]]]
"""Writes many payloads at once, and returns an outcome for each, in order. If it raises, it is called again for each
half of the payloads, and so on, until only the faulty payload fails. It must therefore do nothing but read and
write."""
Committed = Callable[[T], Iterator[None] | None]
"""Applies the result of a committed write to memory. If that takes long, it returns an iterator, and other tasks run
between the steps."""
Refused = Callable[[Exception], None]


def _future() -> asyncio.Future[Any]:
    return asyncio.get_running_loop().create_future()


class Job(Struct, eq=False):
    """One write. `urgent` messages are broadcast even if the work fails and, if the database is down, before they are
    stored. `outgoing` are the messages that the work publishes; `numbered` are both kinds with their numbers."""

    asked_s: float
    producer: Producer
    weight: int = 1
    work: Work[Any] | None = None
    batch: BatchWork[Any, Any] | None = None
    payload: Any = None
    committed: Committed[Any] | None = None
    refused: Refused | None = None
    urgent: Sequence[Encoded] = ()
    outgoing: Sequence[Encoded] = ()
    numbered: Sequence[Numbered] = ()
    outcome: Any = None
    future: asyncio.Future[Any] = field(default_factory=_future)

    def remember(self) -> Iterator[None]:
        """Update memory after a commit."""
        if self.committed is None:
            return
        try:
            steps = self.committed(self.outcome)
            if steps is not None:
                yield from steps
        except Exception as error:
            _log.error("defect", **exception_fields(error))

    def forget(self) -> None:
        """Update memory if nothing was committed."""
        if self.refused is None:
            return
        try:
            self.refused(self.outcome)
        except Exception as error:
            _log.error("defect", **exception_fields(error))

    def acknowledge(self) -> None:
        """Return the outcome to the caller."""
        if self.future.done():
            return
        if isinstance(self.outcome, Exception):
            self.future.set_exception(self.outcome)
        else:
            self.future.set_result(self.outcome)

    def answer_early(self, error: AppError) -> None:
        """Answer the caller before the outcome is known; `remember` or `forget` follows when it is."""
        if not self.future.done():
            self.future.set_exception(error)

    def retrieve(self) -> None:
        """Retrieve the exception, which asyncio would log otherwise, because nobody awaits the future."""
        self.future.add_done_callback(retrieve)


class Producer:
    """A source of writes with a queue of its own. Each write has a weight, in rows, bytes or another unit that the
    producer chooses.

    The waiting writes weigh at most `max_waiting`; further writes are refused and counted. The writes in one commit
    weigh at most `max_group`. A write that is alone in the queue or in a commit is
    accepted whatever its weight.
    """

    __slots__ = ("jobs", "max_group", "max_waiting", "name", "refused", "waiting")

    def __init__(self, name: str, max_waiting: int, max_group: int) -> None:
        self.name = name
        self.max_waiting = max_waiting
        self.max_group = max_group
        self.jobs: deque[Job] = deque()
        self.waiting = 0
        """The weight of all waiting writes."""
        self.refused = 0
        """Writes refused because the queue was full."""

    @contextmanager
    def reserved(self, weight: int) -> Iterator[None]:
        """Reserve room during the block for a write that must first wait for something else. Raises `Unavailable`."""
        self._check_room(weight)
        self.waiting += weight
        try:
            yield
        finally:
            self.waiting -= weight

    def add(self, job: Job) -> None:
        """Add a write. Raises `Unavailable` if there is no room."""
        self._check_room(job.weight)
        self.waiting += job.weight
        self.jobs.append(job)

    def take_group(self) -> list[Job]:
        """Remove and return the writes for the next commit."""
        group: list[Job] = []
        weight = 0
        while self.jobs and (not group or weight + self.jobs[0].weight <= self.max_group):
            job = self.jobs.popleft()
            weight += job.weight
            group.append(job)
        self.waiting -= weight
        return group

    def take_overdue(self, now_s: float, limit_s: float) -> list[Job]:
        """Remove and return the writes that have waited for at least `limit_s`."""
        overdue, in_time = list[Job](), deque[Job]()
        for job in self.jobs:
            (overdue if now_s - job.asked_s >= limit_s else in_time).append(job)
        self.jobs = in_time
        self.waiting -= sum(job.weight for job in overdue)
        return overdue

    def _check_room(self, weight: int) -> None:
        if self.waiting and self.waiting + weight > self.max_waiting:
            self.refused += 1
            raise Unavailable("Too many writes are waiting; nothing was changed. Try again.", retry_after_ms=RETRY_MS)


class WriteQueue:
    """The queues of all producers. `shared` is the producer of writes that name no producer."""

    def __init__(self, max_waiting: int, max_group: int) -> None:
        self.shared = Producer("shared", max_waiting, max_group)
        self._producers = [self.shared]

    def __len__(self) -> int:
        return sum(len(producer.jobs) for producer in self._producers)

    def __iter__(self) -> Iterator[Job]:
        return itertools.chain.from_iterable(producer.jobs for producer in self._producers)

    def add_producer(self, name: str, max_waiting: int, max_group: int) -> Producer:
        """Add a producer with a queue of its own."""
        producer = Producer(name, max_waiting, max_group)
        self._producers.append(producer)
        return producer

    def take_group(self) -> list[Job]:
        """Remove and return the writes for the next commit: first the single writes, then those of one batch after the
        other. Within each part, the writes of a producer keep the order in which they were requested."""
        group = [job for producer in self._producers for job in producer.take_group()]
        batches: dict[BatchWork[Any, Any], list[Job]] = {}
        for job in group:
            if job.batch is not None:
                # Compared by equality, because a bound method is a new object each time.
                batches.setdefault(job.batch, []).append(job)
        return [job for job in group if job.batch is None] + list(itertools.chain(*batches.values()))

    def take_overdue(self, now_s: float, limit_s: float) -> list[Job]:
        """Remove and return the writes that have waited for at least `limit_s`, the longest wait first."""
        overdue = [job for producer in self._producers for job in producer.take_overdue(now_s, limit_s)]
        return sorted(overdue, key=lambda job: job.asked_s)

    def collect(self) -> Iterable[Metric]:
        """Metrics for Prometheus."""
        waiting, refused = Counter[str](), Counter[str]()
        for producer in self._producers:
            waiting[producer.name] += producer.waiting
            refused[producer.name] += producer.refused
        yield GaugeMetricFamily("duelcast_store_waiting_writes", "Waiting writes.", value=len(self))
        weight = GaugeMetricFamily("duelcast_store_waiting_weight", "Weight of waiting writes.", labels=["producer"])
        full = CounterMetricFamily(
            "duelcast_store_full", "Writes that were refused because the queue was full.", labels=["producer"]
        )
        for name in waiting:
            weight.add_metric([name], waiting[name])
            full.add_metric([name], refused[name])
        yield weight
        yield full
