"""The prices of a moment equal a search through all prices, however they came, were marked and were stored."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import AsyncExitStack
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duelcast.domain.market.marks import PricePoint
from duelcast.domain.market.posted import PostedPrice
from tests.domain.market.market_room import DAY_BEGIN_S, MarketRoom, market_room, ticker
from tests.storing import moved_away, opened

BEGIN_US = int(DAY_BEGIN_S) * 1_000_000
US_PER_MINUTE = 60_000_000
FEED, POSTED = ("F1", "F2"), ("P1", "P2")
SYMBOLS = (*FEED, *POSTED, "NEVER")


def post(room: MarketRoom, symbol: str, price: float) -> asyncio.Task[object]:
    return asyncio.create_task(room.market.post_prices([PostedPrice(symbol=symbol, price=price)]))


class Reference:
    """All prices with their times of receipt, searched from the beginning."""

    def __init__(self) -> None:
        self._received: dict[str, list[PricePoint]] = {}

    def add(self, symbol: str, price: float, received_us: int) -> None:
        self._received.setdefault(symbol, []).append(PricePoint(price, received_us))

    def at(self, moment_us: int) -> dict[str, PricePoint]:
        return {symbol: self._point(points, moment_us) for symbol, points in self._received.items()}

    @staticmethod
    def _point(points: list[PricePoint], moment_us: int) -> PricePoint:
        until = [point for point in points if point.received_us <= moment_us]
        if until:
            return until[-1]
        first = points[0]
        minute_us = first.received_us // US_PER_MINUTE * US_PER_MINUTE
        return PricePoint(first.price, max(minute_us, moment_us + 1))


class Story:
    """Carries out steps on a real market and on the reference."""

    def __init__(self, room: MarketRoom) -> None:
        self._room = room
        self._feed = room.feed("venue", *FEED)
        self._reference = Reference()
        self._marked: list[int] = []
        self._posting: asyncio.Task[object] | None = None
        self._numbers = itertools.count(1)

    async def price(self, symbol: str) -> None:
        price = float(next(self._numbers))
        if symbol in FEED:
            self._feed.accept(ticker(price, symbol=symbol))
        else:
            await self.posted()
            self._posting = post(self._room, symbol, price)
            await asyncio.sleep(0)
            await asyncio.sleep(0)  # it has been received, and is on its way to the store
        self._reference.add(symbol, price, self._room.market.receipt_us())

    async def posted(self) -> None:
        if self._posting is not None:
            await self._posting
            self._posting = None

    async def wait(self, seconds: float) -> None:
        await self._room.advance(seconds)

    async def mark(self, ahead_s: float) -> None:
        moment_us = self._room.market.receipt_us() + int(ahead_s * 1e6)
        self._room.market.mark(moment_us)
        self._marked.append(moment_us)

    async def flush(self) -> None:
        await self._room.market.close()

    async def ask(self) -> None:
        """Compare all marked moments that have passed."""
        now_us = self._room.market.receipt_us()
        for moment_us in self._marked:
            if moment_us < now_us:
                found = await self._room.market.prices_at(SYMBOLS, moment_us)
                await self.posted()
                later = await self._room.market.prices_at(SYMBOLS, moment_us)
                expected = self._reference.at(moment_us)
                assert later == expected
                # A post that came after the moment, and is on its way to the store, may be seen or not.
                assert found.items() <= expected.items()
                by_then = {symbol for symbol, point in expected.items() if point.received_us <= moment_us}
                assert by_then <= found.keys()


steps = st.lists(
    st.one_of(
        st.tuples(st.just("price"), st.sampled_from(FEED)),
        st.tuples(st.just("price"), st.sampled_from(POSTED)),
        st.tuples(st.just("wait"), st.sampled_from([0.25, 0.5, 70.0])),
        st.tuples(st.just("mark"), st.sampled_from([0.0, 0.25, 60.0])),
        st.tuples(st.sampled_from(["flush", "ask"])),
    ),
    min_size=4,
    max_size=30,
)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with its tables, made once."""
    path = tmp_path_factory.mktemp("empty") / "duelcast.db"

    async def make() -> None:
        async with opened(path):
            pass

    asyncio.run(make())
    return path


