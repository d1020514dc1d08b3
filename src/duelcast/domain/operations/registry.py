"""All services with their layers and dependencies; publishes their changes (protocol §6)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

import structlog

from duelcast.channels.publisher import Broadcast, Publisher
from duelcast.clock import Clock
from duelcast.domain.operations import views
from duelcast.domain.operations.alert_history import AlertHistory, PastAlert
from duelcast.domain.operations.errors import DependencyError, InvalidLayer, ServiceNotFound
from duelcast.domain.operations.events import (
    ALERTS,
    LAYER,
    MANAGED_SERVICE,
    MONITORED_SERVICES,
    SERVICE,
    Alert,
    LayerUpdate,
    ManagedServiceUpdate,
    MonitoredServiceUpdate,
    ServiceAlert,
)
from duelcast.domain.operations.monitored_service import By, Declaration, PublishReason, Service
from duelcast.domain.operations.transitions import Transition
from duelcast.logs import exception_fields

LAYERS = ("data", "contest", "wallet", "infrastructure")
MAX_SERVICES = 2_000
METRICS_INTERVAL_S = 1.0
MEMBERS_TOLD_AT_ONCE = 100
"""A layer with more services is published at most once a second, together with the figures, because each update lists
all services of the layer."""
TOLD_PER_TURN = 50
"""How many services have their figures published before other tasks run."""

_log = structlog.get_logger("duelcast.operations")


class Registry:
    """The services by name. A change of a status or of a breaker's state is published at once; other changes are
    published within a second.

    `announce` stores and broadcasts an alert; see `Database.announce`. `listeners` are called with each service whose
    status may have changed, or that was removed.
    """

    def __init__(self, publisher: Publisher, clock: Clock, announce: Callable[[Broadcast], None]) -> None:
        self._publisher = publisher
        self._announce = announce
        self._clock = clock
        self._services: dict[str, Service] = {}
        self._dependents: dict[str, set[str]] = {}
        self._layers: dict[str, set[str]] = {layer: set() for layer in LAYERS}
        self._dirty: dict[str, None] = {}
        """Services whose figures may differ from the published ones."""
        self._dirty_layers: dict[str, None] = {}
        self.alerts = AlertHistory()
        self.listeners: list[Callable[[Service], None]] = []

    # ── reading ───────────────────────────────────────────────────────────────────────────────────────────

    def __getitem__(self, name: str) -> Service:
        """Raises `ServiceNotFound`."""
        service = self._services.get(name)
        if service is None:
            raise ServiceNotFound(f"There is no service `{name[:64]}`.")
        return service

    def __contains__(self, name: str) -> bool:
        return name in self._services

    def __iter__(self) -> Iterator[Service]:
        """The services, in the order in which they were added."""
        return iter(self._services.values())

    def __len__(self) -> int:
        return len(self._services)

    @property
    def layers(self) -> Sequence[str]:
        """The layers that always exist, then those that services added."""
        return list(self._layers)

    def dependents(self, name: str) -> list[str]:
        """The services that depend on the service `name`, sorted."""
        return sorted(self._dependents.get(name, ()))

    def in_layer(self, layer: str) -> list[Service]:
        """The services of a layer, sorted by name. Raises `InvalidLayer`."""
        names = self._layers.get(layer)
        if names is None:
            raise InvalidLayer(f"There is no layer `{layer[:64]}`. Layers: {', '.join(self._layers)}.")
        return [self._services[name] for name in sorted(names)]

    # ── adding and removing ─────────────────────────────────────────────────────────────────────────────────────

    def check_dependencies(self, declaration: Declaration, also: Collection[str] = ()) -> None:
        """Raise `DependencyError` if the service depends on one that neither exists nor is among `also`, or on itself,
        directly or through others."""
        name = declaration.name
        for needed in declaration.dependencies:
            if needed != name and needed not in self._services and needed not in also:
                raise DependencyError(
                    f"`{name}` depends on `{needed}`, which does not exist: add it first.", field="dependencies"
                )
            path = self._path(needed, name)
            if path is not None:
                circle = " → ".join((name, *path))
                raise DependencyError(f"The dependencies form a cycle: {circle}.", field="dependencies")

    def put(self, service: Service) -> None:
        """Add a service, or replace the one with the same name; call `check_dependencies` first."""
        before = self._services.get(service.name)
        if before is not None:
            self._unlink(before)
        declaration = service.declaration
        self._services[service.name] = service
        self._layers.setdefault(declaration.layer, set()).add(service.name)
        for needed in declaration.dependencies:
            self._dependents.setdefault(needed, set()).add(service.name)
        self.changed(service)
        if before is not None:
            self._stir_around(before.declaration)
            if before.declaration.layer != declaration.layer:
                self._publish_layer(before.declaration.layer)
        self._stir_around(declaration)

    def remove(self, service: Service) -> None:
        """Remove a service. Nothing may depend on it, and its work must have ended."""
        self._unlink(service)
        del self._services[service.name]
        self._dirty.pop(service.name, None)
        self.alerts.forget(service.name)
        name = service.name
        self._publisher.publish(SERVICE.channel(name), views.service_update(service, removed=True))
        managed = ManagedServiceUpdate(service=views.managed(service, ()), removed=True)
        self._publisher.publish(MANAGED_SERVICE.channel(name), managed)
        monitored = MonitoredServiceUpdate(service=name, data=views.health(service), removed=True)
        self._publisher.publish(MONITORED_SERVICES.channel(), monitored)
        self._publish_layer(service.declaration.layer)
        self._stir_around(service.declaration)
        self._publish(service)

    def _unlink(self, service: Service) -> None:
        declaration = service.declaration
        self._layers[declaration.layer].discard(declaration.name)
        for needed in declaration.dependencies:
            self._dependents[needed].discard(declaration.name)

    def _stir_around(self, declaration: Declaration) -> None:
        """Mark the dependencies in `declaration` as dirty, because their records name the service as a dependent."""
        for needed in declaration.dependencies:
            if needed in self._services:
                self._dirty[needed] = None

    def _path(self, start: str, end: str) -> list[str] | None:
        """The path by which `start` depends on `end`, both included; None if it does not."""
        if start == end:
            return [start]
        came_from: dict[str, str] = {start: ""}
        todo = [start]
        while todo:
            at = todo.pop()
            service = self._services.get(at)
            for needed in service.declaration.dependencies if service is not None else ():
                if needed in came_from:
                    continue
                came_from[needed] = at
                if needed == end:
                    path = [end]
                    while path[-1] != start:
                        path.append(came_from[path[-1]])
                    return path[::-1]
                todo.append(needed)
        return None

    # ── publishing ───────────────────────────────────────────────────────────────────────────────────────

    def mark_dirty(self, service: Service) -> None:
        """Note that the figures of a service changed, and perhaps its status."""
        if (service.status, service.breaker_status) != service.shown:
            self.changed(service)
        elif service.name in self._services:
            self._dirty[service.name] = None

    def changed(
        self,
        service: Service,
        *,
        alert: Alert | None = None,
        transition: Transition | None = None,
        checked_by: By | None = None,
        reset_by: By | None = None,
    ) -> None:
        """Publish the present state of the service, with the cause of the change, unless the service was removed or
        replaced. `transition` is the one that `alert` tells of."""
        if self._services.get(service.name) is not service:
            return
        self._dirty.pop(service.name, None)
        # Reading a breaker may advance it, which publishes and sets `shown`, so `shown` is read after that.
        now = (service.status, service.breaker_status)
        before, service.shown = service.shown, now
        service.updated_at_s = self._clock.time()
        if alert is not None:
            self.alerts.add(PastAlert(service.name, alert, service.updated_at_s, transition))
            breaker = views.breaker_record(service)
            self._announce(
                Broadcast(ALERTS.channel(), ServiceAlert(service=service.name, alert=alert, circuit_breaker=breaker))
            )
        previous = before[0] if before is not None and before[0] != now[0] else None
        cause = service.cause = PublishReason(
            at_s=self._clock.monotonic(), previous=previous, alert=alert, checked_by=checked_by, reset_by=reset_by
        ).joined(service.cause)
        update = views.service_update(
            service,
            previous=cause.previous if cause.previous != now[0] else None,
            alert=cause.alert,
            checked_by=cause.checked_by,
            reset_by=cause.reset_by,
        )
        self._publisher.publish(SERVICE.channel(service.name), update)
        managed = ManagedServiceUpdate(service=views.managed(service, self.dependents(service.name)))
        self._publisher.publish(MANAGED_SERVICE.channel(service.name), managed)
        monitored = MonitoredServiceUpdate(service=service.name, data=views.health(service))
        self._publisher.publish(MONITORED_SERVICES.channel(), monitored)
        if before != now:
            self._publish_layer(service.declaration.layer)
            self._publish(service)

    def layer_update(self, layer: str) -> LayerUpdate:
        """A layer with its services. Raises `InvalidLayer`."""
        return views.layer_update(layer, self.in_layer(layer))

    async def run(self) -> None:
        """Publish figures that changed, once a second, until cancelled."""
        while True:
            await self._clock.sleep(METRICS_INTERVAL_S)
            dirty, self._dirty = self._dirty, {}
            for number, name in enumerate(dirty, 1):
                service = self._services.get(name)
                if service is not None:
                    self._guarded_changed(service)
                if number % TOLD_PER_TURN == 0:
                    await self._clock.sleep(0)
            layers, self._dirty_layers = self._dirty_layers, {}
            for layer in layers:
                if layer in self._layers:
                    self._publisher.publish(LAYER.channel(layer), self.layer_update(layer))

    def _guarded_changed(self, service: Service) -> None:
        """Call `changed` and log exceptions, because a defect in one service must not keep the others from being
        published."""
        try:
            self.changed(service)
        except Exception as error:
            _log.error("defect", service=service.name, **exception_fields(error))

    def _publish_layer(self, layer: str) -> None:
        members = self._layers[layer]
        # A layer's list of services may be long, so it is made only if somebody follows the layer.
        if self._publisher.is_followed(LAYER.channel(layer)):
            if len(members) > MEMBERS_TOLD_AT_ONCE:
                self._dirty_layers[layer] = None
            else:
                self._publisher.publish(LAYER.channel(layer), self.layer_update(layer))
        if not members and layer not in LAYERS:
            del self._layers[layer]

    def _publish(self, service: Service) -> None:
        for listener in self.listeners:
            listener(service)
