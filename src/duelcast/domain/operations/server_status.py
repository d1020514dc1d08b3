"""The status of the server as a whole (protocol §7, `SERVER_STATUS_UPDATE`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf

from msgspec import Struct

from duelcast.channels.publisher import Publisher
from duelcast.clock import Alarm, Clock
from duelcast.domain.operations.events import (
    PUBLIC_STATUS,
    SYSTEM_STATUS,
    ServerStatus,
    ServerStatusName,
    ServerStatusUpdate,
)
from duelcast.domain.operations.monitored_service import Service
from duelcast.domain.operations.registry import Registry
from duelcast.domain.settings.maintenance import Maintenance
from duelcast.wire.timestamps import format_time

DAMPING_S = 2.0
"""A state that does not last this long is not published, so that a flapping service does not flood everybody."""
REPEAT_S = 30.0
AFFECTING = frozenset({"circuit_open", "unhealthy", "stopped"})
_TOLERANCE_S = 1e-6

_MESSAGES: dict[ServerStatusName, str] = {
    "online": "Everything works.",
    "degraded": "Some services do not work as they should.",
    "maintenance": "The server is under maintenance.",
}


class Surroundings(Struct, frozen=True, kw_only=True):
    """The parts of the server on which the status depends."""

    connections: Callable[[], int]
    is_ready: Callable[[], bool]
    maintenance: Callable[[], Maintenance]


class _State(Struct, frozen=True):
    status: ServerStatusName
    message: str
    affected: tuple[str, ...]


class StatusBoard:
    """Publishes the status once it has lasted 2 s, and repeats it every 30 s."""

    def __init__(
        self, registry: Registry, publisher: Publisher, clock: Clock, surroundings: Surroundings, version: str
    ) -> None:
        self._registry = registry
        self._publisher = publisher
        self._clock = clock
        self._surroundings = surroundings
        self._version = version
        self._began_s = clock.monotonic()
        self._alarm = Alarm(clock)
        self._affected: set[str] = set()
        self._published = self._candidate = _State("online", _MESSAGES["online"], ())
        self._candidate_since_s = -inf
        self._published_at_s = -inf
        registry.listeners.append(self._service_changed)

    def changed(self) -> None:
        """Call this after maintenance or readiness may have changed."""
        self._alarm.ring()

    def status(self) -> ServerStatus:
        """The last published state, with the present figures."""
        return ServerStatus(
            status=self._published.status,
            message=self._published.message,
            timestamp=format_time(self._clock.time()),
            version=self._version,
            uptime_seconds=int(self._clock.monotonic() - self._began_s),
            connections=self._surroundings.connections(),
            affected=list(self._published.affected),
        )

    def public_status(self) -> ServerStatus:
        """The public part of the status."""
        return ServerStatus(
            status=self._published.status, message=self._published.message, timestamp=format_time(self._clock.time())
        )

    async def run(self) -> None:
        """Publish the status, until cancelled."""
        first = self._now()
        # A starting server is degraded, because its parts do not run yet; that is published only if it lasts.
        if first.status != "degraded":
            self._published = self._candidate = first
        while True:
            now_s = self._clock.monotonic()
            state = self._now()
            if state != self._candidate:
                self._candidate, self._candidate_since_s = state, now_s
            settles_at_s = self._candidate_since_s + DAMPING_S
            if self._candidate != self._published and now_s >= settles_at_s - _TOLERANCE_S:
                self._published = self._candidate
                self._publish(now_s)
            elif now_s >= self._published_at_s + REPEAT_S - _TOLERANCE_S:
                self._publish(now_s)
            wake_at_s = self._published_at_s + REPEAT_S
            if self._candidate != self._published:
                wake_at_s = min(wake_at_s, settles_at_s)
            await self._alarm.sleep(wake_at_s - now_s)

    def _publish(self, now_s: float) -> None:
        self._published_at_s = now_s
        self._publisher.publish(SYSTEM_STATUS.channel(), ServerStatusUpdate(data=self.status()))
        self._publisher.publish(PUBLIC_STATUS.channel(), ServerStatusUpdate(data=self.public_status()))

    def _service_changed(self, service: Service) -> None:
        affected = service.status in AFFECTING and service.name in self._registry
        if affected != (service.name in self._affected):
            (self._affected.add if affected else self._affected.discard)(service.name)
            self._alarm.ring()

    def _now(self) -> _State:
        affected: Sequence[str] = tuple(sorted(self._affected))
        maintenance = self._surroundings.maintenance()
        if maintenance.enabled:
            return _State("maintenance", maintenance.message or _MESSAGES["maintenance"], tuple(affected))
        status: ServerStatusName = "online" if self._surroundings.is_ready() and not affected else "degraded"
        return _State(status, _MESSAGES[status], tuple(affected))
