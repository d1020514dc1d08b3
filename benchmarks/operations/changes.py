"""Measures what changes of services cost while clients follow the services over real sockets."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import uvloop
from msgspec import Struct

from benchmarks.measuring import Failed, cores, cpu_s, free_port, running, token_of, wallet_of
from benchmarks.operations.followers import OTHERS, STATES, UPDATE, Follower, following
from benchmarks.operations.server import PER_S
from benchmarks.operations.services import configuration_of
from benchmarks.rows import Row, Target, row, worst
from benchmarks.servers import LIMITS_OFF, SECRET

MOST_CPU_PERCENT = 10.0
MOST_BYTES = 2_048.0
MOST_FRAMES = 1.0
MOST_STATES = 2.0
SETTLE_S = 2.0
"""The time for the last pushes to reach all followers."""


class Changes(Struct, frozen=True):
    """The server's cost of a number of changes, and what all followers together received meanwhile.

    `frames` counts the frames by type, without the updates of the server's own services; `update_bytes` is the size of
    all `service:update` in `frames`. `states_before` is how often one follower received the states of all services
    before the changes (the maximum of all followers).
    """

    followers: int
    changes: int
    server_cpu_s: float
    seconds: float
    frames: dict[str, int]
    update_bytes: int
    states_before: int

    @property
    def cpu_percent(self) -> float:
        """The CPU of the server in percent of a core."""
        return self.server_cpu_s / self.seconds * 100

    @property
    def frames_each(self) -> float:
        """The frames of any type per change and follower."""
        return sum(self.frames.values()) / self.changes / self.followers

    @property
    def bytes_each(self) -> float:
        """The mean size of a `service:update`."""
        return self.update_bytes / self.frames[UPDATE]

    @property
    def states(self) -> int:
        """How often the states of all services were sent while services changed."""
        return self.frames.get(STATES, 0)


def measure(services: int, followers: int, changes: int, rounds: int) -> list[Row]:
    """Raises `Failed`."""
    found = [measure_changes(services, followers, changes) for _ in range(rounds)]
    name = f"{services:,} services, {followers} followers: "
    return [
        worst(
            f"{name}frames per change and follower",
            "frames",
            [one.frames_each for one in found],
            Target("most", MOST_FRAMES, decides=True),
        ),
        worst(
            f"{name}size of a change",
            "bytes",
            [one.bytes_each for one in found],
            Target("most", MOST_BYTES, decides=True),
        ),
        worst(
            f"{name}lists of all services, unasked",
            "frames",
            [float(one.states) for one in found],
            Target("most", 0, decides=True),
        ),
        worst(
            f"{name}the same on connect and as a reply",
            "frames",
            [float(one.states_before) for one in found],
            Target("most", MOST_STATES, decides=True),
        ),
        row(
            f"{name}CPU at {PER_S} changes/s",
            "% of a core",
            [one.cpu_percent for one in found],
            Target("most", MOST_CPU_PERCENT),
        ),
    ]


def measure_changes(services: int, followers: int, changes: int) -> Changes:
    """Raises `Failed`, also if a follower did not get each change exactly once."""
    port = free_port()
    allowed = os.sched_getaffinity(0)
    with tempfile.TemporaryDirectory(prefix="duelcast-bench-") as folder:
        config = Path(folder, "duelcast.toml")
        config.write_text(configuration_of(services))
        environment = {
            **LIMITS_OFF,
            "DUELCAST_CONFIG": str(config),
            "DUELCAST_FEED": "none",
            "DUELCAST_PORT": str(port),
            "DUELCAST_JWT_SECRET": SECRET,
        }
        command = [sys.executable, "-m", "benchmarks.operations.server", str(services), str(changes)]
        with running("duelcast", command, environment, port) as pid:
            os.sched_setaffinity(0, {cores()[1]})
            try:
                return uvloop.run(_measure(port, pid, followers, changes))
            finally:
                os.sched_setaffinity(0, allowed)


def told(followers: Sequence[Follower], before: Sequence[Counter[str]], changes: int) -> dict[str, int]:
    """The frames of all followers since `before`, by type. Raises `Failed` if a follower was disconnected, or did not
    get as many updates as there were changes."""
    frames: Counter[str] = Counter()
    for number, (follower, earlier) in enumerate(zip(followers, before, strict=True)):
        if follower.closed.is_set():
            raise Failed(f"follower {number} was closed")
        new = follower.frames - earlier
        if new[UPDATE] != changes:
            raise Failed(f"follower {number} was told of {new[UPDATE]} changes of {changes}")
        del new[OTHERS]
        frames += new
    return dict(frames)


async def _measure(port: int, pid: int, count: int, changes: int) -> Changes:
    tokens = [token_of(wallet_of(number)) for number in range(count)]
    async with following(f"ws://127.0.0.1:{port}/api/v69/ws/circuit-breaker", tokens) as followers:
        await asyncio.sleep(SETTLE_S)
        before = [one.frames.copy() for one in followers]
        bytes_before = sum(one.bytes[UPDATE] for one in followers)
        began_cpu_s, began_s = cpu_s(pid), time.perf_counter()
        os.kill(pid, signal.SIGUSR1)
        await asyncio.sleep(changes / PER_S)
        spent_s, elapsed_s = cpu_s(pid) - began_cpu_s, time.perf_counter() - began_s
        await asyncio.sleep(SETTLE_S)
        return Changes(
            followers=count,
            changes=changes,
            server_cpu_s=spent_s,
            seconds=elapsed_s,
            frames=told(followers, before, changes),
            update_bytes=sum(one.bytes[UPDATE] for one in followers) - bytes_before,
            states_before=max(earlier[STATES] for earlier in before),
        )
