"""A server that is killed (SIGKILL) while events are tracked, notifications posted and marked, and contests completed:
nothing that it acknowledged is lost, and nothing is there twice."""

from __future__ import annotations

import asyncio
import random
import time
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from duelcast.wire.timestamps import format_time
from tests.crash.evidence import Evidence, evidence
from tests.crash.lives import alive
from tests.crash.townspeople import Townspeople
from tests.e2e.forked import fork
from tests.e2e.process import environment, free_port
from tests.rehearsal.desk import Desk, desk

pytestmark = pytest.mark.crash

TOWNS = 4
LIVES = 5
"""Of the server of each town; each ends by a kill."""
PLAYERS = {"ann": {"SOL": 100}, "bob": {"BTC": 100}, "cat": {"BTC": 60, "SOL": 40}}
AROUND_END_S = 0.15
BUSY_S = (0.3, 1.2)
PATIENCE_S = 60.0
PAUSE_S = 0.1
RESULTS = LIVES * len(PLAYERS)
EVENTS = "select wallet, count(*) from analytics_events group by wallet order by wallet"
NEWS = "select wallet, count(*) from notifications where type = 'NEWS' group by wallet order by wallet"
OUTCOMES = """
select type, count(*) from notifications where type in ('CONTEST_RESULT', 'CONTEST_STARTED') group by type order by type
"""
MUST_GIVE_NOTHING = {
    "an event twice": "select event_id from analytics_events group by wallet, event_id having count(*) > 1",
    "a notification twice": """
        select wallet, title from notifications where type = 'NEWS' group by wallet, title having count(*) > 1""",
    "half a post": "select title from notifications where type = 'NEWS' group by title having count(*) != 2",
    "a notification of a contest twice": """
        select wallet, type, data from notifications where type like 'CONTEST_%'
        group by wallet, type, json_extract(data, '$.contestId') having count(*) > 1""",
    "an achievement that was told twice, or is told and not there": """
        select wallet, json_extract(data, '$.achievement') as achievement, count(*) from notifications as own
        where type = 'ACHIEVEMENT_UNLOCK' group by wallet, achievement
        having count(*) != (select count(*) from achievements
            where wallet = own.wallet and achievement = json_extract(own.data, '$.achievement'))""",
    "an achievement that was not told": """
        select wallet, achievement from achievements as own where not exists (select 1 from notifications
            where wallet = own.wallet and type = 'ACHIEVEMENT_UNLOCK'
            and json_extract(data, '$.achievement') = own.achievement)""",
    "counts that are not those of the events": """
        select sum(count) from analytics_minutes having coalesce(sum(count), 0)
        != (select count(*) from analytics_events)""",
}


class Town:
    """A server that lives several times, with people and contests."""

    def __init__(self, folder: Path, number: int) -> None:
        self._folder = folder
        self._chance = random.Random(number)
        self._port = free_port()

    async def live(self) -> int:
        """Let it be killed again and again; then all who wait for an answer get it.

        Returns how many messages were under way when it was killed, and were sent again.
        """
        async with desk(self._port) as work, asyncio.TaskGroup() as tasks:
            people = Townspeople(f"ws://127.0.0.1:{self._port}/api/v69/ws", work, self._chance)
            attending = [tasks.create_task(visitor.attend()) for visitor in people.visitors]
            asking = [tasks.create_task(act) for act in people.acts()]
            for contest in range(1, LIVES + 1):
                async with alive(self._folder, self._port):
                    await hold(work, contest)
                    await asyncio.gather(*(visitor.present() for visitor in people.visitors))
                    await asyncio.sleep(self._chance.uniform(*BUSY_S))
                    asking.append(tasks.create_task(complete(work, contest)))
                    await asyncio.sleep(self._chance.uniform(0, AROUND_END_S))
                with evidence(self._folder) as file:
                    assert_acknowledged_is_there(file, people)
            async with alive(self._folder, self._port):
                people.over.set()
                await asyncio.wait(asking)
                await self._until_results_are_told()
                for task in attending:
                    task.cancel()
        with evidence(self._folder) as file:
            assert_acknowledged_is_there(file, people)
            assert file.rows(EVENTS) == sorted((one.wallet, len(one.stored)) for one in people.tracked)
            assert file.rows(NEWS) == sorted((wallet, len(titles)) for wallet, titles in people.posted.items())
            assert file.rows(OUTCOMES) == [("CONTEST_RESULT", RESULTS), ("CONTEST_STARTED", RESULTS)]
            assert len(file.rows("select * from achievements")) > len(PLAYERS)
        await self._assert_achievements_are_those_of_the_history()
        return sum(one.unanswered for one in people.visitors)

    async def _until_results_are_told(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                with evidence(self._folder) as file:
                    if ("CONTEST_RESULT", RESULTS) in file.rows(OUTCOMES):
                        return
                await asyncio.sleep(PAUSE_S)

    async def _assert_achievements_are_those_of_the_history(self) -> None:
        process = await fork("achievements", "rebuild", env=environment(self._folder), cwd=self._folder, stdout=PIPE)
        told, _ = await process.communicate()
        assert process.returncode == 0, told.decode()


async def hold(work: Desk, contest: int) -> None:
    """Begin a contest, and let its winner be the one who has SOL."""
    await work.do("POST", "/tokens/prices", [{"symbol": "BTC", "price": 50_000}, {"symbol": "SOL", "price": 100}])
    now_s = time.time()
    body = {"name": "Cup", "start_time": format_time(now_s + 3_600), "end_time": format_time(now_s + 7_200)}
    assert (await work.do("POST", "/contests", body))["id"] == contest
    for wallet, portfolio in PLAYERS.items():
        entry = {"portfolio": [{"symbol": symbol, "weight": weight} for symbol, weight in portfolio.items()]}
        await work.do("POST", f"/contests/{contest}/entries", entry, wallet=wallet)
    await work.do("POST", f"/contests/{contest}/start")
    await work.do("POST", "/tokens/prices", [{"symbol": "SOL", "price": 110}])


async def complete(work: Desk, contest: int) -> None:
    """End a contest, now or in the next life of the server."""
    await work.do("POST", f"/contests/{contest}/end", repeated="INVALID_STATE")


def assert_acknowledged_is_there(file: Evidence, people: Townspeople) -> None:
    """Once; what was not acknowledged may be there, but not half of it."""
    for what, query in MUST_GIVE_NOTHING.items():
        assert file.rows(query) == [], what
    events = set(file.rows("select wallet, lower(hex(event_id)) from analytics_events"))
    assert {(one.wallet, stored.replace("-", "")) for one in people.tracked for stored in one.stored} <= events
    news = set(file.rows("select wallet, title from notifications"))
    assert {(wallet, title) for wallet, titles in people.posted.items() for title in titles} <= news
    read = {number for (number,) in file.rows("select id from notifications where read_ms is not null")}
    assert people.marked <= read


async def test_whenever_it_is_killed_all_that_was_acknowledged_is_there_once(tmp_path: Path) -> None:
    folders = [tmp_path / str(number) for number in range(TOWNS)]
    for folder in folders:
        folder.mkdir()
    async with asyncio.TaskGroup() as tasks:
        towns = [tasks.create_task(Town(folder, number).live()) for number, folder in enumerate(folders)]
    assert all(town.result() for town in towns), "something was under way when it was killed"
