"""Growing arrays with one row of figures per participant of a board, and the ranking of the rows (protocol §5)."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

_FIRST_CAPACITY = 16

Number = TypeVar("Number", bound=np.generic)
Rows = NDArray[np.intp]


def doubled(column: NDArray[Number]) -> NDArray[Number]:
    """A copy with room for twice as many rows, but at least `_FIRST_CAPACITY`; the new rows are zero.

    The old array is not changed, because a scoring in progress may be reading it.
    """
    grown = np.zeros(max(2 * len(column), _FIRST_CAPACITY), column.dtype)
    grown[: len(column)] = column
    return grown


class Columns:
    """The figures of participants by row; `size` rows are in use.

    `ranks` is 0 for unranked participants. `published_ranks` and `published_values` are the last published figures.
    """

    __slots__ = (
        "entry_ids",
        "entry_times_ms",
        "marked_ranks",
        "published_ranks",
        "published_values",
        "ranked",
        "ranks",
        "size",
        "values",
    )

    def __init__(self) -> None:
        self.size = 0
        self.entry_ids = np.zeros(_FIRST_CAPACITY, np.int64)
        self.entry_times_ms = np.zeros(_FIRST_CAPACITY, np.int64)
        self.values = np.zeros(_FIRST_CAPACITY, np.float64)
        self.ranks = np.zeros(_FIRST_CAPACITY, np.int32)
        self.marked_ranks = np.zeros(_FIRST_CAPACITY, np.int32)
        self.published_ranks = np.zeros(_FIRST_CAPACITY, np.int32)
        self.published_values = np.zeros(_FIRST_CAPACITY, np.float64)
        self.ranked = np.zeros(_FIRST_CAPACITY, np.bool_)

    def new_row(self) -> int:
        """Add a row and return its number; amortised O(1)."""
        if self.size == len(self.values):
            self.entry_ids = doubled(self.entry_ids)
            self.entry_times_ms = doubled(self.entry_times_ms)
            self.values = doubled(self.values)
            self.ranks = doubled(self.ranks)
            self.marked_ranks = doubled(self.marked_ranks)
            self.published_ranks = doubled(self.published_ranks)
            self.published_values = doubled(self.published_values)
            self.ranked = doubled(self.ranked)
        self.size += 1
        return self.size - 1


def rank(
    rows: Rows, values: NDArray[np.float64], entry_times_ms: NDArray[np.int64], entry_ids: NDArray[np.int64]
) -> tuple[Rows, NDArray[np.int32]]:
    """Rank the participants in `rows` by value (competition ranking: 1, 2, 2, 4); the other arrays are indexed by row.

    Returns `rows` in listing order (greatest value first; equal values by entry time, then entry id), and the ranks by
    row, 0 for rows not in `rows`. rank = 1 + number of participants with a strictly greater value.

    The stable sort merges sorted runs, so it is faster if `rows` are nearly in listing order: after a tick that moves
    the prices by 0.1 %, starting from the previous order takes a quarter of the time that any other order takes.
    """
    rows = rows[np.argsort(-values[rows], kind="stable")]
    descending = values[rows]
    is_first = np.ones(len(rows), np.bool_)
    np.not_equal(descending[1:], descending[:-1], out=is_first[1:])
    numbers = np.arange(1, len(rows) + 1, dtype=np.int32)
    ranks = np.maximum.accumulate(np.where(is_first, numbers, np.int32(0)))
    is_tied = ~is_first
    is_tied[:-1] |= ~is_first[1:]
    tied = np.flatnonzero(is_tied)
    if tied.size:
        among = rows[tied]
        rows[tied] = among[np.lexsort((entry_ids[among], entry_times_ms[among], ranks[tied]))]
    by_row = np.zeros(len(values), np.int32)
    by_row[rows] = ranks
    return rows, by_row
