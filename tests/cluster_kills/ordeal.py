"""Clients under load while something happens to their cluster, and the checks that they have lost nothing."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from tests.cluster_kills.checks import Agreement, are_up_to_date, check_commands, check_every_channels
from tests.cluster_kills.company import SPEAKERS, SYMBOLS, Company
from tests.cluster_kills.contests import Cup, open_room
from tests.cluster_kills.evidence import Evidence, evidence
from tests.cluster_kills.local import LocalCluster
from tests.cluster_kills.office import Office, office

RECOVERY_TIMEOUT_S = 90.0
LOOK_EVERY_S = 0.05


class Ordeal:
    """A cluster, its clients, and a journal of what happens to it. `cups` are contests whose results are checked."""

    def __init__(self, cluster: LocalCluster, work: Office, contest: int, chance: random.Random) -> None:
        self.cluster = cluster
        self.office = work
        self.company = Company(cluster.gateways, work, contest, random.Random(chance.getrandbits(64)))
        self.cups: list[Cup] = []
        self._contest = contest

    @asynccontextmanager
    async def under_load(self) -> AsyncIterator[None]:
        """All clients are connected, and send commands during the block. After it, everything is checked."""
        try:
            async with asyncio.TaskGroup() as tasks:
                attending = [tasks.create_task(client.attend()) for client in self.company.clients]
                await self.until(self._all_present, "all clients are connected")
                work = [tasks.create_task(act) for act in self.company.work()]
                yield
                self.company.over.set()
                async with self.in_time("all senders have ended"):
                    await asyncio.wait(work)
                async with evidence(self.cluster.database) as database:
                    await self._check(database)
                for task in attending:
                    task.cancel()
        except BaseException as error:
            self.cluster.note(f"failed: {error!r}")
            self._save_evidence()
            raise
        self._print_figures()

    async def everybody_works(self) -> None:
        """Return once the cluster is complete, all clients are connected, and a later command of each sender is
        acknowledged."""
        before = [sender.acknowledged for sender in self.company.senders]

        def all_work() -> bool:
            now = [sender.acknowledged for sender in self.company.senders]
            return all(count > earlier for count, earlier in zip(now, before, strict=True))

        await self.until(lambda: self.cluster.is_complete, "all processes run")
        await self.cluster.until_listening()
        await self.until(self._all_present, "all clients are connected")
        await self.until(all_work, "commands of all senders are acknowledged")

    async def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait until a condition is true, and say what it is if it stays false. Raises `AssertionError`."""

        async def look() -> bool:
            return condition()

        await self.until_true(look, what)

    async def until_true(self, condition: Callable[[], Awaitable[bool]], what: str) -> None:
        """See `until`."""
        async with self.in_time(what):
            while not await condition():  # noqa: ASYNC110 - other processes
                await asyncio.sleep(LOOK_EVERY_S)

    @asynccontextmanager
    async def in_time(self, what: str) -> AsyncIterator[None]:
        """Limit the time of the block, which waits for `what`. Raises `AssertionError`."""
        try:
            async with asyncio.timeout(RECOVERY_TIMEOUT_S):
                yield
        except TimeoutError:
            absent = [client for client in self.company.clients if not client.is_present]
            counts = [sender.acknowledged for sender in self.company.senders]
            raise AssertionError(
                f"Not within {RECOVERY_TIMEOUT_S} s: {what}. Absent: {absent}; {self.cluster.nodes}; {counts}"
            ) from None

    def _all_present(self) -> bool:
        return all(client.is_present for client in self.company.clients)

    # ── the end ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _check(self, database: Evidence) -> None:
        company = self.company
        agreement = Agreement(company, self.office, self.cluster.gateways, self._contest)
        await check_commands(company, database)
        for cup in self.cups:
            await cup.settled(database)
            await self.until_true(partial(cup.is_announced, database), "all entrants are notified of the result")
        await self.until_true(lambda: are_up_to_date(company, database), "all followers have what was published")
        await check_every_channels(company, database)
        await self.until_true(agreement.look, "all followers of latest channels agree")

    def _print_figures(self) -> None:
        company = self.company
        for ledger in company.ledgers:
            self.cluster.note(str(ledger))
        connections = sum(client.connections for client in company.clients)
        recoveries = sum(channel.recoveries for channel in company.every_channels())
        missed = sum(channel.missed for channel in company.every_channels())
        self.cluster.note(f"{len(company.broadcasts)} messages, {connections} connections")
        self.cluster.note(f"positions recovered: {recoveries}, not recovered: {missed}")
        assert recoveries, "no follower recovered"
        evictions = sum(client.evictions for client in company.clients)
        self.cluster.note(f"members that leaders did not know: {evictions}")
        if self.cups:
            decided = sum(cup.is_decided for cup in self.cups)
            self.cluster.note(f"{len(self.cups)} contests, {decided} with results that were known before")
            assert decided, "no result was compared"

    def _save_evidence(self) -> None:
        file = self.cluster.folder / "clients"
        file.write_text("".join(f"{one}\n    " + "\n    ".join(one.recent) + "\n" for one in self.company.clients))
        self.cluster.note(f"What each client received last is in {file}")


@asynccontextmanager
async def ordeal(cluster: LocalCluster, chance: random.Random) -> AsyncIterator[Ordeal]:
    """The ordeal of a running cluster, with a contest that goes on all the time."""
    async with AsyncExitStack() as stack:
        work = await stack.enter_async_context(office(cluster.gateways, random.Random(chance.getrandbits(64))))
        async with asyncio.timeout(RECOVERY_TIMEOUT_S):
            contest = await _prepare(work)
        yield Ordeal(cluster, work, contest, chance)


async def _prepare(work: Office) -> int:
    await work.insist("POST", "/tokens/prices", [{"symbol": symbol, "price": 100.0} for symbol in SYMBOLS])
    contest = await open_room(work)
    for number, wallet in enumerate(SPEAKERS):
        portfolio = [{"symbol": SYMBOLS[number % 3], "weight": 70}, {"symbol": SYMBOLS[(number + 1) % 3], "weight": 30}]
        await work.insist("POST", f"/contests/{contest}/entries", {"portfolio": portfolio}, wallet=wallet)
    await work.insist("POST", f"/contests/{contest}/start")
    await work.insist("PUT", "/services/wire", {"kind": "reported", "layer": "outside"})
    return contest
