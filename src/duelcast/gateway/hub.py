"""Fan-out: from the bus to the sockets. The message path reads from top to bottom.

There is one log instead of a queue per client. It holds, in the order of publishing, the newest message per key of each
*latest* channel and the recent messages of each *every* channel. A message that is replaced before it is sent is never
built into a frame.

Outboxes that follow the same set of channels form a cohort. A flush joins the frames due to a cohort once, compressed
or not, and writes the same bytes to every member. An outbox that cannot be served like the others (it got a reply,
changed its set, or its socket is full) leaves its cohort with a cursor into the log, is served by walking the log back
to that cursor, and rejoins the cohort of its set before or after a flush.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from duelcast.channels.broker import Broker, BusListener, Message, Origin, Position
from duelcast.channels.names import Channel, Group, Kind, Role
from duelcast.clock import Clock
from duelcast.desk.defect import defect
from duelcast.gateway.cohorts import Cohorts
from duelcast.gateway.compression import NO_COMPRESSION, CompressionSettings
from duelcast.gateway.streams import (
    Batch,
    Cohort,
    FlushEnd,
    Followed,
    GroupStream,
    HubStats,
    LogEntry,
    Member,
    Stream,
    follows,
    streams_of,
)

TURN_S = 0.005
"""How long a flush runs before it yields to the event loop."""
WRITES_PER_LOOK = 16
"""How many writes to lone members pass between two looks at the clock; together they take about 0.1 ms."""


class Hub:
    """One node's listener on the bus.

    If `flush_interval_ms` is 0, every loop iteration flushes the messages that are due. The log keeps messages of
    *every* channels for at most `log_s` seconds, and at most `log_bytes` bytes of them; an outbox that falls further
    behind is resynchronised.
    """

    def __init__(
        self,
        broker: Broker,
        clock: Clock,
        *,
        flush_interval_ms: float = 10,
        log_s: float = 600,
        log_bytes: int = 64 * 1024 * 1024,
        compression: CompressionSettings = NO_COMPRESSION,
    ) -> None:
        self.flush_interval_ms = flush_interval_ms
        self.stats = HubStats()
        self.on_lost: Callable[[], None] = lambda: None
        """Called when all outboxes must be recovered."""
        self.find_outbox: Callable[[Origin], Member | None] = lambda _origin: None
        self._broker = broker
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self.turn_time = self._loop.time
        """The time of the loop in seconds; constant within an iteration, because the loop caches it."""
        self._log_s = log_s
        self._log_bytes = log_bytes
        self._streams: dict[Channel, Stream] = {}
        self._groups: dict[str, GroupStream] = {}
        self._log: dict[LogEntry, None] = {}
        self._kept: deque[LogEntry] = deque()
        self._kept_bytes = 0
        self._closed: set[Stream] = set()
        self.position = 0
        """The position of the end of the log."""
        self._flushed = 0
        self._lost_position = 0
        self._cohorts = Cohorts(compression)
        self._pending: deque[Cohort | Member | FlushEnd] = deque()
        self._fresh: list[Cohort | Member | FlushEnd] = []
        """The items of a flush that begins, in reverse order."""
        self._writing: asyncio.Handle | None = None
        """The next turn of a flush that has yielded."""
        self._solo: set[Member] = set()
        self._unwritten: list[Member] = []
        self._flush_scheduled = False
        self._flush_ended = 0.0
        broker.attach(self)

    # ── in: from the bus ────────────────────────────────────────────────────────────────────────────────────────

    def deliver(self, message: Message) -> None:
        """Append a message to the log. A *latest* message replaces the previous message with the same key."""
        channel = message.channel
        stream = self._streams.get(channel)
        if stream is None:
            group = self._groups.get(channel.group) if channel.group is not None else None
            if group is None:
                return
            stream = self._open(channel)
        self.position += 1
        self.stats.published += 1
        stream.seq = message.seq
        entry = LogEntry(message, stream, self.position, self._clock.monotonic())
        if channel.family.kind is Kind.LATEST:
            replaced = stream.newest.get(message.key)
            if replaced is not None and self._log.pop(replaced, self) is None:
                stream.conflated += replaced.position > self._flushed
            stream.newest[message.key] = entry
            if message.is_tombstone:
                self._keep(entry)
        else:
            stream.every_bytes += len(message.body) + len(channel.suffix)
            self._keep(entry)
            if message.origin is not None:
                self._serve_origin_alone(message.origin, stream)
        self._log[entry] = None
        if not self._flush_scheduled:
            self._schedule_flush()

    def replace(self, channel: Channel, seq: int, body: bytes) -> None:
        """Replace the body of a message for outboxes to which the message has not been sent yet."""
        stream = self._streams.get(channel)
        if stream is not None:
            for entry in reversed(self._kept):
                if entry.stream is stream and entry.message.seq == seq:
                    entry.replace_body(body)
                    return

    def resynchronise(self) -> None:
        """Recover all subscriptions from their positions, because the bus was lost."""
        for stream in self._streams.values():
            if not stream.seq and stream.lost_at is not None:
                continue  # nothing has come since the bus was lost before
            stream.lost_at = Position(self._broker.epoch, stream.seq)
            # In another epoch, the next position may be lower than this one.
            stream.seq = 0
        self.on_lost()

    def _keep(self, entry: LogEntry) -> None:
        """Keep an entry until the limit on age or size removes it, because perhaps no later message will ever replace
        it."""
        self._kept.append(entry)
        self._kept_bytes += entry.size
        self._expire(entry.logged_at)

    def _expire(self, now: float) -> None:
        oldest_s = now - self._log_s
        # Entries not flushed yet stay, so the log may exceed its limit by the messages of one flush interval.
        while (
            self._kept
            and self._kept[0].position <= self._flushed
            and (self._kept_bytes > self._log_bytes or self._kept[0].logged_at < oldest_s)
        ):
            dropped = self._kept.popleft()
            self._kept_bytes -= dropped.size
            if self._log.pop(dropped, self) is None:
                dropped.stream.lost_position = self._lost_position = dropped.position
                if dropped.stream.newest.get(dropped.message.key) is dropped:
                    del dropped.stream.newest[dropped.message.key]

    def _forget_closed(self) -> None:
        closed, self._closed = self._closed, set()
        kept = deque(entry for entry in self._kept if entry.stream not in closed)
        for entry in self._kept:
            if entry.stream in closed:
                self._kept_bytes -= entry.size
                self._log.pop(entry, None)
        self._kept = kept

    def _serve_origin_alone(self, origin: Origin, stream: Stream) -> None:
        outbox = self.find_outbox(origin)
        if outbox is not None and origin.request_id is not None and follows(outbox, stream):
            outbox.own = self.position
            self.leave_cohort(outbox)

    # ── out: replies ────────────────────────────────────────────────────────────────────────────────────────────────

    def write_soon(self, outbox: Member) -> None:
        """Write an outbox's waiting frames at the end of the loop iteration."""
        if not self._unwritten:
            self._loop.call_soon(self._write_replies)
        self._unwritten.append(outbox)

    def _write_replies(self) -> None:
        unwritten, self._unwritten = self._unwritten, []
        for outbox in unwritten:
            try:
                outbox.write_out()
            except Exception as error:
                defect(error)

    # ── out: to the sockets ─────────────────────────────────────────────────────────────────────────────────────

    def _schedule_flush(self) -> None:
        self._flush_scheduled = True
        wait_s = self._flush_ended + self.flush_interval_ms / 1000 - self._loop.time()
        if wait_s > 0:
            self._loop.call_later(wait_s, self._flush)
        else:
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        """Hand each due message to the cohorts of its channel, then write cohort by cohort.

        If an earlier flush is still writing, this one goes first, so that it need not wait for a broadcast to thousands
        of others. It only waits if it has messages for a cohort that the earlier one has not come to: that is overload,
        in which fewer and longer flushes are better.
        """
        base, pending = self._flushed, self._pending
        due = []
        for entry in reversed(self._log):
            if entry.position <= base:
                break
            due.append(entry)
        if pending:
            if any(map(_is_under_way, due)):
                return  # it is scheduled again once everything is written
        else:
            self._rejoin_cohorts()
        self._fresh.append(FlushEnd(time.perf_counter()))
        self._fresh.extend(self._solo)
        for entry in reversed(due):
            stream = entry.stream
            if stream.cohorts:
                self._hand_out(entry, stream.cohorts, base, entry.message.least_role)
            group = stream.group
            if group is not None and group.cohorts:
                least_role = max(stream.channel.least_role, entry.message.least_role)
                self._hand_out(entry, group.cohorts, base, least_role)
        pending.extendleft(self._fresh)
        self._fresh.clear()
        self._flushed = self.position
        self._write_pending()
        if pending:
            self._await_flush()

    def _hand_out(self, entry: LogEntry, cohorts: Iterable[Cohort], base: int, least_role: Role) -> None:
        frame = entry.frame
        if least_role is not Role.ANONYMOUS:
            cohorts = [cohort for cohort in cohorts if cohort.role >= least_role and cohort.batches]
            for cohort in cohorts:
                if cohort.compressor is not None:
                    cohort.plain |= {len(cohort.due)}
        for cohort in cohorts:
            due = cohort.due
            if not due:
                if not cohort.batches:
                    continue
                cohort.cursor = base
                self._fresh.append(cohort)
            due.append(frame)

    def _write_pending(self) -> None:
        """Write to one cohort after another, but let the loop do other work after every `TURN_S` seconds."""
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None
        turn_ends = time.perf_counter() + TURN_S
        pending, stats = self._pending, self.stats
        writes_unwatched = 0
        while pending:
            item = pending.popleft()
            if type(item) is Cohort:
                due, write = item.due, item.lone
                if write is None:
                    self._write_batch(item, due)
                else:
                    data = due[0] if len(due) == 1 else b"".join(due)
                    stats.delivered += len(due)
                    stats.delivered_bytes += len(data)
                    # The cohort counts as written from here on, because its member leaves while its socket is full.
                    due.clear()
                    try:
                        write(data)
                    except Exception as error:
                        self._write_failed(item.batches[0], write, error)
                    writes_unwatched += 1
                    if writes_unwatched < WRITES_PER_LOOK:
                        continue
                    writes_unwatched = 0
            elif type(item) is FlushEnd:
                stats.observe_flush(time.perf_counter() - item.started)
            elif item in self._solo:
                self._serve_alone(item)
            if time.perf_counter() > turn_ends and pending and type(pending[0]) is not FlushEnd:
                self._writing = self._loop.call_soon(self._write_pending)
                return
        self._rejoin_cohorts()
        self._await_flush()

    def _write_batch(self, cohort: Cohort, due: list[bytes]) -> None:
        """Write the due frames to the next batch of a cohort."""
        compressor, number, data, stats = cohort.compressor, cohort.written, cohort.data, self.stats
        if data is None:
            data = b"".join(due) if compressor is None else cohort.compress(compressor)
        batch = cohort.batches[number]
        writes = batch.writes or batch.collect_writes()
        stats.delivered += len(due) * len(writes)
        stats.delivered_bytes += len(data) * len(writes)
        if compressor is not None:
            stats.saved_bytes += cohort.saved_bytes * len(writes)
        # The batch counts as written from here on, because a member whose socket is full leaves while it is.
        number += 1
        if number < len(cohort.batches):
            cohort.data, cohort.written = data, number
            self._pending.appendleft(cohort)
        else:
            cohort.data, cohort.written = None, 0
            due.clear()
        for write in writes:
            try:
                write(data)
            except Exception as error:
                self._write_failed(batch, write, error)

    def _serve_alone(self, outbox: Member) -> None:
        try:
            outbox.serve()
        except Exception as error:
            defect(error)

    def _await_flush(self) -> None:
        """Let the next flush begin one interval from now."""
        self._flush_ended = self._loop.time()
        self._flush_scheduled = False
        if self.position > self._flushed:
            self._schedule_flush()

    def _rejoin_cohorts(self) -> None:
        """Let outboxes that need not be served alone enter their cohorts, before or after a flush."""
        for outbox in self._solo:
            # An outbox with an unwritten reply stays alone: the pushes of a cohort would overtake the reply if a timer
            # fired before the end of the loop iteration. So does one whose own message came during the flush.
            if (
                outbox.own <= outbox.cursor == self._flushed
                and not (outbox.has_unwritten or outbox.blocked or outbox.lost)
                and outbox.followed
            ):
                self._cohorts.enter(outbox)
        self._cohorts.move_waiting(self._loop.time())
        self._solo = {outbox for outbox in self._solo if outbox.batch is None}

    def due_after(self, outbox: Member, ceilings: dict[Stream, int] | None = None) -> list[bytes]:
        """The frames not yet sent to an outbox with a cursor of its own, in order.

        `ceilings` maps streams to the highest `seq` to include.
        """
        cursor = outbox.cursor
        if cursor == self.position or not outbox.followed:
            return []
        frames = []
        for entry in reversed(self._log):
            if entry.position <= cursor:
                break
            stream = entry.stream
            if not follows(outbox, stream) or outbox.role < entry.message.least_role:
                continue
            if ceilings is not None and entry.message.seq > ceilings.get(stream, entry.message.seq):
                continue
            origin = entry.message.origin
            if origin is not None and origin.request_id is not None and origin.connection_id == outbox.connection_id:
                frames.append(entry.frame_for_origin(origin.request_id))
            else:
                frames.append(entry.frame)
        frames.reverse()
        self.stats.delivered += len(frames)
        return frames

    def since(self, position: int, stream: Stream, seq: int, role: Role) -> list[bytes]:
        """The frames of `stream` that are after the log position `position`, have a number above `seq`, and may be seen
        by `role`."""
        return [
            entry.frame
            for entry in self._entries_after(position, stream)
            if entry.message.seq > seq and role >= entry.message.least_role
        ]

    def _entries_after(self, position: int, stream: Stream) -> list[LogEntry]:
        entries = []
        for entry in reversed(self._log):
            if entry.position <= position:
                break
            if entry.stream is stream:
                entries.append(entry)
        entries.reverse()
        return entries

    def has_lost(self, outbox: Member) -> bool:
        """Whether a message has left the log before it was sent to `outbox`."""
        cursor = outbox.cursor
        return cursor < self._lost_position and any(
            stream.lost_position > cursor for stream in streams_of(outbox.followed)
        )

    def conflated(self) -> Counter[str]:
        """How many messages of each family were replaced before they were sent."""
        counts = self.stats.conflated.copy()
        for stream in self._streams.values():
            counts[stream.channel.family.prefix] += stream.conflated
        return counts

    # ── cohorts ─────────────────────────────────────────────────────────────────────────────────────────────────

    def leave_cohort(self, outbox: Member) -> None:
        """If an outbox is in a cohort, take it out, and give it a cursor of its own."""
        batch = outbox.batch
        if batch is not None:
            cohort = batch.cohort
            outbox.cursor = cohort.cursor if cohort.is_due(batch) else self._flushed
            cohort.remove(outbox)
            self._solo.add(outbox)

    def _write_failed(self, batch: Batch, write: Callable[[bytes], None], error: Exception) -> None:
        """Take the member out of its cohort: it may have missed a message that later ones refer back to."""
        defect(error)
        for member in [member for member in batch.members if member.write == write]:
            self.leave_cohort(member)

    def tidy(self) -> None:
        """Forget expired entries, entries of closed streams, and empty cohorts. It is enough to call this once a
        second."""
        self._expire(self._clock.monotonic())
        if self._closed:
            self._forget_closed()
        self._cohorts.tidy()

    # ── following ───────────────────────────────────────────────────────────────────────────────────────────────

    def begin(self, target: Channel | Group) -> int:
        """Receive messages of a channel or group from now on. Returns the log position after which these messages come.
        The counterpart is `release`."""
        followed = self._open_group(target) if isinstance(target, Group) else self._open_channel(target)
        followed.holders += 1
        return self.position

    def release(self, targets: Iterable[Channel | Group]) -> None:
        """Stop receiving messages of those `targets` that nobody else follows."""
        self._let_go(list(map(self.find, targets)))

    def find(self, target: Channel | Group) -> Followed:
        """The stream of a channel or group that is followed."""
        return self._groups[target.name] if isinstance(target, Group) else self._streams[target]

    def _let_go(self, followed: Iterable[Followed]) -> None:
        for one in followed:
            one.holders -= 1
            self._close_unheld(one)

    def _open_group(self, group: Group) -> GroupStream:
        opened = self._groups.get(group.name)
        if opened is None:
            opened = self._groups[group.name] = GroupStream(group)
            for stream in self._streams.values():
                if stream.channel.group == group.name:
                    stream.group = opened
                    opened.streams.add(stream)
        return opened

    def _open_channel(self, channel: Channel) -> Stream:
        return self._streams.get(channel) or self._open(channel)

    def _open(self, channel: Channel) -> Stream:
        group = self._groups.get(channel.group) if channel.group is not None else None
        stream = self._streams[channel] = Stream(channel, group)
        if group is not None:
            group.streams.add(stream)
        self._broker.follow(channel)
        return stream

    def _close_unheld(self, one: Followed) -> None:
        if one.holders:
            return
        if isinstance(one, GroupStream):
            if self._groups.get(one.group.name) is one:
                del self._groups[one.group.name]
                for stream in one.streams:
                    stream.group = None
                    self._close_unheld(stream)
        elif one.group is None and self._streams.get(one.channel) is one:
            del self._streams[one.channel]
            self.stats.conflated[one.channel.family.prefix] += one.conflated
            for entry in one.newest.values():
                self._log.pop(entry, None)
            self._closed.add(one)
            self._broker.unfollow(one.channel)

    def follow(self, outbox: Member, followed: frozenset[Followed]) -> None:
        """Change the set of streams that an outbox follows. The outbox must have a cursor of its own."""
        before = outbox.followed
        outbox.followed = followed
        for one in followed - before:
            one.holders += 1
        ended = before - followed
        self._let_go(ended)
        if followed:
            self._solo.add(outbox)
        else:
            self._solo.discard(outbox)

    def remove(self, outbox: Member) -> None:
        """Forget an outbox whose connection ends."""
        self.leave_cohort(outbox)
        self.follow(outbox, frozenset())


def _is_under_way(entry: LogEntry) -> bool:
    """Whether an earlier message is due to a follower of the entry's channel."""
    stream = entry.stream
    for cohort in stream.cohorts:
        if cohort.due:
            return True
    return stream.group is not None and any(cohort.due for cohort in stream.group.cohorts)


if TYPE_CHECKING:
    _conforms: type[BusListener] = Hub
