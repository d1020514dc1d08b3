"""The nodes of a server, and their services (protocol §8, §13)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Literal

from msgspec import Struct

from duelcast.clock import Clock
from duelcast.domain.operations.check import CheckResult
from duelcast.domain.operations.events import MANAGED_SERVICE
from duelcast.domain.operations.monitored_service import Declaration, Service, Watching
from duelcast.domain.operations.registry import Registry

NodeRole = Literal["all", "gateway", "leader", "candidate"]

_PREFIX = "node_"
_CHANNEL = MANAGED_SERVICE.channel(_PREFIX).name
"""The beginning of the names of the channels on which nodes are published."""
_NAME_CHARACTERS = 64
_REPORTS = CheckResult(healthy=True, latency_ms=0.0, details="It reports to the leader.")
_SILENT = CheckResult(healthy=False, latency_ms=0.0, details="It does not report to the leader.")


class NodeState(Struct, frozen=True, kw_only=True):
    """A process of the server. It has had its `role` since `since_ms` (epoch milliseconds). `lag_ms` is the age of the
    oldest entry of the log that it has not applied yet, 0 if it has applied all, or None if that is not known; `term`
    is the one whose entries it applies, or None without a cluster. `is_linked` says whether the leader can reach it."""

    name: str
    role: NodeRole
    version: str
    since_ms: int
    connections: int
    lag_ms: int | None = 0
    term: int | None = None
    is_linked: bool = True


class NodeServices:
    """Shows each node as a service named `node_<name>`, whose status is `unknown` while the node is not linked. A node
    whose name is taken by another service is not shown."""

    def __init__(self, registry: Registry, clock: Clock) -> None:
        self._registry = registry
        self._clock = clock
        self._nodes: dict[str, NodeState] = {}
        self._services: dict[str, Service] = {}

    def show(self, nodes: Iterable[NodeState]) -> None:
        """Show these nodes, and no others."""
        now = {service_name(node.name): node for node in nodes}
        for name in self._nodes.keys() - now.keys():
            self._remove(name)
        for name, node in now.items():
            before, self._nodes[name] = self._nodes.get(name), node
            if name not in self._services or before is None or _what(before) != _what(node):
                self._put(name, node)
            elif before != node:
                self._services[name].last_check = _check_of(node)
                self._registry.mark_dirty(self._services[name])

    def remove_others(self, channels: Iterable[str]) -> None:
        """Remove the nodes that an earlier leader published and that are no longer shown; `channels` are the names of
        all channels."""
        found = [channel.removeprefix(_CHANNEL) for channel in channels if channel.startswith(_CHANNEL)]
        for name in [_PREFIX + rest for rest in found]:
            if name not in self._registry:
                self._put(name, NodeState(name=name, role="gateway", version="", since_ms=0, connections=0))
                self._remove(name)

    def _put(self, name: str, node: NodeState) -> None:
        if name not in self._services and name in self._registry:
            return
        declaration = Declaration(
            name=name,
            kind="internal",
            layer="infrastructure",
            display_name=f"{node.role.capitalize()} {node.name}",
            description=f"A node with the role `{node.role}`.",
            version=node.version,
            can_be_switched=False,
        )
        work = Watching(self._clock)
        work.started_at_s = node.since_ms / 1000

        async def check() -> CheckResult:
            return _check_of(self._nodes.get(name)) or _SILENT

        service = Service(declaration, self._clock, check=check, work=work, metrics=lambda: self._figures(name))
        service.last_check = _check_of(node)
        self._services[name] = service
        self._registry.put(service)

    def _remove(self, name: str) -> None:
        self._nodes.pop(name, None)
        if (service := self._services.pop(name, None)) is not None:
            self._registry.remove(service)

    def _figures(self, name: str) -> Mapping[str, float | None]:
        node = self._nodes.get(name)
        if node is None:
            return {}
        return {"connections": node.connections, "lagMs": node.lag_ms, "term": node.term}


def service_name(node: str) -> str:
    """The name of a node's service: as much of the end of the node's name as fits."""
    name = re.sub(r"[^a-z0-9_\-]", "-", node.lower())
    return _PREFIX + name[-(_NAME_CHARACTERS - len(_PREFIX)) :]


def _check_of(node: NodeState | None) -> CheckResult | None:
    """The check that the reports of a node are; None if it has no link to the leader."""
    return _REPORTS if node is not None and node.is_linked else None


def _what(node: NodeState) -> tuple[str, str, int]:
    """The part of a node that its service declares."""
    return node.role, node.version, node.since_ms
