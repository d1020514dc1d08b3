"""The peer on `websockets`, with its own `broadcast`."""

from __future__ import annotations

from contextlib import suppress

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed

from benchmarks.peers.market import BACKLOG, HOST, Market, Options, answer, read_options, wanted_symbols


async def run(options: Options) -> None:
    """Serve until the process ends."""
    market = Market[ServerConnection](options)

    async def handle(client: ServerConnection) -> None:
        try:
            with suppress(ConnectionClosed):
                async for message in client:
                    if not isinstance(message, str):
                        continue
                    symbols = wanted_symbols(message)
                    if symbols is None:
                        await client.send(message)
                    else:
                        await client.send(answer(symbols))
                        market.follow(client, symbols)
        finally:
            market.forget(client)

    async with serve(
        handle,
        HOST,
        options.port,
        compression="deflate" if options.deflates else None,
        ping_interval=None,
        backlog=BACKLOG,
    ) as server:
        print("listening", flush=True)
        async for followers, text in market.messages():
            broadcast(followers, text)
        await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(run(read_options(__doc__)))
