"""`duelcast tail` against real servers: it shows what they send, and comes back to them."""

from __future__ import annotations

import asyncio
import os
import pty
import signal
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from duelcast.channels.names import Role
from duelcast.clock import SystemClock
from duelcast.domain.accounts.tokens import TokenIssuer
from tests.e2e.process import COMMAND, Server, Tail, environment, free_port, kill, serving, tailing
from tests.serving import SECRET

pytestmark = [pytest.mark.process, pytest.mark.asyncio(loop_scope="module")]

LIVELY: dict[str, Any] = {"feed": "simulated?seed=1&interval_ms=20"}
SYMBOLS = ("SOL", "BTC")
OTHER_CLIENTS = 10
SUBSCRIBE_ALL = '{"type":"SUBSCRIBE_SYMBOLS","symbols":["*"]}'


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """A server that the tests share which leave it running."""
    async with serving(tmp_path_factory.mktemp("server"), **LIVELY) as server:
        yield server


def ws_base(server: Server) -> str:
    return f"ws://127.0.0.1:{server.port}"


async def moving_prices(tail: Tail, times: int = 2) -> dict[str, set[float]]:
    """Read frames until each symbol has had `times` different prices."""
    seen: dict[str, set[float]] = {symbol: set() for symbol in SYMBOLS}
    while min(len(prices) for prices in seen.values()) < times:
        frame = await tail.frame()
        if frame["type"] == "MARKET_PRICE":
            seen[frame["data"]["symbol"]].add(frame["data"]["price"])
    return seen


@asynccontextmanager
async def load(server: Server) -> AsyncIterator[None]:
    """Other clients, of every symbol, connected for as long as the server lives."""

    async def read(ws: ClientConnection) -> None:
        with suppress(ConnectionClosed):
            async for _ in ws:
                pass

    async with AsyncExitStack() as stack:
        readers = []
        for _ in range(OTHER_CLIENTS):
            ws = await stack.enter_async_context(connect(server.ws_url("market-data"), compression=None, proxy=None))
            await ws.send(SUBSCRIBE_ALL)
            readers.append(asyncio.create_task(read(ws)))
        yield
        await asyncio.gather(*readers)


# ── a server that dies ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_after_a_kill_tail_comes_back_is_told_of_the_loss_and_goes_on_with_a_snapshot(tmp_path: Path) -> None:
    port = free_port()
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(serving(tmp_path, port=port, **LIVELY))
        tail = await stack.enter_async_context(tailing(tmp_path, ws_base(first), "market-data", *SYMBOLS, "--json"))
        await stack.enter_async_context(load(first))
        epoch = (await frames_until(tail, "connection_established"))[-1]["epoch"]
        await moving_prices(tail)
        assert await tail.notice() == "# connected"

        first.signal(signal.SIGKILL)
        assert await first.ended() == -signal.SIGKILL
        assert (await tail.notice()).startswith("# The connection was lost. Trying again in ")
        await stack.enter_async_context(serving(tmp_path, port=port, **LIVELY))

        told = (await tail.notices_until("recovered="))[-1]
        assert told == "# reconnected: recovered=false (4 of 4 channels), going on with a snapshot"
        assert (await frames_until(tail, "connection_established"))[-1]["epoch"] == epoch
        confirmed = [await confirmation(tail) for _ in range(4)]
        assert {frame["channel"] for frame in confirmed} == {
            f"{family}.{symbol}" for family in ("market", "metadata") for symbol in SYMBOLS
        }
        assert [frame["recovered"] for frame in confirmed] == [False] * 4
        assert {frame["epoch"] for frame in confirmed} == {epoch}
        await moving_prices(tail, times=3)


async def test_after_a_kill_a_tail_of_a_channel_that_is_behind_a_welcome_goes_on(tmp_path: Path) -> None:
    port, token = free_port(), TokenIssuer(SystemClock(), SECRET).issue("ann", Role.USER)
    settings: dict[str, Any] = {"feed": "none", "jwt_secret": SECRET}
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(serving(tmp_path, port=port, **settings))
        what = "contest", "public.contests", "--token", token, "--json"
        tail = await stack.enter_async_context(tailing(tmp_path, ws_base(first), *what))
        assert [frame["type"] for frame in await frames_until(tail, "subscription_confirmed")][:2] == [
            "auth_success",
            "welcome",
        ]
        first.signal(signal.SIGKILL)
        await first.ended()
        await stack.enter_async_context(serving(tmp_path, port=port, **settings))
        await tail.notices_until("reconnected")
        assert (await frames_until(tail, "subscription_confirmed"))[-1]["channel"] == "public.contests"


async def frames_until(tail: Tail, kind: str) -> list[dict[str, Any]]:
    """All frames up to and with the first of a type."""
    frames = []
    while True:
        frames.append(await tail.frame())
        if frames[-1]["type"] == kind:
            return frames


async def confirmation(tail: Tail) -> dict[str, Any]:
    """The next confirmation, with nothing but pushes before it."""
    while True:
        frame = await tail.frame()
        if frame["type"] == "subscription_confirmed":
            return frame
        assert "seq" in frame


