"""The port to the lease, which decides which node of a cluster leads. `store.postgres.lease` implements it."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class LeaseUnavailable(Exception):
    """The database cannot say who leads. The text is a sentence for operators."""


class Leader(NamedTuple):
    """A node that leads: the number of its term, its name, the address at which it accepts links (`host:port`), and the
    epoch of positions."""

    term: int
    node: str
    address: str
    epoch: str


class Lease(Protocol):
    """Guarantees of every implementation:

    - Terms: each term has a number above all earlier ones, and belongs to one node.
    - Fence: once a term has begun, and its node has opened the database, no transaction of an earlier term is
      committed any more, whatever its node does.
    - Liveness: a term ends if its process ends, or if its node has not renewed it for `duration_s`, by the clock of the
      database. No other clock counts.
    """

    @property
    def duration_s(self) -> float:
        """How long a term lasts after it was renewed."""

    @property
    def term(self) -> int | None:
        """The term of this node; None if it never had one."""

    @property
    def is_lost(self) -> bool:
        """Whether a later term is known to have begun."""

    async def take(self, above: int = 0) -> int | None:
        """Begin a term whose number is greater than `above`, and renew it from now on. If another node leads, wait for
        a moment, and return None if it still does. Raises `LeaseUnavailable`."""

    async def lost(self) -> None:
        """Wait until a later term has begun."""

    async def check(self) -> None:
        """Raises `backend.TermLost` unless the database still has the term of this node, and `LeaseUnavailable`."""

    async def announce(self, address: str, epoch: str) -> None:
        """Let other nodes `find` this one. Raises `backend.TermLost` and `LeaseUnavailable`."""

    async def find(self) -> Leader | None:
        """The node that leads and has announced itself, if there is one. Raises `LeaseUnavailable`."""

    async def vouch(self) -> None:
        """Record that this node, which does not lead, reaches the log. Raises `LeaseUnavailable`."""

    async def is_vouched(self) -> bool:
        """Whether another node has reached the log within the last `duration_s`. Raises `LeaseUnavailable`."""

    async def resign(self) -> None:
        """End the term, if there is one, so that another node can begin one at once; also closes the connection. Never
        raises because of the database."""
