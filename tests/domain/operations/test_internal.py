"""The parts of the server as services: what each depends on, and how its work is started and stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from duelcast.clock import ManualClock
from duelcast.domain.operations.breaker_settings import BreakerSettings
from duelcast.domain.operations.internal import FOUNDATIONS, InternalServices, timed
from duelcast.domain.operations.runner import CRASHED
from duelcast.errors import Unavailable
from tests.domain.operations.floor import Doctor, Floor


class Building(Floor):
    """A floor with the server's own services; `journal` tells what their work does."""

    def __init__(self) -> None:
        super().__init__()
        self.internal = InternalServices(self.registry, self.health, self.clock, "1.2.3")
        self.journal: list[str] = []
        self.crashes = 0

    def work(self, name: str) -> Callable[[], Coroutine[Any, Any, None]]:
        async def work() -> None:
            self.journal.append(f"{name} begins")
            try:
                if self.crashes:
                    self.crashes -= 1
                    raise ValueError("a defect")
                await asyncio.Event().wait()
            finally:
                self.journal.append(f"{name} ends")

        return work


@pytest.fixture
def building() -> Building:
    return Building()


@pytest.fixture
def doctor(building: Building) -> Doctor:
    return Doctor(building.clock)


def test_all_but_the_foundations_depend_on_them(building: Building, doctor: Doctor) -> None:
    building.internal.add_foundation("store", "Store", doctor)
    building.internal.add_foundation("broker", "Broker", doctor)
    building.internal.add_fixed("settings", "infrastructure", "Settings", doctor)
    building.internal.add_running("scorer", "contest", "Scorer", building.work("scorer"))
    dependencies = {service.name: service.declaration.dependencies for service in building.registry}
    assert dependencies == {"store": (), "broker": (), "settings": FOUNDATIONS, "scorer": FOUNDATIONS}
    assert building.registry.dependents("store") == ["scorer", "settings"]
    assert {service.declaration.kind for service in building.registry} == {"internal"}
    assert {service.declaration.version for service in building.registry} == {"1.2.3"}


def test_only_what_runs_can_be_switched(building: Building, doctor: Doctor) -> None:
    breaker = building.health.breaker("store", BreakerSettings())
    building.internal.add_foundation("store", "Store", doctor, breaker=breaker)
    building.internal.add_fixed("settings", "infrastructure", "Settings", doctor)
    building.internal.add_running("scorer", "contest", "Scorer", building.work("scorer"))
    assert {service.name: service.commands for service in building.registry} == {
        "store": ("reset_circuit_breaker", "health_check"),
        "settings": ("health_check",),
        "scorer": ("start", "stop", "restart", "health_check"),
    }


def test_what_is_configured_is_shown(building: Building, doctor: Doctor) -> None:
    breaker = building.health.breaker("store", BreakerSettings(failure_threshold=3))
    building.internal.add_foundation("store", "Store", doctor, breaker=breaker, metrics=lambda: {"rows": 5.0})
    config = building.on("service.store")[0]["config"]
    assert config["checkIntervalMs"] == 10_000
    assert config["circuit_breaker"]["failure_threshold"] == 3
    assert building.on("skyduel.store")[0]["service"]["metrics"]["rows"] == 5.0


async def test_work_starts_in_the_order_of_adding_and_stops_the_other_way_round(building: Building) -> None:
    for name in ("a", "b"):
        building.internal.add_running(name, "contest", name, building.work(name))
        assert building.registry[name].status == "stopped"
    await building.internal.start()
    assert all(service.work.running for service in building.registry)
    await building.internal.stop()
    assert building.journal == ["a begins", "b begins", "b ends", "a ends"]
    assert building.statuses("a") == ["stopped", "unknown", "stopped"]


async def test_without_a_check_of_its_own_a_part_is_healthy_while_it_is_at_work(building: Building) -> None:
    building.internal.add_running("a", "contest", "A", building.work("a"))
    async with building.working():
        await building.internal.start()
        await building.clock.advance(0)
        assert building.registry["a"].status == "healthy"
        await building.internal.stop()
    assert building.statuses("a") == ["stopped", "unknown", "healthy", "stopped"]


async def test_a_part_that_crashes_is_unhealthy_until_it_is_at_work_again(building: Building) -> None:
    building.crashes = 1
    building.internal.add_running("a", "contest", "A", building.work("a"))
    async with building.working():
        await building.internal.start()
        await building.clock.advance(0)
        service = building.registry["a"]
        assert (service.status, service.work.failure) == ("unhealthy", CRASHED)
        await building.clock.advance(5)
        assert (service.status, service.work.restarts) == ("healthy", 1)
        await building.internal.stop()
    assert [turn for _, turn in building.alerts()] == ["health_failed", "health_recovered"]
    assert building.on("alerts")[0]["alert"]["message"] == CRASHED


async def test_the_check_of_a_foundation_is_no_call_of_its_breaker(building: Building, doctor: Doctor) -> None:
    doctor.healthy = False
    breaker = building.health.breaker("store", BreakerSettings(failure_threshold=1))
    building.internal.add_foundation("store", "Store", doctor, breaker=breaker)
    async with building.working():
        await building.clock.advance(5)
    assert (breaker.total, building.registry["store"].status) == (0, "unhealthy")


async def test_a_foundation_is_looked_at_each_second_until_it_is_well_again(building: Building, doctor: Doctor) -> None:
    doctor.healthy = False
    building.internal.add_foundation("store", "Store", doctor)
    async with building.working():
        await building.clock.advance(2.5)
        doctor.healthy = True
        await building.clock.advance(20)
    assert doctor.asked_s == [0.0, 1.0, 2.0, 3.0, 13.0]
    assert building.statuses("store")[-2:] == ["unhealthy", "healthy"]


async def test_a_timed_check_is_good_unless_something_is_out_of_reach() -> None:
    clock = ManualClock()

    async def fail() -> None:
        raise Unavailable("The bus is out of reach.")

    for work, healthy in ((lambda: clock.sleep(0), True), (fail, False)):
        result = await timed(work, "well", "ill")
        assert (result.healthy, result.details) == (healthy, "well" if healthy else "ill")
        assert result.latency_ms >= 0

    async def break_down() -> None:
        raise ValueError("a defect")

    with pytest.raises(ValueError, match="a defect"):
        await timed(break_down, "well", "ill")
