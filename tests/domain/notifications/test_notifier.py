"""What wallets are told of their contests, and what they unlock: for each stored event, once (protocol §10)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from duelcast.clock import ManualClock
from duelcast.domain.notifications import notifier as module
from duelcast.domain.notifications.notifier import LOOK_INTERVAL_S, NEWS_MS, Notifier, NotifierProgress
from duelcast.store.achievements import ProgressRow, put_progress
from duelcast.store.database import Database, Transaction
from tests.domain.notifications.past import Broken, Office, figures
from tests.store.contest_rows import do
from tests.storing import moved_away, opened

PATIENCE_S = 60.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "duelcast.db"


@pytest.fixture
async def office(path: Path) -> AsyncIterator[Office]:
    clock = ManualClock()
    async with opened(path, clock) as database:
        yield Office(database, clock)


@pytest.fixture
def small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PORTION", 2)


# ── what is told ────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_start_is_told_to_those_who_take_part(office: Office) -> None:
    contest = await office.contest(["ann", "bob", "out"], disqualified=["out"], name="Cup")
    await office.happened("contest_started", contest, participants=2, by=None)
    await office.notifier.catch_up()
    data = {"contestId": contest.id, "name": "Cup"}
    assert await office.notices() == [("ann", "CONTEST_STARTED", data), ("bob", "CONTEST_STARTED", data)]
    assert office.told() == await office.notices()


async def test_a_result_is_told_with_rank_return_and_prize(office: Office) -> None:
    ranks = {"ann": 2, "bob": 1, "out": None}
    contest = await office.completed(ranks, {"bob": "69.5"}, name="Cup", currency="SOL", starting_balance=9_999.0)
    await office.notifier.catch_up()
    result = {"contestId": contest.id, "name": "Cup", "status": "completed", "totalParticipants": 2}
    assert await office.notices(kind="CONTEST_RESULT") == [
        ("ann", "CONTEST_RESULT", result | {"finalRank": 2, "returnPct": 8.01}),
        ("bob", "CONTEST_RESULT", result | {"finalRank": 1, "returnPct": 9.01, "prize": "69.5", "currency": "SOL"}),
    ]
    assert await office.notices("out") == []


async def test_a_cancellation_is_told_with_its_reason(office: Office) -> None:
    contest = await office.contest(["ann", "out"], disqualified=["out"], status="cancelled", name="Cup")
    await office.happened("contest_cancelled", contest, reason="Too few.")
    await office.notifier.catch_up()
    data = {"contestId": contest.id, "name": "Cup", "status": "cancelled", "reason": "Too few."}
    assert await office.notices() == [("ann", "CONTEST_RESULT", data)]
    assert await office.achieved() == {}


async def test_who_is_disqualified_is_told_alone(office: Office) -> None:
    contest = await office.contest(["ann", "out"], disqualified=["out"], name="Cup")
    await office.happened("participant_disqualified", contest, "out", by="boss")
    await office.notifier.catch_up()
    data = {"contestId": contest.id, "name": "Cup", "status": "disqualified"}
    assert await office.notices() == [("out", "CONTEST_RESULT", data)]


async def test_prizes_and_admissions_are_passed_over(office: Office) -> None:
    contest = await office.contest(["ann"])
    await office.happened("participant_admitted", contest, "ann", by="boss")
    await office.happened("prize_won", contest, "ann", rank=1, prize="1", currency="SOL")
    await office.notifier.catch_up()
    assert await office.notices() == []
    assert await office.position() == NotifierProgress(await office.last_event())


async def test_a_first_win_brings_result_then_achievements_then_the_level(office: Office) -> None:
    await office.completed({"ann": 1, "bob": 2})
    await office.notifier.catch_up()
    entered = {"achievement": "contests_entered_1", "tier": "BRONZE", "category": "contests_entered", "xp_awarded": 50}
    won = {"achievement": "contests_won_1", "tier": "BRONZE", "category": "contests_won", "xp_awarded": 50}
    ((_, kind, _), *rest) = await office.notices("ann")
    assert kind == "CONTEST_RESULT"
    assert rest == [
        ("ann", "ACHIEVEMENT_UNLOCK", entered),
        ("ann", "ACHIEVEMENT_UNLOCK", won),
        ("ann", "LEVEL_UP", {"level": 2, "xp": 100}),
    ]
    assert [kind for _, kind, _ in await office.notices("bob")] == ["CONTEST_RESULT", "ACHIEVEMENT_UNLOCK"]
    assert office.told() == await office.notices()


async def test_a_level_is_told_when_it_is_reached(office: Office) -> None:
    for _ in range(5):
        await office.completed({"ann": 1, "bob": 2})
    await office.notifier.catch_up()
    # 100 at the first; then 50 for two in a row, 200 for three, and at the fifth 350.
    assert [data for _, _, data in await office.notices("ann", "LEVEL_UP")] == [
        {"level": 2, "xp": 100},
        {"level": 3, "xp": 700},
    ]


async def test_a_completion_brings_one_level_however_far_it_goes(office: Office) -> None:
    await do(office.database, put_progress, [ProgressRow("ann", entered=499, won=99, streak=9)])
    await office.completed({"ann": 1, "bob": 2})
    await office.notifier.catch_up()
    assert len(await office.notices("ann", "ACHIEVEMENT_UNLOCK")) == 15
    assert [data for _, _, data in await office.notices("ann", "LEVEL_UP")] == [{"level": 8, "xp": 5_700}]


# ── what counts ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_shared_first_place_counts_as_won_for_all_who_share_it(office: Office) -> None:
    for _ in range(2):
        await office.completed({"ann": 1, "bob": 1, "cat": 3})
    await office.notifier.catch_up()
    assert figures(await office.progress()) == {"ann": (2, 2, 2), "bob": (2, 2, 2), "cat": (2, 0, 0)}
    streak = ["contests_entered_1", "contests_won_1", "win_streak_2"]
    assert await office.achieved() == {"ann": streak, "bob": streak, "cat": ["contests_entered_1"]}


async def test_a_contest_without_rivals_counts_but_is_not_won_and_ends_a_streak(office: Office) -> None:
    await office.completed({"ann": 1, "bob": 2})
    await office.completed({"ann": 1, "out": None})
    await office.completed({"ann": 1, "bob": 2})
    await office.notifier.catch_up()
    assert figures(await office.progress()) == {"ann": (3, 2, 1), "bob": (2, 0, 0)}


async def test_a_contest_in_which_one_was_disqualified_changes_nothing_for_that_one(office: Office) -> None:
    await office.completed({"ann": 1, "bob": 2})
    await office.completed({"ann": None, "bob": 1, "cat": 2})
    await office.completed({"ann": 1, "bob": 2})
    await office.notifier.catch_up()
    assert figures(await office.progress())["ann"] == (2, 2, 2)
    assert "win_streak_2" in (await office.achieved())["ann"]


async def test_a_streak_follows_the_order_of_the_completions(office: Office) -> None:
    lost = await office.contest(["ann", "bob"], status="active")
    await office.completed({"ann": 1, "bob": 2})
    await office.happened("contest_cancelled", lost, reason="No.")
    await office.completed({"ann": 1, "bob": 2})
    await office.notifier.catch_up()
    assert figures(await office.progress())["ann"] == (2, 2, 2)


async def test_a_streak_that_is_reached_again_unlocks_nothing_again(office: Office) -> None:
    for rank in (1, 1, 2, 1, 1):
        await office.completed({"ann": rank, "bob": 3 - rank})
    await office.notifier.catch_up()
    unlocked = [data["achievement"] for _, _, data in await office.notices("ann", "ACHIEVEMENT_UNLOCK")]
    assert sorted(unlocked) == (await office.achieved())["ann"]
    assert unlocked.count("win_streak_2") == 1


# ── what is old ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_what_is_a_day_old_is_counted_in_silence(office: Office) -> None:
    await office.completed({"ann": 1, "bob": 2})
    await office.clock.advance(0.001)
    await office.completed({"ann": 1, "bob": 2})
    await office.clock.jump(NEWS_MS / 1000 - 0.001)
    await office.notifier.catch_up()
    assert figures(await office.progress())["ann"] == (2, 2, 2)
    unlocked = [data["achievement"] for _, _, data in await office.notices("ann", "ACHIEVEMENT_UNLOCK")]
    assert unlocked == ["win_streak_2"]
    assert len(await office.notices("ann", "CONTEST_RESULT")) == 1


async def test_starts_cancellations_and_disqualifications_of_yesterday_are_told_to_nobody(office: Office) -> None:
    contest = await office.contest(["ann"], status="cancelled")
    await office.happened("contest_started", contest, participants=1, by=None)
    await office.happened("participant_disqualified", contest, "ann", by="boss")
    await office.happened("contest_cancelled", contest, reason="No.")
    await office.clock.jump(NEWS_MS / 1000)
    await office.notifier.catch_up()
    assert await office.notices() == []
    assert await office.position() == NotifierProgress(await office.last_event())


# ── once, whatever happens ──────────────────────────────────────────────────────────────────────────────────────────


async def write_history(office: Office) -> None:
    """Every kind of event, with more entries than a portion takes, a multiple of it among them."""
    five, four = [f"w{number}" for number in range(5)], ["w1", "w2", "w3", "w4"]
    for ranks in ({"w0": 1, "w1": 2, "w2": 3, "w3": 4, "w4": 5}, {"w1": 1, "w2": 2, "w3": 3, "w4": 4}):
        contest = await office.contest(list(ranks), status="active")
        await office.happened("contest_started", contest, participants=len(ranks), by=None)
        await office.completed(ranks, {"w1": "1", "w2": "0.5", "w3": "0.1"})
    await office.happened("participant_disqualified", contest, "w4", by="boss")
    await office.happened("participant_admitted", contest, "w4", by="boss")
    for wallets in (five, four, []):
        contest = await office.contest(wallets, status="cancelled")
        await office.happened("contest_cancelled", contest, reason="No.")


async def outcome(office: Office) -> tuple[object, ...]:
    return await office.notices(), await office.achieved(), figures(await office.progress()), await office.position()


@pytest.fixture
async def expected(tmp_path: Path) -> tuple[object, ...]:
    """What becomes of that history where nothing breaks off and one portion takes all of an event."""
    clock = ManualClock()
    async with opened(tmp_path / "unbroken.db", clock) as database:
        office = Office(database, clock)
        await write_history(office)
        await office.notifier.catch_up()
        assert max(office.inboxes.portions) > 5
        return await outcome(office)


async def gets_through(notifier: Notifier) -> bool:
    try:
        await notifier.catch_up()
    except Broken:
        return False
    return True


@pytest.mark.usefixtures("small_portions")
async def test_a_notifier_that_ends_within_any_portion_repeats_and_misses_nothing(
    office: Office, expected: tuple[object, ...]
) -> None:
    await write_history(office)
    office.inboxes.breaks_at = set(range(1, 200, 2))
    while not await gets_through(office.another_notifier()):
        pass
    assert len(office.inboxes.portions) > 30
    assert await outcome(office) == expected
    assert office.told() == await office.notices()


def waiting_writes(database: Database) -> float:
    (found,) = [metric for metric in database.collect() if metric.name == "duelcast_store_waiting_writes"]
    return found.samples[0].value


@pytest.mark.usefixtures("small_portions")
async def test_a_portion_whose_notifier_was_stopped_is_not_done_again(
    office: Office, expected: tuple[object, ...]
) -> None:
    await write_history(office)
    began, free = asyncio.Event(), asyncio.Event()

    async def hold_up(_: Transaction) -> None:
        began.set()
        await free.wait()

    other = asyncio.create_task(office.database.write(hold_up))
    await began.wait()
    for asked in range(1, 4):
        work = asyncio.create_task(office.another_notifier().catch_up())
        async with asyncio.timeout(PATIENCE_S):
            while waiting_writes(office.database) < asked:
                await office.clock.advance(0)
        work.cancel()
        await asyncio.wait([work])
    free.set()
    await other
    await office.another_notifier().catch_up()
    assert await outcome(office) == expected
    assert office.told() == await office.notices()


@pytest.mark.usefixtures("small_portions")
async def test_each_portion_takes_few_entries(office: Office) -> None:
    contest = await office.contest([f"w{number}" for number in range(7)])
    await office.happened("contest_started", contest, participants=7, by=None)
    await office.notifier.catch_up()
    assert office.inboxes.portions == [2, 2, 2, 1]


async def test_a_defect_is_not_passed_over(office: Office) -> None:
    contest = await office.contest(["ann"])
    await office.happened("contest_completed", contest)
    await office.completed({"ann": 1, "bob": 2})
    for _ in range(2):
        with pytest.raises(KeyError):
            await office.notifier.catch_up()
    assert await office.notices() == []
    assert await office.position() == NotifierProgress(0)


async def test_what_is_before_a_defect_is_done(office: Office) -> None:
    await office.completed({"ann": 1, "bob": 2})
    done = await office.last_event()
    contest = await office.contest(["ann"])
    await office.happened("contest_completed", contest)
    with pytest.raises(KeyError):
        await office.notifier.run()
    assert await office.position() == NotifierProgress(done)
    assert len(await office.notices("ann", "CONTEST_RESULT")) == 1


# ── when it works ───────────────────────────────────────────────────────────────────────────────────────────────────


class Running:
    """A notifier at work."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def __aenter__(self) -> Notifier:
        notifier = self._office.another_notifier()
        self._task = asyncio.create_task(notifier.run())
        return notifier

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])


