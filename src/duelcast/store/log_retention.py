"""Limits the log of *every* channels. Each addition prunes a little, so that nothing large is ever pruned at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from msgspec import Struct
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from duelcast.store.statements import allow_long_statements
from duelcast.store.tables import channel_messages

ROW_OVERHEAD_BYTES = 150
"""Size of a row besides its body: its other columns, and its index entries."""
_STEP_ROWS = 64
"""A channel is checked each time it has grown by this many rows."""
_CHANNELS_PER_COMMIT = 10
_MIN_ROWS = 64


class LogBounds(Struct, frozen=True, kw_only=True):
    """The newest `messages` messages of each channel are kept, and those of the last `seconds` seconds. `max_age_s` and
    `max_bytes` (for all channels together) take precedence."""

    messages: int = 1_000
    seconds: float = 600.0
    max_age_s: float = 24 * 3600.0
    max_bytes: int = 256 * 1024 * 1024


class Added(NamedTuple):
    """The additions of a transaction to a channel, and the channel's position and floor."""

    seq: int
    floor: int
    rows: int
    size_bytes: int


class _Kept(NamedTuple):
    """Totals of the stored log. No message is older than `oldest_ms`."""

    rows: int
    size_bytes: int
    oldest_ms: int


class LogRetention:
    """Deletes messages beyond the bounds, only a limited number in each transaction. It may temporarily delete too few,
    but never too many."""

    def __init__(self, bounds: LogBounds) -> None:
        self._bounds = bounds
        self._kept = self._after = _Kept(0, 0, 0)
        self._pruned = self._pruning = 0

    async def load(self, connection: AsyncConnection) -> None:
        """Read how much is stored."""
        await allow_long_statements(connection)
        size = func.coalesce(func.sum(func.length(channel_messages.c.body) + ROW_OVERHEAD_BYTES), 0)
        oldest = func.coalesce(func.min(channel_messages.c.at_ms), 0)
        self._kept = _Kept(*(await connection.execute(select(func.count(), size, oldest))).one())
        self._after = self._kept

    def resized(self, by_bytes: int) -> None:
        """Record that a body changes size by `by_bytes` in the current transaction."""
        self._after = self._after._replace(size_bytes=self._after.size_bytes + by_bytes)

    async def prune(self, connection: AsyncConnection, added: Mapping[str, Added], now_ms: int) -> dict[str, int]:
        """Delete messages beyond the bounds, given the additions of the transaction; returns the raised floors."""
        if not added:
            return {}
        rows = sum(each.rows for each in added.values())
        size = sum(each.size_bytes + each.rows * ROW_OVERHEAD_BYTES for each in added.values())
        self._after = _Kept(
            self._after.rows + rows,
            self._after.size_bytes + size,
            self._after.oldest_ms if self._after.rows else now_ms,
        )
        floors: dict[str, int] = {}
        crowded = [name for name, each in added.items() if self._is_due(each)]
        for name in crowded[:_CHANNELS_PER_COMMIT]:
            await self._prune_channel(connection, name, added[name], now_ms, floors)
        if self._after.size_bytes > self._bounds.max_bytes or self._after.oldest_ms < self._oldest_allowed(now_ms):
            await self._prune_oldest(connection, 2 * rows + _MIN_ROWS, now_ms, floors)
        return floors

    def committed(self) -> None:
        """Note that the transaction is committed."""
        self._kept = self._after
        self._pruned += self._pruning
        self._pruning = 0

    def failed(self) -> None:
        """Note that the transaction was not committed."""
        self._after = self._kept
        self._pruning = 0

    def collect(self) -> Iterator[Metric]:
        """Metrics for Prometheus."""
        yield GaugeMetricFamily("duelcast_log_messages", "Stored messages of *every* channels.", self._kept.rows)
        yield GaugeMetricFamily("duelcast_log_bytes", "Size of the stored messages.", self._kept.size_bytes)
        yield CounterMetricFamily("duelcast_log_pruned", "Stored messages deleted by retention.", self._pruned)

    def _oldest_allowed(self, now_ms: int) -> int:
        return now_ms - int(self._bounds.max_age_s * 1000)

    def _is_due(self, added: Added) -> bool:
        if added.seq - added.floor <= self._bounds.messages:
            return False
        return added.seq // _STEP_ROWS != (added.seq - added.rows) // _STEP_ROWS

    async def _prune_channel(
        self, connection: AsyncConnection, name: str, added: Added, now_ms: int, floors: dict[str, int]
    ) -> None:
        up_to = min(added.seq - self._bounds.messages, added.floor + 2 * max(added.rows, _STEP_ROWS) + _MIN_ROWS)
        these = channel_messages.c.channel == name, channel_messages.c.seq <= up_to
        old = channel_messages.c.at_ms < now_ms - int(self._bounds.seconds * 1000)
        size = func.coalesce(func.sum(func.length(channel_messages.c.body) + ROW_OVERHEAD_BYTES), 0)
        query = select(func.count(), size, func.max(channel_messages.c.seq)).where(*these, old)
        rows, freed, floor = (await connection.execute(query)).one()
        if rows:
            await connection.execute(delete(channel_messages).where(*these, channel_messages.c.seq <= floor))
            self._after = self._after._replace(rows=self._after.rows - rows, size_bytes=self._after.size_bytes - freed)
            self._pruning += rows
            floors[name] = floor

    async def _prune_oldest(self, connection: AsyncConnection, limit: int, now_ms: int, floors: dict[str, int]) -> None:
        columns = channel_messages.c
        query = (
            select(columns.id, columns.channel, columns.seq, columns.at_ms, func.length(columns.body))
            .order_by(columns.id)
            .limit(limit)
        )
        oldest_allowed, last_id = self._oldest_allowed(now_ms), None
        for row_id, name, seq, at_ms, size in (await connection.execute(query)).all():
            rows, size_bytes, _ = self._after
            if size_bytes <= self._bounds.max_bytes and at_ms >= oldest_allowed:
                self._after = _Kept(rows, size_bytes, at_ms)
                break
            last_id, floors[name] = row_id, max(seq, floors.get(name, 0))
            self._after = _Kept(rows - 1, size_bytes - size - ROW_OVERHEAD_BYTES, at_ms)
            self._pruning += 1
        if last_id is not None:
            await connection.execute(delete(channel_messages).where(columns.id <= last_id))
