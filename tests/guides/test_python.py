"""The Python of the guide: all blocks have types, and run against a real server."""

from __future__ import annotations

import ast
import asyncio
import re
import subprocess
import sys
import textwrap
from collections.abc import Awaitable
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, cast

import pytest

from duelcast.client import Client
from tests.domain.accounts.wallets import Wallet
from tests.guides.blocks import DOCS, blocks_of
from tests.guides.scene import Scene, token_of

PROGRAM = "First minute"
LONGEST_PROGRAM = 15
TIMEOUT_S = 60.0
READMES = (DOCS.parent / "README.md", DOCS.parent / "clients" / "python" / "README.md")
HEAD = "from duelcast.client import Client\nasync def block(client: Client) -> None:\n"


def python_of(paper: Path) -> dict[str, str]:
    """The blocks by their names. In this environment the library has its other name."""
    return {
        block.name: block.code.replace("duelcast_client", "duelcast.client") for block in blocks_of(paper, "python")
    }


BLOCKS = python_of(DOCS / "client-python.md")
FRAGMENTS = [name for name in BLOCKS if name != PROGRAM]
PRINTED = {
    "Sign in": ["signed in, 0 unread"],
    "Follow": [r"SOL [\d.]+"],
    "Follow 2": [r"The server is online\.", "Good luck!"],
    "Chat": [r"\d members, [1-9]\d* messages", r"stored as \d+", "bob: Good luck!", "ann: Good luck!"],
    "Chat 2": [r"[1-9]\d* messages"],
    "Inbox": [r"2 unread, the newest: .+", "1 unread"],
    "Tracked events": ["stored as [0-9a-f-]{36}"],
    "Requests": ["2 participants"],
    "HTTP": ["Friday Cup"],
    "Recover": ["market-data: connecting", "market-data: open", "market-data: closed"],
    "Test your own code": [],
    "Test your own code 2": [r"100\.0"],
}
"""By block, the lines that it prints sooner or later, in any order."""


class Output:
    """Takes the lines that a block prints. `missing` are the expected ones that are not among them."""

    def __init__(self, expected: list[str]) -> None:
        self.lines: list[str] = []
        self.missing = list(expected)
        self.is_complete = asyncio.Event()

    def print(self, *values: object) -> None:
        line = " ".join(map(str, values))
        self.lines.append(line)
        self.missing = [pattern for pattern in self.missing if not re.fullmatch(pattern, line)]
        if not self.missing:
            self.is_complete.set()


class Keypair:
    """A wallet with the methods of `solders.keypair.Keypair` that the guide uses."""

    def __init__(self) -> None:
        self._wallet = Wallet()

    def pubkey(self) -> str:
        return self._wallet.address

    def sign_message(self, message: bytes) -> str:
        return self._wallet.sign(message.decode())


@pytest.fixture(autouse=True)
def _solders(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("solders.keypair")
    module.Keypair = Keypair  # type: ignore[attr-defined]  # a module can have any member
    monkeypatch.setitem(sys.modules, "solders", ModuleType("solders"))
    monkeypatch.setitem(sys.modules, "solders.keypair", module)


def compiled(name: str, url: str) -> CodeType:
    """A block as the inside of an `async` function."""
    code: CodeType = compile(
        BLOCKS[name].replace("http://127.0.0.1:8069", url), name, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    )
    return code


@pytest.mark.parametrize("name", FRAGMENTS)
async def test_a_block_does_what_it_says(name: str, scene: Scene) -> None:
    output = Output(PRINTED[name])
    async with Client(scene.server.url, token=token_of("ann")) as client:
        names: dict[str, Any] = {"client": client, "print": output.print}
        running = asyncio.ensure_future(cast("Awaitable[None]", eval(compiled(name, scene.server.url), names)))
        complete = asyncio.ensure_future(output.is_complete.wait())
        await asyncio.wait((running, complete), timeout=TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()  # raises the error of the block, if there is one
        for task in (running, complete):
            task.cancel()
        await asyncio.gather(running, complete, return_exceptions=True)
    assert output.missing == [], output.lines


async def test_the_program_shows_everything_and_survives_a_restart(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = BLOCKS[PROGRAM]
    assert len(code.splitlines()) <= LONGEST_PROGRAM
    lines: list[str] = []
    arrived = asyncio.Event()

    def take(value: object) -> None:
        lines.append(repr(value))
        arrived.set()

    async def until(*beginnings: str) -> None:
        """Wait until a line with each of these beginnings was printed since the last call."""
        async with asyncio.timeout(TIMEOUT_S):
            while not all(any(line.startswith(beginning) for line in lines) for beginning in beginnings):
                arrived.clear()
                await arrived.wait()
        lines.clear()

    mains: list[Any] = []
    monkeypatch.setattr(asyncio, "run", mains.append)
    exec(code.replace("http://127.0.0.1:8069", scene.server.url), {"print": take})
    running = asyncio.create_task(mains[0])
    try:
        await until("Price(symbol='SOL'", "Price(symbol='BTC'", "Leaderboard(", "ChatMessageRecord(")
        await asyncio.to_thread(scene.restart)
        await until("ConnectionState(endpoint='market-data', status='waiting'")
        await asyncio.to_thread(scene.say, "bob", "We are back.")
        await until("Price(", "Leaderboard(", "ChatMessageRecord(")
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def test_every_block_has_the_right_types(tmp_path: Path) -> None:
    stub = tmp_path / "solders" / "keypair.pyi"
    stub.parent.mkdir()
    (stub.parent / "__init__.pyi").touch()
    stub.write_text(
        "class Keypair:\n"
        "    def pubkey(self) -> object: ...\n"
        "    def sign_message(self, message: bytes) -> object: ...\n"
    )
    blocks = [*BLOCKS.values(), *(code for paper in READMES for code in python_of(paper).values())]
    modules = [f"block{number}.py" for number in range(len(blocks))]
    for module, code in zip(modules, blocks, strict=True):
        (tmp_path / module).write_text(HEAD + textwrap.indent(code, "    "))
    config = tmp_path / "mypy.ini"
    config.write_text(f"[mypy]\nmypy_path = {tmp_path}\n")
    command = (sys.executable, "-m", "mypy", "--strict", "--config-file", str(config), *modules)
    checked = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


def test_no_block_is_left_out() -> None:
    assert PRINTED.keys() == set(FRAGMENTS)
