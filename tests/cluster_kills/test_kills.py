"""Nothing is lost, doubled or out of order, whatever part of a cluster dies or hangs."""

from __future__ import annotations

import asyncio
import random
import secrets
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from itertools import islice

import pytest

from tests.cluster_kills.checks import Agreement, are_up_to_date, check_commands, check_every_channels
from tests.cluster_kills.company import SPEAKERS, SYMBOLS, Company
from tests.cluster_kills.contests import Cup, open_contest
from tests.cluster_kills.evidence import Evidence, evidence
from tests.cluster_kills.kills import Blow, schedule
from tests.cluster_kills.local import PROJECT, LocalCluster, local_cluster, send
from tests.cluster_kills.office import Office, office

pytestmark = pytest.mark.cluster

KILLS = 24
BUSY_S = (0.3, 1.0)
BEFORE_END_S = (-0.2, 1.0)
"""How long before the end of a contest something is killed."""
RECOVERY_TIMEOUT_S = 90.0
LOOK_EVERY_S = 0.05
DAY_S = 86_400
REPORTS = PROJECT / "reports" / "cluster"


class Ordeal:
    """A cluster, its clients, and a journal of what happens to it."""

    def __init__(self, cluster: LocalCluster, work: Office, contest: int, chance: random.Random) -> None:
        self._cluster = cluster
        self._office = work
        self._contest = contest
        # What is killed must not depend on how often the clients draw.
        self._schedule = schedule(random.Random(chance.getrandbits(64)))
        self._company = Company(cluster.gateways, work, contest, random.Random(chance.getrandbits(64)))
        self._chance = chance
        self._cups: list[Cup] = []

    async def run(self, kills: int) -> None:
        """Strike so many times, and check everything."""
        try:
            await self._run(kills)
        except BaseException as error:
            self._cluster.note(f"failed: {error!r}")
            self._save_evidence()
            raise
        self._print_figures()

    async def _run(self, kills: int) -> None:
        company = self._company
        async with asyncio.TaskGroup() as tasks:
            attending = [tasks.create_task(client.attend()) for client in company.clients]
            await self._until(self._all_present, "all clients are connected")
            work = [tasks.create_task(act) for act in company.work()]
            for number, blows in enumerate(islice(self._schedule, kills)):
                await self._strike(blows, with_contest=number % 2 == 0)
            company.over.set()
            await asyncio.wait(work)
            async with evidence(self._cluster.database) as database:
                await self._check(database)
            for task in attending:
                task.cancel()

    # ── blows ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def _strike(self, blows: Sequence[Blow], *, with_contest: bool) -> None:
        cup: Cup | None = None
        if with_contest:
            cup = Cup(self._office, f"CUP{len(self._cups) + 1}", SPEAKERS, self._chance)
            self._cups.append(cup)
            await cup.begin()
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
        await self._until(lambda: not killed & {node.pid for node in self._cluster.nodes}, "all have ended")
        await self._recovered(cup)
        self._cluster.note(f"recovered after {time.monotonic() - began_s:.1f} s")

    def _targets(self, blows: Sequence[Blow]) -> list[int | None]:
        """The process for each, all different; None if none runs."""
        targets: list[int | None] = []
        for blow in blows:
            running = [node.pid for node in self._cluster.of_role(blow.role) if node.pid not in targets]
            targets.append(self._chance.choice(running) if running else None)
        return targets

    async def _recovered(self, cup: Cup | None) -> None:
        before = [sender.acknowledged for sender in self._company.senders]

        def all_work() -> bool:
            now = [sender.acknowledged for sender in self._company.senders]
            return all(count > earlier for count, earlier in zip(now, before, strict=True))

        await self._until(lambda: self._cluster.is_complete, "all processes run")
        await self._cluster.until_listening()
        await self._until(self._all_present, "all clients are connected")
        await self._until(all_work, "commands of all senders are acknowledged")
        if cup is not None:
            async with evidence(self._cluster.database) as database:
                await cup.settled(database)

    def _all_present(self) -> bool:
        return all(client.is_present for client in self._company.clients)

    # ── the end ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _check(self, database: Evidence) -> None:
        company = self._company
        agreement = Agreement(company, self._office, self._cluster.gateways, self._contest)
        await check_commands(company, database)
        for cup in self._cups:
            await cup.settled(database)
            await self._until_true(partial(cup.is_told, database), "everybody is told the result")
        await self._until_true(lambda: are_up_to_date(company, database), "all followers have what was published")
        await check_every_channels(company, database)
        await self._until_true(agreement.look, "all followers of latest channels agree")

    def _print_figures(self) -> None:
        company = self._company
        for ledger in company.ledgers:
            self._cluster.note(str(ledger))
        connections = sum(client.connections for client in company.clients)
        recoveries = sum(channel.recoveries for channel in company.every_channels())
        missed = sum(channel.missed for channel in company.every_channels())
        decided = sum(cup.is_decided for cup in self._cups)
        self._cluster.note(f"{len(company.broadcasts)} messages, {connections} connections")
        self._cluster.note(f"positions recovered: {recoveries}, not recovered: {missed}")
        assert decided, "no result was compared"
        assert recoveries, "no follower recovered"
        evictions = sum(client.evictions for client in company.clients)
        self._cluster.note(f"members that leaders did not know: {evictions}")
        self._cluster.note(f"{len(self._cups)} contests, {decided} with results that were known before")

    def _save_evidence(self) -> None:
        file = self._cluster.folder / "clients"
        file.write_text("".join(f"{one}\n    " + "\n    ".join(one.recent) + "\n" for one in self._company.clients))
        self._cluster.note(f"What each client received last is in {file}")

    async def _until(self, condition: Callable[[], bool], what: str) -> None:
        async def look() -> bool:
            return condition()

        await self._until_true(look, what)

    async def _until_true(self, condition: Callable[[], Awaitable[bool]], what: str) -> None:
        try:
            async with asyncio.timeout(RECOVERY_TIMEOUT_S):
                while not await condition():  # noqa: ASYNC110 - other processes
                    await asyncio.sleep(LOOK_EVERY_S)
        except TimeoutError:
            absent = [client for client in self._company.clients if not client.is_present]
            counts = [sender.acknowledged for sender in self._company.senders]
            raise AssertionError(
                f"Not within {RECOVERY_TIMEOUT_S} s: {what}. Absent: {absent}; {self._cluster.nodes}; {counts}"
            ) from None


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


