"""The prices of a moment equal a search through all prices, however they came, were marked and were stored."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path

import uvloop
from hypothesis import given, settings
from hypothesis import strategies as st

from duelcast.domain.market.posted import PostedPrice
from tests.domain.market.market_room import DAY_BEGIN_S, MarketRoom, market_room, ticker
from tests.examples import examples
from tests.store.facts import held
from tests.storing import moved_away

BEGIN_US = int(DAY_BEGIN_S) * 1_000_000
FEED, POSTED = ("F1", "F2"), ("P1", "P2")
SYMBOLS = (*FEED, *POSTED, "NEVER")


def post(room: MarketRoom, symbol: str, price: float) -> asyncio.Task[object]:
    return asyncio.create_task(room.market.post_prices([PostedPrice(symbol=symbol, price=price)]))


class Reference:
    """All prices in the order in which they came, and what the wall clock showed then, searched from the beginning."""

    def __init__(self) -> None:
        self._walls: list[int] = []
        self._prices: dict[str, list[tuple[int, float]]] = {}

    def look(self, wall_us: int) -> None:
        self._walls.append(wall_us)

    def add(self, symbol: str, price: float, wall_us: int) -> None:
        self._prices.setdefault(symbol, []).append((len(self._walls), price))
        self.look(wall_us)

    def at(self, moment_us: int) -> dict[str, tuple[float, int | None]]:
        """The price of each symbol, and what the clock showed when it came, if that was before it passed the moment for
        the last time."""
        count = max((number + 1 for number, wall_us in enumerate(self._walls) if wall_us <= moment_us), default=0)
        return {symbol: self._point(prices, count) for symbol, prices in self._prices.items()}

    def _point(self, prices: list[tuple[int, float]], count: int) -> tuple[float, int | None]:
        by_then = [(price, self._walls[number]) for number, price in prices if number < count]
        return by_then[-1] if by_then else (prices[0][1], None)


class Story:
    """Carries out steps on a real market and on the reference."""

    def __init__(self, room: MarketRoom) -> None:
        self._room = room
        self._feed = room.feed("venue", *FEED)
        self._reference = Reference()
        self._marked: list[int] = []
        self._posting: asyncio.Task[object] | None = None
        self._numbers = itertools.count(1)
        self._is_moved = False

    async def price(self, symbol: str) -> None:
        price = float(next(self._numbers))
        if symbol in FEED:
            self._feed.accept(ticker(price, symbol=symbol))
        else:
            await self.posted()
            self._posting = post(self._room, symbol, price)
            await asyncio.sleep(0)
            await asyncio.sleep(0)  # it has been received, and is on its way to the store
        self._reference.add(symbol, price, self._room.market.wall_us())

    async def posted(self) -> None:
        if self._posting is not None:
            await self._posting
            self._posting = None

    async def wait(self, seconds: float) -> None:
        await self._room.advance(seconds)

    async def step(self, seconds: float) -> None:
        self._room.market.wall_us()
        self._room.clock.step(seconds)
        self._is_moved = True
        self._reference.look(self._room.market.wall_us())

    async def mark(self, ahead_s: float) -> None:
        moment_us = self._room.market.wall_us() + int(ahead_s * 1e6)
        self._room.market.mark(moment_us)
        self._marked.append(moment_us)

    async def flush(self) -> None:
        await self._room.market.close()

    async def ask(self) -> None:
        """Compare all marked moments that have passed."""
        now_us = self._room.market.wall_us()
        for moment_us in self._marked:
            if moment_us < now_us:
                found = await self._found(moment_us)
                await self.posted()
                later = await self._found(moment_us)
                expected = self._reference.at(moment_us)
                if self._is_moved:
                    # What came while the clock was ahead has no other time than that before it was set back.
                    found, later, expected = map(_without_times, (found, later, expected))
                assert later == expected
                # A post that came after the moment, and is on its way to the store, may be seen or not.
                assert found.items() <= expected.items()
                assert {symbol for symbol, (_, received_us) in expected.items() if received_us} <= found.keys()

    async def _found(self, moment_us: int) -> dict[str, tuple[float, int | None]]:
        points = await self._room.market.prices_at(SYMBOLS, moment_us)
        return {
            symbol: (point.price, point.received_us if point.received_us <= moment_us else None)
            for symbol, point in points.items()
        }


def _without_times(points: dict[str, tuple[float, int | None]]) -> dict[str, tuple[float, int | None]]:
    return {symbol: (price, received_us and 1) for symbol, (price, received_us) in points.items()}


steps = st.lists(
    st.one_of(
        st.tuples(st.just("price"), st.sampled_from(FEED)),
        st.tuples(st.just("price"), st.sampled_from(POSTED)),
        st.tuples(st.just("wait"), st.sampled_from([0.25, 0.5, 70.0])),
        st.tuples(st.just("mark"), st.sampled_from([0.0, 0.25, 60.0])),
        st.tuples(st.just("step"), st.sampled_from([-600.0, -45.0, -0.25, 0.25, 45.0])),
        st.tuples(st.sampled_from(["flush", "ask"])),
    ),
    min_size=4,
    max_size=30,
)


@settings(max_examples=examples(150))
@given(steps)
def test_a_marked_moment_has_its_prices_whatever_happens(story: list[tuple[object, ...]]) -> None:
    async def tell() -> None:
        async with market_room() as room:
            told = Story(room)
            for name, *arguments in story:
                await getattr(told, str(name))(*arguments)
            await told.wait(1_000)
            await told.ask()
            await told.posted()

    uvloop.run(tell())


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
        async with held(room.database):
            posting = post(room, "P1", 2.0)
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
