"""How a client returns after a gateway that it was connected to has stopped (protocol §1.5)."""

from __future__ import annotations

import time
from typing import NamedTuple

from tests.e2e.ending import retry_after_ms


class Return(NamedTuple):
    """The client was asked to be away for `asked_s`, and was greeted again after `took_s`; meanwhile, so many attempts
    to connect failed."""

    asked_s: float
    took_s: float
    failures: int


class Returns:
    """Those of one client; `done` has those that succeeded."""

    def __init__(self) -> None:
        self.done: list[Return] = []
        self._asked_s: float | None = None
        self._pause_s = 0.0
        self._closed_s = 0.0
        self._failures = 0

    def stopped(self, reason: str) -> None:
        """A gateway that stops has closed the connection, for a reason that says when to return."""
        self._asked_s = self._pause_s = retry_after_ms(reason) / 1_000
        self._closed_s = time.monotonic()
        self._failures = 0

    def failed(self) -> None:
        """An attempt to connect has failed."""
        self._failures += 1

    def given_up(self) -> None:
        """The client has ended a connection itself, so that its next attempt says nothing about its return."""
        self._asked_s = None

    def greeted(self) -> None:
        """The client is connected."""
        if self._asked_s is not None:
            self.done.append(Return(self._asked_s, time.monotonic() - self._closed_s, self._failures))
            self._asked_s = None

    def pause_s(self) -> float:
        """For how long the client must be away before its next attempt."""
        pause_s, self._pause_s = self._pause_s, 0.0
        return pause_s
