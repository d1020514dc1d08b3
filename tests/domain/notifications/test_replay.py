"""The whole history gives what the notifier made of it, event by event; and what differs is found and put right."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Table, delete

from duelcast.clock import ManualClock
from duelcast.domain.notifications import notifier as notifier_module
from duelcast.domain.notifications import replay as module
from duelcast.domain.notifications.replay import Differences, apply, find_differences
from duelcast.store import achievements as store
from duelcast.store.achievements import AchievementRow, ProgressRow
from duelcast.store.database import Database, Transaction
from duelcast.store.tables import (
    achievements,
    contest_entries,
    contest_progress,
    contests,
    domain_events,
    facts,
    holdings,
)
from tests.domain.notifications.past import Broken, Office, Ranks
from tests.examples import examples
from tests.store.contest_rows import do
from tests.storing import opened, opened_in_runner

WALLETS = ["ann", "bob", "cat", "dan", "eve"]
AS_IT_SHOULD_BE = Differences([], [], [], [])

ranks = st.dictionaries(st.sampled_from(WALLETS), st.sampled_from([1, 1, 2, 3, None]), max_size=5)
"""Of a contest; first places are shared as often as not."""
histories = st.lists(ranks, max_size=6)


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    clock = ManualClock()
    async with opened(tmp_path / "duelcast.db", clock) as database:
        yield Office(database, clock)


def ignore(_: float) -> None:
    """How far it is."""


async def differences(office: Office) -> Differences:
    return await find_differences(office.database.read, ignore)


# ── the same set ────────────────────────────────────────────────────────────────────────────────────────────────────


ALL = (achievements, contest_progress, domain_events, holdings, contest_entries, contests, facts)
"""What a history leaves, notifications excepted."""


async def forget(database: Database, *tables: Table) -> None:
    async def work(transaction: Transaction) -> None:
        for table in tables:
            await transaction.execute(delete(table))

    await database.write(work)


async def check(database: Database, clock: ManualClock, history: Sequence[Ranks], breaks_at: int) -> None:
    await forget(database, *ALL)
    office = Office(database, clock)
    await office.completed_all(history)
    office.inboxes.breaks_at = {breaks_at}
    for _ in range(2):
        try:
            await office.notifier.catch_up()
        except Broken:
            assert await differences(office) == AS_IT_SHOULD_BE, "in the middle of it"
    assert await differences(office) == AS_IT_SHOULD_BE
    due = await do(database, store.all_achievements), await do(database, store.all_progress)
    await forget(database, achievements, contest_progress)
    await apply(database, await differences(office))
    assert (await do(database, store.all_achievements), await do(database, store.all_progress)) == due


def test_a_replay_gives_what_the_notifier_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifier_module, "PORTION", 2)
    monkeypatch.setattr(module, "PAGE", 3)
    clock = ManualClock()
    with opened_in_runner(tmp_path / "duelcast.db", clock) as (runner, database):

        @settings(max_examples=examples(20))
        @given(histories, st.integers(1, 20))
        def every(history: list[Ranks], breaks_at: int) -> None:
            runner.run(check(database, clock, history, breaks_at))

        every()


# ── differences ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_what_nobody_worked_off_yet_is_not_missing(office: Office) -> None:
    await office.completed({"ann": 1, "bob": 2})
    assert await differences(office) == AS_IT_SHOULD_BE


async def spoil(office: Office) -> Differences:
    """Three contests that ann won, and a store that says otherwise: how it differs."""
    for _ in range(3):
        await office.completed({"ann": 1, "bob": 2})
    await office.notifier.catch_up()
    stored = await do(office.database, store.all_achievements)
    lost, moved = stored["ann", "win_streak_2"], stored["ann", "win_streak_3"]
    elsewhere = AchievementRow("ann", "win_streak_3", lost.event_id, lost.unlocked_ms)
    made_up = AchievementRow("cat", "contests_won_1", lost.event_id, 0)
    keys = [(row.wallet, row.achievement) for row in (lost, moved)]
    await do(office.database, store.delete_achievements, keys)
    await do(office.database, store.add_achievements, [elsewhere, made_up])
    await do(office.database, store.put_progress, [ProgressRow("bob", 4), ProgressRow("cat", 1)])
    return Differences(
        surplus=[elsewhere, made_up],
        missing=[lost, moved],
        surplus_progress=[ProgressRow("bob", 4), ProgressRow("cat", 1)],
        missing_progress=[ProgressRow("bob", 3)],
    )


async def test_each_difference_is_found(office: Office) -> None:
    expected = await spoil(office)
    assert expected.any
    assert not AS_IT_SHOULD_BE.any
    assert await differences(office) == expected


async def test_finding_differences_changes_nothing(office: Office) -> None:
    expected = await spoil(office)
    await differences(office)
    assert await differences(office) == expected


async def test_what_differs_is_put_right(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAGE", 1)
    await apply(office.database, await spoil(office))
    assert await differences(office) == AS_IT_SHOULD_BE
    await office.completed({"ann": 1, "bob": 2})
    await office.notifier.catch_up()
    assert (await office.progress())["ann"] == ProgressRow("ann", 4, 4, 4)


async def test_one_tells_how_far_it_is(office: Office) -> None:
    for _ in range(4):
        await office.completed({"ann": 1, "bob": 2})
    await office.notifier.catch_up()
    told: list[float] = []
    await find_differences(office.database.read, told.append)
    assert told == [0.25, 0.5, 0.75, 1.0]
