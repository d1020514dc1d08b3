"""A run of the script by a server that is killed meanwhile, and started again."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from duelcast.wire.timestamps import format_time, parse_time
from tests.crash.caller import PAUSE_S, Caller, NotAcknowledged, calling
from tests.crash.evidence import evidence
from tests.crash.lives import alive
from tests.crash.script import CONTEST, Act, Boundary, Rows, Script, cup
from tests.e2e.process import free_port

QUIET_S = 5.0
"""Nothing is asked for so near to a boundary."""
ROOM_S = 12.0
"""For a server to come back and an act to be acknowledged, before it would be too near."""
RUN_S = 25.0
PATIENCE_S = 60.0
LONG_S = 3_600.0


class Kill(NamedTuple):
    """The server dies `delay_s` behind the beginning of the script's step, or a second before where that is a boundary
    of the clock; `again_s` behind its restart once more."""

    step: int
    delay_s: float
    again_s: float | None


class Outcome(NamedTuple):
    """What a run left: `file` the rows of the database, `told` what the server says of the contest. `under_way` is, for
    each kill while something was not acknowledged, whether that was found stored."""

    file: dict[str, Rows]
    told: dict[str, Any]
    under_way: list[bool]


def random_kills(script: Script, chance: random.Random) -> list[Kill]:
    """Three points of the script. Most lie within an act, one at a boundary where the clock has any."""
    acts = [number for number, step in enumerate(script.steps) if isinstance(step, Act)]
    boundaries = [number for number, step in enumerate(script.steps) if not isinstance(step, Act)]
    chosen = chance.sample(acts, 2 if boundaries else 3) + chance.sample(boundaries, min(len(boundaries), 1))
    return [
        Kill(
            step,
            chance.uniform(0.5, 1.05) if step in boundaries else chance.uniform(0, 0.015),
            chance.uniform(0.3, 2.5) if chance.random() < 0.3 else None,
        )
        for step in sorted(chosen)
    ]


class Stage:
    """The run. `play` and `disturb` go on at the same time."""

    def __init__(self, folder: Path, script: Script) -> None:
        self.port = free_port()
        self.ended = asyncio.Event()
        self._folder = folder
        self._script = script
        self._reached = [asyncio.Event() for _ in script.steps]
        self._expected: dict[str, Rows] = {}
        """What the traces of acknowledged acts must give."""
        self._asking: Act | None = None
        self.under_way: list[bool] = []
        self._end_s = float("inf")

    # ── the script ──────────────────────────────────────────────────────────────────────────────────────────────

    async def play(self, caller: Caller) -> None:
        """All steps, one at a time."""
        for number, step in enumerate(self._script.steps):
            if isinstance(step, Act):
                self._reached[number].set()
                await self._do(caller, step)
            elif step == "start":
                await self._schedule(caller)
                await self._pass(caller, step, number)
            else:
                await self._pass(caller, step, number)
        async with asyncio.timeout(PATIENCE_S):
            while (await caller.read(f"/contests/{CONTEST}"))["status"] != "completed":  # noqa: ASYNC110 - no event reaches from there
                await asyncio.sleep(PAUSE_S)

    async def _do(self, caller: Caller, act: Act) -> None:
        await self._keep_away(caller)
        self._asking = act
        await caller.acknowledged(act)
        self._expected |= act.traces
        self._asking = None

    async def _schedule(self, caller: Caller) -> None:
        """Let the contest start soon."""
        attempts = 0
        while True:
            attempts += 1
            start_s = time.time() + QUIET_S + 1
            times = {"start_time": format_time(start_s), "end_time": format_time(start_s + RUN_S)}
            with suppress(NotAcknowledged):
                answer = await caller.ask("PATCH", f"/contests/{CONTEST}", times)
                assert answer.is_success or (attempts > 1 and answer.json()["code"] == "INVALID_STATE"), answer.text
                return
            await asyncio.sleep(PAUSE_S)

    async def _keep_away(self, caller: Caller) -> None:
        """Put the end off where the next act would be too near to it."""
        while time.time() > self._end_s - QUIET_S - ROOM_S:
            end_time = format_time(time.time() + 2 * QUIET_S + ROOM_S)
            with suppress(NotAcknowledged):
                answer = await caller.ask("PATCH", f"/contests/{CONTEST}", {"end_time": end_time})
                assert answer.is_success, answer.text
                self._end_s = parse_time(end_time)
                return
            await asyncio.sleep(PAUSE_S)

    async def _pass(self, caller: Caller, boundary: Boundary, number: int) -> None:
        """Wait until the boundary is behind."""
        contest = await caller.read(f"/contests/{CONTEST}")
        moment_s = parse_time(contest[f"{boundary}_time"])
        self._end_s = parse_time(contest["end_time"]) if boundary == "start" else float("inf")
        await asyncio.sleep(moment_s - 1 - time.time())
        self._reached[number].set()
        await asyncio.sleep(moment_s + QUIET_S - time.time())

    # ── the disturbances ────────────────────────────────────────────────────────────────────────────────────────

    async def disturb(self, kills: Sequence[Kill]) -> None:
        """Keep the server running but for `kills`, until `ended`."""
        for kill in kills:
            async with alive(self._folder, self.port):
                await self._reached[kill.step].wait()
                await asyncio.sleep(kill.delay_s)
            self._examine()
            if kill.again_s is not None:
                with suppress(TimeoutError):
                    async with asyncio.timeout(kill.again_s), alive(self._folder, self.port):
                        pass
                self._examine()
        async with alive(self._folder, self.port):
            await self.ended.wait()
        self._examine()

    def _examine(self) -> None:
        """The server is dead: what does the file hold?"""
        asking = self._asking
        touched = asking.traces if asking is not None else {}
        with evidence(self._folder) as file:
            file.assert_nothing_is_half_there()
            file.assert_trades_explain_holdings(self._script.at_start)
            for query, rows in self._expected.items():
                if query not in touched:
                    assert (query, file.rows(query)) == (query, rows)
            if asking is None:
                return
            found = {query: file.rows(query) for query in touched}
        before = {query: self._expected.get(query, []) for query in touched}
        if found not in (before, touched):
            raise AssertionError(f"half there: {found}, neither {before} nor {dict(touched)}")
        if before != touched:
            self.under_way.append(found == touched)


async def run(folder: Path, kills: Sequence[Kill], *, by_admin: bool) -> Outcome:
    """Play the script in `folder`; `by_admin`: an admin starts and ends the contest, else the clock."""
    now_s = time.time()
    script = cup((format_time(now_s + LONG_S), format_time(now_s + 2 * LONG_S)), by_admin=by_admin)
    stage = Stage(folder, script)
    async with calling(stage.port) as caller, asyncio.TaskGroup() as tasks:
        disturbing = tasks.create_task(stage.disturb(kills))
        await stage.play(caller)
        told = await _told(caller, script)
        stage.ended.set()
        await disturbing
    with evidence(folder) as file:
        return Outcome(file.everything(), told, stage.under_way)


async def _told(caller: Caller, script: Script) -> dict[str, Any]:
    """What the server says of the contest, but for times and what follows from the minute in which things happened."""
    board = await caller.read(f"/contests/{CONTEST}/leaderboard")
    told: dict[str, Any] = {"leaderboard": [_without(row, "entryTime", "rankChange") for row in board["entries"]]}
    settlement = await caller.read(f"/contests/{CONTEST}/settlement")
    for boundary in ("start", "end"):
        told[boundary] = [(one["symbol"], one["price"]) for one in settlement[boundary]["prices"]]
    for wallet in script.portfolios:
        told[wallet] = _without(await caller.read(f"/contests/{CONTEST}/entries/{wallet}"), "entryTime")
    return told


def _without(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}