@settings(max_examples=150)
@given(steps)
def test_a_marked_moment_has_its_prices_whatever_happens(empty: Path, story: list[tuple[object, ...]]) -> None:
    async def tell() -> None:
        async with AsyncExitStack() as stack:
            folder = stack.enter_context(TemporaryDirectory(prefix="duelcast-"))
            path = Path(folder) / "duelcast.db"
            copyfile(empty, path)
            told = Story(await stack.enter_async_context(market_room(path=path)))
            for name, *arguments in story:
                await getattr(told, str(name))(*arguments)
            await told.wait(100)
            await told.ask()
            await told.posted()

    asyncio.run(tell())


async def test_after_a_restart_the_store_knows_the_prices_of_a_moment(tmp_path: Path) -> None:
    path = tmp_path / "duelcast.db"
    async with market_room(path=path) as room:
        feed = room.feed("venue", "F1", "F2")
        feed.accept(ticker(1.0, symbol="F1"))
        await room.market.post_prices([PostedPrice(symbol="P1", price=2.0)])
        await room.advance(300)
        moment_us = room.market.receipt_us()
        await room.market.post_prices([PostedPrice(symbol="P1", price=3.0)])
        feed.accept(ticker(4.0, symbol="F2"))
        await room.advance(60)
    async with market_room(path=path, clock=room.clock) as again:
        feed = again.feed("venue", "F1", "F2")
        await again.market.post_prices([PostedPrice(symbol="P1", price=5.0), PostedPrice(symbol="P2", price=6.0)])
        feed.accept(ticker(7.0, symbol="F1"))
        feed.accept(ticker(8.0, symbol="F2"))
        assert await again.market.prices_at(SYMBOLS, moment_us) == {
            "F1": (1.0, BEGIN_US),
            "P1": (3.0, moment_us),
            "F2": (4.0, moment_us),
            "P2": (6.0, moment_us + 60_000_000),
        }


async def test_a_minute_that_is_not_stored_yet_counts_too(tmp_path: Path) -> None:
    async with market_room(path=tmp_path / "duelcast.db") as room:
        feed = room.feed()
        await room.advance(58)
        feed.accept(ticker(3.0))
        await room.market.close()
        await room.advance(1)
        feed.accept(ticker(1.0))
        await room.advance(2)
        moment_us = room.market.receipt_us()
        await room.advance(1)
        feed.accept(ticker(2.0))
        assert await room.market.prices_at(["SOL"], moment_us) == {"SOL": (1.0, BEGIN_US + 59_000_000)}


async def test_what_memory_knows_needs_no_store(tmp_path: Path) -> None:
    path = tmp_path / "duelcast.db"
    async with market_room(path=path) as room:
        room.feed().accept(ticker(1.0))
        await room.advance(60)
        moment_us = room.market.receipt_us()
        room.market.mark(moment_us)
        with moved_away(path):
            assert await room.market.prices_at(["SOL"], moment_us) == {"SOL": (1.0, BEGIN_US)}


async def test_a_post_that_came_in_time_counts_though_it_is_done_after_later_prices() -> None:
    async with market_room() as room:
        feed = room.feed("venue", "F1")
        await post(room, "P1", 1.0)
        moment_us = room.market.receipt_us()
        room.market.mark(moment_us)
        posting = post(room, "P1", 2.0)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await room.advance(1)
        feed.accept(ticker(3.0, symbol="F1"))
        assert room.market.price("P1") == 1.0
        await posting
        await post(room, "P1", 4.0)
        assert await room.market.prices_at(["P1"], moment_us) == {"P1": (2.0, moment_us)}


async def test_an_unmarked_moment_is_kept_no_longer() -> None:
    async with market_room() as room:
        feed = room.feed()
        feed.accept(ticker(1.0))
        moment_us = room.market.receipt_us()
        room.market.mark(moment_us)
        room.market.mark(moment_us)
        await room.advance(1)
        feed.accept(ticker(2.0))
        room.market.unmark(moment_us)
        assert (await room.market.prices_at(["SOL"], moment_us))["SOL"].price == 1.0
        room.market.unmark(moment_us)
        room.market.unmark(moment_us)
        assert (await room.market.prices_at(["SOL"], moment_us))["SOL"].received_us > moment_us
