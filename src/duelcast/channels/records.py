"""The entries of the shared log, from which every node builds its copy of the channels.

The leader of a term writes entries; all nodes apply them in the order of their ids. An entry is MessagePack,
`[version, [term, number] of the entry before it, time in ms since the epoch, records]`. A field is only ever added at
the end of a record, where an older node ignores it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import msgspec
from msgspec import Struct

from duelcast.channels.broker import Message, Origin
from duelcast.channels.names import Channel, Role

VERSION = 1
"""Incremented with each kind of record that an older node must not skip."""


class EntryId(NamedTuple):
    """The place of an entry: the term of the leader that wrote it, and its number within the term, without gaps."""

    term: int
    number: int

    def __str__(self) -> str:
        return f"{self.term}-{self.number}"

    def next(self) -> EntryId:
        """The id of the entry after this one, in the same term."""
        return EntryId(self.term, self.number + 1)


BEGINNING = EntryId(0, 0)
"""Before every entry."""


class Put(Struct, frozen=True, array_like=True, tag="put", gc=False):
    """A message of `channel`, numbered by the leader."""

    channel: str
    seq: int
    body: bytes
    key: str = ""
    is_tombstone: bool = False
    least_role: int = Role.ANONYMOUS
    origin: tuple[str, str | None] | None = None

    @classmethod
    def of(cls, message: Message) -> Put:
        """The record of `message`."""
        origin = None if message.origin is None else (message.origin.connection_id, message.origin.request_id)
        return cls(
            message.channel.name,
            message.seq,
            message.body,
            message.key,
            message.is_tombstone,
            int(message.least_role),
            origin,
        )

    def message(self, channel: Channel) -> Message:
        """The message, given the channel of that name."""
        origin = None if self.origin is None else Origin(*self.origin)
        role = Role(self.least_role)
        return Message(channel, self.seq, self.body, self.key, self.is_tombstone, origin, role)


class Replace(Struct, frozen=True, array_like=True, tag="replace", gc=False):
    """The message `seq` of an *every* channel has another body from now on, because its text was deleted."""

    channel: str
    seq: int
    body: bytes


class Silence(Struct, frozen=True, array_like=True, tag="silence", gc=False):
    """The last follower left a `SILENT` channel: nothing is published on it, and `seq` is its first position that can
    be recovered again."""

    channel: str
    seq: int


class Forget(Struct, frozen=True, array_like=True, tag="forget", gc=False):
    """No node needs the memory of `channel` any longer."""

    channel: str


FactKey: TypeAlias = tuple[str, str, str]
"""Kind, node and connection; of a channel, no node, and the name of the channel; of the log, neither."""


class Fact(Struct, frozen=True, array_like=True, tag="fact", gc=False):
    """Something about a connection, a channel or the log itself that the next leader must know, too: `value` replaces
    the earlier one of the same kind, node and connection; None ends it."""

    kind: str
    node: str
    connection_id: str
    value: bytes | None

    @property
    def key(self) -> FactKey:
        return self.kind, self.node, self.connection_id


EPOCH: FactKey = ("epoch", "", "")
"""The key of the fact that names the epoch of the positions in the log."""
NUMBERS: FactKey = ("numbers", "", "")
"""The key of the fact that says, in decimal digits, how many numbers of *every* channels the database had issued when
the term began, or when such a channel was forgotten."""
URGENT = "urgent"
"""The kind of facts about urgent channels: the position, in decimal digits, at which the channel began the term."""
RUN: FactKey = ("run", "", "")
"""The key of the fact that names the run of the log's server which has all entries before this fact."""


class News(Struct, frozen=True, array_like=True, tag="news", gc=False):
    """A change of something that every node checks by itself: an account, a session, a setting."""

    topic: str
    value: bytes


Record: TypeAlias = Put | Replace | Silence | Forget | Fact | News


class Entry(Struct, frozen=True, array_like=True, gc=False):
    """An entry of the log. If `after` is not the entry that a node applied last, the node lacks entries. A leader that
    began with empty channels writes its first entry `after` the `BEGINNING`."""

    version: int
    after: EntryId
    at_ms: int
    records: tuple[Record, ...]


class UnknownEntry(Exception):
    """An entry that this version cannot apply; the text is a sentence for operators."""


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Entry)
_decode_head = msgspec.msgpack.Decoder(tuple[int, msgspec.Raw, msgspec.Raw, msgspec.Raw]).decode
_decode_time = msgspec.msgpack.Decoder(int).decode


def encode_entry(after: EntryId, at_ms: int, records: Sequence[Record]) -> bytes:
    """An entry with `records`."""
    return _encoder.encode(Entry(VERSION, after, at_ms, tuple(records)))


def decode_entry(data: bytes) -> Entry:
    """The opposite of `encode_entry`. Raises `UnknownEntry` if a later version wrote it, or if it is damaged."""
    try:
        if (version := _decode_head(data)[0]) > VERSION:
            raise UnknownEntry(
                f"The log was written by a later version of Duelcast (format {version}): update this node."
            )
        return _decoder.decode(data)
    except msgspec.DecodeError:
        raise UnknownEntry("The log has an entry that this version cannot read: is it another program's?") from None


def entry_time_ms(data: bytes) -> int:
    """When an entry was written, in epoch milliseconds by the clock of its leader."""
    return _decode_time(_decode_head(data)[2])
