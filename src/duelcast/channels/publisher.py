"""How a domain publishes events on *latest* channels."""

from __future__ import annotations

from duelcast.channels.broker import Broker
from duelcast.channels.names import Channel, Role
from duelcast.clock import Clock
from duelcast.wire.frames import encode_body
from duelcast.wire.messages import Event


class Publisher:
    """Encodes an event once and passes it to the bus, with the key that its family declares."""

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
