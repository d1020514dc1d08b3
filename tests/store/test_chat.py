"""The repository of chat messages and mutes, function by function, over a real file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from duelcast.store import chat
from duelcast.store.chat import MuteRow, NewMessage
from duelcast.store.contests import ACTIVE, CANCELLED, COMPLETED, PENDING, insert_contest
from duelcast.store.database import Database, Transaction
from tests.databases import is_postgres
from tests.domain.contests.chatroom import contest_values, uuid_of
from tests.storing import opened

MORE_THAN_ONE_STATEMENT = 1_201
T = TypeVar("T")


class Tables:
    """A database whose functions are called one by one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, function: Callable[..., Awaitable[T]], *arguments: object) -> T:
        return await self._database.write(lambda transaction: function(transaction, *arguments))

    async def read(self, function: Callable[..., Awaitable[T]], *arguments: object) -> T:
        async with self._database.read() as transaction:
            return await function(transaction, *arguments)


@pytest_asyncio.fixture
async def tables(tmp_path: Path) -> AsyncIterator[Tables]:
    """Contests 1 to 4, one of each status."""
    async with opened(tmp_path / "chat.db") as database:
        tables = Tables(database)
        await tables.write(_add_contests)
        yield tables


async def _add_contests(transaction: Transaction) -> None:
    for status in (PENDING, ACTIVE, COMPLETED, CANCELLED):
        await insert_contest(transaction, {**contest_values(status[:8]), "status": status})


def message(
    number: int, *, contest_id: int = 1, wallet: str = "ann", message_id: str | None = None, at_ms: int = 1_000
) -> NewMessage:
    return NewMessage(contest_id, wallet, "Ann", 1, f"text {number}", message_id, at_ms)


async def _added(tables: Tables, messages: Sequence[chat.NewMessage]) -> list[chat.MessageRow]:
    """Store messages, none of which is a repeat."""
    rows = await tables.write(chat.add_messages, messages)
    added = [row for row in rows if row is not None]
    assert len(added) == len(messages)
    return added


async def _set_last_id(transaction: Transaction, last: int) -> None:
    query = "update sqlite_sequence set seq = :last where name = 'chat_messages'"
    if is_postgres():
        query = "select setval(pg_get_serial_sequence('chat_messages', 'id'), :last + 1, false)"
    await transaction.execute(text(query), {"last": last})


# ── messages ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_messages_are_numbered_in_the_order_given(tables: Tables) -> None:
    given = [message(number, contest_id=1 + number % 2) for number in range(MORE_THAN_ONE_STATEMENT)]
    added = await _added(tables, given)
    assert [row.text for row in added] == [one.text for one in given]
    assert [row.id for row in added] == sorted({row.id for row in added})
    for contest_id in (1, 2):
        stored = await tables.read(chat.messages_after, contest_id, 0, len(given))
        assert stored == [row for row in added if row.contest_id == contest_id]


async def test_nothing_to_add_is_nothing_to_do(tables: Tables) -> None:
    assert await tables.write(chat.add_messages, []) == []
    assert await tables.read(chat.find_repeated, []) == {}


async def test_repeated_messages_are_found_by_contest_wallet_and_their_own_id(tables: Tables) -> None:
    given = [message(number, message_id=uuid_of(number)) for number in range(MORE_THAN_ONE_STATEMENT)]
    added = await _added(tables, given)
    keys = [(1, "ann", uuid_of(number)) for number in range(2 * MORE_THAN_ONE_STATEMENT)]
    assert await tables.read(chat.find_repeated, keys) == dict(zip(keys, added, strict=False))
    others = [(2, "ann", uuid_of(0)), (1, "bob", uuid_of(0)), (1, "Ann", uuid_of(0))]
    assert await tables.read(chat.find_repeated, others) == {}


async def test_a_message_of_one_id_is_stored_once(tables: Tables) -> None:
    await tables.write(chat.add_messages, [message(1, message_id=uuid_of(1))])
    again = [message(2), message(3, message_id=uuid_of(1)), message(4, message_id=uuid_of(4))]
    added = await tables.write(chat.add_messages, again)
    assert [row and row.text for row in added] == ["text 2", None, "text 4"]
    assert [row.text for row in await tables.read(chat.messages_after, 1, 0, 10)] == ["text 1", "text 2", "text 4"]


async def test_messages_without_an_id_of_their_own_are_never_the_same(tables: Tables) -> None:
    assert len(await tables.write(chat.add_messages, [message(1), message(1)])) == 2


async def test_no_id_is_used_again_after_a_restart_not_even_that_of_a_deleted_message(tmp_path: Path) -> None:
    async with opened(tmp_path / "chat.db") as database:
        tables = Tables(database)
        await tables.write(_add_contests)
        *_, newest = await _added(tables, [message(1), message(2)])
        await tables.write(chat.delete_messages, [newest.id])
    async with opened(tmp_path / "chat.db") as database:
        (row,) = await _added(Tables(database), [message(3)])
        assert row.id > newest.id


