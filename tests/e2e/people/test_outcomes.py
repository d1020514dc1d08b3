"""What the server itself tells those who take part in contests, and what their profiles show (protocol §10, §13)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from duelcast.clock import ManualClock
from duelcast.store.events import NewEvent, add_events
from tests.e2e.contest.contest_room import ADMIN, Stage, stage
from tests.serving import RECEIVE_TIMEOUT_S, Client, Frame, client
from tests.store.contest_rows import do

pytestmark = pytest.mark.asyncio(loop_scope="module")

ONLY_SOL, ONLY_BTC = {"SOL": 100}, {"BTC": 100}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hall() -> AsyncIterator[Stage]:
    """One server for the tests of this module, each with wallets of its own."""
    async with stage() as made:
        yield made


def inbox(scene: Stage, wallet: str) -> AbstractAsyncContextManager[Client]:
    return client(scene.app, "notifications", token=scene.token(wallet))


async def news(device: Client, count: int) -> tuple[list[tuple[str, dict[str, Any]]], Frame]:
    """(type, data) of what comes up to an `unread_count` of `count`, and that frame."""
    frames = await device.receive_until(type="unread_count", count=count)
    return [(one["data"]["type"], one["data"]["data"]) for one in frames if one["type"] == "notification"], frames[-1]


async def settled(device: Client) -> None:
    """Past the frames of the beginning."""
    await device.drain()


async def duel(scene: Stage, winner: str, loser: str, **terms: Any) -> int:
    """A contest that the winner entered with SOL, the loser with BTC."""
    contest = await scene.contest(**terms)
    await scene.enter(contest, winner, portfolio=ONLY_SOL)
    await scene.enter(contest, loser, portfolio=ONLY_BTC)
    return contest


async def finish(scene: Stage, contest: int) -> None:
    """Start and end it; SOL rises by a tenth meanwhile."""
    await scene.prices({"SOL": 100.0, "BTC": 50_000.0})
    await scene.act(contest, "start")
    await scene.prices({"SOL": 110.0})
    await scene.act(contest, "end")


async def test_a_contest_brings_its_start_its_result_and_what_was_achieved(hall: Stage) -> None:
    contest = await duel(hall, "ann", "bob", name="Cup", prize_pool="100", payout=[{"place": 1, "percent": 100}])
    await hall.prices({"SOL": 100.0, "BTC": 50_000.0})
    async with inbox(hall, "ann") as ann, inbox(hall, "ann") as phone, inbox(hall, "bob") as bob:
        for device in (ann, phone, bob):
            await settled(device)
        await hall.act(contest, "start")
        about = {"contestId": contest, "name": "Cup"}
        told, first = await news(ann, 1)
        assert told == [("CONTEST_STARTED", about)]
        assert (await news(bob, 1))[0] == told
        await hall.prices({"SOL": 110.0})
        await hall.act(contest, "end")
        result = about | {"status": "completed", "totalParticipants": 2}
        entered = {
            "achievement": "contests_entered_1",
            "tier": "BRONZE",
            "category": "contests_entered",
            "xp_awarded": 50,
        }
        won = {"achievement": "contests_won_1", "tier": "BRONZE", "category": "contests_won", "xp_awarded": 50}
        prize = {"prize": "100", "currency": "SOL"}
        told, second = await news(ann, 5)
        assert told == [
            ("CONTEST_RESULT", result | {"finalRank": 1, "returnPct": 10.0} | prize),
            ("ACHIEVEMENT_UNLOCK", entered),
            ("ACHIEVEMENT_UNLOCK", won),
            ("LEVEL_UP", {"level": 2, "xp": 100}),
        ]
        assert second["version"] == first["version"] + 1
        assert (await news(phone, 5))[0][1:] == told
        assert (await news(bob, 3))[0] == [
            ("CONTEST_RESULT", result | {"finalRank": 2, "returnPct": 0.0}),
            ("ACHIEVEMENT_UNLOCK", entered),
        ]


async def test_a_profile_shows_what_was_achieved(hall: Stage) -> None:
    contest = await duel(hall, "cat", "dan")
    async with inbox(hall, "cat") as cat:
        await settled(cat)
        await finish(hall, contest)
        await news(cat, 5)
    expected = {
        "wallet": "cat",
        "nickname": "N-cat",
        "xp": 100,
        "level": 2,
        "contests": 1,
        "wins": 1,
        "achievements": [
            {
                "achievement": f"contests_{what}_1",
                "tier": "BRONZE",
                "category": f"contests_{what}",
                "xp_awarded": 50,
                "unlocked_at": "2027-01-15T08:00:00.000Z",
            }
            for what in ("entered", "won")
        ],
    }
    assert await hall.do("GET", "/users/me", by="cat") == expected | {"role": "user"}
    assert await hall.do("GET", "/users/cat", by=None) == expected | {"nickname": None}


async def test_who_was_away_finds_it_on_the_next_connect(hall: Stage) -> None:
    contest = await duel(hall, "eve", "fay")
    async with inbox(hall, "fay") as fay:
        await settled(fay)
        await finish(hall, contest)
        await news(fay, 3)
    async with client(hall.app, "notifications", token=hall.token("eve"), greeted=False) as eve:
        frames = await eve.receive_until(type="connection_established")
    (batch,) = [frame for frame in frames if frame.get("subtype") == "unread"]
    kinds = [one["type"] for one in batch["data"]]
    assert kinds == ["LEVEL_UP", "ACHIEVEMENT_UNLOCK", "ACHIEVEMENT_UNLOCK", "CONTEST_RESULT", "CONTEST_STARTED"]


async def test_a_cancellation_is_told_with_its_reason(hall: Stage) -> None:
    contest = await duel(hall, "gus", "hal", name="Rain")
    async with inbox(hall, "gus") as gus:
        await settled(gus)
        await hall.act(contest, "cancel", reason="It rains.")
        (told, _) = await news(gus, 1)
    data = {"contestId": contest, "name": "Rain", "status": "cancelled", "reason": "It rains."}
    assert told == [("CONTEST_RESULT", data)]


async def test_the_disqualified_are_told_that_and_nothing_of_the_end(hall: Stage) -> None:
    contest = await duel(hall, "ida", "joe", name="Fair")
    async with inbox(hall, "ida") as ida, inbox(hall, "joe") as joe:
        for device in (ida, joe):
            await settled(device)
        await hall.set_status(contest, "ida", "disqualified")
        data = {"contestId": contest, "name": "Fair", "status": "disqualified"}
        assert (await news(ida, 1))[0] == [("CONTEST_RESULT", data)]
        await finish(hall, contest)
        told = [kind for kind, _ in (await news(joe, 3))[0]]
        assert told == ["CONTEST_STARTED", "CONTEST_RESULT", "ACHIEVEMENT_UNLOCK"]
        assert await ida.drain() == []
    assert (await hall.do("GET", "/users/ida", by=None))["achievements"] == []


async def test_a_stopped_notifier_loses_nothing(hall: Stage) -> None:
    contest = await duel(hall, "kim", "leo")
    async with inbox(hall, "kim") as kim, client(hall.app, "skyduel", token=hall.token(ADMIN)) as operator:
        await settled(kim)
        await operator.ask(type="service_command", serviceName="notifier", command="stop")
        await finish(hall, contest)
        await hall.clock.advance(60)
        assert await kim.drain() == []
        await operator.ask(type="service_command", serviceName="notifier", command="start")
        told = [kind for kind, _ in (await news(kim, 5))[0]]
        assert told == ["CONTEST_STARTED", "CONTEST_RESULT", "ACHIEVEMENT_UNLOCK", "ACHIEVEMENT_UNLOCK", "LEVEL_UP"]


async def test_a_boundary_that_time_brings_is_told_too(hall: Stage) -> None:
    contest = await hall.contest(starts_in_s=60, min_participants=3, name="Late")
    await hall.enter(contest, "mia")
    async with inbox(hall, "mia") as mia:
        await settled(mia)
        await hall.pass_time(61)
        ((kind, data),) = (await news(mia, 1))[0]
    assert (kind, data["status"], data["contestId"]) == ("CONTEST_RESULT", "cancelled", contest)


async def test_what_was_not_told_before_a_restart_is_told_behind_it_and_the_rest_not_again(tmp_path: Path) -> None:
    clock = ManualClock()
    async with stage(clock, data_dir=tmp_path) as before:
        first = await duel(before, "ned", "oda")
        async with inbox(before, "ned") as ned, client(before.app, "skyduel", token=before.token(ADMIN)) as operator:
            await settled(ned)
            await finish(before, first)
            await news(ned, 5)
            await operator.ask(type="service_command", serviceName="notifier", command="stop")
        second = await duel(before, "ned", "oda")
        await finish(before, second)
    async with stage(clock, data_dir=tmp_path) as after, inbox(after, "ned") as ned:
        await settled(ned)
        while (answer := await ned.ask(type="get_notifications"))["count"] < 8:
            await clock.advance(5)
        contests = [(one["type"], one["data"].get("contestId")) for one in reversed(answer["data"])]
        assert contests[5:] == [("CONTEST_STARTED", second), ("CONTEST_RESULT", second), ("ACHIEVEMENT_UNLOCK", None)]
        profile = await after.do("GET", "/users/ned", by=None)
        assert (profile["xp"], profile["level"], profile["wins"]) == (150, 2, 2)


async def test_an_event_that_cannot_be_worked_off_shows_at_the_service() -> None:
    async with stage() as scene:
        contest = await scene.contest()
        nonsense = NewEvent(kind="contest_completed", contest_id=contest, data={}, at_ms=int(scene.clock.time() * 1000))
        await do(scene.app.leader.database, add_events, [nonsense])
        scene.app.leader.notifier.wake()
        async with asyncio.timeout(RECEIVE_TIMEOUT_S):
            while (await scene.do("GET", "/services/notifier"))["status"] != "unhealthy":
                await scene.clock.advance(0)
        assert [one.part for one in scene.app.readiness().failed] == ["notifier"]
