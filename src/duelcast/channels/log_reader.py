"""A node's side of the shared log: applies its entries to the node's copy of the channels."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing
from typing import NamedTuple, Protocol

import structlog
from msgspec import Struct
from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from duelcast.backoff import Backoff
from duelcast.channels.broker import Message
from duelcast.channels.copied import CopiedChannels, DumpedChannel
from duelcast.channels.names import Channel, Group
from duelcast.channels.records import (
    BEGINNING,
    Entry,
    EntryId,
    Fact,
    FactKey,
    Forget,
    News,
    Put,
    Record,
    Replace,
    Silence,
    UnknownEntry,
    decode_entry,
)
from duelcast.channels.shared_log import LogUnavailable, SharedLog
from duelcast.clock import Clock

WAIT_S = 1.0
RING_S = 10.0
"""How long applied messages are kept for answers that were read before them."""
FIRST_RETRY_S, LONGEST_RETRY_S = 0.05, 1.0
RECORDS_PER_TURN = 200
_NEVER = EntryId(2**63, 0)
"""After every entry."""

log = structlog.get_logger("duelcast.log")


class DumpPiece(Struct, frozen=True, array_like=True):
    """A piece of the leader's copy. The first piece of a dump names the entry `after` which the reader goes on; the
    pieces may include later entries, of which the last piece names the newest in `up_to`. `epoch` is that of the
    leader's database. `news` are those that make up the present state."""

    after: EntryId
    epoch: str
    channels: Sequence[DumpedChannel] = ()
    facts: Sequence[Fact] = ()
    news: Sequence[News] = ()
    up_to: EntryId = BEGINNING


class DumpUnavailable(Exception):
    """The leader cannot be asked for its copy at the moment."""


class Dumps(Protocol):
    """The leader's copy."""

    def dump(self) -> AsyncGenerator[DumpPiece, None]:
        """The leader's copy, in at least one piece. Raises `DumpUnavailable`."""


class Applied(NamedTuple):
    """A message that was applied, and its entry."""

    id: EntryId
    message: Message


class NotApplied(Exception):
    """An entry was not applied in time."""


class _Awaited(NamedTuple):
    """A wait for an entry, since a time of the monotonic clock."""

    id: EntryId
    since_s: float
    waiting: asyncio.Future[None]


