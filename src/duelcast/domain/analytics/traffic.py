"""The connections of this node as analytics needs them. A port: the gateway implements it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from duelcast.channels.names import Role
from duelcast.domain.accounts.identity import Identity


class OpenConnection(Struct, frozen=True, gc=False):
    """A connection of a wallet. Both times are of the monotonic clock, in seconds; connecting counts as a message."""

    identity: Identity
    endpoint: str
    connected_s: float
    last_message_s: float


class Traffic(Protocol):
    """Connections now, and messages since the start."""

    @property
    def received(self) -> int:
        """Messages from clients."""

    @property
    def sent(self) -> int:
        """Messages to clients: replies and pushes."""

    @property
    def loop_lag_s(self) -> float:
        """How late the event loop ran last."""

    def connection_counts(self) -> Mapping[tuple[str, Role], int]:
        """How many connections there are, by endpoint and role."""

    def wallets(self) -> Sequence[str]:
        """Those that have a connection."""

    def connections_of(self, wallet: str) -> Iterable[OpenConnection]:
        """Its open connections; none if it has left."""
