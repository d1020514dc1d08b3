"""The epoch of positions (protocol §2), which belongs to the database and outlives the server."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from msgspec import Struct
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from duelcast.clock import Clock
from duelcast.store.statements import portions
from duelcast.store.tables import channel_positions, epochs

FLOOR_INTERVAL_S = 60.0
FLOOR_AHEAD_S = 24 * 3600.0
"""How often a commit raises the floor of *latest* channels, and how far ahead of the clock it sets the floor."""
NUMBERS_PER_START = int(FLOOR_INTERVAL_S * 1e6)
"""How far a start raises the floor: more numbers than it issues on a channel before a commit raises the floor again."""


class Epoch(Struct, frozen=True):
    """The epoch of a start. If it `is_new`, no earlier position is valid. *Latest* channels are numbered above
    `latest_floor`. `block_used` says whether a killed server may have broadcast reserved numbers of urgent channels
    without storing them."""

    name: str
    starts: int
    latest_floor: int
    block_used: bool
    is_new: bool


class Seen(NamedTuple):
    """The positions of *every* channels that other nodes know: the number of the newest message of each channel, by the
    channel's name. `is_complete` says whether no node has seen a later one, except that positions may be missing which
    were reached before `numbers` numbers had been issued on all channels."""

    positions: Mapping[str, int]
    is_complete: bool
    numbers: int


class Stored(NamedTuple):
    """The state of the database itself at a start: the number of starts and of issued numbers, and its identity at the
    last start: cluster, database, table, timeline (None for an SQLite file, and before the first start). `lacks_seen`
    says whether a number that was seen is neither stored nor reserved; None if nobody knows."""

    starts: int
    numbers: int
    identity: tuple[int, int, int, int] | None
    lacks_seen: bool | None = None


class Judgement(NamedTuple):
    """`is_same`: no number that was ever broadcast is missing from the database, so positions remain valid.
    `block_used` as in `Epoch`. `identity`: columns of `epochs` to be stored."""

    is_same: bool
    block_used: bool
    identity: Mapping[str, Any]


class EpochMark(Protocol):
    """Evidence outside the tables that the database is still the one that issued the numbers of its clients. It
    outlives the process, and is lost or contradicts the tables if a copy replaces the database."""

    def judge(self, stored: Stored) -> Judgement:
        """Compare the evidence with the tables."""

    def started(self, starts: int, numbers: int) -> None:
        """Record a start, after COMMIT. Raises `ConfigurationError`."""

    def stopped(self, starts: int, numbers: int, *, block_used: bool) -> None:
        """Record a stop with everything committed. Raises `ConfigurationError`."""

    def set(self, used: bool) -> None:
        """Record whether reserved numbers are in use; needs no free space on the disk."""


async def begin_epoch(connection: AsyncConnection, mark: EpochMark, now_us: int, seen: Seen | None = None) -> Epoch:
    """Count a start, and return the epoch, which is new unless `mark` judges the database to be the same, and it has
    everything that was `seen`. Call `mark.started` after COMMIT."""
    row = (await connection.execute(select(epochs))).one()
    numbers = await given_numbers(connection)
    identity = row.cluster_id, row.database_oid, row.table_oid, row.timeline
    lacks_seen = None if seen is None else await _lacks(connection, numbers, seen)
    judgement = mark.judge(Stored(row.starts, numbers, None if None in identity else identity, lacks_seen))
    is_same = judgement.is_same and not lacks_seen
    # Which reserved numbers are in use is known if everything that was seen is known.
    is_block_known = seen is not None and seen.is_complete
    epoch = Epoch(
        name=row.epoch if is_same else new_epoch(),
        starts=row.starts + 1,
        latest_floor=max(row.latest_floor, now_us),
        block_used=is_same and judgement.block_used and not is_block_known,
        is_new=not is_same,
    )
    # Numbers above the floor are issued from now on, perhaps without another commit: the next start must not issue them
    # again.
    values = {"epoch": epoch.name, "starts": epoch.starts, "latest_floor": epoch.latest_floor + NUMBERS_PER_START}
    await connection.execute(update(epochs).values({**values, **judgement.identity}))
    return epoch


async def _lacks(connection: AsyncConnection, numbers: int, seen: Seen) -> bool | None:
    """See `Stored.lacks_seen`; `numbers` is how many were issued."""
    if numbers < seen.numbers:
        return True
    columns = channel_positions.c
    for some in portions(seen.positions):
        query = select(columns.channel, columns.seq, columns.reserved).where(columns.channel.in_(some))
        issued = {name: max(seq, reserved) for name, seq, reserved in await connection.execute(query)}
        if any(seen.positions[name] > issued.get(name, 0) for name in some):
            return True
    return False if seen.is_complete else None


async def given_numbers(connection: AsyncConnection) -> int:
    """How many numbers have ever been issued on *every* channels."""
    return int(await connection.scalar(select(func.coalesce(func.sum(channel_positions.c.seq), 0))) or 0)


class LatestFloor:
    """Ensures that the next start numbers *latest* channels above all issued numbers, even if the clock is set back."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._due_s = clock.monotonic()

    async def raise_if_due(self, connection: AsyncConnection) -> None:
        """Raise the stored floor, with a commit every `FLOOR_INTERVAL_S`."""
        now_s = self._clock.monotonic()
        if now_s < self._due_s:
            return
        self._due_s = now_s + FLOOR_INTERVAL_S
        floor = int((self._clock.time() + FLOOR_AHEAD_S) * 1e6)
        await connection.execute(update(epochs).where(epochs.c.latest_floor < floor).values(latest_floor=floor))


def new_epoch() -> str:
    """A random epoch: 16 characters of `A-Za-z0-9_-`."""
    return secrets.token_urlsafe(12)
