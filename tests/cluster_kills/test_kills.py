"""Nothing is lost, doubled or out of order, whatever part of a cluster dies or hangs."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections.abc import Sequence
from itertools import islice

import pytest

from tests.cluster_kills.company import SPEAKERS
from tests.cluster_kills.contests import Cup
from tests.cluster_kills.evidence import evidence
from tests.cluster_kills.kills import Blow, schedule
from tests.cluster_kills.local import local_cluster, send
from tests.cluster_kills.ordeal import Ordeal, ordeal
from tests.cluster_kills.runs import report_folder, seed_of

pytestmark = pytest.mark.cluster

KILLS = 24
BUSY_S = (0.3, 1.0)
CONTEST_EVERY = 3
"""Kills, of which one is at the end of a contest."""
BEFORE_END_S = (-0.2, 1.0)
"""How long before the end of a contest something is killed."""


class Striker:
    """Kills and suspends processes of a cluster, which recovers each time."""

    def __init__(self, trial: Ordeal, chance: random.Random) -> None:
        self._ordeal = trial
        self._cluster = trial.cluster
        # The targets must not depend on how often the clients draw.
        self._schedule = schedule(random.Random(chance.getrandbits(64)))
        self._chance = chance

    async def strike(self, kills: int) -> None:
        """Strike so many times."""
        for number, blows in enumerate(islice(self._schedule, kills)):
            await self._strike(blows, await self._contest() if number % CONTEST_EVERY == 0 else None)

    async def _contest(self) -> Cup:
        """A contest that ends soon."""
        cups = self._ordeal.cups
        cup = Cup(self._ordeal.office, f"CUP{len(cups) + 1}", SPEAKERS, self._chance)
        cups.append(cup)
        await cup.begin()
        return cup

    async def _strike(self, blows: Sequence[Blow], cup: Cup | None) -> None:
        if cup is not None:
            await asyncio.sleep(max(0.0, cup.ends_s - self._chance.uniform(*BEFORE_END_S) - time.time()))
        else:
            await asyncio.sleep(self._chance.uniform(*BUSY_S))
        self._cluster.note(" and ".join(map(str, blows)) + (f", when contest {cup.number} ends" if cup else ""))
        began_s = time.monotonic()
        targets = [(blow, pid) for blow, pid in zip(blows, self._targets(blows), strict=True) if pid is not None]
        killed = {pid for blow, pid in targets if blow.is_kill}
        async with asyncio.TaskGroup() as tasks:
            if cup is not None:
                tasks.create_task(cup.finish())
            for blow, pid in targets:
                tasks.create_task(_deal(blow, pid))
        await self._ordeal.until(lambda: not killed & {node.pid for node in self._cluster.nodes}, "all have ended")
        await self._ordeal.everybody_works()
        if cup is not None:
            async with evidence(self._cluster.database) as database:
                await cup.settled(database)
        self._cluster.note(f"recovered after {time.monotonic() - began_s:.1f} s")

    def _targets(self, blows: Sequence[Blow]) -> list[int | None]:
        """The process for each, all different; None if none runs."""
        targets: list[int | None] = []
        for blow in blows:
            running = [node.pid for node in self._cluster.of_role(blow.role) if node.pid not in targets]
            targets.append(self._chance.choice(running) if running else None)
        return targets


async def _deal(blow: Blow, pid: int) -> None:
    await asyncio.sleep(blow.after_s)
    if blow.is_kill:
        send(pid, signal.SIGKILL)
        return
    send(pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(blow.suspended_s)
    finally:
        send(pid, signal.SIGCONT)


@pytest.mark.parametrize("keeps_log", [False, True], ids=["log in memory", "log on disk"])
async def test_nothing_is_lost_doubled_or_out_of_order(keeps_log: bool, request: pytest.FixtureRequest) -> None:
    kills: int = request.config.getoption("--kills") or KILLS
    seed = seed_of(request)
    chance = random.Random(seed)
    folder = report_folder("disk" if keeps_log else "memory")
    async with local_cluster(folder, keeps_log=keeps_log) as cluster, ordeal(cluster, chance) as trial:
        cluster.note(f"seed {seed}, logs in {folder}")
        async with trial.under_load():
            await Striker(trial, chance).strike(max(1, kills // 2))
