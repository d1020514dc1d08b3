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
from duelcast.wire.timestamps import format_ms

TheNodes: TypeAlias = NamedDependency[SkipValidation[Callable[[], Sequence[NodeState]]]]


class NodeRecord(Struct):
    """A process of the server, which has had its `role` since `since`. `lagMs` is the age of the oldest entry of the
    log that the node has not applied yet: 0 if it has applied all, null if that is not known. `term` is the term of
    the leader that it follows, null without a cluster."""

    name: str
    role: NodeRole
    version: str
    since: str
    connections: int
    lagMs: int | None
    term: int | None


class NodePage(Struct):
    """All nodes, sorted by role and name."""

    data: list[NodeRecord]
    count: int


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
