"""The nodes of the server (protocol §13)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from litestar import get
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from msgspec import Struct

from duelcast.domain.operations.nodes import NodeRole, NodeState
from duelcast.http.callers import admins_only
from duelcast.http.documents import problems
from duelcast.http.parameters import Count
from duelcast.wire.messages import Timestamp
from duelcast.wire.timestamps import format_ms

TheNodes: TypeAlias = NamedDependency[SkipValidation[Callable[[], Sequence[NodeState]]]]


class NodeRecord(Struct):
    """A process of the server."""

    name: str
    """The name of the node."""
    role: NodeRole
    """The role; a server of one process has the role `all`."""
    version: str
    """The version of the program."""
    since: Timestamp
    """Since when the node has had its role."""
    connections: int
    """How many connections are open."""
    lagMs: int | None
    """The age of the oldest entry of the log that the node has not applied yet, in milliseconds: 0 if it has applied
    all, null if that is not known."""
    term: int | None
    """The term of the leader that the node follows; null without a cluster."""


class NodePage(Struct):
    """All nodes, sorted by role and name."""

    data: list[NodeRecord]
    """The nodes."""
    count: Count


@get(
    "/nodes",
    summary="All nodes",
    response_description="The nodes.",
    guards=[admins_only],
    responses=problems(401, 403, 429),
    tags=["Services"],
)
async def list_nodes(nodes: TheNodes) -> NodePage:
    """A server of one process has one node, with the role `all`. For admins."""
    data = [_record(node) for node in sorted(nodes(), key=lambda node: (node.role, node.name))]
    return NodePage(data, len(data))


def _record(node: NodeState) -> NodeRecord:
    return NodeRecord(
        name=node.name,
        role=node.role,
        version=node.version,
        since=format_ms(node.since_ms),
        connections=node.connections,
        lagMs=node.lag_ms,
        term=node.term,
    )
