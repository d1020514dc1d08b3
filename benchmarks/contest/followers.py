"""Clients that follow a leaderboard, and note when each push arrived."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from time import perf_counter

import msgspec
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

UNDER_WAY = 50
"""How many clients connect at the same time."""
PATIENCE_S = 60.0
_SEQ = b'"seq":'


class Follower(WSListener):
    """One connection. `arrivals_s` has the arrival time of each push, by `seq`; with `keeps`, `pushes` has its text."""

    def __init__(self, contest_id: int, *, keeps: bool) -> None:
        self.arrivals_s: dict[int, float] = {}
        self.pushes: dict[int, bytes] = {}
        self.is_following = asyncio.Event()
        self.closed = asyncio.Event()
        self._transport: WSTransport | None = None
        self._contest_id = contest_id
        self._keeps = keeps

    def leave(self) -> None:
        """End the connection; `closed` is set when it has ended."""
        if self._transport is not None:
            self._transport.disconnect()

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport
        command = {"type": "get_leaderboard", "contestId": self._contest_id}
        transport.send(WSMsgType.TEXT, msgspec.json.encode(command))

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        now_s = perf_counter()
        if frame.msg_type == WSMsgType.CLOSE:
            transport.disconnect()
        if frame.msg_type != WSMsgType.TEXT:
            return
        text = frame.get_payload_as_bytes()
        if not text.startswith(b'{"type":"leaderboard_update"'):
            return
        self.is_following.set()
        # The answer to the command has no `seq`.
        seq = seq_of(text)
        if seq is not None:
            self.arrivals_s[seq] = now_s
            if self._keeps:
                self.pushes[seq] = text

    def on_ws_disconnected(self, _transport: WSTransport) -> None:
        self._transport = None
        self.closed.set()


def seq_of(text: bytes) -> int | None:
    """The `seq` at the end of a push; None for a message without one."""
    _, found, number = text[-40:].rpartition(_SEQ)
    return int(number[:-1]) if found else None


@asynccontextmanager
async def following(url: str, contest_id: int, tokens: Sequence[str]) -> AsyncIterator[list[Follower]]:
    """Keep a follower for each token connected until the end of the block; the first keeps the text of its pushes.

    Raises `TimeoutError` if not all of them get an answer.
    """
    free = asyncio.Semaphore(UNDER_WAY)

    async def connect(number: int, token: str) -> Follower:
        follower = Follower(contest_id, keeps=number == 0)
        headers = {"Authorization": f"Bearer {token}"}
        async with free:
            await ws_connect(lambda: follower, url, extra_headers=headers, websocket_handshake_timeout=PATIENCE_S)
            await follower.is_following.wait()
        return follower

    async with asyncio.timeout(PATIENCE_S):
        followers = await asyncio.gather(*(connect(number, token) for number, token in enumerate(tokens)))
    try:
        yield followers
    finally:
        for one in followers:
            one.leave()
        await asyncio.gather(*(one.closed.wait() for one in followers))
