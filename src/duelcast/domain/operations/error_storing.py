"""Stores errors without delaying other writes, and deletes old ones, by age and number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import structlog
from msgspec import Struct

from duelcast.channels.publisher import Published
from duelcast.clock import Clock
from duelcast.domain.idempotency import Once
from duelcast.domain.operations.backlog import Backlog
from duelcast.domain.operations.error_groups import ErrorGroup
from duelcast.domain.retention import delete_in_pieces
from duelcast.errors import AppError, Unavailable
from duelcast.logs import exception_fields
from duelcast.store import errors as store
from duelcast.store.database import Database, Transaction
from duelcast.store.savepoints import CutOff

MAX_WAITING_GROUPS = 1_000
MAX_GROUP_ROWS = 200
"""Preparing this many rows takes about 2 ms, during which nothing else is served."""
MAX_ROWS = 100_000
ROWS_BETWEEN = 1_000
"""After this many new rows, old ones are deleted early, so that about this many rows may exist beyond `MAX_ROWS`."""
_RETRY_MS = 1_000
_US_PER_DAY = 86_400_000_000

log = structlog.get_logger("duelcast.errors")


class Recorded(Struct, frozen=True):
    """The record that an error belongs to."""

    id: int
    """The id of the record."""
    count: int
    """How many equal errors the record counts."""


class _Write(NamedTuple):
    """Stores the count of `group`, and acknowledges `posts` (0 or 1) of its errors. `recorded` is the answer to the
    post."""

    group: ErrorGroup
    posts: int
    recorded: Recorded | None = None
    once: Once | None = None


class ErrorStoring:
    """Stores groups in the order of arrival. While the store is unreachable, groups wait, and posts fail.

    `stored` is called with each group after its commit. `withdrawn` is called with each group that is not stored,
    because all its errors were posts that failed, or because the store refused the group. Nothing here is logged at a
    level that creates an error record, since storing that record could fail again, without end.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        stored: Callable[[ErrorGroup], None],
        withdrawn: Callable[[ErrorGroup], None],
    ) -> None:
        self._database = database
        self._producer = database.producer("errors", max_waiting=MAX_WAITING_GROUPS, max_group=MAX_GROUP_ROWS)
        self._stored = stored
        self._withdrawn = withdrawn
        self._backlog = Backlog[ErrorGroup](clock, self._store, self._give_up)
        self.run = self._backlog.run
        self.flush = self._backlog.flush
        self.add = self._backlog.add
        self.defects = 0
        """Groups that the store refused."""

    def __len__(self) -> int:
        return len(self._backlog)

    @property
    def is_full(self) -> bool:
        """Whether no new group should be added; the counts of existing groups may still change."""
        return len(self._backlog) >= MAX_WAITING_GROUPS

    def waiting(self) -> list[ErrorGroup]:
        """Groups that are not stored yet, or not with their present count."""
        return list(self._backlog)

    async def post(self, group: ErrorGroup, once: Once | None) -> Recorded:
        """Return once the present count of `group` is committed. If this raises `errors.Unavailable`, the last error is
        withdrawn from the count."""
        group.posts += 1
        recorded = Recorded(group.id, group.count)
        try:
            await self._write(_Write(group, 1, recorded, once))
        except CutOff:
            raise Unavailable("The error was not stored. Try again.", retry_after_ms=_RETRY_MS) from None
        return recorded

    async def _store(self, group: ErrorGroup) -> None:
        await self._write(_Write(group, 0))

    async def _write(self, write: _Write) -> None:
        write.group.publishing = not write.group.pushed
        await self._database.publish_batched(
            self._put_all, write, partial(self._settle, write), partial(self._refuse, write), producer=self._producer
        )

    async def _put_all(self, transaction: Transaction, writes: Sequence[_Write]) -> Sequence[Published[int]]:
        """Store the groups, and publish the first alert of each group that has had none. Returns the stored counts,
        which exclude posts that wait for a later commit."""
        acknowledged = Counter[ErrorGroup]()
        for write in writes:
            acknowledged[write.group] += write.posts
            if write.once is not None:
                await write.once.store(transaction, write.recorded)
        counts = {group: group.count - group.posts + posts for group, posts in acknowledged.items()}
        await store.put_all(transaction, [group.row(count) for group, count in counts.items()])
        alerts = {group: [group.alert(1)] for group in counts if not group.pushed}
        return [Published(counts[write.group], alerts.pop(write.group, ())) for write in writes]

    def _settle(self, write: _Write, count: int) -> None:
        group = write.group
        group.posts -= write.posts
        group.stored_count = count
        was_first = group.publishing
        group.pushed, group.publishing = True, False
        # Errors counted meanwhile are stored when the group ends, or now if it has ended. Posts store themselves.
        if group.ended and group.count - group.posts > count:
            self._backlog.add(group)
        else:
            self._backlog.discard(group)
        self._stored(group)
        if was_first:
            self._announce_end(group)

    def _refuse(self, write: _Write, refusal: Exception) -> None:
        group = write.group
        group.posts -= write.posts
        group.count -= write.posts
        if group.publishing and group.count > group.posts:
            # The group also has errors that were not posted; they are published whether or not they are stored.
            group.pushed = True
            self._database.announce(group.alert(1))
            self._announce_end(group)
        group.publishing = False
        if write.posts and not isinstance(refusal, AppError | CutOff):
            self._give_up(group, refusal)
        elif group.count == 0:
            self._backlog.discard(group)
            self._withdrawn(group)

    def _announce_end(self, group: ErrorGroup) -> None:
        """Publish the count of a group that ended before its first alert was published."""
        if group.ended and group.count > 1:
            self._database.announce(group.alert(group.count))

    def _give_up(self, group: ErrorGroup, error: BaseException) -> None:
        self.defects += 1
        log.warning("error_not_stored", service=group.key.service, **exception_fields(error))
        self._withdrawn(group)


class ErrorRetention:
    """Deletes old errors, and counts new ones to tell when a deletion is needed early."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.on_crowded: Callable[[], None] = lambda: None
        """Called when `delete_old` should run before its usual time. Set this before the first error."""
        self._database = database
        self._clock = clock
        self._added = 0

    def added(self) -> None:
        """Count a stored group, which may be a new row."""
        self._added += 1
        if self._added == ROWS_BETWEEN:
            self.on_crowded()

    async def delete_old(self, days: float) -> int:
        """Delete errors older than `days`, and the oldest errors beyond `MAX_ROWS`; returns how many were deleted.
        Raises `errors.Unavailable`."""
        self._added = 0
        async with self._database.read() as transaction:
            too_many = await store.nth_newest_id(transaction, MAX_ROWS + 1)
        before_id = max(int(self._clock.time() * 1e6 - days * _US_PER_DAY), too_many + 1)
        return await delete_in_pieces(
            self._database, lambda transaction, limit: store.delete_before(transaction, before_id, limit)
        )
