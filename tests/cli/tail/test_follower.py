"""`duelcast tail` against a scripted server on a real socket."""

from __future__ import annotations

import asyncio
import io
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from duelcast.cli.tail.follower import follow
from duelcast.cli.tail.outputs import Lines
from duelcast.clock import Clock, ManualClock, SystemClock
from tests.client.scripted import Json, Peer, Scripted, price, scripted
from tests.serving import RECEIVE_TIMEOUT_S

UNKNOWN = {"type": "ERROR", "code": "UNKNOWN_CHANNEL", "message": "No."}
RESTART = 1012, "retry_after_ms=1"


class Tail(Lines):
    """A running `duelcast tail --json` whose notices a test can wait for."""

    def __init__(self, url: str, *channels: str, token: str | None = None, clock: Clock | None = None) -> None:
        self.out = io.StringIO()
        super().__init__(self.out, io.StringIO(), raw=True)
        self._notices: asyncio.Queue[str] = asyncio.Queue()
        clock = clock or SystemClock()
        self.task = asyncio.create_task(follow(url, "market-data", list(channels), token, self, clock))

    def notice(self, sentence: str) -> None:
        self._notices.put_nowait(sentence)

    async def next_notice(self) -> str:
        async with asyncio.timeout(RECEIVE_TIMEOUT_S):
            return await self._notices.get()

    async def code(self) -> int:
        """Wait for the end; the exit code."""
        return await asyncio.wait_for(self.task, RECEIVE_TIMEOUT_S)


@asynccontextmanager
async def tailing(server: Scripted, *channels: str) -> AsyncIterator[Tail]:
    tail = Tail(server.url, *channels)
    try:
        yield tail
    finally:
        tail.task.cancel()
        await asyncio.gather(tail.task, return_exceptions=True)


async def established(server: Scripted, tail: Tail, **members: object) -> tuple[Peer, Json]:
    """The next connection, established, and its `subscribe`."""
    peer = await server.peer()
    await peer.greet(**members)
    return peer, await peer.receive_type("subscribe")


async def confirm(peer: Peer, subscribe: Json, channel: str, **members: object) -> None:
    confirmed = {"type": "subscription_confirmed", "channel": channel, "kind": "latest", "epoch": "E1", "seq": 1}
    await peer.answer(subscribe, **{**confirmed, **members})


async def followed(server: Scripted, tail: Tail, *channels: str) -> Peer:
    """A first connection that has the channels and knows their positions."""
    peer, subscribe = await established(server, tail)
    for channel in channels:
        await confirm(peer, subscribe, channel)
    await peer.pong()
    await peer.send(*(price(channel.removeprefix("market."), 1.0, 2) for channel in channels))
    assert await tail.next_notice() == "connected"
    return peer


async def lose(peer: Peer, tail: Tail) -> None:
    await peer.socket.close(*RESTART)
    assert await tail.next_notice() == "The server restarts. Trying again in 0.0 s."


async def test_frames_are_shown_as_received_until_the_server_closes() -> None:
    async with scripted() as server, tailing(server, "market.SOL") as tail:
        peer, _ = await established(server, tail)
        await peer.socket.send('{"type":"MARKET_PRICE", "seq":1}')
        await peer.socket.close(1000)
        assert await tail.code() == 0
        assert tail.out.getvalue().splitlines()[1:] == ['{"type":"MARKET_PRICE", "seq":1}']
        assert await tail.next_notice() == "connected"
        assert await tail.next_notice() == "The server closed the connection normally."


async def test_answers_to_pings_of_the_client_itself_are_not_shown() -> None:
    async with scripted() as server, tailing(server, "market.SOL") as tail:
        peer, _ = await established(server, tail)
        await peer.pong()
        await peer.socket.close(1000)
        await tail.code()
        assert "pong" not in tail.out.getvalue()


async def test_a_reconnect_that_recovers_everything_says_so() -> None:
    async with scripted() as server, tailing(server, "market.SOL", "market.BTC") as tail:
        await lose(await followed(server, tail, "market.SOL", "market.BTC"), tail)
        peer, subscribe = await established(server, tail)
        assert subscribe["channels"][0] == {"channel": "market.SOL", "since": {"epoch": "E1", "seq": 2}}
        await confirm(peer, subscribe, "market.SOL", recovered=True)
        await confirm(peer, subscribe, "market.BTC", recovered=True)
        assert await tail.next_notice() == "reconnected: recovered=true (2 channels)"


async def test_a_reconnect_that_recovers_only_some_channels_counts_the_others() -> None:
    async with scripted() as server, tailing(server, "market.SOL", "market.BTC") as tail:
        await lose(await followed(server, tail, "market.SOL", "market.BTC"), tail)
        peer, subscribe = await established(server, tail)
        await confirm(peer, subscribe, "market.SOL", recovered=False)
        await confirm(peer, subscribe, "market.BTC", recovered=True)
        assert await tail.next_notice() == "reconnected: recovered=false (1 of 2 channels), going on with a snapshot"
        await peer.send({"type": "subscription_confirmed", "channel": "market.BTC", "epoch": "E1", "recovered": False})
        assert await tail.next_notice() == "market.BTC: recovered=false, going on with a snapshot"


@pytest.mark.parametrize("channels", [(), ("market.*",)], ids=["no channels", "a group"])
async def test_a_reconnect_without_positions_goes_on_with_a_snapshot(channels: tuple[str, ...]) -> None:
    async with scripted() as server, tailing(server, *channels) as tail:
        for expected in ("connected", "reconnected, going on with a snapshot"):
            peer = await server.peer()
            await peer.greet()
            for channel in channels:
                await confirm(peer, await peer.receive_type("subscribe"), channel, seq=None)
            assert await tail.next_notice() == expected
            if expected == "connected":
                await lose(peer, tail)


