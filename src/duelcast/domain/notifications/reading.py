"""The notifications that users see (protocol §10)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from msgspec import UNSET

from duelcast.channels.broker import Broker
from duelcast.domain.notifications.events import (
    ANNOUNCEMENTS,
    USER_NOTIFICATIONS,
    NotificationBatch,
    UnreadCount,
    record_of,
)
from duelcast.errors import InvalidRequest
from duelcast.store import notifications as store
from duelcast.store.channel_log import positions_of
from duelcast.store.database import Database, Transaction
from duelcast.store.notifications import EVERYBODY, NotificationRow, Place

SNAPSHOT_ANNOUNCEMENTS = 5
SNAPSHOT_UNREAD = 20
_PLACE = re.compile(r"(0|[1-9][0-9]{0,15})\.([1-9][0-9]{0,15})", re.ASCII)


class InboxSnapshot(NamedTuple):
    """An inbox at one moment. `seq` is the position of its channel at that moment; `batch` has the newest unread
    notifications, and is None if all are read."""

    unread: UnreadCount
    batch: NotificationBatch | None
    seq: int


class Announced(NamedTuple):
    """The newest announcements, and the position of their channel when they were read."""

    batch: NotificationBatch
    seq: int


class InboxReader:
    """Reads notifications, newest first. A cursor names a time and an id, so new notifications do not shift the next
    page. A page is returned only after all its notifications have been broadcast, so that later pushes neither repeat
    nor omit one. All methods raise `Unavailable`."""

    def __init__(self, database: Database, broker: Broker) -> None:
        self._database = database
        self._broker = broker

    async def snapshot(self, wallet: str) -> InboxSnapshot:
        """The contents of the snapshot of the wallet's channel."""
        return await self._database.read_grouped(_snapshots, wallet)

    async def announcements(self) -> Announced:
        """The contents of the snapshot of the announcements."""
        return await self._database.read_grouped(_announced, EVERYBODY)

    async def unread(self, wallet: str, limit: int) -> NotificationBatch:
        """At most `limit` unread notifications of the wallet."""
        async with self._database.read() as transaction:
            batch = await _unread(transaction, wallet, limit)
            seqs = await positions_of(transaction, [USER_NOTIFICATIONS.channel(wallet).name])
        await self._broadcast(wallet, seqs)
        return batch

    async def page(
        self,
        wallet: str,
        *,
        limit: int,
        cursor: str | None = None,
        types: Sequence[str] | None = None,
        only_unread: bool = False,
    ) -> NotificationBatch:
        """At most `limit` notifications of the wallet, after `cursor`. Raises `InvalidRequest` if `cursor` is
        invalid."""
        before = None if cursor is None else _place_of(cursor)
        async with self._database.read() as transaction:
            rows = await store.newest(
                transaction, wallet, limit + 1, before=before, types=types, only_unread=only_unread
            )
            seqs = await positions_of(transaction, [USER_NOTIFICATIONS.channel(wallet).name])
        await self._broadcast(wallet, seqs)
        return _batch(rows, limit)

    async def _broadcast(self, wallet: str, seqs: Mapping[str, int]) -> None:
        """Wait until every message on the wallet's channel has been broadcast, up to its position in `seqs`."""
        channel = USER_NOTIFICATIONS.channel(wallet)
        await self._broker.delivered(channel, seqs[channel.name])


async def _snapshots(transaction: Transaction, wallets: Sequence[str]) -> dict[str, InboxSnapshot]:
    names = {wallet: USER_NOTIFICATIONS.channel(wallet).name for wallet in wallets}
    seqs = await positions_of(transaction, list(names.values()))
    versions = await store.versions(transaction, wallets)
    counts = await store.unread_counts(transaction, wallets)
    few = [wallet for wallet in wallets if 0 < counts[wallet] <= SNAPSHOT_UNREAD]
    batches = {
        wallet: _unread_batch(rows, SNAPSHOT_UNREAD)
        for wallet, rows in (await store.all_unread(transaction, few)).items()
    }
    for wallet in wallets:
        if counts[wallet] > SNAPSHOT_UNREAD:
            batches[wallet] = await _unread(transaction, wallet, SNAPSHOT_UNREAD)
    return {
        wallet: InboxSnapshot(
            UnreadCount(count=counts[wallet], version=versions[wallet]), batches.get(wallet), seqs[names[wallet]]
        )
        for wallet in wallets
    }


async def _announced(transaction: Transaction, wallets: Sequence[str]) -> dict[str, Announced]:
    """`wallets` contains only `EVERYBODY`."""
    rows = await store.newest(transaction, EVERYBODY, SNAPSHOT_ANNOUNCEMENTS + 1)
    name = ANNOUNCEMENTS.channel().name
    seqs = await positions_of(transaction, [name])
    data = [record_of(row) for row in rows[:SNAPSHOT_ANNOUNCEMENTS]]
    has_more = len(rows) > len(data)
    batch = NotificationBatch(subtype="announcements", data=data, count=len(data), hasMore=has_more)
    return dict.fromkeys(wallets, Announced(batch, seqs[name]))


async def _unread(transaction: Transaction, wallet: str, limit: int) -> NotificationBatch:
    return _unread_batch(await store.newest(transaction, wallet, limit + 1, only_unread=True), limit)


def _unread_batch(rows: Sequence[NotificationRow], limit: int) -> NotificationBatch:
    batch = _batch(rows, limit)
    batch.subtype = "unread"
    return batch


def _batch(rows: Sequence[NotificationRow], limit: int) -> NotificationBatch:
    """A page of the first `limit` of `rows`; if there are more rows, the page has a cursor for the next one."""
    page = rows[:limit]
    has_more = len(rows) > limit
    return NotificationBatch(
        data=[record_of(row) for row in page],
        count=len(page),
        hasMore=has_more,
        nextCursor=_cursor_of(page[-1]) if has_more else UNSET,
    )


def _cursor_of(row: NotificationRow) -> str:
    return base64.urlsafe_b64encode(f"{row.created_ms}.{row.id}".encode()).decode().rstrip("=")


def _place_of(cursor: str) -> Place:
    """The place that `cursor` names. Raises `InvalidRequest` if `cursor` is not one of ours."""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (ValueError, binascii.Error):
        text = ""
    found = _PLACE.fullmatch(text)
    if found is None:
        raise InvalidRequest("`cursor` must be the `nextCursor` of the previous page.", field="cursor")
    return int(found.group(1)), int(found.group(2))
