"""A feed as a service: what those who watch prices see when it is switched, and when its venue dies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import urlsplit

from tests.e2e.market import data_of
from tests.e2e.operations.control_room import (
    CLOSED,
    FAILED,
    HALF_OPENED,
    OPENED,
    RECOVERED,
    ControlRoom,
    alerts,
    control_room,
    of_service,
    of_type,
)
from tests.feeds.made_sessions import made_coinbase_session
from tests.feeds.recorded_exchange import recorded_exchange
from tests.serving import Client, Frame

FEED = "feed_simulated"
STALE_S = 5
PATIENCE_S = 60.0


async def command(operator: Client, service: str, what: str) -> None:
    answer = await operator.ask(type="service_command", serviceName=service, command=what)
    assert answer["result"]["success"] is True, answer


async def after(room: ControlRoom, seconds: float, trader: Client) -> list[Frame]:
    """What a follower of prices is pushed while time passes."""
    await room.clock.advance(seconds)
    return await trader.drain()


async def until(room: ControlRoom, members: Sequence[tuple[Client, list[Frame]]], holds: Callable[[], bool]) -> None:
    """Let time pass, as much as is needed, until `holds`; members keep what they are sent meanwhile."""
    async with asyncio.timeout(PATIENCE_S):
        while not holds():
            await room.clock.advance(0.5)
            for member, frames in members:
                frames += await member.drain()


def symbols(frames: Sequence[Frame]) -> set[str]:
    return {data["symbol"] for data in data_of(list(frames), "MARKET_PRICE")}


def stale(frames: Sequence[Frame]) -> list[bool]:
    return [data["stale"] for data in data_of(list(frames), "MARKET_PRICE")]


def assert_no_gap(frames: Sequence[Frame]) -> None:
    """Each channel goes on in its order, and none was joined anew."""
    assert of_type(frames, "subscription_confirmed") == []
    numbers: dict[str, list[int]] = {}
    for frame in frames:
        if "seq" in frame:
            numbers.setdefault(frame["channel"], []).append(frame["seq"])
    assert numbers
    for one in numbers.values():
        assert one == sorted(set(one))


async def test_who_watches_prices_notices_no_restart() -> None:
    async with (
        control_room(feed_stale_s=STALE_S) as room,
        room.socket("market-data", "ann") as trader,
        room.socket("skyduel") as operator,
    ):
        await trader.ask(type="SUBSCRIBE_SYMBOLS", symbols=["*"])
        frames = await after(room, 2, trader)
        assert data_of(frames, "MARKET_PRICE")
        for number in range(1, 4):
            await command(operator, FEED, "restart")
            assert (await room.do("GET", f"/services/{FEED}"))["restarts"] == number
            news = await after(room, 2, trader)
            assert data_of(news, "MARKET_PRICE")
            frames += news
        assert not any(stale(frames))
        assert_no_gap(frames)
        assert await room.audit(FEED) == [("boss", "admin", "services.restart", "ok")] * 3
        (row, *_) = (await room.do("GET", f"/audit?target={FEED}&wallet=boss"))["data"]
        assert row["details"] == {"command": "restart", "force": False}
        assert row["timestamp"].startswith("2027-01-15T08:00:")


async def test_prices_of_a_stopped_feed_become_stale_until_it_is_started() -> None:
    async with (
        control_room(feed_stale_s=STALE_S) as room,
        room.socket("market-data", "ann") as trader,
        room.socket("skyduel", "root") as operator,
        room.socket("skyduel") as witness,
        room.socket("monitor", "ann") as watcher,
    ):
        await trader.ask(type="SUBSCRIBE_SYMBOLS", symbols=["*"])
        frames = await after(room, 2, trader)
        await witness.ask(type="subscribe_service", serviceName=FEED)
        await command(operator, FEED, "stop")
        assert of_service(await witness.drain(), "service_update", FEED)[-1]["service"]["status"] == "stopped"
        frames += await trader.drain()
        news = await after(room, STALE_S + 1, trader)
        assert stale(news)
        assert all(stale(news))
        status = of_type(await watcher.drain(), "SERVER_STATUS_UPDATE")[-1]["data"]
        assert (status["status"], status["affected"]) == ("degraded", [FEED])
        assert data_of(await after(room, 10, trader), "MARKET_PRICE") == []
        await command(operator, FEED, "start")
        back = await after(room, 5, trader)
        assert stale(back)
        assert not any(stale(back))
        assert_no_gap(frames + news + back)
        status = of_type(await watcher.drain(), "SERVER_STATUS_UPDATE")[-1]["data"]
        assert (status["status"], status["affected"]) == ("online", [])
        assert of_service(await witness.drain(), "service_update", FEED)[-1]["service"]["status"] == "healthy"
        assert await room.audit(FEED) == [
            ("root", "superadmin", f"services.{what}", "ok") for what in ("stop", "start")
        ]


async def test_a_venue_that_dies_is_left_alone_and_read_again_when_it_is_back() -> None:
    session = made_coinbase_session()
    name = f"feed_{session.venue}"
    async with AsyncExitStack() as stack:
        first_life = await stack.enter_async_context(AsyncExitStack())
        venue = await first_life.enter_async_context(recorded_exchange(session))
        venue.start.set()
        room = await stack.enter_async_context(control_room(feed=venue.feed, feed_stale_s=STALE_S, price_interval_ms=0))
        trader = await stack.enter_async_context(room.socket("market-data", "ann"))
        watcher = await stack.enter_async_context(room.socket("circuit-breaker", "ann"))
        prices: list[Frame] = []
        told: list[Frame] = []
        members = ((trader, prices), (watcher, told))
        await trader.ask(type="SUBSCRIBE_SYMBOLS", symbols=["*"])
        await until(
            room, members, lambda: {data["symbol"] for data in data_of(prices, "MARKET_PRICE")} == session.symbols
        )

        await first_life.aclose()
        await until(room, members, lambda: OPENED in alerts(told, name) and any(stale(prices)))
        async with room.socket("circuit-breaker", "bob") as other:
            asked = await other.ask(type="service:health_check", service=name)
        assert (asked["healthy"], asked["circuit_breaker"]["is_open"]) == (False, True)
        shown = await room.do("GET", f"/services/{name}")
        assert (shown["isRunning"], shown["status"]) == (True, "circuit_open")

        async with knocked_at(port_of(venue.ws_url), port_of(venue.http_url)) as knocks:
            for _ in range(10):
                await room.clock.advance(1)
                told += await watcher.drain()
            assert knocks == []
        prices_before = len(prices)
        again = recorded_exchange(session, port=port_of(venue.ws_url), http_port=port_of(venue.http_url))
        venue = await stack.enter_async_context(again)
        venue.start.set()
        await until(room, members, lambda: CLOSED in alerts(told, name) and False in stale(prices[prices_before:]))
        assert (await room.do("GET", f"/services/{name}"))["status"] == "healthy"
        assert_no_gap(prices)
        assert_turned_in_order(alerts(told, name))
        numbers = [frame["seq"] for frame in of_type(told, "service:alert")]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


@asynccontextmanager
async def knocked_at(*ports: int) -> AsyncIterator[list[int]]:
    """The ports at which somebody called, each time that somebody did."""
    knocks: list[int] = []

    def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        knocks.append(writer.get_extra_info("sockname")[1])
        writer.close()

    async with AsyncExitStack() as stack:
        for port in ports:
            server = await stack.enter_async_context(await asyncio.start_server(answer, "127.0.0.1", port))
            assert server.is_serving()
        yield knocks


def port_of(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


def assert_turned_in_order(turns: Sequence[tuple[str, str]]) -> None:
    """Opened, tried any number of times, closed; ill once and well once."""
    breaker = [turn for turn in turns if turn not in (FAILED, RECOVERED)]
    assert breaker[0] == OPENED
    assert breaker[1:-2] == [HALF_OPENED, OPENED] * (len(breaker[1:-2]) // 2)
    assert breaker[-2:] == [HALF_OPENED, CLOSED]
    assert [turn for turn in turns if turn in (FAILED, RECOVERED)] in ([], [FAILED, RECOVERED])
