"""The breaker of the store, as a port: it lets commits through, or refuses them at once."""

from __future__ import annotations

from typing import Protocol


class Permit(Protocol):
    """The right to one commit, which tells how it went."""

    def succeed(self) -> None: ...

    def fail(self) -> None: ...


class Guard(Protocol):
    """Decides whether a commit is tried."""

    def acquire(self) -> Permit:
        """Raises `errors.CircuitOpen` where none is let through at the moment."""


class Unguarded:
    """Lets every commit through."""

    def acquire(self) -> Permit:
        return self

    def succeed(self) -> None:
        """Nothing comes of it."""

    def fail(self) -> None:
        """Nothing comes of it."""
