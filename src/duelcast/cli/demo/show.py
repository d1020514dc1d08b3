"""Sets up the demo, and keeps it going."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from duelcast.cli.demo.api import Refused
from duelcast.cli.demo.crowd import PARTICIPANTS, Crowd
from duelcast.cli.demo.organiser import Contest, Lineup, Organiser
from duelcast.clock import Clock

SPRINT_TURNS = 8
SPRINT_TURN_S = 0.5
"""The length of a turn of the very first contest, which is played at once so that there is a completed contest."""
RETRY_S = 1.0
ATTEMPTS_UNTOLD = 5
LINEUP_INTERVAL_S = 2.0
MARKET_INTERVAL_S = 60.0
PAUSE_S = (1.5, 4.5)
"""The range of the pause between two trades, and between two chat messages."""
ENTERING_SHARE = 1 / 3
"""The share of a round over which the bots enter, one by one."""
CLOSING_S = 2.0
"""The length of the last phase of a contest, in which no bot trades."""
ACTIVE_ROOM_SHARE = 0.75
"""The share of chat messages that go to the running contest; the others go to the next one."""

Step = Callable[[], Awaitable[None]]

_log = structlog.get_logger("duelcast.demo")


class Show:
    """Contests of `round_s` seconds, one after the other, with bots in them.

    `opened` is called once everything is set up: one contest has ended, one is running, and one is open for entries.
    """

    def __init__(
        self,
        organiser: Organiser,
        crowd: Crowd,
        clock: Clock,
        rng: random.Random,
        round_s: float,
        opened: Callable[[list[Contest]], None],
    ) -> None:
        self._organiser = organiser
        self._crowd = crowd
        self._clock = clock
        self._rng = rng
        self._entering_pause_s = round_s * ENTERING_SHARE / PARTICIPANTS
        self._opened = opened
        self._lineup = Lineup()

    async def run(self) -> None:
        """Keep going until cancelled."""
        await self._until_done("tokens with a price", self._look_at_market)
        await self._until_done("users", self._organiser.set_up_users)
        await self._until_done("a contest that has ended", self._play_first)
        await self._until_done("contests to see and to enter", self._arrange)
        await self._until_done("the list of contests", self._announce)
        async with asyncio.TaskGroup() as tasks:
            for step, least_s, most_s in (
                (self._crowd.look_at_market, MARKET_INTERVAL_S, MARKET_INTERVAL_S),
                (self._arrange, LINEUP_INTERVAL_S, LINEUP_INTERVAL_S),
                (self._enter, self._entering_pause_s, self._entering_pause_s),
                (self._trade, *PAUSE_S),
                (self._chat, *PAUSE_S),
            ):
                tasks.create_task(self._again_and_again(step, least_s, most_s))

    # ── opening ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _look_at_market(self) -> None:
        await self._crowd.look_at_market()
        if not self._crowd.symbols:
            raise Refused

    async def _play_first(self) -> None:
        if await self._organiser.last_completed() is not None:
            return
        sprint = await self._organiser.open_soon("Sprint")
        await self._crowd.go_to([sprint.id])
        await self._start(sprint)
        for _ in range(SPRINT_TURNS):
            await self._clock.sleep(SPRINT_TURN_S)
            await self._crowd.trade(sprint.id)
            await self._crowd.chat(sprint.id)
        await self._organiser.end(sprint)

    async def _announce(self) -> None:
        completed, live = await self._organiser.last_completed(), self._lineup.live
        self._opened([*([] if completed is None else [completed]), *live[:2]])

    # ── running ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _arrange(self) -> None:
        """Start and open contests until none is due, then send the bots to the rooms of the live ones."""
        while True:
            lineup = await self._organiser.lineup()
            if (contest := self._organiser.to_start(lineup)) is not None:
                await self._start(contest)
            elif self._organiser.needs_next(lineup):
                await self._organiser.open_next(lineup)
            else:
                break
        self._lineup = lineup
        await self._crowd.go_to([contest.id for contest in lineup.live[:2]])

    async def _start(self, contest: Contest) -> None:
        await self._crowd.enter_all(contest.id)
        await self._organiser.start(contest)

    async def _enter(self) -> None:
        if self._lineup.pending:
            await self._crowd.enter_one(self._lineup.pending[0].id)

    async def _trade(self) -> None:
        active = self._lineup.active
        if active is not None and active.end_s > self._clock.time() + CLOSING_S:
            await self._crowd.trade(active.id)

    async def _chat(self) -> None:
        rooms = self._lineup.live[:2]
        if rooms:
            room = rooms[0] if self._rng.random() < ACTIVE_ROOM_SHARE else rooms[-1]
            await self._crowd.chat(room.id)

    # ── retrying ────────────────────────────────────────────────────────────────────────────────────────────────

    async def _until_done(self, what: str, step: Step) -> None:
        attempts = 0
        while True:
            try:
                return await step()
            except Refused:
                attempts += 1
                if attempts == ATTEMPTS_UNTOLD:
                    _log.warning("demo_waits", until_there_are=what)
                await self._clock.sleep(RETRY_S)

    async def _again_and_again(self, step: Step, least_s: float, most_s: float) -> None:
        while True:
            await self._clock.sleep(self._rng.uniform(least_s, most_s))
            with suppress(Refused):
                await step()