async def test_it_stops_if_the_first_connection_refuses_everything() -> None:
    async with scripted() as server, tailing(server, "market.A", "market.B") as tail:
        peer, subscribe = await established(server, tail)
        await peer.answer(subscribe, **UNKNOWN, field="channels[0]")
        await peer.answer(subscribe, **UNKNOWN, field="channels[1]")
        assert await tail.code() == 1
        notices = [await tail.next_notice() for _ in range(4)]
        assert notices[1:] == [
            "market.A is not followed, but asked for again: UNKNOWN_CHANNEL: No.",
            "market.B is not followed, but asked for again: UNKNOWN_CHANNEL: No.",
            "There is nothing left to follow.",
        ]


async def test_a_channel_that_a_later_connection_refuses_is_waited_for() -> None:
    async with scripted() as server, tailing(server, "market.SOL") as tail:
        await lose(await followed(server, tail, "market.SOL"), tail)
        peer, subscribe = await established(server, tail)
        await peer.answer(subscribe, **UNKNOWN)
        assert (await tail.next_notice()).startswith("market.SOL is not followed, but asked for again")
        assert await tail.next_notice() == "reconnected, going on with a snapshot"
        await confirm(peer, subscribe, "market.SOL", recovered=False)
        assert await tail.next_notice() == "market.SOL: recovered=false, going on with a snapshot"


async def test_it_stops_if_the_server_takes_the_last_channel_away() -> None:
    async with scripted() as server, tailing(server, "market.SOL") as tail:
        peer = await followed(server, tail, "market.SOL")
        await peer.send({"type": "unsubscription_confirmed", "channel": "market.SOL", "reason": "rights"})
        assert await tail.code() == 1
        assert "SUBSCRIPTION_DENIED" in await tail.next_notice()


async def test_a_refusal_that_names_a_time_is_reported_once_and_ends_nothing() -> None:
    clock = ManualClock()
    async with scripted() as server:
        tail = Tail(server.url, "market.SOL", clock=clock)
        peer, subscribe = await established(server, tail)
        for _ in range(2):
            refusal = {"type": "ERROR", "code": "UNAVAILABLE", "message": "Later.", "retryAfterMs": 1_000}
            await peer.answer(subscribe, **refusal)
            await peer.pong()
            await peer.socket.ping()
            subscribe = await asked_again(peer, clock)
        await peer.socket.close(1000)
        assert await tail.code() == 0
        notices = [await tail.next_notice() for _ in range(3)]
        assert notices[1:] == [
            "market.SOL is not followed, but asked for again: UNAVAILABLE: Later.",
            "The server closed the connection normally.",
        ]


async def asked_again(peer: Peer, clock: ManualClock) -> Json:
    """Let time pass until the client subscribes again."""
    asking = asyncio.create_task(peer.receive_type("subscribe"))
    while not asking.done():
        await clock.advance(0.5)
        await asyncio.sleep(0)
    return await asking


@pytest.mark.parametrize("frame", ["not JSON", "[]"])
async def test_text_that_is_not_a_message_is_reported(frame: str) -> None:
    async with scripted() as server, tailing(server, "market.SOL") as tail:
        peer = await server.peer()
        await peer.socket.send(frame)
        assert await tail.next_notice() == "the server sent something that is not a message"
        await peer.socket.close(1000)
        assert (await tail.code(), tail.out.getvalue()) == (0, "")


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (HTTPStatus.UNAUTHORIZED, "The server needs a token. (HTTP 401)"),
        (HTTPStatus.FORBIDDEN, "The server refuses this origin or host name. (HTTP 403)"),
        (HTTPStatus.NOT_FOUND, "The server has no such endpoint. (HTTP 404)"),
    ],
)
async def test_a_server_that_refuses_the_upgrade_ends_it(status: HTTPStatus, said: str) -> None:
    def refuse(socket: ServerConnection, _request: Request) -> Response:
        return socket.respond(status, "")

    async with scripted(refuse) as server, tailing(server, "market.SOL") as tail:
        assert (await tail.code(), await tail.next_notice()) == (1, said)


async def test_a_denied_connection_ends_it() -> None:
    async with scripted() as server, tailing(server, "market.SOL") as tail:
        await (await server.peer()).socket.close(4003)
        assert await tail.code() == 1
        assert (await tail.next_notice()).startswith("Access denied")


async def test_a_token_that_the_server_refuses_twice_ends_it() -> None:
    async with scripted() as server:
        tail = Tail(server.url, "market.SOL", token="a.b.c")
        for _ in range(2):
            peer = await server.peer()
            assert (await peer.receive_type("auth"))["token"] == "a.b.c"
            assert "a.b.c" not in peer.path
            await peer.socket.close(4001)
        assert await tail.code() == 1
        assert (await tail.next_notice()).endswith("Trying again at once.")
        assert (await tail.next_notice()).endswith("Give one with --token.")


async def test_a_server_that_does_not_answer_is_named_without_the_password_of_its_address() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{probe.getsockname()[1]}"
    tail = Tail(f"ws://me:hunter2@{place}/path", clock=ManualClock())
    said = await tail.next_notice()
    tail.task.cancel()
    await asyncio.gather(tail.task, return_exceptions=True)
    assert re.fullmatch(rf"No WebSocket server answers at {place}\. Trying again in 0\.\d s\.", said)


async def test_an_output_that_nobody_reads_any_more_ends_it() -> None:
    class Gone(Tail):
        def message(self, _frame: str, _message: object) -> None:
            raise BrokenPipeError

    async with scripted() as server:
        tail = Gone(server.url, "market.SOL")
        await established(server, tail)
        with pytest.raises(BrokenPipeError):
            await tail.code()
