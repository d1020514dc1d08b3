"""Writes new notifications and read marks to the inboxes of users (protocol §10)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import UNSET, Struct

from duelcast.channels.broker import Origin
from duelcast.channels.publisher import Broadcast, Published
from duelcast.clock import Clock, time_ms
from duelcast.domain.notifications.errors import NotificationNotFound
from duelcast.domain.notifications.events import (
    ANNOUNCEMENTS,
    USER_NOTIFICATIONS,
    NotificationAdded,
    ReadConfirmed,
    UnreadCount,
    record_of,
)
from duelcast.errors import AppError
from duelcast.store import notifications as store
from duelcast.store.database import Database, Transaction
from duelcast.store.notifications import EVERYBODY, NewNotificationRow, NotificationRow, Priority


class NewNotification(Struct, frozen=True, kw_only=True):
    """A notification to add. If `wallet` is empty, it is for everybody. `expires_ms` is in epoch milliseconds. If
    several have the same `dedupe_key`, a wallet gets only the first."""

    wallet: str
    type: str
    title: str
    content: str
    priority: Priority = "medium"
    link: str | None = None
    data: dict[str, Any] = {}
    expires_ms: int | None = None
    dedupe_key: str | None = None


class Added(Struct, frozen=True):
    """The outcome of adding notifications. `stored` is how many were stored, and `duplicates` how many were left out
    because their key was already in use. `outgoing` has the messages to publish: for each wallet its notifications,
    then its unread count."""

    stored: int
    duplicates: int
    outgoing: Sequence[Broadcast]


class Marked(Struct, frozen=True):
    """The outcome of marking notifications as read, and the state of the inbox afterwards. Nothing is published unless
    something `changed`."""

    confirmed: ReadConfirmed
    unread: UnreadCount

    @property
    def changed(self) -> bool:
        return self.confirmed.count > 0


class _Mark(Struct, frozen=True):
    """`ids` are to be marked as read; they contain no duplicates."""

    wallet: str
    ids: Sequence[int]
    origin: Origin | None


class Inboxes:
    """Writes to inboxes. The methods that mark notifications publish the change; the caller of `add` publishes it.

    The version of an inbox increases by one with each write that changes its contents. The unread count is read in the
    transaction of the write, so that it belongs to that version.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self.stored = 0
        """Notifications that were stored since the start."""
        self._database = database
        self._clock = clock

    # ── adding ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def add(self, transaction: Transaction, new: Sequence[NewNotification]) -> Added:
        """Store `new`, except notifications whose keys are already in use. The write that calls this must publish the
        result's `outgoing` and, once committed, add the result's `stored` to `self.stored`."""
        now_ms = time_ms(self._clock)
        wanted = await _without_repeats(transaction, new)
        rows = await store.add_notifications(transaction, [_row(each, now_ms) for each in wanted])
        wallets = list(dict.fromkeys(row.wallet for row in rows if row.wallet != EVERYBODY))
        unread = await grown(transaction, wallets)
        return Added(len(rows), len(new) - len(rows), list(_broadcasts_of(rows, unread)))

    # ── marking ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def mark_read(self, wallet: str, ids: Sequence[int], origin: Origin | None = None) -> Marked:
        """Mark those of `ids` that belong to the wallet as read, and publish this change with `origin`.

        Raises `Unavailable`, and `NotificationNotFound` if none of them belongs to the wallet.
        """
        mark = _Mark(wallet, tuple(dict.fromkeys(ids)), origin)
        return await self._database.publish_batched(self._mark, mark)

    async def mark_all_read(
        self, wallet: str, types: Sequence[str] | None = None, origin: Origin | None = None
    ) -> Marked:
        """Mark all unread notifications of the wallet, or those of some `types`, as read, and publish this change with
        `origin`. Raises `Unavailable`."""

        async def work(transaction: Transaction) -> Published[Marked]:
            count = await store.mark_all_read(transaction, wallet, types, time_ms(self._clock))
            version = await _version(transaction, wallet, grows=count > 0)
            unread = (await store.unread_counts(transaction, [wallet]))[wallet]
            confirmed = ReadConfirmed(all=True, types=UNSET if types is None else list(types), count=count)
            return _published(wallet, origin, Marked(confirmed, UnreadCount(count=unread, version=version)))

        return await self._database.publish(work)

    async def _mark(self, transaction: Transaction, marks: Sequence[_Mark]) -> list[Published[Marked] | AppError]:
        """Carry out several marks in one transaction, in order."""
        wallets = list(dict.fromkeys(mark.wallet for mark in marks))
        held = await store.find_held(transaction, list({each for mark in marks for each in mark.ids}))
        counts = await store.unread_counts(transaction, wallets)
        versions = await store.versions(transaction, wallets)
        read = {row.id for row in held.values() if row.is_read}
        newly_read: list[int] = []
        growth: Counter[str] = Counter()
        outcomes: list[Published[Marked] | AppError] = []
        for wallet, ids, origin in ((mark.wallet, mark.ids, mark.origin) for mark in marks):
            found = [each for each in ids if each in held and held[each].wallet == wallet]
            if not found:
                outcomes.append(NotificationNotFound("You have no such notification."))
                continue
            newly = [each for each in found if each not in read]
            if newly:
                read.update(newly)
                newly_read += newly
                growth[wallet] += 1
                counts[wallet] -= len(newly)
            unread = UnreadCount(count=counts[wallet], version=versions[wallet] + growth[wallet])
            outcomes.append(_published(wallet, origin, Marked(ReadConfirmed(ids=found, count=len(newly)), unread)))
        await store.mark_read(transaction, newly_read, time_ms(self._clock))
        await store.grow_versions(transaction, growth)
        return outcomes


