"""Many services, and layers that come and go."""

from __future__ import annotations

import asyncio

import pytest

from duelcast.domain.operations.events import LAYER
from duelcast.domain.operations.registry import MEMBERS_TOLD_AT_ONCE, TOLD_PER_TURN
from tests.domain.operations.floor import Floor


@pytest.fixture
def floor() -> Floor:
    return Floor()


def test_those_who_follow_a_layer_are_told_that_its_last_service_is_gone(floor: Floor) -> None:
    floor.broker.follow(LAYER.channel("edge"))
    service = floor.add("a", layer="edge")
    floor.registry.remove(service)
    assert floor.on("layer.edge")[-1]["services"] == []
    assert "edge" not in floor.registry.layers


async def test_a_large_layer_is_told_once_a_second(floor: Floor) -> None:
    for number in range(MEMBERS_TOLD_AT_ONCE + 50):
        floor.add(f"s{number}")
    told = len(floor.on("layer.wallet"))
    assert told == MEMBERS_TOLD_AT_ONCE
    async with floor.working():
        await floor.clock.advance(1)
    assert len(floor.on("layer.wallet")) == told + 1
    assert len(floor.on("layer.wallet")[-1]["services"]) == MEMBERS_TOLD_AT_ONCE + 50


async def test_a_layer_that_nobody_follows_is_not_put_together(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_layer: str) -> None:
        raise AssertionError("nobody asked for it")

    monkeypatch.setattr(floor.registry, "layer_update", fail)
    floor.registry.remove(floor.add("a", layer="edge"))


async def test_figures_of_many_services_let_others_have_their_turn(floor: Floor) -> None:
    services = [floor.add(f"s{number}", layer=f"l{number % 50}") for number in range(4 * TOLD_PER_TURN)]
    for service in services:
        floor.registry.mark_dirty(service)
    floor.pushes.clear()
    seen: list[int] = []

    async def look_on() -> None:
        while True:
            seen.append(len(floor.on("system.services")))
            await asyncio.sleep(0)

    async with floor.working():
        looking = asyncio.create_task(look_on())
        await floor.clock.advance(1)
        looking.cancel()
    assert sorted(set(seen)) == [TOLD_PER_TURN * portions for portions in range(5)]
