"""Hands the leader's channels to a node that lacks entries of the shared log."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TypeVar

from duelcast.channels.copied import CopiedChannels, DumpedChannel
from duelcast.channels.log_reader import DumpPiece
from duelcast.channels.log_writer import LogWriter
from duelcast.channels.records import Fact, FactKey, News

ITEMS_PER_PIECE = 500
PIECE_BYTES = 1024 * 1024

T = TypeVar("T")


async def dump(
    channels: CopiedChannels,
    writer: LogWriter,
    facts: Mapping[FactKey, bytes],
    news: Callable[[], Iterable[News]] = tuple,
) -> AsyncIterator[DumpPiece]:
    """The leader's channels, facts and `news` in pieces. A piece leaves once the log has everything in it, because a
    node must not know what the next leader would not know. Raises `Fenced`."""
    after, epoch = writer.made, channels.epoch
    known, present = [Fact(*key, value) for key, value in facts.items()], news()
    parts = chain(
        (DumpPiece(after, epoch, facts=some) for some in pieces_of(known, size_of_fact)),
        (DumpPiece(after, epoch, news=some) for some in pieces_of(present, lambda one: len(one.value))),
        (DumpPiece(after, epoch, channels=some) for some in pieces_of(_dumped(channels), _size_of)),
    )
    await writer.appended(writer.newest)
    yield DumpPiece(after, epoch)
    for piece in parts:
        await writer.appended(writer.newest)
        yield piece
    yield DumpPiece(after, epoch, up_to=writer.newest)


def size_of_fact(fact: Fact) -> int:
    """The bytes of its value."""
    return len(fact.value or b"")


def _dumped(channels: CopiedChannels) -> Iterator[DumpedChannel]:
    for name in channels.names():
        one = channels.dump(name)
        if one is not None:
            yield one


def _size_of(dumped: DumpedChannel) -> int:
    return sum(len(put.body) for put in dumped.messages)


def pieces_of(items: Iterable[T], size_of: Callable[[T], int]) -> Iterator[Sequence[T]]:
    """The items by the piece. A piece ends with the item that exceeds `PIECE_BYTES`."""
    some: list[T] = []
    size_bytes = 0
    for item in items:
        some.append(item)
        size_bytes += size_of(item)
        if len(some) == ITEMS_PER_PIECE or size_bytes > PIECE_BYTES:
            yield some
            some, size_bytes = [], 0
    if some:
        yield some
