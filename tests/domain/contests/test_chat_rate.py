"""How often a wallet may write in a contest, by itself; what a client sees of it is in `test_chat`."""

from __future__ import annotations

from duelcast.clock import ManualClock
from duelcast.domain.contests.chat_rate import ChatRate


def taken(rate: ChatRate, wallet: str = "ann") -> int:
    """How many messages the wallet may write at once."""
    count = 0
    while rate.take(1, wallet) is None:
        count += 1
    return count


async def test_what_is_given_back_can_be_taken_again() -> None:
    rate = ChatRate(ManualClock(), lambda: (10, 1.0))
    assert taken(rate) == 10
    rate.give_back(1, "ann")
    rate.give_back(1, "ann")
    assert taken(rate) == 2


async def test_giving_back_never_makes_more_than_the_limit() -> None:
    """The unit was refilled meanwhile."""
    clock = ManualClock()
    rate = ChatRate(clock, lambda: (10, 1.0))
    assert rate.take(1, "ann") is None
    await clock.advance(6)
    rate.give_back(1, "ann")
    assert taken(rate) == 10


async def test_another_figure_begins_with_full_buckets() -> None:
    per_minute = 10.0
    rate = ChatRate(ManualClock(), lambda: (per_minute, 1.0))
    assert taken(rate) == 10
    per_minute = 5.0
    assert taken(rate) == 5


async def test_without_a_limit_nothing_is_counted() -> None:
    rate = ChatRate(ManualClock(), lambda: (10, 0))
    assert all(rate.take(1, "ann") is None for _ in range(100))
    rate.give_back(1, "ann")
