"""The gateway, as the analytics see it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from duelcast.channels.names import Role
from duelcast.domain.analytics.activity import OpenConnections, Traffic
from duelcast.gateway.gateway import Gateway


class GatewayTraffic:
    """Reads the gateway, and stores nothing."""

    __slots__ = ("_gateway",)

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    @property
    def received(self) -> int:
        return sum(runtime.dispatcher.received for runtime in self._gateway.endpoints.values())

    @property
    def sent(self) -> int:
        stats = self._gateway.hub.stats
        return stats.delivered + stats.answered

    @property
    def loop_lag_s(self) -> float:
        return self._gateway.loop_lag_s

    @property
    def nodes(self) -> int:
        return 1

    def connection_counts(self) -> Mapping[tuple[str, Role], int]:
        return Counter(
            (connection.runtime.endpoint.name, connection.session.role) for connection in self._gateway.admitted()
        )

    def wallets(self) -> Sequence[str]:
        return self._gateway.wallets()

    def connections_of(self, wallet: str) -> Iterator[OpenConnections]:
        for connection in self._gateway.connections_of(wallet):
            identity = connection.session.identity
            if connection.is_open and identity is not None:
                yield OpenConnections(
                    identity.nickname,
                    identity.role,
                    connection.runtime.endpoint.name,
                    connection.connected_s,
                    connection.last_message_s,
                )


if TYPE_CHECKING:
    _conforms: type[Traffic] = GatewayTraffic