async def test_without_json_the_same_is_told_in_lines(tmp_path: Path) -> None:
    port = free_port()
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(serving(tmp_path, port=port, **LIVELY))
        tail = await stack.enter_async_context(tailing(tmp_path, ws_base(first), "market-data", "SOL"))
        for _ in range(3):  # the snapshot is complete before prices move, so that there is something to resume
            await line_with(tail, "SOL  ")
        first.signal(signal.SIGKILL)
        await first.ended()
        await stack.enter_async_context(serving(tmp_path, port=port, **LIVELY))
        await tail.notices_until("recovered=false")
        await line_with(tail, '"recovered":false')
        await line_with(tail, "metadata.SOL#")
        await line_with(tail, "SOL  ")


async def line_with(tail: Tail, part: str) -> None:
    """Read up to a line with `part`."""
    while part not in await tail.line():
        pass


async def test_after_a_drain_tail_waits_as_long_as_it_was_asked_to(tmp_path: Path) -> None:
    port = free_port()
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(
            serving(tmp_path, port=port, drain_floor_ms=0, drain_spread_ms=2000, **LIVELY)
        )
        tail = await stack.enter_async_context(tailing(tmp_path, ws_base(first), "market-data", "SOL", "--json"))
        await frames_until(tail, "connection_established")
        first.signal(signal.SIGTERM)
        assert await first.ended() == 0
        await stack.enter_async_context(serving(tmp_path, port=port, **LIVELY))
        notices = await tail.notices_until("reconnected")
    assert "# The server restarts. Trying again in 1.0 s." in notices


# ── a server that stays ─────────────────────────────────────────────────────────────────────────────────────────────


async def test_raw_frames_are_a_json_object_per_line(server: Server, tmp_path: Path) -> None:
    async with tailing(tmp_path, ws_base(server), "market-data", *SYMBOLS, "--json") as tail:
        assert (await tail.frame())["type"] == "connection_established"
        assert (await tail.frame())["type"] == "subscription_confirmed"
        await moving_prices(tail)


async def test_prices_are_lines_where_there_is_no_terminal(server: Server, tmp_path: Path) -> None:
    async with tailing(tmp_path, ws_base(server), "market-data", "sol") as tail:
        assert await tail.notice() == "# connected"
        lines = [await tail.line() for _ in range(20)]
    assert any("SOL" in line and "simulated" in line for line in lines)
    assert not any(line.startswith("{") for line in lines)


async def test_without_symbols_all_are_followed(server: Server, tmp_path: Path) -> None:
    async with tailing(tmp_path, ws_base(server), "token-data", "--json") as tail:
        tokens = {token["symbol"] for token in (await tail.frame())["data"]}
        priced: set[str] = set()
        while priced < tokens:
            frame = await tail.frame()
            if frame["type"] == "MARKET_PRICE":
                priced.add(frame["data"]["symbol"])
    assert len(tokens) == 40


async def test_a_channel_can_be_followed_by_its_name(server: Server, tmp_path: Path) -> None:
    async with tailing(tmp_path, ws_base(server), "token-data", "token.SOL", "--json") as tail:
        await frames_until(tail, "subscription_confirmed")
        while (frame := await tail.frame()).get("channel") != "token.SOL":
            pass
    assert (frame["type"], frame["data"]["symbol"]) == ("token_data", "SOL")


async def test_an_unknown_channel_is_told(server: Server, tmp_path: Path) -> None:
    async with tailing(tmp_path, ws_base(server), "market-data", "market.NOSUCH") as tail:
        told = await tail.notices_until("UNKNOWN_CHANNEL")
    assert told[-1].startswith("# market.NOSUCH is not followed, but asked for again: UNKNOWN_CHANNEL: ")


async def test_without_a_server_it_goes_on_trying(tmp_path: Path) -> None:
    async with tailing(tmp_path, f"ws://127.0.0.1:{free_port()}", "market-data") as tail:
        assert "Trying again in" in await tail.notice()
        assert "Trying again in" in await tail.notice()
        assert tail.process.returncode is None


async def test_a_terminal_shows_a_table_of_prices(server: Server, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        "tail",
        "market-data",
        *SYMBOLS,
        "--url",
        ws_base(server),
        env=environment(tmp_path) | {"TERM": "xterm", "COLUMNS": "120", "LINES": "40"},
        stdin=DEVNULL,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    screen = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(screen), os.fdopen(ours, "rb", 0)
    )
    try:
        shown = await shown_until(screen, "SOL", "BTC", "volume 24 h", "simulated")
    finally:
        transport.close()
        await kill(process)
    assert "Traceback" not in shown


async def shown_until(screen: asyncio.StreamReader, *parts: str) -> str:
    """Read what a terminal shows until all `parts` were there."""
    shown = ""
    async with asyncio.timeout(60):
        while not all(part in shown for part in parts):
            shown += (await screen.read(65536)).decode(errors="replace")
    return shown
