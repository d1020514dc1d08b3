"""The state and the traffic of all nodes, which each of them reports to the leader once a second."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from duelcast.channels.names import Role
from duelcast.channels.records import EntryId
from duelcast.cluster.calls import Methods, Peer
from duelcast.cluster.members import Members
from duelcast.cluster.wallets import Wallets
from duelcast.domain.analytics.activity import OpenConnections, Traffic
from duelcast.gateway.connection import Connection
from duelcast.gateway.gateway import Gateway

TRAFFIC = "traffic"
MAX_COUNTS = 1_000
CONNECTIONS_PER_TURN = 1_000
"""This many connections are examined in about a millisecond; then other tasks run."""

Number = Annotated[int, Meta(ge=0, le=2**62)]
EndpointName = Annotated[str, Meta(max_length=64)]


class Report(Struct, array_like=True, frozen=True):
    """The state of a node. `received` and `sent` are counts since its start; `unknown` says how many nonexistent
    channels a wallet follows there, if any. `position` is the entry of the log that it applied last. A gateway of an
    earlier version sends fewer fields."""

    received: Number = 0
    sent: Number = 0
    loop_lag_s: float = 0.0
    connections: Annotated[list[tuple[EndpointName, Role, Number]], Meta(max_length=MAX_COUNTS)] = []
    unknown: dict[str, int] = {}
    role: Literal["gateway", "candidate"] = "gateway"
    version: Annotated[str, Meta(max_length=64)] = ""
    since_ms: Number = 0
    position: EntryId | None = None


class Survey(Struct):
    """The connections of a gateway by endpoint and role, and how many nonexistent channels a wallet follows."""

    connections: Counter[tuple[str, Role]]
    unknown: Counter[str]

    def add(self, connection: Connection) -> None:
        self.connections[connection.runtime.endpoint.name, connection.session.role] += 1
        identity = connection.session.identity
        if identity is not None and connection.subscriptions.unknown:
            self.unknown[identity.wallet] += len(connection.subscriptions.unknown)


async def survey(gateway: Gateway) -> Survey:
    """Examine all connections. Other tasks can run meanwhile."""
    found = Survey(Counter(), Counter())
    for number, connection in enumerate(list(gateway.admitted()), 1):
        if connection.is_open:
            found.add(connection)
        if number % CONNECTIONS_PER_TURN == 0:
            await asyncio.sleep(0)
    return found


def encode_report(report: Report) -> bytes:
    """The body of a report."""
    return _encode(report)


class ReportedTraffic:
    """The sums of what nodes have reported. The connections of a gateway count as long as it is linked."""

    def __init__(self, members: Members, wallets: Wallets) -> None:
        self.received = 0
        self.sent = 0
        self._members = members
        self._wallets = wallets
        self._reports: dict[str, tuple[Peer, Report]] = {}
        """By node, its latest report, and the link on which that came."""
        self._counted: dict[str, tuple[int, int]] = {}
        """By gateway, what was `received` and `sent` at its latest report."""

    def add_to(self, methods: Methods) -> None:
        """Take the reports of nodes."""
        methods.noticing[TRAFFIC] = self._take
        self._wallets.add_to(methods)

    def begin(self, peer: Peer) -> None:
        """Note that a gateway has introduced itself."""
        self._wallets.begin(peer)

    def lost(self, peer: Peer) -> None:
        """Note that a link has ended."""
        self._wallets.lost(peer)
        if peer.name in self._reports and self._reports[peer.name][0] is peer:
            del self._reports[peer.name]
            self._members.lost(peer.name)

    def forget(self, node: str) -> None:
        """Forget a gateway that does not come back."""
        self._counted.pop(node, None)

    @property
    def loop_lag_s(self) -> float:
        return max((report.loop_lag_s for _, report in self._reports.values()), default=0.0)

    @property
    def nodes(self) -> int:
        return len(self._members.present())

    @property
    def connections(self) -> int:
        """How many connections there are."""
        return sum(self.connection_counts().values())

    def connection_counts(self) -> Mapping[tuple[str, Role], int]:
        counts: Counter[tuple[str, Role]] = Counter()
        for _, report in self._reports.values():
            for endpoint, role, count in report.connections:
                counts[endpoint, role] += count
        return counts

    def unknown_followed(self, wallet: str) -> int:
        """How many nonexistent channels a wallet follows, over all gateways."""
        return sum(report.unknown.get(wallet, 0) for _, report in self._reports.values())

    def wallets(self) -> Sequence[str]:
        return self._wallets.wallets()

    def connections_of(self, wallet: str) -> Iterator[OpenConnections]:
        return self._wallets.connections_of(wallet)

    def _take(self, peer: Peer, body: bytes) -> None:
        report = _decode(body)
        # A gateway that has worked under an earlier leader counts from its first report to this one.
        received, sent = self._counted.get(peer.name, (report.received, report.sent))
        self.received += report.received - received
        self.sent += report.sent - sent
        self._counted[peer.name] = report.received, report.sent
        self._reports[peer.name] = peer, report
        self._members.take(
            peer.name,
            report.role,
            report.version,
            since_ms=report.since_ms,
            connections=sum(count for _, _, count in report.connections),
            position=report.position,
        )


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Report).decode

if TYPE_CHECKING:
    _conforms: type[Traffic] = ReportedTraffic
