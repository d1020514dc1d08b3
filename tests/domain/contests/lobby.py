"""Rooms over the in-process bus, with a clock that stands still and a record of all that they published."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from duelcast.channels.memory import MemoryBroker
from duelcast.channels.names import Role
from duelcast.channels.publisher import Publisher
from duelcast.clock import ManualClock
from duelcast.domain.accounts.identity import Identity
from duelcast.domain.contests.events import Visibility
from duelcast.domain.contests.room import Attendance
from duelcast.domain.contests.rooms import Rooms, RoomSettings
from tests.contract.buses import StoredInMemory
from tests.domain.market.market_room import Push, Recorder


class Lobby:
    """`entered` holds (contest, wallet) of the participants; tell the rooms with `entry_changed`."""

    def __init__(self, settings: RoomSettings | None = None) -> None:
        self.settings = settings or RoomSettings()
        self.clock = ManualClock()
        self.entered: set[tuple[int, str]] = set()
        self.recorder = Recorder(self.clock)
        broker = MemoryBroker(self.clock, StoredInMemory(self.clock))
        broker.attach(self.recorder)
        self.rooms = Rooms(
            Publisher(broker, self.clock),
            self.clock,
            lambda contest_id, wallet: (contest_id, wallet) in self.entered,
            lambda: self.settings,
        )

    def join(
        self,
        contest_id: int,
        connection_id: str,
        identity: Identity | None,
        visibility: Visibility = "invisible",
        *,
        took_part: bool = False,
    ) -> Attendance:
        """Join, and be told who is there."""
        self.rooms.join(contest_id, connection_id, identity, visibility, took_part=took_part)
        return self.rooms.attend(contest_id, connection_id)

    def enter(self, contest_id: int, wallet: str) -> None:
        self.entered.add((contest_id, wallet))
        self.rooms.entry_changed(contest_id, wallet)

    def withdraw(self, contest_id: int, wallet: str) -> None:
        self.entered.discard((contest_id, wallet))
        self.rooms.entry_changed(contest_id, wallet)

    def pushes(self, kind: str, contest_id: int = 1) -> list[Push]:
        return [
            push for push in self.recorder.pushes if push.body["type"] == kind and push.body["contestId"] == contest_id
        ]

    def presence(self) -> list[tuple[str, str]]:
        """Action and wallet of each `user_presence` of contest 1."""
        return [(push.body["action"], push.body["user"]["wallet"]) for push in self.pushes("user_presence")]

    def counts(self) -> list[tuple[float, int]]:
        """Moment and figure of each `spectator_count` of contest 1."""
        return [(push.at_s, push.body["count"]) for push in self.pushes("spectator_count")]

    def admin_presence(self) -> list[bool]:
        """`active` of each `admin_presence` of contest 1."""
        return [push.body["active"] for push in self.pushes("admin_presence")]

    def listed(self) -> list[tuple[str, str]]:
        """Wallet and role of the members of contest 1, latest first."""
        return [(member.wallet, member.role) for member in self.rooms.members(1).members]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The rooms do their background work."""
        work = asyncio.create_task(self.rooms.run())
        try:
            await self.clock.advance(0)
            yield
            assert not work.done(), "the background work ended by itself"
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)


def user(wallet: str, nickname: str | None = None, role: Role = Role.USER) -> Identity:
    return Identity(wallet, role, nickname, expires_at=2e9)


def admin(wallet: str, nickname: str | None = None) -> Identity:
    return user(wallet, nickname, role=Role.ADMIN)
