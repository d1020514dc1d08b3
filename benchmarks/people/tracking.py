"""How many events per second one process stores, over real sockets, if each is acknowledged once it is on the disk."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import uvloop
from msgspec import Struct
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from benchmarks.measuring import Failed, cores, free_port, running, token_of, wallet_of
from benchmarks.rows import Row, Target, row
from benchmarks.servers import LIMITS_OFF, SECRET

WARMUP_S = 1.0
PATIENCE_S = 30.0
DISK_WRITES = 200
DISK_BYTES = 4_096
_TRACKED = b'{"type":"event_tracked"'
_REPEATED = b'"duplicate":true'


class Round(Struct, frozen=True):
    """Acknowledged events per second, and how long the acknowledgement of their messages took."""

    events_per_s: float
    p50_ms: float
    p99_ms: float


def measure(
    connections: int,
    batch: int,
    seconds: float,
    rounds: int,
    *,
    least_per_s: float | None = None,
    most_p99_ms: float | None = None,
) -> list[Row]:
    """Each connection sends its next message once the previous one is acknowledged. Raises `Failed`."""
    found = [_round(connections, batch, seconds) for _ in range(rounds)]
    name = f"events of {connections} connections, {batch} a message"
    least = None if least_per_s is None else Target("least", least_per_s)
    most = None if most_p99_ms is None else Target("most", most_p99_ms)
    return [
        row(f"{name}: acknowledged", "1/s", [one.events_per_s for one in found], least),
        row(f"{name}: p50", "ms", [one.p50_ms for one in found]),
        row(f"{name}: p99", "ms", [one.p99_ms for one in found], most),
    ]


def measure_disk(rounds: int) -> list[Row]:
    """How long the machine takes to put something on its disk; each commit waits for that."""
    return [row(f"a write of {DISK_BYTES} bytes and fdatasync, median", "ms", [_disk_ms() for _ in range(rounds)])]


def _disk_ms() -> float:
    block, times_s = os.urandom(DISK_BYTES), []
    with tempfile.TemporaryDirectory(prefix="duelcast-bench-") as folder, Path(folder, "file").open("wb") as file:
        for _ in range(DISK_WRITES):
            began_s = perf_counter()
            os.write(file.fileno(), block)
            os.fdatasync(file.fileno())
            times_s.append(perf_counter() - began_s)
    return median(times_s) * 1_000


def _round(connections: int, batch: int, seconds: float) -> Round:
    port = free_port()
    allowed = os.sched_getaffinity(0)
    with tempfile.TemporaryDirectory(prefix="duelcast-bench-") as folder:
        environment = {
            **LIMITS_OFF,
            "DUELCAST_DATA_DIR": folder,
            "DUELCAST_FEED": "none",
            "DUELCAST_PORT": str(port),
            "DUELCAST_JWT_SECRET": SECRET,
        }
        command = [str(Path(sys.executable).with_name("duelcast")), "serve"]
        with running("duelcast", command, environment, port):
            os.sched_setaffinity(0, {cores()[1]})
            try:
                trackers, found = uvloop.run(_measure(port, connections, batch, seconds))
            finally:
                os.sched_setaffinity(0, allowed)
        acknowledged, stored = sum(one.acknowledged for one in trackers), _stored(Path(folder))
    if stored != acknowledged:
        raise Failed(f"{acknowledged} events were acknowledged, and {stored} are stored")
    return found


def _stored(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "duelcast.db")) as connection:
        return int(connection.execute("select count(*) from analytics_events").fetchone()[0])


async def _measure(port: int, connections: int, batch: int, seconds: float) -> tuple[list[Tracker], Round]:
    trackers = [Tracker(number, batch) for number in range(connections)]
    url = f"ws://127.0.0.1:{port}/api/v69/ws/analytics"
    for number, tracker in enumerate(trackers):
        headers = {"Authorization": f"Bearer {token_of(wallet_of(number))}"}
        await ws_connect(lambda tracker=tracker: tracker, url, extra_headers=headers)
    await asyncio.sleep(WARMUP_S)
    before, began_s = sum(one.acknowledged for one in trackers), perf_counter()
    for one in trackers:
        one.times_s.clear()
    await asyncio.sleep(seconds)
    events = sum(one.acknowledged for one in trackers) - before
    elapsed_s = perf_counter() - began_s
    times_ms = np.concatenate([one.times_s for one in trackers]) * 1_000
    for one in trackers:
        one.leave()
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(*(one.closed.wait() for one in trackers))
    if fault := next((one.fault for one in trackers if one.fault is not None), None):
        raise Failed(fault)
    return trackers, Round(events / elapsed_s, *np.percentile(times_ms, (50, 99)).tolist())


class Tracker(WSListener):
    """One connection. `acknowledged` counts its events; `times_s` is how long each message took to be acknowledged."""

    def __init__(self, number: int, batch: int) -> None:
        self.acknowledged = 0
        self.times_s: list[float] = []
        self.fault: str | None = None
        self.closed = asyncio.Event()
        self._number = number
        self._batch = batch
        self._sent = 0
        self._sent_s = 0.0
        self._leaving = False

    def leave(self) -> None:
        """End the connection once the message in flight is acknowledged; `closed` is set when it has ended."""
        self._leaving = True

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.PING:
            transport.send_pong(frame.get_payload_as_bytes())
            return
        text = frame.get_payload_as_bytes()
        if text.startswith(_TRACKED):
            self._acknowledge(text)
        elif text.startswith(b'{"type":"error"') or frame.msg_type == WSMsgType.CLOSE:
            self.fault = text.decode(errors="replace")
            self._leaving = True
        elif not text.startswith(b'{"type":"connection_established"'):
            return
        if self._leaving:
            transport.disconnect()
        else:
            self._sent_s = perf_counter()
            transport.send(WSMsgType.TEXT, self._next())

    def on_ws_disconnected(self, _transport: WSTransport) -> None:
        if not self._leaving:
            self.fault = "a connection was closed"
        self.closed.set()

    def _acknowledge(self, text: bytes) -> None:
        self.times_s.append(perf_counter() - self._sent_s)
        self.acknowledged += self._batch
        if _REPEATED in text:
            self.fault = "a new event counted as a duplicate"

    def _next(self) -> bytes:
        first, self._sent = self._sent, self._sent + self._batch
        events = ",".join(
            f'{{"event":"bench.click","eventId":"{self._number:08x}-0000-4000-8000-{number:012x}",'
            f'"data":{{"page":"trade","number":{number}}}}}'
            for number in range(first, self._sent)
        )
        message = (
            f'{{"type":"track_event",{events[1:]}'
            if self._batch == 1
            else (f'{{"type":"track_event","events":[{events}]}}')
        )
        return message.encode()
