"""Ids of trades that were counted already."""

from __future__ import annotations

from collections import deque


class RecentIds:
    """Remembers the newest `capacity` ids."""

    __slots__ = ("_capacity", "_known", "_order")

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._known: set[str] = set()
        self._order: deque[str] = deque()

    def __contains__(self, trade_id: str) -> bool:
        return trade_id in self._known

    def is_new(self, trade_id: str) -> bool:
        """Whether `trade_id` is not among those remembered; it is from now on."""
        if trade_id in self._known:
            return False
        if len(self._order) == self._capacity:
            self._known.discard(self._order.popleft())
        self._known.add(trade_id)
        self._order.append(trade_id)
        return True
