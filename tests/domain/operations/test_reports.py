"""Services that report themselves: what their reports decide, and what their silence does."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from duelcast.domain.operations.breaker_settings import BreakerSettings
from duelcast.domain.operations.errors import HealthCheckFailed
from duelcast.domain.operations.monitored_service import Service
from tests.domain.operations.floor import Floor

SOON = BreakerSettings(failure_threshold=2, reset_timeout_ms=5_000, half_open_calls=2)


@pytest.fixture
def floor() -> Floor:
    return Floor()


def report(floor: Floor, service: Service, *outcomes: bool) -> None:
    floor.health.report(service, [(ok, 5.0) for ok in outcomes])


def reporting(floor: Floor, *, silent_after_s: float = 60.0) -> Service:
    return floor.add("a", kind="reported", breaker=SOON, silent_after_s=silent_after_s)


async def test_silence_is_told_at_its_time_and_the_next_report_ends_it(floor: Floor) -> None:
    service = reporting(floor)
    async with floor.working():
        await floor.clock.advance(100)
        assert floor.statuses("a") == ["unknown"], "who has never reported is not silent"
        report(floor, service, True)
        await floor.clock.advance(50)
        report(floor, service, True)
        await floor.clock.advance(59.9)
        assert floor.alerts() == []
        await floor.clock.advance(10)
        report(floor, service, True)
        await floor.clock.advance(59.9)
    assert floor.alerts() == [(210.0, "health_failed"), (219.9, "health_recovered")]
    assert floor.statuses("a") == ["unknown", "healthy", "unhealthy", "healthy"]


async def test_silence_is_told_again_each_time(floor: Floor) -> None:
    service = reporting(floor, silent_after_s=5.0)
    async with floor.working():
        for _ in range(2):
            report(floor, service, True)
            await floor.clock.advance(20)
    assert floor.alerts() == [
        (5.0, "health_failed"),
        (20.0, "health_recovered"),
        (25.0, "health_failed"),
    ]


@pytest.mark.parametrize(
    ("outcomes", "status"), [([True], "healthy"), ([True, False], "degraded"), ([False, False], "circuit_open")]
)
async def test_reports_are_calls_of_the_breaker(floor: Floor, outcomes: Sequence[bool], status: str) -> None:
    service = reporting(floor)
    report(floor, service, *outcomes)
    assert floor.on("service.a")[-1]["status"] == status


async def test_reports_while_open_only_count_and_the_first_while_half_open_decide(floor: Floor) -> None:
    service = reporting(floor)
    async with floor.working():
        report(floor, service, False, False)
        report(floor, service, True, True, True)
        await floor.clock.advance(4.9)
        report(floor, service, True)
        await floor.clock.advance(0.1)
        report(floor, service, True, True, False)
    assert floor.alerts() == [(0.0, "circuit_open"), (5.0, "circuit_half_open"), (5.0, "circuit_closed")]
    assert service.status == "degraded"
    assert service.calls.total == 9


@pytest.mark.parametrize("good", [True, False])
async def test_a_check_of_one_that_reports_itself_answers_from_the_last_report(floor: Floor, good: bool) -> None:
    service = reporting(floor)
    with pytest.raises(HealthCheckFailed, match="reported nothing yet"):
        await floor.health.check(service, "system")
    report(floor, service, not good, good)
    result = await floor.health.check(service, "system")
    assert (result.healthy, result.latency_ms) == (good, 5.0)


async def test_a_check_of_one_that_is_silent_finds_it_unhealthy(floor: Floor) -> None:
    service = reporting(floor)
    report(floor, service, True)
    async with floor.working():
        await floor.clock.advance(61)
        assert not (await floor.health.check(service, "system")).healthy
