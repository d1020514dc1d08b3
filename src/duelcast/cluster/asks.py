"""Asks and answers as MessagePack, for a gateway and the leader.

Events are encoded by the leader, as they go to the client; joins are references, because the gateway knows better than
the leader what the client may follow by then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from functools import cache, cached_property, reduce
from operator import or_
from typing import Any

import msgspec
from msgspec import Struct

from duelcast.channels.broker import Message, Position
from duelcast.channels.names import Channel, Group
from duelcast.channels.parts import Part
from duelcast.channels.records import EntryId, Put
from duelcast.domain.accounts.identity import Identity
from duelcast.endpoints.context import (
    Answer,
    Ask,
    Encoded,
    Following,
    Greeting,
    Join,
    Joined,
    Target,
)
from duelcast.endpoints.kit import Endpoint
from duelcast.errors import AppError
from duelcast.wire.frames import reply_body
from duelcast.wire.messages import Command, Event

FindTarget = Callable[[str], Target]
"""The channel or group of a name. Raises `LookupError`."""


# ── asks ────────────────────────────────────────────────────────────────────────────────────────────────────────────


class WireFollowing(Struct, array_like=True, frozen=True):
    """`free` are joined on connect, and do not count towards `limit`; `unknown` did not exist when they were asked
    for."""

    limit: int
    targets: list[str] = []
    free: list[str] = []
    unknown: list[str] = []


class WireAsk(Struct, array_like=True, frozen=True):
    """An `Ask`. `command` is MessagePack of the command's struct."""

    connection_id: str
    identity: Identity | None
    following: WireFollowing
    command: bytes | None = None
    request_id: str | None = None


class WireGreet(Struct, array_like=True, frozen=True):
    """The ask for a greeting, with the channels named in the URL."""

    ask: WireAsk
    named: list[tuple[str, str, Position | None]]


class WireReadAgain(Struct, array_like=True, frozen=True):
    """The ask for everything that is followed, after messages were lost."""

    ask: WireAsk
    joins: list[tuple[str, Position | None]]


class WireChange(Struct, array_like=True, frozen=True):
    """The connection of `ask` has another identity than `before`."""

    ask: WireAsk
    before: Identity | None
    greeted: bool


class HeldElsewhere:
    """The targets that a connection of another node follows. Their names are looked up only if a handler asks, which
    few do."""

    def __init__(self, following: WireFollowing, find: FindTarget) -> None:
        self.limit = following.limit
        self._following = following
        self._find = find

    @cached_property
    def _targets(self) -> dict[Target, None]:
        return dict.fromkeys(map(self._find, self._following.targets))

    @cached_property
    def _free(self) -> Set[Target]:
        return frozenset(map(self._find, self._following.free))

    @cached_property
    def unknown(self) -> Set[Target]:
        return frozenset(map(self._find, self._following.unknown))

    def targets(self) -> Iterable[Target]:
        return self._targets

    def counted(self) -> Set[Target]:
        return self._targets.keys() - self._free

    def holds(self, target: Target) -> bool:
        if target in self._targets:
            return True
        if not isinstance(target, Channel) or target.group is None:
            return False
        return target.family.group_named(target.group) in self._targets

    def holds_itself(self, target: Target) -> bool:
        return target in self._targets


class AskCodec:
    """The asks of one endpoint."""

    def __init__(self, endpoint: Endpoint, find: FindTarget) -> None:
        commands: Any = reduce(or_, endpoint.commands and [spec.command for spec in endpoint.commands.values()])
        self._decode_command: Callable[[bytes], Command] = msgspec.msgpack.Decoder(commands).decode
        self._find = find

    def encode(self, ask: Ask) -> WireAsk:
        """For a gateway."""
        command = None if ask.command is None else _encode(ask.command)
        return WireAsk(ask.connection_id, ask.identity, following_of(ask.following), command, ask.request_id)

    def decode(self, wire: WireAsk) -> Ask:
        """For the leader. Raises `LookupError` for an unknown channel, and `msgspec.DecodeError`."""
        command = None if wire.command is None else self._decode_command(wire.command)
        following: Following = HeldElsewhere(wire.following, self._find)
        return Ask(wire.connection_id, wire.identity, following, command, wire.request_id)


def following_of(following: Following) -> WireFollowing:
    """The targets that a connection follows, by name."""
    counted = following.counted()
    targets = list(following.targets())
    return WireFollowing(
        following.limit,
        [target.name for target in targets],
        [target.name for target in targets if target not in counted],
        [target.name for target in following.unknown],
    )


# ── answers ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class WireEvent(Struct, array_like=True, frozen=True, tag="event"):
    """The encoded body of an event. If it `names_positions`, the gateway adds them."""

    body: bytes
    names_positions: bool


