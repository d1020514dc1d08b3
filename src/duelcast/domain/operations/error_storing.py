"""The way of errors into the store: behind everything else, and never in its way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import islice
from math import inf
from typing import NamedTuple

import structlog

from duelcast.channels.outgoing import Broadcast, Published
from duelcast.clock import Alarm, Clock
from duelcast.domain.operations.error_groups import ErrorGroup
from duelcast.errors import AppError, Unavailable
from duelcast.logs import describe_exception
from duelcast.store import errors as store
from duelcast.store.database import CutOff, Database, Transaction
from duelcast.store.errors import ErrorRow

MAX_WAITING_GROUPS = 1_000
RETRY_S = 1.0
_ROWS_PER_ROUND = 200
"""So many are prepared in about 2 ms, in which nothing else is served."""

log = structlog.get_logger("duelcast.errors")


class _Write(NamedTuple):
    """`alert` is published with the row."""

    row: ErrorRow
    alert: Broadcast | None


class ErrorStoring:
    """Stores groups in the order they came. While the store is out of reach they wait, and posts fail.

    `stored` is told of each group behind its commit, `withdrawn` of each that was nothing but posts that failed.
    Nothing here is logged at a level that becomes an error record: it would feed itself.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        stored: Callable[[ErrorGroup], None],
        withdrawn: Callable[[ErrorGroup], None],
    ) -> None:
        self._database = database
        self._stored = stored
        self._withdrawn = withdrawn
        self._waiting: dict[int, ErrorGroup] = {}
        self._alarm = Alarm(clock)
        self._failing = False
        self.defects = 0
        """Groups that the store would not take."""

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def is_full(self) -> bool:
        """Whether no new group should be added; those whose count changed still may."""
        return len(self._waiting) >= MAX_WAITING_GROUPS

    def waiting(self) -> list[ErrorGroup]:
        """Groups that are not stored yet, or not with their present count."""
        return list(self._waiting.values())

    def add(self, group: ErrorGroup) -> None:
        """Store `group` as it is by then."""
        self._waiting[group.id] = group
        if not self._failing:
            self._alarm.ring()

    async def add_and_wait(self, group: ErrorGroup) -> None:
        """Return once the present count of `group` is committed. Raises `errors.Unavailable`; the last error of the
        count is then taken back."""
        post: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        group.posts.append(post)
        self._waiting[group.id] = group
        self._alarm.ring()
        await post

    async def run(self) -> None:
        """Store what comes, until cancelled."""
        while True:
            if not self._waiting:
                await self._alarm.sleep(inf)
            elif not await self._store_some():
                await self._alarm.sleep(RETRY_S)

    async def flush(self) -> None:
        """Store what waits, as far as the store is in reach."""
        while self._waiting and await self._store_some():
            pass

    async def _store_some(self) -> bool:
        """Whether the store was in reach."""
        groups = list(islice(self._waiting.values(), _ROWS_PER_ROUND))
        writes = [_Write(group.row(), None if group.pushed else group.alert(1)) for group in groups]
        posts = [len(group.posts) for group in groups]
        for group, write in zip(groups, writes, strict=True):
            group.publishing = write.alert is not None
        writing = (self._database.publish_batched(_put_all, write) for write in writes)
        outcomes: Sequence[BaseException | None] = await asyncio.gather(*writing, return_exceptions=True)
        self._failing = False
        for group, write, number, outcome in zip(groups, writes, posts, outcomes, strict=True):
            if outcome is None:
                self._settle(group, write, number)
            elif isinstance(outcome, AppError | CutOff):
                self._failing = True
                self._refuse(group, number)
            else:
                self._give_up(group, outcome)
        return not self._failing

    def _settle(self, group: ErrorGroup, write: _Write, posts: int) -> None:
        row, was_first = write.row, group.publishing
        group.stored_count = row.count
        group.pushed, group.publishing = True, False
        _answer(group, posts, None)
        # What is counted later is stored at the end of the group, unless somebody waits for it.
        if group.count == row.count or not (group.ended or group.posts):
            del self._waiting[group.id]
        self._stored(group)
        if was_first:
            self._announce_end(group)

    def _refuse(self, group: ErrorGroup, posts: int) -> None:
        group.count -= posts
        if group.publishing and group.count:
            # Others were taken meanwhile, which need no store to be published.
            group.pushed = True
            self._database.announce(group.alert(1))
            self._announce_end(group)
        group.publishing = False
        _answer(group, posts, Unavailable("The error was not stored. Try again.", retry_after_ms=int(RETRY_S * 1000)))
        if group.count == 0:
            del self._waiting[group.id]
            self._withdrawn(group)

    def _announce_end(self, group: ErrorGroup) -> None:
        """Tell the count of a group that ended before its first alert was published."""
        if group.ended and group.count > 1:
            self._database.announce(group.alert(group.count))

    def _give_up(self, group: ErrorGroup, error: BaseException) -> None:
        self.defects += 1
        log.warning("error_not_stored", service=group.key.service, error=describe_exception(error))
        _answer(group, len(group.posts), error)
        del self._waiting[group.id]
        self._withdrawn(group)


async def _put_all(transaction: Transaction, writes: Sequence[_Write]) -> Sequence[Published[None]]:
    await store.put_all(transaction, [write.row for write in writes])
    return [Published(None, () if write.alert is None else (write.alert,)) for write in writes]


def _answer(group: ErrorGroup, posts: int, refusal: BaseException | None) -> None:
    answered, group.posts = group.posts[:posts], group.posts[posts:]
    for post in answered:
        if post.done():
            continue  # who posted has gone
        if refusal is None:
            post.set_result(None)
        else:
            post.set_exception(refusal)
