"""What the tables of accounts keep, and what the contests say about a wallet."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from sqlalchemy import delete, insert
from sqlalchemy.exc import IntegrityError

from duelcast.store import accounts as store
from duelcast.store.accounts import ContestRecord, DatedUser, SessionRow, UserFilter, UserRow
from duelcast.store.database import Database, Transaction
from duelcast.store.tables import contest_entries, contests
from tests.examples import examples
from tests.store.contest_rows import statements
from tests.storing import opened, opened_in_runner

NOW_MS = 1_800_000_000_000


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with opened(tmp_path / "accounts.db") as made:
        yield made


async def save(database: Database, user: UserRow, *, is_new: bool = True) -> None:
    await database.write(lambda transaction: store.save_user(transaction, user, is_new=is_new, now_ms=NOW_MS))


# ── users ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_user_is_found_as_it_was_saved_last(database: Database) -> None:
    await save(database, UserRow("w1"))
    ann = UserRow("w1", 2, "Ann", "ann", banned=True)
    await save(database, ann, is_new=False)
    async with database.read() as transaction:
        assert await store.find_user(transaction, "w1") == ann
        assert await store.find_user(transaction, "W1") is None


async def test_the_store_itself_keeps_nicknames_apart(database: Database) -> None:
    await save(database, UserRow("w1", nickname="Ann", nickname_key="ann"))
    with pytest.raises(IntegrityError):
        await save(database, UserRow("w2", nickname="ANN", nickname_key="ann"))
    async with database.read() as transaction:
        assert await store.other_owner(transaction, "w2", "ann", []) == "w1"
        assert await store.other_owner(transaction, "w1", "ann", []) is None
        assert await store.other_owner(transaction, "w2", "bob", []) is None


async def test_nicknames_may_have_a_shape_in_common_and_it_is_found(database: Database) -> None:
    for wallet in ("w1", "w2"):
        await save(database, UserRow(wallet, nickname=wallet, nickname_key=wallet))
        await database.write(partial(store.replace_shapes, shapes={wallet: ["same", wallet]}))
    async with database.read() as transaction:
        assert await store.other_owner(transaction, "w1", "w1", ["same"]) == "w2"
        assert await store.other_owner(transaction, "w2", "x", ["w1", "x"]) == "w1"
    await database.write(partial(store.replace_shapes, shapes={"w2": []}))
    async with database.read() as transaction:
        assert await store.other_owner(transaction, "w1", "w1", ["same"]) is None


async def test_users_of_whom_nothing_is_stored_are_not_remarkable(database: Database) -> None:
    plain, named = UserRow("plain"), UserRow("named", nickname="Ann", nickname_key="ann")
    ranked, banned = UserRow("ranked", role=1), UserRow("banned", banned=True)
    for user in (plain, named, ranked, banned):
        await save(database, user)
    async with database.read() as transaction:
        found = await store.remarkable_users(transaction)
    assert sorted(user.wallet for user in found) == ["banned", "named", "ranked"]


WALLETS = st.text("aAbZ_-9", min_size=1, max_size=4)
KEYS = st.text("ab é", min_size=1, max_size=3)
STORED = st.builds(
    UserRow,
    wallet=WALLETS,
    role=st.sampled_from([None, 1, 2]),
    nickname=st.none(),
    nickname_key=st.none() | KEYS,
    banned=st.booleans(),
)
FILTERS = st.builds(
    UserFilter,
    wallet_prefix=st.none() | WALLETS,
    nickname_key_prefix=st.none() | KEYS,
    role=st.sampled_from([None, 1, 2]),
    banned=st.none() | st.booleans(),
)


def matches(user: UserRow, wanted: UserFilter) -> bool:
    return (
        user.wallet.startswith(wanted.wallet_prefix or "")
        and (
            wanted.nickname_key_prefix is None
            or (user.nickname_key is not None and user.nickname_key.startswith(wanted.nickname_key_prefix))
        )
        and wanted.role in (None, user.role)
        and wanted.banned in (None, user.banned)
    )


@settings(max_examples=examples(60))
@given(
    people=st.lists(STORED, max_size=8, unique_by=(lambda one: one.wallet, lambda one: one.nickname_key or one.wallet)),
    wanted=FILTERS,
    after=st.just("") | WALLETS,
    limit=st.integers(1, 4),
)
def test_the_users_found_are_those_that_match_in_their_order(
    tmp_path_factory: pytest.TempPathFactory, people: list[UserRow], wanted: UserFilter, after: str, limit: int
) -> None:
    with opened_in_runner(tmp_path_factory.mktemp("users") / "users.db") as (runner, database):
        for user in people:
            runner.run(save(database, user))

        async def found() -> Sequence[DatedUser]:
            async with database.read() as transaction:
                return await store.users_after(transaction, wanted, after, limit)

        expected = sorted((one for one in people if matches(one, wanted) and one.wallet > after), key=wallet_of)
        assert runner.run(found()) == [
            DatedUser(**structs.asdict(user), created_ms=NOW_MS) for user in expected[:limit]
        ]


def wallet_of(user: UserRow) -> str:
    return user.wallet


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (UserFilter(), "sqlite_autoindex_users_1 (wallet>?)"),
        (UserFilter(wallet_prefix="w"), "sqlite_autoindex_users_1 (wallet>? AND wallet<?)"),
        (UserFilter(nickname_key_prefix="n"), "sqlite_autoindex_users_2 (nickname_key>? AND nickname_key<?)"),
        (UserFilter(role=2), "ix_users_role_wallet (role=? AND wallet>?)"),
        (UserFilter(banned=True), "ix_users_banned_wallet (banned=? AND wallet>?)"),
    ],
)
async def test_an_index_finds_users(database: Database, wanted: UserFilter, index: str) -> None:
    ((statement, parameters),) = await statements(database, store.users_after, wanted, "", 10)
    async with database.read() as transaction:
        plan = (await transaction.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)).scalars("detail")
        assert next(iter(plan)) == f"SEARCH users USING INDEX {index}"


async def test_others_of_a_role_are_counted_without_the_banned(database: Database) -> None:
    for wallet, role, banned in (("w1", 3, False), ("w2", 3, False), ("w3", 3, True), ("w4", 2, False)):
        await save(database, UserRow(wallet, role, banned=banned))
    async with database.read() as transaction:
        assert await store.count_others(transaction, 3, "w1") == 1
        assert await store.count_others(transaction, 3, "w4") == 2


# ── sign-ins ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_challenge_is_used_once(database: Database) -> None:
    await database.write(lambda transaction: store.add_used(transaction, "n1", NOW_MS))
    with pytest.raises(IntegrityError):
        await database.write(lambda transaction: store.add_used(transaction, "n1", NOW_MS))
    async with database.read() as transaction:
        assert [await store.is_used(transaction, nonce) for nonce in ("n1", "n2")] == [True, False]


async def test_sessions_that_ended_are_listed_until_their_time_is_over(database: Database) -> None:
    open_, ended = SessionRow("s1", "w1", NOW_MS, NOW_MS + 10), SessionRow("s2", "w1", NOW_MS, NOW_MS + 10)

    async def work(transaction: Transaction) -> None:
        await store.add_session(transaction, open_)
        await store.add_session(transaction, ended)
        await store.mark_logged_out(transaction, "s2", NOW_MS + 1)

    await database.write(work)
    async with database.read() as transaction:
        assert await store.find_session(transaction, "s1") == open_
        found = await store.logged_out_sessions(transaction, NOW_MS + 9)
        assert [(session.id, session.logged_out_ms) for session in found] == [("s2", NOW_MS + 1)]
        assert await store.logged_out_sessions(transaction, NOW_MS + 10) == []


async def test_what_is_over_is_deleted_and_nothing_else(database: Database) -> None:
    async def work(transaction: Transaction) -> None:
        for name, ends_ms in (("over", NOW_MS), ("open", NOW_MS + 1)):
            await store.add_used(transaction, name, ends_ms)
            await store.add_session(transaction, SessionRow(name, "w1", NOW_MS - 1, ends_ms))
        await store.delete_expired(transaction, NOW_MS)

    await database.write(work)
    async with database.read() as transaction:
        assert [await store.is_used(transaction, name) for name in ("over", "open")] == [False, True]
        assert await store.find_session(transaction, "over") is None
        assert await store.find_session(transaction, "open") is not None


# ── contests ────────────────────────────────────────────────────────────────────────────────────────────────────────


class Entry(NamedTuple):
    wallet: str
    disqualified: bool
    final_rank: int | None


class Contest(NamedTuple):
    status: str
    entries: list[Entry]


ranks = st.none() | st.integers(1, 3)
entries = st.lists(
    st.builds(Entry, st.sampled_from(["w1", "w2", "w3"]), st.booleans(), ranks),
    max_size=3,
    unique_by=lambda e: e.wallet,
)
histories = st.lists(
    st.builds(Contest, st.sampled_from(["pending", "active", "completed", "completed", "cancelled"]), entries),
    max_size=4,
)


def expected_record(history: list[Contest], wallet: str) -> ContestRecord:
    """By hand, contest after contest."""
    taken_part = wins = 0
    for contest in history:
        in_the_end = [entry for entry in contest.entries if not entry.disqualified]
        if contest.status == "completed":
            for entry in in_the_end:
                if entry.wallet == wallet:
                    taken_part += 1
                    wins += entry.final_rank == 1 and len(in_the_end) >= 2
    return ContestRecord(taken_part, wins)


async def add_contests(transaction: Transaction, history: list[Contest]) -> None:
    """In place of those that there are."""
    await transaction.execute(delete(contest_entries))
    await transaction.execute(delete(contests))
    for number, contest in enumerate(history):
        values = {
            "contest_code": f"C{number}",
            "name": "A contest",
            "start_ms": NOW_MS,
            "end_ms": NOW_MS + 1,
            "status": contest.status,
            "entry_fee": "0",
            "prize_pool": "0",
            "currency": "SOL",
            "payout": [],
            "min_participants": 1,
            "starting_balance": 1000.0,
            "allowed_symbols": [],
            "created_by": "admin",
            "created_ms": NOW_MS,
            "updated_ms": NOW_MS,
        }
        query = insert(contests).values(**values).returning(contests.c.id)
        contest_id = await transaction.scalar(query)
        for entry in contest.entries:
            await transaction.execute(
                insert(contest_entries).values(contest_id=contest_id, entered_ms=NOW_MS, **entry._asdict())
            )


async def check_records(database: Database, history: list[Contest]) -> None:
    await database.write(lambda transaction: add_contests(transaction, history))
    async with database.read() as transaction:
        for wallet in ("w1", "w2", "w3"):
            assert await store.contest_record(transaction, wallet) == expected_record(history, wallet)
            entered = any(entry.wallet == wallet for contest in history for entry in contest.entries)
            assert await store.is_known(transaction, wallet) is entered


def test_the_record_of_a_wallet_counts_completed_contests_and_first_places_among_two(tmp_path: Path) -> None:
    with opened_in_runner(tmp_path / "accounts.db") as (runner, database):

        @settings(max_examples=examples(100))
        @given(histories)
        def holds(history: list[Contest]) -> None:
            runner.run(check_records(database, history))

        holds()


async def test_a_user_is_known_without_a_contest(database: Database) -> None:
    await save(database, UserRow("w1"))
    async with database.read() as transaction:
        assert await store.is_known(transaction, "w1")
        assert not await store.is_known(transaction, "w2")