class WireError(Struct, array_like=True, frozen=True, tag="error"):
    """An `AppError`."""

    code: str
    status: int
    message: str
    field: str | None
    retry_after_ms: int | None
    extra: dict[str, Any]


class WireJoin(Struct, array_like=True, frozen=True, tag="join"):
    """The place of a join in the answer, by its index in `joined`; None if it was refused."""

    index: int | None


class WireJoined(Struct, array_like=True, frozen=True):
    """A `Joined`. `base` is the number of the entry, of the answer's term, after which the log takes over."""

    target: str
    since: Position | None
    silent: bool
    counted: bool
    first: int | None
    epoch: str
    seq: int | None
    recovered: bool | None
    frames: list[bytes | Put]
    floors: dict[str, int]
    rows: int
    base: int


class WireAnswer(Struct, array_like=True, frozen=True, tag="answer"):
    """An `Answer`, complete once the entry `after` is applied."""

    after: EntryId
    parts: list[WireEvent | WireError | WireJoin]
    joined: list[WireJoined]
    left: list[str]
    rows: int
    unknown: list[str]
    asked: list[str] = []
    errors: list[WireError] = []


@cache
def _kind_of(code: str, status: int) -> type[AppError]:
    return type("RemoteError", (AppError,), {}, code=code, status=status)


def decode_error(wire: WireError) -> AppError:
    """For a gateway. The error has the code of the leader's, but not its class."""
    kind = _kind_of(wire.code, wire.status)
    return kind(wire.message, field=wire.field, retry_after_ms=wire.retry_after_ms, **wire.extra)


_encode = msgspec.msgpack.Encoder().encode


def encode_answer(answer: Answer, after: EntryId, now_s: float, request_id: str | None) -> WireAnswer:
    """For the leader."""
    index = {one.join: number for number, one in enumerate(answer.joined)}
    asked = answer.asked if isinstance(answer, Greeting) else ()
    errors = answer.errors if isinstance(answer, Greeting) else ()
    return WireAnswer(
        after,
        [_encode_part(part, index, now_s, request_id) for part in answer.parts],
        [_encode_joined(one) for one in answer.joined],
        [target.name for target in answer.left],
        answer.rows,
        [target.name for target in answer.unknown],
        [target.name for target in asked],
        [encode_error(error) for error in errors],
    )


def decode_answer(wire: WireAnswer, find: FindTarget, place: Callable[[WireJoined, Join], Joined]) -> Greeting:
    """For a gateway; `place` says where the log takes over from the frames of a join."""
    joined: list[Joined] = []
    for one in wire.joined:
        join = Join(find(one.target), one.since, one.silent, one.counted, one.first)
        joined.append(place(one, join))
    return Greeting(
        [_decode_part(part, joined) for part in wire.parts],
        joined,
        [find(name) for name in wire.left],
        wire.rows,
        frozenset(map(find, wire.unknown)),
        [find(name) for name in wire.asked],
        [decode_error(error) for error in wire.errors],
    )


def encode_error(error: AppError) -> WireError:
    """For the leader."""
    return WireError(error.code, error.http_status, error.message, error.field, error.retry_after_ms, error.extra)


def _encode_part(
    part: Event | AppError | Join | Encoded, index: Mapping[Join, int], now_s: float, request_id: str | None
) -> WireEvent | WireError | WireJoin:
    if isinstance(part, Event):
        return WireEvent(reply_body(part, now_s, request_id), part.names_positions)
    if isinstance(part, AppError):
        return encode_error(part)
    assert isinstance(part, Join), "only gateways have encoded parts"
    return WireJoin(index.get(part))


def _decode_part(part: WireEvent | WireError | WireJoin, joined: Sequence[Joined]) -> AppError | Join | Encoded:
    if isinstance(part, WireEvent):
        return Encoded(part.body, part.names_positions)
    if isinstance(part, WireError):
        return decode_error(part)
    assert part.index is not None
    return joined[part.index].join


def _encode_joined(one: Joined) -> WireJoined:
    join = one.join
    return WireJoined(
        one.target.name,
        join.since,
        join.silent,
        join.counted,
        join.first,
        one.epoch,
        one.seq,
        one.recovered,
        [Put.of(part) if isinstance(part, Message) else part for part in one.frames],
        {channel.name: floor for channel, floor in one.floors.items()},
        one.rows,
        one.base,
    )


def decode_frames(frames: Iterable[bytes | Put], find: FindTarget) -> list[Part]:
    """The frames of a `Joined`."""
    decoded: list[Part] = []
    for frame in frames:
        if isinstance(frame, bytes):
            decoded.append(frame)
        else:
            channel = find(frame.channel)
            assert not isinstance(channel, Group)
            decoded.append(frame.message(channel))
    return decoded
