"""The peer on aiohttp, which sends to one follower after the other."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import uvloop
from aiohttp import WSMsgType, web

from benchmarks.peers.market import BACKLOG, HOST, Market, Options, answer, read_options, wanted_symbols


async def run(options: Options) -> None:
    """Serve until the process ends."""
    market = Market[web.WebSocketResponse](options)

    async def handle(request: web.Request) -> web.WebSocketResponse:
        client = web.WebSocketResponse(compress=False)
        await client.prepare(request)
        try:
            with suppress(ConnectionError):
                async for message in client:
                    if message.type is not WSMsgType.TEXT:
                        continue
                    symbols = wanted_symbols(message.data)
                    if symbols is None:
                        await client.send_str(message.data)
                    else:
                        await client.send_str(answer(symbols))
                        market.follow(client, symbols)
        finally:
            market.forget(client)
        return client

    application = web.Application()
    application.add_routes([web.get("/{path:.*}", handle)])
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, HOST, options.port, backlog=BACKLOG).start()
    print("listening", flush=True)
    async for followers, text in market.messages():
        # A copy, because followers may come and go while we wait for one of them.
        for client in tuple(followers):
            # A client that has gone is forgotten by its own handler.
            with suppress(ConnectionError):
                await client.send_str(text)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(run(read_options(__doc__)))
