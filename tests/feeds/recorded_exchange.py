"""A venue on loopback that speaks a session: its HTTP answers, and its frames exactly as they are.

    async with recorded_exchange(made_coinbase_session()) as venue:
        ...  # a feed of `venue.feed`
        await venue.subscribed.wait()
        venue.start.set()
        await venue.finished.wait()

By hand: `python -m tests.feeds.recorded_exchange [made-coinbase|made-okx|coinbase|okx]`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Iterable
from typing import Any
from urllib.parse import quote

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from tests.feeds.local_http import Answer, local_http
from tests.feeds.made_sessions import made_coinbase_session, made_okx_session
from tests.feeds.recorded_sessions import Session, coinbase_session, okx_session

SESSIONS = {
    "made-coinbase": made_coinbase_session,
    "made-okx": made_okx_session,
    "coinbase": coinbase_session,
    "okx": okx_session,
}
"""Tests that read the recorded ones skip if these are absent."""
_READ_CHANNELS = {"ticker", "matches", "tickers", "trades"}


class RecordedExchange:
    """The running server. A connection gets the session once it has subscribed to every pair and `start` is set.

    `speed`: 1 as recorded, 0 as fast as the reader takes it. `lockstep`: after each frame, wait until the reader has
    handled it. `finished` is set once a connection was sent the whole session.
    """

    def __init__(self, session: Session, *, speed: float, lockstep: bool, expected_pairs: int) -> None:
        self.session = session
        self.ws_url = ""
        self.http_url = ""
        self.subscribed = asyncio.Event()
        self.start = asyncio.Event()
        self.finished = asyncio.Event()
        self.frames_sent = 0
        self.connections: set[ServerConnection] = set()
        self._speed = speed
        self._lockstep = lockstep
        self._expected_subscriptions = 2 * expected_pairs

    @property
    def feed(self) -> str:
        """The value of `DUELCAST_FEED` that reads this server."""
        return self.feed_of(self.session.pairs)

    def feed_of(self, pairs: Iterable[str]) -> str:
        urls = f"ws_url={quote(self.ws_url, safe=':/')}&http_url={quote(self.http_url, safe=':/')}"
        return f"exchange:{self.session.venue}:{','.join(pairs)}?{urls}"

    async def drop_connections(self) -> None:
        """End every connection as a venue that restarts does."""
        for connection in list(self.connections):
            await connection.close(1012)

    def answer(self, target: str) -> Answer:
        body = self.session.http_answers.get(target)
        return Answer(b"{}", status=404) if body is None else Answer(body)

    async def speak(self, connection: ServerConnection) -> None:
        """Serve one connection."""
        self.connections.add(connection)
        sending = asyncio.ensure_future(self._send(connection))
        channels: set[tuple[str, str]] = set()
        try:
            async for text in connection:
                if text == "ping":
                    await connection.send("pong")
                    continue
                channels |= _subscriptions(json.loads(text))
                if len(channels) >= self._expected_subscriptions:
                    self.subscribed.set()
        finally:
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionClosed):
                await sending
            self.connections.discard(connection)

    async def _send(self, connection: ServerConnection) -> None:
        await self.subscribed.wait()
        await self.start.wait()
        clock = asyncio.get_running_loop().time
        started = clock()
        for at_s, text in self.session.frames:
            if self._speed:
                await asyncio.sleep(started + at_s / self._speed - clock())
            await connection.send(text)
            self.frames_sent += 1
            if self._lockstep:
                await (await connection.ping())
        self.finished.set()


def _subscriptions(message: dict[str, Any]) -> set[tuple[str, str]]:
    """The (channel, instrument) pairs of a subscription, in the words of either venue."""
    match message:
        case {"type": "subscribe", "channels": [*channels], "product_ids": [*products]}:
            asked = {(str(channel), str(product)) for channel in channels for product in products}
        case {"op": "subscribe", "args": [*arguments]}:
            asked = {(argument["channel"], argument["instId"]) for argument in arguments}
        case _:
            asked = set()
    return {(channel, product) for channel, product in asked if channel in _READ_CHANNELS}


@contextlib.asynccontextmanager
async def recorded_exchange(
    session: Session,
    *,
    speed: float = 0.0,
    lockstep: bool = False,
    expected_pairs: int | None = None,
    port: int = 0,
    http_port: int = 0,
) -> AsyncIterator[RecordedExchange]:
    """Serve `session`; `expected_pairs` is how many pairs the reader will subscribe (None: all of the session's)."""
    count = len(session.pairs) if expected_pairs is None else expected_pairs
    venue = RecordedExchange(session, speed=speed, lockstep=lockstep, expected_pairs=count)
    async with (
        local_http(venue.answer, http_port) as http_url,
        serve(venue.speak, "127.0.0.1", port, compression=None, ping_interval=None, close_timeout=1) as server,
    ):
        venue.http_url = http_url
        venue.ws_url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        yield venue


async def _main(name: str) -> None:
    async with recorded_exchange(SESSIONS[name](), speed=1.0) as venue:
        venue.start.set()
        sys.stdout.write(f"DUELCAST_FEED='{venue.feed}'\n")
        sys.stdout.flush()
        await asyncio.Future()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_main(sys.argv[1] if len(sys.argv) > 1 else "made-coinbase"))
