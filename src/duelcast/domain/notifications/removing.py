"""Removes deleted, expired and old notifications from the inboxes (protocol §10)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import structlog

from duelcast.channels.names import Channel
from duelcast.channels.publisher import Broadcast, Erase, Outgoing, Published
from duelcast.clock import Clock, time_ms
from duelcast.domain.accounts.identity import Identity
from duelcast.domain.audit import Actor, AuditTrail
from duelcast.domain.notifications.errors import NotificationNotFound
from duelcast.domain.notifications.events import (
    ANNOUNCEMENTS,
    USER_NOTIFICATIONS,
    NotificationRemoved,
)
from duelcast.domain.notifications.inboxes import grown
from duelcast.errors import Outage
from duelcast.logs import exception_fields
from duelcast.store import notifications as store
from duelcast.store.database import Database, Transaction
from duelcast.store.notifications import EVERYBODY, HeldRow

EXPIRY_INTERVAL_S = 60.0
ROWS_PER_WRITE = 500
_MS_PER_DAY = 86_400_000

_log = structlog.get_logger("duelcast.notifications")


class Removals:
    """Removes notifications. The row of a removed notification is kept for a while without its content, so that its
    dedupe key remains in use."""

    def __init__(self, database: Database, audit: AuditTrail, clock: Clock) -> None:
        self.removed = 0
        """Notifications that were removed since the start."""
        self._database = database
        self._audit = audit
        self._clock = clock

    async def run(self) -> None:
        """Remove expired notifications now and once a minute, until cancelled. If the database is unreachable, the next
        attempt is a minute later."""
        while True:
            try:
                await self.expire()
            except Outage:
                pass  # the database has logged it
            except Exception as error:
                _log.error("defect", **exception_fields(error))
            await self._clock.sleep(EXPIRY_INTERVAL_S)

    async def remove(self, notification_id: int, by: Identity) -> None:
        """Remove a notification that belongs to `by`, or any notification if `by` is an admin. Raises
        `NotificationNotFound` for any other notification, and `Unavailable`."""

        async def work(transaction: Transaction) -> Published[int]:
            row = (await store.find_held(transaction, [notification_id])).get(notification_id)
            if row is None or (row.wallet != by.wallet and not by.is_admin):
                raise NotificationNotFound("There is no such notification, or it belongs to somebody else.")
            if row.wallet != by.wallet:
                target = f"notifications/{notification_id}"
                details = {"broadcast": True} if row.wallet == EVERYBODY else {"wallet": row.wallet}
                await self._audit.record(transaction, Actor.of(by), "notifications.delete", target, details)
            return await self._erase(transaction, [row])

        await self._database.publish(work, self._count)

    async def expire(self) -> None:
        """Remove expired notifications. Raises `Unavailable`; some may be left then."""
        while await self._database.publish(self._expire_some, self._count):
            pass

    async def delete_old(self, read_days: float, unread_days: float) -> int:
        """Delete notifications that were read or removed more than `read_days` ago, and unread ones created more than
        `unread_days` ago; returns how many rows were deleted. Raises `Unavailable`; some may be left then."""
        deleted = 0
        while True:
            work = partial(self._delete_some, read_days=read_days, unread_days=unread_days)
            count, _ = await self._database.publish(work, lambda counts: self._count(counts[1]))
            deleted += count
            if count < ROWS_PER_WRITE:
                return deleted

    async def _expire_some(self, transaction: Transaction) -> Published[int]:
        """Returns how many were removed."""
        return await self._erase(transaction, await store.expired(transaction, time_ms(self._clock), ROWS_PER_WRITE))

    async def _delete_some(
        self, transaction: Transaction, read_days: float, unread_days: float
    ) -> Published[tuple[int, int]]:
        """Returns how many were deleted, and how many of them had not been removed before."""
        now_ms = time_ms(self._clock)
        rows = await store.outdated(
            transaction,
            read_before_ms=now_ms - int(read_days * _MS_PER_DAY),
            unread_before_ms=now_ms - int(unread_days * _MS_PER_DAY),
            limit=ROWS_PER_WRITE,
        )
        await store.delete_rows(transaction, [row.held.id for row in rows])
        removed = await _removed(transaction, [row.held for row in rows if row.was_visible])
        return Published((len(rows), removed.result), removed.outgoing)

    async def _erase(self, transaction: Transaction, rows: Sequence[HeldRow]) -> Published[int]:
        await store.erase(transaction, [row.id for row in rows], time_ms(self._clock))
        return await _removed(transaction, rows)

    def _count(self, removed: int) -> None:
        self.removed += removed


async def _removed(transaction: Transaction, rows: Sequence[HeldRow]) -> Published[int]:
    """Increase the versions of the inboxes of `rows`, which were removed. Returns the number of `rows`, and the
    messages to publish: for each inbox the removed notifications, then the unread count if it changed."""
    by_wallet: dict[str, list[HeldRow]] = {}
    for row in rows:
        by_wallet.setdefault(row.wallet, []).append(row)
    everybodys = by_wallet.pop(EVERYBODY, [])
    unread = await grown(transaction, list(by_wallet))
    outgoing: list[Outgoing] = []
    for row in everybodys:
        outgoing += _gone(ANNOUNCEMENTS.channel(), [row.id])
    for wallet, own in by_wallet.items():
        channel = USER_NOTIFICATIONS.channel(wallet)
        outgoing += _gone(channel, [row.id for row in own])
        if not all(row.is_read for row in own):
            outgoing.append(Broadcast(channel, unread[wallet]))
    return Published(len(rows), outgoing)


def _gone(channel: Channel, ids: Sequence[int]) -> list[Outgoing]:
    event = NotificationRemoved(ids=list(ids))
    return [Broadcast(channel, event), Erase(channel, ids, event)]
