"""The connections of gateways that a leader knows, because the domain must be notified when they end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from duelcast.domain.accounts.identity import Identity


class Present(NamedTuple):
    """A connection: its node, its endpoint, and the identity that it had last."""

    node: str
    endpoint: str
    identity: Identity | None


class Presence:
    """A connection is present from its first command until it ends."""

    def __init__(self) -> None:
        self._present: dict[str, Present] = {}
        self._by_node: dict[str, set[str]] = {}
        self._unnamed: dict[str, set[str]] = {}
        """By node, the connections that the node has not named since its introduction began."""

    def find(self, connection_id: str) -> Present | None:
        """The connection; None if it is not present."""
        return self._present.get(connection_id)

    def note(self, connection_id: str, present: Present) -> None:
        """Add a connection, or replace what is known about it."""
        self._present[connection_id] = present
        self._by_node.setdefault(present.node, set()).add(connection_id)

    def remove(self, connection_id: str) -> None:
        """Forget a connection that has ended."""
        present = self._present.pop(connection_id)
        connections = self._by_node[present.node]
        connections.remove(connection_id)
        if not connections:
            del self._by_node[present.node]

    def nodes(self) -> Iterable[str]:
        """The nodes of all connections."""
        return list(self._by_node)

    # ── introductions ───────────────────────────────────────────────────────────────────────────────────────────

    def begin_naming(self, node: str) -> None:
        """A node begins to name all its connections."""
        self._unnamed[node] = set(self._by_node.get(node, ()))

    def name(self, node: str, connection_id: str) -> None:
        """A node has this connection."""
        self._unnamed.get(node, set()).discard(connection_id)

    def end_naming(self, node: str) -> list[tuple[str, Present]]:
        """A node has named all its connections. Returns the others, which have ended."""
        unnamed = self._unnamed.pop(node, set())
        return [(one, self._present[one]) for one in unnamed if one in self._present]
