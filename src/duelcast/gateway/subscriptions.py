"""The subscriptions of one connection: rights, counts, snapshots and replays (protocol 2)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from duelcast.channels.broker import Position
from duelcast.channels.names import Channel, Group, Kind, Role
from duelcast.endpoints import kit
from duelcast.endpoints.kit import Context, Join, Opening, Session, Target
from duelcast.errors import TooManySubscriptions
from duelcast.gateway.joining import JoinedTarget, JoinReader
from duelcast.gateway.outbox import Outbox
from duelcast.gateway.streams import NOTHING, Followed, Part, Stream

NO_POSITIONS: Mapping[Target, Position] = {}
"""Shared by all connections that named none: an empty dict takes 64 bytes."""
TURN_S = 0.002
"""How long a command reads snapshots before it yields to the event loop."""


class ConnectionSubscriptions:
    """Changes are collected while a command runs, and take effect with its reply (`commit`) or not at all (`abort`)."""

    __slots__ = (
        "_answer_bytes",
        "_answer_frames",
        "_free",
        "_held",
        "_joins",
        "_left",
        "_outbox",
        "_reader",
        "_services",
        "_session",
        "_unknown_asked",
        "connect_since",
        "greeting",
        "limit",
        "unknown",
    )

    def __init__(
        self,
        reader: JoinReader,
        session: Session,
        outbox: Outbox,
        services: Mapping[type[Any], Any],
        limit: int,
    ) -> None:
        self._reader = reader
        self._session = session
        self._outbox = outbox
        self.limit = limit
        """The most channels and groups that the client may follow."""
        self._services = services
        self._held: dict[Target, Followed] = {}
        self._free: frozenset[Target] = NOTHING
        self._joins: list[JoinedTarget] = []
        self._answer_bytes = self._answer_frames = 0
        """Size of the joins of channels; groups do not count."""
        self._left: tuple[Target, ...] = ()
        self.unknown: Set[Target] = NOTHING
        """Targets followed, or about to be, that did not exist for the session when they were asked for."""
        self._unknown_asked: Set[Target] = NOTHING
        """The unknown targets that the current command asked for."""
        self.greeting = True
        """Whether the connection is being greeted: joins of the greeting do not count towards the limit."""
        self.connect_since = NO_POSITIONS
        """Positions from the client's URL, for the channels that the endpoint joins on connect."""

    @property
    def _context(self) -> Context:
        """Made when it is needed: one that is kept would refer back to this."""
        return Context(self._reader.endpoint, self._session, self, self._services, self._reader.clock)

    # ── for handlers ────────────────────────────────────────────────────────────────────────────────────────────

    def may_hold(self, target: Target) -> bool:
        """Whether the session's rights still allow `target`."""
        opening, identity = self._reader.endpoint.opening(target), self._session.identity
        if isinstance(target, Group):
            return opening.may_follow(identity, target.name, Role.ANONYMOUS)
        return opening.may_follow(identity, target.parameter, target.least_role)

    def lost(self, before: Role) -> Sequence[Target]:
        """Followed targets that were visible with the role `before` and no longer are."""
        return [target for target in self._held if not self.may_hold(target) or self._was_hidden(target, before)]

    def _was_hidden(self, target: Target, before: Role) -> bool:
        seen_from = self._reader.endpoint.opening(target).seen_from
        if seen_from is None or isinstance(target, Group):
            return False
        return before >= seen_from(self._context, target.parameter) > self._session.role

    def holds(self, target: Target) -> bool:
        """Whether `target` is followed, directly or through its group."""
        if target in self._held:
            return True
        return isinstance(target, Channel) and self._held_group(target) is not None

    def holds_itself(self, target: Target) -> bool:
        """Whether `target` is followed by itself."""
        return target in self._held

    def _held_group(self, channel: Channel) -> Group | None:
        group = channel.family.group_named(channel.group) if channel.group is not None else None
        return group if group in self._held else None

    async def carry_out(self, joins: Sequence[Join], *, snapshot_only_if_new: bool = False) -> None:
        """Read what a command joins; it takes effect with its answer. Raises `TooManySubscriptions`, `Unavailable`."""
        new = {join.target for join in joins if not self.holds(join.target)}
        self._check_limit(new)
        self._check_unknown(new)
        if snapshot_only_if_new:
            for join in joins:
                join.silent = join.silent or join.target not in new
        # What an endpoint joins on connect nobody could do without.
        await self._read(joins, self.connect_since, bounded=not self.greeting)

    async def join_asked(self, targets: Sequence[Target], since: Mapping[Target, Position]) -> None:
        """Join the channels of the URL. Raises `TooManySubscriptions`; then none of `targets` is followed."""
        before = len(self._joins)
        self._answer_bytes = self._answer_frames = 0
        try:
            self._check_unknown(targets)
            await self._read([Join(target) for target in targets], since, bounded=True)
        except TooManySubscriptions:
            self._release_from(before)
            raise

    async def _read(self, joins: Sequence[Join], since: Mapping[Target, Position], *, bounded: bool) -> None:
        turn_ends = time.perf_counter() + TURN_S
        for join in joins:
            one = await self._reader.read(self._context, join, join.since or since.get(join.target))
            self._joins.append(one)
            if bounded:
                self._check_size(one)
            if time.perf_counter() > turn_ends:
                await asyncio.sleep(0)
                turn_ends = time.perf_counter() + TURN_S

    def _check_size(self, joined: JoinedTarget) -> None:
        """Bound the size of an answer. A single frame has no bound; nor has a group, sent as the socket drains."""
        if isinstance(joined.target, Group) or not joined.frames:
            return
        self._answer_bytes += joined.size_bytes
        self._answer_frames += len(joined.frames)
        if self._answer_bytes > self._reader.max_bytes and self._answer_frames > 1:
            raise TooManySubscriptions(
                f"The answer would have more than {self._reader.max_bytes} bytes; ask for fewer channels at a time."
            )

    def _check_limit(self, new: set[Target]) -> None:
        if not new or self.greeting:
            return
        wanted = new | {one.target for one in self._joins}
        groups = {target.name for target in wanted if isinstance(target, Group)}
        replaced = [held for held in self._held if isinstance(held, Channel) and held.group in groups] if groups else []
        if len(wanted | (self._held.keys() - self._free)) - len(replaced) > self.limit:
            raise TooManySubscriptions(
                f"A connection may follow {self.limit} channels; unsubscribe from some, or follow a group."
            )
        for opening in self._reader.endpoint.openings.values():
            if opening.most is not None:
                self._check_family(opening, opening.most(self._context), wanted)

    def _check_family(self, opening: Opening, most: int, wanted: Set[Target]) -> None:
        family = opening.family
        counted = {one for one in wanted | (self._held.keys() - self._free) if one.family is family}
        if len(counted) > most and any(one.family is family for one in wanted):
            raise TooManySubscriptions(
                f"A connection may follow {most} channels of `{family.prefix}`; unsubscribe from some."
            )

    def _check_unknown(self, targets: Iterable[Target]) -> None:
        """The last check: from here on the unknown targets count, unless the command ends without them."""
        identity = self._session.identity
        for opening in self._reader.endpoint.openings.values():
            if opening.most_unknown is None or identity is None:
                continue
            context = self._context
            family = [target for target in targets if target.family is opening.family and target not in self.unknown]
            unknown = {target for target in family if opening.unknown(context, target)}
            most = opening.most_unknown(context)
            if unknown and self._reader.unknown_followed(identity.wallet) + len(unknown) > most:
                raise TooManySubscriptions(
                    f"All your connections together may follow {most} of `{opening.family.prefix}` that are not there; "
                    "unsubscribe from some."
                )
            self.unknown |= unknown
            self._unknown_asked |= unknown

    def leave(self, targets: Sequence[Target]) -> None:
        self._left += tuple(targets)

    def leave_where(self, ends: Callable[[Target], bool]) -> None:
        self._left += tuple(filter(ends, self._held))

    def held(self) -> Sequence[tuple[Target, int | None]]:
        context = self._context
        return [(target, self._seq_of(context, target, followed)) for target, followed in self._held.items()]

    def _seq_of(self, context: Context, target: Target, followed: Followed) -> int | None:
        if not isinstance(followed, Stream):
            return None
        return followed.seq if self._reader.endpoint.opening(target).is_seen(context, target.parameter) else 0

    # ── for the connection ──────────────────────────────────────────────────────────────────────────────────────

    def every_positions(self) -> dict[str, int]:
        """Positions of the *every* channels that are followed or about to be."""
        held = {target.name: seq for target, seq in self.held() if target.kind is Kind.EVERY and seq is not None}
        return held | self.joining_positions()

    def joining_positions(self) -> dict[str, int]:
        """Positions of the *every* channels that are about to be held."""
        return {
            one.target.name: one.seq for one in self._joins if one.target.kind is Kind.EVERY and one.seq is not None
        }

    @property
    def is_changing(self) -> bool:
        """Whether the command joined or left a target."""
        return bool(self._joins or self._left)

    def joining(self) -> Sequence[JoinedTarget]:
        """The joins that wait for the reply."""
        return tuple(self._joins)

    def end(self, targets: Sequence[Target], frames: Sequence[bytes]) -> None:
        """Stop following `targets` at once, even during a command, and write `frames` behind their last messages."""
        for target in targets:
            self._drop(target)
        self._forget_unheld()
        self._outbox.answer(frames, followed=frozenset(self._held.values()))

    def commit_rejoined(self, segments: Sequence[bytes | JoinedTarget]) -> None:
        """Go on after `rejoin`."""
        self._outbox.found()
        self.commit(segments)

    def commit(self, segments: Sequence[bytes | JoinedTarget]) -> None:
        """Write the reply with the snapshots where they belong (else at its end), and follow the new set."""
        frames: list[Part] = []
        placed = {segment.target for segment in segments if isinstance(segment, JoinedTarget)}
        for segment in segments:
            if isinstance(segment, JoinedTarget):
                frames += self._frames_of(segment)
            elif isinstance(segment, bytes):
                frames.append(segment)
        for one in self._joins:
            if one.target not in placed:
                frames += self._frames_of(one)
        ceilings = {
            one.followed: one.floors[one.followed]
            for one in self._joins
            if isinstance(one.followed, Stream) and one.followed in self._outbox.followed
        }
        self._change_held()
        self._outbox.answer_at_length(frames, followed=frozenset(self._held.values()), ceilings=ceilings)
        if self.greeting:
            self._free = frozenset(self._held)
        self.abort()

    def _frames_of(self, joined: JoinedTarget) -> Sequence[Part]:
        """The frames of a join. While positions are being recovered, the recovery brings the news."""
        return joined.frames if self._outbox.lost else joined.all_frames(self._reader.hub, self._session.role)

    def abort(self) -> None:
        """Release the targets that the command would have joined."""
        self._left = ()
        self._answer_bytes = self._answer_frames = 0
        if self._unknown_asked:
            self.unknown -= self._unknown_asked - self._held.keys()
            self._unknown_asked = NOTHING
        if self._joins:
            self._release_from(0)

    def _release_from(self, index: int) -> None:
        released, self._joins = self._joins[index:], self._joins[:index]
        self._reader.hub.release(one.followed for one in released)

    def withdraw_forbidden(self) -> Collection[JoinedTarget]:
        """Take back the joins that the rights of the session no longer reach: they may have shrunk meanwhile."""
        forbidden = [one for one in self._joins if not self.may_hold(one.target)]
        if forbidden:
            self._joins = [one for one in self._joins if one not in forbidden]
            self._reader.hub.release(one.followed for one in forbidden)
        return forbidden

    def _change_held(self) -> None:
        for target in self._left:
            self._drop(target)
            if isinstance(target, Group):
                self._drop_channels_of(target)
        for one in self._joins:
            target = one.target
            if isinstance(target, Group):
                self._drop_channels_of(target)
            elif self._held_group(target) is not None:
                continue
            self._held.setdefault(target, one.followed)
        self._forget_unheld()

    def _forget_unheld(self) -> None:
        if self.unknown:
            self.unknown = (self.unknown & self._held.keys()) | self._unknown_asked

    def _drop(self, target: Target) -> None:
        self._held.pop(target, None)
        self._free -= {target}

    def _drop_channels_of(self, group: Group) -> None:
        """Drop the single subscriptions to the channels of a group that is joined or left as a whole."""
        for target in [held for held in self._held if isinstance(held, Channel) and held.group == group.name]:
            self._drop(target)

    async def rejoin(self, *, bus_lost: bool) -> Sequence[JoinedTarget]:
        """Read everything that is followed again, for an unsolicited confirmation.

        After a lost bus, read from the positions at that moment. Otherwise the node itself lost messages, and only
        snapshots are available.
        """
        rejoined = []
        for target, followed in list(self._held.items()):
            since = followed.lost_at if bus_lost and isinstance(followed, Stream) else None
            one = await self._reader.read(self._context, Join(target), since)
            rejoined.append(replace(one, recovered=bool(one.recovered)))
            self._joins.append(rejoined[-1])
        return rejoined


if TYPE_CHECKING:
    _conforms: type[kit.Followed] = ConnectionSubscriptions
