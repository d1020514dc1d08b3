"""The wallets of all gateways, as the leader knows them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from msgspec import Struct
from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from duelcast.clock import Clock
from duelcast.cluster.calls import Methods, Peer
from duelcast.cluster.wallet_reports import (
    DEBTS,
    ELSEWHERE,
    UNITS,
    WALLETS,
    Elsewhere,
    HeldWallet,
    UsedUnits,
    decode_report,
    decode_units,
    encode,
    pieces,
)
from duelcast.domain.analytics.activity import OpenConnections


class _Holder(Struct, frozen=True):
    """The connections of a wallet to a gateway, and their number; if there are none, the wallet's buckets are not full
    there."""

    open: tuple[OpenConnections, ...]
    count: int


class _Gateway:
    """A gateway by its present link, and the wallets that it holds."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.wallets: set[str] = set()


_Notices = defaultdict[str, list[Elsewhere]]
"""Entries for gateways, by the names of the gateways."""


class Wallets:
    """Keeps at most `max_wallets` of each gateway. Wallets at a single gateway cost nothing but their memory."""

    def __init__(self, clock: Clock, *, max_wallets: int) -> None:
        self.ignored = 0
        """Reports of wallets beyond `max_wallets`."""
        self._clock = clock
        self._max_wallets = max_wallets
        self._gateways: dict[str, _Gateway] = {}
        self._holders: dict[str, dict[str, _Holder]] = {}
        """By wallet and gateway. Gateways with connections are in the order in which they got the first one."""

    def add_to(self, methods: Methods) -> None:
        """Take the reports of gateways."""
        methods.noticing[WALLETS] = self._take_report
        methods.noticing[UNITS] = lambda peer, body: self._pass_on(UNITS, peer, body)
        methods.noticing[DEBTS] = lambda peer, body: self._pass_on(DEBTS, peer, body)

    def begin(self, peer: Peer) -> None:
        """Begin with nothing of a gateway, which has a new link, and reports all its wallets."""
        self._forget(peer.name)
        self._gateways[peer.name] = _Gateway(peer)

    def lost(self, peer: Peer) -> None:
        """Forget the wallets of a gateway whose link has ended."""
        gateway = self._gateways.get(peer.name)
        if gateway is not None and gateway.peer is peer:
            self._forget(peer.name)

    # ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────

    def wallets(self) -> Sequence[str]:
        """The wallets that gateways hold."""
        return list(self._holders)

    def connections_of(self, wallet: str) -> Iterator[OpenConnections]:
        """The connections of a wallet."""
        for holder in self._holders.get(wallet, {}).values():
            yield from holder.open

    def collect(self) -> Iterator[Metric]:
        """Metrics for Prometheus."""
        yield GaugeMetricFamily(
            "duelcast_wallets", "Wallets with connections to a gateway, or with spent limits there.", len(self._holders)
        )
        yield CounterMetricFamily(
            "duelcast_wallets_ignored",
            "Reports of wallets that were ignored because a gateway has too many.",
            self.ignored,
        )

    # ── reports ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _take_report(self, peer: Peer, body: bytes) -> None:
        report = decode_report(body)
        gateway = self._gateways.get(peer.name)
        if gateway is None or gateway.peer is not peer:
            return
        notices: _Notices = defaultdict(list)
        for held in report.held:
            if held.wallet in gateway.wallets or len(gateway.wallets) < self._max_wallets:
                gateway.wallets.add(held.wallet)
                self._put(peer.name, held, notices)
            else:
                self.ignored += 1
        for wallet in report.gone:
            gateway.wallets.discard(wallet)
            self._remove(peer.name, wallet, notices)
        self._send(notices)

    def _put(self, gateway: str, held: HeldWallet, notices: _Notices) -> None:
        holders = self._holders.setdefault(held.wallet, {})
        before = holders.get(gateway)
        now = _Holder(self._opened(held), sum(one.count for one in held.open))
        had = 0 if before is None else before.count
        is_newcomer = had == 0
        if is_newcomer:
            holders.pop(gateway, None)  # to the end of the order
        holders[gateway] = now
        if len(holders) > 1 and (is_newcomer or now.count != had):
            self._notify_of(held.wallet, notices, newcomer=gateway if is_newcomer else None)

    def _opened(self, held: HeldWallet) -> tuple[OpenConnections, ...]:
        now_s = self._clock.monotonic()
        return tuple(
            OpenConnections(
                held.nickname,
                held.role,
                one.endpoint,
                now_s - one.connected_ago_s,
                now_s - one.last_message_ago_s,
                one.count,
            )
            for one in held.open
        )

    def _remove(self, gateway: str, wallet: str, notices: _Notices) -> None:
        holders = self._holders.get(wallet)
        if holders is None or (before := holders.pop(gateway, None)) is None:
            return
        if not holders:
            del self._holders[wallet]
        elif before.count:
            self._notify_of(wallet, notices)

    def _forget(self, name: str) -> None:
        gateway = self._gateways.pop(name, None)
        if gateway is not None:
            notices: _Notices = defaultdict(list)
            for wallet in gateway.wallets:
                self._remove(name, wallet, notices)
            self._send(notices)

    # ── to gateways ─────────────────────────────────────────────────────────────────────────────────────────────

    def _notify_of(self, wallet: str, notices: _Notices, newcomer: str | None = None) -> None:
        """Add entries about a wallet for its gateways. The buckets of a `newcomer`, which had no connections before,
        must be adjusted to those of the other gateways, and the other way round; one gateway with connections knows as
        much as all of them."""
        holders = self._holders[wallet]
        connected = {name: holder.count for name, holder in holders.items() if holder.count}
        total = sum(connected.values())
        asked = set[str]()
        if newcomer is not None and connected:
            if newcomer in connected and len(connected) > 1:
                asked = {newcomer, next(iter(connected))}
            for name in holders.keys() - connected.keys():
                # From now on, the gateways with connections remember these debts.
                del holders[name]
                self._gateways[name].wallets.discard(wallet)
                notices[name].append(Elsewhere(wallet, total, 0, True))
        earlier = 0
        for name, count in connected.items():
            notices[name].append(Elsewhere(wallet, total - count, earlier, name in asked))
            earlier += count

    def _send(self, notices: _Notices) -> None:
        for name, entries in notices.items():
            gateway = self._gateways.get(name)
            if gateway is not None:
                for piece in pieces(entries):
                    gateway.peer.notify(ELSEWHERE, encode(piece))

    def _pass_on(self, method: str, peer: Peer, body: bytes) -> None:
        """Pass units on to the other gateways that have connections of their wallets."""
        passed: defaultdict[str, list[UsedUnits]] = defaultdict(list)
        for units in decode_units(body):
            for name, holder in self._holders.get(units.wallet, {}).items():
                if holder.count and name != peer.name:
                    passed[name].append(units)
        for name, entries in passed.items():
            self._gateways[name].peer.notify(method, encode(entries))
