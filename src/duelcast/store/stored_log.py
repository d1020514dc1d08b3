"""Reads the log of *every* channels for recovery; concurrent requests share one read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from duelcast.channels.broker import StoredMessage, StoredMessages
from duelcast.channels.names import Channel
from duelcast.clock import Clock
from duelcast.store.channel_log import positions_of
from duelcast.store.database import Database
from duelcast.store.tables import channel_messages


class StoredLog:
    """The stored messages. Those older than `max_age_s` count as deleted."""

    def __init__(self, database: Database, clock: Clock, max_age_s: float) -> None:
        self._database = database
        self._clock = clock
        self._max_age_s = max_age_s

    async def position(self, channel: Channel) -> int:
        """The number of the newest delivered message. Later ones that are already committed will be broadcast."""
        stored = await self._database.read_grouped(positions_of, channel.name)
        first = self._database.first_undelivered(channel)
        return stored if first is None else min(stored, first - 1)

    async def messages(self, channel: Channel) -> Sequence[StoredMessage]:
        return await self._database.read_grouped(self._messages_of, channel.name)

    async def _messages_of(self, transaction: AsyncConnection, names: Sequence[str]) -> dict[str, list[StoredMessage]]:
        now_ms, columns = self._clock.time() * 1000, channel_messages.c
        found: dict[str, list[StoredMessage]] = {name: [] for name in names}
        query = (
            select(columns.channel, columns.seq, columns.body, columns.at_ms)
            .where(columns.channel.in_(names), columns.at_ms >= now_ms - self._max_age_s * 1000)
            .order_by(columns.channel, columns.seq)
        )
        for name, seq, body, at_ms in await transaction.execute(query):
            own = found[name]
            if own and own[-1].seq != seq - 1:
                own.clear()
            own.append(StoredMessage(seq, body, max(0.0, (now_ms - at_ms) / 1000)))
        return found


if TYPE_CHECKING:
    _conforms: type[StoredMessages] = StoredLog
