"""Snapshots and replays for new followers of a channel, with no gap before later messages (protocol 2)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from duelcast.channels.broker import Broker, Position, Recovery
from duelcast.channels.names import Channel, Group, Kind, Role
from duelcast.clock import Clock
from duelcast.endpoints.common import Confirmed
from duelcast.endpoints.kit import Context, Endpoint, Join, Snapshot, Target
from duelcast.gateway.hub import Hub
from duelcast.gateway.streams import Followed, GroupStream, Part, Stream, part_size
from duelcast.wire.frames import encode_body, push_body, text_frame


@dataclass(frozen=True, slots=True, eq=False)
class JoinedTarget:
    """A channel or group about to be followed: the frames that go out first, and where the log takes over.

    It keeps `followed` acquired until it is committed or aborted. The log entries after `base` and above `floors`
    (`seq` per stream, 0 if it has none) come next. `rows` is the number of channels, symbols or rows in `frames`.
    """

    join: Join
    followed: Followed
    epoch: str
    seq: int | None
    recovered: bool | None
    frames: Sequence[Part]
    base: int
    floors: Mapping[Stream, int] = field(default_factory=dict)
    rows: int = 1

    @property
    def target(self) -> Target:
        return self.join.target

    @property
    def size_bytes(self) -> int:
        """The size of `frames`."""
        return sum(map(part_size, self.frames))

    def without_news(self) -> JoinedTarget:
        """The snapshot alone, for a place in the answer before the one of the news."""
        return replace(self, base=sys.maxsize)

    def news_alone(self) -> JoinedTarget:
        """The messages since the snapshot or replay was read, for a later place in the answer."""
        return replace(self, frames=())

    def parted(self, frames: int) -> tuple[JoinedTarget, JoinedTarget]:
        """The first `frames` of the snapshot, and all that follows."""
        return replace(self.without_news(), frames=self.frames[:frames]), replace(self, frames=self.frames[frames:])

    def all_frames(self, hub: Hub, role: Role) -> list[Part]:
        """The snapshot or replay, and the messages since then that `role` may see."""
        frames = list(self.frames)
        streams = self.followed.streams if isinstance(self.followed, GroupStream) else (self.followed,)
        for stream in streams:
            if role >= stream.channel.least_role:
                frames += hub.since(self.base, stream, self.floors.get(stream, 0), role)
        return frames


class JoinReader:
    """Reads snapshots and replays, for all connections of an endpoint.

    A replay of more than `max_bytes` is not sent: a snapshot takes its place, and nothing is recovered.
    `unknown_followed` returns how many channels a wallet follows, over all its connections, that were unknown to it.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        hub: Hub,
        broker: Broker,
        clock: Clock,
        *,
        max_bytes: int = 4 * 1024 * 1024,
        unknown_followed: Callable[[str], int] = lambda _wallet: 0,
    ) -> None:
        self.endpoint = endpoint
        self.hub = hub
        self.clock = clock
        self.max_bytes = max_bytes
        self.unknown_followed = unknown_followed
        self._broker = broker

    async def read(self, context: Context, join: Join, since: Position | None) -> JoinedTarget:
        """What goes out first to a new follower: the snapshot, what was missed `since`, or nothing.

        Raises `errors.Unavailable`; then nothing stays acquired.
        """
        base = self.hub.position
        followed = self.hub.acquire(join.target)
        try:
            if isinstance(followed, GroupStream):
                return await self._read_group(context, join, followed, base)
            return await self._read_channel(context, join, followed, base, since)
        except BaseException:
            self.hub.release([followed])
            raise

    async def _read_channel(
        self, context: Context, join: Join, stream: Stream, base: int, since: Position | None
    ) -> JoinedTarget:
        channel = join.target
        assert isinstance(channel, Channel)
        opening = self.endpoint.opening(channel)
        recovery = await self._recover(channel, since)
        stream.seq = max(stream.seq, recovery.seq)
        if not opening.is_seen(context, channel.parameter):
            return JoinedTarget(
                join, stream, recovery.epoch, 0, None if since is None else False, (), base, {stream: recovery.seq}
            )
        seq, rows = recovery.seq, 1
        frames: Sequence[Part] = ()
        if join.silent:
            pass
        elif recovery.recovered or opening.snapshot is None:
            frames = recovery.messages
            rows = len(frames) if recovery.recovered else 1
        else:
            snapshot = await opening.snapshot(context, channel)
            frames = self._snapshot_frames(channel, snapshot, seq if channel.kind is Kind.LATEST else None)
            rows = snapshot.rows
            if snapshot.seq is not None:
                # It was read after everything delivered so far, and may be ahead of deliveries.
                seq = snapshot.seq
                await self._broker.delivered(channel, seq)
        return JoinedTarget(
            join,
            stream,
            recovery.epoch,
            seq,
            None if since is None else recovery.recovered,
            frames,
            base,
            {stream: seq},
            rows=max(1, rows),
        )

    async def _recover(self, channel: Channel, since: Position | None) -> Recovery:
        recovery = await self._broker.recover(channel, since)
        if recovery.recovered and sum(map(part_size, recovery.messages)) > self.max_bytes:
            return await self._broker.recover(channel)
        return recovery

    async def _read_group(self, context: Context, join: Join, followed: GroupStream, base: int) -> JoinedTarget:
        group = join.target
        assert isinstance(group, Group)
        opening = self.endpoint.opening(group)
        floors: dict[Stream, int] = {}
        frames: Sequence[Part] = ()
        rows = 0
        if opening.group_snapshot is not None:
            if not join.silent:
                snapshot = await opening.group_snapshot(context, group)
                frames, rows = self._snapshot_frames(group, snapshot, None), snapshot.rows
        elif not join.silent:
            frames = messages = [
                message
                for message in await self._broker.group_messages(group.name)
                if max(message.channel.least_role, message.least_role) <= context.session.role
            ]
            rows = len({message.channel for message in messages})
            by_channel = {stream.channel: stream for stream in followed.streams}
            for message in messages:
                stream = by_channel.get(message.channel)
                if stream is not None:
                    floors[stream] = max(floors.get(stream, 0), message.seq)
        return JoinedTarget(
            join, followed, self._broker.epoch, None, None, frames, base, floors, rows=rows or len(frames)
        )

    def _snapshot_frames(self, target: Target, snapshot: Snapshot, seq: int | None) -> list[bytes]:
        now_s = self.clock.time()
        return [text_frame(push_body(encode_body(event, now_s), target.suffix, seq)) for event in snapshot.events]


if TYPE_CHECKING:
    _conforms: type[Confirmed] = JoinedTarget
