"""A gateway's reports of the wallets that it holds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from math import inf

from duelcast.clock import Clock
from duelcast.cluster.wallet_reports import WALLETS, WALLETS_PER_NOTICE, HeldWallet, OpenAt, WalletReport, encode
from duelcast.domain.analytics.activity import OpenConnections
from duelcast.gateway.gateway import Gateway
from duelcast.gateway.traffic import GatewayTraffic

ACTIVITY_INTERVAL_S = 5.0
"""How often a wallet is reported only because it sent something."""
CONNECTIONS_PER_TURN = 1_000
"""This many connections are examined in about a millisecond; then other tasks run."""


class WalletReporter:
    """Reports the wallets that have changed since the last report, and all wallets to a new leader. `notify` sends a
    notice to the leader."""

    def __init__(
        self, gateway: Gateway, traffic: GatewayTraffic, clock: Clock, notify: Callable[[str, bytes], None]
    ) -> None:
        self._gateway = gateway
        self._traffic = traffic
        self._clock = clock
        self._notify = notify
        self._changed: set[str] = set()
        self._reported: dict[str, float] = {}
        """By reported wallet with connections, when the latest message was received that the leader knows of."""
        self._refilling: dict[str, float] = {}
        """By reported wallet without connections, when its buckets will be full."""
        self._activity_s = clock.monotonic()
        gateway.on_wallet = self._changed.add

    def begin(self) -> None:
        """Report everything, to a leader that knows nothing."""
        self._changed.update(self._gateway.wallets(), self._refilling)
        self._reported.clear()

    def give_up(self) -> None:
        """There is no leader: forget what has changed."""
        self._changed.clear()

    async def report(self) -> None:
        """Report the wallets that have changed. Other tasks can run meanwhile."""
        now_s = self._clock.monotonic()
        if now_s - self._activity_s >= ACTIVITY_INTERVAL_S:
            self._activity_s = now_s
            await self._find_active()
        self._changed.update(wallet for wallet, full_s in self._refilling.items() if full_s <= now_s)
        changed = list(self._changed)
        self._changed.clear()
        held: list[HeldWallet] = []
        gone: list[str] = []
        for number, wallet in enumerate(changed, 1):
            one = self._held(wallet)
            if one is None:
                gone.append(wallet)
            else:
                held.append(one)
            if number % WALLETS_PER_NOTICE == 0 or number == len(changed):
                self._notify(WALLETS, encode(WalletReport(held, gone)))
                held, gone = [], []
                await asyncio.sleep(0)

    async def _find_active(self) -> None:
        examined = 0
        for wallet in self._gateway.wallets():
            connections = self._gateway.connections_of(wallet)
            examined += len(connections)
            if max((one.last_message_s for one in connections), default=-inf) > self._reported.get(wallet, -inf):
                self._changed.add(wallet)
            if examined >= CONNECTIONS_PER_TURN:
                examined = 0
                await asyncio.sleep(0)

    def _held(self, wallet: str) -> HeldWallet | None:
        """The entry for a wallet, which the leader will know; None if the gateway does not hold it."""
        now_s = self._clock.monotonic()
        connections = list(self._traffic.connections_of(wallet))
        if connections:
            self._refilling.pop(wallet, None)
            latest = max(connections, key=lambda one: one.last_message_s)
            self._reported[wallet] = latest.last_message_s
            role = max(one.role for one in connections)
            return HeldWallet(wallet, latest.nickname, role, list(_by_endpoint(connections, now_s)))
        self._reported.pop(wallet, None)
        full_in_s = max(
            runtime.dispatcher.limits.full_in_s(wallet, now_s) for runtime in self._gateway.endpoints.values()
        )
        if full_in_s > 0:
            self._refilling[wallet] = now_s + full_in_s
            return HeldWallet(wallet)
        self._refilling.pop(wallet, None)
        return None


def _by_endpoint(connections: Iterable[OpenConnections], now_s: float) -> Iterator[OpenAt]:
    by_endpoint: dict[str, list[OpenConnections]] = {}
    for one in connections:
        by_endpoint.setdefault(one.endpoint, []).append(one)
    for endpoint, here in by_endpoint.items():
        connected_s = min(one.connected_s for one in here)
        last_message_s = max(one.last_message_s for one in here)
        yield OpenAt(endpoint, len(here), now_s - connected_s, now_s - last_message_s)
