"""Client programs that tests drive: one on each client library, with the same commands.

A program reads commands from its standard input, one JSON object a line, and answers on its standard output:

- `{"say": "gg"}` sends a chat message, and is answered `{"said": "gg", "id": 7}` or `{"said": "gg", "error": "CODE"}`,
  once it has an outcome;
- `{"report": 1}` is answered with everything that the program holds, see `Report`;
- `{"sign_in": true}` sets the token provider anew, as after a ban;
- `{"quit": true}` ends it.

It also writes `{"closed": 1006}` after each end of a connection or attempt, `{"asked": true}` when its token provider
is asked, which reads a file each time and fails if there is none, and `{"live": true}` or `{"live": false}` whenever
the room and the inbox have become complete, or are so no longer.
"""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct, convert

from tests.clients.news import News

PROJECT = Path(__file__).resolve().parents[2]
ANSWER_TIMEOUT_S = 90.0
LONGEST_LINE_BYTES = 16 * 1024 * 1024
COMMANDS = {
    "python": (sys.executable, "-W", "error", "-m", "tests.clients.python_program"),
    "node": ("node", "clients/typescript/test/program.mjs"),
}
"""By language, the command that starts a program; its arguments follow."""


class Report(Struct, frozen=True):
    """The state of a program: its chat as id, text and status; the ids that it has `heard` one by one; prices by
    symbol; the leaderboard as wallet and value, in order; and `problems`, which are sentences about anything wrong."""

    report: int
    states: dict[str, str]
    live: bool
    chat: list[tuple[int | None, str, str]]
    heard: list[int]
    prices: dict[str, float | None]
    board: list[tuple[str, float]]
    unread: int | None
    notifications: list[int]
    problems: list[str]


class Program:
    """A running program."""

    def __init__(self, name: str, process: Process, news: News) -> None:
        self.name = name
        self.is_live = False
        """Whether its room and its inbox are complete."""
        self.said: dict[str, int | str] = {}
        """The outcome of each chat message that has one: its id, or the code of an error."""
        self.process = process
        self._news = news
        self._reports: dict[int, asyncio.Future[Report]] = {}

    def say(self, text: str) -> None:
        self._write(say=text)

    async def report(self) -> Report:
        assert self.process.returncode is None, f"{self.name} has ended"
        number = len(self._reports)
        future: asyncio.Future[Report] = asyncio.get_running_loop().create_future()
        self._reports[number] = future
        self._write(report=number)
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            return await future

    async def settled(self, texts: set[str]) -> None:
        """Wait until all `texts` have an outcome."""
        while not texts <= self.said.keys():
            await self._news.more("said")

    async def live(self) -> None:
        """Wait until its room and its inbox are complete."""
        while not self.is_live:
            await self._news.more("live")

    def sign_in(self) -> None:
        self._write(sign_in=True)

    def quit(self) -> None:
        self._write(quit=True)

    def _write(self, **command: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(command).encode() + b"\n")

    async def read(self) -> None:
        """Take its answers until it ends."""
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            answer: dict[str, Any] = json.loads(line)
            if "said" in answer:
                assert answer["said"] not in self.said, f"{answer} settled twice"
                self.said[answer["said"]] = answer["id"] if "id" in answer else answer["error"]
                self._news.post("said")
            elif "closed" in answer:
                self._news.post(f"closed {answer['closed']}")
            elif "asked" in answer:
                self._news.post("asked")
            elif "report" not in answer:
                self.is_live = answer["live"]
                self._news.post("live")
            else:
                report = convert(answer, Report)
                self._reports[report.report].set_result(report)
        for future in self._reports.values():
            if not future.done():
                future.set_exception(EOFError(f"{self.name} has ended"))


@asynccontextmanager
async def running(language: str, name: str, url: str, contest: int, folder: Path, news: News) -> AsyncIterator[Program]:
    """A program whose token is in the file `name` of `folder`, and whose events are posted as `news`. At the end of the
    block it ends properly: in time, with code 0 and nothing on its standard error."""
    errors = folder / f"{name}.err"
    with errors.open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            *COMMANDS[language],
            url,
            str(contest),
            str(folder / name),
            cwd=PROJECT,
            stdin=PIPE,
            stdout=PIPE,
            stderr=stderr,
            limit=LONGEST_LINE_BYTES,
        )
    program = Program(name, process, news)
    reading = asyncio.create_task(program.read())
    try:
        yield program
        program.quit()
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            code = await process.wait()
            await reading
        assert (code, errors.read_text()) == (0, ""), name
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