async def grown(transaction: Transaction, wallets: Sequence[str]) -> dict[str, UnreadCount]:
    """Increase the versions of the inboxes of `wallets`, which `transaction` changes, and return them with the unread
    counts."""
    versions = await store.grow_versions(transaction, dict.fromkeys(wallets, 1))
    counts = await store.unread_counts(transaction, wallets)
    return {wallet: UnreadCount(count=counts[wallet], version=versions[wallet]) for wallet in wallets}


async def _without_repeats(transaction: Transaction, new: Sequence[NewNotification]) -> list[NewNotification]:
    """The notifications without a key, and those whose keys are neither stored nor used by an earlier one in `new`."""
    keys = list(dict.fromkeys((each.wallet, each.dedupe_key) for each in new if each.dedupe_key is not None))
    known: set[tuple[str, str]] = await store.find_repeated(transaction, keys)
    wanted = []
    for each in new:
        if each.dedupe_key is not None:
            key = each.wallet, each.dedupe_key
            if key in known:
                continue
            known.add(key)
        wanted.append(each)
    return wanted


async def _version(transaction: Transaction, wallet: str, *, grows: bool) -> int:
    found = await (store.grow_versions(transaction, {wallet: 1}) if grows else store.versions(transaction, [wallet]))
    return found[wallet]


def _broadcasts_of(rows: Sequence[NotificationRow], unread: Mapping[str, UnreadCount]) -> Iterator[Broadcast]:
    by_wallet: dict[str, list[NotificationRow]] = {}
    for row in rows:
        by_wallet.setdefault(row.wallet, []).append(row)
    for row in by_wallet.pop(EVERYBODY, ()):
        yield Broadcast(ANNOUNCEMENTS.channel(), NotificationAdded(data=record_of(row)), row_id=row.id)
    for wallet, own in by_wallet.items():
        channel = USER_NOTIFICATIONS.channel(wallet)
        for row in own:
            yield Broadcast(channel, NotificationAdded(data=record_of(row)), row_id=row.id)
        yield Broadcast(channel, unread[wallet])


def _published(wallet: str, origin: Origin | None, marked: Marked) -> Published[Marked]:
    if not marked.changed:
        return Published(marked, ())
    channel = USER_NOTIFICATIONS.channel(wallet)
    return Published(marked, [Broadcast(channel, marked.confirmed, origin), Broadcast(channel, marked.unread)])


def _row(new: NewNotification, now_ms: int) -> NewNotificationRow:
    return NewNotificationRow(
        wallet=new.wallet,
        type=new.type,
        title=new.title,
        content=new.content,
        priority=new.priority,
        link=new.link,
        data=new.data,
        dedupe_key=new.dedupe_key,
        created_ms=now_ms,
        expires_ms=new.expires_ms,
    )
