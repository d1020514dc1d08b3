"""Sends an attempt to a server several times, and measures what it costs."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median

import msgspec
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from benchmarks.abuse.attempts import CONNECT, Attempt
from benchmarks.measuring import token_of

WALLET = "trader-1"
ROLES = {"anonymous": None, "user": "user", "admin": "admin"}
PUBLIC_NAMES = {
    "contest": "public.contests",
    "monitor": "public.background_scene",
    "notifications": "system.announcements",
}
REPEATS = 5
PATIENCE_S = 10.0


class Cost(msgspec.Struct, frozen=True):
    """The cost of one message or request.

    `loop_ms` is CPU time of the thread that runs the server's event loop. It is the median of several repeats, because
    other work of the server, such as new prices, falls into some of them.
    """

    caller: str
    title: str
    loop_ms: float
    sent_bytes: float
    answered_bytes: float
    is_promised: bool

    @property
    def amplification(self) -> float:
        """Bytes answered per byte sent."""
        return self.answered_bytes / max(1.0, self.sent_bytes)


class Probe:
    """A caller of the server that listens on `port` and runs as process `pid`."""

    def __init__(self, pid: int, port: int, caller: str) -> None:
        self._clock = Path(f"/proc/{pid}/task/{pid}/schedstat")
        self._port = port
        self._caller = caller
        role = ROLES[caller]
        self._headers = {} if role is None else {"Authorization": f"Bearer {token_of(WALLET, role)}"}

    def cost_of(self, attempt: Attempt) -> Cost | None:
        """The cost of `attempt`; None if it is a message and this caller cannot even connect."""
        if attempt.surface == "http":
            loop_ms, sent, answered = self._requested(attempt)
        elif attempt.title == CONNECT:
            loop_ms, sent, answered = self._connected(attempt)
        else:
            try:
                loop_ms, sent, answered = self._said(attempt)
            except _Refused:
                return None
        return Cost(
            self._caller,
            f"{attempt.surface}: {attempt.title}",
            loop_ms,
            sent,
            answered,
            attempt.is_promised,
        )

    def _loop_ms(self) -> float:
        """The CPU time so far of the thread that runs the event loop."""
        return int(self._clock.read_text().split()[0]) / 1e6

    # ── HTTP ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _requested(self, attempt: Attempt) -> tuple[float, float, float]:
        headers = {**self._headers, **({"Content-Type": "application/json"} if attempt.text else {})}
        body = attempt.text.encode() or None
        head = sum(len(name) + len(value) + 4 for name, value in headers.items()) + len(attempt.path) + 60
        answered = 0
        costs_ms = []
        for _ in range(REPEATS):
            before_ms = self._loop_ms()
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE_S)
            with suppress(OSError):
                connection.request(attempt.method, attempt.path, body, headers)
            with suppress(OSError, http.client.HTTPException):
                answer = connection.getresponse()
                answered += len(answer.read()) + len(str(answer.headers))
            connection.close()
            costs_ms.append(self._loop_ms() - before_ms)
        return median(costs_ms), head + len(body or b""), answered / REPEATS

    # ── WebSocket ───────────────────────────────────────────────────────────────────────────────────────────────

    def _connected(self, attempt: Attempt) -> tuple[float, float, float]:
        answered = 0
        costs_ms = []
        for _ in range(REPEATS):
            before_ms = self._loop_ms()
            with suppress(_Refused), self._connection(attempt.surface) as (_, greeting):
                answered += greeting
            costs_ms.append(self._loop_ms() - before_ms)
        return median(costs_ms), 250.0, answered / REPEATS

    @contextmanager
    def _connection(self, endpoint: str) -> Iterator[tuple[ClientConnection, int]]:
        """A connection that has received its greeting, and how many bytes it has received so far."""
        public = PUBLIC_NAMES.get(endpoint)
        query = f"?endpoint={public}" if public and not self._headers else ""
        url = f"ws://127.0.0.1:{self._port}/api/v69/ws/{endpoint}{query}"
        with connect(
            url, additional_headers=self._headers, compression=None, proxy=None, max_size=None, close_timeout=1
        ) as connection:
            size = 0
            try:
                while b'"connection_established"' not in (frame := connection.recv(PATIENCE_S, decode=False)):
                    size += len(frame)
            except ConnectionClosed:
                raise _Refused from None
            yield connection, size + len(frame)

    def _said(self, attempt: Attempt) -> tuple[float, float, float]:
        answered = 0
        costs_ms = []
        for _ in range(REPEATS):
            with self._connection(attempt.surface) as (connection, _):
                before_ms = self._loop_ms()
                answered += _answer(connection, attempt.text)
                costs_ms.append(self._loop_ms() - before_ms)
        return median(costs_ms), len(attempt.text.encode()) + 8, answered / REPEATS


def _answer(connection: ClientConnection, text: str) -> int:
    """The bytes of all frames before the answer to a `ping` that is sent after `text`, or before the close."""
    mark = str(time.monotonic_ns())
    size = 0
    with suppress(ConnectionClosed):
        connection.send(text)
        connection.send(json.dumps({"type": "ping", "timestamp": mark}))
        while mark.encode() not in (frame := connection.recv(PATIENCE_S, decode=False)):
            size += len(frame)
    return size


class _Refused(Exception):
    """The server closed the connection of this caller before greeting it."""
