"""Notifications on a real database, and a listener on the bus."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from duelcast.channels.broker import Message
from duelcast.channels.names import Channel, Role
from duelcast.channels.publisher import Published
from duelcast.clock import ManualClock
from duelcast.domain.accounts.identity import Identity
from duelcast.domain.audit import AuditTrail
from duelcast.domain.notifications.inboxes import Added, NewNotification
from duelcast.domain.notifications.service import Notifications
from duelcast.store.audit import AuditFilter, AuditRow
from duelcast.store.database import Database, Transaction
from tests.storing import bus_of, opened

Told = tuple[str, str, Any]
"""Channel, type and what matters of a message: an id, ids, or count and version."""


def identity(wallet: str, role: Role = Role.USER) -> Identity:
    return Identity(wallet, role, None, expires_at=2e9)


BOSS = identity("boss", Role.ADMIN)


def new(wallet: str = "ann", **more: Any) -> NewNotification:
    return NewNotification(**{"wallet": wallet, "type": "NEWS", "title": "title", "content": "content"} | more)


class Ear:
    """Keeps what is published and replaced."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.replaced: list[tuple[str, int]] = []

    def deliver(self, message: Message) -> None:
        self.messages.append(message)

    def replace(self, channel: Channel, seq: int, body: bytes) -> None:
        self.replaced.append((channel.name, seq))

    def resynchronise(self) -> None:
        raise AssertionError("the bus was not lost")


class Mailroom:
    """`database` may be made to fail by the tests."""

    def __init__(self, database: Database, clock: ManualClock) -> None:
        self.database = database
        self.clock = clock
        self.ear = Ear()
        broker = bus_of(database, clock)
        broker.attach(self.ear)
        self.audit = AuditTrail(database, clock)
        self.notifications = Notifications(database, broker, self.audit, clock)
        self.inboxes = self.notifications.inboxes

    async def add(self, *added: NewNotification) -> Added:
        """Store and tell them as one write."""

        async def work(transaction: Transaction) -> Published[Added]:
            made = await self.inboxes.add(transaction, added)
            return Published(made, made.outgoing)

        return await self.database.publish(work)

    def take_all(self) -> list[Told]:
        """What was published since the start, or since it was taken."""
        return [_told(message) for message in self.ear.messages]

    def take(self) -> list[Told]:
        """What was told since the last time."""
        messages, self.ear.messages = self.ear.messages, []
        return [_told(message) for message in messages]

    async def unread(self, wallet: str = "ann") -> tuple[int, int]:
        """Count and version of an inbox."""
        unread, _, _ = await self.notifications.reader.snapshot(wallet)
        return unread.count, unread.version

    async def ids(self, wallet: str = "ann") -> list[int]:
        """What a wallet has, newest first."""
        return [each.id for each in (await self.notifications.reader.page(wallet, limit=100)).data]

    async def acts(self) -> Sequence[AuditRow]:
        """What was recorded, oldest first."""
        return (await self.audit.newest(AuditFilter(), limit=100))[::-1]


def _told(message: Message) -> Told:
    body = msgspec.json.decode(message.body)
    kind = body["type"]
    matters: Any
    if kind == "notification":
        matters = body["data"]["id"]
    elif kind == "unread_count":
        matters = body["count"], body["version"]
    else:
        matters = body.get("ids", "all")
    return message.channel.name, kind, matters


@asynccontextmanager
async def mailroom(path: Path, clock: ManualClock | None = None) -> AsyncIterator[Mailroom]:
    """Notifications of the database at `path`."""
    clock = clock or ManualClock()
    async with opened(path, clock) as database:
        yield Mailroom(database, clock)
