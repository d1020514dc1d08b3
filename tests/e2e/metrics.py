"""What a server measures, by the names that `/metrics` shows.

It is read without a request, which would itself be counted and let the loop turn.
"""

from __future__ import annotations

from prometheus_client.samples import Sample

from duelcast.app import App


def metric(app: App, name: str, **labels: str) -> float:
    value = app.node.registry.get_sample_value(name, labels)
    assert value is not None, (name, labels)
    return value


def connections(app: App) -> int:
    """All connections but those to endpoints for admins."""
    return sum(int(sample.value) for sample in _samples(app, "duelcast_connections"))


def closes(app: App) -> dict[int, int]:
    """The connections that the server closed, by code."""
    return {int(sample.labels["code"]): int(sample.value) for sample in _samples(app, "duelcast_closes")}


def outbox_depth_bytes(app: App) -> float:
    return metric(app, "duelcast_outbox_depth_bytes")


def slow_readers(app: App) -> float:
    """How many clients have a full socket."""
    return metric(app, "duelcast_slow_readers")


def received(app: App, endpoint: str = "arena") -> float:
    """How many messages the server has taken from clients."""
    return metric(app, "duelcast_messages_received_total", endpoint=endpoint)


def _samples(app: App, name: str) -> list[Sample]:
    (family,) = [family for family in app.node.registry.collect() if family.name == name]
    return family.samples
