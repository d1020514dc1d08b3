"""How a domain publishes events: on *latest* channels through a `Publisher`; on *every* channels by returning them from
a write (`Published`), whose transaction stores them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeAlias, TypeVar

from msgspec import Struct

from duelcast.channels.broker import Broker, Origin
from duelcast.channels.names import Channel, Role
from duelcast.clock import Clock
from duelcast.wire.frames import encode_body
from duelcast.wire.messages import Event

T = TypeVar("T")


class Publisher:
    """Encodes an event once and passes it to the bus, with the key that the channel's family declares."""

    __slots__ = ("_broker", "_clock")

    def __init__(self, broker: Broker, clock: Clock) -> None:
        self._broker = broker
        self._clock = clock

    def publish(
        self,
        channel: Channel,
        event: Event,
        *,
        least_role: Role = Role.ANONYMOUS,
    ) -> None:
        """Publish `event` on a *latest* channel; see `Broker.publish`."""
        family = channel.family
        self._broker.publish(
            channel,
            encode_body(event, self._clock.time()),
            key=family.key(event),
            is_tombstone=family.is_tombstone(event),
            least_role=least_role,
        )

    def is_followed(self, channel: Channel) -> bool:
        """Whether some node follows `channel`; values that nobody follows need not be computed."""
        family = channel.family
        return channel.parameter in self._broker.followed(family, family.subject(channel.parameter))


class Broadcast(Struct, frozen=True, gc=False):
    """A message of an *every* channel. `row_id` is the id of the row whose content the message carries; `Erase` finds
    the message by that id."""

    channel: Channel
    event: Event
    origin: Origin | None = None
    row_id: int | None = None


class Erase(Struct, frozen=True, gc=False):
    """Replaces the messages of `channel` that carry the rows `row_ids` with `event`: in the database, in memory, and in
    outboxes that have not sent the messages yet."""

    channel: Channel
    row_ids: Sequence[int]
    event: Event


Outgoing: TypeAlias = Broadcast | Erase


class Published(Struct, Generic[T], frozen=True, gc=False):
    """The result of a write, and the messages to broadcast after COMMIT, in order."""

    result: T
    outgoing: Sequence[Outgoing]
