"""Breakers turn in time, with or without calls, and each turn is told once."""

from __future__ import annotations

import pytest

from duelcast.domain.operations.breaker_settings import BreakerSettings
from duelcast.domain.operations.errors import ResetFailed
from duelcast.domain.operations.transitions import BreakerState
from tests.domain.operations.floor import Doctor, Floor

SOON = BreakerSettings(failure_threshold=2, reset_timeout_ms=5_000, half_open_calls=2)


@pytest.fixture
def floor() -> Floor:
    return Floor()


@pytest.fixture
def doctor(floor: Floor) -> Doctor:
    return Doctor(floor.clock)


async def test_an_idle_probe_goes_from_closed_through_open_and_half_open_back_to_closed(
    floor: Floor, doctor: Doctor
) -> None:
    doctor.healthy = False
    floor.add("a", check=doctor, check_interval_s=10.0, breaker=SOON)
    async with floor.working():
        await floor.clock.advance(12)
        doctor.healthy = True
        assert floor.layer() == "critical"
        await floor.clock.advance(3.05)
        assert floor.layer() == "warning"
        await floor.clock.advance(10)
        assert floor.layer() == "operational"
    assert floor.alerts() == [
        (0.0, "health_failed"),
        (10.0, "circuit_open"),
        (15.0, "circuit_half_open"),
        (15.0, "health_recovered"),
        (15.1, "circuit_closed"),
    ]
    assert floor.statuses("a") == ["unknown", "unhealthy", "circuit_open", "unhealthy", "degraded", "healthy"]
    assert doctor.asked_s[:4] == [0.0, 10.0, 15.0, 15.1]


async def test_each_alert_is_told_with_the_breaker_as_it_is_then(floor: Floor, doctor: Doctor) -> None:
    doctor.healthy = False
    floor.add("a", check=doctor, check_interval_s=10.0, breaker=SOON)
    async with floor.working():
        await floor.clock.advance(12)
        doctor.healthy = True
        await floor.clock.advance(10)
    told = [
        (alert["alert"]["type"], alert["alert"]["severity"], alert["circuit_breaker"]["status"])
        for alert in floor.on("alerts")
    ]
    assert told == [
        ("health_failed", "warning", "initializing"),
        ("circuit_open", "critical", "open"),
        ("circuit_half_open", "warning", "half_open"),
        ("health_recovered", "info", "half_open"),
        ("circuit_closed", "info", "closed"),
    ]
    assert len({alert["alert"]["id"] for alert in floor.on("alerts")}) == 5


async def test_previous_status_is_what_was_told_before(floor: Floor, doctor: Doctor) -> None:
    doctor.healthy = False
    floor.add("a", check=doctor, check_interval_s=10.0, breaker=SOON)
    async with floor.working():
        await floor.clock.advance(12)
        doctor.healthy = True
        await floor.clock.advance(10)
    newest = {push.at_s: push.body for push in floor.pushes if push.channel == "service.a"}
    before = "unknown"
    for update in newest.values():
        changed = before != update["status"]
        assert update.get("previousStatus") == (before if changed else None)
        before = update["status"]
    assert before == "healthy"
    assert len(newest) > 2


async def test_one_that_fails_again_is_left_alone_for_longer(floor: Floor, doctor: Doctor) -> None:
    doctor.healthy = False
    floor.add("a", check=doctor, check_interval_s=10.0, breaker=SOON)
    async with floor.working():
        await floor.clock.advance(46)
    turns = [(at_s, turn) for at_s, turn in floor.alerts() if turn.startswith("circuit")]
    assert turns == [
        (10.0, "circuit_open"),
        (15.0, "circuit_half_open"),
        (15.0, "circuit_open"),
        (25.0, "circuit_half_open"),
        (25.0, "circuit_open"),
        (45.0, "circuit_half_open"),
        (45.0, "circuit_open"),
    ]
    assert doctor.asked_s == [0.0, 10.0, 15.0, 25.0, 45.0]


