"""Messages about services, and their channels (protocol §2, §6, §7, §8, §12)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType

from duelcast.channels.names import Family, Kind, Role, Unfollowed
from duelcast.wire.messages import Event, Record

NAME_PATTERN = r"[a-z0-9_\-]{1,64}"
"""The names of services and layers."""
Name = Annotated[str, Meta(pattern=rf"^{NAME_PATTERN}(?!\n)$", description="1 to 64 of a-z 0-9 _ -")]

ServiceKind = Literal["internal", "probe", "reported"]
ServiceStatus = Literal["healthy", "degraded", "unhealthy", "circuit_open", "stopped", "unknown"]
BreakerStatus = Literal["closed", "degraded", "open", "half_open", "initializing", "disabled"]
LayerStatus = Literal["operational", "warning", "critical", "unknown"]
AlertType = Literal["circuit_open", "circuit_half_open", "circuit_closed", "health_failed", "health_recovered"]
Severity = Literal["info", "warning", "critical"]
ServerStatusName = Literal["online", "degraded", "maintenance"]


# ── records ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class BreakerSummary(Record):
    """The breaker of a service, in short. If `is_open` is true, no call is let through."""

    status: BreakerStatus
    is_open: bool


class BreakerRecord(BreakerSummary):
    """The breaker of a service. `failures` is the number of failures in a row; `failure_rate` is the percentage of
    failed calls in the window, or null without calls; `recovery_attempts` counts the half-open periods that failed
    since the breaker was last closed."""

    details: str
    failures: int
    failure_rate: float | None
    last_failure: str | None
    last_success: str | None
    opened_at: str | None
    next_attempt_at: str | None
    recovery_attempts: int
    last_reset: str | None


class CallCounts(Record):
    """Calls since the start. Calls that the breaker refused are counted in `rejected` and not in `total`."""

    total: int
    successful: int
    failed: int
    rejected: int


class Performance(Record):
    """How long calls took; null without calls."""

    averageOperationTimeMs: float | None
    lastOperationTimeMs: float | None
    p95OperationTimeMs: float | None


class ServiceState(Record):
    """A service, as shown to those who depend on it."""

    service: str
    displayName: str
    layer: str
    status: ServiceStatus
    circuit_breaker: BreakerRecord
    operations: CallCounts
    performance: Performance
    config: dict[str, Any]
    dependencies: list[str]
    updated_at: str


class Alert(Record):
    """A change of a breaker or of the health of a service, published once."""

    id: str
    type: AlertType
    severity: Severity
    message: str


class LayerMember(Record):
    """A service in its layer."""

    service: str
    status: ServiceStatus
    circuit_breaker: BreakerSummary


class SkyDuelService(Record):
    """A service, as shown to those who manage it."""

    name: str
    displayName: str
    description: str
    version: str
    kind: ServiceKind
    layer: str
    status: ServiceStatus
    isRunning: bool
    hasActiveCircuitBreaker: bool
    dependencies: list[str]
    dependents: list[str]
    commands: list[str]
    lastUpdate: str
    startedAt: str | None
    restarts: int
    metrics: dict[str, float | None]


class ServiceHealth(Record):
    """A service, as shown on the endpoint `monitor`."""

    status: ServiceStatus
    metrics: dict[str, float | None]
    updated_at: str


class ServerStatus(Record):
    """The server as a whole. Fields after `timestamp` are only for signed-in users; `affected` has the names of the
    services that do not work as they should."""

    status: ServerStatusName
    message: str
    timestamp: str
    version: str | UnsetType = UNSET
    uptime_seconds: int | UnsetType = UNSET
    connections: int | UnsetType = UNSET
    affected: list[str] | UnsetType = UNSET


# ── events ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class ServiceUpdate(ServiceState, Event, tag="service:update"):
    """The new state of a service. If `removed` is true, the service no longer exists."""

    previousStatus: ServiceStatus | UnsetType = UNSET
    alert: Alert | UnsetType = UNSET
    checked_by: Literal["admin", "system"] | UnsetType = UNSET
    reset_by: Literal["admin", "system"] | UnsetType = UNSET
    removed: bool | UnsetType = UNSET


class LayerUpdate(Event, tag="layer:status"):
    """A layer with its services. `status` is `critical` if a service is `circuit_open` or `unhealthy`, otherwise
    `warning` if a service is `degraded` or `stopped`. It is `unknown` if there are no services or all are `unknown`,
    and otherwise `operational`."""

    layer: str
    status: LayerStatus
    services: list[LayerMember]


class ServiceAlert(Event, tag="service:alert"):
    """A breaker or the health of a service changed."""

    service: str
    alert: Alert
    circuit_breaker: BreakerRecord


class ManagedServiceUpdate(Event, tag="service_update"):
    """The current record of a service. If `removed` is true, the service no longer exists."""

    service: SkyDuelService
    removed: bool | UnsetType = UNSET


class MonitoredServiceUpdate(Event, tag="service_status"):
    """The current health of a service. If `removed` is true, the service no longer exists."""

    service: str
    data: ServiceHealth
    removed: bool | UnsetType = UNSET


class ServerStatusUpdate(Event, tag="SERVER_STATUS_UPDATE"):
    """The status of the server."""

    data: ServerStatus


# ── channels ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _removes(event: Event) -> bool:
    return getattr(event, "removed", UNSET) is True


def _monitored_key(event: Event) -> str:
    assert isinstance(event, MonitoredServiceUpdate)
    return event.service


SERVICE = Family(
    "service",
    Kind.LATEST,
    (ServiceUpdate,),
    "The state of a service.",
    parameter=NAME_PATTERN,
    placeholder="name",
    is_tombstone=_removes,
    group=lambda _name: "services",
    group_names="services",
    least_role=lambda _name: Role.USER,
)
LAYER = Family(
    "layer",
    Kind.LATEST,
    (LayerUpdate,),
    "A layer with the states of its services.",
    parameter=NAME_PATTERN,
    placeholder="layer",
    least_role=lambda _layer: Role.USER,
    unfollowed=Unfollowed.SILENT,
)
ALERTS = Family(
    "alerts",
    Kind.EVERY,
    (ServiceAlert,),
    "Changes of the breakers and of the health of all services.",
    least_role=lambda _nothing: Role.USER,
    is_urgent=True,
)
MANAGED_SERVICE = Family(
    "skyduel",
    Kind.LATEST,
    (ManagedServiceUpdate,),
    "A service, as shown to those who manage it.",
    parameter=NAME_PATTERN,
    placeholder="name",
    is_tombstone=_removes,
    group=lambda _name: "skyduel.*",
    group_names=r"skyduel\.\*",
    least_role=lambda _name: Role.ADMIN,
)
MONITORED_SERVICES = Family(
    "system.services",
    Kind.LATEST,
    (MonitoredServiceUpdate,),
    "The states of all services.",
    key=_monitored_key,
    key_description="service",
    is_tombstone=_removes,
    least_role=lambda _nothing: Role.ADMIN,
)
SYSTEM_STATUS = Family(
    "system.status",
    Kind.LATEST,
    (ServerStatusUpdate,),
    "The full status of the server.",
    least_role=lambda _nothing: Role.USER,
)
PUBLIC_STATUS = Family("public.status", Kind.LATEST, (ServerStatusUpdate,), "The status of the server, for everybody.")
