"""Connections of other programs' WebSockets, as talkers."""

from __future__ import annotations

import asyncio
import shutil
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

from tests.browser.conftest import find_chromium
from tests.clients.programs import LONGEST_LINE_BYTES, PROJECT
from tests.e2e.talkers import ANSWER_TIMEOUT_S, Opener, Talker, by_aiohttp, by_websockets, uncompressed

NODE = "clients/typescript/test/talker.mjs"


@asynccontextmanager
async def _by_program(url: str, command: Sequence[str], arguments: Sequence[str]) -> AsyncIterator[Talker]:
    process = await asyncio.create_subprocess_exec(
        *command, url, *arguments, cwd=PROJECT, stdin=PIPE, stdout=PIPE, limit=LONGEST_LINE_BYTES
    )
    assert process.stdin is not None
    assert process.stdout is not None
    lines, sink = process.stdout, process.stdin

    async def send(text: str) -> None:
        sink.write(f"{text}\n".encode())
        await sink.drain()

    async def receive() -> str:
        line = await lines.readline()
        assert line, "the program has ended"
        return line.decode().rstrip("\n")

    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            assert (await receive()).startswith("permessage-deflate")
        yield Talker(send, receive)
        sink.close()
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            while await lines.readline():
                pass
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


BY_WS: Opener = partial(_by_program, command=["node", NODE], arguments=[])
BY_UNDICI: Opener = partial(_by_program, command=["node", "--experimental-websocket", NODE], arguments=["native"])
"""Node's own WebSocket, which is undici's."""


def missing() -> str | None:
    """A program or package that this machine lacks, if any."""
    if shutil.which("node") is None:
        return "Node.js 20 or newer"
    if not (PROJECT / "clients/typescript/node_modules/ws").exists():
        return "`npm ci` in clients/typescript"
    return None if find_chromium() else "Chromium"


def openers() -> list[Opener]:
    """Two connections of each kind, but one by Chromium. Nothing may be `missing`."""
    chromium = find_chromium()
    assert chromium is not None
    by_chromium: Opener = partial(
        _by_program, command=[sys.executable, "-m", "tests.clients.chromium_talker"], arguments=[chromium]
    )
    return [by_chromium, *[BY_WS, BY_UNDICI, by_websockets, by_aiohttp, uncompressed] * 2]
