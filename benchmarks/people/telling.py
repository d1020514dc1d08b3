"""Measures how fast notifications reach many connected users at once, and how late prices are meanwhile."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter, time

import httpx
import numpy as np
import uvloop
from msgspec import Struct
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from benchmarks.measuring import Failed, cores, free_port, running, token_of, wallet_of
from benchmarks.people.crowd import Crowd, crowd
from benchmarks.rows import Row, Target, row
from benchmarks.servers import LIMITS_OFF, SECRET
from duelcast.wire.timestamps import parse_time

WATCHERS = 20
"""Clients that follow prices."""
TICK_MS = 20
FEED = f"simulated?symbols=1&due=1&interval_ms={TICK_MS}&conflate=0&trades=0"
SETTLE_S = 1.0
PATIENCE_S = 60.0
_PRICE = b'{"type":"MARKET_PRICE"'
_TIMESTAMP = b'"timestamp":"'
_TIMESTAMP_LENGTH = len("2026-11-25T17:10:31.611Z")


class Round(Struct, frozen=True):
    """All figures are in ms: the p99 of how late prices were, without a broadcast and around one; for each user, how
    long after the post the broadcast and the user's own notification arrived; and how long each post took."""

    prices_without_ms: float
    prices_with_ms: float
    broadcast_ms: Sequence[float]
    own_ms: Sequence[float]
    broadcast_post_ms: float
    own_post_ms: float


def measure(
    users: int, seconds: float, rounds: int, *, most_told_ms: float | None = None, most_beside: float | None = None
) -> list[Row]:
    """Each round has a window of `seconds` without a broadcast, one with a broadcast in its middle, and then a post to
    all wallets.

    Raises `Failed`, also if a user did not receive each notification exactly once.
    """
    found = _measured(users, seconds, rounds)
    told = None if most_told_ms is None else Target("most", most_told_ms)
    beside = None if most_beside is None else Target("most", most_beside)
    return [
        row(f"a broadcast to {users:,} users: p99", "ms", [_p99(one.broadcast_ms) for one in found], told),
        row(f"a broadcast to {users:,} users: answered", "ms", [one.broadcast_post_ms for one in found]),
        row(f"a post to {users:,} wallets: p99", "ms", [_p99(one.own_ms) for one in found], told),
        row(f"a post to {users:,} wallets: answered", "ms", [one.own_post_ms for one in found]),
        row("prices without a broadcast: p99", "ms", [one.prices_without_ms for one in found]),
        row(
            f"prices in the {seconds:.0f} s around it: p99 × without",
            "×",
            [one.prices_with_ms / one.prices_without_ms for one in found],
            beside,
        ),
    ]


def _measured(users: int, seconds: float, rounds: int) -> list[Round]:
    port = free_port()
    environment = {
        **LIMITS_OFF,
        "DUELCAST_FEED": FEED,
        "DUELCAST_PORT": str(port),
        "DUELCAST_JWT_SECRET": SECRET,
    }
    command = [str(Path(sys.executable).with_name("duelcast")), "serve"]
    wallets = [wallet_of(number) for number in range(users)]
    allowed = os.sched_getaffinity(0)
    with (
        running("duelcast", command, environment, port),
        crowd(f"ws://127.0.0.1:{port}/api/v69/ws/notifications", wallets) as people,
    ):
        os.sched_setaffinity(0, {cores()[1]})
        try:
            return uvloop.run(_rounds(port, people, wallets, seconds, rounds))
        finally:
            os.sched_setaffinity(0, allowed)


async def _rounds(port: int, people: Crowd, wallets: Sequence[str], seconds: float, rounds: int) -> list[Round]:
    url = f"127.0.0.1:{port}/api/v69"
    token = token_of("benchmark", "admin")
    async with (
        httpx.AsyncClient(base_url=f"http://{url}", headers={"Authorization": f"Bearer {token}"}, timeout=60) as http,
        watching(f"ws://{url}/ws/market-data") as watchers,
    ):
        return [await _one(http, people, watchers, wallets, seconds) for _ in range(rounds)]


