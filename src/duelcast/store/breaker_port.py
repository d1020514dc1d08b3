"""The port of the store's circuit breaker, which lets commits through or refuses them at once."""

from __future__ import annotations

from typing import Protocol


class Permit(Protocol):
    """Permission for one commit, to which the outcome of the commit is reported."""

    def succeed(self) -> None: ...

    def fail(self) -> None: ...


class BreakerPort(Protocol):
    """Decides whether a commit is attempted."""

    def acquire(self) -> Permit:
        """Return a permit. Raises `errors.CircuitOpen` if no commit is let through at the moment."""


class NoBreaker:
    """Lets every commit through."""

    def acquire(self) -> Permit:
        return self

    def succeed(self) -> None:
        """Do nothing."""

    def fail(self) -> None:
        """Do nothing."""
