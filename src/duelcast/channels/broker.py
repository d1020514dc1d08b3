"""The bus, which keeps and delivers the numbered messages of channels. `names.Kind` explains the two kinds of channels,
*latest* and *every*.

`Broker` is a port: `memory.MemoryBroker` serves one process; an implementation over a shared server would serve
several.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from msgspec import Struct

from duelcast.channels.names import Channel, Family, Role


class Position(NamedTuple):
    """A position in a channel: `seq` is meaningful only together with its `epoch`."""

    epoch: str
    seq: int


class Origin(NamedTuple):
    """The cause of a message: a command that was received on a connection of some node. `request_id` is the `requestId`
    of that command, or None if the command has none."""

    connection_id: str
    request_id: str | None


class Message(Struct, frozen=True, gc=False):
    """A numbered message. `body` is a JSON object without `channel`, `seq` and `requestId`.

    A connection with a role below `least_role` does not receive the message, even if it follows the channel.
    """

    channel: Channel
    seq: int
    body: bytes
    key: str = ""
    is_tombstone: bool = False
    origin: Origin | None = None
    least_role: Role = Role.ANONYMOUS


@dataclass(frozen=True, slots=True)
class Recovery:
    """The data that a subscriber needs to resume from a position.

    `epoch` and `seq` are the channel's position, at which `messages` end. If the channel has had no messages, the
    number of the first one will be higher than `seq`. If `recovered` is true, `messages` are exactly those that the
    subscriber missed. Otherwise, for a *latest* channel, they are the newest message per key; for an *every*
    channel, there are none, because the endpoint makes the snapshot.
    """

    epoch: str
    seq: int
    recovered: bool
    messages: Sequence[Message]


class BusListener(Protocol):
    """A node's side of the bus."""

    def deliver(self, message: Message) -> None:
        """Receive a message. Called in the order of `seq` within a channel, once per message."""

    def replace(self, channel: Channel, seq: int, body: bytes) -> None:
        """Replace the body of message number `seq` with `body`, if this node still keeps that message. Called after
        `deliver` for that message."""

    def resynchronise(self) -> None:
        """Recover every subscription from its position, because messages may have been missed."""


class StoredMessage(NamedTuple):
    """A stored message of an *every* channel."""

    seq: int
    body: bytes
    age_s: float


class StoredMessages(Protocol):
    """The messages of *every* channels in the database. Recovery reads them if memory does not reach back far enough.

    Both methods raise `errors.Unavailable`.
    """

    async def position(self, channel: Channel) -> int:
        """The number of the newest message ever stored, 0 if there was none."""

    async def messages(self, channel: Channel) -> Sequence[StoredMessage]:
        """The stored messages, in the order of `seq` and without gaps."""


class Broker(Protocol):
    """Guarantees of every implementation:

    - Order: all listeners receive the messages of a channel in the order of `seq`; a listener receives its own node's
      messages like all others.
    - Numbers: the messages of an *every* channel arrive with consecutive numbers; the broker numbers those of a
      *latest* channel, in ascending order. Within an `epoch`, no `seq` of a channel is used twice, even if the channel
      was forgotten in between. A broker that loses its memory keeps its epoch, numbers *latest* channels above all
      numbers used so far, and calls `resynchronise`.
    - Memory: a *latest* channel keeps the newest message per key, and tombstones (messages that end a key) for
      `tombstone_retention_s`. An *every* channel keeps at least `history_messages` messages and those of the last
      `history_s` seconds; if memory has lost some of these, they are read from the database. A followed channel is
      never forgotten; `Unfollowed` says what remains of a *latest* channel that nobody follows.
    - Recovery without gap: when `recover` or `group_messages` returns, every message up to the positions in the
      result has been passed to `deliver`.
    """

    @property
    def epoch(self) -> str:
        """The epoch of the database: 1–32 characters out of `A-Za-z0-9_-`."""

    def attach(self, listener: BusListener) -> None:
        """Deliver every message published from now on to `listener`; one listener per node."""

    def publish(
        self,
        channel: Channel,
        body: bytes,
        *,
        key: str = "",
        is_tombstone: bool = False,
        least_role: Role = Role.ANONYMOUS,
    ) -> None:
        """Number a message of a *latest* channel and deliver it. Never blocks, and never raises because of the state of
        the bus: `resynchronise` makes up for messages that are lost with the bus. A message of a `SILENT` channel
        without followers is dropped.
        """

    def broadcast(self, channel: Channel, seq: int, body: bytes, origin: Origin | None = None) -> None:
        """Deliver a message of an *every* channel that is, or will be, stored under `seq`. Like `publish`, it neither
        blocks nor raises. A message whose number is not above the channel's position is known already, and is
        ignored."""

    def replace(self, channel: Channel, seq: int, body: bytes) -> None:
        """Replace the body of the message `seq` of an *every* channel for all later recoveries, so that deleted text
        disappears from the history. Every listener is notified. Listeners must not call this.
        """

    def follow(self, channel: Channel) -> None:
        """Record that one more subscriber of this node follows `channel`. Called before `recover` for that
        subscriber."""

    def unfollow(self, channel: Channel) -> None:
        """The counterpart of `follow`."""

    def followed(self, family: Family, subject: str = "") -> Mapping[str, Channel]:
        """The channels of `family` about `subject` that have a follower on any node; the keys are their parameters.
        Domains use this to compute values only while somebody follows them."""

    async def recover(self, channel: Channel, since: Position | None = None) -> Recovery:
        """Return what a subscriber to `channel` needs if it has handled everything up to `since` (None: nothing yet).

        Raises `errors.Unavailable` if the bus is unreachable, or if the database must be read and is unreachable.
        """

    async def delivered(self, channel: Channel, seq: int) -> None:
        """Return once every message of the *every* channel up to `seq` has been passed to `deliver`. Message number
        `seq` must already be committed."""

    async def group_messages(self, group: str) -> Sequence[Message]:
        """The newest message per key of each *latest* channel of `group`: channel by channel, and in the order of `seq`
        within a channel.

        Raises `errors.Unavailable` if the bus is unreachable.
        """

    def lease(self, name: str) -> AbstractAsyncContextManager[None]:
        """Hold the cluster's only lease for the job `name`.

        Entering the context waits until the lease is free; the body of the context is cancelled if the lease is lost.
        A single process always has the lease.
        """
