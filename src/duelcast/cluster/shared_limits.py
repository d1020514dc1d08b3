"""Limits per wallet over several gateways, as one of them keeps them (protocol §1.2, §1.5).

While a wallet has connections to several gateways, each of them reports the units that its own buckets took, and takes
the units that the others report. When a wallet connects to one more gateway, all adjust their buckets once to those
that lack most.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from duelcast.clock import Clock
from duelcast.cluster.calls import Methods, Peer
from duelcast.cluster.wallet_reports import (
    DEBTS,
    ELSEWHERE,
    UNITS,
    Elsewhere,
    UsedUnits,
    decode_elsewhere,
    decode_units,
    encode,
    pieces,
)
from duelcast.gateway.gateway import Gateway
from duelcast.gateway.limits import MessageLimits, Units


class SharedLimits:
    """`notify` sends a notice to the leader."""

    def __init__(self, gateway: Gateway, clock: Clock, notify: Callable[[str, bytes], None]) -> None:
        self._gateway = gateway
        self._clock = clock
        self._notify = notify
        self._limits: dict[str, MessageLimits] = {
            runtime.endpoint.name: runtime.dispatcher.limits for runtime in gateway.endpoints.values()
        }
        self._reported_s = clock.monotonic()

    def add_to(self, methods: Methods) -> None:
        """Take the notices of the leader."""
        methods.noticing[ELSEWHERE] = self._take_elsewhere
        methods.noticing[UNITS] = self._take_units
        methods.noticing[DEBTS] = self._take_debts

    def begin(self) -> None:
        """Share no wallet, until a new leader says which."""
        self._gateway.elsewhere.clear()

    def report(self) -> None:
        """Report the units that shared wallets have used since the last report."""
        since_s, self._reported_s = self._reported_s, self._clock.monotonic()
        shared = self._gateway.elsewhere
        if not shared:
            return
        used: list[UsedUnits] = []
        for endpoint, limits in self._limits.items():
            for wallet in {one for one in limits.used_since(since_s) if one in shared}:
                used += _some(wallet, endpoint, limits.count_units(wallet))
        self._send(UNITS, used)
        for wallet in [one for one in shared if not self._gateway.has_connections(one)]:
            del shared[wallet]

    # ── notices of the leader ───────────────────────────────────────────────────────────────────────────────────

    def _take_elsewhere(self, _peer: Peer, body: bytes) -> None:
        used: list[UsedUnits] = []
        debts: list[UsedUnits] = []
        for entry in decode_elsewhere(body):
            was_shared = entry.wallet in self._gateway.elsewhere
            if self._gateway.has_connections(entry.wallet):
                self._share(entry)
            if entry.is_asked:
                used += self._count(entry.wallet) if was_shared else ()
                debts += self._debts(entry.wallet)
        # The debts include the units: if these came after the debts, another gateway would take them twice.
        self._send(UNITS, used)
        self._send(DEBTS, debts)

    def _share(self, entry: Elsewhere) -> None:
        shared = self._gateway.elsewhere
        if not entry.connections:
            shared.pop(entry.wallet, None)
            return
        if entry.wallet not in shared:
            # The debts include what was used before.
            self._count(entry.wallet)
        shared[entry.wallet] = entry.connections
        self._gateway.close_excess(entry.wallet, entry.earlier)

    def _take_units(self, _peer: Peer, body: bytes) -> None:
        now_s = self._clock.monotonic()
        for wallet, limits, units in self._known(body):
            limits.take_elsewhere(wallet, units, now_s)

    def _take_debts(self, _peer: Peer, body: bytes) -> None:
        now_s = self._clock.monotonic()
        for wallet, limits, debts in self._known(body):
            limits.owe(wallet, debts, now_s)

    def _known(self, body: bytes) -> Iterator[tuple[str, MessageLimits, Units]]:
        """The entries about endpoints and connections of this gateway."""
        for one in decode_units(body):
            limits = self._limits.get(one.endpoint)
            if limits is not None and self._gateway.has_connections(one.wallet):
                yield one.wallet, limits, Units(one.taken, one.refused)

    # ── notices to the leader ───────────────────────────────────────────────────────────────────────────────────

    def _count(self, wallet: str) -> list[UsedUnits]:
        """The units that the buckets of a wallet took since they were last counted."""
        return [
            one
            for endpoint, limits in self._limits.items()
            for one in _some(wallet, endpoint, limits.count_units(wallet))
        ]

    def _debts(self, wallet: str) -> list[UsedUnits]:
        now_s = self._clock.monotonic()
        return [
            one
            for endpoint, limits in self._limits.items()
            for one in _some(wallet, endpoint, limits.debts(wallet, now_s))
        ]

    def _send(self, method: str, units: Sequence[UsedUnits]) -> None:
        for piece in pieces(units):
            self._notify(method, encode(piece))


def _some(wallet: str, endpoint: str, units: Units) -> Iterator[UsedUnits]:
    """The units, unless there are none."""
    if any(units):
        yield UsedUnits(wallet, endpoint, *units)
