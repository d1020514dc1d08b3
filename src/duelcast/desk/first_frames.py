"""Snapshots and replays for new followers of a channel, with no gap before later messages (protocol §2)."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence, Set
from typing import Protocol

from duelcast.channels.broker import Broker, Recovery
from duelcast.channels.names import Channel, Group, Kind
from duelcast.channels.parts import Part, part_size
from duelcast.clock import Clock
from duelcast.domain.settings.current import CurrentSettings
from duelcast.endpoints.context import Context, Join, Joined, Snapshot, Target
from duelcast.endpoints.kit import AccessRule, Endpoint
from duelcast.errors import TooManySubscriptions
from duelcast.wire.frames import encode_body, push_body, text_frame

TURN_S = 0.002
"""How long a command reads snapshots before it yields to the event loop."""


class Log(Protocol):
    """Keeps the messages that arrive while first frames are being read, so that they can be sent after those frames."""

    def begin(self, target: Target) -> int:
        """Keep the messages of `target` from now on. Returns the current end of the log. The counterpart is
        `release`."""

    def release(self, targets: Iterable[Target]) -> None:
        """Undo one `begin` for each of `targets`."""


class JoinReader:
    """Reads the first frames for the joins of an endpoint, and enforces the limits on joins.

    `max_bytes` limits the total size of these frames in an answer (`_read_all` has the exceptions). `unknown_followed`
    returns how many nonexistent channels a wallet follows, over all its connections.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        settings: CurrentSettings,
        broker: Broker,
        log: Log,
        clock: Clock,
        *,
        max_bytes: int,
        unknown_followed: Callable[[str], int],
    ) -> None:
        self._endpoint = endpoint
        self._settings = settings
        self._broker = broker
        self._log = log
        self._clock = clock
        self._max_bytes = max_bytes
        self._unknown_followed = unknown_followed
        self._unknown_asked: Counter[str] = Counter()
        """The number of unknown (nonexistent) targets in commands that are not answered yet, by wallet."""

    async def carry_out(self, context: Context, joins: Sequence[Join], *, snapshot_only_if_new: bool) -> None:
        """Read the first frames for the joins of a handler. Raises `TooManySubscriptions` or `Unavailable`."""
        new = {join.target for join in joins if not context.holds(join.target)}
        if context.is_greeting:
            # Channels that an endpoint joins on connect are required, so no limits apply.
            await self._read_all(context, joins, bounded=False)
            return
        if new:
            self._check_limit(context, new)
        self._check_unknown(context, new)
        if snapshot_only_if_new:
            for join in joins:
                join.silent = join.silent or join.target not in new
        await self._read_all(context, joins, bounded=True)

    def resolve(self, context: Context, name: str) -> Target:
        """The channel or group `name`. Raises `SubscriptionDenied` or `UnknownChannel`."""
        return self._endpoint.resolve(context, name)

    async def join_asked(self, context: Context, targets: Sequence[Target]) -> None:
        """Join the channels named in the URL. If this raises `TooManySubscriptions`, none of `targets` is followed."""
        before = context.joined
        try:
            self._check_unknown(context, targets)
            await self._read_all(context, [Join(target, context.since.get(target)) for target in targets], bounded=True)
        except TooManySubscriptions:
            self._log.release(one.target for one in context.joined[len(before) :])
            context.joined = before
            raise

    async def read_again(self, context: Context, joins: Sequence[Join]) -> None:
        """Read `joins`, which cover everything that the connection follows, once more and without limits. Raises
        `Unavailable`."""
        await self._read_all(context, joins, bounded=False)

    def settle(self, context: Context) -> None:
        """Called when the command of `context` has been answered: its unknown targets are no longer pending."""
        if context.unknown and context.identity is not None:
            wallet = context.identity.wallet
            self._unknown_asked[wallet] -= len(context.unknown)
            if not self._unknown_asked[wallet]:
                del self._unknown_asked[wallet]

    def release(self, context: Context) -> None:
        """Undo the joins of the command of `context`, which has failed, so that none of them is followed."""
        self._log.release(one.target for one in context.joined)
        context.joined = ()

    # ── bounds ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _check_limit(self, context: Context, new: Set[Target]) -> None:
        following = context.following
        wanted = new | {one.target for one in context.joined}
        groups = {target.name for target in wanted if isinstance(target, Group)}
        replaced = (
            [held for held in following.targets() if isinstance(held, Channel) and held.group in groups]
            if groups
            else []
        )
        counted = wanted | following.counted()
        if len(counted) - len(replaced) > following.limit:
            raise TooManySubscriptions(
                f"A connection may follow at most {following.limit} channels; unsubscribe from some, or follow a group."
            )
        for rule in self._endpoint.access_rules.values():
            if rule.most is not None:
                _check_family(rule, rule.most(context), wanted, counted)

    def _check_unknown(self, context: Context, targets: Iterable[Target]) -> None:
        """Check the limits on unknown targets, and count those in `targets` as pending. So this must be the last
        check."""
        identity = context.identity
        for rule in self._endpoint.access_rules.values():
            if rule.most_unknown is None or identity is None:
                continue
            counted = context.following.unknown | context.unknown
            unknown = {
                target
                for target in targets
                if target.family is rule.family and target not in counted and rule.unknown(context, target)
            }
            if not unknown:
                continue
            most = rule.most_unknown(context)
            followed = self._unknown_followed(identity.wallet) + self._unknown_asked[identity.wallet]
            if followed + len(unknown) > most:
                raise TooManySubscriptions(
                    f"Your connections together may follow at most {most} `{rule.family.prefix}` channels that do not "
                    "exist; unsubscribe from some."
                )
            context.unknown |= unknown
            self._unknown_asked[identity.wallet] += len(unknown)

    # ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _read_all(self, context: Context, joins: Sequence[Join], *, bounded: bool) -> None:
        turn_ends = time.perf_counter() + TURN_S
        read_bytes = read_frames = 0
        context.joined = joined = [*context.joined]
        for join in joins:
            one = await self._read(context, join)
            joined.append(one)
            # The limit does not apply to an answer with only one frame, or to groups, whose frames are sent only as
            # fast as the socket drains.
            if bounded and one.frames and not isinstance(one.target, Group):
                read_bytes += sum(map(part_size, one.frames))
                read_frames += len(one.frames)
                if read_bytes > self._max_bytes and read_frames > 1:
                    raise TooManySubscriptions(
                        f"The answer would have more than {self._max_bytes} bytes; ask for fewer channels at a time."
                    )
            if time.perf_counter() > turn_ends:
                await asyncio.sleep(0)
                turn_ends = time.perf_counter() + TURN_S

    async def _read(self, context: Context, join: Join) -> Joined:
        """Read the first frames for a new follower: the snapshot, the messages that the follower missed, or nothing.

        If this raises `errors.Unavailable`, the log keeps nothing for the join.
        """
        target = join.target
        base = self._log.begin(target)
        try:
            if isinstance(target, Group):
                return await self._read_group(context, join, target, base)
            return await self._read_channel(context, join, target, base)
        except BaseException:
            self._log.release([target])
            raise

    async def _read_channel(self, context: Context, join: Join, channel: Channel, base: int) -> Joined:
        rule, since = self._endpoint.access_rule(channel), join.since
        recovery = await self._recover(channel, join)
        if not rule.is_seen(self._settings, context.role, channel.parameter):
            recovered = None if since is None else False
            return Joined(join, recovery.epoch, 0, recovered, (), base, {channel: recovery.seq})
        seq, rows = recovery.seq, 1
        frames: Sequence[Part] = ()
        if join.silent:
            pass
        elif recovery.recovered or rule.snapshot is None:
            frames = recovery.messages
            rows = len(frames) if recovery.recovered else 1
        else:
            snapshot = await rule.snapshot(context, channel)
            frames = self._snapshot_frames(channel, snapshot, seq if channel.kind is Kind.LATEST else None)
            rows = snapshot.rows
            if snapshot.seq is not None:
                # The snapshot may include messages that are still being delivered; wait until they have been.
                seq = snapshot.seq
                await self._broker.delivered(channel, seq)
        recovered = None if since is None else recovery.recovered
        return Joined(join, recovery.epoch, seq, recovered, frames, base, {channel: seq}, rows=max(1, rows))

    async def _recover(self, channel: Channel, join: Join) -> Recovery:
        """Recover a channel from the position of `join`. If that replay would exceed `max_bytes`, ignore the position,
        as if the follower were new."""
        recovery = await self._broker.recover(channel, join.since)
        if recovery.recovered and sum(map(part_size, recovery.messages)) > self._max_bytes:
            return await self._broker.recover(channel)
        return recovery

    async def _read_group(self, context: Context, join: Join, group: Group, base: int) -> Joined:
        rule = self._endpoint.access_rule(group)
        floors: dict[Channel, int] = {}
        frames: Sequence[Part] = ()
        rows = 0
        if join.silent:
            pass
        elif rule.group_snapshot is not None:
            snapshot = await rule.group_snapshot(context, group)
            frames, rows = self._snapshot_frames(group, snapshot, None), snapshot.rows
        else:
            frames = messages = [
                message
                for message in await self._broker.group_messages(group.name)
                if max(message.channel.least_role, message.least_role) <= context.role
            ]
            for message in messages:
                floors[message.channel] = max(floors.get(message.channel, 0), message.seq)
            rows = len(floors)
        return Joined(join, self._broker.epoch, None, None, frames, base, floors, rows=rows or len(frames))

    def _snapshot_frames(self, target: Target, snapshot: Snapshot, seq: int | None) -> list[bytes]:
        now_s = self._clock.time()
        return [text_frame(push_body(encode_body(event, now_s), target.suffix, seq)) for event in snapshot.events]


def _check_family(rule: AccessRule, most: int, wanted: Set[Target], counted: Set[Target]) -> None:
    family = rule.family
    if sum(one.family is family for one in counted) > most and any(one.family is family for one in wanted):
        raise TooManySubscriptions(
            f"A connection may follow at most {most} `{family.prefix}` channels; unsubscribe from some."
        )
