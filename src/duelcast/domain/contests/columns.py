"""Growing arrays: the figures of each participant of a board, a row each."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

_FIRST_CAPACITY = 16

Number = TypeVar("Number", bound=np.generic)


def doubled(column: NDArray[Number]) -> NDArray[Number]:
    """A copy with room for twice as many rows, or for some if there were none; zero in the new ones.

    The old array stays as it was, for a scoring under way.
    """
    grown = np.zeros(max(2 * len(column), _FIRST_CAPACITY), column.dtype)
    grown[: len(column)] = column
    return grown


class Columns:
    """The figures of participants by row; `size` rows are in use.

    `ranks` is 0 for the unranked. `published_ranks` and `published_values` are those last published.
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
        """The number of a further row; amortised O(1)."""
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
