"""Messages about services, and their channels (protocol §2, §6, §7, §8, §12)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType

from duelcast.channels.names import Family, Kind, Role, Unfollowed
from duelcast.wire.messages import Event, Record, Timestamp

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
    """The breaker of a service, in short."""

    status: BreakerStatus
    """`degraded` is closed after a failed call, `initializing` is without a call so far, and a service without a
    breaker is `disabled`."""
    is_open: bool
    """Whether the breaker refuses every call."""


class BreakerRecord(BreakerSummary):
    """The breaker of a service."""

    details: str
    """A sentence about `status`."""
    failures: int
    """How many calls failed in a row."""
    failure_rate: float | None
    """The percentage of failed calls in the window; null without calls."""
    last_failure: Timestamp | None
    """When a call last failed; null if none did."""
    last_success: Timestamp | None
    """When a call last succeeded; null if none did."""
    opened_at: Timestamp | None
    """When the breaker opened; null unless it is open."""
    next_attempt_at: Timestamp | None
    """When the breaker will be half-open; null unless it is open."""
    recovery_attempts: int
    """How many half-open periods failed since the breaker was last closed."""
    last_reset: Timestamp | None
    """When the breaker was last closed by hand; null if it never was."""


class CallCounts(Record):
    """Calls of a service since the start."""

    total: int
    """How many calls were made."""
    successful: int
    """How many of them succeeded."""
    failed: int
    """How many of them failed."""
    rejected: int
    """How many calls the breaker refused; `total` does not include them."""


class Performance(Record):
    """How long calls of a service took."""

    averageOperationTimeMs: float | None
    """The average in milliseconds; null without calls."""
    lastOperationTimeMs: float | None
    """The duration of the last call in milliseconds; null without calls."""
    p95OperationTimeMs: float | None
    """The 95th percentile in milliseconds; null without calls."""


class ServiceState(Record):
    """A service, as shown to those who depend on it."""

    service: str
    """The name of the service."""
    displayName: str
    """The name for people."""
    layer: str
    """The layer of the service, such as `data`."""
    status: ServiceStatus
    """The state of the service, of which the first that applies is given: `stopped`, `circuit_open`, `unhealthy`,
    `degraded`, `unknown`, `healthy`."""
    circuit_breaker: BreakerRecord
    """The breaker of the service."""
    operations: CallCounts
    """The calls of the service since the start."""
    performance: Performance
    """How long calls took."""
    config: dict[str, Any]
    """The public part of the service's configuration, without URLs."""
    dependencies: list[str]
    """The names of the services that this one depends on."""
    updated_at: Timestamp
    """When the state last changed."""


class Alert(Record):
    """A change of a breaker or of the health of a service, published once."""

    id: str
    """The id of the alert."""
    type: AlertType
    """The kind of change."""
    severity: Severity
    """How bad that is."""
    message: str
    """A sentence about it."""


class LayerMember(Record):
    """A service in its layer."""

    service: str
    """The name of the service."""
    status: ServiceStatus
    """The state of the service."""
    circuit_breaker: BreakerSummary
    """The breaker of the service."""


class SkyDuelService(Record):
    """A service, as shown to those who manage it."""

    name: str
    """The name of the service."""
    displayName: str
    """The name for people."""
    description: str
    """The purpose of the service."""
    version: str
    """The version of the service; empty if it is unknown."""
    kind: ServiceKind
    """`internal` services are parts of the server, `probe` services are checked by it, and `reported` services report
    themselves."""
    layer: str
    """The layer of the service, such as `data`."""
    status: ServiceStatus
    """The state of the service, as in ServiceState."""
    isRunning: bool
    """Whether the service runs."""
    hasActiveCircuitBreaker: bool
    """Whether the service's breaker is open or half-open."""
    dependencies: list[str]
    """The names of the services that this one depends on."""
    dependents: list[str]
    """The names of the services that depend on this one."""
    commands: list[str]
    """The commands that the service accepts."""
    lastUpdate: Timestamp
    """When the state last changed."""
    startedAt: Timestamp | None
    """When the service was last started; null if it never was."""
    restarts: int
    """How often the service was restarted."""
    metrics: dict[str, float | None]
    """Figures of the service by name; null if a figure is unknown."""


class ServiceHealth(Record):
    """A service, as shown on the endpoint `monitor`."""

    status: ServiceStatus
    """The state of the service, as in ServiceState."""
    metrics: dict[str, float | None]
    """Figures of the service by name; null if a figure is unknown."""
    updated_at: Timestamp
    """When the state last changed."""


class ServerStatus(Record):
    """The server as a whole."""

    status: ServerStatusName
    """`degraded` if a service does not work or the server is not ready."""
    message: str
    """A sentence about the status."""
    timestamp: Timestamp
    """When the status was determined."""
    version: str | UnsetType = UNSET
    """The version of the server; only for clients with a token."""
    uptime_seconds: int | UnsetType = UNSET
    """How long the server has been running, in seconds; only for clients with a token."""
    connections: int | UnsetType = UNSET
    """How many connections are open; only for clients with a token."""
    affected: list[str] | UnsetType = UNSET
    """The names of the services that do not work; only for clients with a token."""


# ── events ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class ServiceUpdate(ServiceState, Event, tag="service:update"):
    """The new state of a service."""

    previousStatus: ServiceStatus | UnsetType = UNSET
    """The state before; absent if it is the same."""
    alert: Alert | UnsetType = UNSET
    """The alert that was raised by this change; absent if there was none."""
    checked_by: Literal["admin", "system"] | UnsetType = UNSET
    """The role that had the service checked; absent unless a check caused this message."""
    reset_by: Literal["admin", "system"] | UnsetType = UNSET
    """The role that closed the breaker; absent unless that caused this message."""
    removed: bool | UnsetType = UNSET
    """True if the service no longer exists; otherwise absent."""


class LayerUpdate(Event, tag="layer:status"):
    """A layer with its services."""

    layer: str
    """The name of the layer."""
    status: LayerStatus
    """`critical` if a service is `circuit_open` or `unhealthy`, else `warning` if one is `degraded` or `stopped`, else
    `unknown` if there is none or all are unknown, else `operational`."""
    services: list[LayerMember]
    """The services of the layer."""


class ServiceAlert(Event, tag="service:alert"):
    """A breaker or the health of a service changed."""

    service: str
    """The name of the service."""
    alert: Alert
    """The kind of change."""
    circuit_breaker: BreakerRecord
    """The breaker of the service."""


class ManagedServiceUpdate(Event, tag="service_update"):
    """The current record of a service."""

    service: SkyDuelService
    """The service."""
    removed: bool | UnsetType = UNSET
    """True if the service no longer exists; otherwise absent."""


class MonitoredServiceUpdate(Event, tag="service_status"):
    """The current health of a service."""

    service: str
    """The name of the service."""
    data: ServiceHealth
    """The health of the service."""
    removed: bool | UnsetType = UNSET
    """True if the service no longer exists; otherwise absent."""


class ServerStatusUpdate(Event, tag="SERVER_STATUS_UPDATE"):
    """The status of the server."""

    data: ServerStatus
    """The status."""


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
    parameter=rf"(?P<service>{NAME_PATTERN})",
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
    parameter=rf"(?P<layer>{NAME_PATTERN})",
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
    parameter=rf"(?P<service>{NAME_PATTERN})",
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
    key_paths=("service",),
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
