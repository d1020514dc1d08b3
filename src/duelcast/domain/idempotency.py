"""Requests that may be repeated safely (protocol §8, §13): the first runs, and repeats get its answer."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from hashlib import sha256
from typing import Literal, NamedTuple

import msgspec
from msgspec import Struct
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from duelcast.clock import Clock, time_ms
from duelcast.errors import Conflict, IdempotencyConflict, OutcomeUnknown, RateLimitExceeded, Unavailable
from duelcast.store import idempotency as store
from duelcast.store.database import Database, Transaction
from duelcast.store.idempotency import RequestName, RequestRow, Room
from duelcast.tasks import retrieve

ROWS_PER_DELETE = 500
ROWS_PER_TURN = 1_000
"""Rows of a request that are digested in one turn of the event loop."""
FULL_RETRY_MS = 3_600_000
RETRY_MS = 1_000

Source = Literal["http", "command"]
"""Where the name of a request comes from: `Idempotency-Key`, or `commandId`."""


class IdempotencyBounds(Struct, frozen=True):
    """`age_s`: how long an answer is kept. `wait_s`: how long a repeat waits for the first request. The others limit
    what is stored for a wallet and for all."""

    age_s: float = 24 * 3600.0
    wait_s: float = 40.0
    requests_per_wallet: int = 100_000
    bytes_per_wallet: int = 32 * 1024 * 1024
    max_bytes: int = 1024 * 1024 * 1024


class Asked(NamedTuple):
    """A request: who calls it what, and what is requested. `digest` is that of its content."""

    name: RequestName
    route: str
    digest: str


class Answer(NamedTuple):
    """The answer to a request, as JSON, and whether it was given before."""

    body: bytes
    is_replay: bool


class Repeated(Conflict):
    """The request has taken effect already; `IdempotentRequests.run` returns its answer."""


class Once:
    """The right to let one request take effect. The transaction in which it does so calls `store`. If the effect is not
    a transaction, one calls `begin` before it, and another runs `ending` or `cancelling` after it."""

    def __init__(self, asked: Asked, at_ms: int, since_ms: int) -> None:
        self.answer: bytes | None = None
        """The answer as JSON, once the request has one."""
        self._asked = asked
        self._at_ms = at_ms
        self._since_ms = since_ms

    async def store(self, transaction: Transaction, answer: object) -> None:
        """Store the answer to the request. Raises `Repeated` if it has taken effect meanwhile."""
        self.answer = msgspec.json.encode(answer)
        await self._add(transaction)

    async def begin(self, transaction: Transaction) -> None:
        """Store that the request is under way. Raises as `store` does."""
        await self._add(transaction)

    def ending(self, answer: object) -> Callable[[Transaction], Awaitable[None]]:
        """The work that stores the answer to a request that was under way."""
        self.answer = msgspec.json.encode(answer)
        return partial(store.set_answer, name=self._asked.name, answer=self.answer)

    def cancelling(self) -> Callable[[Transaction], Awaitable[None]]:
        """The work that forgets a request that was under way and had no effect."""
        return partial(store.remove, name=self._asked.name)

    async def _add(self, transaction: Transaction) -> None:
        name, route, digest = self._asked
        row = RequestRow(route, digest, self.answer)
        if not await store.add(transaction, name, row, self._at_ms, self._since_ms):
            raise Repeated("This request has taken effect already.")


Act = Callable[[Once], Awaitable[object]]
"""Lets a request take effect, and stores its answer with the given right."""


class IdempotentRequests:
    """Runs requests that their callers have named, each once within 24 h.

    A refused request leaves nothing behind and may be sent again. One that takes effect is stored with its answer in
    the transaction of its effect, so that neither exists without the other, however the server ends.
    """

    def __init__(self, database: Database, clock: Clock, bounds: IdempotencyBounds | None = None) -> None:
        self._database = database
        self._clock = clock
        self._bounds = bounds or IdempotencyBounds()
        self._running: dict[RequestName, asyncio.Task[Answer]] = {}
        self._rooms: dict[str, Room] = {}
        """The room that the stored requests of each wallet take."""
        self._size_bytes = 0
        self._outcomes = Counter[str](first=0, replayed=0, conflict=0, full=0, unknown=0)

    async def load(self) -> None:
        """Read how much is stored. Raises `errors.Unavailable`."""
        async with self._database.read() as transaction:
            self._rooms = await store.room_by_wallet(transaction)
        self._size_bytes = sum(room.size_bytes for room in self._rooms.values())

    async def close(self) -> None:
        """Return when all running requests have ended; call this once no more can begin."""
        if self._running:
            await asyncio.wait(self._running.values())

    async def run(self, asked: Asked, act: Act) -> Answer:
        """Let a request take effect, unless it has done so before; returns its first answer. A repeat waits for a
        request that is under way. A request runs to its end even if its caller is gone.

        Raises whatever `act` raises; `errors.IdempotencyConflict` if the name belongs to another request;
        `errors.RateLimitExceeded` if the wallet has no room for another one; `errors.Unavailable`; and
        `errors.OutcomeUnknown` if the request may have taken effect, but its answer is not known.
        """
        until_s = self._clock.monotonic() + self._bounds.wait_s
        while (running := self._running.get(asked.name)) is not None:
            await self._wait_for(running, until_s)
        running = self._running[asked.name] = asyncio.create_task(self._answer(asked, act))
        running.add_done_callback(lambda _: self._running.pop(asked.name))
        running.add_done_callback(retrieve)
        return await asyncio.shield(running)

    async def delete_old(self) -> int:
        """Delete the requests whose time is over; returns how many. Raises `errors.Unavailable`."""
        before_ms, deleted = self._since_ms(), 0
        while True:
            work = partial(store.delete_before, before_ms=before_ms, limit=ROWS_PER_DELETE)
            portion = sum(room.requests for room in (await self._database.write(work, self._free)).values())
            deleted += portion
            if portion < ROWS_PER_DELETE:
                return deleted

    def collect(self) -> Iterable[Metric]:
        """Metrics for Prometheus."""
        requests = sum(room.requests for room in self._rooms.values())
        yield GaugeMetricFamily("duelcast_idempotency_requests", "Stored requests that run once.", requests)
        yield GaugeMetricFamily(
            "duelcast_idempotency_bytes", "Size of these requests and their answers.", self._size_bytes
        )
        outcomes = CounterMetricFamily(
            "duelcast_idempotency_outcomes", "Requests with a name of their caller's, by outcome.", labels=["outcome"]
        )
        for outcome, count in self._outcomes.items():
            outcomes.add_metric([outcome], count)
        yield outcomes

    async def _answer(self, asked: Asked, act: Act) -> Answer:
        known = await self._find(asked)
        if known is not None:
            return known
        self._demand_room(asked.name.wallet)
        once = Once(asked, time_ms(self._clock), self._since_ms())
        try:
            await act(once)
        except Repeated:
            known = await self._find(asked)
            if known is None:
                raise self._unknown("It was repeated too late: look whether it took effect.") from None
            return known
        except OutcomeUnknown:
            self._outcomes["unknown"] += 1
            self._take(asked.name, once)
            raise
        assert once.answer is not None, "a request that takes effect stores its answer"
        self._outcomes["first"] += 1
        self._take(asked.name, once)
        return Answer(once.answer, is_replay=False)

    async def _find(self, asked: Asked) -> Answer | None:
        """The stored answer. Raises `errors.IdempotencyConflict`, and `errors.OutcomeUnknown` if the request began and
        the server ended, or could not store the answer yet."""
        async with self._database.read() as transaction:
            row = await store.find(transaction, asked.name, self._since_ms())
        if row is None:
            return None
        if (row.route, row.digest) != (asked.route, asked.digest):
            self._outcomes["conflict"] += 1
            raise IdempotencyConflict(
                f"Within the last 24 h you used this {_LABELS[asked.name.source]} for another request: use a new one."
            )
        if row.answer is None:
            raise self._unknown(
                "This began, but its result is not stored: look whether it took effect, and take a new id to repeat it."
            )
        self._outcomes["replayed"] += 1
        return Answer(row.answer, is_replay=True)

    async def _wait_for(self, running: asyncio.Task[Answer], until_s: float) -> None:
        """Wait for the end of a request. Raises `errors.OutcomeUnknown` after the time limit."""
        limit = asyncio.ensure_future(self._clock.sleep(until_s - self._clock.monotonic()))
        try:
            await asyncio.wait([running, limit], return_when=asyncio.FIRST_COMPLETED)
        finally:
            limit.cancel()
        if not running.done():
            raise self._unknown("The first request with this id is still under way: repeat it later.")

    def _unknown(self, sentence: str) -> OutcomeUnknown:
        self._outcomes["unknown"] += 1
        return OutcomeUnknown(sentence, retry_after_ms=RETRY_MS)

    def _demand_room(self, wallet: str) -> None:
        bounds, room = self._bounds, self._rooms.get(wallet, Room())
        if room.requests >= bounds.requests_per_wallet or room.size_bytes >= bounds.bytes_per_wallet:
            self._outcomes["full"] += 1
            raise RateLimitExceeded(
                "Too many of your requests of the last 24 h are stored for their repeats: wait, or send this one "
                "without an id.",
                retry_after_ms=FULL_RETRY_MS,
            )
        if self._size_bytes >= bounds.max_bytes:
            self._outcomes["full"] += 1
            raise Unavailable(
                "There is no room to store another request for its repeats; nothing was changed. Wait, or send it "
                "without an id.",
                retry_after_ms=FULL_RETRY_MS,
            )

    def _take(self, name: RequestName, once: Once) -> None:
        requests, size_bytes = self._rooms.get(name.wallet, Room())
        size = store.size_of(name, once.answer)
        self._rooms[name.wallet] = Room(requests + 1, size_bytes + size)
        self._size_bytes += size

    def _free(self, freed: Mapping[str, Room]) -> None:
        for wallet, (requests, size_bytes) in freed.items():
            before = self._rooms.pop(wallet, Room())
            self._size_bytes -= min(size_bytes, before.size_bytes)
            if before.requests > requests:
                self._rooms[wallet] = Room(before.requests - requests, max(before.size_bytes - size_bytes, 0))

    def _since_ms(self) -> int:
        return time_ms(self._clock) - int(self._bounds.age_s * 1000)


_LABELS = {"http": "Idempotency-Key", "command": "commandId"}


async def digest_of(content: object) -> str:
    """SHA-256 of the content of a request, which does not depend on the order of its keys."""
    digest = sha256()
    parts: Iterable[object] = [content]
    if isinstance(content, list):
        parts = (content[start : start + ROWS_PER_TURN] for start in range(0, len(content), ROWS_PER_TURN))
    for number, part in enumerate(parts):
        if number:
            await asyncio.sleep(0)
        digest.update(msgspec.json.encode(part, order="deterministic"))
    return digest.hexdigest()
