"""At most one push per key and interval, and the newest always arrives."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duelcast.clock import ManualClock
from duelcast.domain.conflation import Conflator, Throttle

INTERVAL_S = 0.125  # a sum of these is exact


class Board:
    """Values by key, and what was pushed of them: (time, key, value)."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.interval_ms = 125
        self.values: dict[str, int] = {}
        self.pushed: list[tuple[float, str, int]] = []
        self.conflator = Conflator(self.clock, lambda: self.interval_ms, self._push)

    def change(self, key: str, value: int) -> None:
        self.values[key] = value
        self.conflator.offer(key)

    def _push(self, key: str) -> bool:
        self.pushed.append((self.clock.monotonic(), key, self.values[key]))
        return True


@pytest.fixture
async def board() -> AsyncIterator[Board]:
    board = Board()
    work = asyncio.create_task(board.conflator.run())
    yield board
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)


async def test_the_first_change_goes_out_at_once(board: Board) -> None:
    board.change("SOL", 1)
    assert board.pushed == [(0.0, "SOL", 1)]


async def test_later_changes_wait_for_the_end_of_the_interval_and_the_newest_goes_out(board: Board) -> None:
    board.change("SOL", 1)
    await board.clock.advance(0.0625)
    board.change("SOL", 2)
    board.change("SOL", 3)
    await board.clock.advance(0.0624)
    assert len(board.pushed) == 1
    await board.clock.advance(0.0001)
    assert board.pushed[1:] == [(0.125, "SOL", 3)]


async def test_nothing_is_pushed_where_nothing_changed(board: Board) -> None:
    board.change("SOL", 1)
    await board.clock.advance(10)
    assert len(board.pushed) == 1


async def test_keys_do_not_wait_for_each_other(board: Board) -> None:
    board.change("SOL", 1)
    board.change("BTC", 2)
    assert [key for _, key, _ in board.pushed] == ["SOL", "BTC"]


async def test_a_key_does_not_wait_for_one_that_waits_longer(board: Board) -> None:
    board.change("SOL", 1)
    await board.clock.advance(0.0625)
    board.change("BTC", 2)
    board.change("BTC", 3)
    board.change("SOL", 4)
    await board.clock.advance(0.0625)
    assert board.pushed[2:] == [(0.125, "SOL", 4)]
    await board.clock.advance(0.0625)
    assert board.pushed[3:] == [(0.1875, "BTC", 3)]


async def test_a_new_interval_acts_on_the_next_change(board: Board) -> None:
    board.change("SOL", 1)
    board.interval_ms = 0
    board.change("SOL", 2)
    assert [value for _, _, value in board.pushed] == [1, 2]


async def test_offered_for_later_many_keys_go_out_without_holding_up_the_caller(board: Board) -> None:
    for number in range(1_000):
        board.values[str(number)] = number
        board.conflator.offer_later(str(number))
    assert board.pushed == []
    for _ in range(5):
        await board.clock.advance(0)
    assert sorted(value for _, _, value in board.pushed) == list(range(1_000))


async def test_a_push_without_news_begins_no_interval() -> None:
    clock = ManualClock()
    asked: list[str] = []

    def push(key: str) -> bool:
        asked.append(key)
        return False

    conflator = Conflator(clock, lambda: 125, push)
    conflator.offer("SOL")
    conflator.offer("SOL")
    assert asked == ["SOL", "SOL"]


async def test_a_key_that_changes_again_before_it_is_taken_is_taken_once() -> None:
    clock = ManualClock()
    throttle: Throttle[int] = Throttle(clock, lambda: 125)
    for _ in range(3):
        throttle.offer_later(7)
        throttle.offer_later(8)
        await clock.advance(1)
    assert [await throttle.take(), await throttle.take()] == [7, 8]
    taking = asyncio.create_task(throttle.take())
    await clock.advance(10)
    assert not taking.done()
    throttle.offer_later(8)
    assert await taking == 8


async def test_the_interval_of_a_key_begins_when_it_is_taken() -> None:
    clock = ManualClock()
    throttle: Throttle[int] = Throttle(clock, lambda: 125)
    throttle.offer_later(7)
    await clock.advance(1)
    assert await throttle.take() == 7
    throttle.offer_later(7)
    taking = asyncio.create_task(throttle.take())
    await clock.advance(INTERVAL_S / 2)
    assert not taking.done()
    await clock.advance(INTERVAL_S / 2)
    assert await taking == 7


changes = st.lists(st.tuples(st.integers(0, 24), st.sampled_from("ABC")), min_size=1, max_size=60)


@given(changes)
async def test_whatever_the_changes_the_newest_arrives_and_no_interval_has_two(steps: list[tuple[int, str]]) -> None:
    board = Board()
    work = asyncio.create_task(board.conflator.run())
    changed: list[tuple[float, str, int]] = []
    for value, (gap, key) in enumerate(steps):
        await board.clock.advance(gap * INTERVAL_S / 8)
        changed.append((board.clock.monotonic(), key, value))
        board.change(key, value)
    await board.clock.advance(INTERVAL_S)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    for key, newest in board.values.items():
        pushed = [(at_s, value) for at_s, pushed_key, value in board.pushed if pushed_key == key]
        assert pushed[-1][1] == newest
        assert all(later[0] - earlier[0] >= INTERVAL_S for earlier, later in itertools.pairwise(pushed))
        assert [value for _, value in pushed] == sorted(value for _, value in pushed)
    for at_s, key, value in changed:
        told_s = min(told_s for told_s, told_key, told in board.pushed if told_key == key and told >= value)
        assert told_s - at_s <= INTERVAL_S


async def test_keys_that_are_quiet_are_forgotten() -> None:
    board = Board()
    for number in range(10_000):
        board.change(f"key{number}", number)
        board.conflator.offer(f"key{number}")
        await board.clock.advance(INTERVAL_S)
    assert len(board.pushed) == 10_000
    assert len(board.conflator._last_s) <= 1_000
