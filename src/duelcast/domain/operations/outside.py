"""Services outside the server: those in the configuration file, and those defined over HTTP (protocol §13,
`PUT /services`)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Annotated, Any, Literal

import msgspec
import structlog
from msgspec import Meta, Struct

from duelcast.clock import Clock, time_ms
from duelcast.domain.audit import Actor, AuditTrail
from duelcast.domain.idempotency import Once
from duelcast.domain.operations.breaker_settings import BreakerSettings
from duelcast.domain.operations.check import BuildCheck, CheckDefinition
from duelcast.domain.operations.error_records import ErrorRecords
from duelcast.domain.operations.errors import DependencyError
from duelcast.domain.operations.events import NAME_PATTERN, Name
from duelcast.domain.operations.health import Health
from duelcast.domain.operations.monitored_service import Declaration, Service
from duelcast.domain.operations.registry import MAX_SERVICES, Registry
from duelcast.errors import AppError, InvalidRequest, InvalidState
from duelcast.settings import ConfigurationError
from duelcast.store import services as repository
from duelcast.store.database import Database, Transaction
from duelcast.store.services import ServiceRow

DEFAULT_SILENT_AFTER_MS = 60_000

_log = structlog.get_logger("duelcast.operations")


def is_name(text: str) -> bool:
    """Whether `text` may name a service or a layer."""
    return re.fullmatch(NAME_PATTERN, text) is not None


class ServiceDefinition(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A service outside the server."""

    kind: Literal["probe", "reported"]
    """The server checks a `probe`; a `reported` service posts its own operations."""
    layer: Name
    """The layer that the service belongs to."""
    displayName: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    """The name for people; by default the name of the service."""
    description: Annotated[str, Meta(max_length=2_000)] | None = None
    """A text about the service."""
    version: Annotated[str, Meta(max_length=64)] | None = None
    """The version of the service."""
    dependencies: Annotated[tuple[Name, ...], Meta(max_length=100)] = ()
    """The names of the services that this one needs."""
    check: CheckDefinition | None = None
    """How the server checks the service; only for the kind `probe`, which needs it."""
    circuit_breaker: BreakerSettings = BreakerSettings()
    """The breaker of the service."""
    silentAfterMs: Annotated[int, Meta(ge=1_000, le=86_400_000)] | None = None
    """A `reported` service is unhealthy if it posts no operations for this long, in milliseconds; 60,000 by default."""

    def verify(self) -> None:
        """Raise `errors.InvalidRequest` if fields contradict one another."""
        if self.kind == "probe" and self.check is None:
            raise InvalidRequest("A probe needs a `check`.", field="check")
        if self.kind == "reported" and self.check is not None:
            raise InvalidRequest("A service that reports itself takes no `check`.", field="check")
        if self.kind == "probe" and self.silentAfterMs is not None:
            raise InvalidRequest("`silentAfterMs` is for services that report themselves.", field="silentAfterMs")
        if len(set(self.dependencies)) != len(self.dependencies):
            raise InvalidRequest("Name each dependency once.", field="dependencies")


class Operation(Struct, frozen=True):
    """An operation of a service. `duration_ms` is how long it took, `error` describes a failure."""

    ok: bool
    duration_ms: float
    error: str | None = None


class OperationsTaken(Struct, frozen=True):
    """The outcome of a report."""

    accepted: int
    """How many operations were counted."""