class LogReader:
    """Reads on from the entry that it applied last. If an entry does not follow that one, entries are missing, and the
    leader is asked for a dump; followers of channels that the dump cannot continue are resynchronised."""

    def __init__(
        self,
        shared: SharedLog,
        copied: CopiedChannels,
        find: Callable[[str], Channel | None],
        dumps: Dumps,
        clock: Clock,
    ) -> None:
        self.position = BEGINNING
        """The entry that was applied last."""
        self._read_s = clock.monotonic()
        """When the log answered last, or when the reader was made, by the node's monotonic clock."""
        self.failure: str | None = None
        """Why the log cannot be read, as a sentence; None if it can."""
        self.is_complete = False
        """Whether the copy has everything up to `position`; if it lacks entries, a dump is taken."""
        self.on_news: Callable[[News], None] = lambda _news: None
        self.on_all_news: Callable[[Sequence[News]], None] = lambda _news: None
        """Called with the news of a dump, which replace all earlier ones."""
        self.on_term: Callable[[int], None] = lambda _term: None
        """Called with the number of each later term."""
        self.facts: dict[FactKey, bytes] = {}
        self.dumps_taken = 0
        self._shared = shared
        self._copied = copied
        self._find = find
        self._dumps = dumps
        self._clock = clock
        self._read_up_to = BEGINNING
        """The entry that was read last."""
        self._ring: deque[tuple[float, Applied]] = deque()
        self._ring_begins = BEGINNING
        """The ring has the messages of all entries after this one."""
        self._awaited: list[_Awaited] = []

    async def run(self) -> None:
        """Read until cancelled."""
        backoff = Backoff(self._clock, first_s=FIRST_RETRY_S, longest_s=LONGEST_RETRY_S)
        while True:
            try:
                if not self.is_complete:
                    await self._take_dump()
                await self._read_some()
            except (LogUnavailable, DumpUnavailable, UnknownEntry) as error:
                if self.failure != str(error):
                    log.error("log_unreadable", reason=str(error))
                self.failure = str(error)
                await backoff.wait()
            else:
                backoff.reset()
                if self.failure is not None:
                    log.info("log_readable")
                    self.failure = None

    async def read_up_to(self, opened: EntryId) -> bool:
        """Apply all entries before `opened`, with which this node has opened its term; called once `run` has ended.

        Returns whether the copy is complete. If it is not, it lacks entries that the log no longer has, or nothing is
        known because the log is empty. Raises `LogUnavailable` and `UnknownEntry`.
        """
        is_complete = self.is_complete
        while self._read_up_to < opened:
            entries = await self._shared.read(self._read_up_to, WAIT_S)
            if not entries:
                raise LogUnavailable("The log has lost the entry that opened the term.")
            for id_, data in entries:
                if id_ < opened and not _opens(id_):
                    entry = decode_entry(data)
                    if entry.after == BEGINNING:
                        self._copied.reset()  # as that leader's channels were then
                        self._copied.forget_others(())
                        self.facts.clear()  # it has announced all again
                        is_complete = True
                    elif entry.after != self.position:
                        is_complete = False
                    await self._apply(id_, entry)
                self._read_up_to = id_
        return is_complete

    async def applied(self, id_: EntryId) -> None:
        """Return once the entry `id_` is applied. Raises `NotApplied` if `give_up` ends the wait."""
        if id_ > self.position:
            waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._awaited.append(_Awaited(id_, self._clock.monotonic(), waiting))
            await waiting

    def give_up(self, after_s: float) -> None:
        """End each call of `applied` that has waited for longer than `after_s`; meant to be called once a second."""
        oldest_s = self._clock.monotonic() - after_s
        for one in self._awaited:
            if one.since_s < oldest_s and not one.waiting.done():
                one.waiting.set_exception(NotApplied())
        self._awaited = [one for one in self._awaited if not one.waiting.done()]

    def remembers(self, id_: EntryId) -> bool:
        """Whether `since` is complete after the entry `id_`. It is not if a dump takes, or has taken, the place of
        entries, or if they were applied too long ago."""
        return id_ >= self._ring_begins

    def since(self, id_: EntryId, target: Channel | Group) -> list[Message]:
        """The messages of a channel or group that were applied after the entry `id_`, at most `RING_S` ago."""
        found = []
        for _, (at, message) in reversed(self._ring):
            if at <= id_:
                break
            channel = message.channel
            if channel is target or (isinstance(target, Group) and channel.group == target.name):
                found.append(message)
        found.reverse()
        return found

    def place_read(self, channel: Channel, seq: int) -> None:
        """See `CopiedChannels.place_read`."""
        self._copied.place_read(channel, seq)

    @property
    def term(self) -> int:
        """The number of the latest term of which an entry was read."""
        return self._read_up_to.term

    @property
    def away_s(self) -> float:
        """For how long the log has not answered; a read may take `WAIT_S`."""
        return max(0.0, self._clock.monotonic() - self._read_s - WAIT_S)

    def collect(self) -> Iterator[Metric]:
        """Metrics for Prometheus."""
        yield GaugeMetricFamily("duelcast_shared_log_readable", "Whether the log can be read.", self.failure is None)
        yield GaugeMetricFamily("duelcast_shared_log_away_seconds", "How long the log has not answered.", self.away_s)
        yield CounterMetricFamily(
            "duelcast_shared_log_dumps", "Copies taken from the leader, because entries were missing.", self.dumps_taken
        )

    # ── steps ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def _read_some(self) -> None:
        entries = await self._shared.read(self._read_up_to, WAIT_S)
        self._read_s = self._clock.monotonic()
        if not entries and 0 < (await self._shared.top()).term < self._read_up_to.term:
            # The log has lost a term, and so has the database: a leader has begun an earlier one again.
            self.is_complete = False
        for id_, data in entries:
            if id_.term > self.term:
                self.on_term(id_.term)
            if _opens(id_):
                self._read_up_to = id_
                continue
            entry = decode_entry(data)
            if entry.after != self.position:
                self.is_complete = False
                return
            await self._apply(id_, entry)

    async def _apply(self, id_: EntryId, entry: Entry) -> None:
        now_s = self._clock.monotonic()
        for count, record in enumerate(entry.records, start=1):
            self._apply_record(record, id_, now_s)
            if count % RECORDS_PER_TURN == 0:
                await asyncio.sleep(0)
        self._reach(id_)
        while self._ring and self._ring[0][0] < now_s - RING_S:
            self._ring_begins = max(self._ring_begins, self._ring.popleft()[1].id)

    def _apply_record(self, record: Record, id_: EntryId, now_s: float) -> None:
        if isinstance(record, Fact):
            self._take_fact(record)
            return
        if isinstance(record, News):
            self.on_news(record)
            return
        channel = self._copied.find(record.channel) or self._find(record.channel)
        if channel is None:
            return
        if isinstance(record, Put):
            self._ring.append((now_s, Applied(id_, record.message(channel))))
            self._copied.put(record, channel)
        elif isinstance(record, Replace):
            self._copied.replace(channel, record.seq, record.body)
        elif isinstance(record, Silence):
            self._copied.silence(channel, record.seq)
        else:
            assert isinstance(record, Forget)
            self._copied.forget(channel)

    def _take_fact(self, fact: Fact) -> None:
        if fact.value is None:
            self.facts.pop(fact.key, None)
        else:
            self.facts[fact.key] = fact.value

    async def _take_dump(self) -> None:
        after: EntryId | None = None
        up_to = BEGINNING
        joins_up = True
        names = set[str]()
        news: list[News] = []
        facts: dict[FactKey, bytes] = {}
        async with aclosing(self._dumps.dump()) as pieces:
            async for piece in pieces:
                if after is None:
                    after = piece.after
                    self._copied.adopt(piece.epoch)
                    # The messages in a dump are not in the ring.
                    self._ring.clear()
                    self._ring_begins = _NEVER
                up_to = max(up_to, piece.after, piece.up_to)
                news += piece.news
                facts |= {fact.key: fact.value for fact in piece.facts if fact.value is not None}
                names.update(dumped.channel for dumped in piece.channels)
                for dumped in piece.channels:
                    channel = self._copied.find(dumped.channel) or self._find(dumped.channel)
                    if channel is not None:
                        joins_up &= self._copied.load(dumped, channel)
                await asyncio.sleep(0)
        assert after is not None, "a dump has at least one piece"
        joins_up &= self._copied.forget_others(names)
        # Until then, the earlier ones may have to be handed over to the leader.
        self.facts = facts
        self.on_all_news(news)
        self.dumps_taken += 1
        self._ring_begins = up_to
        self.is_complete = True
        if not joins_up:
            self._copied.resynchronise()
        self._reach(after)

    def _reach(self, id_: EntryId) -> None:
        self.position = self._read_up_to = id_
        reached = [one.waiting for one in self._awaited if one.id <= id_]
        if reached:
            self._awaited = [one for one in self._awaited if one.id > id_]
            for waiting in reached:
                if not waiting.done():
                    waiting.set_result(None)


def _opens(id_: EntryId) -> bool:
    """Whether the entry only opens a term, so that the log refuses entries of earlier ones. It has no records, and the
    first entry of the term follows the one before it."""
    return id_.number == 0
