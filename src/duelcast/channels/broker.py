"""The bus: numbers, keeps and carries the messages of channels.

A port. `memory.MemoryBroker` serves one process; an implementation over a shared server serves many.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from msgspec import Struct

from duelcast.channels.names import Channel, Family, Role


class Position(NamedTuple):
    """A place in a channel: `seq` means something only together with its `epoch`."""

    epoch: str
    seq: int


class Origin(NamedTuple):
    """Who caused a message: a connection of some node, and the `requestId` of its command (None: none sent)."""

    connection_id: str
    request_id: str | None


class Message(Struct, frozen=True, gc=False):
    """A numbered message. `body` is a JSON object without `channel`, `seq` and `requestId`.

    A connection with less than `least_role` is not sent the message, although it may follow its channel.
    """

    channel: Channel
    seq: int
    body: bytes
    key: str = ""
    ends_key: bool = False
    origin: Origin | None = None
    least_role: Role = Role.ANONYMOUS


@dataclass(frozen=True, slots=True)
class Recovery:
    """What a subscriber needs to go on from a position.

    `epoch`, `seq`: the channel's position, with which `messages` end; of a channel without messages the number above
    which its own begin.
    `recovered`: `messages` are exactly what the subscriber missed. False: they are the newest per key of a
    *latest* channel; none of an *every* channel, whose snapshot is its endpoint's.
    """

    epoch: str
    seq: int
    recovered: bool
    messages: Sequence[Message]


class BusListener(Protocol):
    """A node's side of the bus."""

    def deliver(self, message: Message) -> None:
        """Take a message. Called in the order of `seq` within a channel, once for each message."""

    def replace(self, channel: Channel, seq: int, body: bytes) -> None:
        """If the message `seq` is still held, `body` takes the place of its own. Called after its `deliver`."""

    def resynchronise(self) -> None:
        """Messages may have been missed: every position that is held must be recovered anew."""


class StoredMessage(NamedTuple):
    """A message of an *every* channel as it is stored."""

    seq: int
    body: bytes
    age_s: float


class StoredMessages(Protocol):
    """The messages of *every* channels in the database: what recovery reads if memory does not reach back far enough.

    Both raise `errors.Unavailable`.
    """

    async def position(self, channel: Channel) -> int:
        """The number of the newest stored message, 0 if there never was one."""

    async def messages(self, channel: Channel) -> Sequence[StoredMessage]:
        """What is stored, by `seq` and without gaps."""


class Broker(Protocol):
    """Guarantees, whatever the implementation:

    - Order: all listeners get the messages of a channel in the order of `seq`; a listener gets its own node's
      messages like everybody else's.
    - Numbers: the messages of an *every* channel come with theirs, which grow by one; a *latest* channel is numbered
      here, and its numbers grow. Within an `epoch` no `seq` of a channel is given twice, even if the channel was
      forgotten in between. A broker that loses its memory keeps its epoch, numbers *latest* channels above all that
      were given, and calls `resynchronise`.
    - Memory: of a *latest* channel the newest message per key, and those that ended a key for
      `ended_key_retention_s`; of an *every* channel at least `history_messages` messages and `history_s` seconds, and
      behind them what is stored. A channel that is followed is never forgotten; of a *latest* one that is not, as much
      stays as `Unfollowed` says.
    - Recovery without gap: when `recover` or `group_messages` returns, every message up to the positions it names
      has been given to `deliver`.
    """

    @property
    def epoch(self) -> str:
        """1–32 of `A-Za-z0-9_-`; that of the database."""

    def attach(self, listener: BusListener) -> None:
        """Give every message published from now on to `listener`; one listener per node."""

    def publish(
        self,
        channel: Channel,
        body: bytes,
        *,
        key: str = "",
        ends_key: bool = False,
        least_role: Role = Role.ANONYMOUS,
    ) -> None:
        """Number a message of a *latest* channel and hand it on. Never blocks and never raises for the state of the
        bus: `resynchronise` makes good what a lost bus swallows. A message of a `SILENT` channel without followers
        goes nowhere.
        """

    def broadcast(self, channel: Channel, seq: int, body: bytes, origin: Origin | None = None) -> None:
        """Hand on a message of an *every* channel that is stored under `seq`, or will be. Neither blocks nor raises,
        like `publish`. A number that is not above the channel's position is known already, and ignored."""

    def replace(self, channel: Channel, seq: int, body: bytes) -> None:
        """From now on recovery brings `body` in place of that of the message `seq` of an *every* channel: deleted text
        leaves the history, too. Every listener hears of it. Not to be called by a listener.
        """

    def follow(self, channel: Channel) -> None:
        """The node has a subscriber to `channel`; counted. Called before the `recover` of that subscriber."""

    def unfollow(self, channel: Channel) -> None:
        """The counterpart of `follow`."""

    def followed(self, family: Family, subject: str = "") -> Mapping[str, Channel]:
        """The channels of `family` about `subject` that some node follows, by parameter: for what is computed only
        meanwhile."""

    async def recover(self, channel: Channel, since: Position | None = None) -> Recovery:
        """What a subscriber to `channel` needs who handled everything up to `since` (None: nothing).

        Raises `errors.Unavailable` if the bus is out of reach, or the database, if it has to be read.
        """

    async def delivered(self, channel: Channel, seq: int) -> None:
        """Return once every message of the *every* channel up to `seq`, which is committed, was given to `deliver`."""

    async def group_messages(self, group: str) -> Sequence[Message]:
        """The newest messages per key of all *latest* channels of `group`, channel by channel, in `seq` order.

        Raises `errors.Unavailable` where the bus is out of reach.
        """

    def lease(self, name: str) -> AbstractAsyncContextManager[None]:
        """Hold the only permission in the cluster to do the job `name`.

        Entering waits until it is free; the body is cancelled where the lease is lost. One process holds it always.
        """