class OutsideServices:
    """Adds, changes and removes outside services, one at a time. `configured` are those in the configuration file,
    which can be changed only there."""

    def __init__(
        self,
        registry: Registry,
        health: Health,
        database: Database,
        audit: AuditTrail,
        errors: ErrorRecords,
        clock: Clock,
        build_check: BuildCheck,
        configured: Mapping[str, ServiceDefinition],
    ) -> None:
        self._registry = registry
        self._health = health
        self._database = database
        self._audit = audit
        self._errors = errors
        self._clock = clock
        self._build_check = build_check
        self._configured = configured
        self._definitions: dict[str, ServiceDefinition] = {}
        self._changing = asyncio.Lock()

    def add_configured(self) -> None:
        """Add the configured services; call this after the server's own were added. Raises `ConfigurationError` if a
        service is invalid, has the name of another, or depends on an unknown one."""
        for name, definition in self._configured.items():
            try:
                self._add(name, definition, self._configured)
            except AppError as refusal:
                raise ConfigurationError(f"`[[services]]`, `{name}`: {refusal.message}") from None

    async def load(self) -> None:
        """Add the stored services; call this after `add_configured`. Services that are no longer valid are left out,
        and logged. Raises `errors.Unavailable`."""
        async with self._database.read() as transaction:
            rows = await repository.all_services(transaction)
        names = {row.name for row in rows}
        for row in rows:
            try:
                self._add(row.name, msgspec.convert(row.definition, ServiceDefinition), names)
            except (AppError, msgspec.ValidationError):
                _log.warning("service_left_out", service=row.name)

    def definition(self, name: str) -> ServiceDefinition | None:
        """The definition of a service; None if it is the server's own. Raises `ServiceNotFound`."""
        return self._definitions.get(self._registry[name].name)

    async def put(self, name: str, definition: ServiceDefinition, actor: Actor) -> Service:
        """Add or change a service, whose breaker and figures begin anew. The service is stored when this returns.

        Raises `errors.InvalidRequest`, `DependencyError`, `errors.Unavailable`, and `errors.InvalidState` if `name` is
        a part of the server or is in the configuration file.
        """
        async with self._in_line():
            self._refuse_fixed(name)
            if name not in self._registry and len(self._registry) >= MAX_SERVICES:
                raise InvalidRequest(f"There can be at most {MAX_SERVICES} services: delete one first.", field="name")
            service = self._build(name, definition)
            self._registry.check_dependencies(service.declaration)
            existed = name in self._registry

            async def work(transaction: Transaction) -> None:
                stored = msgspec.to_builtins(definition)
                now_ms = time_ms(self._clock)
                await repository.save_service(transaction, ServiceRow(name, stored, now_ms, actor.wallet))
                details = {"kind": definition.kind, "layer": definition.layer, "existed": existed}
                await self._audit.record(transaction, actor, "services.put", name, details)

            await self._database.write(work, lambda _nothing: self._put(service, definition))
            return service

    async def delete(self, name: str, actor: Actor) -> None:
        """Delete a service. Raises `ServiceNotFound`, `errors.Unavailable`, `errors.InvalidState` if the service is a
        part of the server or is in the configuration file, and `DependencyError` if others depend on it."""
        async with self._in_line():
            service = self._registry[name]
            self._refuse_fixed(name)
            dependents = self._registry.dependents(name)
            if dependents:
                raise DependencyError(f"`{name}` is needed by {', '.join(dependents[:10])}: change those first.")

            async def work(transaction: Transaction) -> None:
                await repository.delete_service(transaction, name)
                await self._audit.record(transaction, actor, "services.delete", name)

            await self._database.write(work, lambda _nothing: self._remove(service))

    @asynccontextmanager
    async def _in_line(self) -> AsyncIterator[None]:
        """Allow only one change at a time, from its decision to its effect. The wait for other changes counts towards
        the time limit of the write."""
        with self._database.asked_since(self._database.moment()):
            async with self._changing:
                yield

    def report(self, name: str, operations: Sequence[Operation]) -> OperationsTaken:
        """Record the operations of a service, in order. Raises `ServiceNotFound`, and `errors.InvalidState` if the
        service does not report itself."""
        service = self._reporting(name)
        self._health.report(service, [(operation.ok, operation.duration_ms) for operation in operations])
        for operation in operations:
            if not operation.ok and operation.error:
                self._errors.take(name, "operations", "error", operation.error, {})
        return OperationsTaken(len(operations))

    async def report_once(self, name: str, operations: Sequence[Operation], once: Once) -> None:
        """Record the operations as `report` does, as soon as the answer of `once` is stored. Raises also
        `errors.Unavailable`."""
        self._reporting(name)

        async def work(transaction: Transaction) -> None:
            await once.store(transaction, OperationsTaken(len(operations)))

        def committed(_nothing: None) -> None:
            # The service may have been changed or deleted meanwhile.
            with suppress(AppError):
                self.report(name, operations)

        await self._database.write(work, committed)

    def _reporting(self, name: str) -> Service:
        service = self._registry[name]
        if service.declaration.kind != "reported":
            raise InvalidState(f"`{name}` does not report itself: it was defined with another `kind`.")
        return service

    def _refuse_fixed(self, name: str) -> None:
        if name in self._registry and self._registry[name].declaration.kind == "internal":
            raise InvalidState(f"`{name}` is a part of the server: it cannot be changed.")
        if name in self._configured:
            raise InvalidState(f"`{name}` is in the configuration file: change it there.")

    def _add(
        self, name: str, definition: ServiceDefinition, also: Sequence[str] | Mapping[str, Any] | set[str]
    ) -> None:
        service = self._build(name, definition)
        if name in self._registry:
            raise InvalidState(f"There is already a service `{name}`.")
        self._registry.check_dependencies(service.declaration, set(also))
        self._put(service, definition)

    def _put(self, service: Service, definition: ServiceDefinition) -> None:
        if service.name in self._registry:
            self._health.unwatch(self._registry[service.name])
        self._definitions[service.name] = definition
        self._registry.put(service)
        self._health.watch(service)

    def _remove(self, service: Service) -> None:
        self._health.unwatch(service)
        del self._definitions[service.name]
        self._registry.remove(service)

    def _build(self, name: str, definition: ServiceDefinition) -> Service:
        definition.verify()
        check = definition.check
        settings: dict[str, Any] = {"circuit_breaker": msgspec.to_builtins(definition.circuit_breaker)}
        if check is not None:
            settings["check"] = {"type": check.type, "intervalMs": check.intervalMs, "timeoutMs": check.timeoutMs}
        silent_after_ms = None
        if definition.kind == "reported":
            silent_after_ms = definition.silentAfterMs or DEFAULT_SILENT_AFTER_MS
            settings["silentAfterMs"] = silent_after_ms
        declaration = Declaration(
            name=name,
            kind=definition.kind,
            layer=definition.layer,
            display_name=definition.displayName or name,
            description=definition.description or "",
            version=definition.version or "",
            dependencies=definition.dependencies,
            can_be_switched=check is not None,
            settings=settings,
            check_interval_s=None if check is None else check.intervalMs / 1000,
            silent_after_s=None if silent_after_ms is None else silent_after_ms / 1000,
        )
        return Service(
            declaration,
            self._clock,
            check=None if check is None else self._build_check(check).run,
            breaker=self._health.breaker(name, definition.circuit_breaker),
        )
