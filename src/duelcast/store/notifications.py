"""Notifications, and the version of each wallet's list of notifications."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeVar

import msgspec
from msgspec import Struct, structs
from sqlalchemy import ColumnElement, Select, delete, func, select, tuple_, update

from duelcast.store.database import Transaction
from duelcast.store.statements import insertion, new_ids, portions, upsertion, write_rows
from duelcast.store.tables import inboxes, notifications

EVERYBODY = ""
"""Stands for all wallets, in announcements."""

Priority = Literal["low", "medium", "high", "urgent"]
T = TypeVar("T")


class NewNotificationRow(Struct, frozen=True, kw_only=True):
    """A notification to be added. `wallet` may be `EVERYBODY`; times are in epoch milliseconds."""

    wallet: str
    type: str
    title: str
    content: str
    priority: Priority
    link: str | None
    data: dict[str, Any]
    dedupe_key: str | None
    created_ms: int
    expires_ms: int | None


class NotificationRow(NewNotificationRow, frozen=True, kw_only=True):
    """A stored notification."""

    id: int
    read_ms: int | None = None


class HeldRow(NamedTuple):
    """The owner of a notification, and whether it was read."""

    id: int
    wallet: str
    is_read: bool


class DoneRow(NamedTuple):
    """An outdated row. If `was_visible`, it was visible until now; otherwise, it had already been removed."""

    held: HeldRow
    was_visible: bool


DedupeKey = tuple[str, str]
"""A wallet and a key that the producer chose; together they are unique to a notification, even if it was removed."""
Place = tuple[int, int]
"""The `created_ms` and id of a notification, by which pages are sorted."""

_COLUMNS = tuple(notifications.c[name] for name in NotificationRow.__struct_fields__)
_ADD = insertion(
    notifications,
    *("id", "wallet", "type", "title", "content", "priority", "link", "data"),
    *("dedupe_key", "created_ms", "read_ms", "expires_ms"),
)
_PUT_VERSION = upsertion(inboxes, "wallet", "version")
_HELD = (notifications.c.id, notifications.c.wallet, notifications.c.read_ms)
_IS_VISIBLE = notifications.c.removed_ms.is_(None)
_IS_UNREAD = notifications.c.read_ms.is_(None)

# ── adding ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def find_repeated(transaction: Transaction, keys: Sequence[DedupeKey]) -> set[DedupeKey]:
    """The subset of `keys` that is already stored."""
    columns = tuple_(notifications.c.wallet, notifications.c.dedupe_key)
    found: set[DedupeKey] = set()
    for portion in portions(keys):
        query = select(notifications.c.wallet, notifications.c.dedupe_key).where(columns.in_(portion))
        found.update((wallet, key) for wallet, key in await transaction.execute(query))
    return found


async def add_notifications(transaction: Transaction, rows: Sequence[NewNotificationRow]) -> list[NotificationRow]:
    """Store notifications; their ids increase in the order given."""
    if not rows:
        return []
    ids = await new_ids(transaction, notifications, len(rows))
    added = [NotificationRow(**structs.asdict(row), id=id) for row, id in zip(rows, ids, strict=True)]
    await write_rows(transaction, _ADD, map(_values, added))
    return added


def _values(row: NotificationRow) -> tuple[object, ...]:
    """The values of `_ADD`."""
    data = msgspec.json.encode(row.data).decode()
    shown = row.id, row.wallet, row.type, row.title, row.content, row.priority, row.link, data
    return *shown, row.dedupe_key, row.created_ms, row.read_ms, row.expires_ms


# ── counts and versions ─────────────────────────────────────────────────────────────────────────────────────────────


async def unread_counts(transaction: Transaction, wallets: Sequence[str]) -> dict[str, int]:
    """How many unread notifications each of the wallets has."""
    counts = dict.fromkeys(wallets, 0)
    for portion in portions(wallets):
        wallet = notifications.c.wallet
        query = select(wallet, func.count()).where(wallet.in_(portion), _IS_UNREAD, _IS_VISIBLE).group_by(wallet)
        counts.update((row[0], row[1]) for row in await transaction.execute(query))
    return counts


async def versions(transaction: Transaction, wallets: Sequence[str]) -> dict[str, int]:
    """The version of each wallet's list; 0 for a wallet that never had a notification."""
    found = dict.fromkeys(wallets, 0)
    for portion in portions(wallets):
        query = select(inboxes.c.wallet, inboxes.c.version).where(inboxes.c.wallet.in_(portion))
        found.update((row[0], row[1]) for row in await transaction.execute(query))
    return found


async def grow_versions(transaction: Transaction, growth: Mapping[str, int]) -> dict[str, int]:
    """Increase the versions of wallets by `growth`; returns the new ones."""
    before = await versions(transaction, list(growth))
    after = {wallet: before[wallet] + by for wallet, by in growth.items()}
    await write_rows(transaction, _PUT_VERSION, after.items())
    return after


# ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def newest(
    transaction: Transaction,
    wallet: str,
    limit: int,
    *,
    before: Place | None = None,
    types: Sequence[str] | None = None,
    only_unread: bool = False,
) -> list[NotificationRow]:
    """At most `limit` notifications of a wallet, newest first; with `before`, only those older than that place."""
    place = tuple_(notifications.c.created_ms, notifications.c.id)
    wanted: list[ColumnElement[bool]] = [notifications.c.wallet == wallet, _IS_VISIBLE]
    if before is not None:
        wanted.append(place < before)
    if types is not None:
        wanted.append(notifications.c.type.in_(types))
    if only_unread:
        wanted.append(_IS_UNREAD)
    order = notifications.c.created_ms.desc(), notifications.c.id.desc()
    query = select(*_COLUMNS).where(*wanted).order_by(*order).limit(limit)
    return [NotificationRow(**row) for row in (await transaction.execute(query)).mappings()]


async def all_unread(transaction: Transaction, wallets: Sequence[str]) -> dict[str, list[NotificationRow]]:
    """All unread notifications of each wallet, newest first; meant for wallets that have few."""
    found: dict[str, list[NotificationRow]] = {wallet: [] for wallet in wallets}
    # Sort as the wallet index does. If the wallet were left out, SQLite would read all unread rows to avoid a sort.
    order = notifications.c.wallet.desc(), notifications.c.created_ms.desc(), notifications.c.id.desc()
    for portion in portions(wallets):
        wanted = notifications.c.wallet.in_(portion), _IS_UNREAD, _IS_VISIBLE
        for row in (await transaction.execute(select(*_COLUMNS).where(*wanted).order_by(*order))).mappings():
            found[row["wallet"]].append(NotificationRow(**row))
    return found


async def find_held(transaction: Transaction, ids: Sequence[int]) -> dict[int, HeldRow]:
    """The notifications among `ids` that exist, by id."""
    found: dict[int, HeldRow] = {}
    for portion in portions(ids):
        for held in await _held(transaction, select(*_HELD).where(notifications.c.id.in_(portion), _IS_VISIBLE)):
            found[held.id] = held
    return found


# ── marking ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def mark_read(transaction: Transaction, ids: Sequence[int], now_ms: int) -> None:
    """Mark these unread notifications as read."""
    for portion in portions(ids):
        await transaction.execute(update(notifications).where(notifications.c.id.in_(portion)).values(read_ms=now_ms))


async def mark_all_read(transaction: Transaction, wallet: str, types: Sequence[str] | None, now_ms: int) -> int:
    """Mark all unread notifications of a wallet, or only those of some types; returns how many were marked."""
    wanted: list[ColumnElement[bool]] = [notifications.c.wallet == wallet, _IS_UNREAD, _IS_VISIBLE]
    if types is not None:
        wanted.append(notifications.c.type.in_(types))
    return (await transaction.execute(update(notifications).where(*wanted).values(read_ms=now_ms))).rowcount


# ── removing ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def erase(transaction: Transaction, ids: Sequence[int], now_ms: int) -> None:
    """Erase the content of these notifications; only the fact that they existed remains."""
    empty: dict[str, Any] = {"title": "", "content": "", "link": None, "data": {}, "expires_ms": None}
    for portion in portions(ids):
        this = notifications.c.id.in_(portion)
        await transaction.execute(update(notifications).where(this).values(**empty, removed_ms=now_ms))


async def expired(transaction: Transaction, now_ms: int, limit: int) -> list[HeldRow]:
    """At most `limit` expired notifications, the earliest expiry first."""
    ends = notifications.c.expires_ms
    return await _held(transaction, select(*_HELD).where(ends <= now_ms).order_by(ends).limit(limit))


async def outdated(
    transaction: Transaction, *, read_before_ms: int, unread_before_ms: int, limit: int
) -> list[DoneRow]:
    """At most `limit` rows that are too old: those read or removed before `read_before_ms`, and those created before
    `unread_before_ms` and never read."""
    visible = (
        select(*_HELD).where(notifications.c.read_ms < read_before_ms, _IS_VISIBLE),
        select(*_HELD).where(_IS_UNREAD, notifications.c.created_ms < unread_before_ms, _IS_VISIBLE),
    )
    found: list[DoneRow] = []
    for query in visible:
        rows = await _held(transaction, query.limit(limit - len(found)))
        found += [DoneRow(held, was_visible=True) for held in rows]
    removed = select(*_HELD).where(notifications.c.removed_ms < read_before_ms).limit(limit - len(found))
    found += [DoneRow(held, was_visible=False) for held in await _held(transaction, removed)]
    return found


async def delete_rows(transaction: Transaction, ids: Sequence[int]) -> None:
    """Delete these rows."""
    for portion in portions(ids):
        await transaction.execute(delete(notifications).where(notifications.c.id.in_(portion)))


async def _held(transaction: Transaction, query: Select[Any]) -> list[HeldRow]:
    return [HeldRow(row[0], row[1], row[2] is not None) for row in await transaction.execute(query)]
