"""The frames that wait to be written to one socket, and the handling of a full socket (protocol §1.1, §1.5)."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from duelcast.channels.names import Kind, Role
from duelcast.channels.parts import Part, part_frame, part_size
from duelcast.gateway.hub import Hub
from duelcast.gateway.streams import NOTHING, Batch, Followed, Member, Stream

BURST_S = 0.001
"""Replies that follow one another within this time share a write."""
MAX_UNWRITTEN_BYTES = 64 * 1024
"""As soon as more bytes of replies than this are waiting to share a write, they are written."""
PIECE_BYTES = 64 * 1024
"""How much of the backlog of a full socket is written at once."""
TURN_BYTES = 4 * PIECE_BYTES
"""At most about this much of the backlog is written to one socket in a loop iteration, however fast the socket
drains."""
_NO_MARKS: Mapping[Stream, int] = {}


class SocketWriter(Protocol):
    """The part of aiofastnet's transport that an outbox needs."""

    def write_nocheck(self, data: bytes) -> None: ...

    def get_write_buffer_size(self) -> int: ...


class Outbox:
    """The writing side of a connection.

    Pushes reach it through its cohort, or by `serve`. A reply comes after the pushes that are due (`answer`). It is
    written at once, unless it follows another reply closely: it then waits for the end of the loop iteration, so that
    replies to pipelined commands share a write. While the socket is full, the outbox is `blocked`: it gets no pushes,
    and is served from its cursor once the socket has drained. Of *latest* channels it then gets only the newest message
    of each key. Replies wait, and are written in pieces as the socket drains, so that a long replay is never built as a
    whole. `backlog_bytes` tells the connection when to stop reading commands.
    """

    __slots__ = (
        "_answered_at",
        "_every_marks",
        "_frames",
        "_hub",
        "_stalled_bytes",
        "_stalled_since",
        "_transport",
        "_unwritten_bytes",
        "_waiting",
        "_waiting_bytes",
        "batch",
        "blocked",
        "closed",
        "connection_id",
        "cursor",
        "followed",
        "is_public",
        "lost",
        "on_lost",
        "own",
        "role",
        "takes_compressed",
        "write",
    )

    def __init__(
        self,
        hub: Hub,
        connection_id: str,
        role: Role,
        transport: SocketWriter,
        on_lost: Callable[[], None],
        *,
        takes_compressed: bool = False,
    ) -> None:
        self.connection_id = connection_id
        self.role = role
        self.write: Callable[[bytes], None] = transport.write_nocheck
        self.on_lost = on_lost
        """Called when a due message has left the log, so that the positions must be recovered."""
        self.batch: Batch | None = None
        self.takes_compressed = takes_compressed
        self.is_public = True
        """Whether everybody may follow what the client follows."""
        self.cursor = hub.position
        self.own = 0
        self.followed: frozenset[Followed] = NOTHING
        self.blocked = False
        self.closed = False
        self.lost = False
        """Whether positions are being recovered; meanwhile nothing is pushed."""
        self._hub = hub
        self._transport = transport
        self._frames: list[bytes] = []
        self._answered_at = 0.0
        self._unwritten_bytes = 0
        self._waiting: deque[Part] | None = None
        """The parts written before everything else once the socket has drained."""
        self._waiting_bytes = 0
        self._every_marks = _NO_MARKS
        self._stalled_bytes = 0
        self._stalled_since = 0.0

    # ── writing ─────────────────────────────────────────────────────────────────────────────────────────────────

    def answer(
        self,
        frames: Sequence[bytes],
        *,
        followed: frozenset[Followed] | None = None,
        ceilings: dict[Stream, int] | None = None,
    ) -> None:
        """Write `frames` after all due pushes, then follow the set `followed`, if given. Does nothing once the outbox
        is closed."""
        if self.closed:
            return
        hub, waiting = self._hub, self._frames
        is_first = not waiting
        hub.stats.answered += len(frames)
        if self.followed:
            self._take_due(ceilings)
        waiting += frames
        if followed is not None:
            hub.follow(self, followed)
        self.cursor = hub.position
        if self.blocked:
            self._mark_every()
        if is_first:
            turn_time = hub.turn_time  # a local name is called faster
            now = turn_time()
            if now - self._answered_at >= BURST_S:
                self._answered_at = now
                self.write_out()
                return
            hub.write_soon(self)
        self._unwritten_bytes += sum(map(len, frames))
        if self._unwritten_bytes > MAX_UNWRITTEN_BYTES:
            self.write_out()

    def answer_at_length(
        self, parts: Sequence[Part], *, followed: frozenset[Followed], ceilings: dict[Stream, int]
    ) -> None:
        """Like `answer`, for parts that include snapshots and replays; a long answer is written in pieces."""
        if self.closed or sum(map(part_size, parts)) <= PIECE_BYTES:
            self.answer([part_frame(part) for part in parts], followed=followed, ceilings=ceilings)
            return
        self.answer((), followed=followed, ceilings=ceilings)
        self._hub.stats.answered += len(parts)
        self._queue(self._frames)
        self._frames.clear()
        self._queue(parts)
        self._pour()

    def hold(self, head: bytes) -> None:
        """Write `head` before everything else, once the callbacks already scheduled have run. The head shares a write
        with the greeting, unless the greeting has to wait."""
        self._frames.append(head)
        asyncio.get_running_loop().call_soon(self.write_out)

    def serve(self) -> None:
        """Write due pushes, if the socket is not full."""
        if not self.blocked and not self.lost and not self._waiting:
            self._take_due(None)
            self._move_cursor()
            self.write_out()

    def lose_track(self) -> bool:
        """Write due pushes one last time, then none until `found`, while the positions are being recovered. Returns
        True if everything up to the positions of the streams was written, or False if the positions were already being
        recovered, or a due message had left the log."""
        if self.lost:
            return False
        self.answer(())
        was_complete, self.lost = not self.lost, True
        return was_complete

    def found(self) -> None:
        """Called when the positions have been recovered: the next `answer` continues from them."""
        self.lost = False
        self.cursor = self._hub.position

    def _take_due(self, ceilings: dict[Stream, int] | None) -> None:
        hub = self._hub
        hub.leave_cohort(self)
        if self.lost or not self.followed:
            return
        if hub.has_lost(self):
            hub.stats.resynchronised += 1
            self.lost = True
            self.on_lost()
        else:
            self._frames += hub.due_after(self, ceilings)

    @property
    def compressible(self) -> bool:
        """Whether the outbox may be in a compressed cohort."""
        return self.takes_compressed and self.is_public

    @property
    def has_unwritten(self) -> bool:
        """Whether frames wait for the end of the loop iteration, or for the socket to drain."""
        return bool(self._frames or self._waiting)

    def write_out(self) -> None:
        """Write the frames that wait for the end of the loop iteration, after those that wait for the socket."""
        frames = self._frames
        if not frames:
            return
        if self.blocked or self._waiting:
            self._queue(frames)
        else:
            data = frames[0] if len(frames) == 1 else b"".join(frames)
            self._hub.stats.delivered_bytes += len(data)
            write = self.write  # a local name is called faster
            write(data)
        frames.clear()
        self._unwritten_bytes = 0

    def _move_cursor(self) -> None:
        self.cursor = self._hub.position
        if self.blocked:
            self._mark_every()

    # ── a full socket ───────────────────────────────────────────────────────────────────────────────────────────

    def backlog_bytes(self) -> int:
        """Bytes not yet sent by the socket."""
        return self._transport.get_write_buffer_size() + self._unwritten_bytes + self._waiting_bytes

    def block(self, now: float) -> None:
        """Called when the socket is full."""
        self._hub.leave_cohort(self)
        self.blocked = True
        self._stalled_bytes = self.backlog_bytes()
        self._stalled_since = now
        self._mark_every()

    def unblock(self) -> None:
        """Called when the socket has drained."""
        self.blocked = False
        self._pour()
        self.serve()

    def _queue(self, parts: Sequence[Part]) -> None:
        """Queue `parts` until the socket drains."""
        if self._waiting is None:
            self._waiting = deque()
        self._waiting += parts
        self._waiting_bytes += sum(map(part_size, parts))

    def _pour(self) -> None:
        """Write the backlog until the socket is full again, up to a limit per loop iteration."""
        waiting, poured = self._waiting, 0
        while waiting and not self._transport.get_write_buffer_size():
            if poured >= TURN_BYTES:
                asyncio.get_running_loop().call_soon(self._pour_on)
                return
            poured += self._write_piece(waiting)
        if not waiting:
            self._waiting = None

    def _pour_on(self) -> None:
        if not self.blocked and not self.closed:
            self._pour()
            self.serve()

    def _write_piece(self, waiting: deque[Part]) -> int:
        """Write the first piece of the backlog. Returns the size of that piece."""
        piece, size = [], 0
        while waiting and size < PIECE_BYTES:
            part = waiting.popleft()
            size += part_size(part)
            piece.append(part_frame(part))
        self._waiting_bytes -= size
        data = b"".join(piece)
        self._hub.stats.delivered_bytes += len(data)
        self.write(data)
        return size

    def _mark_every(self) -> None:
        self._every_marks = {
            stream: stream.every_bytes
            for stream in self.followed
            if isinstance(stream, Stream) and stream.channel.kind is Kind.EVERY
        }

    def unsent_every_bytes(self) -> int:
        """Bytes of *every* channels after the cursor of a blocked outbox."""
        return sum(stream.every_bytes - mark for stream, mark in self._every_marks.items())

    def stalled_s(self, now: float) -> float:
        """The seconds since a blocked socket last made progress."""
        waiting = self.backlog_bytes()
        if waiting < self._stalled_bytes:
            self._stalled_since = now
        self._stalled_bytes = waiting
        return now - self._stalled_since

    def close(self) -> None:
        """Write waiting frames and, if the socket is not full, due pushes; take no more pushes.

        Only one more piece of a long answer is written, because the connection is being closed.
        """
        if not self.closed:
            if not self.blocked and not self._waiting:
                self._take_due(None)
            self.write_out()
            if self._waiting:
                self._write_piece(self._waiting)
            self.drop()

    def drop(self) -> None:
        """Take no more pushes, and discard the frames that wait."""
        self.closed = True
        self._frames.clear()
        self._waiting = None
        self._waiting_bytes = 0
        self._hub.remove(self)


if TYPE_CHECKING:
    _conforms: type[Member] = Outbox
