"""Services over the in-process bus, with a clock that stands still and a record of all that was published of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import msgspec

from duelcast.channels.broker import Message
from duelcast.channels.memory import MemoryBroker
from duelcast.channels.names import Channel
from duelcast.channels.publisher import Broadcast, Publisher
from duelcast.clock import ManualClock
from duelcast.domain.operations.breaker_settings import BreakerSettings
from duelcast.domain.operations.check import CheckResult
from duelcast.domain.operations.events import LAYER, ServiceKind
from duelcast.domain.operations.health import Health
from duelcast.domain.operations.monitored_service import Declaration, Service, Work
from duelcast.domain.operations.registry import LAYERS, Registry
from duelcast.wire.frames import encode_body
from tests.contract.buses import StoredInMemory, publish

GOOD = "It is well."
BAD = "It is ill."


@dataclass(frozen=True)
class Push:
    """What was published, decoded, and when on the steady clock."""

    at_s: float
    channel: str
    body: dict[str, Any]


class Doctor:
    """A check that finds what `healthy` says, once `may_end` is set; `asked_s` are the times at which it began."""

    def __init__(self, clock: ManualClock, *, healthy: bool = True) -> None:
        self._clock = clock
        self.healthy = healthy
        self.defect: Exception | None = None
        self.may_end = asyncio.Event()
        self.may_end.set()
        self.asked_s: list[float] = []
        self.under_way = 0

    async def __call__(self) -> CheckResult:
        self.asked_s.append(_monotonic_s(self._clock))
        self.under_way += 1
        try:
            await self.may_end.wait()
        finally:
            self.under_way -= 1
        if self.defect is not None:
            raise self.defect
        return CheckResult(healthy=self.healthy, latency_ms=3.0, details=GOOD if self.healthy else BAD)


class Floor:
    """Registry and health of services; all layers are followed, so that everything is published."""

    def __init__(self, clock: ManualClock | None = None) -> None:
        self.clock = clock or ManualClock()
        self.stored = StoredInMemory(self.clock)
        self.broker = MemoryBroker(self.clock, self.stored)
        self.broker.attach(self)
        self.publisher = Publisher(self.broker, self.clock)
        self.registry = Registry(self.publisher, self.clock, self._announce)
        self.health = Health(self.registry, self.clock)
        self.pushes: list[Push] = []
        for layer in LAYERS:
            self.broker.follow(LAYER.channel(layer))

    def _announce(self, broadcast: Broadcast) -> None:
        body = encode_body(broadcast.event, self.clock.time())
        publish(self.broker, self.stored, broadcast.channel, body)

    def deliver(self, message: Message) -> None:
        self.pushes.append(Push(_monotonic_s(self.clock), message.channel.name, msgspec.json.decode(message.body)))

    def replace(self, channel: Channel, seq: int, body: bytes) -> None:
        raise AssertionError("nothing is taken back")

    def resynchronise(self) -> None:
        raise AssertionError("a bus of one process loses nothing")

    def add(
        self,
        name: str,
        *,
        check: Doctor | None = None,
        breaker: BreakerSettings | None = None,
        work: Work | None = None,
        kind: ServiceKind = "probe",
        layer: str = "wallet",
        **declared: Any,
    ) -> Service:
        """Put a service, in the place of the one of its name, and watch it."""
        declaration = Declaration(name=name, kind=kind, layer=layer, display_name=name.title(), **declared)
        made = None if breaker is None else self.health.breaker(name, breaker)
        service = Service(declaration, self.clock, check=check, breaker=made, work=work)
        if name in self.registry:
            self.health.unwatch(self.registry[name])
        self.registry.put(service)
        self.health.watch(service)
        return service

    def on(self, channel: str) -> list[dict[str, Any]]:
        """What was published on a channel, in order."""
        return [push.body for push in self.pushes if push.channel == channel]

    def alerts(self, name: str | None = None) -> list[tuple[float, str]]:
        """When (steady seconds), and the type, of all alerts, or of those of a service."""
        return [
            (push.at_s, push.body["alert"]["type"])
            for push in self.pushes
            if push.channel == "alerts" and name in (None, push.body["service"])
        ]

    def statuses(self, name: str) -> list[str]:
        """The statuses that were published of a service, without repeats in a row."""
        told: list[str] = []
        for update in self.on(f"service.{name}"):
            if told[-1:] != [update["status"]]:
                told.append(update["status"])
        return told

    def layer(self, layer: str = "wallet") -> str:
        """The status that was last published of a layer."""
        return str(self.on(f"layer.{layer}")[-1]["status"])

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Time is kept, services are checked, and figures told."""
        work = [asyncio.create_task(part.run()) for part in (self.registry, self.health)]
        try:
            await self.clock.advance(0)
            yield
            assert not any(task.done() for task in work), "the background work ended by itself"
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)


def _monotonic_s(clock: ManualClock) -> float:
    """Sums of seconds are not exact."""
    return round(clock.monotonic(), 6)
