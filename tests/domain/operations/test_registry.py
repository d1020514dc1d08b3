"""The registry: what there is, what depends on what, and what is published when something changes."""

from __future__ import annotations

import pytest

from duelcast.domain.operations.breaker_settings import BreakerSettings
from duelcast.domain.operations.errors import DependencyError, InvalidLayer, ServiceNotFound
from duelcast.domain.operations.monitored_service import Declaration, Service
from duelcast.domain.operations.registry import LAYERS
from tests.domain.operations.floor import Floor


@pytest.fixture
def floor() -> Floor:
    return Floor()


def declaration(name: str, *dependencies: str) -> Declaration:
    return Declaration(name=name, kind="probe", layer="wallet", display_name=name, dependencies=dependencies)


# ── what there is ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_services_are_found_by_name_and_listed_in_the_order_of_adding(floor: Floor) -> None:
    for name in ("b", "a", "c"):
        floor.add(name)
    assert [service.name for service in floor.registry] == ["b", "a", "c"]
    assert len(floor.registry) == 3
    assert "a" in floor.registry
    assert floor.registry["a"].name == "a"


def test_an_unknown_service_is_named_in_the_refusal_and_cut_to_what_a_name_may_be(floor: Floor) -> None:
    with pytest.raises(ServiceNotFound) as refused:
        floor.registry["x" * 1_000]
    assert f"`{'x' * 64}`" in refused.value.message


def test_the_fixed_layers_are_always_there_and_services_bring_others(floor: Floor) -> None:
    assert floor.registry.layers == list(LAYERS)
    assert floor.registry.layer_update("wallet").status == "unknown"
    brought = floor.add("a", layer="edge")
    assert floor.registry.layers == [*LAYERS, "edge"]
    floor.registry.remove(brought)
    assert floor.registry.layers == list(LAYERS)


def test_an_unknown_layer_is_refused_with_those_there_are(floor: Floor) -> None:
    floor.add("a", layer="edge")
    with pytest.raises(InvalidLayer) as refused:
        floor.registry.layer_update("x" * 1_000)
    assert "data, contest, wallet, infrastructure, edge" in refused.value.message
    assert "x" * 65 not in refused.value.message


def test_a_layer_lists_its_services_by_name(floor: Floor) -> None:
    for name in ("b", "a"):
        floor.add(name)
    floor.add("c", layer="data")
    assert [service.name for service in floor.registry.in_layer("wallet")] == ["a", "b"]


# ── dependencies ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_depends_on_an_unknown_service_is_refused(floor: Floor) -> None:
    with pytest.raises(DependencyError) as refused:
        floor.registry.check_dependencies(declaration("a", "nowhere"))
    assert "`nowhere`" in refused.value.message
    assert refused.value.field == "dependencies"
    floor.registry.check_dependencies(declaration("a", "nowhere"), {"nowhere"})


def test_what_depends_on_itself_is_refused(floor: Floor) -> None:
    with pytest.raises(DependencyError, match="a → a"):
        floor.registry.check_dependencies(declaration("a", "a"))


def test_a_circle_is_refused_and_told_in_the_order_of_the_dependencies(floor: Floor) -> None:
    floor.add("a")
    floor.add("b", dependencies=("a",))
    floor.add("c", dependencies=("b",))
    with pytest.raises(DependencyError, match="a → c → b → a"):
        floor.registry.check_dependencies(declaration("a", "c"))
    floor.registry.check_dependencies(declaration("d", "a", "b", "c"))


def test_two_ways_to_one_service_are_no_circle(floor: Floor) -> None:
    floor.add("root")
    floor.add("left", dependencies=("root",))
    floor.add("right", dependencies=("root",))
    floor.registry.check_dependencies(declaration("top", "left", "right"))


def test_dependents_follow_what_is_put_and_removed(floor: Floor) -> None:
    floor.add("a")
    floor.add("c", dependencies=("a",))
    last = floor.add("b", dependencies=("a",))
    assert floor.registry.dependents("a") == ["b", "c"]
    floor.add("c")
    assert floor.registry.dependents("a") == ["b"]
    floor.registry.remove(last)
    assert floor.registry.dependents("a") == []
    assert floor.registry.dependents("nowhere") == []


async def test_who_loses_or_gains_a_dependent_is_shown_with_its_dependents_within_a_second(floor: Floor) -> None:
    floor.add("a")
    async with floor.working():
        for dependencies in (("a",), (), ("a",)):
            floor.add("b", dependencies=dependencies)
            await floor.clock.advance(1)
            assert floor.on("skyduel.a")[-1]["service"]["dependents"] == (["b"] if dependencies else [])
        floor.registry.remove(floor.registry["b"])
        await floor.clock.advance(1)
        assert floor.on("skyduel.a")[-1]["service"]["dependents"] == []


