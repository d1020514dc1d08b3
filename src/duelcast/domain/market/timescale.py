"""The scale of the times of receipt, beside that of the wall clock, which somebody may set back."""

from __future__ import annotations

from math import ceil, floor, inf

import msgspec
from msgspec import Struct

from duelcast.store.database import Transaction
from duelcast.store.facts import RECEIPT, find_fact, put_fact


class Bend(Struct, frozen=True):
    """From the moment at which the wall clock was set to `wall_us`, times of receipt go on from `receipt_us`, at `pace`
    (0 to 1) times the speed of the wall clock until that has caught up. Before it the newest one was `last_us`."""

    wall_us: int
    receipt_us: int
    last_us: int
    pace: float

    def receipt_at(self, wall_us: int) -> int:
        return max(wall_us, self.receipt_us + floor((wall_us - self.wall_us) * self.pace))

    def wall_at(self, receipt_us: int) -> int:
        return min(receipt_us, self.wall_us + ceil((receipt_us - self.receipt_us) / self.pace))


class TimeScale(Struct, frozen=True):
    """Both scales in epoch µs; they are the same until the first bend. Bends are in the order in which they came."""

    bends: tuple[Bend, ...] = ()

    def until(self, wall_us: int) -> int:
        """The newest time of receipt that something has which came before the wall clock went beyond `wall_us` for the
        last time."""
        newest: float = inf
        for bend in reversed(self.bends):
            if bend.wall_us <= wall_us:
                return int(min(newest, bend.receipt_at(wall_us)))
            newest = min(newest, bend.last_us)
        return int(min(newest, wall_us))

    def wall(self, receipt_us: int) -> int:
        """When something was received by the wall clock; what came while that was ahead counts as received when it was
        set back, at the latest."""
        latest: float = inf
        for bend in reversed(self.bends):
            if bend.receipt_us <= receipt_us:
                return int(min(latest, bend.wall_at(receipt_us)))
            latest = min(latest, bend.wall_us)
        return int(min(latest, receipt_us))


async def load_scale(transaction: Transaction) -> TimeScale:
    """The scale by which the stored times of receipt go."""
    return (
        TimeScale() if (stored := await find_fact(transaction, RECEIPT)) is None else msgspec.convert(stored, TimeScale)
    )


async def store_scale(transaction: Transaction, scale: TimeScale) -> None:
    await put_fact(transaction, RECEIPT, msgspec.to_builtins(scale))
