"""Finds the node that leads, by its row in the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import structlog

from duelcast.store.lease import Lease, LeaseUnavailable

log = structlog.get_logger("duelcast.leadership")


class Address(NamedTuple):
    """Where the leader of a term listens for links; the term is 0 if it is not known."""

    host: str
    port: int
    term: int = 0


class Finder(Protocol):
    """Knows where the leader is."""

    async def find(self) -> Address | None:
        """The address of the leader; None if there is none that is ready, or if nobody knows."""

    async def close(self) -> None:
        """Close the connections."""


class LeaderFinder:
    """Looks at a `lease`, without taking it."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._failure: str | None = None

    async def find(self) -> Address | None:
        """The address of the leader; None if there is none that is ready, or if the database cannot be asked."""
        try:
            leader = await self._lease.find()
        except LeaseUnavailable as error:
            if self._failure != str(error):
                log.error("lease_unavailable", reason=str(error))
            self._failure = str(error)
            return None
        self._failure = None
        if leader is None:
            return None
        host, _, port = leader.address.rpartition(":")
        return Address(host.strip("[]"), int(port), leader.term)

    async def close(self) -> None:
        """Close the connection to the database."""
        await self._lease.resign()


if TYPE_CHECKING:
    _conforms: type[Finder] = LeaderFinder
