"""Posts over HTTP: decided, stored, and only then done and acknowledged, all in their order."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

import msgspec

from duelcast.domain.audit import Actor, AuditTrail
from duelcast.domain.market.book import TokenBook
from duelcast.domain.market.draft import Draft
from duelcast.domain.market.intake import Intake
from duelcast.domain.market.marks import Marks
from duelcast.domain.market.metadata import fields_of_input
from duelcast.domain.market.ownership import Dropped, Ownership
from duelcast.domain.market.posted import PostResult, TokenMetadataInput
from duelcast.domain.market.receipt import to_us
from duelcast.domain.market.ticks import Ticker, Trade
from duelcast.domain.market.turns import Turns
from duelcast.errors import Unavailable
from duelcast.store import market as store
from duelcast.store.database import Database, Transaction

MAX_WAITING_ROWS = 100_000
MAX_GROUP_ROWS = 20_000
_ROWS_PER_TURN = 200
"""So many take a few milliseconds, in which nothing else is served."""

R = TypeVar("R")
P = TypeVar("P")


class Post(ABC, Generic[R]):
    """Something posted. `decide` and `apply` stop after every row, so that others get their turn in between."""

    rows: int

    def __init__(self) -> None:
        self.asked_since = 0.0
        self.future: asyncio.Future[R] = asyncio.get_running_loop().create_future()

    @abstractmethod
    def decide(self, draft: Draft) -> Iterator[None]: ...

    async def record(self, transaction: Transaction) -> None:
        """Write what is to be stored beside the draft; nothing by default."""

    @abstractmethod
    def apply(self, received_s: float) -> Iterator[None]: ...

    @abstractmethod
    def result(self) -> R:
        """After `apply`. Raises what was decided."""


class PostedTicks(Post[PostResult], Generic[P]):
    """Prices or trades; `tick_of` makes a record of each."""

    def __init__(
        self, given: Sequence[P], tick_of: Callable[[P], Ticker | Trade], intake: Intake, marks: Marks
    ) -> None:
        super().__init__()
        self.rows = len(given)
        self._given = given
        self._tick_of = tick_of
        self._intake = intake
        self._marks = marks
        self._accepted: list[Ticker | Trade] = []
        self._dropped = 0
        self._duplicate = 0

    def decide(self, draft: Draft) -> Iterator[None]:
        for row in self._given:
            tick = self._tick_of(row)
            try:
                draft.take(tick)
            except Dropped as dropped:
                self._intake.count_dropped_post(dropped.reason)
                self._duplicate += dropped.reason == "duplicate"
                self._dropped += dropped.reason != "duplicate"
            else:
                self._accepted.append(tick)
            yield

    def apply(self, received_s: float) -> Iterator[None]:
        received_us = to_us(received_s)
        for tick in self._accepted:
            # A feed may have taken the symbol over in the meantime.
            with suppress(Dropped):
                entry = self._intake.take_posted(tick, received_s)
                if entry.quote is not None and entry.rows.received_s == received_s:
                    self._marks.applied_late(entry.symbol, entry.quote.price, received_us)
            yield

    def result(self) -> PostResult:
        return PostResult(accepted=len(self._accepted), dropped=self._dropped, duplicate=self._duplicate)


class PutMetadata(Post[None]):
    """Metadata of one token, with who put it. Its result raises `Dropped` where there is no room for another."""

    rows = 1

    def __init__(self, symbol: str, given: TokenMetadataInput, by: Actor, intake: Intake, audit: AuditTrail) -> None:
        super().__init__()
        self._symbol = symbol
        self._given = given
        self._by = by
        self._intake = intake
        self._audit = audit
        self._refusal: Dropped | None = None

    def decide(self, draft: Draft) -> Iterator[None]:
        try:
            draft.put(self._symbol, self._given)
        except Dropped as refusal:
            self._refusal = refusal
        yield

    async def record(self, transaction: Transaction) -> None:
        if self._refusal is None:
            details = msgspec.to_builtins(fields_of_input(self._given))
            await self._audit.record(transaction, self._by, "tokens.put", self._symbol, details)

    def apply(self, received_s: float) -> Iterator[None]:
        if self._refusal is None:
            self._intake.put_metadata(self._symbol, self._given, received_s)
        yield

    def result(self) -> None:
        if self._refusal is not None:
            raise self._refusal


class Posting:
    """Takes all posts that wait, stores them as one, does them, and acknowledges each.

    A post is received when its turn comes. One that cannot be stored leaves nothing behind. Once it waits it runs to
    its end, whatever becomes of the one who asked.
    """

    def __init__(self, database: Database, turns: Turns, book: TokenBook, ownership: Ownership) -> None:
        self._database = database
        self._turns = turns
        self._book = book
        self._ownership = ownership
        self._waiting: deque[Post[object]] = deque()
        self._waiting_rows = 0
        self._work: asyncio.Task[None] | None = None
        self._received_us: int | None = None  # of the posts that are being stored and done
        self._done = asyncio.Event()

    async def post(self, post: Post[R]) -> R:
        """Raises `errors.Unavailable` where it cannot be stored."""
        post.asked_since = self._database.moment()
        if self._waiting_rows and self._waiting_rows + post.rows > MAX_WAITING_ROWS:
            raise Unavailable("Too many posts wait to be stored. Try again.", retry_after_ms=1_000)
        self._waiting.append(post)  # type: ignore[arg-type]  # the queue does not care for the results
        self._waiting_rows += post.rows
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._run(), name="market-posting")
        return await post.future

    async def done_until(self, moment_us: int) -> None:
        """Wait for the posts that were received at or before `moment_us` (epoch). Not to be called in a write to the
        database, which those posts wait for."""
        while self._received_us is not None and self._received_us <= moment_us:
            await self._done.wait()

    async def finish(self) -> None:
        """Wait for all that was posted."""
        if self._work is not None:
            await asyncio.wait([self._work])

    async def _run(self) -> None:
        while self._waiting:
            group: list[Post[object]] = []
            try:
                with self._database.asked_since(self._waiting[0].asked_since):
                    async with self._turns.turn() as received_s:
                        group = self._next_group()
                        await self._store_and_do(group, received_s)
            except Exception as error:
                for post in group or self._next_group():
                    if not post.future.done():
                        post.future.set_exception(error)

    def _next_group(self) -> list[Post[object]]:
        group = [self._waiting.popleft()]
        rows = group[0].rows
        while self._waiting and rows + self._waiting[0].rows <= MAX_GROUP_ROWS:
            group.append(self._waiting.popleft())
            rows += group[-1].rows
        self._waiting_rows -= rows
        return group

    async def _store_and_do(self, group: Sequence[Post[object]], received_s: float) -> None:
        self._received_us = to_us(received_s)
        try:
            draft = Draft(self._book, self._ownership, received_s)
            await _in_portions(step for post in group for step in post.decide(draft))
            writes = draft.writes()

            async def work(transaction: Transaction) -> None:
                await store.write(transaction, writes)
                for post in group:
                    await post.record(transaction)

            await self._turns.store(work)
            for post in group:
                await _in_portions(post.apply(received_s))
                _acknowledge(post)
        finally:
            self._received_us = None
            self._done.set()
            self._done = asyncio.Event()


def _acknowledge(post: Post[object]) -> None:
    if post.future.done():
        return  # nobody waits any more
    try:
        post.future.set_result(post.result())
    except Dropped as refusal:
        post.future.set_exception(refusal)


async def _in_portions(steps: Iterator[None]) -> None:
    for count, _ in enumerate(steps, start=1):
        if count % _ROWS_PER_TURN == 0:
            await asyncio.sleep(0)
