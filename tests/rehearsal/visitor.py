"""A client that comes back: it obeys close codes, keeps its positions, and asks until it is answered."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, ClassVar
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from duelcast.channels.names import Role
from duelcast.clock import SystemClock
from duelcast.domain.accounts.tokens import TokenIssuer
from tests.e2e.ending import retry_after_ms
from tests.serving import SECRET, Frame

PATIENCE_S = 60.0
"""After which a test fails that waits for something, and does not hang."""
RETRY_S = 0.3
MAX_RETRY_S = 3.0
"""Between attempts while nobody listens: twice as long each time."""
MAX_AWAY_S = 1.0
"""Of a client that lost its connection."""
MAX_WAIT_S = 0.5
"""However long the server asks to wait before a refused message is sent again."""
PASSING = frozenset({"UNAVAILABLE", "OUTCOME_UNKNOWN", "MAINTENANCE", "RATE_LIMIT_EXCEEDED", "NOT_IN_ROOM"})
"""Refusals that end by themselves."""
RESTARTS = 1012


def token_of(wallet: str, role: Role = Role.USER) -> str:
    """A token for a server of the tests."""
    return TokenIssuer(SystemClock(), SECRET).issue(wallet, role)


class Away(Exception):
    """The connection was lost before the answer came."""


class Visitor:
    """One client of `endpoint`. A subclass says what it asks for on each connection, and what it makes of frames.

    A numbered message that is missing, or comes twice, fails the test.
    """

    endpoint: ClassVar[str]

    def __init__(
        self, base_url: str, wallet: str | None = None, role: Role = Role.USER, *, public_name: str | None = None
    ) -> None:
        self.wallet = wallet
        self.role = role
        self.connections = 0
        self.recoveries = 0
        """How often a channel went on where it was."""
        self.restarts: list[float] = []
        """The delays that it was asked for when the server went away, in seconds."""
        self.refusals: list[str] = []
        """The codes of what it sent again."""
        self.unanswered = 0
        """Messages that were under way when a connection was lost."""
        self.epoch = ""
        self._url = f"{base_url}/{self.endpoint}"
        self._query = [] if public_name is None else [("endpoint", public_name)]
        self._token = None if wallet is None else token_of(wallet, role)
        self._ws: ClientConnection | None = None
        self._present = asyncio.Event()
        self._numbers = itertools.count(1)
        self._asked: dict[str, asyncio.Future[Frame]] = {}
        self._wishes: list[dict[str, Any]] = []
        self._wished: set[str] = set()
        self._positions: dict[str, tuple[str, int]] = {}
        """Epoch, and `seq` of the last message, of each *every* channel."""
        self._kept: tuple[str, ...] = ()
        """The channels that connecting joined."""
        self._placed: set[str] = set()
        """Those whose position this connection has confirmed."""

    # ── what subclasses say ─────────────────────────────────────────────────────────────────────────────────────

    def wishes(self) -> Sequence[dict[str, Any]]:
        """What it asks for on each connection; it is present when all of it is answered."""
        return ()

    def channels(self) -> Iterable[str]:
        """What it goes on with where it was as soon as it is connected: what connecting had joined, unless a subclass
        says otherwise."""
        return self._kept

    def take(self, frame: Frame) -> None:
        """A frame came."""
        raise NotImplementedError

    # ── the connection ──────────────────────────────────────────────────────────────────────────────────────────

    async def attend(self) -> None:
        """Be connected, again and again, until cancelled."""
        headers = {} if self._token is None else {"Authorization": f"Bearer {self._token}"}
        retry_s = RETRY_S
        while True:
            try:
                async with connect(
                    self._address(), additional_headers=headers, compression=None, proxy=None, close_timeout=1
                ) as ws:
                    await self._listen(ws)
            except ConnectionClosed as closed:
                away_s, retry_s = self._away_s(closed), RETRY_S
            except (OSError, InvalidHandshake):
                away_s, retry_s = random.uniform(retry_s / 2, retry_s), min(2 * retry_s, MAX_RETRY_S)
            finally:
                self._leave()
            await asyncio.sleep(away_s)

    @property
    def is_present(self) -> bool:
        return self._present.is_set()

    async def present(self) -> None:
        """Wait until it has what it asks for on a connection."""
        async with asyncio.timeout(PATIENCE_S):
            await self._present.wait()

    def lose_connection(self) -> None:
        """Break it, with whatever is under way in it."""
        if self._ws is not None:
            self._ws.transport.abort()

    async def ask(self, **message: Any) -> Frame:
        """The answer to a message, also where that is an error. Raises `Away`."""
        if self._ws is None:
            raise Away
        request_id = f"a{next(self._numbers)}"
        answer: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._asked[request_id] = answer
        # What is never sent is never answered either: the end of the connection tells.
        with suppress(ConnectionClosed):
            await self._ws.send(json.dumps({**message, "requestId": request_id}))
        return await answer

    async def insist(self, **message: Any) -> Frame:
        """The answer to a message that may be repeated, however often the connection is lost or it is refused for a
        while."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                await self._present.wait()
                try:
                    answer = await self.ask(**message)
                except Away:
                    await asyncio.sleep(0)
                    continue
                if answer["type"] != "error":
                    return answer
                assert answer["code"] in PASSING, answer
                self.refusals.append(answer["code"])
                await asyncio.sleep(min(answer.get("retryAfterMs", 1_000) / 1_000, MAX_WAIT_S))

    def soon(self, **message: Any) -> None:
        """Ask for something that it must have before it is present."""
        self._wishes.append(message)

    # ── parts ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _address(self) -> str:
        since = [("since", ",".join((channel, *map(str, self._positions[channel])))) for channel in self.channels()]
        return f"{self._url}?{urlencode(self._query + since)}"

    async def _listen(self, ws: ClientConnection) -> None:
        while True:
            frame: Frame = json.loads(await ws.recv())
            self._follow(frame)
            self.take(frame)
            if frame["type"] == "connection_established":
                self._ws = ws
                self.connections += 1
                self._wishes.extend(self.wishes())
            while self._wishes:
                request_id = f"w{next(self._numbers)}"
                self._wished.add(request_id)
                await ws.send(json.dumps({**self._wishes.pop(0), "requestId": request_id}))
            self._answered(frame)

    def _follow(self, frame: Frame) -> None:
        """Keep the positions of *every* channels, without a gap and without a repeat."""
        if frame["type"] == "connection_established":
            self.epoch = frame["epoch"]
            self._kept = tuple(frame["positions"])
        elif frame["type"] == "subscription_confirmed":
            self.epoch = frame["epoch"]
            self.recoveries += bool(frame.get("recovered"))
            if frame["kind"] == "every":
                self._place(frame["channel"], frame["seq"], frame)
        elif frame.get("channel") in self._placed and "seq" in frame:
            self._go_on(frame["channel"], frame["seq"])
        for channel, seq in frame.get("positions", {}).items():
            if channel not in self._placed:
                self._place(channel, seq, frame)

    def _place(self, channel: str, seq: int, frame: Frame) -> None:
        """Stand behind what a snapshot holds, or where it was while what was missed follows."""
        self._placed.add(channel)
        if not frame.get("recovered"):
            self._positions[channel] = self.epoch, seq

    def _go_on(self, channel: str, seq: int) -> None:
        last = self._positions[channel][1]
        assert seq == last + 1, (self, channel, last, seq)
        self._positions[channel] = self.epoch, seq

    def _answered(self, frame: Frame) -> None:
        request_id: str = frame.get("requestId", "")
        asked = self._asked.pop(request_id, None)
        if asked is not None:
            asked.set_result(frame)
            return
        assert frame["type"].lower() != "error", (self, frame)
        self._wished.discard(request_id)
        if self._ws is not None and not self._wished:
            self._present.set()

    def _away_s(self, closed: ConnectionClosed) -> float:
        if closed.rcvd is None:
            return random.uniform(0, MAX_AWAY_S)
        assert closed.rcvd.code == RESTARTS, (self, closed.rcvd)
        self.restarts.append(retry_after_ms(closed.rcvd.reason) / 1_000)
        return self.restarts[-1]

    def _leave(self) -> None:
        self._ws = None
        self._present.clear()
        self._wishes.clear()
        self._wished.clear()
        self._placed.clear()
        for asked in self._asked.values():
            if not asked.done():
                self.unanswered += 1
                asked.set_exception(Away())
        self._asked.clear()

    def __repr__(self) -> str:
        return f"<{self.wallet or 'somebody'} at {self.endpoint}>"
