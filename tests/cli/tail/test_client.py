"""Against a scripted server on a real socket."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from duelcast.cli.tail.client import Destination, follow
from duelcast.cli.tail.outputs import Lines
from duelcast.cli.tail.targets import Targets
from duelcast.clock import SystemClock

Script = Callable[[ServerConnection], Awaitable[None]]


@asynccontextmanager
async def server(*scripts: Script) -> AsyncIterator[str]:
    """A server that plays one script per connection, in order; yields its address."""
    waiting = list(scripts)

    async def play(socket: ServerConnection) -> None:
        await waiting.pop(0)(socket)

    async with serve(play, "127.0.0.1", 0) as listening:
        yield f"ws://127.0.0.1:{listening.sockets[0].getsockname()[1]}/api/v69/ws/market-data"


async def tail(url: str, *arguments: str, token: str | None = None) -> tuple[int, list[str], list[str]]:
    """Exit code, lines of output, notices."""
    out, err = io.StringIO(), io.StringIO()
    targets = Targets.parse("market-data", arguments)
    with Lines(out, err, raw=True) as output:
        code = await asyncio.wait_for(follow(Destination(url, token), targets, output, SystemClock()), 10)
    return code, out.getvalue().splitlines(), [text for text in err.getvalue().splitlines() if "lost" not in text]


async def send(socket: ServerConnection, **message: Any) -> None:
    await socket.send(json.dumps(message))


async def establish(socket: ServerConnection, epoch: str = "e1") -> Any:
    """Begin a connection and return the client's first command."""
    await send(socket, type="connection_established", epoch=epoch, positions={})
    return json.loads(await socket.recv())


async def deny(socket: ServerConnection) -> None:
    await socket.close(4003, "")


async def test_it_shows_every_frame_as_it_came_until_the_server_is_done() -> None:
    async def play(socket: ServerConnection) -> None:
        await establish(socket)
        await socket.send('{"type":"MARKET_PRICE", "seq":1}')
        await socket.close(1000)

    async with server(play) as url:
        code, out, notices = await tail(url, "SOL")
    assert code == 0
    assert out[1:] == ['{"type":"MARKET_PRICE", "seq":1}']
    assert notices == ["# connected", "# The server closed the connection: done."]


async def test_after_a_restart_it_comes_back_from_its_positions_and_tells_what_was_recovered() -> None:
    commands: list[Any] = []

    async def restart(socket: ServerConnection) -> None:
        commands.append(await establish(socket))
        await send(socket, type="MARKET_PRICE", channel="market.SOL", seq=7)
        await socket.close(1012, "restart retry_after_ms=1")

    async def come_back(socket: ServerConnection) -> None:
        commands.append(await establish(socket, "e2"))
        await send(socket, type="subscription_confirmed", channel="market.SOL", epoch="e2", seq=2, recovered=False)
        await socket.close(1000)

    async with server(restart, come_back) as url:
        _, _, notices = await tail(url, "SOL")
    assert commands[0] == {"type": "SUBSCRIBE_SYMBOLS", "symbols": ["SOL"]}
    assert commands[1]["channels"][0] == {"channel": "market.SOL", "since": {"epoch": "e1", "seq": 7}}
    assert "# reconnected: recovered=false (1 of 1 channels), going on with a snapshot" in notices


async def test_a_connection_that_is_cut_off_is_opened_again() -> None:
    async def cut(socket: ServerConnection) -> None:
        await establish(socket)
        socket.transport.abort()

    async with server(cut, deny) as url:
        code, _, notices = await tail(url, "SOL")
    assert code == 1
    assert notices[-1].startswith("# Access denied")


async def test_the_token_is_sent_as_a_header_and_not_in_the_address() -> None:
    seen: list[str] = []

    async def play(socket: ServerConnection) -> None:
        assert socket.request is not None
        seen.extend([socket.request.headers["Authorization"], socket.request.path])
        await deny(socket)

    async with server(play) as url:
        await tail(url, "SOL", token="a.b.c")
    assert seen == ["Bearer a.b.c", "/api/v69/ws/market-data"]


@pytest.mark.parametrize("frame", ["not JSON", "[]", b"\x00"], ids=["text", "array", "binary"])
async def test_something_that_is_not_a_message_is_told_and_passed_over(frame: str | bytes) -> None:
    async def play(socket: ServerConnection) -> None:
        await socket.send(frame)
        await socket.close(1000)

    async with server(play) as url:
        code, out, notices = await tail(url, "SOL")
    assert (code, out) == (0, [])
    assert notices[0] == "# the server sent something that is not a message"


async def test_an_endpoint_that_does_not_exist_ends_it() -> None:
    async with serve(
        deny, "127.0.0.1", 0, process_request=lambda socket, _request: socket.respond(404, "")
    ) as listening:
        port = listening.sockets[0].getsockname()[1]
        code, _, notices = await tail(f"ws://127.0.0.1:{port}/", "SOL")
    assert (code, notices) == (1, ["# The server has no such endpoint."])


async def test_a_reader_that_is_gone_ends_it() -> None:
    class Gone(io.StringIO):
        def write(self, _text: str) -> int:
            raise BrokenPipeError

    async def play(socket: ServerConnection) -> None:
        await establish(socket)

    async with server(play) as url:
        with pytest.raises(BrokenPipeError):
            await follow(
                Destination(url, None),
                Targets.parse("market-data", ["SOL"]),
                Lines(Gone(), io.StringIO(), raw=True),
                SystemClock(),
            )
