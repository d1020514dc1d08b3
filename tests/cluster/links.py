"""Both ends of a link, with the loops that keep them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from duelcast.clock import SystemClock
from duelcast.cluster.calls import Methods, Peer
from duelcast.cluster.encryption import LinkTls
from duelcast.cluster.finding import Address
from duelcast.cluster.leader_link import LeaderLink
from duelcast.cluster.link_server import LinkServer
from duelcast.sampling import LogSampler
from duelcast.tasks import cancel
from tests.cluster.nodes import LOCALHOST, At
from tests.three_nodes import CLUSTER_SECRET

SECRET = CLUSTER_SECRET.encode()
CLOCK = SystemClock()


async def _echo(_peer: Peer, body: bytes) -> bytes:
    return body


@asynccontextmanager
async def leader(tls: LinkTls | None = None, *, max_links: int = 1) -> AsyncIterator[LinkServer]:
    """A leader that answers the call `echo`."""
    methods = Methods()
    methods.answering["echo"] = _echo
    server = LinkServer(
        "leader",
        SECRET,
        methods,
        CLOCK,
        max_links=max_links,
        on_lost=lambda _peer: None,
        refusals=LogSampler(CLOCK.monotonic, per_minute=1),
        tls=tls,
    )
    await server.listen(LOCALHOST, 0)
    try:
        yield server
    finally:
        await server.close()


@asynccontextmanager
async def gateway(port: int, tls: LinkTls | None = None, term: int = 0) -> AsyncIterator[LeaderLink]:
    """A gateway that keeps linked to the leader on a port."""
    find = At(Address(LOCALHOST, port, term)).find
    link = LeaderLink(find, "gateway", SECRET, CLOCK, wait_s=60.0, connect_timeout_s=60.0, tls=tls)
    running = asyncio.create_task(link.run())
    try:
        yield link
    finally:
        await cancel([running])
