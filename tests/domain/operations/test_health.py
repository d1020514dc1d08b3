"""Checks of services: when they are made, who shares them, and what is told of what they find."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from duelcast.domain.operations.breaker_settings import BreakerSettings
from duelcast.domain.operations.check import CheckResult
from duelcast.domain.operations.errors import HealthCheckFailed
from duelcast.domain.operations.health import MAX_CONCURRENT_CHECKS, RECENT_CHECK_S
from tests.domain.operations.floor import BAD, Doctor, Floor

SOON = BreakerSettings(failure_threshold=2, reset_timeout_ms=5_000, half_open_calls=2)
SECRET = "password of the venue"


@pytest.fixture
def floor() -> Floor:
    return Floor()


@pytest.fixture
def doctor(floor: Floor) -> Doctor:
    return Doctor(floor.clock)


# ── checks by itself ────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_service_is_checked_when_it_comes_and_then_in_its_interval(floor: Floor, doctor: Doctor) -> None:
    floor.add("a", check=doctor, check_interval_s=10.0)
    async with floor.working():
        assert floor.statuses("a") == ["unknown", "healthy"]
        await floor.clock.advance(25)
    assert doctor.asked_s == [0.0, 10.0, 20.0]
    assert floor.alerts() == []


async def test_a_service_that_is_added_later_is_checked_too(floor: Floor, doctor: Doctor) -> None:
    async with floor.working():
        await floor.clock.advance(3)
        floor.add("a", check=doctor, check_interval_s=10.0)
        await floor.clock.advance(10)
    assert doctor.asked_s == [3.0, 13.0]


async def test_without_an_interval_it_is_checked_on_demand_alone(floor: Floor, doctor: Doctor) -> None:
    service = floor.add("a", check=doctor)
    async with floor.working():
        await floor.clock.advance(100)
        assert doctor.asked_s == []
        assert (await floor.health.check(service, "system")).healthy


async def test_one_that_is_gone_or_replaced_is_checked_no_more(floor: Floor, doctor: Doctor) -> None:
    service = floor.add("a", check=doctor, check_interval_s=10.0)
    floor.add("b", check=doctor, check_interval_s=10.0)
    async with floor.working():
        floor.health.unwatch(service)
        floor.registry.remove(service)
        floor.add("b")
        await floor.clock.advance(100)
    assert doctor.asked_s == [0.0, 0.0]


async def test_one_that_is_stopped_is_not_checked_until_it_is_started(floor: Floor, doctor: Doctor) -> None:
    service = floor.add("a", check=doctor, check_interval_s=10.0)
    async with floor.working():
        await service.work.stop()
        await floor.clock.advance(25)
        await service.work.start()
        service.alarm.ring()
        await floor.clock.advance(0)
    assert doctor.asked_s == [0.0, 25.0]


async def test_at_the_end_no_check_is_left(floor: Floor, doctor: Doctor) -> None:
    doctor.may_end.clear()
    before = asyncio.all_tasks()
    floor.add("a", check=doctor, check_interval_s=10.0)
    replaced = floor.add("b", check=doctor, check_interval_s=10.0, breaker=SOON)
    async with floor.working():
        floor.add("b")
        assert doctor.under_way == 2
    assert doctor.under_way == 0
    assert replaced.checking is None
    await floor.clock.advance(0)
    assert asyncio.all_tasks() == before


async def test_health_that_turns_is_alerted_once_each_way(floor: Floor, doctor: Doctor) -> None:
    doctor.healthy = False
    floor.add("a", check=doctor, check_interval_s=10.0)
    async with floor.working():
        await floor.clock.advance(15)
        doctor.healthy = True
        await floor.clock.advance(20)
    assert floor.alerts() == [(0.0, "health_failed"), (20.0, "health_recovered")]
    assert floor.statuses("a") == ["unknown", "unhealthy", "healthy"]
    failed, recovered = floor.on("alerts")
    assert (failed["service"], failed["alert"]["severity"], failed["alert"]["message"]) == ("a", "warning", BAD)
    assert recovered["alert"]["severity"] == "info"
    assert failed["alert"]["id"] != recovered["alert"]["id"]
    told = [update["alert"]["type"] for update in floor.on("service.a") if "alert" in update]
    assert told == ["health_failed", "health_recovered"]


async def test_at_most_64_checks_run_at_once(floor: Floor, doctor: Doctor) -> None:
    doctor.may_end.clear()
    for number in range(MAX_CONCURRENT_CHECKS + 10):
        floor.add(f"s{number}", check=doctor, check_interval_s=10.0)
    async with floor.working():
        assert doctor.under_way == MAX_CONCURRENT_CHECKS == 64
        doctor.may_end.set()
        await floor.clock.advance(1)
        assert len(doctor.asked_s) == MAX_CONCURRENT_CHECKS + 10


async def test_a_check_with_a_defect_says_so_in_the_log_without_its_text_and_is_tried_again(
    floor: Floor, doctor: Doctor
) -> None:
    doctor.defect = ValueError(SECRET)
    service = floor.add("a", check=doctor, check_interval_s=10.0, breaker=SOON)
    with capture_logs() as logs:
        async with floor.working():
            with pytest.raises(HealthCheckFailed) as refused:
                await floor.health.check(service, "admin")
            await floor.clock.advance(20)
    assert SECRET not in f"{logs}{refused.value.message}{floor.pushes}"
    assert [log["service"] for log in logs if log["event"] == "check_crashed"] == ["a"] * 4
    assert service.breaker is not None
    assert (service.status, service.breaker.total) == ("unknown", 0), "a defect says nothing about the service"


# ── checks on demand ────────────────────────────────────────────────────────────────────────────────────────────────


async def test_who_asks_while_a_check_runs_shares_it(floor: Floor, doctor: Doctor) -> None:
    doctor.may_end.clear()
    service = floor.add("a", check=doctor)
    asking = [asyncio.create_task(floor.health.check(service, "admin")) for _ in range(5)]
    await floor.clock.advance(0)
    doctor.may_end.set()
    results = await asyncio.gather(*asking)
    assert len(doctor.asked_s) == 1
    assert all(result is results[0] for result in results)


async def test_a_check_goes_on_where_who_asked_is_gone(floor: Floor, doctor: Doctor) -> None:
    doctor.may_end.clear()
    service = floor.add("a", check=doctor)
    asking = asyncio.create_task(floor.health.check(service, "admin"))
    await floor.clock.advance(0)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    doctor.may_end.set()
    await floor.clock.advance(0)
    assert service.last_check is not None
    assert service.checking is None


@pytest.mark.parametrize(("after_s", "checks"), [(0.0, 1), (0.99, 1), (1.0, 2)])
async def test_between_two_checks_that_are_asked_for_is_a_second(
    floor: Floor, doctor: Doctor, after_s: float, checks: int
) -> None:
    service = floor.add("a", check=doctor)
    await floor.health.check(service, "admin")
    await floor.clock.advance(after_s)
    assert (await floor.health.check(service, "admin")).healthy
    assert len(doctor.asked_s) == checks


@pytest.mark.parametrize(("after_s", "checks"), [(9.99, 1), (10.0, 2)])
async def test_users_get_a_result_that_is_younger_than_ten_seconds(
    floor: Floor, doctor: Doctor, after_s: float, checks: int
) -> None:
    service = floor.add("a", check=doctor)
    await floor.health.check(service, "system", not_older_than_s=RECENT_CHECK_S)
    await floor.clock.advance(after_s)
    await floor.health.check(service, "system", not_older_than_s=RECENT_CHECK_S)
    assert len(doctor.asked_s) == checks


async def test_a_check_that_was_asked_for_is_told_with_who_asked(floor: Floor, doctor: Doctor) -> None:
    service = floor.add("a", check=doctor)
    await floor.health.check(service, "admin")
    assert floor.on("service.a")[-1]["checked_by"] == "admin"
    told = len(floor.pushes)
    await floor.health.check(service, "admin")
    assert len(floor.pushes) == told, "an old result is news to nobody"


async def test_an_unhealthy_service_is_a_result(floor: Floor, doctor: Doctor) -> None:
    doctor.healthy = False
    service = floor.add("a", check=doctor)
    assert await floor.health.check(service, "admin") == CheckResult(healthy=False, latency_ms=3.0, details=BAD)


async def test_what_is_stopped_cannot_be_checked(floor: Floor, doctor: Doctor) -> None:
    service = floor.add("a", check=doctor)
    await service.work.stop()
    with pytest.raises(HealthCheckFailed, match="start it first"):
        await floor.health.check(service, "admin")
    assert doctor.asked_s == []


async def test_checks_are_counted_with_and_without_a_breaker(floor: Floor, doctor: Doctor) -> None:
    services = [floor.add("a", check=doctor), floor.add("b", check=doctor, breaker=SOON)]
    for healthy in (True, False):
        doctor.healthy = healthy
        for service in services:
            await floor.health.check(service, "admin")
        await floor.clock.advance(1)
    for service in services:
        assert (service.calls.total, service.calls.successful, service.calls.failed) == (2, 1, 1)
        assert (service.checks, service.checks_s) == (2, 0.006)
