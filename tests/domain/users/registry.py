"""Users on a real database, and what becomes of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from duelcast.channels.names import Role
from duelcast.clock import ManualClock
from duelcast.domain.accounts.accounts import Account, MemoryAccounts
from duelcast.domain.accounts.identity import Identity
from duelcast.domain.audit import AuditTrail
from duelcast.domain.notifications.inboxes import Inboxes
from duelcast.domain.users.service import UserChange, Users
from duelcast.store.audit import AuditFilter, AuditRow
from duelcast.store.database import Database
from tests.storing import opened


def identity(wallet: str, role: Role = Role.USER, nickname: str | None = None) -> Identity:
    """Who a token of these claims makes its bearer, where nothing is stored."""
    return Identity(wallet, role, nickname, expires_at=2e9, claimed_nickname=nickname)


ADMIN = identity("admin", Role.ADMIN)
CHIEF = identity("chief", Role.SUPERADMIN)
"""Both by their tokens alone."""


class Registry:
    """`told` are the changes that listeners heard of."""

    def __init__(self, database: Database, clock: ManualClock) -> None:
        self.database = database
        self.accounts = MemoryAccounts()
        self.audit = AuditTrail(database, clock)
        inboxes = Inboxes(database, clock)
        self.users = Users(database, self.accounts, self.audit, inboxes, clock)
        self.told: list[Account] = []

    async def load(self) -> None:
        await self.users.load()
        self.accounts.on_change(self.told.append)

    async def put(
        self,
        by: Identity,
        wallet: str,
        *,
        nickname: str | None = None,
        role: Role | None = None,
        banned: bool | None = None,
    ) -> Account:
        return await self.users.put(by, wallet, UserChange(nickname=nickname, role=role, banned=banned))

    async def acts(self) -> list[AuditRow]:
        """The audit trail, oldest first."""
        return list(reversed(await self.audit.newest(AuditFilter(), limit=1000)))


@asynccontextmanager
async def registry(path: Path, clock: ManualClock | None = None) -> AsyncIterator[Registry]:
    """The users in the database at `path`."""
    clock = clock or ManualClock()
    async with opened(path, clock) as database:
        made = Registry(database, clock)
        await made.load()
        yield made
