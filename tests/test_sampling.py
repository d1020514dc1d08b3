"""Of many similar log lines, a few are written and the others are counted."""

from __future__ import annotations

from duelcast.clock import ManualClock
from duelcast.sampling import MAX_KINDS, LogSampler

ADDRESS, CAUSE = "192.0.2.1", "404 NOT_FOUND"


async def test_of_one_address_and_cause_a_few_lines_a_minute_are_written() -> None:
    clock = ManualClock()
    sampler = LogSampler(clock.monotonic, per_minute=3)
    assert [sampler.admit(ADDRESS, CAUSE) for _ in range(5)] == [{}, {}, {}, None, None]
    await clock.advance(60)
    assert [sampler.admit(ADDRESS, CAUSE) for _ in range(2)] == [{"left_out": 2}, {}]
    assert sampler.left_out == 2


def test_another_address_and_another_cause_have_lines_of_their_own() -> None:
    sampler = LogSampler(ManualClock().monotonic, per_minute=1)
    assert sampler.admit(ADDRESS, CAUSE) == {}
    assert sampler.admit("192.0.2.2", CAUSE) == {}
    assert sampler.admit(ADDRESS, "405") == {}
    assert sampler.admit(ADDRESS, CAUSE) is None


async def test_all_addresses_together_have_a_limit_too() -> None:
    clock = ManualClock()
    sampler = LogSampler(clock.monotonic, per_minute=10, in_all_per_minute=100)
    written = [sampler.admit(f"client {number}", CAUSE) for number in range(1000)]
    assert written.count(None) == sampler.left_out == 900


def test_without_limits_all_is_written() -> None:
    sampler = LogSampler(ManualClock().monotonic)
    assert [sampler.admit(ADDRESS, CAUSE) for _ in range(1000)] == [{}] * 1000


def test_it_remembers_no_more_than_its_bound() -> None:
    sampler = LogSampler(ManualClock().monotonic, per_minute=1)
    for number in range(2 * MAX_KINDS):
        for _ in range(2):
            sampler.admit(f"client {number}", CAUSE)
    assert sampler.remembered <= MAX_KINDS
    assert sampler.left_out == 2 * MAX_KINDS
