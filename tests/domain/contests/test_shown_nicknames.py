"""Which nicknames a leaderboard shows: a claimed one only while nobody else has stored it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from msgspec import structs

from duelcast.domain.accounts.accounts import Account
from duelcast.domain.contests.contest import Contest
from duelcast.domain.contests.events import LEADERBOARD, PARTICIPANT
from duelcast.store.database import Transaction
from tests.domain.contests.contest_room import ContestRoom, choices, contest_room, user


async def enter(room: ContestRoom, contest: Contest, wallet: str, claimed: str | None) -> None:
    identity = structs.replace(user(wallet), nickname=claimed, claimed_nickname=claimed)
    await room.contests.entering.enter(contest.id, identity, choices({"SOL": 100}))


async def shown(room: ContestRoom, contest: Contest) -> list[str | None]:
    return [row.nickname for row in (await room.contests.standings.leaderboard(contest.id)).entries]


def pushed(room: ContestRoom, contest: Contest) -> list[str | None]:
    """The nicknames of the newest pushed leaderboard."""
    board = room.pushes.newest[(LEADERBOARD.channel(str(contest.id)).name, "leaderboard_update")]
    return [row["nickname"] for row in board["data"]["entries"]]


async def test_a_claimed_nickname_goes_when_another_stores_it_and_comes_back_when_that_is_over(tmp_path: Path) -> None:
    async with contest_room(tmp_path) as room:
        await room.prices(SOL=100.0)
        contest = await room.create()
        row = PARTICIPANT.channel(f"ann.{contest.id}")
        room.broker.follow(row)
        for wallet in ("ann", "bob"):
            await enter(room, contest, wallet, "Zed")
        await enter(room, contest, "cal", None)
        await room.advance(2)
        steps = (("ZED", [None, "ZED", None]), ("Bo", ["Zed", "Bo", None]), (None, ["Zed", "Zed", None]))
        for stored, expected in steps:
            room.accounts.put(Account("bob", nickname=stored))
            assert await shown(room, contest) == expected
            await room.advance(2)
            assert pushed(room, contest) == expected
            assert room.pushes.newest[(row.name, "participant_update")]["data"]["nickname"] == expected[0]


async def test_who_gives_a_nickname_up_does_not_go_back_to_one_that_is_anothers(tmp_path: Path) -> None:
    async with contest_room(tmp_path) as room:
        await room.prices(SOL=100.0)
        contest = await room.create()
        await enter(room, contest, "ann", "Zed")
        room.accounts.put(Account("ann", nickname="Ann"))
        room.accounts.put(Account("bob", nickname="Zed"))
        assert await shown(room, contest) == ["Ann"]
        room.accounts.put(Account("ann"))
        assert await shown(room, contest) == [None]


async def test_who_withdrew_claims_nothing(tmp_path: Path) -> None:
    async with contest_room(tmp_path) as room:
        await room.prices(SOL=100.0)
        contest = await room.create()
        for wallet in ("ann", "bob"):
            await enter(room, contest, wallet, "Zed")
        await room.contests.entering.withdraw(contest.id, "ann")
        room.accounts.put(Account("cal", nickname="Zed"))
        assert await shown(room, contest) == [None]


async def test_a_nickname_that_is_stored_while_an_entry_is_committed_is_seen(tmp_path: Path) -> None:
    async with contest_room(tmp_path) as room:
        await room.prices(SOL=100.0)
        contest = await room.create()
        begun, may_end = asyncio.Event(), asyncio.Event()

        async def slow(_transaction: Transaction) -> None:
            begun.set()
            await may_end.wait()

        # One commit takes both.
        entry = asyncio.create_task(enter(room, contest, "ann", "Zed"))
        other = asyncio.create_task(room.database.write(slow))
        await begun.wait()
        room.accounts.put(Account("ann", nickname="Ann"))
        may_end.set()
        await asyncio.gather(entry, other)
        assert await shown(room, contest) == ["Ann"]
