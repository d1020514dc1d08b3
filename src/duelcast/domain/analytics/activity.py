"""Active users: those who recently sent something on a connection that is still open. The connections are read through
the port `Traffic`, which the gateway implements."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from msgspec import Struct

from duelcast.channels.names import Role
from duelcast.clock import Clock
from duelcast.domain.analytics.events import MAX_USERS, ActiveUser, ActiveUsers

ACTIVE_S = 300.0
_CONNECTIONS_PER_TURN = 1_000
"""This many connections are examined in about 2 ms; then other tasks run."""


class OpenConnections(Struct, frozen=True, gc=False):
    """A connection of a wallet, or several to one endpoint; then `role` is the highest, and `nickname` that of the
    connection with the latest message. Both times are in seconds of the monotonic clock: when the oldest began, and
    when the last message was received. Connecting counts as a message."""

    nickname: str | None
    role: Role
    endpoint: str
    connected_s: float
    last_message_s: float
    count: int = 1


class Traffic(Protocol):
    """The open connections of this server, of all its nodes together, and the counts of its messages since the
    start."""

    @property
    def received(self) -> int:
        """Messages from clients."""

    @property
    def sent(self) -> int:
        """Messages to clients: replies and pushes."""

    @property
    def loop_lag_s(self) -> float:
        """The most recent delay of the event loop."""

    @property
    def nodes(self) -> int:
        """How many nodes there are."""

    def connection_counts(self) -> Mapping[tuple[str, Role], int]:
        """How many connections there are, by endpoint and role."""

    def wallets(self) -> Sequence[str]:
        """The wallets that have an open connection."""

    def connections_of(self, wallet: str) -> Iterable[OpenConnections]:
        """The open connections of a wallet; none if the wallet has left."""


class _Presence(NamedTuple):
    """The fields of an active user that are compared to find out whether the list has changed."""

    role: str
    zone: str | None
    endpoints: tuple[str, ...]


class Audience(Struct, frozen=True):
    """All active users. `shown` is the list to show; `presences` has the fields to compare (see `_Presence`), by
    wallet."""

    shown: ActiveUsers
    presences: Mapping[str, _Presence]

    @property
    def count(self) -> int:
        return self.shown.count


class Zones:
    """The zones that wallets name. The zone of a wallet is the most recent one that the wallet named on any of its open
    connections."""

    def __init__(self) -> None:
        self._named: dict[str, dict[str, str]] = {}
        """The zones of each wallet by connection, the most recently named last."""
        self.on_change: Callable[[str, str | None], None] = lambda _connection_id, _zone: None
        """Called with a connection and the zone that it has named; None once it has ended."""

    def name(self, wallet: str, connection_id: str, zone: str) -> None:
        """Record that the client of a connection is now in `zone`."""
        zones = self._named.setdefault(wallet, {})
        zones.pop(connection_id, None)
        zones[connection_id] = zone
        self.on_change(connection_id, zone)

    def drop(self, wallet: str, connection_id: str) -> None:
        """Forget a connection that has ended, whether or not it named a zone."""
        zones = self._named.get(wallet)
        if zones is not None and zones.pop(connection_id, None) is not None:
            if not zones:
                del self._named[wallet]
            self.on_change(connection_id, None)

    def of(self, wallet: str) -> str | None:
        """The zone of a wallet, or None if it has none."""
        zones = self._named.get(wallet)
        return None if zones is None else next(reversed(zones.values()))


class Activity:
    """Finds active users by examining all connections on each call."""

    def __init__(self, clock: Clock, traffic: Callable[[], Traffic]) -> None:
        self.zones = Zones()
        self._clock = clock
        self._traffic = traffic

    def count(self) -> int:
        """How many users are active."""
        traffic, since_s = self._traffic(), self._clock.monotonic() - ACTIVE_S
        return sum(
            any(one.last_message_s > since_s for one in traffic.connections_of(wallet)) for wallet in traffic.wallets()
        )

    async def audience(self) -> Audience:
        """The active users. Other tasks can run during the search."""
        traffic = self._traffic()
        users: list[ActiveUser] = []
        presences: dict[str, _Presence] = {}
        looked_at = 0
        for wallet in traffic.wallets():
            connections = list(traffic.connections_of(wallet))
            user = self._user(wallet, connections)
            if user is not None:
                users.append(user)
                presences[wallet] = _Presence(user.role, user.zone, tuple(user.endpoints))
            looked_at += len(connections)
            if looked_at >= _CONNECTIONS_PER_TURN:
                looked_at = 0
                await asyncio.sleep(0)
        shown = heapq.nsmallest(MAX_USERS, users, key=lambda user: (-user.lastActivityMs, user.wallet_address))
        return Audience(ActiveUsers(users=shown, count=len(users)), presences)

    def _user(self, wallet: str, connections: list[OpenConnections]) -> ActiveUser | None:
        """The record of a wallet, or None if the wallet is not active."""
        now_s = self._clock.monotonic()
        latest = max(connections, key=lambda one: one.last_message_s, default=None)
        if latest is None or now_s - latest.last_message_s >= ACTIVE_S:
            return None
        epoch_s = self._clock.time() - now_s
        return ActiveUser(
            wallet_address=wallet,
            nickname=latest.nickname,
            role=max(one.role for one in connections).name.lower(),
            zone=self.zones.of(wallet),
            lastActivityMs=round((epoch_s + latest.last_message_s) * 1000),
            connectedAtMs=round((epoch_s + min(one.connected_s for one in connections)) * 1000),
            connections=sum(one.count for one in connections),
            endpoints=sorted({one.endpoint for one in connections}),
        )
