"""The parts of the hub: entries of its log, streams of channels and groups, members and their cohorts, counters."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Set
from itertools import accumulate
from typing import Never, Protocol

from msgspec import structs

from duelcast.channels.broker import Message, Position
from duelcast.channels.names import Channel, Group, Role
from duelcast.gateway.compression import SharedCompressor
from duelcast.wire.frames import push_body, text_frame, with_request_id

ENTRY_OVERHEAD_BYTES = 400
"""The memory that an entry takes besides its body and frame: structs, slots and the frame's head (64-bit CPython
3.11)."""
NOTHING: frozenset[Never] = frozenset()
"""The empty set that all outboxes share, because each `frozenset()` would create another object of 216 bytes."""
BATCH_SIZE = 500
"""At most this many members form a batch, because all of them are written to before other work may run."""
FLUSH_BUCKETS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25)


class LogEntry:
    """A message in the log. Its frame is built when the message is first sent, and is shared by all receivers."""

    __slots__ = ("_frame", "logged_at", "message", "position", "size", "stream")

    def __init__(self, message: Message, stream: Stream, position: int, logged_at: float) -> None:
        self.message = message
        self.stream = stream
        self.position = position
        self.logged_at = logged_at
        self.size = 2 * len(message.body) + stream.overhead_bytes
        self._frame: bytes | None = None

    @property
    def frame(self) -> bytes:
        frame = self._frame
        if frame is None:
            message = self.message
            frame = self._frame = text_frame(push_body(message.body, message.channel.suffix, message.seq))
        return frame

    def replace_body(self, body: bytes) -> None:
        """Replace the body of the message. `size` keeps its value, because it has already been counted."""
        self.message = structs.replace(self.message, body=body)
        self._frame = None

    def frame_for_origin(self, request_id: str) -> bytes:
        """The frame for the connection that caused the message, with the `requestId` of its command."""
        message = self.message
        return text_frame(with_request_id(push_body(message.body, message.channel.suffix, message.seq), request_id))


class Stream:
    """A channel that is followed on this node, directly or through its group."""

    __slots__ = (
        "channel",
        "cohorts",
        "conflated",
        "every_bytes",
        "group",
        "holders",
        "lost_at",
        "lost_position",
        "newest",
        "overhead_bytes",
        "seq",
    )

    def __init__(self, channel: Channel, group: GroupStream | None) -> None:
        self.channel = channel
        self.group = group
        self.seq = 0
        self.newest: dict[str, LogEntry] = {}
        self.cohorts: set[Cohort] = set()
        self.holders = 0
        self.conflated = 0
        """Messages that were replaced by a newer one with the same key before they were sent."""
        self.every_bytes = 0
        self.lost_position = 0
        """Log position of the newest entry that left the log without being replaced."""
        self.lost_at: Position | None = None
        """The position of the stream when the bus was last lost."""
        self.overhead_bytes = len(channel.suffix) + ENTRY_OVERHEAD_BYTES


class GroupStream:
    """A group that is followed on this node. A channel of the group is in `streams` only if it has been followed
    directly, or has had a message since the group was followed."""

    __slots__ = ("cohorts", "group", "holders", "streams")

    def __init__(self, group: Group) -> None:
        self.group = group
        self.streams: set[Stream] = set()
        self.cohorts: set[Cohort] = set()
        self.holders = 0


Followed = Stream | GroupStream


class Member(Protocol):
    """The writing side of a connection, as the hub sees it.

    `cursor` is the log position up to which it has been served; while it is in a cohort, the cohort's cursor counts
    instead. `own` is the log position of the newest message that answers a command of it: up to there, it is served
    alone. It is `blocked` while its socket is full, and `lost` while its positions are being recovered; in either
    state it stays out of cohorts. If it is `compressible`, its client takes compressed messages, and it follows only
    channels that everybody may follow.
    """

    connection_id: str
    role: Role
    write: Callable[[bytes], None]
    batch: Batch | None
    cursor: int
    own: int
    followed: frozenset[Followed]
    blocked: bool
    lost: bool

    @property
    def compressible(self) -> bool: ...

    @property
    def has_unwritten(self) -> bool:
        """Whether frames wait for the end of the loop iteration, or for the socket to drain."""

    def serve(self) -> None:
        """Write due pushes, if the socket is not full."""

    def write_out(self) -> None:
        """Write the frames that wait for the end of the loop iteration."""


class Batch:
    """Members of a cohort that are written to in one go. `number` is its place in the cohort."""

    __slots__ = ("cohort", "members", "number", "writes")

    def __init__(self, cohort: Cohort, number: int) -> None:
        self.cohort = cohort
        self.number = number
        self.members: set[Member] = set()
        self.writes: tuple[Callable[[bytes], None], ...] = ()
        """The `write` methods of the members; empty if they must be collected again."""

    def collect_writes(self) -> tuple[Callable[[bytes], None], ...]:
        """Collect the `write` methods of all members, and keep them in `writes`."""
        self.writes = tuple([member.write for member in self.members])
        return self.writes


class Cohort:
    """Members that have the same role and follow the same set, all served up to the same log position. With a
    `compressor`, all of them have had every message that it has compressed since its last full flush."""

    __slots__ = (
        "batches",
        "compressed",
        "compressor",
        "cursor",
        "data",
        "due",
        "followed",
        "lone",
        "plain",
        "role",
        "saved_bytes",
        "waiting",
        "written",
    )

    def __init__(self, role: Role, followed: frozenset[Followed], compressor: SharedCompressor | None = None) -> None:
        self.role = role
        self.followed = followed
        self.compressor = compressor
        self.batches: list[Batch] = []
        self.lone: Callable[[bytes], None] | None = None
        """The `write` method of the only member, if the cohort has one and no compressor."""
        self.due: list[bytes] = []
        """Frames to be written to every member."""
        self.cursor = 0
        """The log position before the first due frame; meaningless if nothing is due."""
        self.written = 0
        """How many batches the due frames have been written to."""
        self.plain: Set[int] = NOTHING
        """Indices of the due frames that must not be compressed."""
        self.compressed: Cohort | None = None
        """The compressed cohort of the same role and set."""
        self.waiting: set[Member] | None = None
        """Members that may move to the compressed cohort at its next full flush. Created when the first one comes,
        because most cohorts have none."""
        self.data: bytes | None = None
        """The bytes of the due frames, once the first batch has been written."""
        self.saved_bytes = 0
        """How many bytes compression has saved in `data`."""

    def add(self, member: Member) -> None:
        """Add a member. Nothing may be due, so that it gets all of the next flush."""
        assert not self.due
        if not self.batches or len(self.batches[-1].members) >= BATCH_SIZE:
            self.batches.append(Batch(self, len(self.batches)))
        batch = member.batch = self.batches[-1]
        batch.members.add(member)
        batch.writes = ()
        self._find_lone()

    def remove(self, member: Member) -> None:
        batch = member.batch
        assert batch is not None
        batch.members.remove(member)
        batch.writes = ()
        member.batch = None
        if self.waiting is not None:
            self.waiting.discard(member)
        self._find_lone()

    def _find_lone(self) -> None:
        if len(self.batches) == 1 and len(self.batches[0].members) == 1 and self.compressor is None:
            (member,) = self.batches[0].members
            self.lone = member.write
        else:
            self.lone = None

    @property
    def size(self) -> int:
        """The number of members."""
        return sum(len(batch.members) for batch in self.batches)

    def is_due(self, batch: Batch) -> bool:
        """Whether frames are due to the members of `batch`."""
        return bool(self.due) and batch.number >= self.written

    def compress(self, compressor: SharedCompressor) -> bytes:
        """The bytes of the due frames for every member."""
        data = compressor.compress(self.due, self.plain)
        self.plain = NOTHING
        self.saved_bytes = sum(map(len, self.due)) - len(data)
        return data

    def tidy(self) -> None:
        """Drop empty batches. Nothing may be due."""
        self.batches = [batch for batch in self.batches if batch.members]
        for number, batch in enumerate(self.batches):
            batch.number = number
        self._find_lone()


class FlushEnd:
    """Marks the end of a flush that began at `started` (`time.perf_counter`)."""

    __slots__ = ("started",)

    def __init__(self, started: float) -> None:
        self.started = started


class HubStats:
    """Counters for the metrics, since the start of the server."""

    __slots__ = (
        "answered",
        "conflated",
        "delivered",
        "delivered_bytes",
        "flush_counts",
        "flush_seconds",
        "published",
        "resynchronised",
        "saved_bytes",
    )

    def __init__(self) -> None:
        self.published = 0
        self.conflated: Counter[str] = Counter()
        """Replaced messages of closed streams, by family; `Hub.conflated` also counts those of open streams."""
        self.answered = 0
        """Frames of answers: replies and the snapshots that follow them."""
        self.delivered = 0
        """The number of pushes, counted once per receiver."""
        self.delivered_bytes = 0
        self.saved_bytes = 0
        """How many more bytes would have been written without compression."""
        self.resynchronised = 0
        self.flush_seconds = 0.0
        self.flush_counts = [0] * (len(FLUSH_BUCKETS_S) + 1)

    def observe_flush(self, seconds: float) -> None:
        """Count a flush that took `seconds`."""
        self.flush_seconds += seconds
        self.flush_counts[bisect_left(FLUSH_BUCKETS_S, seconds)] += 1

    def flush_buckets(self) -> list[tuple[str, float]]:
        """Cumulative counts by upper bound in seconds, as Prometheus expects them."""
        bounds = [*map(str, FLUSH_BUCKETS_S), "+Inf"]
        return list(zip(bounds, accumulate(self.flush_counts), strict=True))


def follows(member: Member, stream: Stream) -> bool:
    """Whether `member` follows `stream`, directly or through its group."""
    followed = member.followed
    if stream in followed:
        return True
    return stream.group in followed and member.role >= stream.channel.least_role


def streams_of(followed: Iterable[Followed]) -> Iterable[Stream]:
    """Every stream in a set, including those of its groups."""
    for one in followed:
        if isinstance(one, Stream):
            yield one
        else:
            yield from one.streams
