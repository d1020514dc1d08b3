"""Messages of *every* channels that were committed by a leader that died before the other nodes heard of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from duelcast.store.statements import portions
from duelcast.store.tables import channel_messages


class Unpublished(NamedTuple):
    """A stored message, and the name of its channel."""

    channel: str
    seq: int
    body: bytes


async def find_unpublished(
    transaction: AsyncConnection, positions: Mapping[str, int], urgent: Mapping[str, int]
) -> Sequence[Unpublished] | None:
    """The stored messages above the `positions` of channels, by name, that other nodes have reached, in the order of
    their commits. None if these cannot be found out.

    A leader publishes in the order of its commits, and ids follow that order. So everything after the newest message
    that is known to be published is unpublished, on channels without a known position, too. `urgent` has the stored
    positions of the urgent channels, whose messages may be published before they are stored.
    """
    newest_id = await _newest_id(transaction, [item for item in positions.items() if item[0] not in urgent])
    columns = channel_messages.c
    if newest_id is None:
        ordered = select(columns.id).where(columns.channel.not_in(urgent)).limit(1)
        if await transaction.scalar(ordered) is not None:
            return None
    query = select(columns.channel, columns.seq, columns.body).where(columns.id > (newest_id or 0)).order_by(columns.id)
    found = []
    reached = dict(positions)
    for row in await transaction.execute(query):
        known = reached.get(row.channel)
        if known is not None and row.seq <= known:
            continue
        if known is not None and row.seq > known + 1:
            return None  # retention has deleted what is between them
        reached[row.channel] = row.seq
        found.append(Unpublished(*row))
    if any(reached[name] < seq for name, seq in urgent.items()):
        return None  # a leader that died before it published anything has skipped reserved numbers
    return found


async def stored_bodies(transaction: AsyncConnection, channel: str, above: int, up_to: int) -> Mapping[int, bytes]:
    """The bodies of a channel's stored messages with the numbers `above` < number ≤ `up_to`."""
    columns = channel_messages.c
    query = select(columns.seq, columns.body).where(
        columns.channel == channel, columns.seq > above, columns.seq <= up_to
    )
    return {row.seq: row.body for row in await transaction.execute(query)}


async def _newest_id(transaction: AsyncConnection, messages: Sequence[tuple[str, int]]) -> int | None:
    """The highest id among the stored ones of `messages`, which are given by channel and number."""
    columns = channel_messages.c
    newest: int | None = None
    for some in portions(messages):
        query = select(func.max(columns.id)).where(tuple_(columns.channel, columns.seq).in_(some))
        found = await transaction.scalar(query)
        if found is not None and (newest is None or found > newest):
            newest = found
    return newest
