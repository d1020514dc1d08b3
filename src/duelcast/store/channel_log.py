"""The log of *every* channels (protocol 2): the numbers and bodies of messages, stored in the transaction of what they
tell of, and pruned while others are added."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple, Protocol, TypeVar

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from duelcast.channels.broker import Origin
from duelcast.channels.names import Channel
from duelcast.channels.outgoing import Broadcast, Erase, Outgoing
from duelcast.clock import Clock
from duelcast.store.log_retention import Added, LogBounds, LogRetention
from duelcast.store.tables import channel_messages, channel_positions

RESERVED_NUMBERS = 4_000
"""So many messages of an urgent channel can go out while the database is down."""
_MAX_POSITIONS = 50_000
"""Channels whose positions are kept in memory."""
_ROWS_PER_STATEMENT = 500
"""Parameters are prepared on the event loop: so many take a few milliseconds."""

T = TypeVar("T")


class Bus(Protocol):
    """Who is given what was committed: see `channels.broker.Broker`."""

    def broadcast(self, channel: Channel, seq: int, body: bytes, origin: Origin | None = None) -> None: ...

    def replace(self, channel: Channel, seq: int, body: bytes) -> None: ...


class Encoded(NamedTuple):
    """What is to be published, with its body."""

    outgoing: Outgoing
    body: bytes


class UrgentMark(Protocol):
    """Outlives the process, and is set while numbers have been broadcast that are not stored."""

    def set(self, used: bool) -> None: ...


class Numbered(NamedTuple):
    """A message that goes to the bus. `replaces`: it takes the place of the one that has its number."""

    channel: Channel
    seq: int
    body: bytes
    origin: Origin | None = None
    replaces: bool = False


class _Position(NamedTuple):
    """A row of `channel_positions`."""

    seq: int
    floor: int
    reserved: int


_NOWHERE = _Position(0, 0, 0)


class _Row(NamedTuple):
    """A row of `channel_messages` that is to be added."""

    channel: Channel
    seq: int
    at_ms: int
    row_id: int | None
    body: bytes


class ChannelLog:
    """Numbers messages within a transaction, and hands them to the bus once that is committed.

    One transaction at a time: `number`, then `committed` or `failed`. `bus` and `mark` are set before the first.
    """

    def __init__(self, clock: Clock, bounds: LogBounds | None = None) -> None:
        self.bus: Bus
        self.mark: UrgentMark
        self.is_numbering = False
        """Whether a transaction has numbers that are not committed yet."""
        self._clock = clock
        self._retention = LogRetention(bounds or LogBounds())
        self._positions: OrderedDict[str, _Position] = OrderedDict()
        self._urgent: dict[str, _Position] = {}
        self._changed: dict[str, tuple[Channel, _Position]] = {}
        """Positions after the transaction under way."""
        self._doubtful: dict[str, tuple[Channel, int]] = {}
        """Channels whose last commit happened or not, with the number that was broadcast last."""
        self._unstored: deque[_Row] = deque()
        """Urgent messages that were broadcast and have to be stored."""
        self._storing = 0
        self._sent_unstored = 0
        self._dropped = 0

    async def load(
        self, connection: AsyncConnection, urgent: Iterable[Channel], *, block_used: bool
    ) -> Mapping[Channel, int]:
        """Read what is stored, and reserve numbers of `urgent` channels; gives their positions.

        `block_used`: reserved numbers may have been broadcast and not stored, so these channels go on above them.
        """
        await self._retention.load(connection)
        channels = {channel.name: channel for channel in urgent}
        await self._know(connection, channels)
        for name in channels:
            position = self._positions.pop(name)
            if block_used:
                position = _Position(*[position.reserved] * 3)
                await connection.execute(delete(channel_messages).where(channel_messages.c.channel == name))
            self._urgent[name] = position._replace(reserved=position.seq + RESERVED_NUMBERS)
        await _put_positions(connection, self._urgent)
        return {channel: self._urgent[name].seq for name, channel in channels.items()}

    # ── within a transaction ────────────────────────────────────────────────────────────────────────────────────

    @property
    def has_unstored(self) -> bool:
        """Whether messages went out that are not stored."""
        return bool(self._unstored)

    @property
    def has_debts(self) -> bool:
        """Whether something of before has to be stored or found out."""
        return bool(self._unstored or self._doubtful)

    async def number(self, connection: AsyncConnection, jobs: Sequence[Sequence[Encoded]]) -> list[list[Numbered]]:
        """Number and store what each of `jobs` publishes, in this order; gives what goes to the bus after COMMIT."""
        self.is_numbering = True
        if self._doubtful:
            await self._resolve_doubts(connection)
        names = {each.channel.name for job in jobs for each, _ in job if isinstance(each, Broadcast)}
        await self._know(connection, names)
        now_ms = int(self._clock.time() * 1000)
        self._storing = len(self._unstored)
        rows = list(self._unstored)
        assigned = []
        for job in jobs:
            numbered: list[Numbered] = []
            for some in batched((one for one in job if isinstance(one.outgoing, Broadcast)), _ROWS_PER_STATEMENT):
                if numbered:
                    await asyncio.sleep(0)
                numbered += [self._assign(one, now_ms, rows) for one in some]
            assigned.append(numbered)
        await _insert(connection, rows)
        for job, numbered in zip(jobs, assigned, strict=True):
            erasures = [(one.outgoing, one.body) for one in job if isinstance(one.outgoing, Erase)]
            if erasures:
                numbered += await self._erase(connection, erasures)
        added = self._added(rows)
        for name, floor in (await self._retention.prune(connection, added, now_ms)).items():
            await self._raise_floor(connection, name, floor)
        await _put_positions(connection, {name: position for name, (_, position) in self._changed.items()})
        return assigned

    def committed(self) -> None:
        """What was numbered is committed."""
        self.is_numbering = False
        self._retention.committed()
        for name, (_, position) in self._changed.items():
            if name in self._urgent:
                self._urgent[name] = position
            else:
                self._positions[name] = position
                self._positions.move_to_end(name)
        self._changed.clear()
        while len(self._positions) > _MAX_POSITIONS:
            self._positions.popitem(last=False)
        for _ in range(self._storing):
            self._unstored.popleft()
        if self._storing and not self._unstored:
            self.mark.set(False)
        self._storing = 0

    def failed(self) -> None:
        """It may be committed or not."""
        if not self.is_numbering:
            return
        self.is_numbering = False
        self._storing = 0
        self._retention.failed()
        for name, (channel, position) in self._changed.items():
            known = self._positions.pop(name, None)
            if name not in self._urgent:
                last = known.seq if known is not None else position.seq
                self._doubtful.setdefault(name, (channel, last))
        self._changed.clear()

    def hand_over(self, numbered: Numbered) -> None:
        """Give a message to the bus."""
        if numbered.replaces:
            self.bus.replace(numbered.channel, numbered.seq, numbered.body)
        else:
            self.bus.broadcast(numbered.channel, numbered.seq, numbered.body, numbered.origin)

    async def _know(self, connection: AsyncConnection, names: Collection[str]) -> None:
        """Have the positions of channels in memory."""
        unknown = [name for name in names if name not in self._positions and name not in self._urgent]
        for some in batched(unknown, _ROWS_PER_STATEMENT):
            query = select(channel_positions).where(channel_positions.c.channel.in_(some))
            found = {
                row.channel: _Position(row.seq, row.floor, row.reserved) for row in await connection.execute(query)
            }
            for name in some:
                self._positions[name] = found.get(name, _NOWHERE)

    def _position(self, name: str) -> _Position:
        """As it is within the transaction."""
        changed = self._changed.get(name)
        return changed[1] if changed is not None else self._urgent.get(name) or self._positions[name]

    def _assign(self, encoded: Encoded, now_ms: int, rows: list[_Row]) -> Numbered:
        """Give a message its number, and add its row to `rows`."""
        broadcast = encoded.outgoing
        assert isinstance(broadcast, Broadcast)
        channel = broadcast.channel
        position = self._position(channel.name)
        seq = position.seq + 1
        reserved = seq + RESERVED_NUMBERS if channel.name in self._urgent else 0
        self._changed[channel.name] = channel, _Position(seq, position.floor, reserved)
        rows.append(_Row(channel, seq, now_ms, broadcast.row_id, encoded.body))
        return Numbered(channel, seq, encoded.body, broadcast.origin)

    async def _erase(self, connection: AsyncConnection, erasures: Sequence[tuple[Erase, bytes]]) -> list[Numbered]:
        """Give the messages of deleted rows another body, behind whatever else the job publishes."""
        by_channel: dict[Channel, dict[int, bytes]] = {}
        for erase, body in erasures:
            by_channel.setdefault(erase.channel, {}).update(dict.fromkeys(erase.row_ids, body))
        erased, columns = [], channel_messages.c
        for channel, bodies in by_channel.items():
            for some in batched(bodies, _ROWS_PER_STATEMENT):
                query = select(columns.id, columns.row_id, columns.seq, func.length(columns.body)).where(
                    columns.channel == channel.name, columns.row_id.in_(some)
                )
                for message_id, row_id, seq, size in (await connection.execute(query)).all():
                    body = bodies[row_id]
                    this = update(channel_messages).where(columns.id == message_id)
                    await connection.execute(this.values(body=body, row_id=None))
                    self._retention.resized(len(body) - size)
                    erased.append(Numbered(channel, seq, body, replaces=True))
        return erased

    def _added(self, rows: Sequence[_Row]) -> Mapping[str, Added]:
        """What the transaction adds, by channel."""
        added: dict[str, Added] = {}
        for row in rows:
            before = added.get(row.channel.name)
            position = self._position(row.channel.name)
            number, size = (before.rows, before.size_bytes) if before is not None else (0, 0)
            added[row.channel.name] = Added(position.seq, position.floor, number + 1, size + len(row.body))
        return added

    async def _raise_floor(self, connection: AsyncConnection, name: str, floor: int) -> None:
        changed = self._changed.get(name)
        if changed is not None:
            channel, position = changed
            self._changed[name] = channel, position._replace(floor=floor)
            return
        await connection.execute(
            update(channel_positions).where(channel_positions.c.channel == name).values(floor=floor)
        )
        known = self._positions.get(name)
        if known is not None:
            # Too high a floor, if the transaction fails, prunes nothing that it should not.
            self._positions[name] = known._replace(floor=floor)

    async def _resolve_doubts(self, connection: AsyncConnection) -> None:
        """Broadcast what turns out to be committed, before anything that comes after it."""
        for name, (channel, last) in self._doubtful.items():
            these = channel_messages.c.channel == name, channel_messages.c.seq > last
            query = (
                select(channel_messages.c.seq, channel_messages.c.body).where(*these).order_by(channel_messages.c.seq)
            )
            for seq, body in (await connection.execute(query)).all():
                self.bus.broadcast(channel, seq, body)
        self._doubtful.clear()

    # ── while the database is down ──────────────────────────────────────────────────────────────────────────────

    def send_unstored(self, encoded: Encoded) -> None:
        """Broadcast an urgent message under a reserved number, and store it later. Beyond the reserved numbers it is
        dropped, and counted. Not while `is_numbering`."""
        broadcast = encoded.outgoing
        assert isinstance(broadcast, Broadcast)
        channel = broadcast.channel
        position = self._urgent[channel.name]
        seq = position.seq + 1
        if seq > position.reserved:
            self._dropped += 1
            return
        if not self._unstored:
            self.mark.set(True)
        self._urgent[channel.name] = position._replace(seq=seq)
        self._unstored.append(_Row(channel, seq, int(self._clock.time() * 1000), broadcast.row_id, encoded.body))
        self._sent_unstored += 1
        self.bus.broadcast(channel, seq, encoded.body, broadcast.origin)

    def collect(self) -> Iterator[Metric]:
        """Metrics for Prometheus."""
        yield from self._retention.collect()
        yield GaugeMetricFamily(
            "duelcast_log_unstored_messages", "Messages that went out and are not stored yet.", len(self._unstored)
        )
        yield CounterMetricFamily(
            "duelcast_log_sent_unstored", "Messages that went out before they were stored.", self._sent_unstored
        )
        yield CounterMetricFamily(
            "duelcast_log_dropped",
            "Messages that did not go out, because the database was down and no number was reserved.",
            self._dropped,
        )


def batched(items: Iterable[T], size: int) -> Iterator[Sequence[T]]:
    """`items` in sequences of at most `size`."""
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some


async def _insert(connection: AsyncConnection, rows: Sequence[_Row]) -> None:
    for some in batched(rows, _ROWS_PER_STATEMENT):
        values = [
            {"channel": row.channel.name, "seq": row.seq, "at_ms": row.at_ms, "row_id": row.row_id, "body": row.body}
            for row in some
        ]
        # A message that went out while a COMMIT was unknown may be there.
        await connection.execute(insert(channel_messages).on_conflict_do_nothing(), values)


async def _put_positions(connection: AsyncConnection, positions: Mapping[str, _Position]) -> None:
    for some in batched(positions.items(), _ROWS_PER_STATEMENT):
        statement = insert(channel_positions)
        changed = {name: statement.excluded[name] for name in ("seq", "floor", "reserved")}
        values = [{"channel": name, **position._asdict()} for name, position in some]
        await connection.execute(statement.on_conflict_do_update(index_elements=["channel"], set_=changed), values)


async def positions_of(transaction: AsyncConnection, names: Sequence[str]) -> dict[str, int]:
    """The numbers of the newest messages of channels, 0 where there never was one: what a snapshot that is read in the
    same transaction includes."""
    found: dict[str, int] = dict.fromkeys(names, 0)
    for some in batched(names, _ROWS_PER_STATEMENT):
        columns = channel_positions.c.channel, channel_positions.c.seq
        query = select(*columns).where(channel_positions.c.channel.in_(some))
        found |= {row.channel: row.seq for row in await transaction.execute(query)}
    return found
