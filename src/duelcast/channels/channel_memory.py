"""A channel in the memory of a broker: its newest messages, or its history, and how far back they reach."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter, OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Literal

from msgspec import structs

from duelcast.channels.broker import Message, StoredMessage
from duelcast.channels.names import Channel, Unfollowed

MESSAGE_OVERHEAD_BYTES = 200
"""The memory that a kept message takes besides its body: struct, number, time and slots (64-bit CPython 3.11)."""

EvictionReason = Literal["retention", "size", "idle", "reset"]


@dataclass(frozen=True, slots=True)
class HistoryBounds:
    """How long a channel keeps messages that it could drop.

    An *every* channel keeps at least `history_messages` messages and those of the last `history_s` seconds. A *latest*
    channel keeps tombstones (messages that end a key) for `tombstone_retention_s`. A channel without followers is idle
    once it has been unused for `history_s` (*every*) or `tombstone_retention_s` (*latest*).
    """

    history_messages: int
    history_s: float
    tombstone_retention_s: float


@dataclass(slots=True)
class History:
    """Counts what all channels together keep beyond the newest message of each live key, and what they dropped."""

    messages: int = 0
    size_bytes: int = 0
    evicted: Counter[EvictionReason] = field(default_factory=Counter)


class ChannelMemory(ABC):
    """The memory of one channel.

    `seq` is its position, `reaches_back_to` the lowest position from which it can be recovered completely,
    `history_bytes` its share of the `History`, and `followers` the number of its followers.
    """

    __slots__ = (
        "_active_s",
        "_history",
        "_retention",
        "channel",
        "followers",
        "history_bytes",
        "reaches_back_to",
        "seq",
    )

    def __init__(self, channel: Channel, retention: HistoryBounds, history: History, begins_above: int) -> None:
        self.channel = channel
        self.seq = begins_above
        self.reaches_back_to = begins_above
        self.followers = 0
        self.history_bytes = 0
        self._retention = retention
        self._history = history
        self._active_s = 0.0

    def covers(self, seq: int) -> bool:
        """Whether `since(seq)` is complete."""
        return self.reaches_back_to <= seq <= self.seq

    def advance(self, seq: int) -> None:
        """Go on to the number of the next message."""
        self.seq = seq

    def touch(self, now_s: float) -> None:
        """Note that the channel was just used."""
        self._active_s = now_s

    def unfollow(self, now_s: float) -> None:
        """Note that the last follower has left."""
        self.touch(now_s)

    @abstractmethod
    def add(self, message: Message, now_s: float) -> None:
        """Keep `message`, whose number is `seq`."""

    @abstractmethod
    def newest(self) -> Sequence[Message]:
        """The newest message of each live key in the order of `seq`; empty for an *every* channel."""

    @abstractmethod
    def since(self, seq: int) -> Sequence[Message]:
        """The messages after `seq`, in order."""

    @abstractmethod
    def expire(self, now_s: float) -> None:
        """Drop messages beyond their retention."""

    @abstractmethod
    def shrink(self, reason: EvictionReason) -> None:
        """Drop the older half (rounded up) of the messages that may be dropped."""

    @abstractmethod
    def is_idle(self, now_s: float) -> bool:
        """Whether this channel can be forgotten, if nobody follows it."""

    @property
    @abstractmethod
    def is_empty(self) -> bool:
        """Whether no message is kept."""

    @property
    @abstractmethod
    def is_state(self) -> bool:
        """Whether the channel must not be forgotten, because its messages or its position may exist nowhere else."""

    def _keep(self, message: Message) -> None:
        size = len(message.body) + MESSAGE_OVERHEAD_BYTES
        self.history_bytes += size
        self._history.size_bytes += size
        self._history.messages += 1

    def _release(self, message: Message) -> None:
        size = len(message.body) + MESSAGE_OVERHEAD_BYTES
        self.history_bytes -= size
        self._history.size_bytes -= size
        self._history.messages -= 1

    def _evict(self, message: Message, reason: EvictionReason) -> None:
        self._release(message)
        self._history.evicted[reason] += 1
        self.reaches_back_to = max(self.reaches_back_to, message.seq)


class EveryMemory(ChannelMemory):
    """The history of an *every* channel, without gaps. `is_placed` says whether the channel's position is known.

    `stored_reaches_back_to` is the lowest position from which the stored messages may be complete. The database is not
    read to recover an earlier one.
    """

    __slots__ = ("_kept", "is_placed", "stored_reaches_back_to")

    def __init__(self, channel: Channel, retention: HistoryBounds, history: History) -> None:
        super().__init__(channel, retention, history, 0)
        self.is_placed = False
        self.stored_reaches_back_to = 0
        self._kept: deque[tuple[float, Message]] = deque()

    def add(self, message: Message, now_s: float) -> None:
        self._active_s = now_s
        self._kept.append((now_s, message))
        self._keep(message)
        self.expire(now_s)

    def place(self, seq: int) -> None:
        """Set the position to `seq`, the number of the newest stored message."""
        self.seq = self.reaches_back_to = seq
        self.is_placed = True

    def replace(self, seq: int, body: bytes) -> None:
        """Replace the body of message number `seq`, if that message is still kept."""
        index = len(self._kept) - 1 - (self.seq - seq)
        if 0 <= index < len(self._kept):
            added_s, message = self._kept[index]
            replacement = structs.replace(message, body=body)
            self._release(message)
            self._keep(replacement)
            self._kept[index] = added_s, replacement

    def fill(self, stored: Sequence[StoredMessage], now_s: float) -> None:
        """Prepend the stored messages to those in memory, unless there is a gap between them."""
        older = [message for message in stored if message.seq <= self.reaches_back_to]
        self.stored_reaches_back_to = older[0].seq - 1 if older else self.reaches_back_to
        if not older or older[-1].seq != self.reaches_back_to:
            return
        for seq, body, age_s in reversed(older):
            message = Message(self.channel, seq, body)
            self._kept.appendleft((now_s - age_s, message))
            self._keep(message)
        self.reaches_back_to = self.stored_reaches_back_to

    def newest(self) -> Sequence[Message]:
        return ()

    def since(self, seq: int) -> Sequence[Message]:
        missed = min(self.seq - seq, len(self._kept))
        newest_first = [message for _, message in islice(reversed(self._kept), missed)]
        newest_first.reverse()
        return newest_first

    def expire(self, now_s: float) -> None:
        kept, oldest_s = self._kept, now_s - self._retention.history_s
        while len(kept) > self._retention.history_messages and kept[0][0] < oldest_s:
            self._evict(kept.popleft()[1], "retention")
            # The evicted messages may still be stored, but that is not certain, so recovery does not look for them.
            self.stored_reaches_back_to = self.reaches_back_to

    def shrink(self, reason: EvictionReason) -> None:
        for _ in range((len(self._kept) + 1) // 2):
            self._evict(self._kept.popleft()[1], reason)

    def is_idle(self, now_s: float) -> bool:
        return not self.is_state and now_s - self._active_s > self._retention.history_s

    @property
    def is_empty(self) -> bool:
        return not self._kept

    @property
    def is_state(self) -> bool:
        return self.channel.family.is_urgent


class LatestMemory(ChannelMemory):
    """The newest message per key of a *latest* channel and, for a while, its tombstones (messages that end a key).

    The numbers that were skipped most recently are `skipped[0]` < number ≤ `skipped[1]`. An earlier leader may have
    issued them for messages that were lost with it, so no position among them is covered.
    """

    __slots__ = ("_live", "_tombstones", "skipped")

    def __init__(self, channel: Channel, retention: HistoryBounds, history: History, begins_above: int) -> None:
        super().__init__(channel, retention, history, begins_above)
        self._live: dict[str, Message] = {}
        self._tombstones: OrderedDict[str, tuple[float, Message]] = OrderedDict()
        self.skipped = (0, 0)

    def covers(self, seq: int) -> bool:
        return super().covers(seq) and not self.skipped[0] < seq <= self.skipped[1]

    def advance(self, seq: int) -> None:
        if seq > self.seq + 1:
            self.reaches_back_to = max(self.reaches_back_to, self.skipped[1])
            self.skipped = (self.seq, seq - 1)
        self.seq = seq

    def add(self, message: Message, now_s: float) -> None:
        self._active_s = now_s
        if self._tombstones:
            self._replace_tombstone(message.key)
            self.expire(now_s)
        if message.is_tombstone:
            self._live.pop(message.key, None)
            self._tombstones[message.key] = now_s, message
            self._keep(message)
        else:
            self._live[message.key] = message

    def unfollow(self, now_s: float) -> None:
        super().unfollow(now_s)
        if self.channel.family.unfollowed is Unfollowed.SILENT:
            # Invalidate earlier positions, because nothing is published while nobody follows the channel.
            self.begin_anew(self.seq + 1)

    def begin_anew(self, seq: int) -> None:
        """Continue at `seq` without messages, so that no earlier position can be recovered."""
        self.seq = self.reaches_back_to = seq
        self._live.clear()

    def newest(self) -> Sequence[Message]:
        return sorted(self._live.values(), key=_seq)

    def since(self, seq: int) -> Sequence[Message]:
        missed = [message for message in self._live.values() if message.seq > seq]
        missed.extend(message for _, message in self._tombstones.values() if message.seq > seq)
        missed.sort(key=_seq)
        return missed

    def expire(self, now_s: float) -> None:
        oldest_s = now_s - self._retention.tombstone_retention_s
        while self._tombstones and next(iter(self._tombstones.values()))[0] < oldest_s:
            self._evict(self._tombstones.popitem(last=False)[1][1], "retention")

    def shrink(self, reason: EvictionReason) -> None:
        for _ in range((len(self._tombstones) + 1) // 2):
            self._evict(self._tombstones.popitem(last=False)[1][1], reason)

    def is_idle(self, now_s: float) -> bool:
        return not self.is_state and now_s - self._active_s > self._retention.tombstone_retention_s

    @property
    def is_empty(self) -> bool:
        return not self._live and not self._tombstones

    @property
    def is_state(self) -> bool:
        return bool(self._live) and self.channel.family.unfollowed is Unfollowed.KEPT

    def _replace_tombstone(self, key: str) -> None:
        replaced = self._tombstones.pop(key, None)
        if replaced is not None:
            self._release(replaced[1])


def _seq(message: Message) -> int:
    return message.seq
