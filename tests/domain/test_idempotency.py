"""What happens to requests with a name when callers leave, wait too long, or come at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from duelcast.clock import ManualClock
from duelcast.domain.idempotency import Answer, Asked, IdempotencyBounds, IdempotentRequests, Once, digest_of
from duelcast.errors import Conflict, IdempotencyConflict, OutcomeUnknown
from duelcast.store.database import Database, Transaction
from duelcast.store.idempotency import RequestName
from tests.store.facts import put, stored, until
from tests.storing import opened, opened_in_runner

WAIT_S = 40.0
ASKED = Asked(RequestName("ann", "http", "k"), "POST /here", "digest")


class Effect:
    """A request that puts a fact, once it may."""

    def __init__(self, database: Database) -> None:
        self.may_go_on = asyncio.Event()
        self.begun = 0
        self._database = database

    async def __call__(self, once: Once) -> None:
        self.begun += 1
        await self.may_go_on.wait()

        async def work(transaction: Transaction) -> None:
            await put("effect")(transaction)
            await once.store(transaction, {"n": self.begun})

        await self._database.write(work)


@pytest_asyncio.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with opened(tmp_path / "test.db", ManualClock()) as made:
        yield made


def requests_of(database: Database) -> tuple[IdempotentRequests, ManualClock]:
    clock = ManualClock()
    return IdempotentRequests(database, clock, IdempotencyBounds(wait_s=WAIT_S)), clock


async def test_a_repeat_waits_so_long_and_then_does_not_know_the_outcome(database: Database) -> None:
    requests, clock = requests_of(database)
    effect = Effect(database)
    first = asyncio.create_task(requests.run(ASKED, effect))
    await until(lambda: effect.begun == 1)
    repeat = asyncio.create_task(requests.run(ASKED, effect))
    await clock.advance(WAIT_S - 1)
    assert not repeat.done()
    await clock.advance(1)
    with pytest.raises(OutcomeUnknown):
        await repeat
    effect.may_go_on.set()
    assert await first == Answer(b'{"n":1}', is_replay=False)
    assert await requests.run(ASKED, effect) == Answer(b'{"n":1}', is_replay=True)
    assert effect.begun == 1


async def test_a_request_takes_effect_although_its_caller_left(database: Database) -> None:
    requests, _ = requests_of(database)
    effect = Effect(database)
    first = asyncio.create_task(requests.run(ASKED, effect))
    await until(lambda: effect.begun == 1)
    first.cancel()
    repeat = asyncio.create_task(requests.run(ASKED, effect))
    effect.may_go_on.set()
    assert await repeat == Answer(b'{"n":1}', is_replay=True)
    await requests.close()
    assert await stored(database) == ["effect"]


async def test_of_those_who_wait_one_goes_on_if_the_first_is_refused(database: Database) -> None:
    requests, _ = requests_of(database)
    effect = Effect(database)
    effect.may_go_on.set()

    async def refused(_once: Once) -> None:
        await asyncio.sleep(0)
        raise Conflict("no")

    first = asyncio.create_task(requests.run(ASKED, refused))
    await asyncio.sleep(0)
    repeats = [asyncio.create_task(requests.run(ASKED, effect)) for _ in range(3)]
    with pytest.raises(Conflict):
        await first
    assert sorted(answer.is_replay for answer in await asyncio.gather(*repeats)) == [False, True, True]
    assert effect.begun == 1


async def test_whoever_comes_second_in_the_database_is_undone_and_gets_the_answer_of_the_first(
    database: Database,
) -> None:
    """As on two servers, which do not know what is under way on the other."""
    mine, _ = requests_of(database)
    theirs, _ = requests_of(database)
    effect = Effect(database)
    effect.may_go_on.set()

    async def act(once: Once) -> None:
        await theirs.run(ASKED, effect)

        async def work(transaction: Transaction) -> None:
            await put("undone")(transaction)
            await once.store(transaction, "mine")

        await database.write(work)

    assert await mine.run(ASKED, act) == Answer(b'{"n":1}', is_replay=True)
    assert await stored(database) == ["effect"]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xy")), max_size=12))
def test_each_name_takes_effect_once_and_for_one_content_only(calls: list[tuple[str, str]]) -> None:
    async def play(database: Database) -> None:
        requests, _ = requests_of(database)
        effects: dict[str, str] = {}
        for key, content in calls:
            asked = Asked(RequestName("ann", "http", key), "POST /here", content)

            async def act(once: Once, key: str = key, content: str = content) -> None:
                assert key not in effects
                effects[key] = content
                await database.write(lambda transaction: once.store(transaction, content))

            if effects.get(key, content) == content:
                assert (await requests.run(asked, act)).body == f'"{content}"'.encode()
            else:
                with pytest.raises(IdempotencyConflict):
                    await requests.run(asked, act)

    with TemporaryDirectory() as folder, opened_in_runner(Path(folder) / "test.db") as (runner, database):
        runner.run(play(database))


async def test_a_digest_depends_on_the_content_alone() -> None:
    assert await digest_of({"a": 1, "b": [1, 2]}) == await digest_of({"b": [1, 2], "a": 1})
    assert await digest_of([1, 2]) != await digest_of([2, 1])
    assert await digest_of([{"n": n} for n in range(3_000)]) != await digest_of([{"n": n} for n in range(2_999)])
