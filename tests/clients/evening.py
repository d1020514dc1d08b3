"""An evening on which two programs on each client library chat while something fails; at its end all of them must hold
the same as the server."""

from __future__ import annotations

import asyncio
import random
import shutil
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from itertools import count
from pathlib import Path
from typing import Any

from tests.clients.news import News
from tests.clients.programs import PROJECT, Program, Report, running
from tests.clients.town import CONTEST, Town, token_of

SAY_PAUSE_S = 0.1
NOTIFY_EVERY = 10
AGREE_TIMEOUT_S = 180.0
KEPT = 1_000
"""How many chat messages a room keeps: the newest."""
BATCH = 20
"""How many unread notifications a connection begins with."""
_SECOND = "node" if shutil.which("node") and (PROJECT / "clients/typescript/dist").exists() else "python"
PROGRAMS = {"ann": "python", "bob": "python", "cat": _SECOND, "dan": _SECOND}
"""The language of each program, by its wallet; without Node.js, or a built TypeScript client, all are in Python."""


class Evening:
    """`town` is reached directly, and the programs reach the server over `url`."""

    def __init__(self, url: str, town: Town, folder: Path, seed: int) -> None:
        self.programs: list[Program] = []
        self.news = News()
        self._url = url
        self._town = town
        self._folder = folder
        self._rng = random.Random(seed)
        self.silent: set[str] = set()
        """The wallets that may not chat at the moment."""
        self._said: dict[str, set[str]] = {wallet: set() for wallet in PROGRAMS}
        self._is_over = False

    async def spend(self, trouble: Callable[[], Awaitable[None]]) -> None:
        """Have the programs chat until `trouble` is over, and compare them with the server."""
        async with AsyncExitStack() as stack:
            for wallet, language in PROGRAMS.items():
                (self._folder / wallet).write_text(token_of(wallet))
                one = running(language, wallet, self._url, CONTEST, self._folder, self.news)
                self.programs.append(await stack.enter_async_context(one))
            await self.all_live()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._chat())
                tasks.create_task(self._trade())
                await trouble()
                self._is_over = True
            await self._compare()

    async def all_live(self) -> None:
        """Wait until all programs hold everything."""
        for program in self.programs:
            await program.live()

    async def quiet(self, *wallets: str) -> None:
        """Let `wallets` be silent, and wait until all that they have said has an outcome."""
        self.silent |= {*wallets}
        for program in self.programs:
            if program.name in wallets:
                await program.settled(self._said[program.name])

    async def _chat(self) -> None:
        for number in count(1):
            if self._is_over:
                return
            program = self._rng.choice([one for one in self.programs if one.name not in self.silent])
            text = f"{program.name} {number}"
            self._said[program.name].add(text)
            program.say(text)
            if number % NOTIFY_EVERY == 0:
                await self._town.notify(self._rng.choice(list(PROGRAMS)))
            await asyncio.sleep(self._rng.uniform(0, 2 * SAY_PAUSE_S))

    async def _trade(self) -> None:
        while not self._is_over:
            await self._town.trade()

    async def _compare(self) -> None:
        for program in self.programs:
            await program.settled(self._said[program.name])
        stored = await self._town.chat()
        ids = {text: id_ for id_, text in stored}
        assert len(ids) == len(stored), "a message is stored twice"
        for program in self.programs:
            wrong = {text: (program.said[text], ids.get(text)) for text in self._said[program.name]}
            wrong = {text: outcomes for text, outcomes in wrong.items() if outcomes[0] != outcomes[1]}
            assert not wrong, f"{program.name} and the server differ: {wrong}"

        async def truth(program: Program, report: Report) -> dict[str, Any]:
            # A program whose user signed in again begins with the newest unread ones.
            notifications = await self._town.notifications(program.name)
            known = max(len(report.notifications), min(len(notifications), BATCH))
            # The last prices may be ranked a little later.
            board = await self._town.insist("GET", f"/contests/{CONTEST}/leaderboard")
            return {
                "live": True,
                "chat": [(id_, text, "sent") for id_, text in stored[-KEPT:]],
                "heard": [id_ for id_, _ in stored],
                "prices": self._town.prices,
                "board": [(row["wallet"], row["value"]) for row in board["entries"]],
                "unread": await self._town.unread(program.name),
                "notifications": notifications[:known],
                "problems": [],
            }

        for program in self.programs:
            await _until(program, truth)


async def _until(program: Program, truth: Callable[[Program, Report], Awaitable[dict[str, Any]]]) -> None:
    """Wait until a program reports the members that `truth` returns."""
    found: dict[str, Any] = {}
    expected: dict[str, Any] = {"nothing": "yet"}
    with suppress(TimeoutError):
        async with asyncio.timeout(AGREE_TIMEOUT_S):
            while found != expected:
                report = await program.report()
                expected = await truth(program, report)
                found = {name: getattr(report, name) for name in expected}
    wrong = {name: (value, expected[name]) for name, value in found.items() if value != expected[name]}
    assert not wrong, f"{program.name} and the server differ: {wrong}"