async def open_room(work: Office) -> int:
    """A contest that goes on all the time."""
    await work.insist("POST", "/tokens/prices", [{"symbol": symbol, "price": 100.0} for symbol in SYMBOLS])
    now_s = time.time()
    contest = await open_contest(work, "Cup", now_s + DAY_S, now_s + 2 * DAY_S)
    for number, wallet in enumerate(SPEAKERS):
        portfolio = [{"symbol": SYMBOLS[number % 3], "weight": 70}, {"symbol": SYMBOLS[(number + 1) % 3], "weight": 30}]
        await work.insist("POST", f"/contests/{contest}/entries", {"portfolio": portfolio}, wallet=wallet)
    await work.insist("POST", f"/contests/{contest}/start")
    await work.insist("PUT", "/services/wire", {"kind": "reported", "layer": "outside"})
    return contest


@pytest.mark.parametrize("keeps_log", [False, True], ids=["log in memory", "log on disk"])
async def test_nothing_is_lost_doubled_or_out_of_order(keeps_log: bool, request: pytest.FixtureRequest) -> None:
    kills: int = request.config.getoption("--kills") or KILLS
    given: int | None = request.config.getoption("--seed")
    seed = secrets.randbelow(1_000_000) if given is None else given
    chance = random.Random(seed)
    folder = REPORTS / f"{time.strftime('%Y%m%d-%H%M%S')}-{'disk' if keeps_log else 'memory'}"
    async with AsyncExitStack() as stack:
        cluster = await stack.enter_async_context(local_cluster(folder, keeps_log=keeps_log))
        cluster.note(f"seed {seed}, logs in {folder}")
        work = await stack.enter_async_context(office(cluster.gateways, random.Random(chance.getrandbits(64))))
        async with asyncio.timeout(RECOVERY_TIMEOUT_S):
            contest = await open_room(work)
        await Ordeal(cluster, work, contest, chance).run(kills // 2)