async def until_done(office: Office, step_s: float = 0.0) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while await office.position() != NotifierProgress(await office.last_event()):
            await office.clock.advance(step_s)


async def test_it_begins_with_what_happened_while_it_was_stopped(office: Office) -> None:
    async with Running(office):
        await office.completed({"ann": 1, "bob": 2})
    await office.completed({"ann": 1, "bob": 2})
    async with Running(office):
        await until_done(office)
    assert figures(await office.progress())["ann"] == (2, 2, 2)
    assert len(await office.notices("ann", "CONTEST_RESULT")) == 2


async def test_it_works_when_it_is_woken(office: Office) -> None:
    async with Running(office) as notifier:
        await office.clock.advance(0)
        await office.completed({"ann": 1, "bob": 2})
        notifier.wake()
        await until_done(office)


async def test_it_looks_by_itself_now_and_then(office: Office) -> None:
    async with Running(office):
        for _ in range(2):
            await office.completed({"ann": 1, "bob": 2})
            await until_done(office, LOOK_INTERVAL_S)


async def test_it_waits_for_a_store_that_is_out_of_reach(office: Office, path: Path) -> None:
    await office.completed({"ann": 1, "bob": 2})
    async with Running(office):
        with moved_away(path):
            await office.clock.advance(3 * LOOK_INTERVAL_S)
        await until_done(office, LOOK_INTERVAL_S)
    assert len(await office.notices("ann", "CONTEST_RESULT")) == 1


async def test_a_database_without_events_is_left_alone(office: Office) -> None:
    await office.notifier.catch_up()
    assert office.inboxes.portions == []
