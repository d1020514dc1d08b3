"""Chat over a real database and the in-process bus, with a clock that stands still and somebody who follows it all."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from duelcast.channels.broker import Message, Origin, Position
from duelcast.channels.names import Channel, Role
from duelcast.clock import ManualClock
from duelcast.domain.accounts.identity import Identity
from duelcast.domain.audit import Actor, AuditTrail
from duelcast.domain.contests.chat import Chat, ChatSettings, Sent
from duelcast.domain.contests.errors import ContestNotFound
from duelcast.domain.contests.events import CHAT, ChatMessageRecord
from duelcast.errors import InvalidState
from duelcast.store.audit import AuditFilter, AuditRow
from duelcast.store.contests import ACTIVE, all_contests, insert_contest, update_contest
from duelcast.store.database import Database, Transaction
from tests.storing import bus_of, opened

ADMIN = Actor("root", Role.ADMIN)
CONTESTS = 1, 2
UNKNOWN_CONTEST = 99


class Listener:
    """A node of the bus that only writes down; `replaced` has what took the place of an earlier message."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.replaced: list[tuple[Channel, int, bytes]] = []

    def deliver(self, message: Message) -> None:
        self.messages.append(message)

    def replace(self, channel: Channel, seq: int, body: bytes) -> None:
        self.replaced.append((channel, seq, body))

    def resynchronise(self) -> None:
        raise AssertionError("a bus of one process loses nothing")


class Chatroom:
    """The chat under test. `cancelled` holds the contests that nobody may write in; all but `CONTESTS` are unknown."""

    def __init__(self, database: Database, clock: ManualClock, settings: ChatSettings) -> None:
        self.database = database
        self.clock = clock
        self.settings = settings
        self.cancelled: set[int] = set()
        self.listener = Listener()
        self.broker = bus_of(database, clock)
        self.broker.attach(self.listener)
        self.trail = AuditTrail(database, clock)
        self.chat = Chat(clock, database, self.trail, lambda: self.settings, self._closed)

    def _closed(self, contest_id: int) -> InvalidState | None:
        if contest_id not in CONTESTS:
            raise ContestNotFound("There is no such contest.")
        return InvalidState("The contest was cancelled.") if contest_id in self.cancelled else None

    @property
    def now_ms(self) -> int:
        return round(self.clock.time() * 1000)

    async def send(
        self,
        text: str = "gm",
        message_id: str | None = None,
        *,
        contest_id: int = 1,
        wallet: str = "ann",
        origin: Origin | None = None,
    ) -> Sent:
        return await self.chat.send(contest_id, user(wallet), text, message_id, origin)

    def pushes(self, contest_id: int = 1) -> list[dict[str, Any]]:
        """What was published on the channel of a contest."""
        channel = CHAT.channel(str(contest_id)).name
        return [decode(message) for message in self.listener.messages if message.channel.name == channel]

    async def recovered(self, seq: int = 0, contest_id: int = 1) -> list[Message]:
        """What somebody gets who handled everything up to `seq`."""
        recovery = await self.broker.recover(CHAT.channel(str(contest_id)), Position(self.broker.epoch, seq))
        assert recovery.recovered
        return list(recovery.messages)

    async def stored(self, contest_id: int = 1) -> list[ChatMessageRecord]:
        records, has_more = await self.chat.page(contest_id, limit=10_000)
        assert not has_more
        return records

    async def texts(self, contest_id: int = 1) -> list[str]:
        return [record.text for record in await self.stored(contest_id)]

    async def acts(self) -> list[AuditRow]:
        """The audit trail, oldest first."""
        return (await self.trail.newest(AuditFilter(), limit=100))[::-1]

    async def end_contest(self, contest_id: int, status: str) -> None:
        async def work(transaction: Transaction) -> None:
            await update_contest(transaction, contest_id, status=status)

        await self.database.write(work)


@asynccontextmanager
async def chatroom(
    path: Path, clock: ManualClock | None = None, settings: ChatSettings | None = None
) -> AsyncIterator[Chatroom]:
    """A server's chat until the end of the block. Entered again with the same `path` it is one that was restarted."""
    clock = clock or ManualClock()
    async with opened(path, clock) as database:
        await database.write(_add_contests)
        room = Chatroom(database, clock, settings or ChatSettings())
        await room.chat.load()
        yield room


async def _add_contests(transaction: Transaction) -> None:
    if not await all_contests(transaction):
        for number in CONTESTS:
            contest = await insert_contest(transaction, contest_values(f"CONTEST{number}"))
            assert contest.id == number


def contest_values(code: str) -> dict[str, Any]:
    """A contest as it is stored, without anything that matters to its chat."""
    return {
        "contest_code": code,
        "name": code,
        "start_ms": 0,
        "end_ms": 1,
        "status": ACTIVE,
        "entry_fee": "0",
        "prize_pool": "0",
        "currency": "SOL",
        "payout": [],
        "min_participants": 1,
        "starting_balance": 1_000.0,
        "allowed_symbols": [],
        "created_by": "root",
        "created_ms": 0,
        "updated_ms": 0,
    }


def user(wallet: str, nickname: str | None = None, role: Role = Role.USER) -> Identity:
    return Identity(wallet, role, nickname, expires_at=2e9)


def decode(message: Message) -> dict[str, Any]:
    body: dict[str, Any] = msgspec.json.decode(message.body)
    return body


def uuid_of(number: int) -> str:
    return str(uuid.UUID(int=number))
