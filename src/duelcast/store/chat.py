"""Chat messages of contests, and mutes."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import NamedTuple

from msgspec import Struct, structs
from sqlalchemy import Select, bindparam, delete, select, tuple_, update

from duelcast.store.contests import CANCELLED, COMPLETED
from duelcast.store.database import Transaction
from duelcast.store.statements import execute_many, insertion, new_ids, portions, upsert, write_rows
from duelcast.store.tables import chat_messages, contest_mutes, contests

MessageKey = tuple[int, str, str]
"""A contest, a wallet, and an id that the sender chose; together they are unique to a message."""


class NewMessage(Struct, frozen=True, gc=False):
    """A message to be stored. `role` is the number of a `channels.names.Role`; `message_id` is an id that the sender
    chose."""

    contest_id: int
    wallet: str
    nickname: str | None
    role: int
    text: str
    message_id: str | None
    at_ms: int

    @property
    def key(self) -> MessageKey | None:
        """None if the sender gave no id."""
        return None if self.message_id is None else (self.contest_id, self.wallet, self.message_id)


class MessageRow(NewMessage, frozen=True):
    """A stored message. A deleted message, which has a `deleted_ms`, keeps everything but its text."""

    id: int
    deleted_ms: int | None = None


class MessagePlace(NamedTuple):
    """The contest and id of a message."""

    contest_id: int
    id: int


class MuteRow(Struct, frozen=True):
    """A mute of a wallet. If `until_ms` is None, the mute lasts until it is lifted."""

    contest_id: int
    wallet: str
    until_ms: int | None


_COLUMNS = tuple(column.name for column in chat_messages.columns)
_ADD = insertion(chat_messages, *_COLUMNS).on_conflict_do_nothing(index_elements=["contest_id", "wallet", "message_id"])
_values = attrgetter(*_COLUMNS)

# ── messages ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def find_repeated(transaction: Transaction, keys: Sequence[MessageKey]) -> dict[MessageKey, MessageRow]:
    """The messages with these keys that are already stored, including deleted ones, by key."""
    columns = tuple_(chat_messages.c.contest_id, chat_messages.c.wallet, chat_messages.c.message_id)
    found: dict[MessageKey, MessageRow] = {}
    for portion in portions(keys):
        for message in await _messages(transaction, select(chat_messages).where(columns.in_(portion))):
            assert message.message_id is not None
            found[message.contest_id, message.wallet, message.message_id] = message
    return found


async def add_messages(transaction: Transaction, messages: Sequence[NewMessage]) -> list[MessageRow | None]:
    """Store messages with distinct keys; their ids increase in the order given. The result has None in place of a
    message whose key is already stored."""
    if not messages:
        return []
    ids = await new_ids(transaction, chat_messages, len(messages))
    rows = [MessageRow(**structs.asdict(message), id=id) for message, id in zip(messages, ids, strict=True)]
    if await write_rows(transaction, _ADD, map(_values, rows)) == len(rows):
        return [*rows]
    query = select(chat_messages.c.id).where(chat_messages.c.id.between(ids.start, ids.stop - 1))
    stored = set((await transaction.execute(query)).scalars())
    return [row if row.id in stored else None for row in rows]


async def find_message(transaction: Transaction, contest_id: int, message_id: int) -> MessageRow | None:
    """A message of that contest, even if deleted."""
    this = chat_messages.c.id == message_id, chat_messages.c.contest_id == contest_id
    found = await _messages(transaction, select(chat_messages).where(*this))
    return found[0] if found else None


async def erase_message(transaction: Transaction, message_id: int, now_ms: int) -> None:
    """Remove the text of a message."""
    this = chat_messages.c.id == message_id
    await transaction.execute(update(chat_messages).where(this).values(text="", deleted_ms=now_ms))


async def messages_before(
    transaction: Transaction, contest_id: int, before_id: int | None, limit: int
) -> list[MessageRow]:
    """At most `limit` undeleted messages, newest first; with `before_id`, only older ones."""
    query = _of_contest(contest_id).order_by(chat_messages.c.id.desc()).limit(limit)
    if before_id is not None:
        query = query.where(chat_messages.c.id < before_id)
    return await _messages(transaction, query)


async def messages_after(transaction: Transaction, contest_id: int, after_id: int, limit: int) -> list[MessageRow]:
    """At most `limit` undeleted messages after `after_id`, oldest first."""
    query = _of_contest(contest_id).where(chat_messages.c.id > after_id).order_by(chat_messages.c.id).limit(limit)
    return await _messages(transaction, query)


async def outdated_messages(transaction: Transaction, before_ms: int, limit: int) -> list[MessagePlace]:
    """At most `limit` messages written before `before_ms` (epoch) in contests that have ended, in no particular
    order."""
    ended = select(contests.c.id).where(contests.c.status.in_((COMPLETED, CANCELLED)))
    query = (
        select(chat_messages.c.contest_id, chat_messages.c.id)
        .where(chat_messages.c.at_ms < before_ms, chat_messages.c.contest_id.in_(ended))
        .limit(limit)
    )
    return [MessagePlace(*row) for row in await transaction.execute(query)]


async def delete_messages(transaction: Transaction, ids: Sequence[int]) -> None:
    """Delete the rows of these messages."""
    statement = delete(chat_messages).where(chat_messages.c.id == bindparam("key"))
    await execute_many(transaction, statement, ({"key": message_id} for message_id in ids))


def _of_contest(contest_id: int) -> Select[tuple[object, ...]]:
    return select(chat_messages).where(chat_messages.c.contest_id == contest_id, chat_messages.c.deleted_ms.is_(None))


async def _messages(transaction: Transaction, query: Select[tuple[object, ...]]) -> list[MessageRow]:
    return [MessageRow(**row) for row in (await transaction.execute(query)).mappings()]


# ── mutes ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def all_mutes(transaction: Transaction) -> list[MuteRow]:
    """All mutes, including expired ones."""
    columns = contest_mutes.c.contest_id, contest_mutes.c.wallet, contest_mutes.c.until_ms
    return [MuteRow(*row) for row in await transaction.execute(select(*columns))]


async def put_mute(transaction: Transaction, mute: MuteRow, by: str, now_ms: int) -> None:
    """Mute a wallet, replacing any earlier mute."""
    await transaction.execute(upsert(contest_mutes), structs.asdict(mute) | {"by": by, "at_ms": now_ms})


async def delete_mute(transaction: Transaction, contest_id: int, wallet: str) -> bool:
    """Lift a mute; returns whether there was one."""
    this = contest_mutes.c.contest_id == contest_id, contest_mutes.c.wallet == wallet
    return bool((await transaction.execute(delete(contest_mutes).where(*this))).rowcount)


async def delete_ended_mutes(transaction: Transaction, now_ms: int) -> None:
    """Delete expired mutes."""
    await transaction.execute(delete(contest_mutes).where(contest_mutes.c.until_ms <= now_ms))
