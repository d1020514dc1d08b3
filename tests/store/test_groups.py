"""Group commit: what shares a transaction, and what fails alone."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

import duelcast.store.savepoints as module
from duelcast.errors import AppError, Conflict, Unavailable
from duelcast.store.database import Database, Transaction
from duelcast.store.savepoints import CutOff
from duelcast.store.write_queue import RETRY_MS
from tests.examples import examples
from tests.store.facts import figure, held, labelled, put, put_all, stored, waiting
from tests.storing import opened


@pytest_asyncio.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with opened(tmp_path / "test.db") as database:
        yield database


# ── groups ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_what_is_asked_for_while_a_commit_runs_is_committed_as_one(database: Database) -> None:
    async with held(database):
        tasks = await waiting(
            database,
            *(database.write(put(f"single{number}")) for number in range(50)),
            *(database.write_batched(put_all, f"many{number}") for number in range(50)),
        )
        before = figure(database, "commits_total"), figure(database, "writes_total")
    await asyncio.gather(*tasks)
    assert figure(database, "commits_total") - before[0] == 2, "the one that was under way, and one for all the others"
    assert figure(database, "writes_total") - before[1] == 101
    assert figure(database, "waiting_writes") == 0
    assert figure(database, "commit_seconds_count") == figure(database, "commits_total")
    assert len(await stored(database)) == 100


async def test_a_group_has_a_bound(database: Database) -> None:
    database.shared.max_group = 4
    async with held(database):
        tasks = await waiting(database, *(database.write(put(str(number))) for number in range(9)))
        before = figure(database, "commits_total")
    await asyncio.gather(*tasks)
    assert figure(database, "commits_total") - before == 1 + 3


async def test_others_get_their_turn_while_the_outcomes_of_a_group_are_told(database: Database) -> None:
    told: list[str] = []
    seen: list[int] = []
    async with held(database):
        tasks = await waiting(database, *(database.write(put(str(number)), told.append) for number in range(250)))
    while not all(task.done() for task in tasks):
        seen.append(len(told))
        await asyncio.sleep(0)
    assert told == [str(number) for number in range(250)]
    assert max(later - earlier for earlier, later in itertools.pairwise([*seen, len(told)])) <= 100


async def test_a_write_alone_does_not_wait_for_company(database: Database) -> None:
    assert await database.write(put("alone")) == "alone"
    assert figure(database, "commits_total") == 1


async def test_a_batch_is_called_once_for_a_group_also_where_it_is_a_method(database: Database) -> None:
    class Book:
        def __init__(self) -> None:
            self.calls: list[Sequence[str]] = []

        async def put(self, transaction: Transaction, names: Sequence[str]) -> Sequence[str]:
            self.calls.append(names)
            return await put_all(transaction, names)

    book, other = Book(), Book()
    async with held(database):
        tasks = await waiting(
            database,
            database.write_batched(book.put, "a"),
            database.write_batched(other.put, "b"),
            database.write_batched(book.put, "c"),
        )
    assert await asyncio.gather(*tasks) == ["a", "b", "c"]
    assert (book.calls, other.calls) == ([["a", "c"]], [["b"]])


async def test_a_group_takes_so_much_of_each_producer_and_nobody_waits_behind_it(database: Database) -> None:
    heavy = database.producer("heavy", max_waiting=100, max_group=10)
    groups: list[Sequence[str]] = []
    committed: list[str] = []

    async def batch(transaction: Transaction, names: Sequence[str]) -> Sequence[str]:
        groups.append(names)
        return await put_all(transaction, names)

    async with held(database):
        weights = {"a": 4, "b": 6, "c": 1, "d": 25, "e": 10}
        heavies = (
            database.write_batched(batch, name, committed.append, producer=heavy, weight=weight)
            for name, weight in weights.items()
        )
        tasks = await waiting(database, *heavies, database.write(put("light"), committed.append))
    await asyncio.gather(*tasks)
    assert groups == [["a", "b"], ["c"], ["d"], ["e"]], "one alone passes whatever it weighs"
    assert committed == ["light", "a", "b", "c", "d", "e"]


async def test_a_producer_whose_line_is_full_is_refused_alone_and_counted(database: Database) -> None:
    heavy = database.producer("heavy", max_waiting=10, max_group=10)

    def batched(name: str, weight: int) -> Awaitable[str]:
        return database.write_batched(put_all, name, producer=heavy, weight=weight)

    async with held(database):
        tasks = await waiting(database, batched("a", 4), batched("b", 6), database.write(put("light")))
        with pytest.raises(Unavailable) as refused:
            await batched("beyond", 1)
        with pytest.raises(Unavailable), heavy.reserved(1):
            pass
        assert refused.value.retry_after_ms == RETRY_MS
        assert (labelled(database, "waiting_weight", "heavy"), labelled(database, "full_total", "heavy")) == (10, 2)
    await asyncio.gather(*tasks)
    assert labelled(database, "waiting_weight", "heavy") == 0
    await batched("heavier than all", 11)
    assert await stored(database) == ["a", "b", "heavier than all", "light"]
    assert database.failure is None, "a crowd is no failure of the database"


async def test_room_that_is_reserved_is_taken_and_given_back(database: Database) -> None:
    producer = database.producer("heavy", max_waiting=10, max_group=10)
    with producer.reserved(6):
        with pytest.raises(Unavailable):
            await database.write_batched(put_all, "a", producer=producer, weight=5)
        await database.write_batched(put_all, "b", producer=producer, weight=4)
    await database.write_batched(put_all, "c", producer=producer, weight=10)
    assert await stored(database) == ["b", "c"]


# ── what follows a commit ───────────────────────────────────────────────────────────────────────────────────────────


class Steps:
    """What follows a commit, step by step."""

    def __init__(self, count: int) -> None:
        self._count = count
        self.done = 0

    def follow(self, _result: object) -> Iterator[None]:
        for _ in range(self._count):
            self.done += 1
            yield


async def test_what_follows_a_commit_may_be_done_in_steps_and_others_get_their_turn_in_between(
    database: Database,
) -> None:
    steps = Steps(250)
    writing = asyncio.create_task(database.write(put("a"), steps.follow))
    seen: list[int] = []
    while not writing.done():
        seen.append(steps.done)
        await asyncio.sleep(0)
    assert steps.done == 250, "the write is acknowledged behind the last one"
    assert max(later - earlier for earlier, later in itertools.pairwise([*seen, steps.done])) <= 100


async def test_the_next_group_finds_all_that_follows_the_last_one_done(database: Database) -> None:
    database.shared.max_group = 1
    steps = Steps(250)

    async def look(_transaction: Transaction) -> int:
        return steps.done

    async with held(database):
        tasks = await waiting(database, database.write(put("a"), steps.follow), database.write(look))
    assert await asyncio.gather(*tasks) == ["a", 250]


async def test_a_refused_write_is_told_so_though_nobody_waits_for_it(database: Database) -> None:
    told: list[object] = []

    async def refuse(_transaction: Transaction) -> None:
        raise Conflict("No.")

    async with held(database):
        (gone, alone) = await waiting(
            database,
            database.write(refuse, told.append, lambda error: told.append(type(error))),
            database.write(put("a"), told.append, told.append),
        )
        gone.cancel()
    await alone
    assert told == [Conflict, "a"]


# ── failures of one write ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_a_work_that_fails_undoes_its_own_statements_only(database: Database, place: int) -> None:
    async def half(transaction: Transaction) -> str:
        await put("half")(transaction)
        raise Conflict("The second half is missing.")

    works = [put("a"), put("b")]
    works.insert(place, half)
    async with held(database):
        tasks = await waiting(database, *map(database.write, works))
        before = figure(database, "commits_total"), figure(database, "writes_total")
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(outcomes.pop(place), Conflict)
    assert outcomes == ["a", "b"]
    assert await stored(database) == ["a", "b"]
    assert figure(database, "commits_total") - before[0] == 2, "they shared a transaction"
    assert figure(database, "writes_total") - before[1] == 3, "the failed one does not count"


async def test_a_statement_that_is_refused_is_no_fault_of_the_database(database: Database) -> None:
    await database.write(put("a"))
    with pytest.raises(IntegrityError):
        await database.write(put("a"))
    assert database.failure is None
    assert figure(database, "available") == 1
    assert await database.write(put("b")) == "b"


async def test_a_work_that_catches_a_refused_statement_goes_on(database: Database) -> None:
    async def work(transaction: Transaction) -> None:
        await put("a")(transaction)
        with pytest.raises(IntegrityError):
            await put("a")(transaction)
        await put("b")(transaction)

    await database.write(work)
    assert await stored(database) == ["a", "b"]


async def test_a_work_that_never_ends_is_cut_off_and_undone(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WORK_LIMIT_S", 0.05)

    async def endless(transaction: Transaction) -> None:
        await put("endless")(transaction)
        await asyncio.Event().wait()

    endless_write = asyncio.create_task(database.write(endless))
    assert await database.write(put("next")) == "next"
    with pytest.raises(CutOff):
        await endless_write
    assert await stored(database) == ["next"]


async def test_a_statement_that_takes_too_long_is_to_blame_and_not_the_database(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def slow(transaction: Transaction) -> None:
        numbers = "with recursive n(x) as (select 1 union all select x + 1 from n where x < 3000000)"
        await transaction.execute(text(f"{numbers} select max(x) from n"))

    async with held(database):
        (slow_write, other) = await waiting(database, database.write(slow), database.write(put("other")))
        monkeypatch.setattr(module, "WORK_LIMIT_S", 0.05)
    with pytest.raises(CutOff):
        await slow_write
    with pytest.raises(Unavailable):
        await other
    assert database.failure is None
    assert await database.write(put("next")) == "next"
    assert await stored(database) == ["next"]


async def test_a_work_that_waits_for_something_cancelled_fails_alone(database: Database) -> None:
    async def work(transaction: Transaction) -> None:
        await put("lost")(transaction)
        gone = asyncio.get_running_loop().create_future()
        gone.cancel()
        await gone

    with pytest.raises(RuntimeError, match="cancelled"):
        await database.write(work)
    assert await database.write(put("next")) == "next"
    assert await stored(database) == ["next"]


async def test_a_write_inside_a_write_is_refused_instead_of_waiting_for_ever(database: Database) -> None:
    async def work(transaction: Transaction) -> None:
        await put("outer")(transaction)
        await database.write(put("inner"))

    with pytest.raises(RuntimeError, match="inside a write"):
        await asyncio.wait_for(database.write(work), 60)
    assert await stored(database) == []


# ── batches ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@settings(max_examples=examples(10))
@given(st.integers(1, 40).flatmap(lambda count: st.tuples(st.just(count), st.sets(st.integers(0, count - 1)))))
async def test_of_a_batch_only_those_at_fault_fail(
    tmp_path_factory: pytest.TempPathFactory, case: tuple[int, set[int]]
) -> None:
    count, at_fault = case
    names = [f"{number:02}" for number in range(count)]
    committed: list[str] = []
    async with opened(tmp_path_factory.mktemp("batch") / "test.db") as database:
        for number in at_fault:
            await database.write(put(names[number]))  # a second one of that name breaks the whole statement
        async with held(database):
            tasks = await waiting(
                database,
                *(database.write_batched(put_all, name, committed.append) for name in names),
            )
            before = figure(database, "commits_total")
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert {number for number, outcome in enumerate(outcomes) if isinstance(outcome, IntegrityError)} == at_fault
        assert committed == [name for number, name in enumerate(names) if number not in at_fault]
        assert await stored(database) == names
        assert figure(database, "commits_total") - before == 2


async def test_an_outcome_of_a_batch_may_be_an_error_of_one(database: Database) -> None:
    async def even_only(transaction: Transaction, numbers: Sequence[int]) -> Sequence[str | AppError]:
        await put_all(transaction, [str(number) for number in numbers if number % 2 == 0])
        return [str(number) if number % 2 == 0 else Conflict("It is odd.") for number in numbers]

    committed: list[str] = []
    async with held(database):
        tasks = await waiting(
            database, *(database.write_batched(even_only, number, committed.append) for number in range(4))
        )
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [outcome for outcome in outcomes if isinstance(outcome, str)] == committed == ["0", "2"]
    assert [type(outcomes[number]) for number in (1, 3)] == [Conflict, Conflict]
    assert await stored(database) == ["0", "2"]


async def test_a_batch_that_loses_an_outcome_fails_and_is_undone(database: Database) -> None:
    async def forgetful(transaction: Transaction, names: Sequence[str]) -> Sequence[str]:
        return (await put_all(transaction, names))[1:]

    with pytest.raises(RuntimeError, match="outcomes"):
        await database.write_batched(forgetful, "a")
    assert await stored(database) == []
