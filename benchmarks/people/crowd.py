"""Connected users who note when notifications arrive, in a separate process that gives way to others on its core."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from time import perf_counter

import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from benchmarks.measuring import Failed, cores, token_of

UNDER_WAY = 50
"""How many users connect at the same time."""
PATIENCE_S = 180.0
UNTOLD_S = 20.0
"""How long to wait until every user has a notification."""
POLL_S = 0.05
LOWEST_PRIORITY = 19
_NOTIFIED = b'{"type":"notification",'
_ESTABLISHED = b'{"type":"connection_established"'


class Crowd:
    """Reports the times at which notifications reached the users since the last request."""

    def __init__(self, process: BaseProcess, pipe: Connection) -> None:
        self._process = process
        self._pipe = pipe

    def arrivals_s(self) -> list[list[float]]:
        """For each user, the times (`perf_counter`) at which notifications arrived. Waits until every user has one, but
        at most for `UNTOLD_S`. Raises `Failed`."""
        self._pipe.send(None)
        return self.answer()

    def answer(self) -> list[list[float]]:
        """The next answer of the process. Raises `Failed`."""
        if self._pipe not in wait([self._pipe, self._process.sentinel]):
            raise Failed("the users are gone")
        answer: list[list[float]] | str = self._pipe.recv()
        if isinstance(answer, str):
            raise Failed(answer)
        return answer


@contextmanager
def crowd(url: str, wallets: Sequence[str]) -> Iterator[Crowd]:
    """Keep a user for each wallet connected until the end of the block. Raises `Failed`."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_gather, args=(url, wallets, theirs), daemon=True)
    process.start()
    try:
        made = Crowd(process, ours)
        made.answer()
        yield made
    finally:
        process.kill()
        process.join()


def _gather(url: str, wallets: Sequence[str], pipe: Connection) -> None:
    os.nice(LOWEST_PRIORITY)
    os.sched_setaffinity(0, {cores()[1]})
    uvloop.run(_attend(url, wallets, pipe))


async def _attend(url: str, wallets: Sequence[str], pipe: Connection) -> None:
    free = asyncio.Semaphore(UNDER_WAY)

    async def connect(wallet: str) -> User:
        user = User()
        async with free:
            headers = {"Authorization": f"Bearer {token_of(wallet)}"}
            await ws_connect(lambda: user, url, extra_headers=headers, websocket_handshake_timeout=PATIENCE_S)
            await user.is_there.wait()
        return user

    async with asyncio.timeout(PATIENCE_S):
        users = await asyncio.gather(*map(connect, wallets))
    pipe.send([])
    asked = asyncio.Event()
    asyncio.get_running_loop().add_reader(pipe.fileno(), asked.set)
    while True:
        await asked.wait()
        asked.clear()
        pipe.recv()
        with suppress(TimeoutError):
            async with asyncio.timeout(UNTOLD_S):
                while not all(user.is_told for user in users):  # noqa: ASYNC110 - polling all users takes less CPU than an event of each
                    await asyncio.sleep(POLL_S)
        gone = sum(user.is_gone for user in users)
        pipe.send(f"{gone} users were disconnected" if gone else [user.take() for user in users])


class User(WSListener):
    """One connection."""

    def __init__(self) -> None:
        self.is_there = asyncio.Event()
        self.is_gone = False
        self._arrivals_s: list[float] = []

    @property
    def is_told(self) -> bool:
        return bool(self._arrivals_s)

    def take(self) -> list[float]:
        """The times at which notifications arrived since the last call."""
        arrivals_s, self._arrivals_s = self._arrivals_s, []
        return arrivals_s

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.PING:
            transport.send_pong(frame.get_payload_as_bytes())
            return
        text = frame.get_payload_as_bytes()
        if text.startswith(_NOTIFIED):
            self._arrivals_s.append(perf_counter())
        elif text.startswith(_ESTABLISHED):
            self.is_there.set()

    def on_ws_disconnected(self, _transport: WSTransport) -> None:
        self.is_gone = True