async def test_an_id_that_is_already_used_is_an_error_and_no_repeat(tables: Tables) -> None:
    (row,) = await _added(tables, [message(1)])
    await tables.write(_set_last_id, row.id - 1)
    with pytest.raises(IntegrityError):
        await tables.write(chat.add_messages, [message(2)])


async def test_an_erased_message_keeps_all_but_its_text(tables: Tables) -> None:
    (row,) = await _added(tables, [message(1, message_id=uuid_of(1))])
    await tables.write(chat.erase_message, row.id, 5_000)
    erased = await tables.read(chat.find_message, 1, row.id)
    assert erased is not None
    assert (erased.text, erased.deleted_ms, erased.wallet, erased.message_id) == ("", 5_000, "ann", uuid_of(1))
    key = 1, "ann", uuid_of(1)
    assert await tables.read(chat.find_repeated, [key]) == {key: erased}


async def test_a_message_is_found_in_its_own_contest_only(tables: Tables) -> None:
    (row,) = await _added(tables, [message(1)])
    assert await tables.read(chat.find_message, 1, row.id) == row
    assert await tables.read(chat.find_message, 2, row.id) is None
    assert await tables.read(chat.find_message, 1, row.id + 1) is None


async def test_messages_are_read_in_both_directions_without_those_erased(tables: Tables) -> None:
    rows = await _added(tables, [message(number) for number in range(6)])
    await tables.write(chat.erase_message, rows[2].id, 5_000)
    left = [row for row in rows if row is not rows[2]]
    assert await tables.read(chat.messages_before, 1, None, 3) == left[:-4:-1]
    assert await tables.read(chat.messages_before, 1, rows[3].id, 9) == [rows[1], rows[0]]
    assert await tables.read(chat.messages_after, 1, rows[1].id, 2) == [rows[3], rows[4]]
    assert await tables.read(chat.messages_after, 1, rows[5].id, 9) == []


async def test_outdated_are_old_messages_of_contests_that_have_ended(tables: Tables) -> None:
    given = [message(0, contest_id=contest_id, at_ms=at_ms) for contest_id in (1, 2, 3, 4) for at_ms in (1, 2, 3)]
    rows = await _added(tables, given)
    outdated = [(row.contest_id, row.id) for row in rows if row.contest_id in (3, 4) and row.at_ms < 3]
    ids = [message_id for _, message_id in outdated]
    assert sorted(await tables.read(chat.outdated_messages, 3, 100)) == outdated
    (one,) = await tables.read(chat.outdated_messages, 3, 1)
    assert one in outdated
    await tables.write(chat.delete_messages, ids)
    assert await tables.read(chat.outdated_messages, 3, 100) == []
    left = [row.id for number in (1, 2, 3, 4) for row in await tables.read(chat.messages_after, number, 0, 100)]
    assert left == [row.id for row in rows if row.id not in ids]


async def test_any_number_of_messages_is_deleted(tables: Tables) -> None:
    rows = await _added(tables, [message(number) for number in range(MORE_THAN_ONE_STATEMENT)])
    await tables.write(chat.delete_messages, [row.id for row in rows[1:]])
    assert await tables.read(chat.messages_after, 1, 0, 10) == rows[:1]


# ── mutes ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def mutes(tables: Tables) -> set[tuple[int, str, int | None]]:
    return {(row.contest_id, row.wallet, row.until_ms) for row in await tables.read(chat.all_mutes)}


async def test_a_mute_takes_the_place_of_the_one_before(tables: Tables) -> None:
    for mute in (MuteRow(1, "ann", None), MuteRow(1, "ann", 5), MuteRow(2, "ann", None)):
        await tables.write(chat.put_mute, mute, "root", 1)
    assert await mutes(tables) == {(1, "ann", 5), (2, "ann", None)}


async def test_lifting_a_mute_tells_whether_there_was_one(tables: Tables) -> None:
    await tables.write(chat.put_mute, MuteRow(1, "ann", None), "root", 1)
    assert not await tables.write(chat.delete_mute, 2, "ann")
    assert await tables.write(chat.delete_mute, 1, "ann")
    assert not await tables.write(chat.delete_mute, 1, "ann")
    assert await mutes(tables) == set()


async def test_mutes_that_are_over_are_deleted(tables: Tables) -> None:
    for wallet, until_ms in (("over", 4), ("just over", 5), ("later", 6), ("for ever", None)):
        await tables.write(chat.put_mute, MuteRow(1, wallet, until_ms), "root", 1)
    await tables.write(chat.delete_ended_mutes, 5)
    assert {wallet for _, wallet, _ in await mutes(tables)} == {"later", "for ever"}
