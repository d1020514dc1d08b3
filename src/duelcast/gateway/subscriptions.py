"""What one connection follows: rights, counts, snapshots and replays (protocol 2)."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from duelcast.channels.broker import Broker, Message, Position
from duelcast.channels.names import Channel, Family, Group, Kind, Role
from duelcast.clock import Clock
from duelcast.endpoints.kit import Context, Endpoint, Joined, Opening, Session, Snapshot, Subscriptions, Target
from duelcast.errors import SubscriptionDenied, TooManySubscriptions, UnknownChannel
from duelcast.gateway.hub import Followed, GroupStream, Hub, Stream
from duelcast.gateway.outbox import Outbox
from duelcast.wire.frames import encode_body, push_body, text_frame


@dataclass(frozen=True, slots=True, eq=False)
class JoinedTarget:
    """A channel or group that is about to be followed: what goes out first, and where the log goes on from.

    Of the log entries after `base`, those count that are above `floors` (`seq` per stream, 0 where it has none) and,
    where the snapshot came from a store, above `stored_id`.
    """

    target: Target
    followed: Followed
    epoch: str
    seq: int | None
    recovered: bool | None
    frames: Sequence[bytes]
    base: int
    floors: Mapping[Stream, int] = field(default_factory=dict)
    stored_id: int | None = None
    rows: int = 1

    def without_news(self) -> JoinedTarget:
        """The snapshot alone, for a place before the one where this join goes on."""
        return replace(self, base=sys.maxsize)

    def all_frames(self, hub: Hub) -> list[bytes]:
        """The snapshot or replay, and what has come since it was read."""
        frames = list(self.frames)
        streams = self.followed.streams if isinstance(self.followed, GroupStream) else (self.followed,)
        for stream in streams:
            frames += hub.since(self.base, stream, self.floors.get(stream, 0), self.stored_id)
        return frames


class ConnectionSubscriptions:
    """Changes are collected while a command runs, and take effect with its reply (`commit`) or not at all (`abort`)."""

    __slots__ = (
        "_broker",
        "_clock",
        "_context",
        "_endpoint",
        "_free",
        "_held",
        "_hub",
        "_joins",
        "_left",
        "_limit",
        "_outbox",
        "_session",
        "connect_since",
        "greeting",
    )

    def __init__(
        self,
        endpoint: Endpoint,
        session: Session,
        outbox: Outbox,
        hub: Hub,
        broker: Broker,
        clock: Clock,
        limit: int,
    ) -> None:
        self._endpoint = endpoint
        self._session = session
        self._outbox = outbox
        self._hub = hub
        self._broker = broker
        self._clock = clock
        self._limit = limit
        self._held: dict[Target, Followed] = {}
        self._free: set[Target] = set()
        self._joins: list[JoinedTarget] = []
        self._left: list[Target] = []
        self._context: Context | None = None
        self.greeting = True
        """Whether the connection is being greeted: what is joined meanwhile does not count towards the limit."""
        self.connect_since: Mapping[Target, Position] = {}
        """Positions that the client named in its URL, for what the endpoint joins on connect."""

    def use(self, context: Context) -> None:
        """Snapshots are read in `context`."""
        self._context = context

    # ── for handlers ────────────────────────────────────────────────────────────────────────────────────────────

    def resolve(self, name: str) -> Target:
        """The channel or group `name`; the right is checked before the existence."""
        for opening in self._endpoint.openings.values():
            group = opening.family.group_named(name)
            if group is not None:
                self._check_right(opening, name, Role.ANONYMOUS)
                return group
            parameter = opening.family.match(name)
            if parameter is not None:
                self._check_right(opening, parameter, opening.family.least_role(parameter))
                held = opening.family.held(parameter)
                if held is not None and held in self._held:
                    return held
                if self._context is None or opening.exists(self._context, parameter):
                    return opening.family.channel(parameter)
        raise UnknownChannel("This endpoint has no such channel: see its channels in /asyncapi.json.")

    def may_hold(self, target: Target) -> bool:
        """Whether the session's rights still allow `target`."""
        opening = self._endpoint.opening(target)
        if isinstance(target, Group):
            return opening.right(self._session, target.name)
        return self._session.role >= target.least_role and opening.right(self._session, target.parameter)

    def _check_right(self, opening: Opening, parameter: str, least_role: Role) -> None:
        if self._session.role < least_role or not opening.right(self._session, parameter):
            raise SubscriptionDenied("Your role does not allow this channel; sign in with one that does.")

    def holds(self, target: Target) -> bool:
        """Whether `target` is followed, by itself or through its group."""
        if target in self._held:
            return True
        return isinstance(target, Channel) and self._held_group(target) is not None

    def _held_group(self, channel: Channel) -> Group | None:
        group = channel.family.group_named(channel.group) if channel.group is not None else None
        return group if group in self._held else None

    async def join(
        self,
        targets: Sequence[Target],
        *,
        since: Mapping[Target, Position] | None = None,
        snapshot_only_if_new: bool = False,
    ) -> Sequence[JoinedTarget]:
        new = {target for target in targets if not self.holds(target)}
        self._check_limit(new)
        joined = []
        for target in targets:
            position = (since or {}).get(target) or self.connect_since.get(target)
            silent = snapshot_only_if_new and target not in new
            joined.append(await self._read(target, position, silent=silent))
            self._joins.append(joined[-1])
        return joined

    def _check_limit(self, new: set[Target]) -> None:
        if not new or self.greeting:
            return
        wanted = new | {one.target for one in self._joins}
        groups = {target.name for target in wanted if isinstance(target, Group)}
        replaced = [held for held in self._held if isinstance(held, Channel) and held.group in groups] if groups else []
        if len(wanted | (self._held.keys() - self._free)) - len(replaced) > self._limit:
            raise TooManySubscriptions(
                f"A connection may follow {self._limit} channels; unsubscribe from some, or follow a group."
            )

    def leave(self, targets: Sequence[Target]) -> None:
        self._left += targets

    def leave_families(self, families: Sequence[Family]) -> None:
        self._left += [target for target in self._held if target.family in families]

    def held(self) -> Sequence[tuple[Target, int | None]]:
        return [
            (target, followed.seq if isinstance(followed, Stream) else None) for target, followed in self._held.items()
        ]

    # ── for the connection ──────────────────────────────────────────────────────────────────────────────────────

    def every_positions(self, joined: Sequence[Joined] | None = None) -> dict[str, int]:
        """Positions of the *every* channels among `joined`, or among all that is held or about to be."""
        positions = (
            {target.name: seq for target, seq in self.held() if target.kind is Kind.EVERY and seq is not None}
            if joined is None
            else {}
        )
        for one in self._joins if joined is None else joined:
            if one.target.kind is Kind.EVERY and one.seq is not None:
                positions[one.target.name] = one.seq
        return positions

    def joining(self) -> Sequence[JoinedTarget]:
        """The joins that wait for the reply."""
        return tuple(self._joins)

    def end(self, targets: Sequence[Target], frames: Sequence[bytes]) -> None:
        """Stop following `targets` at once, whatever command runs, and write `frames` behind their last messages."""
        for target in targets:
            self._drop(target)
        self._joins = [one for one in self._joins if self.may_hold(one.target)]
        self._outbox.answer(frames, followed=frozenset(self._held.values()))

    def commit_rejoined(self, segments: Sequence[bytes | Joined]) -> None:
        """Go on after `rejoin`."""
        self._outbox.found()
        self.commit(segments)

    def commit(self, segments: Sequence[bytes | Joined]) -> None:
        """Write the reply with the snapshots where they belong (else at its end), and follow the new set."""
        hub = self._hub
        if not self._joins and not self._left:
            self._outbox.answer([segment for segment in segments if isinstance(segment, bytes)])
            return
        frames: list[bytes] = []
        placed = {segment for segment in segments if isinstance(segment, JoinedTarget)}
        for segment in segments:
            if isinstance(segment, JoinedTarget):
                frames += segment.all_frames(hub)
            elif isinstance(segment, bytes):
                frames.append(segment)
        for one in self._joins:
            if one not in placed:
                frames += one.all_frames(hub)
        ceilings = {
            one.followed: one.seq or 0
            for one in self._joins
            if isinstance(one.followed, Stream) and one.followed in self._outbox.followed
        }
        self._change_held()
        self._outbox.answer(frames, followed=frozenset(self._held.values()), ceilings=ceilings)
        if self.greeting:
            self._free.update(self._held)
        for one in self._joins:
            if one.stored_id is not None and isinstance(one.followed, Stream):
                one.followed.stored_floors[self._outbox] = one.stored_id
        self._forget_changes()

    def abort(self) -> None:
        """Let go of what the command would have joined."""
        followed = [one.followed for one in self._joins]
        self._forget_changes()
        self._hub.close_unheld(followed)

    def _forget_changes(self) -> None:
        self._joins = []
        self._left = []

    def _change_held(self) -> None:
        for target in self._left:
            self._drop(target)
            if isinstance(target, Group):
                self._drop_channels_of(target)
        unheld = []
        for one in self._joins:
            target = one.target
            if isinstance(target, Group):
                self._drop_channels_of(target)
            elif self._held_group(target) is not None:
                unheld.append(one.followed)
                continue
            self._held.setdefault(target, one.followed)
        self._hub.close_unheld(unheld)

    def _drop(self, target: Target) -> None:
        self._held.pop(target, None)
        self._free.discard(target)

    def _drop_channels_of(self, group: Group) -> None:
        """A group is joined and left as one: the single subscriptions to its channels end with either."""
        for target in [held for held in self._held if isinstance(held, Channel) and held.group == group.name]:
            self._drop(target)

    async def rejoin(self, *, bus_lost: bool) -> Sequence[JoinedTarget]:
        """Read everything that is followed anew, for an unasked confirmation.

        After a lost bus from the positions of that moment; otherwise the node itself lost messages, and snapshots are
        all there is.
        """
        rejoined = []
        for target, followed in list(self._held.items()):
            since = followed.lost_at if bus_lost and isinstance(followed, Stream) else None
            one = await self._read(target, since, silent=False)
            rejoined.append(replace(one, recovered=bool(one.recovered)))
            self._joins.append(rejoined[-1])
        return rejoined

    # ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _read(self, target: Target, since: Position | None, *, silent: bool) -> JoinedTarget:
        base = self._hub.position
        followed = self._hub.open(target)
        try:
            if isinstance(followed, GroupStream):
                assert isinstance(target, Group)
                return await self._read_group(target, followed, base, silent=silent)
            assert isinstance(target, Channel)
            return await self._read_channel(target, followed, base, since, silent=silent)
        except BaseException:
            self._hub.close_unheld([followed])
            raise

    async def _read_channel(
        self, channel: Channel, stream: Stream, base: int, since: Position | None, *, silent: bool
    ) -> JoinedTarget:
        recovery = await self._broker.recover(channel, since)
        stream.seq = max(stream.seq, recovery.seq)
        floor, stored_id = recovery.seq, None
        opening = self._endpoint.opening(channel)
        if silent:
            frames: list[bytes] = []
        elif recovery.recovered or opening.snapshot is None:
            frames = _message_frames(recovery.messages)
        else:
            snapshot = await self._snapshot(opening.snapshot, channel)
            seq = stream.seq if channel.kind is Kind.LATEST else None
            frames = self._snapshot_frames(channel, snapshot, seq)
            stored_id = snapshot.stored_id
            if stored_id is None:
                floor = stream.seq
        return JoinedTarget(
            channel,
            stream,
            recovery.epoch,
            stream.seq,
            None if since is None else recovery.recovered,
            frames,
            base,
            {stream: floor},
            stored_id,
        )

    async def _read_group(self, group: Group, followed: GroupStream, base: int, *, silent: bool) -> JoinedTarget:
        opening = self._endpoint.opening(group)
        floors: dict[Stream, int] = {}
        frames: list[bytes] = []
        rows = 0
        if opening.group_snapshot is not None:
            if not silent:
                frames = self._snapshot_frames(group, await self._snapshot(opening.group_snapshot, group), None)
        elif not silent:
            messages = [
                message
                for message in await self._broker.group_messages(group.name)
                if message.channel.least_role <= self._session.role
            ]
            frames = _message_frames(messages)
            rows = len({message.channel for message in messages})
            by_channel = {stream.channel: stream for stream in followed.streams}
            for message in messages:
                stream = by_channel.get(message.channel)
                if stream is not None:
                    floors[stream] = max(floors.get(stream, 0), message.seq)
        return JoinedTarget(
            group, followed, self._broker.epoch, None, None, frames, base, floors, rows=rows or len(frames)
        )

    async def _snapshot(self, source: SnapshotReader, target: Target) -> Snapshot:
        assert self._context is not None
        return await source(self._context, target)

    def _snapshot_frames(self, target: Target, snapshot: Snapshot, seq: int | None) -> list[bytes]:
        now_s = self._clock.time()
        return [text_frame(push_body(encode_body(event, now_s), target.suffix, seq)) for event in snapshot.events]


def _message_frames(messages: Sequence[Message]) -> list[bytes]:
    return [text_frame(push_body(message.body, message.channel.suffix, message.seq)) for message in messages]


if TYPE_CHECKING:
    from duelcast.endpoints.kit import SnapshotSource as SnapshotReader

    _conforms: type[Subscriptions] = ConnectionSubscriptions
    _joined: type[Joined] = JoinedTarget
