"""The subscriptions of one connection: what it follows, and how an answer changes that (protocol §2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from typing import TYPE_CHECKING

from duelcast.channels.broker import Position
from duelcast.channels.names import Channel, Group, Kind, Role
from duelcast.channels.parts import Part
from duelcast.domain.settings.current import CurrentSettings
from duelcast.endpoints.context import NO_POSITIONS, NO_TARGETS, Following, Join, Joined, Target
from duelcast.endpoints.kit import Endpoint
from duelcast.gateway.answer_parts import all_frames, answering
from duelcast.gateway.hub import Hub
from duelcast.gateway.outbox import Outbox
from duelcast.gateway.session import ConnectionSession
from duelcast.gateway.streams import NOTHING, Followed, Stream

Segment = bytes | Joined
"""A frame of an answer, or a join whose snapshot or replay belongs in this place of the answer."""


class ConnectionSubscriptions:
    """The channels and groups that a connection follows. A change takes effect when its answer is written (`commit`),
    or not at all (`release`)."""

    __slots__ = (
        "_endpoint",
        "_free",
        "_held",
        "_hub",
        "_outbox",
        "_private",
        "_reached",
        "_session",
        "_settings",
        "greeting",
        "limit",
        "unknown",
    )

    def __init__(
        self,
        endpoint: Endpoint,
        hub: Hub,
        session: ConnectionSession,
        outbox: Outbox,
        settings: CurrentSettings,
        limit: int,
    ) -> None:
        self._endpoint = endpoint
        self._hub = hub
        self._session = session
        self._outbox = outbox
        self.limit = limit
        """The maximum number of channels and groups that the client may follow."""
        self._settings = settings
        self._held: dict[Target, Followed] = {}
        self._private: frozenset[Target] = NOTHING
        """Followed targets that not everybody may follow. While there are any, nothing is compressed, because the sizes
        of compressed messages could give their content away."""
        self._free: frozenset[Target] = NOTHING
        self._reached = NO_POSITIONS
        """The positions of channels that were joined while positions were being recovered."""
        self.unknown: Set[Target] = NO_TARGETS
        """Followed targets that, as far as the session may see, did not exist when the client asked for them."""
        self.greeting = True
        """Whether the connection is being greeted: joins of the greeting do not count towards the limit."""

    # ── for the desk ────────────────────────────────────────────────────────────────────────────────────────────

    def targets(self) -> Iterable[Target]:
        """Everything followed, in the order of joining."""
        return self._held

    def counted(self) -> Set[Target]:
        """The followed targets that count towards the limit."""
        return self._held.keys() - self._free

    def holds(self, target: Target) -> bool:
        """Whether `target` is followed, directly or through its group."""
        if target in self._held:
            return True
        return isinstance(target, Channel) and self._held_group(target) is not None

    def holds_itself(self, target: Target) -> bool:
        """Whether `target` is followed directly, and not only through its group."""
        return target in self._held

    def _held_group(self, channel: Channel) -> Group | None:
        group = channel.family.group_named(channel.group) if channel.group is not None else None
        return group if group in self._held else None

    # ── rights ──────────────────────────────────────────────────────────────────────────────────────────────────

    def may_hold(self, target: Target) -> bool:
        """Whether the session may follow `target`."""
        rule, identity = self._endpoint.access_rule(target), self._session.identity
        if isinstance(target, Group):
            return rule.may_follow(identity, target.name, Role.ANONYMOUS)
        return rule.may_follow(identity, target.parameter, target.least_role)

    def lost(self, before: Role) -> Sequence[Target]:
        """Followed targets that were visible with the role `before` and no longer are."""
        return [target for target in self._held if not self.may_hold(target) or self._was_hidden(target, before)]

    def _was_hidden(self, target: Target, before: Role) -> bool:
        seen_from = self._endpoint.access_rule(target).seen_from
        if seen_from is None or isinstance(target, Group):
            return False
        return before >= seen_from(self._settings, target.parameter) > self._session.role

    def allowed(self, joined: Sequence[Joined]) -> Sequence[Joined]:
        """Return those of `joined` that the session may still follow, and release the others. Rights may have been lost
        since the desk was asked."""
        forbidden = [one for one in joined if not self.may_hold(one.target)]
        if not forbidden:
            return joined
        self.release(forbidden)
        return [one for one in joined if one not in forbidden]

    # ── positions ───────────────────────────────────────────────────────────────────────────────────────────────

    def positions(self) -> Sequence[tuple[Target, int | None]]:
        """Each followed target and its position (None for a group), in the order of joining."""
        return [(target, self._seq_of(target, followed)) for target, followed in self._held.items()]

    def _seq_of(self, target: Target, followed: Followed) -> int | None:
        if not isinstance(followed, Stream):
            return None
        is_seen = self._endpoint.access_rule(target).is_seen(self._settings, self._session.role, target.parameter)
        return followed.seq if is_seen else 0

    def joins_again(self, *, bus_lost: bool) -> Sequence[Join]:
        """Joins for everything that is followed, in order to continue after messages were lost.

        If the bus lost the messages, the joins name the positions at which the bus was lost. Otherwise the node itself
        lost them, and only snapshots are available. A channel that was joined meanwhile continues from its own
        position.
        """
        return [Join(target, since=self._resumed(target, bus_lost=bus_lost)) for target in self._held]

    def _resumed(self, target: Target, *, bus_lost: bool) -> Position | None:
        followed = self._held[target]
        lost_at = followed.lost_at if bus_lost and isinstance(followed, Stream) else None
        return self._reached.get(target, lost_at)

    # ── changes ─────────────────────────────────────────────────────────────────────────────────────────────────

    def end(self, targets: Sequence[Target], frames: Sequence[bytes]) -> None:
        """Stop following `targets` at once, even during a command, and write `frames` after their last messages."""
        for target in targets:
            self._drop(target)
        self._forget_unheld()
        self._outbox.answer(frames, followed=self._followed())

    def commit(
        self,
        segments: Sequence[Segment],
        joined: Sequence[Joined],
        left: Sequence[Target] = (),
        unknown: Set[Target] = NO_TARGETS,
        *,
        again: bool = False,
    ) -> None:
        """Write an answer with each snapshot in its place (by default at the end), and follow the changed set of
        targets. If it follows them `again`, messages that were lost may answer commands."""
        frames: list[Part] = []
        placed = {segment.target for segment in segments if isinstance(segment, Joined)}
        for segment in segments:
            if isinstance(segment, bytes):
                frames.append(segment)
            else:
                frames += self._frames_of(segment)
        ceilings: dict[Stream, int] = {}
        for one in joined:
            if one.target not in placed:
                frames += self._frames_of(one)
            stream = self._hub.find(one.target)
            if isinstance(stream, Stream):
                floor = one.floors[stream.channel]
                stream.seq = max(stream.seq, floor, *(message.seq for message in one.news))
                if stream in self._outbox.followed:
                    ceilings[stream] = floor
        if self._outbox.lost:
            ends = {one.target: Position(one.epoch, one.seq) for one in joined if one.seq is not None}
            self._reached = {**self._reached, **ends}
        self._change_held(joined, left, unknown)
        if again:
            frames = [answering(part, self._session.connection_id) for part in frames]
        self._outbox.answer_at_length(frames, followed=self._followed(), ceilings=ceilings)
        if self.greeting:
            self._free = frozenset(self._held)
        self.release(joined)

    def commit_again(self, segments: Sequence[Segment], joined: Sequence[Joined]) -> None:
        """Write the answer to `joins_again`, and continue from the positions in it."""
        self._outbox.found()
        self._reached = NO_POSITIONS
        self.commit(segments, joined, again=True)

    def release(self, joined: Iterable[Joined]) -> None:
        """Undo the desk's `Hub.begin` for the targets of `joined`, which are followed or given up by now."""
        self._hub.release(one.target for one in joined)

    def _frames_of(self, joined: Joined) -> Sequence[Part]:
        """The frames of a join. While positions are being recovered, messages published after the snapshot of the join
        are left to the recovery."""
        return joined.frames if self._outbox.lost else all_frames(joined, self._hub, self._session.role)

    def _change_held(self, joined: Sequence[Joined], left: Sequence[Target], unknown: Set[Target]) -> None:
        for target in left:
            self._drop(target)
            if isinstance(target, Group):
                self._drop_channels_of(target)
        for one in joined:
            target = one.target
            if isinstance(target, Group):
                self._drop_channels_of(target)
            elif self._held_group(target) is not None:
                continue
            self._held.setdefault(target, self._hub.find(target))
            if not self._endpoint.is_public(target):
                self._private |= {target}
        self.unknown = self.unknown | unknown if unknown else self.unknown
        self._forget_unheld()

    def _followed(self) -> frozenset[Followed]:
        """The set that the outbox follows from now on."""
        self._outbox.is_public = not self._private
        return frozenset(self._held.values())

    def _forget_unheld(self) -> None:
        if self.unknown:
            self.unknown = self.unknown & self._held.keys()

    def _drop(self, target: Target) -> None:
        self._held.pop(target, None)
        self._free -= {target}
        self._private -= {target}

    def _drop_channels_of(self, group: Group) -> None:
        """Drop the single subscriptions to the channels of a group that is joined or left as a whole."""
        for target in [held for held in self._held if isinstance(held, Channel) and held.group == group.name]:
            self._drop(target)


def every_positions(positions: Iterable[tuple[Target, int | None]], joined: Iterable[Joined]) -> dict[str, int]:
    """The positions of all *every* channels that are followed or are about to be followed."""
    known = [*positions, *((one.target, one.seq) for one in joined)]
    return {target.name: seq for target, seq in known if target.kind is Kind.EVERY and seq is not None}


if TYPE_CHECKING:
    _conforms: type[Following] = ConnectionSubscriptions