# ── what is published ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_service_is_told_to_all_three_audiences_and_its_layer(floor: Floor) -> None:
    floor.add("a", breaker=BreakerSettings())
    told = {push.channel: push.body for push in floor.pushes}
    assert told.keys() == {"service.a", "skyduel.a", "system.services", "layer.wallet"}
    assert (told["service.a"]["service"], told["service.a"]["status"]) == ("a", "unknown")
    assert told["skyduel.a"]["service"]["name"] == "a"
    assert (told["system.services"]["service"], told["system.services"]["data"]["status"]) == ("a", "unknown")
    assert told["layer.wallet"]["services"] == [
        {"service": "a", "status": "unknown", "circuit_breaker": {"status": "initializing", "is_open": False}}
    ]
    assert "previousStatus" not in told["service.a"]


async def test_a_change_of_status_is_told_at_once_with_the_one_before(floor: Floor) -> None:
    service = floor.add("a")
    await service.work.stop()
    floor.registry.mark_dirty(service)
    update = floor.on("service.a")[-1]
    assert (update["previousStatus"], update["status"]) == ("unknown", "stopped")
    assert floor.layer() == "warning"


async def test_figures_alone_are_told_once_a_second_and_only_where_they_changed(floor: Floor) -> None:
    floor.add("b")
    service = floor.add("a", breaker=BreakerSettings())
    assert service.breaker is not None
    service.breaker.record(True, 1.0)
    floor.registry.mark_dirty(service)
    async with floor.working():
        floor.pushes.clear()
        for _ in range(10):
            service.breaker.record(True, 1.0)
            floor.registry.mark_dirty(service)
            await floor.clock.advance(0.05)
        assert floor.pushes == []
        await floor.clock.advance(3)
    assert [push.channel for push in floor.pushes] == ["service.a", "skyduel.a", "system.services"]
    assert {push.at_s for push in floor.pushes} == {1.0}
    update = floor.on("service.a")[0]
    assert update["operations"]["total"] == 11
    assert "previousStatus" not in update


async def test_figures_that_went_out_with_something_else_are_not_told_again(floor: Floor) -> None:
    service = floor.add("a")
    floor.registry.mark_dirty(service)
    floor.registry.changed(service)
    floor.pushes.clear()
    async with floor.working():
        await floor.clock.advance(3)
    assert floor.pushes == []


async def test_a_breaker_that_turns_when_it_is_looked_at_is_told_once(floor: Floor) -> None:
    service = floor.add("a", breaker=BreakerSettings(failure_threshold=1, reset_timeout_ms=5_000))
    assert service.breaker is not None
    service.breaker.record(False, 1.0)
    await floor.clock.advance(5)
    floor.pushes.clear()
    floor.registry.changed(service, checked_by="admin")
    assert [alert["alert"]["type"] for alert in floor.on("alerts")] == ["circuit_half_open"]
    turned, checked = floor.on("service.a")
    assert (turned["previousStatus"], turned["status"]) == ("circuit_open", "degraded")
    # Followers may get the second alone.
    said = (checked["previousStatus"], checked["alert"]["type"], checked["checked_by"])
    assert said == ("circuit_open", "circuit_half_open", "admin")
    assert len(floor.on("layer.wallet")) == 1


def test_removal_ends_a_service_for_all_its_audiences(floor: Floor) -> None:
    floor.add("b")
    service = floor.add("a")
    floor.pushes.clear()
    floor.registry.remove(service)
    removed = {push.channel: push.body for push in floor.pushes}
    assert removed.keys() == {"service.a", "skyduel.a", "system.services", "layer.wallet"}
    for channel in ("service.a", "skyduel.a", "system.services"):
        assert removed[channel]["removed"] is True
    assert [member["service"] for member in removed["layer.wallet"]["services"]] == ["b"]
    assert "a" not in floor.registry


async def test_removal_leaves_nothing_of_it_in_a_snapshot(floor: Floor) -> None:
    service = floor.add("a")
    floor.registry.remove(service)
    for group in ("services", "skyduel.*"):
        assert await floor.broker.group_messages(group) == []


async def test_nothing_is_heard_of_a_service_that_is_no_longer_there(floor: Floor) -> None:
    gone = floor.add("a")
    floor.registry.remove(gone)
    replaced = floor.add("b")
    floor.add("b")
    floor.pushes.clear()
    for service in (gone, replaced):
        await service.work.stop()
        floor.registry.mark_dirty(service)
        floor.registry.changed(service)
    async with floor.working():
        await floor.clock.advance(2)
    assert floor.pushes == []


def test_a_service_that_moves_is_told_in_both_layers(floor: Floor) -> None:
    floor.add("a")
    floor.pushes.clear()
    floor.add("a", layer="data")
    assert [len(floor.on(f"layer.{layer}")[-1]["services"]) for layer in ("wallet", "data")] == [0, 1]


async def test_listeners_hear_of_each_change_of_status_and_of_the_end(floor: Floor) -> None:
    heard: list[tuple[str, str, bool]] = []

    def listen(service: Service) -> None:
        heard.append((service.name, service.status, service.name in floor.registry))

    floor.registry.listeners.append(listen)
    service = floor.add("a")
    floor.registry.changed(service)
    await service.work.stop()
    floor.registry.mark_dirty(service)
    floor.registry.remove(service)
    assert heard == [("a", "unknown", True), ("a", "stopped", True), ("a", "stopped", False)]
