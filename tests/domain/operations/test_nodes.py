"""Nodes as services."""

from __future__ import annotations

import pytest

from duelcast.domain.operations.nodes import NodeServices, NodeState, service_name
from duelcast.domain.operations.outside import is_name
from tests.domain.operations.floor import Floor


@pytest.fixture
def floor() -> Floor:
    return Floor()


@pytest.fixture
def services(floor: Floor) -> NodeServices:
    return NodeServices(floor.registry, floor.clock)


GATEWAY = NodeState(name="one", role="gateway", version="1.0", since_ms=5_000, connections=3, lag_ms=7, term=2)


def test_a_node_is_shown_with_its_figures(floor: Floor, services: NodeServices) -> None:
    services.show([GATEWAY])
    (update,) = floor.on("skyduel.node_one")
    shown = update["service"]
    assert (shown["displayName"], shown["version"], shown["status"]) == ("Gateway one", "1.0", "healthy")
    assert shown["startedAt"] == "1970-01-01T00:00:05.000Z"
    metrics = shown["metrics"]
    assert (metrics["connections"], metrics["lagMs"], metrics["term"]) == (3, 7, 2)


def test_a_node_that_is_not_linked_is_unknown_and_affects_nobody(floor: Floor, services: NodeServices) -> None:
    services.show([GATEWAY])
    services.show(
        [NodeState(name="one", role="gateway", version="1.0", since_ms=5_000, connections=3, is_linked=False)]
    )
    assert [update["service"]["status"] for update in floor.on("skyduel.node_one")] == ["healthy", "unknown"]
    assert floor.alerts() == []


def test_a_node_that_has_gone_is_removed(floor: Floor, services: NodeServices) -> None:
    services.show([GATEWAY])
    services.show([])
    assert floor.on("skyduel.node_one")[-1]["removed"] is True
    assert "node_one" not in floor.registry


def test_a_node_with_another_role_is_shown_anew(floor: Floor, services: NodeServices) -> None:
    services.show([NodeState(name="one", role="candidate", version="1.0", since_ms=5_000, connections=0)])
    services.show([NodeState(name="one", role="leader", version="1.0", since_ms=6_000, connections=0)])
    assert [update["service"]["displayName"] for update in floor.on("skyduel.node_one")] == [
        "Candidate one",
        "Leader one",
    ]


def test_a_node_whose_figures_stay_is_published_once(floor: Floor, services: NodeServices) -> None:
    services.show([GATEWAY])
    services.show([GATEWAY])
    assert not floor.registry._dirty
    assert len(floor.on("skyduel.node_one")) == 1


def test_a_node_takes_no_name_from_another_service(floor: Floor, services: NodeServices) -> None:
    outside = floor.add("node_one")
    services.show([GATEWAY])
    services.show([])
    assert floor.registry["node_one"] is outside


def test_a_node_that_only_an_earlier_leader_has_known_is_removed(floor: Floor, services: NodeServices) -> None:
    outside = floor.add("node_outside")
    services.show([GATEWAY])
    services.remove_others(["skyduel.node_one", "skyduel.node_old", "skyduel.node_outside", "service.node_x", "chat.1"])
    assert floor.on("skyduel.node_old")[-1]["removed"] is True
    assert floor.on("system.services")[-1]["removed"] is True
    assert [service.name for service in floor.registry] == ["node_outside", "node_one"]
    assert floor.registry["node_outside"] is outside


@pytest.mark.parametrize("name", ["host-1f3a9c", "Host.Example.org-1f3a9c", "h" * 300 + "-1f3a9c", "ü"])
def test_any_name_of_a_node_makes_a_name_of_a_service(name: str) -> None:
    assert is_name(service_name(name))
    assert service_name(name).endswith(name[-6:]) or name == "ü"
