"""Clients that follow all services, and count what they receive."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from benchmarks.operations.services import PREFIX

UNDER_WAY = 10
"""How many clients connect at the same time; each is sent the states of all services twice."""
PATIENCE_S = 120.0
OTHERS = "others"
"""The type that `frames` uses for updates of other services, because the server's own services keep changing."""
_OURS = b'{"type":"service:update","service":"%s' % PREFIX.encode()
_SUBSCRIBE = b'{"type":"subscribe:services","requestId":"follow"}'
UPDATE = "service:update"
STATES = "services:state"
_BEGINNING = b'{"type":"'


class Follower(WSListener):
    """One connection. By type, `frames` counts the frames received, and `bytes` adds up their sizes."""

    def __init__(self) -> None:
        self.frames: Counter[str] = Counter()
        self.bytes: Counter[str] = Counter()
        self.is_following = asyncio.Event()
        self.closed = asyncio.Event()
        self._confirmed = False
        self._transport: WSTransport | None = None

    def leave(self) -> None:
        """End the connection; `closed` is set when it has ended."""
        if self._transport is not None:
            self._transport.disconnect()

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport
        transport.send(WSMsgType.TEXT, _SUBSCRIBE)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.CLOSE:
            transport.disconnect()
        if frame.msg_type != WSMsgType.TEXT:
            return
        text = frame.get_payload_as_bytes()
        kind = kind_of(text)
        self.frames[kind] += 1
        self.bytes[kind] += len(text)
        if kind == "subscription_confirmed":
            self._confirmed = True
        elif kind == STATES and self._confirmed:
            self.is_following.set()

    def on_ws_disconnected(self, _transport: WSTransport) -> None:
        self._transport = None
        self.closed.set()


def kind_of(text: bytes) -> str:
    """The `type` at the beginning of a frame, `OTHERS` for an update of a service that is not of the benchmark."""
    beginning, _, rest = text.partition(_BEGINNING)
    kind = "" if beginning else rest.partition(b'"')[0].decode()
    return OTHERS if kind == UPDATE and not text.startswith(_OURS) else kind


@asynccontextmanager
async def following(url: str, tokens: Sequence[str]) -> AsyncIterator[list[Follower]]:
    """Keep a follower for each token connected until the end of the block.

    Raises `TimeoutError` if not all of them get the states of the services.
    """
    free = asyncio.Semaphore(UNDER_WAY)

    async def connect(token: str) -> Follower:
        follower = Follower()
        headers = {"Authorization": f"Bearer {token}"}
        async with free:
            await ws_connect(lambda: follower, url, extra_headers=headers, websocket_handshake_timeout=PATIENCE_S)
            await follower.is_following.wait()
        return follower

    async with asyncio.timeout(PATIENCE_S):
        followers = await asyncio.gather(*map(connect, tokens))
    try:
        yield followers
    finally:
        for one in followers:
            one.leave()
        await asyncio.gather(*(one.closed.wait() for one in followers))