async def _one(
    http: httpx.AsyncClient, people: Crowd, watchers: Sequence[Watcher], wallets: Sequence[str], seconds: float
) -> Round:
    broadcast, own = Post(http, broadcast=True), Post(http, wallets=wallets)
    without_ms = await _prices_ms(watchers, seconds, asyncio.sleep(0))
    beside_ms = await _prices_ms(watchers, seconds, broadcast.send(seconds / 2))
    broadcast_ms = broadcast.told_ms(people)
    await own.send(SETTLE_S)
    await asyncio.sleep(SETTLE_S)
    return Round(
        prices_without_ms=_p99(without_ms),
        prices_with_ms=_p99(beside_ms),
        broadcast_ms=broadcast_ms,
        own_ms=own.told_ms(people),
        broadcast_post_ms=broadcast.answered_ms,
        own_post_ms=own.answered_ms,
    )


class Post:
    """A notification; `answered_ms` is how long its request took."""

    def __init__(self, http: httpx.AsyncClient, **addressees: object) -> None:
        self.answered_ms = 0.0
        self._http = http
        self._body = {"type": "NEWS", "title": "Benchmark", "content": "It goes on.", **addressees}
        self._sent_s = 0.0

    async def send(self, after_s: float) -> None:
        """Post the notification after `after_s`. Raises `Failed` if it is refused."""
        await asyncio.sleep(after_s)
        self._sent_s = perf_counter()
        answer = await self._http.post("/notifications", json=self._body)
        self.answered_ms = (perf_counter() - self._sent_s) * 1_000
        if not answer.is_success:
            raise Failed(answer.text)

    def told_ms(self, people: Crowd) -> list[float]:
        """How long after the post each user received it. Raises `Failed` if a user did not receive it exactly once."""
        arrivals_s = people.arrivals_s()
        wrong = sum(len(one) != 1 for one in arrivals_s)
        if wrong:
            raise Failed(f"{wrong} users were not notified exactly once")
        return [(first - self._sent_s) * 1_000 for (first,) in arrivals_s]


async def _prices_ms(watchers: Sequence[Watcher], seconds: float, act: Awaitable[None]) -> list[float]:
    """How late each price reached each watcher in a window during which `act` runs. Raises `Failed`."""
    await asyncio.sleep(SETTLE_S)
    for watcher in watchers:
        watcher.late_ms.clear()
    await asyncio.gather(asyncio.sleep(seconds), act)
    if any(watcher.closed.is_set() or not watcher.late_ms for watcher in watchers):
        raise Failed("a client got no prices")
    return [late_ms for watcher in watchers for late_ms in watcher.late_ms]


def _p99(values: Sequence[float]) -> float:
    return float(np.percentile(values, 99))


class Watcher(WSListener):
    """Follows the only symbol. `late_ms` is how long after each price was due it arrived, which includes the time by
    which the server created it too late."""

    def __init__(self) -> None:
        self.late_ms: list[float] = []
        self.closed = asyncio.Event()
        self._last_s = float("inf")
        self._transport: WSTransport | None = None

    def leave(self) -> None:
        """End the connection; `closed` is set when it has ended."""
        if self._transport is not None:
            self._transport.disconnect()

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport
        transport.send(WSMsgType.TEXT, b'{"type":"SUBSCRIBE_SYMBOLS","symbols":["*"]}')

    def on_ws_frame(self, _transport: WSTransport, frame: WSFrame) -> None:
        now_s = time()
        text = frame.get_payload_as_bytes()
        if text.startswith(_PRICE):
            begin = text.index(_TIMESTAMP) + len(_TIMESTAMP)
            made_s = parse_time(text[begin : begin + _TIMESTAMP_LENGTH].decode())
            self.late_ms.append((now_s - min(made_s, self._last_s + TICK_MS / 1_000)) * 1_000)
            self._last_s = made_s

    def on_ws_disconnected(self, _transport: WSTransport) -> None:
        self._transport = None
        self.closed.set()


@asynccontextmanager
async def watching(url: str) -> AsyncIterator[list[Watcher]]:
    """Keep watchers connected until the end of the block."""
    watchers = [Watcher() for _ in range(WATCHERS)]
    for watcher in watchers:
        await ws_connect(lambda watcher=watcher: watcher, url)
    try:
        yield watchers
    finally:
        for watcher in watchers:
            watcher.leave()
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(*(watcher.closed.wait() for watcher in watchers))
