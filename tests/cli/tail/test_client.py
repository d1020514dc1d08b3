"""Against a scripted server on a real socket."""

from __future__ import annotations

import asyncio
import io
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from duelcast.cli.tail.client import follow
from duelcast.cli.tail.destination import Destination
from duelcast.cli.tail.follower import ASK_AGAIN_INTERVAL_S
from duelcast.cli.tail.outputs import Lines
from duelcast.cli.tail.targets import Targets
from duelcast.clock import ManualClock, SystemClock

Script = Callable[[ServerConnection], Awaitable[None]]


@asynccontextmanager
async def server(*scripts: Script) -> AsyncIterator[str]:
    """A server that plays one script per connection, in order; yields its address (`ws:`)."""
    waiting = list(scripts)

    async def play(socket: ServerConnection) -> None:
        await waiting.pop(0)(socket)

    async with serve(play, "127.0.0.1", 0) as listening:
        yield f"ws://127.0.0.1:{listening.sockets[0].getsockname()[1]}"


async def tail(url: str, *arguments: str, token: str | None = None) -> tuple[int, list[str], list[str]]:
    """Exit code, lines of output, notices."""
    out, err = io.StringIO(), io.StringIO()
    targets = Targets.parse("market-data", arguments)
    with Lines(out, err, raw=True) as output:
        destination = Destination(url, "market-data", token)
        code = await asyncio.wait_for(follow(destination, targets, output, SystemClock()), 60)
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
    assert notices == ["# connected", "# The server closed the connection normally."]


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
    assert (commands[0]["type"], commands[0]["symbols"]) == ("SUBSCRIBE_SYMBOLS", ["SOL"])
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


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (
            200,
            '{"channels":{"b":{"address":"/api/v69/ws/b"},"a":{"address":"/x/api/v69/ws/a"}}}',
            "; its endpoints are: a, b.",
        ),
        (200, '{"channels":[]}', "."),
        (401, "", "."),
    ],
    ids=["the server tells", "the server tells nonsense", "the server does not tell"],
)
async def test_an_endpoint_that_does_not_exist_ends_it_with_those_there_are(status: int, body: str, told: str) -> None:
    def respond(socket: ServerConnection, request: Request) -> Response:
        return socket.respond(status, body) if request.path == "/asyncapi.json" else socket.respond(404, "")

    async with serve(deny, "127.0.0.1", 0, process_request=respond) as listening:
        code, _, notices = await tail(f"ws://127.0.0.1:{listening.sockets[0].getsockname()[1]}", "SOL")
    assert (code, notices) == (1, [f"# The server has no endpoint `market-data`{told}"])


async def test_where_nothing_is_left_to_follow_it_ends() -> None:
    async def play(socket: ServerConnection) -> None:
        request_id = (await establish(socket))["requestId"]
        await send(socket, type="ERROR", code="INVALID_SYMBOLS", message="None is known.", requestId=request_id)
        await socket.wait_closed()

    async with server(play) as url:
        code, _, notices = await tail(url, "NOPE")
    assert code == 1
    assert notices[1:] == ["# INVALID_SYMBOLS: None is known. (NOPE)", "# There is nothing left to follow."]


async def test_what_the_server_cannot_give_now_is_asked_for_again() -> None:
    clock = ManualClock()
    asked: list[Any] = []

    async def play(socket: ServerConnection) -> None:
        asked.append(await establish(socket))
        request_id = asked[0]["requestId"]
        await send(socket, type="ERROR", code="UNAVAILABLE", message="m", retryAfterMs=1, requestId=request_id)
        await socket.ping()
        await clock.advance(ASK_AGAIN_INTERVAL_S)
        asked.append(json.loads(await socket.recv()))
        await socket.close(1000)

    async with server(play) as url:
        targets = Targets.parse("market-data", ["SOL"])
        with Lines(io.StringIO(), io.StringIO(), raw=True) as output:
            await asyncio.wait_for(follow(Destination(url, "market-data"), targets, output, clock), 60)
    assert [command["symbols"] for command in asked] == [["SOL"], ["SOL"]]


async def test_a_server_that_is_not_there_is_told_without_the_password_of_its_address() -> None:
    told: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    class FirstNotice(Lines):
        def notice(self, sentence: str) -> None:
            told.set_result(sentence)

    place = f"127.0.0.1:{closed_port()}/path"
    destination = Destination(f"ws://me:hunter2@{place}", "market-data")
    output = FirstNotice(io.StringIO(), io.StringIO(), raw=True)
    following = asyncio.create_task(follow(destination, Targets.parse("market-data", []), output, ManualClock()))
    sentence = await asyncio.wait_for(told, 60)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    assert sentence.startswith(f"no WebSocket server answers at ws://{place}, trying again in ")


def closed_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


async def test_a_reader_that_is_gone_ends_it() -> None:
    class Gone(io.StringIO):
        def write(self, _text: str) -> int:
            raise BrokenPipeError

    async def play(socket: ServerConnection) -> None:
        await establish(socket)

    async with server(play) as url:
        with pytest.raises(BrokenPipeError):
            await follow(
                Destination(url, "market-data"),
                Targets.parse("market-data", ["SOL"]),
                Lines(Gone(), io.StringIO(), raw=True),
                SystemClock(),
            )
