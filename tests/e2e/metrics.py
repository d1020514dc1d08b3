"""What a server measures, by the names that `/metrics` shows; if it has several nodes, their sum.

It is read without a request, which would itself be counted and let the loop turn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from prometheus_client import CollectorRegistry
from prometheus_client.samples import Sample

from duelcast.app import App
from tests.three_nodes import ThreeNodes


def metric(app: App, name: str, **labels: str) -> float:
    value = find_metric(app, name, **labels)
    assert value is not None, (name, labels)
    return value


def find_metric(app: App, name: str, **labels: str) -> float | None:
    """The value; None if nothing has been measured under these labels."""
    values = [registry.get_sample_value(name, labels) for registry in _registries(app)]
    found = [value for value in values if value is not None]
    return sum(found) if found else None


def connections(app: App) -> int:
    """All connections but those to endpoints for admins."""
    return sum(int(sample.value) for sample in _samples(app, "duelcast_connections"))


def closes(app: App) -> dict[int, int]:
    """The connections that the server closed, by code."""
    codes = Counter[int]()
    for sample in _samples(app, "duelcast_closes"):
        codes[int(sample.labels["code"])] += int(sample.value)
    return dict(codes)


def outbox_depth_bytes(app: App) -> float:
    return metric(app, "duelcast_outbox_depth_bytes")


def slow_readers(app: App) -> float:
    """How many clients have a full socket."""
    return metric(app, "duelcast_slow_readers")


def received(app: App, endpoint: str = "arena") -> float:
    """How many messages the server has taken from clients."""
    return metric(app, "duelcast_messages_received_total", endpoint=endpoint)


def _samples(app: App, name: str) -> list[Sample]:
    families = [family for registry in _registries(app) for family in registry.collect() if family.name == name]
    assert families, name
    return [sample for family in families for sample in family.samples]


def _registries(app: App) -> Sequence[CollectorRegistry]:
    return app.registries if isinstance(app, ThreeNodes) else [app.node.registry]
