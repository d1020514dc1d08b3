"""Progress and achievements of many wallets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from duelcast.store import achievements as store
from duelcast.store.achievements import AchievementRow, ProgressRow
from duelcast.store.database import Database
from duelcast.store.events import NewEvent, add_events
from tests.store.contest_rows import do, new_contest, statements
from tests.storing import opened

MANY = [f"w{number:04}" for number in range(1_001)]


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """With the domain events 1 and 2."""
    async with opened(tmp_path / "achievements.db") as made:
        contest = await new_contest(made)
        event = NewEvent(kind="contest_completed", contest_id=contest.id, data={}, at_ms=0)
        await do(made, add_events, [event, event])
        yield made


async def test_progress_takes_the_place_of_what_was_there(database: Database) -> None:
    await do(database, store.put_progress, [ProgressRow("a", 1, 1, 1), ProgressRow("b", 1)])
    await do(database, store.put_progress, [ProgressRow("a", 2, 1, 0), ProgressRow("c", 5)])
    expected = {"a": ProgressRow("a", 2, 1, 0), "b": ProgressRow("b", 1), "c": ProgressRow("c", 5)}
    assert await do(database, store.all_progress) == expected
    assert await do(database, store.progress_of, ["c", "a", "nobody"]) == {"a": expected["a"], "c": expected["c"]}
    await do(database, store.delete_progress, ["a", "nobody"])
    assert set(await do(database, store.all_progress)) == {"b", "c"}


async def test_achievements_are_listed_in_the_order_of_unlocking(database: Database) -> None:
    first, second = AchievementRow("a", "z", 1, 10), AchievementRow("a", "b", 2, 20)
    other = AchievementRow("b", "z", 1, 10)
    await do(database, store.add_achievements, [second, other, first])
    assert await do(database, store.achievements_of, ["a", "nobody"]) == {"a": [first, second]}
    everything = {("a", "z"): first, ("a", "b"): second, ("b", "z"): other}
    assert await do(database, store.all_achievements) == everything
    await do(database, store.delete_achievements, [("a", "z"), ("a", "nothing")])
    assert set(await do(database, store.all_achievements)) == {("a", "b"), ("b", "z")}


async def test_the_store_itself_keeps_each_achievement_once(database: Database) -> None:
    await do(database, store.add_achievements, [AchievementRow("a", "z", 1, 10)])
    with pytest.raises(IntegrityError):
        await do(database, store.add_achievements, [AchievementRow("a", "z", 2, 20)])


async def test_many_wallets_are_read_and_written_in_small_statements(database: Database) -> None:
    progress = [ProgressRow(wallet, number) for number, wallet in enumerate(MANY)]
    achieved = [AchievementRow(wallet, "z", 1, number) for number, wallet in enumerate(MANY)]
    executed = await statements(database, store.put_progress, progress)
    executed += await statements(database, store.add_achievements, achieved)
    executed += await statements(database, store.achievements_of, MANY)
    executed += await statements(database, store.progress_of, MANY)
    assert max(len(parameters) for _, parameters in executed) <= 500
    assert await do(database, store.progress_of, MANY) == {row.wallet: row for row in progress}
    assert await do(database, store.achievements_of, MANY) == {row.wallet: [row] for row in achieved}
