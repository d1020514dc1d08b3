"""Whatever is put and removed, the registry agrees with what its services declare, and no circle comes into being."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from duelcast.domain.operations.errors import DependencyError
from duelcast.domain.operations.monitored_service import Declaration
from duelcast.domain.operations.registry import LAYERS
from tests.domain.operations.floor import Floor

NAMES = st.sampled_from("abcde")
STEPS = st.lists(
    st.tuples(NAMES, st.sampled_from([*LAYERS, "edge"]), st.none() | st.lists(NAMES, max_size=3, unique=True)),
    max_size=30,
)
"""Name, layer and dependencies of a service that is put; None: it is removed where nothing depends on it."""


def reaches(floor: Floor, start: str, end: str) -> bool:
    dependencies = floor.registry[start].declaration.dependencies
    return end in dependencies or any(reaches(floor, needed, end) for needed in dependencies)


@given(STEPS)
def test_it_agrees_with_what_is_declared(steps: list[tuple[str, str, list[str] | None]]) -> None:
    floor = Floor()
    registry = floor.registry
    for name, layer, dependencies in steps:
        if dependencies is None:
            if name in registry and not registry.dependents(name):
                registry.remove(registry[name])
            continue
        declared = Declaration(
            name=name, kind="probe", layer=layer, display_name=name, dependencies=tuple(dependencies)
        )
        with suppress(DependencyError):
            registry.check_dependencies(declared)
            floor.add(name, layer=layer, dependencies=declared.dependencies)
    there = {service.name: service.declaration for service in registry}
    for name, declaration in there.items():
        assert set(declaration.dependencies) <= there.keys()
        assert not reaches(floor, name, name)
        assert registry.dependents(name) == sorted(other for other in there if name in there[other].dependencies)
    for layer in registry.layers:
        members = [service.name for service in registry.in_layer(layer)]
        assert members == sorted(name for name in there if there[name].layer == layer)
        assert members or layer in LAYERS
    assert {declaration.layer for declaration in there.values()} <= set(registry.layers)
    for name in "abcde":
        updates = floor.on(f"service.{name}")
        assert [bool(update.get("removed")) for update in updates[-1:]] == ([name not in there] if updates else [])
