"""Leaderboards of one version are equal, whatever happens and whoever asks when."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import uvloop
from hypothesis import example, given, settings
from hypothesis import strategies as st

from duelcast.clock import ManualClock
from duelcast.domain.accounts.accounts import Account
from duelcast.domain.contests.contest import Contest
from duelcast.domain.contests.events import LEADERBOARD
from duelcast.errors import AppError
from duelcast.store.accounts import UserRow, save_user
from duelcast.wire.timestamps import format_time
from tests.domain.contests.contest_room import ADMIN, ContestRoom, contest_room
from tests.examples import examples

WALLETS = ("ann", "bob", "cat", "dan")
SYMBOLS = ("A", "B")
PAGES = ((0, 100), (1, 2))
"""Offset and limit."""
START_S = 3.0
RUNNING_S = 120.0
"""Over two full minutes: the clock begins with one."""

symbols, wallets = st.sampled_from(SYMBOLS), st.sampled_from(WALLETS)
renamings = st.tuples(st.just("rename"), wallets, st.sampled_from([None, "Zoe", "Zed"]))
steps = st.lists(
    st.one_of(
        st.tuples(st.just("price"), symbols, st.sampled_from([0.5, 1.0, 2.0, 3.0])),
        st.tuples(st.just("wait"), st.sampled_from([0.3, 1.0, 20.0])),
        st.tuples(st.just("enter"), wallets, symbols),
        st.tuples(st.just("withdraw"), wallets),
        st.tuples(st.just("change"), wallets, symbols),
        st.tuples(st.just("disqualify"), wallets),
        st.tuples(st.just("admit"), wallets),
        renamings,
    ),
    max_size=10,
)


class Frames:
    """All leaderboards that were sent: each row by version and place, and the total by version."""

    def __init__(self) -> None:
        self._rows: dict[tuple[int, int], dict[str, Any] | None] = {}
        self._totals: dict[int, int] = {}
        self._newest = 0
        self._pushes = 0

    async def take(self, room: ContestRoom, contest: Contest) -> None:
        """Compare the pushes that are new, and then all pages, with the frames of before."""
        channel = LEADERBOARD.channel(str(contest.id)).name
        for name, body in room.pushes.all[self._pushes :]:
            if name == channel:
                self._compare(body["data"])
        self._pushes = len(room.pushes.all)
        for offset, limit in PAGES:
            page = await room.contests.standings.leaderboard(contest.id, offset=offset, limit=limit)
            self._compare(msgspec.to_builtins(page))

    def _compare(self, frame: dict[str, Any]) -> None:
        version, rows = frame["version"], frame["entries"]
        assert version >= self._newest
        self._newest = version
        assert self._totals.setdefault(version, frame["total"]) == frame["total"]
        for place in range(frame["offset"], min(frame["offset"] + frame["limit"], len(WALLETS) + 1)):
            number = place - frame["offset"]
            row = rows[number] if number < len(rows) else None
            assert self._rows.setdefault((version, place), row) == row


@settings(max_examples=examples(15))
@given(steps, steps, st.lists(renamings, max_size=2))
@example(
    [],
    [("price", "A", 2.0), ("wait", 115.6), ("price", "B", 3.0), ("wait", 0.3), ("price", "B", 4.0), ("wait", 0.3)],
    [],
)
@example([("rename", "ann", "Zoe")], [("rename", "bob", "Zed")], [])
@example([], [], [("rename", "ann", "Zoe")])
def test_frames_of_one_version_are_equal(
    before: list[tuple[Any, ...]], running: list[tuple[Any, ...]], ended: list[tuple[Any, ...]]
) -> None:
    uvloop.run(_play(before, running, ended))


async def _play(before: list[tuple[Any, ...]], running: list[tuple[Any, ...]], ended: list[tuple[Any, ...]]) -> None:
    frames = Frames()
    with TemporaryDirectory() as folder:
        async with contest_room(Path(folder)) as room:
            await room.prices(A=1.0, B=1.0)
            begin_s = room.clock.time() + START_S
            contest = await room.create(start_time=format_time(begin_s), end_time=format_time(begin_s + RUNNING_S))
            await room.enter(contest, "ann", {"A": 100})
            await room.enter(contest, "bob", {"B": 100})
            for step in [*before, ("wait", START_S + 1), *running, ("wait", RUNNING_S), *ended]:
                await _do(room, contest, *step)
                await frames.take(room, contest)


async def _do(room: ContestRoom, contest: Contest, name: str, *arguments: Any) -> None:
    if name == "price":
        symbol, price = arguments
        await room.prices(**{symbol: price})
    elif name == "wait":
        await room.advance(*arguments)
    elif name == "rename":
        room.accounts.put(Account(arguments[0], nickname=arguments[1]))
    else:
        # What comes too late, or of somebody who is not there, is refused.
        with suppress(AppError):
            await _act(room, contest, name, *arguments)


async def _act(room: ContestRoom, contest: Contest, name: str, wallet: str, symbol: str = "") -> None:
    if name == "enter":
        await room.enter(contest, wallet, {symbol: 100})
    elif name == "withdraw":
        await room.contests.entering.withdraw(contest.id, wallet)
    elif name == "change":
        await room.change(contest, wallet, {symbol: 100})
    else:
        await room.disqualify(contest, wallet, disqualified=name == "disqualify")


async def test_a_new_nickname_makes_a_version_that_a_restart_does_not_take_back(tmp_path: Path) -> None:
    clock = ManualClock()
    async with contest_room(tmp_path, clock) as room:
        await room.prices(A=1.0)
        contest = await room.create()
        await room.enter(contest, "ann", {"A": 100})
        await room.advance(1)
        await room.contests.clock.cancel(contest.id, ADMIN, "Rain.")
        await room.advance(1)
        ended = await room.contests.standings.leaderboard(contest.id)
        now_ms, user = int(clock.time() * 1000), UserRow("ann", nickname="Zoe", nickname_key="zoe")
        await room.database.write(lambda transaction: save_user(transaction, user, is_new=True, now_ms=now_ms))
        room.accounts.put(Account("ann", nickname="Zoe"))
        renamed = await room.contests.standings.leaderboard(contest.id)
    await clock.advance(1)
    async with contest_room(tmp_path, clock) as room:
        after = await room.contests.standings.leaderboard(contest.id)
    assert ended.version < renamed.version <= after.version
