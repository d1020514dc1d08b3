"""Contests in the store, function by function."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from sqlalchemy.exc import IntegrityError

from duelcast.store import contests as repository
from duelcast.store.contests import ACTIVE, COMPLETED, EntryRow, FinalResult, HoldingRow
from duelcast.store.database import Database
from tests.examples import examples
from tests.store.contest_rows import CODES, CONTEST, NOBODY, do, enter, new_contest, statements
from tests.storing import opened

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def database(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Database]:
    """One for all tests: each has contests and wallets of its own."""
    async with opened(tmp_path_factory.mktemp("contests") / "test.db") as database:
        yield database


# ── contests ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_contest_comes_back_as_it_was_inserted(database: Database) -> None:
    code = next(CODES)
    contest = await new_contest(database, contest_code=code)
    assert structs.asdict(contest) == {**CONTEST, "id": contest.id, "contest_code": code}
    assert await do(database, repository.find_contest, contest.id) == contest


async def test_ids_grow_and_all_contests_come_in_their_order(database: Database) -> None:
    made = [await new_contest(database, start_ms=-number) for number in range(3)]
    ids = [contest.id for contest in await do(database, repository.all_contests)]
    assert ids == sorted(ids)
    assert ids[-3:] == [contest.id for contest in made]


async def test_a_code_is_given_once(database: Database) -> None:
    contest = await new_contest(database)
    assert await do(database, repository.code_exists, contest.contest_code)
    assert not await do(database, repository.code_exists, next(CODES))
    with pytest.raises(IntegrityError):
        await new_contest(database, contest_code=contest.contest_code)


async def test_an_update_changes_what_it_names_and_returns_all(database: Database) -> None:
    contest, other = await new_contest(database), await new_contest(database)
    changes: dict[str, Any] = {"status": ACTIVE, "started_ms": 5, "allowed_symbols": [], "payout": [[1, 100]]}
    expected = structs.replace(contest, **changes)
    updated = await database.write(lambda transaction: repository.update_contest(transaction, contest.id, **changes))
    assert updated == expected
    assert await do(database, repository.find_contest, contest.id) == expected
    assert await do(database, repository.find_contest, other.id) == other


async def test_a_status_that_no_contest_has_is_refused(database: Database) -> None:
    with pytest.raises(IntegrityError):
        await new_contest(database, status="paused")


async def test_an_unknown_contest_has_nothing(database: Database) -> None:
    assert await do(database, repository.find_contest, NOBODY) is None
    assert await do(database, repository.find_entry, NOBODY, "w") is None
    assert await do(database, repository.count_participants, NOBODY) == 0
    assert await do(database, repository.entries_of, NOBODY) == []
    assert await do(database, repository.final_page, NOBODY, 0, 10) == []
    assert await do(database, repository.holdings_of, NOBODY) == []
    assert await do(database, repository.holdings_of_contest, NOBODY) == {}
    assert await do(database, repository.held_symbols, NOBODY) == []
    assert await do(database, repository.trades_of, NOBODY, "w", 0, 10) == []
    assert await do(database, repository.prices_of, NOBODY, "start") == []


# ── entries ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_entry_comes_with_its_portfolio_and_nothing_final(database: Database) -> None:
    contest = await new_contest(database)
    entry = await do(database, repository.insert_entry, contest.id, "alice", "Al", 7, {"SOL": 60, "BTC": 40})
    assert entry == EntryRow(entry.id, contest.id, "alice", "Al", 7, False, None, None, None, None)
    assert await do(database, repository.find_entry, contest.id, "alice") == entry
    assert await do(database, repository.find_entry, contest.id, "ALICE") is None
    assert await do(database, repository.holdings_of, entry.id) == [
        HoldingRow("BTC", 40, None),
        HoldingRow("SOL", 60, None),
    ]


async def test_a_wallet_enters_a_contest_once_and_others_too(database: Database) -> None:
    contest, other = await new_contest(database), await new_contest(database)
    await enter(database, contest, "once")
    with pytest.raises(IntegrityError):
        await enter(database, contest, "once")
    assert await do(database, repository.count_participants, contest.id) == 1
    await enter(database, other, "once")


async def test_nobody_enters_a_contest_that_is_not_there(database: Database) -> None:
    with pytest.raises(IntegrityError):
        await do(database, repository.insert_entry, NOBODY, "w", None, 0, {"SOL": 100})


async def test_a_deleted_entry_goes_with_its_portfolio_and_its_id_is_not_given_again(database: Database) -> None:
    contest = await new_contest(database)
    entry, other = await enter(database, contest, "goes"), await enter(database, contest, "stays")
    await do(database, repository.delete_entry, other.id)
    await do(database, repository.delete_entry, entry.id)
    assert await do(database, repository.entries_of, contest.id) == []
    assert await do(database, repository.holdings_of_contest, contest.id) == {}
    assert (await enter(database, contest, "goes")).id > other.id


async def test_the_disqualified_are_entries_but_no_participants(database: Database) -> None:
    contest, empty = await new_contest(database), await new_contest(database)
    entries = [await enter(database, contest, f"d{number}") for number in range(3)]
    await do(database, repository.set_disqualified, entries[1].id, disqualified=True)
    assert await do(database, repository.count_participants, contest.id) == 2
    counts = await do(database, repository.participant_counts)
    assert counts[contest.id] == 2
    assert empty.id not in counts
    assert [entry.disqualified for entry in await do(database, repository.entries_of, contest.id)] == [
        False,
        True,
        False,
    ]
    await do(database, repository.set_disqualified, entries[1].id, disqualified=False)
    assert await do(database, repository.count_participants, contest.id) == 3


async def test_participants_are_counted_from_an_index_alone(database: Database) -> None:
    """Each entry counts them, and a row of an entry is twenty times as long."""
    ((statement, parameters),) = await statements(database, repository.count_participants, NOBODY)
    async with database.read() as transaction:
        plan = (await transaction.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)).scalars("detail")
        assert ["COVERING INDEX" in step for step in plan] == [True]


async def test_the_disqualified_have_entered_too(database: Database) -> None:
    contest = await new_contest(database)
    assert not await do(database, repository.has_entries, contest.id)
    entry = await enter(database, contest, "alone")
    await do(database, repository.set_disqualified, entry.id, disqualified=True)
    assert await do(database, repository.has_entries, contest.id)


async def test_entries_come_in_pages_by_wallet_with_the_disqualified_or_without_them(database: Database) -> None:
    contest, other = await new_contest(database), await new_contest(database)
    await enter(database, other, "another")
    for wallet in ("cat", "ann", "bob", "Zoe"):
        entry = await enter(database, contest, wallet)
        await do(database, repository.set_disqualified, entry.id, disqualified=wallet in ("ann", "cat"))

    async def wallets(disqualified: bool | None, after: str = "", limit: int = 9) -> list[str]:
        found = await do(database, repository.entries_after, contest.id, disqualified, after, limit)
        return [entry.wallet for entry in found]

    assert await wallets(None) == ["Zoe", "ann", "bob", "cat"]
    assert await wallets(False) == ["Zoe", "bob"]
    assert await wallets(True) == ["ann", "cat"]
    assert await wallets(None, "ann", 1) == ["bob"]
    assert await wallets(True, "ann", 1) == ["cat"]
    assert await wallets(None, "cat") == []


@pytest.mark.parametrize("disqualified", [None, False, True])
async def test_an_index_finds_the_entries_of_a_contest(database: Database, disqualified: bool | None) -> None:
    ((statement, parameters),) = await statements(database, repository.entries_after, NOBODY, disqualified, "", 10)
    async with database.read() as transaction:
        plan = (await transaction.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)).scalars("detail")
        assert next(iter(plan)).startswith("SEARCH contest_entries USING INDEX")


async def test_entries_come_by_their_time_then_by_id(database: Database) -> None:
    contest = await new_contest(database)
    for wallet, entered_ms in (("late", 3), ("first", 1), ("second", 2), ("third", 2)):
        await enter(database, contest, wallet, entered_ms=entered_ms)
    wallets = [entry.wallet for entry in await do(database, repository.entries_of, contest.id)]
    assert wallets == ["first", "second", "third", "late"]


async def test_participants_come_in_pages_by_id_without_the_disqualified(database: Database) -> None:
    contest, other = await new_contest(database), await new_contest(database)
    made = [await enter(database, one, f"w{n}", entered_ms=-n) for n in range(5) for one in (contest, other)][::2]
    await do(database, repository.set_disqualified, made[1].id, disqualified=True)
    page = await do(database, repository.participants_after, contest.id, 0, 3)
    assert page == [made[0], made[2], made[3]]
    assert await do(database, repository.participants_after, contest.id, page[-1].id, 3) == [made[4]]
    assert await do(database, repository.participants_after, contest.id, made[4].id, 3) == []


async def test_the_entries_of_a_wallet_come_newest_first(database: Database) -> None:
    made = [await enter(database, await new_contest(database), "everywhere", entered_ms=-n) for n in range(4)]
    await enter(database, await new_contest(database), "elsewhere")
    newest_first = made[::-1]
    page = await do(database, repository.entries_of_wallet, "everywhere", limit=3)
    assert page == newest_first[:3]
    rest = await do(database, repository.entries_of_wallet, "everywhere", limit=3, before_id=page[-1].id)
    assert rest == newest_first[3:]


# ── the final ranking ───────────────────────────────────────────────────────────────────────────────────────────────


async def test_results_are_stored_for_the_entries_they_name(database: Database) -> None:
    contest = await new_contest(database)
    winner, loser, out = [await enter(database, contest, wallet) for wallet in ("r1", "r2", "r3")]
    await do(
        database,
        repository.store_results,
        [FinalResult(winner.id, 0.1 + 0.2, 1, 1, "62.5"), FinalResult(loser.id, 9_000.0, 2, -1, None)],
    )
    assert await do(database, repository.entries_of, contest.id) == [
        structs.replace(winner, final_value=0.1 + 0.2, final_rank=1, final_rank_change=1, prize="62.5"),
        structs.replace(loser, final_value=9_000.0, final_rank=2, final_rank_change=-1),
        out,
    ]


async def test_results_beyond_one_statement_are_stored_too(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("duelcast.store.statements.ROWS_PER_STATEMENT", 2)
    contest = await new_contest(database)
    made = [await enter(database, contest, f"s{number}") for number in range(5)]
    results = [FinalResult(entry.id, 1.0, rank, 0, None) for rank, entry in enumerate(made, start=1)]
    await do(database, repository.store_results, results)
    page = await do(database, repository.final_page, contest.id, 0, 10)
    assert [(entry.id, entry.final_rank) for entry in page] == [(result.entry_id, result.rank) for result in results]


async def test_no_results_change_nothing(database: Database) -> None:
    contest = await new_contest(database)
    entry = await enter(database, contest, "nothing")
    await do(database, repository.store_results, [])
    assert await do(database, repository.entries_of, contest.id) == [entry]


RANKED = st.lists(st.tuples(st.one_of(st.none(), st.integers(1, 4)), st.integers(0, 3)), min_size=1, max_size=12)
"""A final rank, or none for the disqualified, and the time of entry; few of each, so that there are ties."""


@settings(max_examples=examples(40))
@given(RANKED, st.integers(0, 13), st.integers(0, 13))
async def test_the_final_ranking_is_sorted_by_rank_then_entry_then_id(
    database: Database, ranked: list[tuple[int | None, int]], offset: int, limit: int
) -> None:
    contest, other = await new_contest(database), await new_contest(database, status=COMPLETED)
    made = await asyncio.gather(*(enter(database, contest, f"f{n}", entered_ms=at) for n, (_, at) in enumerate(ranked)))
    stranger = await enter(database, other, "f0")
    results = [FinalResult(entry.id, 1.0, rank, 0, None) for entry, (rank, _) in zip(made, ranked, strict=True) if rank]
    await do(database, repository.store_results, [*results, FinalResult(stranger.id, 1.0, 1, 0, None)])
    ranks = {result.entry_id: result.rank for result in results}
    expected = sorted(
        (entry for entry in made if entry.id in ranks), key=lambda entry: (ranks[entry.id], entry.entered_ms, entry.id)
    )
    page = await do(database, repository.final_page, contest.id, offset, limit)
    assert [entry.id for entry in page] == [entry.id for entry in expected[offset : offset + limit]]
    whole = await do(database, repository.final_page, contest.id, 0, len(ranked))
    positions = await asyncio.gather(*(do(database, repository.final_position, entry) for entry in whole))
    assert positions == list(range(len(expected)))
