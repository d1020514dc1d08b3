"""What is said of a service that is not the server's own: what is taken, what is refused."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from duelcast.domain.operations.breaker_settings import BreakerSettings
from duelcast.domain.operations.outside import ServiceDefinition, is_name
from duelcast.errors import InvalidRequest

CHECK = {"type": "tcp", "url": "tcp://db:1", "intervalMs": 1_000}
PROBE = {"kind": "probe", "layer": "data", "check": CHECK}
REPORTED = {"kind": "reported", "layer": "wallet"}


def read(given: dict[str, Any]) -> ServiceDefinition:
    return msgspec.convert(given, ServiceDefinition)


@pytest.mark.parametrize("given", [PROBE, REPORTED])
def test_the_least_that_is_needed(given: dict[str, Any]) -> None:
    definition = read(given)
    definition.verify()
    assert definition.circuit_breaker == BreakerSettings()


def test_it_comes_back_from_what_is_stored_of_it() -> None:
    full = REPORTED | {
        "displayName": "Wallets",
        "description": "Keeps them",
        "version": "1.2",
        "dependencies": ["store", "broker"],
        "circuit_breaker": {"failure_threshold": 2},
        "silentAfterMs": 5_000,
    }
    for given in (PROBE, REPORTED, full):
        definition = read(given)
        assert read(msgspec.to_builtins(definition)) == definition


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "internal"}, "kind"),
        ({"kind": None}, "kind"),
        ({"layer": "Data"}, "layer"),
        ({"layer": "x" * 65}, "layer"),
        ({"layer": "data\n"}, "layer"),
        ({"displayName": ""}, "displayName"),
        ({"displayName": "x" * 101}, "displayName"),
        ({"description": "x" * 2_001}, "description"),
        ({"version": "x" * 65}, "version"),
        ({"dependencies": ["Store"]}, "dependencies"),
        ({"dependencies": ["store"] * 101}, "dependencies"),
        ({"check": CHECK | {"type": "ftp"}}, "check.type"),
        ({"check": CHECK | {"intervalMs": 999}}, "check.intervalMs"),
        ({"check": CHECK | {"timeoutMs": 30_001}}, "check.timeoutMs"),
        ({"circuit_breaker": {"failure_threshold": 0}}, "circuit_breaker.failure_threshold"),
        ({"silentAfterMs": 999}, "silentAfterMs"),
        ({"silent_after_ms": 1_000}, "silent_after_ms"),
    ],
)
def test_what_is_out_of_bounds_or_unknown_is_refused_by_name(change: dict[str, Any], field: str) -> None:
    with pytest.raises(msgspec.ValidationError) as refused:
        read(PROBE | change)
    assert field.rpartition(".")[2] in str(refused.value)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"kind": "probe", "layer": "data"}, "check"),
        (REPORTED | {"check": CHECK}, "check"),
        (PROBE | {"silentAfterMs": 5_000}, "silentAfterMs"),
        (REPORTED | {"dependencies": ["a", "b", "a"]}, "dependencies"),
    ],
)
def test_fields_at_odds_with_one_another_are_refused(given: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read(given).verify()
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("text", "good"),
    [("a", True), ("feed_one-2", True), ("x" * 64, True), ("", False), ("x" * 65, False), ("A", False), ("a\n", False)],
)
def test_names(text: str, good: bool) -> None:
    assert is_name(text) is good
