"""What is written into the inboxes of users: new notifications, and that they were read (protocol 10)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import UNSET, Struct

from duelcast.channels.broker import Origin
from duelcast.channels.publisher import Publisher
from duelcast.clock import Clock
from duelcast.domain.notifications.events import (
    ANNOUNCEMENTS,
    USER_NOTIFICATIONS,
    NotificationAdded,
    ReadConfirmed,
    UnreadCount,
    record_of,
)
from duelcast.domain.notifications.outlet import Outlet, Push
from duelcast.errors import AppError, NotificationNotFound
from duelcast.store import notifications as store
from duelcast.store.database import Database, Transaction
from duelcast.store.notifications import EVERYBODY, NewNotificationRow, NotificationRow, Priority


class NewNotification(Struct, frozen=True, kw_only=True):
    """A notification to add. `wallet` empty: for everybody. `expires_ms` is in epoch milliseconds. Of those with the
    same `dedupe_key` a wallet gets the first."""

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
    """What became of new notifications: those that were stored, in the order given, how many repeated a key, and how
    the inboxes are since, by wallet."""

    rows: Sequence[NotificationRow]
    duplicates: int
    unread: dict[str, UnreadCount]


class Marked(Struct, frozen=True):
    """What became of a mark, and how the inbox is since. Unless it `changed` something nobody was told."""

    confirmed: ReadConfirmed
    unread: UnreadCount

    @property
    def changed(self) -> bool:
        return self.confirmed.count > 0


class _Mark(Struct, frozen=True):
    """`ids` without repeats."""

    wallet: str
    ids: Sequence[int]


class Inboxes:
    """Writes, and tells the connections of those concerned.

    The version of an inbox grows by one with each write that changes what its wallet has, and is the stored id of all
    that is published of the write. A count is one of the rows, made in the transaction of the write.
    """

    def __init__(self, database: Database, publisher: Publisher, clock: Clock) -> None:
        self.outlet = Outlet(publisher)
        self.stored = 0
        """Notifications that were told as stored, since the start."""
        self._database = database
        self._clock = clock

    # ── adding ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def add(self, transaction: Transaction, new: Sequence[NewNotification]) -> Added:
        """Store those of `new` whose keys are new. The write's `committed` gives what this returns to `tell`."""
        now_ms = self._now_ms()
        wanted = await _without_repeats(transaction, new)
        rows = await store.add_notifications(transaction, [_row(each, now_ms) for each in wanted])
        wallets = list(dict.fromkeys(row.wallet for row in rows if row.wallet != EVERYBODY))
        unread = await grown(transaction, wallets)
        return Added(rows, len(new) - len(rows), unread)

    def tell(self, added: Added) -> None:
        """Publish what was committed: of each wallet its notifications, then its count."""
        self.stored += len(added.rows)
        self.outlet.put(_pushes_of(added))

    # ── marking ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def mark_read(self, wallet: str, ids: Sequence[int], origin: Origin | None = None) -> Marked:
        """Mark those of `ids` that the wallet has, and publish it with `origin`; returns when that is done.

        Raises `NotificationNotFound` where it has none of them, `Unavailable`.
        """
        mark = _Mark(wallet, tuple(dict.fromkeys(ids)))
        told = asyncio.Event()
        marked = await self._database.write_batched(
            self._mark, mark, lambda marked: self._tell_mark(wallet, origin, told, marked)
        )
        await told.wait()
        return marked

    async def mark_all_read(
        self, wallet: str, types: Sequence[str] | None = None, origin: Origin | None = None
    ) -> Marked:
        """The same for all that the wallet has not read, or what of it is of some types. Raises `Unavailable`."""

        async def work(transaction: Transaction) -> Marked:
            count = await store.mark_all_read(transaction, wallet, types, self._now_ms())
            version = await _version(transaction, wallet, grows=count > 0)
            unread = (await store.unread_counts(transaction, [wallet]))[wallet]
            confirmed = ReadConfirmed(all=True, types=UNSET if types is None else list(types), count=count)
            return Marked(confirmed, UnreadCount(count=unread, version=version))

        told = asyncio.Event()
        marked = await self._database.write(work, lambda marked: self._tell_mark(wallet, origin, told, marked))
        await told.wait()
        return marked

    async def _mark(self, transaction: Transaction, marks: Sequence[_Mark]) -> list[Marked | AppError]:
        """Do the marks of a group in their order."""
        wallets = list(dict.fromkeys(mark.wallet for mark in marks))
        held = await store.find_held(transaction, list({each for mark in marks for each in mark.ids}))
        counts = await store.unread_counts(transaction, wallets)
        versions = await store.versions(transaction, wallets)
        read = {row.id for row in held.values() if row.is_read}
        newly_read: list[int] = []
        growth: Counter[str] = Counter()
        outcomes: list[Marked | AppError] = []
        for wallet, ids in ((mark.wallet, mark.ids) for mark in marks):
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
            outcomes.append(Marked(ReadConfirmed(ids=found, count=len(newly)), unread))
        await store.mark_read(transaction, newly_read, self._now_ms())
        await store.grow_versions(transaction, growth)
        return outcomes

    def _tell_mark(self, wallet: str, origin: Origin | None, told: asyncio.Event, marked: Marked) -> None:
        # What changed nothing waits its turn all the same: nothing older may follow the answer.
        self.outlet.put(_pushes_of_mark(wallet, origin, marked) if marked.changed else (), told.set)

    def _now_ms(self) -> int:
        return int(self._clock.time() * 1000)


async def grown(transaction: Transaction, wallets: Sequence[str]) -> dict[str, UnreadCount]:
    """How inboxes are after a write that changed them, in whose transaction this is."""
    versions = await store.grow_versions(transaction, dict.fromkeys(wallets, 1))
    counts = await store.unread_counts(transaction, wallets)
    return {wallet: UnreadCount(count=counts[wallet], version=versions[wallet]) for wallet in wallets}


async def _without_repeats(transaction: Transaction, new: Sequence[NewNotification]) -> list[NewNotification]:
    """Those whose keys are neither stored nor those of others before them."""
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


def _pushes_of(added: Added) -> Iterator[Push]:
    by_wallet: dict[str, list[NotificationRow]] = {}
    for row in added.rows:
        by_wallet.setdefault(row.wallet, []).append(row)
    for row in by_wallet.pop(EVERYBODY, ()):
        yield Push(ANNOUNCEMENTS.channel(), NotificationAdded(data=record_of(row)), row.id)
    for wallet, rows in by_wallet.items():
        channel, unread = USER_NOTIFICATIONS.channel(wallet), added.unread[wallet]
        for row in rows:
            yield Push(channel, NotificationAdded(data=record_of(row)), unread.version)
        yield Push(channel, unread, unread.version)


def _pushes_of_mark(wallet: str, origin: Origin | None, marked: Marked) -> Iterator[Push]:
    channel = USER_NOTIFICATIONS.channel(wallet)
    yield Push(channel, marked.confirmed, marked.unread.version, origin)
    yield Push(channel, marked.unread, marked.unread.version)


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
