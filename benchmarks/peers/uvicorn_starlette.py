"""The peer on uvicorn and Starlette, which sends to one follower after the other."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketDisconnected

from benchmarks.peers.market import BACKLOG, HOST, Market, Options, answer, read_options, wanted_symbols


def application(options: Options) -> Starlette:
    """The application, which publishes from its start to its end."""
    market = Market[WebSocket](options)

    async def handle(client: WebSocket) -> None:
        await client.accept()
        try:
            with suppress(WebSocketDisconnect, WebSocketDisconnected):
                async for text in client.iter_text():
                    symbols = wanted_symbols(text)
                    if symbols is None:
                        await client.send_text(text)
                    else:
                        await client.send_text(answer(symbols))
                        market.follow(client, symbols)
        finally:
            market.forget(client)

    async def publish() -> None:
        async for followers, text in market.messages():
            # A copy, because followers may come and go while we wait for one of them.
            for client in tuple(followers):
                # A client that has gone is forgotten by its own handler.
                with suppress(WebSocketDisconnect, WebSocketDisconnected):
                    await client.send_text(text)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        publishing = asyncio.create_task(publish())
        yield
        publishing.cancel()

    return Starlette(routes=[WebSocketRoute("/{path:path}", handle)], lifespan=lifespan)


class Server(uvicorn.Server):
    """Prints when it listens, and ends at once on SIGTERM."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        # uvicorn's own handler waits for the clients to leave.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        print("listening", flush=True)


def main() -> None:
    """Serve until the process ends."""
    options = read_options(__doc__)
    config = uvicorn.Config(
        application(options),
        host=HOST,
        port=options.port,
        backlog=BACKLOG,
        loop="uvloop",
        http="httptools",
        ws="auto",
        ws_per_message_deflate=options.deflates,
        ws_ping_interval=None,
        access_log=False,
        log_level="warning",
    )
    Server(config).run()


if __name__ == "__main__":
    main()
