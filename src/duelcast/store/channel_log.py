"""The log of *every* channels (protocol §2). Messages are numbered and stored in the transaction of the facts that they
report, and old ones are pruned as new ones are added."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from msgspec import Struct
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from duelcast.channels.broker import Origin, StoredMessage
from duelcast.channels.names import Channel
from duelcast.channels.publisher import Broadcast, Erase, Outgoing
from duelcast.clock import Clock, time_ms
from duelcast.store.epoch import given_numbers
from duelcast.store.log_retention import Added, LogBounds, LogRetention
from duelcast.store.statements import ROWS_PER_STATEMENT, insertion, portions, upsertion, write_rows
from duelcast.store.tables import channel_messages, channel_positions

RESERVED_NUMBERS = 4_000
"""How many messages of an urgent channel can be broadcast while the database is down."""
_MAX_POSITIONS = 50_000
"""The maximum number of channels, apart from urgent ones, whose positions are kept in memory."""


class Bus(Protocol):
    """Receives committed messages; see `channels.broker.Broker`."""

    def broadcast(self, channel: Channel, seq: int, body: bytes, origin: Origin | None = None) -> None: ...

    def replace(self, channel: Channel, seq: int, body: bytes) -> None: ...


class Encoded(Struct, frozen=True, gc=False):
    """A message to be published, with its encoded body."""

    outgoing: Outgoing
    body: bytes


class UrgentMark(Protocol):
    """A mark that outlives the process. It is set while numbers may have been broadcast but not stored."""

    def set(self, used: bool) -> None: ...


class Numbered(Struct, frozen=True, gc=False):
    """A message for the bus. If `replaces`, it replaces the message with the same number."""

    channel: Channel
    seq: int
    body: bytes
    origin: Origin | None = None
    replaces: bool = False


class _Counters(NamedTuple):
    """A row of `channel_positions`."""

    seq: int
    floor: int
    reserved: int


_NOWHERE = _Counters(0, 0, 0)


class _Change(Struct):
    """The counters of a channel within the current transaction, and what the transaction adds to the channel."""

    channel: Channel
    seq: int
    floor: int
    reserved: int
    rows: int = 0
    size_bytes: int = 0


_Row = tuple[str, int, int, int | None, bytes]
"""A row to be added to `channel_messages`: channel, number, time (ms), id of the row it carries, body."""


class ChannelLog:
    """Numbers messages within a transaction, and hands them to the bus after COMMIT.

    Transactions run one at a time; each calls `number`, then `committed` or `failed`. None follows while the outcome of
    a COMMIT is unknown. Set `bus` and `mark` before the first.
    """

    def __init__(self, clock: Clock, bounds: LogBounds | None = None) -> None:
        self.bus: Bus
        self.mark: UrgentMark
        self.is_numbering = False
        """Whether a transaction has numbers that were neither committed nor broadcast, so that none can be given."""
        self._clock = clock
        self._retention = LogRetention(bounds or LogBounds())
        self._positions: OrderedDict[str, _Counters] = OrderedDict()
        self._urgent: dict[str, _Counters] = {}
        self._changed: dict[str, _Change] = {}
        """The channels that the current transaction changes."""
        self.numbers = 0
        """How many numbers are stored as issued on all channels; the numbers of an opened database are set by it."""
        self._stored_urgent: dict[str, int] = {}
        """The stored positions of urgent channels."""
        self._unstored: deque[tuple[Channel, _Row]] = deque()
        """Urgent messages that were broadcast and are still to be stored."""
        self._storing = 0
        self._sent_unstored = 0
        self._dropped = 0

    async def load(
        self, connection: AsyncConnection, urgent: Iterable[Channel], *, block_used: bool
    ) -> Mapping[Channel, int]:
        """Read the stored log, and reserve numbers for `urgent` channels; returns their positions.

        If `block_used`, reserved numbers may have been broadcast without being stored, so the urgent channels continue
        above the reserved numbers.
        """
        await self._retention.load(connection)
        channels = {channel.name: channel for channel in urgent}
        await self._know(connection, channels)
        for name in channels:
            position = self._positions.pop(name)
            if block_used:
                position = _Counters(*[position.reserved] * 3)
                await connection.execute(delete(channel_messages).where(channel_messages.c.channel == name))
            self._urgent[name] = position._replace(reserved=position.seq + RESERVED_NUMBERS)
        await write_rows(connection, _PUT_POSITION, [(name, *counters) for name, counters in self._urgent.items()])
        self._stored_urgent = {name: counters.seq for name, counters in self._urgent.items()}
        self.numbers = await given_numbers(connection)
        return {channel: self._urgent[name].seq for name, channel in channels.items()}

    def adopt(self, channel: Channel, messages: Sequence[StoredMessage]) -> None:
        """Store later what an earlier server broadcast on an urgent channel without storing it: the `messages` above
        the channel's position, in order. Called before the first transaction."""
        for seq, body, age_s in messages:
            at_ms = time_ms(self._clock) - int(age_s * 1000)
            self._remember_unstored(channel, (channel.name, seq, at_ms, None, body))

    def skip(self, channel: Channel, seq: int) -> None:
        """Number an urgent channel above `seq`, because an earlier server has broadcast messages that are lost. Called
        before the first transaction."""
        position = self._urgent[channel.name]
        self._urgent[channel.name] = position._replace(seq=max(seq, position.seq))

    # ── within a transaction ────────────────────────────────────────────────────────────────────────────────────

    @property
    def has_unstored(self) -> bool:
        """Whether there are messages that were broadcast but are not stored yet."""
        return bool(self._unstored)

    async def number(self, connection: AsyncConnection, jobs: Sequence[Sequence[Encoded]]) -> list[list[Numbered]]:
        """Number and store the messages of `jobs`, in order. Returns the messages for the bus, which gets them after
        COMMIT."""
        self.is_numbering = True
        names = {one.outgoing.channel.name for job in jobs for one in job if isinstance(one.outgoing, Broadcast)}
        await self._know(connection, names)
        now_ms = time_ms(self._clock)
        self._storing = len(self._unstored)
        rows: list[_Row] = []
        for channel, row in self._unstored:
            self._add(self._change_of(channel), row, rows)
        assigned = []
        for job in jobs:
            numbered: list[Numbered] = []
            for one in job:
                if isinstance(one.outgoing, Broadcast):
                    numbered.append(self._assign(one.outgoing, one.body, now_ms, rows))
                    if len(rows) % ROWS_PER_STATEMENT == 0:
                        await asyncio.sleep(0)
            assigned.append(numbered)
        await write_rows(connection, _ADD_MESSAGE, rows)
        for job, numbered in zip(jobs, assigned, strict=True):
            erasures = [(one.outgoing, one.body) for one in job if isinstance(one.outgoing, Erase)]
            if erasures:
                numbered += await self._erase(connection, erasures)
        added = {
            name: Added(change.seq, change.floor, change.rows, change.size_bytes)
            for name, change in self._changed.items()
            if change.rows
        }
        await self._raise_floors(connection, await self._retention.prune(connection, added, now_ms))
        for name in self._changed.keys() & self._urgent.keys():
            self._changed[name].reserved = self._changed[name].seq + RESERVED_NUMBERS
        positions = [(name, each.seq, each.floor, each.reserved) for name, each in self._changed.items()]
        await write_rows(connection, _PUT_POSITION, positions)
        return assigned

    def committed(self) -> None:
        """Accept the numbers, because the transaction is committed."""
        self.is_numbering = False
        self._retention.committed()
        for name, change in self._changed.items():
            if name in self._urgent:
                self.numbers += change.seq - self._stored_urgent[name]
                self._stored_urgent[name] = change.seq
                # Further numbers were given while the outcome was unknown.
                self._urgent[name] = _counters(change)._replace(seq=max(change.seq, self._urgent[name].seq))
            else:
                self.numbers += change.seq - self._positions[name].seq
                self._positions[name] = _counters(change)
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
        """Forget the numbers, because the transaction was not committed."""
        self.is_numbering = False
        self._storing = 0
        self._retention.failed()
        self._changed.clear()

    def hand_over(self, numbered: Numbered) -> None:
        """Pass a message to the bus."""
        if numbered.replaces:
            self.bus.replace(numbered.channel, numbered.seq, numbered.body)
        else:
            self.bus.broadcast(numbered.channel, numbered.seq, numbered.body, numbered.origin)

    async def _know(self, connection: AsyncConnection, names: Collection[str]) -> None:
        """Load the positions of channels into memory."""
        unknown = [name for name in names if name not in self._positions and name not in self._urgent]
        for some in portions(unknown):
            query = select(channel_positions).where(channel_positions.c.channel.in_(some))
            found = {
                row.channel: _Counters(row.seq, row.floor, row.reserved) for row in await connection.execute(query)
            }
            for name in some:
                self._positions[name] = found.get(name, _NOWHERE)

    def _change_of(self, channel: Channel) -> _Change:
        """The counters of a channel within the current transaction; `_know` must have loaded its position."""
        change = self._changed.get(channel.name)
        if change is None:
            known = self._urgent.get(channel.name) or self._positions[channel.name]
            change = self._changed[channel.name] = _Change(channel, *known)
        return change

    def _assign(self, broadcast: Broadcast, body: bytes, now_ms: int, rows: list[_Row]) -> Numbered:
        """Number a message, and add its row to `rows`."""
        change = self._change_of(broadcast.channel)
        change.seq += 1
        self._add(change, (broadcast.channel.name, change.seq, now_ms, broadcast.row_id, body), rows)
        return Numbered(broadcast.channel, change.seq, body, broadcast.origin)

    def _add(self, change: _Change, row: _Row, rows: list[_Row]) -> None:
        change.rows += 1
        change.size_bytes += len(row[-1])
        rows.append(row)

    async def _erase(self, connection: AsyncConnection, erasures: Sequence[tuple[Erase, bytes]]) -> list[Numbered]:
        """Replace the bodies of messages that carry deleted rows. In a job, this follows all other messages."""
        by_channel: dict[Channel, dict[int, bytes]] = {}
        for erase, body in erasures:
            by_channel.setdefault(erase.channel, {}).update(dict.fromkeys(erase.row_ids, body))
        erased, columns = [], channel_messages.c
        for channel, bodies in by_channel.items():
            for some in portions(bodies):
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

    async def _raise_floors(self, connection: AsyncConnection, floors: Mapping[str, int]) -> None:
        unchanged = []
        for name, floor in floors.items():
            change = self._changed.get(name)
            if change is not None:
                change.floor = floor
                continue
            unchanged.append((floor, name))
            known = self._positions.get(name)
            if known is not None:
                # If the transaction fails, this floor is too high, which never causes too much to be pruned.
                self._positions[name] = known._replace(floor=floor)
        await write_rows(connection, _SET_FLOOR, unchanged)

    # ── while the database is down ──────────────────────────────────────────────────────────────────────────────

    def send_unstored(self, encoded: Encoded) -> None:
        """Broadcast an urgent message under a reserved number, and store it later. If no reserved number is left, the
        message is dropped and counted. Not allowed while `is_numbering`."""
        broadcast = encoded.outgoing
        assert isinstance(broadcast, Broadcast)
        seq = self._urgent[broadcast.channel.name].seq + 1
        if not self._send(Numbered(broadcast.channel, seq, encoded.body, broadcast.origin), broadcast.row_id):
            self._dropped += 1

    def send_in_doubt(self, jobs: Iterable[Sequence[Numbered]]) -> list[bool]:
        """Broadcast the urgent messages of the transaction under their numbers, because its outcome may stay unknown
        for long; whatever it turns out to be, they are stored later. Returns for each job whether all of them were
        sent. All other messages wait for `committed` or `failed`."""
        self.is_numbering = False
        all_sent = []
        for job in jobs:
            sent = [self._send(one) for one in job if self._is_urgent(one)]
            all_sent.append(all(sent))
        return all_sent

    def _is_urgent(self, numbered: Numbered) -> bool:
        return numbered.channel.name in self._urgent and not numbered.replaces

    def _send(self, numbered: Numbered, row_id: int | None = None) -> bool:
        """Broadcast an urgent message that is not known to be stored, unless its number is not reserved."""
        name = numbered.channel.name
        position = self._urgent[name]
        if numbered.seq > position.reserved:
            return False
        row = (name, numbered.seq, time_ms(self._clock), row_id, numbered.body)
        self._remember_unstored(numbered.channel, row)
        self._sent_unstored += 1
        self.bus.broadcast(numbered.channel, numbered.seq, numbered.body, numbered.origin)
        return True

    def _remember_unstored(self, channel: Channel, row: _Row) -> None:
        if not self._unstored:
            self.mark.set(True)
        self._urgent[channel.name] = self._urgent[channel.name]._replace(seq=row[1])
        self._unstored.append((channel, row))

    def collect(self) -> Iterator[Metric]:
        """Metrics for Prometheus."""
        yield from self._retention.collect()
        yield GaugeMetricFamily(
            "duelcast_log_unstored_messages", "Messages that were broadcast but not stored yet.", len(self._unstored)
        )
        yield CounterMetricFamily(
            "duelcast_log_sent_unstored", "Messages that were broadcast before they were stored.", self._sent_unstored
        )
        yield CounterMetricFamily(
            "duelcast_log_dropped",
            "Messages that were dropped because the database was down and no reserved number was left.",
            self._dropped,
        )


def _counters(change: _Change) -> _Counters:
    return _Counters(change.seq, change.floor, change.reserved)


_ADD_MESSAGE = insertion(channel_messages, "channel", "seq", "at_ms", "row_id", "body").on_conflict_do_nothing()
"""Inserts a `_Row`, which may already be stored if it was sent while the outcome of its COMMIT was unknown."""
_PUT_POSITION = upsertion(channel_positions, "channel", *_Counters._fields)
_SET_FLOOR = (
    update(channel_positions)
    .where(channel_positions.c.channel == bindparam("name"))
    .values(floor=bindparam("new_floor"))
)
"""Sets the floor of a channel, given (floor, channel)."""


async def positions_of(transaction: AsyncConnection, names: Sequence[str]) -> dict[str, int]:
    """The number of each channel's newest message; 0 if there never was one. A snapshot read in the same transaction
    includes everything up to that number."""
    found: dict[str, int] = dict.fromkeys(names, 0)
    for some in portions(names):
        columns = channel_positions.c.channel, channel_positions.c.seq
        query = select(*columns).where(channel_positions.c.channel.in_(some))
        found |= {row.channel: row.seq for row in await transaction.execute(query)}
    return found
