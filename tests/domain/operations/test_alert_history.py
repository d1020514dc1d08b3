"""The newest alerts can be read later, with the transitions of breakers."""

from __future__ import annotations

import pytest

from duelcast.domain.operations.alert_history import KEPT, KEPT_OF_SERVICE, AlertHistory, PastAlert
from duelcast.domain.operations.breaker_settings import BreakerSettings
from duelcast.domain.operations.events import Alert
from duelcast.domain.operations.transitions import BreakerState
from tests.domain.operations.floor import Doctor, Floor

SOON = BreakerSettings(failure_threshold=2, reset_timeout_ms=5_000, half_open_calls=2)
CLOSED, OPEN, HALF_OPEN = BreakerState.CLOSED, BreakerState.OPEN, BreakerState.HALF_OPEN


@pytest.fixture
def floor() -> Floor:
    return Floor()


def past(service: str, number: int = 0) -> PastAlert:
    return PastAlert(service, Alert(id=str(number), type="circuit_open", severity="info", message="."), 0.0, None)


async def test_every_alert_is_kept_with_the_transition_that_it_tells_of(floor: Floor) -> None:
    doctor = Doctor(floor.clock, healthy=False)
    floor.add("a", check=doctor, check_interval_s=10.0, breaker=SOON)
    start_s = floor.clock.time()
    async with floor.working():
        await floor.clock.advance(12)
        doctor.healthy = True
        await floor.clock.advance(10)
    kept = floor.registry.alerts.newest("a")
    assert [one.alert.id for one in reversed(kept)] == [push["alert"]["id"] for push in floor.on("alerts")]
    turns = [
        (round(one.at_s - start_s, 3), one.transition.before, one.transition.after, one.transition.cause)
        for one in kept
        if one.transition is not None
    ]
    assert turns == [
        (15.1, HALF_OPEN, CLOSED, "recovered"),
        (15.0, OPEN, HALF_OPEN, "timer"),
        (10.0, CLOSED, OPEN, "failures in a row"),
    ]
    assert {one.alert.type for one in kept if one.transition is None} == {"health_failed", "health_recovered"}


async def test_a_reset_is_the_reason_of_its_transition(floor: Floor) -> None:
    service = floor.add("a", breaker=SOON, kind="reported")
    floor.health.report(service, [(False, 1.0)] * 2)
    floor.health.reset(service, "admin")
    newest = floor.registry.alerts.newest("a")[0].transition
    assert newest is not None
    assert (newest.before, newest.after, newest.cause) == (OPEN, CLOSED, "reset")


async def test_the_alerts_of_a_service_outlive_a_change_of_it_but_not_its_removal(floor: Floor) -> None:
    service = floor.add("a", breaker=SOON, kind="reported")
    floor.health.report(service, [(False, 1.0)] * 2)
    service = floor.add("a", breaker=SOON, kind="reported")
    assert [one.alert.type for one in floor.registry.alerts.newest("a")] == ["circuit_open"]
    floor.health.unwatch(service)
    floor.registry.remove(service)
    assert floor.registry.alerts.newest("a") == []
    assert [one.service for one in floor.registry.alerts.newest()] == ["a"]


def test_a_restless_service_displaces_neither_the_alerts_of_others_nor_fills_the_memory() -> None:
    history = AlertHistory()
    history.add(past("calm"))
    for number in range(KEPT + KEPT_OF_SERVICE):
        history.add(past("restless", number))
    newest = [str(number) for number in reversed(range(KEPT + KEPT_OF_SERVICE))]
    assert [one.alert.id for one in history.newest("restless")] == newest[:KEPT_OF_SERVICE]
    assert [one.alert.id for one in history.newest()] == newest[:KEPT]
    assert history.newest("calm") == [past("calm")]
