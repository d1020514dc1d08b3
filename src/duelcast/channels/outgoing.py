"""Messages that a write publishes on *every* channels. They are stored in its transaction and broadcast after
COMMIT."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeAlias, TypeVar

from msgspec import Struct

from duelcast.channels.broker import Origin
from duelcast.channels.names import Channel
from duelcast.wire.messages import Event

T = TypeVar("T")


class Broadcast(Struct, frozen=True, gc=False):
    """A message of an *every* channel. `row_id` is the id of the row whose content it carries; `Erase` finds the
    message by that id."""

    channel: Channel
    event: Event
    origin: Origin | None = None
    row_id: int | None = None


class Erase(Struct, frozen=True, gc=False):
    """Replaces with `event` the messages of `channel` that carry these rows: in the database, in memory, and in
    outboxes that have not sent them yet."""

    channel: Channel
    row_ids: Sequence[int]
    event: Event


Outgoing: TypeAlias = Broadcast | Erase


class Published(Struct, Generic[T], frozen=True, gc=False):
    """The result of a write, and the messages to broadcast after COMMIT, in order."""

    result: T
    outgoing: Sequence[Outgoing]
