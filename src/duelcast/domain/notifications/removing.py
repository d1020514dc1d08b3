"""What leaves the inboxes: what is deleted, what is over, and what is old (protocol 10)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import structlog
from msgspec import Struct

from duelcast.clock import Clock
from duelcast.domain.accounts.identity import Identity
from duelcast.domain.audit import Actor, AuditTrail
from duelcast.domain.notifications.events import (
    ANNOUNCEMENTS,
    USER_NOTIFICATIONS,
    NotificationRemoved,
    UnreadCount,
)
from duelcast.domain.notifications.inboxes import grown
from duelcast.domain.notifications.outlet import Outlet, Push
from duelcast.errors import NotificationNotFound, Unavailable
from duelcast.logs import describe_exception
from duelcast.store import notifications as store
from duelcast.store.database import Database, Transaction
from duelcast.store.notifications import EVERYBODY, HeldRow

EXPIRY_INTERVAL_S = 60.0
ROWS_PER_WRITE = 500
"""The next write begins when what this one removed was told, so that no more than that waits."""
_MS_PER_DAY = 86_400_000

_log = structlog.get_logger("duelcast.notifications")


class _Removed(Struct, frozen=True):
    """What a write removed, and how the inboxes are since, by wallet."""

    rows: Sequence[HeldRow]
    unread: dict[str, UnreadCount]


class Removals:
    """Of what is removed a row without content is left for a while, so that its dedupe key still counts."""

    def __init__(self, database: Database, outlet: Outlet, audit: AuditTrail, clock: Clock) -> None:
        self.removed = 0
        """Notifications that were told as removed, since the start."""
        self._database = database
        self._outlet = outlet
        self._audit = audit
        self._clock = clock

    async def run(self) -> None:
        """Remove what is over, now and once a minute, until cancelled. A database that is out of reach is not waited
        for: the next minute comes."""
        while True:
            try:
                await self.expire()
            except Unavailable:
                pass  # the database has said so
            except Exception as error:
                _log.error("defect", error=describe_exception(error))
            await self._clock.sleep(EXPIRY_INTERVAL_S)

    async def remove(self, notification_id: int, by: Identity) -> None:
        """Remove one's own notification; admins any. Raises `NotificationNotFound` for all others, `Unavailable`."""

        async def work(transaction: Transaction) -> _Removed:
            row = (await store.find_held(transaction, [notification_id])).get(notification_id)
            if row is None or (row.wallet != by.wallet and not by.is_admin):
                raise NotificationNotFound("There is no such notification, or it is somebody else's.")
            if row.wallet != by.wallet:
                target = f"notifications/{notification_id}"
                details = {"broadcast": True} if row.wallet == EVERYBODY else {"wallet": row.wallet}
                await self._audit.record(transaction, Actor.of(by), "notifications.delete", target, details)
            return await self._erase(transaction, [row])

        await self._database.write(work, self._tell)

    async def expire(self) -> None:
        """Remove what is over. Raises `Unavailable`; some may be left then."""
        while await self._database.write(self._expire_some, self._tell_some):
            await self._outlet.settle()

    async def delete_old(self, read_days: float, unread_days: float) -> int:
        """Leave nothing of what was read, or removed, more than `read_days` ago, and of what was made more than
        `unread_days` ago and never read; how many rows. Raises `Unavailable`; some may be left then."""
        deleted = 0
        while True:
            work = partial(self._delete_some, read_days=read_days, unread_days=unread_days)
            count = await self._database.write(work, lambda outcome: self._tell(outcome[1]))
            deleted += count[0]
            if count[0] < ROWS_PER_WRITE:
                return deleted
            await self._outlet.settle()

    async def _expire_some(self, transaction: Transaction) -> _Removed | None:
        rows = await store.expired(transaction, self._now_ms(), ROWS_PER_WRITE)
        return await self._erase(transaction, rows) if rows else None

    def _tell_some(self, removed: _Removed | None) -> None:
        if removed is not None:
            self._tell(removed)

    async def _delete_some(
        self, transaction: Transaction, read_days: float, unread_days: float
    ) -> tuple[int, _Removed]:
        now_ms = self._now_ms()
        rows = await store.outdated(
            transaction,
            read_before_ms=now_ms - int(read_days * _MS_PER_DAY),
            unread_before_ms=now_ms - int(unread_days * _MS_PER_DAY),
            limit=ROWS_PER_WRITE,
        )
        await store.delete_rows(transaction, [row.held.id for row in rows])
        return len(rows), await self._changed(transaction, [row.held for row in rows if row.was_visible])

    async def _erase(self, transaction: Transaction, rows: Sequence[HeldRow]) -> _Removed:
        await store.erase(transaction, [row.id for row in rows], self._now_ms())
        return await self._changed(transaction, rows)

    async def _changed(self, transaction: Transaction, rows: Sequence[HeldRow]) -> _Removed:
        """What became of the inboxes that had `rows`."""
        wallets = list(dict.fromkeys(row.wallet for row in rows if row.wallet != EVERYBODY))
        return _Removed(rows, await grown(transaction, wallets))

    def _tell(self, removed: _Removed) -> None:
        self.removed += len(removed.rows)
        self._outlet.put(_pushes_of(removed))

    def _now_ms(self) -> int:
        return int(self._clock.time() * 1000)


def _pushes_of(removed: _Removed) -> Iterator[Push]:
    """Of each inbox what is gone, then its count where that is another one."""
    by_wallet: dict[str, list[HeldRow]] = {}
    for row in removed.rows:
        by_wallet.setdefault(row.wallet, []).append(row)
    for row in by_wallet.pop(EVERYBODY, ()):
        # It tells of no row of its own: who had the announcement in a snapshot needs it too.
        yield Push(ANNOUNCEMENTS.channel(), NotificationRemoved(ids=[row.id]), replaces=(row.id,))
    for wallet, rows in by_wallet.items():
        channel, unread = USER_NOTIFICATIONS.channel(wallet), removed.unread[wallet]
        yield Push(channel, NotificationRemoved(ids=[row.id for row in rows]), unread.version)
        if not all(row.is_read for row in rows):
            yield Push(channel, unread, unread.version)
