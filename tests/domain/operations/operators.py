"""Operators at work: commands over a floor of services, with a database for the audit trail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from duelcast.channels.names import Role
from duelcast.domain.audit import Actor, AuditTrail
from duelcast.domain.idempotency import IdempotentRequests
from duelcast.domain.operations.audit_backlog import AuditBacklog
from duelcast.domain.operations.commands import Commands
from duelcast.domain.operations.monitored_service import Watching
from duelcast.store.audit import AuditFilter, AuditRow
from duelcast.store.database import Database
from tests.domain.operations.floor import Floor
from tests.store.facts import LIMIT_S
from tests.storing import opened

BOSS = Actor("boss", Role.ADMIN)


class Operators(Floor):
    """`path` is that of the database."""

    def __init__(self, database: Database, path: Path) -> None:
        super().__init__()
        self.database = database
        database.log.bus = self.broker
        self.path = path
        self.audit = AuditTrail(database, self.clock)
        self.audit_backlog = AuditBacklog(self.audit, database, self.clock)
        requests = IdempotentRequests(database, self.clock)
        self.commands = Commands(self.registry, self.health, self.audit_backlog, database, requests, self.clock)

    async def acts_stored(self) -> list[AuditRow]:
        """What is in the audit trail, oldest first."""
        return (await self.audit.newest(AuditFilter(), limit=100))[::-1]

    async def outcomes(self) -> list[tuple[str, str, str]]:
        """Action, target and outcome of each act, oldest first."""
        return [(act.action, act.target, act.outcome) for act in await self.acts_stored()]

    def figure(self, name: str) -> float:
        """The sample `duelcast_audit_<name>` of the metrics."""
        samples = {sample.name: sample.value for metric in self.audit_backlog.collect() for sample in metric.samples}
        return samples[f"duelcast_audit_{name}"]

    async def settled(self) -> None:
        """Let time pass until everything that waits is stored."""
        async with asyncio.timeout(LIMIT_S):
            while self.figure("waiting_entries"):
                await self.clock.advance(1)
                await asyncio.sleep(0.001)

    @asynccontextmanager
    async def storing(self) -> AsyncIterator[None]:
        """Acts that wait are stored, once they can be."""
        work = asyncio.create_task(self.audit_backlog.run())
        try:
            await self.clock.advance(0)
            yield
            assert not work.done(), "the background work ended by itself"
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)


class Stubborn(Watching):
    """Work that does something before it is switched."""

    def __init__(self, floor: Floor, before: Callable[[], Awaitable[object]]) -> None:
        super().__init__(floor.clock)
        self._before = before

    async def start(self) -> None:
        await self._before()
        await super().start()

    async def stop(self) -> None:
        await self._before()
        await super().stop()


@asynccontextmanager
async def operators(folder: Path) -> AsyncIterator[Operators]:
    """With a new database in `folder`."""
    path = folder / "operations.db"
    async with opened(path) as database:
        yield Operators(database, path)
