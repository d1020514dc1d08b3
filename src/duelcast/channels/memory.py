"""The bus of a single process."""

from __future__ import annotations

import asyncio
import heapq
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from itertools import chain
from typing import TYPE_CHECKING

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from duelcast.channels.broker import Broker, BusListener, Message, Origin, Position, Recovery, StoredMessages
from duelcast.channels.channel_memory import (
    ChannelMemory,
    EveryMemory,
    EvictionReason,
    History,
    HistoryBounds,
    LatestMemory,
)
from duelcast.channels.names import Channel, Family, Kind, Role, Unfollowed
from duelcast.clock import Clock
from duelcast.tasks import retrieve

HOUSEKEEPING_INTERVAL_S = 60.0
_SWEEP_STEP_CHANNELS = 1000
_RELIEVED_FRACTION = 0.9
_FORGOTTEN_REASONS = ("idle", "room")
_EVICTION_REASONS: tuple[EvictionReason, ...] = ("retention", "size", "idle", "reset")


class MemoryBroker:
    """The broker of a single process; its memory is lost with the process. `Broker` lists the guarantees.

    `deliver` is called within `publish` or `broadcast`. A message that a listener publishes during a delivery waits
    until all listeners have received the current one, and is delivered before the outer call returns.

    `max_history_bytes` bounds the histories of all channels together, including bookkeeping. Beyond it, the longest
    histories lose their older halves, so that a busy channel does not cost the quiet ones their histories. The newest
    message of each live key is state, not history. `max_idle_channels` bounds the number of channels kept without
    followers; the channel that has had no followers for the longest time is forgotten first.
    """

    def __init__(
        self,
        clock: Clock,
        stored: StoredMessages,
        *,
        history_messages: int = 1000,
        history_s: float = 600.0,
        tombstone_retention_s: float = 600.0,
        max_history_bytes: int = 256 * 1024 * 1024,
        max_idle_channels: int = 50_000,
    ) -> None:
        self.on_silence: Callable[[Channel, int], None] = lambda _channel, _seq: None
        """Called when the last follower has left a `SILENT` channel: no position below the number can be recovered."""
        self.on_forget: Callable[[Channel], None] = lambda _channel: None
        """Called when a channel that nobody follows was forgotten."""
        self._clock = clock
        self._retention = HistoryBounds(history_messages, history_s, tombstone_retention_s)
        self._max_history_bytes = max_history_bytes
        self._history = History()
        self._listeners: tuple[BusListener, ...] = ()
        self._streams: dict[str, ChannelMemory] = {}
        self._max_idle_channels = max_idle_channels
        self._idle: OrderedDict[str, ChannelMemory] = OrderedDict()
        """Channels without followers, in the order in which the last follower left."""
        self._forgotten: Counter[str] = Counter()
        self._groups: dict[str, dict[str, ChannelMemory]] = {}
        self._followed: dict[tuple[Family, str], dict[str, Channel]] = {}
        self._highest_forgotten_seq = 0
        self._latest_above = 0
        """Messages of *latest* channels are numbered above this, even if a channel in memory is below it."""
        self.stored = stored
        self._filling: dict[str, asyncio.Task[None]] = {}
        self._awaited: dict[str, list[tuple[int, asyncio.Future[None]]]] = {}
        """By channel name: the awaited `seq` and the future of each waiting call of `delivered`."""
        self._undelivered: deque[Message] = deque()
        self._delivering = False
        self._epoch = "0"

    @property
    def epoch(self) -> str:
        return self._epoch

    def begin(self, epoch: str, latest_above: int, urgent: Mapping[Channel, int]) -> None:
        """Use the `epoch` of the database, number *latest* channels above `latest_above`, and set the positions of the
        `urgent` channels, which continue while the database is down. Called once, before the first message."""
        self._epoch = epoch
        self._highest_forgotten_seq = latest_above
        for channel, seq in urgent.items():
            stream = self._open(channel)
            assert isinstance(stream, EveryMemory)
            stream.place(seq)

    def attach(self, listener: BusListener) -> None:
        self._listeners += (listener,)

    def publish(
        self,
        channel: Channel,
        body: bytes,
        *,
        key: str = "",
        is_tombstone: bool = False,
        least_role: Role = Role.ANONYMOUS,
    ) -> None:
        stream = self._streams.get(channel.name)
        if channel.family.unfollowed is Unfollowed.SILENT and (stream is None or not stream.followers):
            return
        if stream is None:
            stream = self._open(channel)
        seq = max(stream.seq, self._latest_above) + 1
        stream.advance(seq)
        self._take(stream, Message(channel, seq, body, key, is_tombstone, least_role=least_role))

    def broadcast(self, channel: Channel, seq: int, body: bytes, origin: Origin | None = None) -> None:
        stream = self._streams.get(channel.name) or self._open(channel)
        assert isinstance(stream, EveryMemory)
        if not stream.is_placed:
            stream.place(seq - 1)
        if seq <= stream.seq:
            return
        assert seq == stream.seq + 1, "the numbers of an every channel have no gaps"
        stream.seq = seq
        self._take(stream, Message(channel, seq, body, origin=origin))

    def replace(self, channel: Channel, seq: int, body: bytes) -> None:
        stream = self._streams.get(channel.name)
        if isinstance(stream, EveryMemory):
            stream.replace(seq, body)
        for listener in self._listeners:
            listener.replace(channel, seq, body)

    def follow(self, channel: Channel) -> None:
        stream = self._streams.get(channel.name)
        if stream is None:
            stream = self._open(channel)
        elif not stream.followers:
            self._idle.pop(channel.name, None)
        stream.followers += 1
        self._followed.setdefault(_topic(channel), {})[channel.parameter] = channel

    def unfollow(self, channel: Channel) -> None:
        stream = self._streams[channel.name]
        stream.followers -= 1
        if stream.followers:
            return
        topic = _topic(channel)
        followed = self._followed[topic]
        del followed[channel.parameter]
        if not followed:
            del self._followed[topic]
        self._lost_followers(stream)

    def followed(self, family: Family, subject: str = "") -> Mapping[str, Channel]:
        return self._followed.get((family, subject), {})

    async def recover(self, channel: Channel, since: Position | None = None) -> Recovery:
        stream = self._streams.get(channel.name) or self._new_stream(channel)
        if isinstance(stream, EveryMemory):
            await self._reach(stream, since)
        stream.expire(self._clock.monotonic())
        if since is not None and since.epoch == self._epoch and stream.covers(since.seq):
            return Recovery(self._epoch, stream.seq, True, stream.since(since.seq))
        return Recovery(self._epoch, stream.seq, False, stream.newest())

    async def delivered(self, channel: Channel, seq: int) -> None:
        stream = self._streams.get(channel.name)
        if isinstance(stream, EveryMemory) and stream.is_placed and stream.seq < seq:
            delivered = asyncio.get_running_loop().create_future()
            self._awaited.setdefault(channel.name, []).append((seq, delivered))
            await delivered

    async def group_messages(self, group: str) -> Sequence[Message]:
        streams = self._groups.get(group, {}).values()
        return [message for stream in streams for message in stream.newest()]

    def lease(self, name: str) -> AbstractAsyncContextManager[None]:
        return nullcontext()

    async def run(self) -> None:
        """Until cancelled, drop messages beyond their retention and forget idle channels, once a minute."""
        while True:
            await self._clock.sleep(HOUSEKEEPING_INTERVAL_S)
            await self._sweep()

    def reset(self) -> None:
        """Lose all messages, like a restarted bus; followed channels stay followed. Listeners must not call this."""
        lost = list(self._streams.values())
        self._history.evicted["reset"] += self._history.messages
        self._history.messages = self._history.size_bytes = 0
        self._undelivered.clear()
        self._streams.clear()
        self._idle.clear()
        self._groups.clear()
        # Continue above all numbers used so far, so that no earlier position covers lost messages.
        given = [one.seq for one in lost if isinstance(one, LatestMemory)]
        self._highest_forgotten_seq = max([self._highest_forgotten_seq, *given]) + 1
        for one in lost:
            if one.followers or one.channel.family.is_urgent:
                anew = self._open(one.channel)
                anew.followers = one.followers
                if isinstance(one, EveryMemory) and isinstance(anew, EveryMemory) and one.is_placed:
                    anew.place(one.seq)
        for _, delivered in chain.from_iterable(self._awaited.values()):
            if not delivered.done():
                delivered.set_result(None)
        self._awaited.clear()
        for listener in self._listeners:
            listener.resynchronise()

    def collect(self) -> Iterator[Metric]:
        """Metrics of the bus for Prometheus."""
        channels = GaugeMetricFamily("duelcast_bus_channels", "Channels in memory.", labels=["kind"])
        kinds = Counter(stream.channel.kind for stream in self._streams.values())
        for kind in Kind:
            channels.add_metric([kind.value], kinds[kind])
        yield channels
        yield GaugeMetricFamily(
            "duelcast_bus_history_messages", "Messages kept for recovery.", value=self._history.messages
        )
        yield GaugeMetricFamily(
            "duelcast_bus_history_bytes", "Memory of the messages kept for recovery.", value=self._history.size_bytes
        )
        forgotten = CounterMetricFamily(
            "duelcast_bus_channels_forgotten",
            "Channels without followers that were dropped, after a while (idle) or to make room (room).",
            labels=["reason"],
        )
        for why in _FORGOTTEN_REASONS:
            forgotten.add_metric([why], self._forgotten[why])
        yield forgotten
        evicted = CounterMetricFamily(
            "duelcast_bus_history_evicted", "Messages no longer kept for recovery.", labels=["reason"]
        )
        for reason in _EVICTION_REASONS:
            evicted.add_metric([reason], self._history.evicted[reason])
        yield evicted

    def _deliver(self) -> None:
        self._delivering = True
        try:
            while self._undelivered:
                message = self._undelivered.popleft()
                for listener in self._listeners:
                    listener.deliver(message)
                if self._awaited:
                    self._announce_delivery(message)
        finally:
            self._delivering = False

    def _announce_delivery(self, message: Message) -> None:
        waiting = self._awaited.pop(message.channel.name, [])
        for seq, delivered in waiting:
            if seq > message.seq:
                self._awaited.setdefault(message.channel.name, []).append((seq, delivered))
            elif not delivered.done():
                delivered.set_result(None)

    def _take(self, stream: ChannelMemory, message: Message) -> None:
        """Keep a numbered message, and deliver it."""
        stream.add(message, self._clock.monotonic())
        if self._history.size_bytes > self._max_history_bytes:
            self._relieve()
        self._undelivered.append(message)
        if not self._delivering:
            self._deliver()

    async def _reach(self, stream: EveryMemory, since: Position | None) -> None:
        """Load what memory lacks: the position of a stream, and its history back to `since` as far as it is stored."""
        if not stream.is_placed:
            position = await self.stored.position(stream.channel)
            if not stream.is_placed:
                stream.place(position)
        if since is not None and since.epoch == self._epoch and self._may_fill(stream, since.seq):
            name = stream.channel.name
            filling = self._filling.get(name)
            if filling is None:
                filling = self._filling[name] = asyncio.create_task(self._fill(stream))
                filling.add_done_callback(lambda _: self._filling.pop(name, None))
                filling.add_done_callback(retrieve)
            # One waiter that gives up must not cancel the read for the others.
            await asyncio.shield(filling)

    @staticmethod
    def _may_fill(stream: EveryMemory, seq: int) -> bool:
        return stream.stored_reaches_back_to <= seq < stream.reaches_back_to

    async def _fill(self, stream: EveryMemory) -> None:
        stored = await self.stored.messages(stream.channel)
        stream.fill(stored, self._clock.monotonic())
        if self._history.size_bytes > self._max_history_bytes:
            self._relieve()

    def _new_stream(self, channel: Channel) -> ChannelMemory:
        if channel.kind is Kind.EVERY:
            return EveryMemory(channel, self._retention, self._history)
        return LatestMemory(channel, self._retention, self._history, self._highest_forgotten_seq)

    def _open(self, channel: Channel) -> ChannelMemory:
        stream = self._streams[channel.name] = self._new_stream(channel)
        stream.touch(self._clock.monotonic())
        if channel.group is not None:
            self._groups.setdefault(channel.group, {})[channel.name] = stream
        return stream

    def _relieve(self) -> None:
        """Shrink the longest histories until there is room to spare."""
        target = int(self._max_history_bytes * _RELIEVED_FRACTION)
        longest = [(-stream.history_bytes, name) for name, stream in self._streams.items() if stream.history_bytes]
        heapq.heapify(longest)
        while self._history.size_bytes > target:
            name = longest[0][1]
            self._streams[name].shrink("size")
            heapq.heapreplace(longest, (-self._streams[name].history_bytes, name))

    async def _sweep(self) -> None:
        for number, stream in enumerate(list(self._streams.values()), start=1):
            if self._streams.get(stream.channel.name) is stream:
                self._sweep_stream(stream)
            if number % _SWEEP_STEP_CHANNELS == 0:
                await asyncio.sleep(0)

    def _sweep_stream(self, stream: ChannelMemory) -> None:
        now_s = self._clock.monotonic()
        stream.expire(now_s)
        if not stream.followers and stream.is_idle(now_s):
            self._forget(stream)
            self._forgotten["idle"] += 1

    def _lost_followers(self, stream: ChannelMemory) -> None:
        """Called when the last follower of a channel has left."""
        stream.unfollow(self._clock.monotonic())
        if stream.channel.family.unfollowed is Unfollowed.SILENT:
            self.on_silence(stream.channel, stream.seq)
        self._keep_idle(stream)

    def _keep_idle(self, stream: ChannelMemory) -> None:
        """Keep a channel without followers for a while, as long as there is room."""
        if self._is_blank(stream):
            self._forget(stream)
            return
        self._idle[stream.channel.name] = stream
        while len(self._idle) > self._max_idle_channels:
            _, oldest = self._idle.popitem(last=False)
            if not oldest.is_state:
                self._forget(oldest)
                self._forgotten["room"] += 1

    def _is_blank(self, stream: ChannelMemory) -> bool:
        """Whether there is nothing to keep: if the channel were needed again, a new stream would be identical."""
        return stream.is_empty and stream.seq == self._highest_forgotten_seq

    def _forget(self, stream: ChannelMemory) -> None:
        channel = stream.channel
        self._idle.pop(channel.name, None)
        while stream.history_bytes:
            stream.shrink("idle")
        if isinstance(stream, LatestMemory):
            self._highest_forgotten_seq = max(self._highest_forgotten_seq, stream.seq)
        del self._streams[channel.name]
        if channel.group is not None:
            group = self._groups[channel.group]
            del group[channel.name]
            if not group:
                del self._groups[channel.group]
        self.on_forget(channel)


def _topic(channel: Channel) -> tuple[Family, str]:
    return channel.family, channel.family.subject(channel.parameter)


if TYPE_CHECKING:
    _conforms: type[Broker] = MemoryBroker