async def test_a_check_that_hangs_while_half_open_fails_at_its_time_though_nobody_looks(
    floor: Floor, doctor: Doctor
) -> None:
    doctor.healthy = False
    floor.add("a", check=doctor, check_interval_s=10.0, breaker=SOON)
    async with floor.working():
        await floor.clock.advance(12)
        doctor.may_end.clear()
        await floor.clock.advance(20)
        doctor.may_end.set()
    assert floor.alerts()[-2:] == [(15.0, "circuit_half_open"), (25.0, "circuit_open")]


async def test_a_check_with_a_defect_gives_its_place_while_half_open_back(floor: Floor, doctor: Doctor) -> None:
    doctor.healthy = False
    floor.add("a", check=doctor, check_interval_s=10.0, breaker=SOON)
    async with floor.working():
        await floor.clock.advance(12)
        doctor.defect = ValueError()
        await floor.clock.advance(8)
        doctor.healthy, doctor.defect = True, None
        await floor.clock.advance(0.25)
    turns = [turn for _, turn in floor.alerts() if turn.startswith("circuit")]
    assert turns == ["circuit_open", "circuit_half_open", "circuit_closed"]


async def test_while_open_a_check_is_not_made_and_the_answer_says_so(floor: Floor, doctor: Doctor) -> None:
    doctor.healthy = False
    service = floor.add("a", check=doctor, breaker=SOON)
    for _ in range(2):
        await floor.health.check(service, "admin")
        await floor.clock.advance(1)
    assert service.status == "circuit_open"
    result = await floor.health.check(service, "admin")
    assert (result.healthy, result.latency_ms) == (False, 0.0)
    assert "lets no call through" in result.details
    assert len(doctor.asked_s) == 2


async def test_a_check_that_is_no_call_of_the_breaker_is_made_while_it_is_half_open(
    floor: Floor, doctor: Doctor
) -> None:
    service = floor.add("a", check=doctor, check_interval_s=10.0, breaker=SOON, checks_are_calls=False)
    assert service.breaker is not None
    async with floor.working():
        for _ in range(2):
            service.breaker.record(False, 1.0)
        await floor.clock.advance(5.25)
    assert doctor.asked_s == [0.0, 5.0, 5.1, 5.2]
    assert service.breaker.total == 2


async def test_a_reset_closes_the_breaker_with_alert_and_who_did_it(floor: Floor, doctor: Doctor) -> None:
    doctor.healthy = False
    service = floor.add("a", check=doctor, check_interval_s=10.0, breaker=SOON)
    assert service.breaker is not None
    async with floor.working():
        await floor.clock.advance(12)
        floor.health.reset(service, "admin")
        assert floor.alerts()[-1] == (12.0, "circuit_closed")
        update = floor.on("service.a")[-1]
        assert (update["reset_by"], update["circuit_breaker"]["is_open"]) == ("admin", False)
        assert sum("reset_by" in update for update in floor.on("service.a")) == 1
        told = len(floor.alerts())
        floor.health.reset(service, "admin")
        assert floor.on("service.a")[-1]["reset_by"] == "admin"
        assert len(floor.alerts()) == told, "a closed breaker does not turn"
        await floor.clock.advance(1)
        service.breaker.record(False, 1.0)
        service.breaker.record(False, 1.0)
    assert "reset_by" not in floor.on("service.a")[-1]


async def test_without_a_breaker_there_is_nothing_to_reset(floor: Floor) -> None:
    service = floor.add("a")
    with pytest.raises(ResetFailed, match="no circuit breaker"):
        floor.health.reset(service, "admin")


async def test_turns_are_counted_by_service_and_state(floor: Floor, doctor: Doctor) -> None:
    doctor.healthy = False
    floor.add("a", check=doctor, check_interval_s=10.0, breaker=SOON)
    async with floor.working():
        await floor.clock.advance(20)
    assert floor.health.transitions == {("a", BreakerState.OPEN): 2, ("a", BreakerState.HALF_OPEN): 1}


async def test_the_breaker_of_one_that_was_replaced_tells_nothing(floor: Floor) -> None:
    replaced = floor.add("a", breaker=SOON)
    floor.add("a", breaker=SOON)
    assert replaced.breaker is not None
    for _ in range(2):
        replaced.breaker.record(False, 1.0)
    assert floor.alerts() == []
    assert not floor.health.transitions
