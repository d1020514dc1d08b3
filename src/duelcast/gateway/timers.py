"""One timer wheel for all connections: thousands of deadlines, one task."""

from __future__ import annotations

from collections.abc import Callable
from types import MethodType
from typing import Any
from weakref import ref

from duelcast.desk.defect import defect

Callback = Callable[[float], None]


class TimerWheel:
    """Calls functions at scheduled times, with a resolution of one second. A call cannot be cancelled; the function
    itself checks whether it still applies.

    Times are monotonic seconds.
    """

    def __init__(self, now: float) -> None:
        self._slots: dict[int, list[tuple[ref[Any] | None, Callable[..., None]]]] = {}
        """Each entry is a function and, if it is a method, a reference to its object. A `WeakMethod` would take 400
        bytes more."""
        self._next_slot = int(now)

    def schedule(self, when: float, callback: Callback) -> None:
        """Call `callback(now)` in the first `advance` at or after `when`. A method is called only if its object still
        exists."""
        slot = max(int(when) + (when > int(when)), self._next_slot)
        due = self._slots.setdefault(slot, [])
        if isinstance(callback, MethodType):
            due.append((ref(callback.__self__), callback.__func__))
        else:
            due.append((None, callback))

    def advance(self, now: float) -> None:
        """Call every callback due at `now`."""
        while self._next_slot <= now:
            due = self._slots.pop(self._next_slot, ())
            self._next_slot += 1
            for reference, function in due:
                try:
                    if reference is None:
                        function(now)
                    elif (owner := reference()) is not None:
                        function(owner, now)
                except Exception as error:
                    # A defect in one callback must not stop the others.
                    defect(error)
            if not self._slots:
                self._next_slot = int(now) + 1
