"""A server whose connections a test makes up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from duelcast.channels.names import Role
from duelcast.domain.analytics.activity import OpenConnections, Traffic


class Quiet:
    """`open` are its connections, by wallet."""

    def __init__(self) -> None:
        self.received = 0
        self.sent = 0
        self.loop_lag_s = 0.0
        self.nodes = 1
        self.open: dict[str, list[OpenConnections]] = {}

    def connection_counts(self) -> Mapping[tuple[str, Role], int]:
        return {}

    def wallets(self) -> Sequence[str]:
        return list(self.open)

    def connections_of(self, wallet: str) -> Iterable[OpenConnections]:
        return self.open.get(wallet, ())

    def connect(self, wallet: str, endpoint: str, now_s: float, role: Role = Role.USER) -> None:
        """Add a connection that has just come."""
        self.open.setdefault(wallet, []).append(OpenConnections(None, role, endpoint, now_s, now_s))


_conforms: type[Traffic] = Quiet
