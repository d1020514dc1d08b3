"""A request in several pieces is read by uvicorn and handed over: nothing may differ after that."""

from __future__ import annotations

import asyncio
import socket

from tests.e2e.raw import upgrade_request
from tests.e2e.slow import until
from tests.serving import running

PIECES_APART_S = 0.02


async def test_who_does_not_read_his_greeting_is_seen_to_be_slow() -> None:
    """The greeting may fill the socket: what goes on with it must be what hears so."""
    async with running(feed="simulated?symbols=2000&interval_ms=100", send_buffer_bytes=4096) as app:
        await until(lambda: len(app.leader.market.symbols()) == 2000)
        with socket.socket() as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.connect(("127.0.0.1", app.port))
            head = upgrade_request(app, "market-data", "?channel=market.*")
            slow.sendall(head[:40])
            await asyncio.sleep(PIECES_APART_S)
            slow.sendall(head[40:])
            await until(lambda: bool(app.node.gateway.sockets))
            (connection,) = app.node.gateway.sockets
            await until(lambda: connection in app.node.gateway.blocked)
            assert connection.outbox.blocked
            held, published = connection.outbox.backlog_bytes(), app.node.hub.stats.published
            await until(lambda: app.node.hub.stats.published > published + 4000)
            assert connection.outbox.backlog_bytes() <= held
