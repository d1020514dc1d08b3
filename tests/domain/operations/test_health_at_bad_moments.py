"""Checks that hang, crash, or lose their service meanwhile."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from duelcast.domain.operations.breaker_settings import BreakerSettings
from duelcast.domain.operations.check import CheckResult
from duelcast.domain.operations.errors import HealthCheckFailed
from duelcast.domain.operations.health import MAX_CONCURRENT_CHECKS
from duelcast.domain.operations.transitions import BreakerState
from tests.domain.operations.floor import Doctor, Floor

BRIEF = BreakerSettings(failure_threshold=1, reset_timeout_ms=1_000, half_open_calls=1, half_open_timeout_ms=2_000)


@pytest.fixture
def floor() -> Floor:
    return Floor()


@pytest.fixture
def doctor(floor: Floor) -> Doctor:
    return Doctor(floor.clock)


async def test_the_check_of_a_replaced_service_ends_and_tells_nothing(floor: Floor, doctor: Doctor) -> None:
    doctor.may_end.clear()
    doctor.healthy = False
    service = floor.add("a", check=doctor, breaker=BRIEF, check_interval_s=10.0)
    async with floor.working():
        asked = asyncio.create_task(floor.health.check(service, "admin"))
        await floor.clock.advance(1)
        assert doctor.under_way == 1
        floor.add("a", layer="data")
        doctor.may_end.set()
        await floor.clock.advance(1)
        assert doctor.under_way == 0
        with pytest.raises(HealthCheckFailed):
            await asked
    assert floor.alerts() == []
    assert floor.statuses("a") == ["unknown"]


async def test_no_check_outlives_the_health_of_all(floor: Floor, doctor: Doctor) -> None:
    doctor.may_end.clear()
    floor.add("a", check=doctor, check_interval_s=10.0)
    async with floor.working():
        assert doctor.under_way == 1
    assert doctor.under_way == 0


async def test_the_turns_of_a_removed_service_are_not_counted_for_ever(floor: Floor, doctor: Doctor) -> None:
    doctor.healthy = False
    service = floor.add("a", check=doctor, breaker=BRIEF, check_interval_s=10.0)
    async with floor.working():
        assert floor.health.transitions == {("a", BreakerState.OPEN): 1}
        floor.health.unwatch(service)
    assert not floor.health.transitions


async def test_a_trial_call_that_hangs_opens_the_breaker_again_in_time(floor: Floor, doctor: Doctor) -> None:
    doctor.healthy = False
    floor.add("a", check=doctor, breaker=BRIEF, check_interval_s=10.0)
    async with floor.working():
        doctor.may_end.clear()
        await floor.clock.advance(2.9)
        assert [kind for _, kind in floor.alerts()] == ["health_failed", "circuit_open", "circuit_half_open"]
        await floor.clock.advance(0.2)
        assert floor.alerts()[3:] == [(3.0, "circuit_open")]


async def test_parts_of_the_server_do_not_wait_for_checks_that_hang(floor: Floor, doctor: Doctor) -> None:
    doctor.may_end.clear()
    for number in range(MAX_CONCURRENT_CHECKS):
        floor.add(f"s{number}", check=doctor, check_interval_s=10.0)
    own = Doctor(floor.clock)
    floor.add("store", check=own, check_interval_s=10.0, kind="internal")
    async with floor.working():
        assert doctor.under_way == MAX_CONCURRENT_CHECKS
        assert own.asked_s == [0.0]


async def test_a_result_that_cannot_be_told_stops_no_other_checks(floor: Floor, doctor: Doctor) -> None:
    async def mad() -> CheckResult:
        return CheckResult(healthy=False, latency_ms=1.0, details="It is ill.", metrics={"x": object()})  # type: ignore[dict-item]  # a defect

    floor.add("a", check=doctor, check_interval_s=10.0)
    mad_service = floor.add("b", check=doctor, check_interval_s=10.0)
    mad_service.check = mad
    with capture_logs() as logs:
        async with floor.working():
            await floor.clock.advance(10)
    assert doctor.asked_s == [0.0, 10.0]
    assert [entry["service"] for entry in logs if entry["event"] == "defect"] == ["b", "b"]


async def test_those_who_share_a_check_are_one_update(floor: Floor, doctor: Doctor) -> None:
    doctor.may_end.clear()
    service = floor.add("a", check=doctor)
    async with floor.working():
        asked = [asyncio.create_task(floor.health.check(service, "system")) for _ in range(5)]
        await floor.clock.advance(0)
        doctor.may_end.set()
        await asyncio.gather(*asked)
    assert [update["checked_by"] for update in floor.on("service.a") if "checked_by" in update] == ["system"]


async def test_asking_while_the_breaker_is_open_publishes_at_most_once_a_second(floor: Floor, doctor: Doctor) -> None:
    doctor.healthy = False
    service = floor.add("a", check=doctor, breaker=BreakerSettings(failure_threshold=1), check_interval_s=10.0)
    async with floor.working():
        await floor.clock.advance(1.5)
        before = len(floor.on("service.a"))
        for _ in range(20):
            assert not (await floor.health.check(service, "admin")).healthy
        await floor.clock.advance(1)
        assert len(floor.on("service.a")) - before == 1
        assert floor.on("service.a")[-1]["operations"]["rejected"] == 20
