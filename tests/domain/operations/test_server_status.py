"""How the server is as a whole: told once it has held for a while, and every 30 s."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st

from duelcast.domain.operations.breaker_settings import BreakerSettings
from duelcast.domain.operations.monitored_service import Service
from duelcast.domain.operations.server_status import StatusBoard, Surroundings
from duelcast.domain.settings.maintenance import Maintenance
from tests.domain.operations.floor import Floor


class Hall(Floor):
    """A board over a floor with the service `a`."""

    def __init__(self) -> None:
        super().__init__()
        self.is_ready = True
        self.maintenance = Maintenance(enabled=False)
        surroundings = Surroundings(
            connections=lambda: 7, is_ready=lambda: self.is_ready, maintenance=lambda: self.maintenance
        )
        self.board = StatusBoard(self.registry, self.publisher, self.clock, surroundings, "1.2.3")
        self.service = self.add("a", breaker=BreakerSettings(failure_threshold=1, reset_timeout_ms=5_000))

    @asynccontextmanager
    async def telling(self) -> AsyncIterator[None]:
        work = asyncio.create_task(self.board.run())
        try:
            await self.clock.advance(0)
            yield
            assert not work.done(), "the background work ended by itself"
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    async def set_running(self, running: bool, service: Service | None = None) -> None:
        service = service or self.service
        await (service.work.start() if running else service.work.stop())
        self.registry.mark_dirty(service)

    def told(self, channel: str = "system.status") -> list[tuple[float, str]]:
        """When, and the status."""
        return [(push.at_s, push.body["data"]["status"]) for push in self.pushes if push.channel == channel]

    def newest(self, channel: str = "system.status") -> dict[str, Any]:
        data: dict[str, Any] = self.on(channel)[-1]["data"]
        return data


@pytest.fixture
def hall() -> Hall:
    return Hall()


async def test_it_is_told_at_the_start_and_every_30_s(hall: Hall) -> None:
    async with hall.telling():
        await hall.clock.advance(65)
    assert hall.told() == hall.told("public.status") == [(0.0, "online"), (30.0, "online"), (60.0, "online")]


async def test_everybody_is_told_less_than_those_who_signed_in(hall: Hall) -> None:
    async with hall.telling():
        await hall.set_running(False)
        await hall.clock.advance(2)
    assert hall.newest() == {
        "status": "degraded",
        "message": "Some services do not work as they should.",
        "timestamp": "2027-01-15T08:00:02.000Z",
        "version": "1.2.3",
        "uptime_seconds": 2,
        "connections": 7,
        "affected": ["a"],
    }
    public = hall.newest("public.status")
    assert public.keys() == {"status", "message", "timestamp"}
    assert public == {key: hall.newest()[key] for key in public}


async def test_a_change_is_told_once_it_has_held_for_two_seconds_both_ways(hall: Hall) -> None:
    async with hall.telling():
        await hall.clock.advance(5)
        await hall.set_running(False)
        await hall.clock.advance(1.9)
        assert hall.board.status().status == "online"
        await hall.clock.advance(5)
        await hall.set_running(True)
        await hall.clock.advance(5)
    assert hall.told() == [(0.0, "online"), (7.0, "degraded"), (13.9, "online")]


async def test_what_flaps_is_not_told(hall: Hall) -> None:
    async with hall.telling():
        for _ in range(20):
            for running in (False, True):
                await hall.set_running(running)
                await hall.clock.advance(1.4)
    assert hall.told() == [(0.0, "online"), (30.0, "online")]


async def test_what_flaps_and_then_stays_is_told_two_seconds_after_it_last_changed(hall: Hall) -> None:
    async with hall.telling():
        for running in (False, True, False):
            await hall.set_running(running)
            await hall.clock.advance(1)
        await hall.clock.advance(5)
    assert hall.told() == [(0.0, "online"), (4.0, "degraded")]


async def test_each_change_of_who_is_affected_is_told(hall: Hall) -> None:
    other = hall.add("b")
    async with hall.telling():
        await hall.set_running(False)
        await hall.clock.advance(3)
        await hall.set_running(False, other)
        await hall.clock.advance(3)
        await hall.set_running(True)
        await hall.clock.advance(3)
    assert [update["data"]["affected"] for update in hall.on("system.status")] == [[], ["a"], ["a", "b"], ["b"]]


async def test_a_repetition_comes_30_s_after_what_was_told_last(hall: Hall) -> None:
    async with hall.telling():
        await hall.clock.advance(10)
        await hall.set_running(False)
        await hall.clock.advance(40)
    assert hall.told() == [(0.0, "online"), (12.0, "degraded"), (42.0, "degraded")]


async def test_which_statuses_affect_the_server(hall: Hall) -> None:
    assert hall.service.breaker is not None
    async with hall.telling():
        hall.service.breaker.record(False, 1.0)
        await hall.clock.advance(3)
        assert (hall.service.status, hall.newest()["affected"]) == ("circuit_open", ["a"])
        await hall.clock.advance(2)
        hall.registry.mark_dirty(hall.service)
        await hall.clock.advance(3)
        assert (hall.service.status, hall.newest()["affected"]) == ("degraded", [])
        hall.service.silent = True
        hall.registry.mark_dirty(hall.service)
        await hall.clock.advance(3)
        assert (hall.service.status, hall.newest()["affected"]) == ("unhealthy", ["a"])


async def test_a_service_that_is_removed_affects_nobody(hall: Hall) -> None:
    async with hall.telling():
        await hall.set_running(False)
        await hall.clock.advance(3)
        hall.registry.remove(hall.service)
        await hall.clock.advance(3)
    assert (hall.newest()["status"], hall.newest()["affected"]) == ("online", [])


async def test_a_server_that_is_not_ready_is_degraded(hall: Hall) -> None:
    async with hall.telling():
        hall.is_ready = False
        hall.board.changed()
        await hall.clock.advance(3)
        assert (hall.newest()["status"], hall.newest()["affected"]) == ("degraded", [])


async def test_maintenance_comes_before_everything_else_and_may_say_something(hall: Hall) -> None:
    async with hall.telling():
        await hall.set_running(False)
        for message in ("Back at noon.", None):
            hall.maintenance = Maintenance(enabled=True, message=message)
            hall.board.changed()
            await hall.clock.advance(3)
            assert hall.newest()["message"] == (message or "The server is under maintenance.")
        assert (hall.newest()["status"], hall.newest()["affected"]) == ("maintenance", ["a"])
        hall.maintenance = Maintenance(enabled=False)
        hall.board.changed()
        await hall.clock.advance(3)
    assert hall.newest()["status"] == "degraded"


async def test_the_status_in_a_reply_is_what_was_told_with_figures_of_now(hall: Hall) -> None:
    async with hall.telling():
        await hall.clock.advance(12.5)
        await hall.set_running(False)
        status, public = hall.board.status(), hall.board.public_status()
        assert (status.status, status.uptime_seconds, status.timestamp) == ("online", 12, "2027-01-15T08:00:12.500Z")
        assert (public.status, public.timestamp) == ("online", status.timestamp)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 16)), max_size=12))
def test_exactly_those_states_are_told_that_hold_for_two_seconds(steps: list[tuple[bool, int]]) -> None:
    """Each step is whether the service runs from then on, and for how many quarters of a second."""
    periods = [(True, 0)]
    for running, quarters in [*steps, (True, 8)]:
        if running == periods[-1][0]:
            periods[-1] = (running, periods[-1][1] + quarters)
        else:
            periods.append((running, quarters))
    expected, now = [(0.0, True)], 0
    for running, quarters in periods:
        if quarters >= 8 and running != expected[-1][1]:
            expected.append((now / 4 + 2, running))
        now += quarters

    async def scenario() -> list[tuple[float, bool]]:
        hall = Hall()
        async with hall.telling():
            for running, quarters in [*steps, (True, 8)]:
                await hall.set_running(running)
                await hall.clock.advance(quarters / 4)
        changes: list[tuple[float, bool]] = []
        for at_s, status in hall.told():
            if not changes or changes[-1][1] != (status == "online"):
                changes.append((at_s, status == "online"))
        return changes

    assert uvloop.run(scenario()) == expected
