"""A client that connects to another gateway whenever it has lost its connection."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, ClassVar
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage
from websockets.frames import Close, CloseCode

from tests.cluster_kills.returns import Returns
from tests.cluster_kills.tokens import headers_of

Frame = dict[str, Any]

PAUSE_S = 0.05
OPEN_TIMEOUT_S = 10.0
PING_EVERY_S = 2.0
"""An impatient client goes elsewhere this long after its gateway has stopped answering."""
ALLOWED_CLOSES = frozenset({1000, 1001, 1012, 1013})
PASSING = frozenset({"UNAVAILABLE", "OUTCOME_UNKNOWN", "NOT_IN_ROOM"})
"""Refusals that end by themselves."""
REMEMBERED = 200


class Away(Exception):
    """The connection was lost before the answer was received, so that nobody knows whether the command was run."""


class Client:
    """Connects to `endpoint` of one of the `gateways` at a time. `chance` decides where it begins, and whether it is
    patient with a gateway that hangs.

    `connections` counts its connections, and `returns` has those after the stop of a gateway. A frame or a close code
    that contradicts the contract raises `AssertionError`.
    """

    endpoint: ClassVar[str]

    def __init__(
        self, gateways: Sequence[str], chance: random.Random, wallet: str | None = None, role: str = "user"
    ) -> None:
        self.wallet = wallet
        self.connections = 0
        self.evictions = 0
        """How often a leader did not know that the client was in its room."""
        self.returns = Returns()
        self.recent: deque[str] = deque(maxlen=REMEMBERED)
        """The last frames, each with its time and gateway, as evidence."""
        self._gateways = gateways
        self._gateway = chance.randrange(len(gateways))
        self._is_patient = chance.random() < 0.3
        self._headers = headers_of(wallet, role)
        self._ws: ClientConnection | None = None
        self._present = asyncio.Event()
        self._numbers = itertools.count(1)
        self._asked: dict[str, asyncio.Future[Frame]] = {}
        self._wished: set[str] = set()

    # ── for subclasses ──────────────────────────────────────────────────────────────────────────────────────────

    def query(self) -> list[tuple[str, str]]:
        """The query of the address of the next connection."""
        return []

    def wishes(self) -> Sequence[Frame]:
        """Commands for each connection; the client is present once all of them are answered."""
        return ()

    def take(self, frame: Frame) -> None:
        """Handle a frame."""

    # ── the connection ──────────────────────────────────────────────────────────────────────────────────────────

    @property
    def is_present(self) -> bool:
        """Whether it is connected, and has what it asks for."""
        return self._present.is_set()

    async def attend(self) -> None:
        """Be connected until cancelled."""
        while True:
            self._gateway = (self._gateway + 1) % len(self._gateways)
            try:
                async with connect(
                    self._address(),
                    additional_headers=self._headers,
                    compression=None,
                    proxy=None,
                    open_timeout=OPEN_TIMEOUT_S,
                    close_timeout=1,
                    ping_interval=None if self._is_patient else PING_EVERY_S,
                    ping_timeout=PING_EVERY_S,
                ) as ws:
                    await self._listen(ws)
            except ConnectionClosed as closed:
                self._note(f"closed: {closed}")
                if closed.rcvd is not None:
                    self._take_close(closed.rcvd)
            except AssertionError:
                self._note("This contradicts what came before.")
                raise
            except (OSError, InvalidHandshake, InvalidMessage) as error:
                self._note(f"not connected: {error!r}")
                self.returns.failed()
            finally:
                self._leave()
            await asyncio.sleep(max(PAUSE_S, self.returns.pause_s()))

    def lose_connection(self) -> None:
        """End the connection without a closing handshake."""
        if self._ws is not None:
            self.returns.given_up()
            self._ws.transport.abort()

    async def ask(self, **message: Any) -> Frame:
        """Send a message once the client is present; returns the answer, which may be an error. Raises `Away`."""
        await self._present.wait()
        ws = self._ws
        assert ws is not None
        request_id = f"a{next(self._numbers)}"
        answer: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._asked[request_id] = answer
        # A message that is not sent is not answered, either: the end of the connection ends the wait.
        with suppress(ConnectionClosed):
            await ws.send(json.dumps({**message, "requestId": request_id}))
        return await answer

    # ── parts ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _address(self) -> str:
        base = self._gateways[self._gateway].replace("http:", "ws:")
        return f"{base}/api/v69/ws/{self.endpoint}?{urlencode(self.query())}"

    async def _listen(self, ws: ClientConnection) -> None:
        self._ws = ws
        while True:
            text = await ws.recv()
            assert isinstance(text, str)
            self._note(text)
            frame: Frame = json.loads(text)
            self.take(frame)
            if frame["type"] == "connection_established":
                self.connections += 1
                self.returns.greeted()
                await self._wish(ws)
            self._answered(frame)

    def _take_close(self, close: Close) -> None:
        assert close.code in ALLOWED_CLOSES, f"{self} was closed: {close}"
        if close.code == CloseCode.SERVICE_RESTART:
            self.returns.stopped(close.reason)
        else:
            self.returns.failed()

    async def _wish(self, ws: ClientConnection) -> None:
        for wish in self.wishes():
            request_id = f"w{next(self._numbers)}"
            self._wished.add(request_id)
            await ws.send(json.dumps({**wish, "requestId": request_id}))
        if not self._wished:
            self._present.set()

    def _answered(self, frame: Frame) -> None:
        request_id: str = frame.get("requestId", "")
        asked = self._asked.pop(request_id, None)
        if asked is not None:
            asked.set_result(frame)
        elif frame["type"].lower() == "error":
            assert frame["code"] in PASSING or frame["code"] == "TOO_MANY_CONNECTIONS", f"{self} was refused: {frame}"
            self.lose_connection()
        elif request_id in self._wished:
            self._wished.discard(request_id)
            if not self._wished:
                self._present.set()

    def _leave(self) -> None:
        self._ws = None
        self._present.clear()
        self._wished.clear()
        for asked in self._asked.values():
            if not asked.done():
                asked.set_exception(Away())
        self._asked.clear()

    def _note(self, text: str) -> None:
        self.recent.append(f"{time.time():.3f} gateway {self._gateway + 1}: {text[:300]}")

    def __repr__(self) -> str:
        return f"<{self.wallet or 'somebody'} at {self.endpoint}>"
