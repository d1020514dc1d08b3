"""Posts over HTTP, in the order of their arrival. The outcome of a post is decided and stored; only then is the post
applied and acknowledged."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import Generic, NamedTuple, TypeVar

import msgspec

from duelcast.domain.audit import Actor, AuditTrail
from duelcast.domain.idempotency import Once
from duelcast.domain.market.book import TokenBook
from duelcast.domain.market.draft import ROWS_PER_TURN, Change, Draft
from duelcast.domain.market.intake import Intake
from duelcast.domain.market.journal import Journal, Settled
from duelcast.domain.market.metadata import fields_of_input
from duelcast.domain.market.ownership import Dropped, DropReason, Ownership
from duelcast.domain.market.posted import PostResult, TokenMetadataInput
from duelcast.domain.market.receipt import to_us
from duelcast.domain.market.ticks import Ticker, Trade
from duelcast.store.database import Database, Transaction

MAX_WAITING_ROWS = 100_000
MAX_GROUP_ROWS = 20_000
"""A group may be large, because many posts concern the same symbols, which a commit stores only once each."""

P = TypeVar("P")


class Decision(NamedTuple):
    """The outcome of a post: how many records were `accepted`, by kind, how many were `dropped`, by reason, and the
    `refusal` if metadata was refused. The decision about the first post of a draft has all `changes` of the draft; the
    other decisions have none."""

    accepted: Mapping[str, int] = {}
    dropped: Mapping[DropReason, int] = {}
    refusal: Dropped | None = None
    changes: Sequence[Change] = ()

    @property
    def result(self) -> PostResult:
        """The outcome of a post of prices or trades, as its caller sees it."""
        duplicate = self.dropped.get("duplicate", 0)
        dropped = sum(self.dropped.values()) - duplicate
        return PostResult(accepted=sum(self.accepted.values()), dropped=dropped, duplicate=duplicate)


class Post(ABC):
    """A post of one or more rows. Its time of receipt, in `settled`, is the moment from which it may be stored."""

    settled = Settled(0.0, -1)

    def __init__(self, rows: int) -> None:
        self.rows = rows

    @abstractmethod
    async def decide(self, draft: Draft, transaction: Transaction) -> Decision:
        """Decide the outcome of the post; `transaction` stores the draft. May be called again with another draft if the
        first draft could not be stored."""


class PostedTicks(Post, Generic[P]):
    """Prices or trades; `tick_of` converts each into a record. The result is the answer of `once`."""

    def __init__(self, given: Sequence[P], tick_of: Callable[[P], Ticker | Trade], once: Once | None = None) -> None:
        super().__init__(len(given))
        self._given = given
        self._tick_of = tick_of
        self._once = once

    async def decide(self, draft: Draft, transaction: Transaction) -> Decision:
        accepted, dropped = Counter[str](), Counter[DropReason]()
        for count, row in enumerate(self._given, start=1):
            tick = self._tick_of(row)
            try:
                draft.take(tick, self.settled.received_s)
            except Dropped as drop:
                dropped[drop.reason] += 1
            else:
                accepted["trade" if isinstance(tick, Trade) else "ticker"] += 1
            if count % ROWS_PER_TURN == 0:
                await asyncio.sleep(0)
        decision = Decision(accepted, dropped)
        if self._once is not None:
            await self._once.store(transaction, decision.result)
        return decision


class PutMetadata(Post):
    """Metadata that `by` sets for one token."""

    def __init__(self, symbol: str, given: TokenMetadataInput, by: Actor, audit: AuditTrail) -> None:
        super().__init__(1)
        self._symbol = symbol
        self._fields = fields_of_input(given)
        self._by = by
        self._audit = audit

    async def decide(self, draft: Draft, transaction: Transaction) -> Decision:
        try:
            draft.put(self._symbol, self._fields, self.settled.received_s)
        except Dropped as refusal:
            return Decision(refusal=refusal)
        details = msgspec.to_builtins(self._fields)
        await self._audit.record(transaction, self._by, "tokens.put", self._symbol, details)
        return Decision()


class Posting:
    """Commits waiting posts together, applies them to the book, and acknowledges each.

    A post that cannot be stored changes nothing. Once received, a post is completed even if the caller no longer waits.
    """

    def __init__(
        self, database: Database, journal: Journal, book: TokenBook, ownership: Ownership, intake: Intake
    ) -> None:
        self._database = database
        self._producer = database.producer("posts", max_waiting=MAX_WAITING_ROWS, max_group=MAX_GROUP_ROWS)
        self._journal = journal
        self._book = book
        self._ownership = ownership
        self._intake = intake
        self._undone: dict[Post, None] = {}  # received and not applied yet, oldest first
        self._done = asyncio.Event()
        self._transaction: Transaction | None = None
        self._draft: Draft | None = None  # the newest draft that `_transaction` stores

    async def post(self, post: Post) -> Decision:
        """Take a post; returns once it is stored and applied. Raises `errors.Unavailable` if it cannot be stored."""
        with self._database.asked_since(self._database.moment()):
            with self._producer.reserved(post.rows):
                post.settled = await self._journal.settled()
            self._undone[post] = None
            return await self._database.write_batched(
                self._store,
                post,
                partial(self._apply, post),
                lambda _refusal: self._end(post),
                producer=self._producer,
                weight=post.rows,
            )

    async def done_until(self, moment_us: int) -> None:
        """Wait for the posts that were received at or before `moment_us` (epoch). Must not be called within a write to
        the database, because the posts would wait for that write."""
        while self._undone and to_us(next(iter(self._undone)).settled.received_s) <= moment_us:
            self._done.clear()
            await self._done.wait()

    async def finish(self) -> None:
        """Wait until all posts are stored and applied."""
        while self._undone:
            self._done.clear()
            await self._done.wait()

    async def _store(self, transaction: Transaction, posts: Sequence[Post]) -> Sequence[Decision]:
        if transaction is not self._transaction:
            self._transaction, self._draft = transaction, None
        before, decisions = self._draft, list[Decision]()
        # Posts received after a marked moment get a draft of their own, so that they do not change the prices at that
        # moment.
        for _, together in groupby(posts, key=lambda post: post.settled.passed_us):
            before = draft = Draft(self._book, self._ownership, before)
            first, *others = [await post.decide(draft, transaction) for post in together]
            writes, changes = await draft.finish()
            await self._journal.write(transaction, writes)
            decisions += [first._replace(changes=changes), *others]
        self._draft = before
        return decisions

    def _apply(self, post: Post, decision: Decision) -> Iterator[None]:
        """Apply a decision; yields between portions."""
        try:
            self._ownership.posted.accepted.update(decision.accepted)
            self._ownership.posted.dropped.update(decision.dropped)
            for change in decision.changes:
                yield from self._intake.follow(change)
        finally:
            self._end(post)

    def _end(self, post: Post) -> None:
        del self._undone[post]
        self._done.set()
