"""Settings with a database of their own, and a listener on the bus."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from duelcast.channels.broker import Message
from duelcast.channels.names import Channel, Role
from duelcast.channels.publisher import Publisher
from duelcast.clock import ManualClock
from duelcast.domain.audit import Actor, AuditTrail
from duelcast.domain.settings.changing import SettingChange
from duelcast.domain.settings.declared import declared_settings
from duelcast.domain.settings.events import Setting
from duelcast.domain.settings.service import SystemSettings
from duelcast.store.audit import AuditFilter, AuditRow
from duelcast.store.database import Database
from tests.storing import bus_of, opened

BOSS = Actor("boss", Role.ADMIN)


class Ear:
    """Keeps what is published."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def deliver(self, message: Message) -> None:
        self.messages.append(message)

    def replace(self, channel: Channel, seq: int, body: bytes) -> None:
        raise AssertionError("nothing is replaced")

    def resynchronise(self) -> None:
        raise AssertionError("the bus was not lost")

    def take(self) -> list[tuple[str, Any, Any, Role]]:
        """(key, value or None where it ended, previous, least role) of each since the last time."""
        told = []
        for message in self.messages:
            body = msgspec.json.decode(message.body)
            value = None if body["setting"] is None else body["setting"]["value"]
            told.append((body["key"], value, body["previous"], message.least_role))
        self.messages = []
        return told


class Bureau:
    """`settings` are loaded."""

    def __init__(self, database: Database, clock: ManualClock, configured: Mapping[str, Any]) -> None:
        self.clock = clock
        self.ear = Ear()
        broker = bus_of(database, clock)
        broker.attach(self.ear)
        self.audit = AuditTrail(database, clock)
        declared = declared_settings({"contest": 120})
        self.settings = SystemSettings(Publisher(broker, clock), database, self.audit, clock, declared, configured)

    async def put(self, key: str, value: Any, **more: Any) -> Setting:
        return await self.settings.update(BOSS, key, SettingChange(value=value, **more))

    async def acts(self) -> list[AuditRow]:
        """What was recorded, oldest first."""
        return (await self.audit.newest(AuditFilter(), limit=100))[::-1]


@asynccontextmanager
async def bureau(
    path: Path | None = None, *, clock: ManualClock | None = None, **configured: Any
) -> AsyncIterator[Bureau]:
    """Settings of the database at `path`, else of a new one. `configured` names keys with `__` for the dot."""
    values = {key.replace("__", "."): value for key, value in configured.items()}
    clock = clock or ManualClock()
    with TemporaryDirectory(prefix="duelcast-") as folder:
        async with opened(path or Path(folder) / "db", clock) as database:
            made = Bureau(database, clock, values)
            await made.settings.load()
            yield made
