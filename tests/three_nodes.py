"""A leader and two gateways in the test's own loop, which tests use like a single server (`--nodes three`)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from itertools import cycle

from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from duelcast.app import App
from duelcast.app.gateway_node import GatewayNode
from duelcast.app.leader_node import LeaderNode
from duelcast.app.roles import shared_log_of
from duelcast.channels import log_writer
from duelcast.clock import Clock, SystemClock
from duelcast.cluster import calls
from duelcast.cluster.finding import LeaderFinder
from duelcast.endpoints.kit import Endpoint
from duelcast.endpoints.registry import find_endpoints
from duelcast.http.services import Readiness
from duelcast.settings import Settings
from duelcast.store.choosing import lease_of
from tests.valkey import Valkey

GATEWAYS = 2
CLUSTER_SECRET = "a secret of all nodes, of at least 32 bytes"
LONG_S = 1e9
"""Longer than any manual clock advances."""
_USUAL = calls.SILENCE_LIMIT_S, log_writer.FLUSH_INTERVAL_S
_are_three = False


def set_three(*, three: bool) -> None:
    """Let the servers of tests have three nodes, or one."""
    global _are_three
    _are_three = three
    # A manual clock advances by hours without waiting for sockets, and stands still while records gather.
    calls.SILENCE_LIMIT_S, log_writer.FLUSH_INTERVAL_S = (math.inf, 0.0) if three else _USUAL


def are_three() -> bool:
    """Whether the servers of tests have three nodes."""
    return _are_three


class ThreeNodes(App):
    """The nodes, with those members of a single server that belong to the whole: `leader` is its domain. There is no
    `node`, because tests of one node do not apply.

    Each look at `port`, `ops_port` or `url` finds the next gateway. The log is on a Valkey server of their own.
    """

    def __init__(
        self, settings: Settings, clock: Clock | None = None, *, endpoints: Mapping[str, Endpoint] | None = None
    ) -> None:
        self._valkey = Valkey(settings.data_dir, "--save", "")
        self.settings = settings.model_copy(
            update={
                "broker_url": self._valkey.url,
                "cluster_secret": SecretStr(CLUSTER_SECRET),
                "link_listen": "127.0.0.1:0",
                "leader_wait_s": LONG_S,
                "log_absence_s": LONG_S,
            }
        )
        self.clock = clock or SystemClock()
        self.endpoints = find_endpoints() if endpoints is None else endpoints
        self._log = shared_log_of(self.settings)
        self._leading = LeaderNode(self.settings, self.clock, self.endpoints, self._log, "leader")
        self.leader = self._leading.leader
        self._gateways = [self._gateway(f"gateway-{number}") for number in range(GATEWAYS)]
        self._turns = cycle(self._gateways)

    async def start(self) -> None:
        async with AsyncExitStack() as started:
            started.push_async_callback(self._valkey.kill)
            await self._valkey.start()
            started.push_async_callback(self._log.close)
            await self._leading.start()
            started.push_async_callback(self._leading.stop)
            for gateway in self._gateways:
                await gateway.start()
                started.push_async_callback(gateway.stop)
            self._started = started.pop_all()

    async def stop(self) -> None:
        await self._started.aclose()

    async def settled(self) -> None:
        """Return once every gateway has applied what the leader has published so far."""
        newest = self._leading.writer.newest
        await self._leading.writer.appended(newest)
        for gateway in self._gateways:
            await gateway.reader.applied(newest)

    def readiness(self) -> Readiness:
        """What the leader lacks."""
        return Readiness(missing=self.leader.missing(), failed=self.leader.failed())

    @property
    def registries(self) -> Sequence[CollectorRegistry]:
        """The metrics of each node."""
        return [self._leading.registry, *(gateway.node.registry for gateway in self._gateways)]

    @property
    def port(self) -> int:
        return next(self._turns).port

    @property
    def ops_port(self) -> int | None:
        return next(self._turns).node.ops_port

    @property
    def url(self) -> str:
        return next(self._turns).url

    def _gateway(self, name: str) -> GatewayNode:
        finder = LeaderFinder(lease_of(self.settings, name))
        return GatewayNode(self.settings, self.clock, self.endpoints, shared_log_of(self.settings), finder, name)
