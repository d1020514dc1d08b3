"""Commands of operators (protocol §8): one at a time per service, each recorded in the audit trail."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

import msgspec
import structlog
from msgspec import Struct

from duelcast.clock import Clock
from duelcast.domain.audit import DONE, Actor
from duelcast.domain.idempotency import Asked, IdempotentRequests, Once, digest_of
from duelcast.domain.operations.audit_backlog import AuditBacklog
from duelcast.domain.operations.errors import CommandFailed, CommandInProgress, DependencyError, InvalidCommand
from duelcast.domain.operations.health import Health
from duelcast.domain.operations.monitored_service import HEALTH_CHECK, RESET, RESTART, START, STOP, Service
from duelcast.domain.operations.registry import Registry
from duelcast.errors import AppError, InvalidRequest, OutcomeUnknown, Unavailable
from duelcast.logs import exception_fields
from duelcast.store.database import Database
from duelcast.store.idempotency import RequestName
from duelcast.tasks import retrieve

TIME_LIMIT_S = 30.0

_log = structlog.get_logger("duelcast.operations")


class CommandResult(Struct, frozen=True):
    """The outcome of a command. `message` is a sentence in our own words."""

    success: bool
    message: str
    data: dict[str, Any]
    duration_ms: float


class _Ended(Struct, frozen=True):
    """The end of a command: its result, or the sentence with which it failed."""

    result: CommandResult | None = None
    failure: str | None = None


class Commands:
    """Runs commands. A command returns once it has taken effect, and completes even if its caller is gone."""

    def __init__(
        self,
        registry: Registry,
        health: Health,
        audit_backlog: AuditBacklog,
        database: Database,
        idempotency: IdempotentRequests,
        clock: Clock,
    ) -> None:
        self._registry = registry
        self._health = health
        self._audit_backlog = audit_backlog
        self._database = database
        self._idempotency = idempotency
        self._clock = clock
        self._busy: set[str] = set()
        self._running: set[asyncio.Task[CommandResult]] = set()

    async def run(
        self, name: str, command: str, params: Mapping[str, Any], actor: Actor, command_id: str | None = None
    ) -> CommandResult:
        """Run `command` for the service `name`. With a `command_id` (a UUID), it runs once within 24 h, and a repeat
        gets the first result or `CommandFailed`; then the store must be reachable.

        Raises `ServiceNotFound`, `InvalidCommand`, `errors.InvalidRequest` for `params` other than `force`,
        `DependencyError` if running services depend on the one to be stopped and `force` is not set,
        `CommandInProgress`, and `CommandFailed` if the command did not take effect within 30 s or has a defect; with a
        `command_id` also what `IdempotentRequests.run` raises.
        """

        async def begin(once: Once | None = None) -> CommandResult:
            service = self._registry[name]
            if command not in service.commands:
                known = ", ".join(service.commands)
                raise InvalidCommand(
                    f"The commands of `{name}` are: {known}.", field="command", commands=list(service.commands)
                )
            return await self._begin(service, command, _force(params), actor, once)

        async def act(once: Once) -> None:
            with suppress(CommandFailed):
                await begin(once)

        if command_id is None:
            return await begin()
        asked = Asked(
            RequestName(actor.wallet, "command", command_id.lower()),
            "service_command",
            await digest_of([name, command, params]),
        )
        ended = msgspec.json.decode((await self._idempotency.run(asked, act)).body, type=_Ended)
        if ended.result is None:
            raise CommandFailed(ended.failure or "")
        return ended.result

    async def reset(self, name: str, actor: Actor) -> CommandResult:
        """Close the breaker of the service `name`.

        Raises `ServiceNotFound`, `CommandInProgress`, and `ResetFailed` if the service has no breaker.
        """
        return await self._begin(self._registry[name], RESET, False, actor)

    async def _begin(
        self, service: Service, command: str, force: bool, actor: Actor, once: Once | None = None
    ) -> CommandResult:
        name = service.name
        details = {"command": command, "force": force}
        try:
            if name in self._busy:
                raise CommandInProgress(f"Another command of `{name}` has not ended yet: wait for its result.")
            if command == STOP and not force:
                self._refuse_if_needed(service)
        except AppError as refusal:
            await self._audit_backlog.record(actor, f"services.{command}", name, details, refusal.code.lower())
            raise
        self._busy.add(name)
        if once is not None:
            await self._store_beginning(service, command, actor, details, once)
        began_s = self._clock.monotonic()
        # In a task of its own, because the client may disconnect, but the effect must still be recorded in the audit
        # trail.
        running = asyncio.create_task(self._run(service, command, actor, details, began_s, once))
        self._running.add(running)
        running.add_done_callback(self._running.discard)
        running.add_done_callback(retrieve)
        return await asyncio.shield(running)

    async def _store_beginning(
        self, service: Service, command: str, actor: Actor, details: dict[str, Any], once: Once
    ) -> None:
        """Store that a command is under way; if that fails, it does not run."""
        try:
            await self._database.write(once.begin)
        except OutcomeUnknown:
            self._busy.discard(service.name)
            refusal = Unavailable("The database failed, so the command was not run. Try again.", retry_after_ms=1_000)
            # A row that may have been stored is removed as soon as possible.
            await self._audit_backlog.record(
                actor, f"services.{command}", service.name, details, refusal.code.lower(), once.cancelling()
            )
            raise refusal from None
        except BaseException:
            self._busy.discard(service.name)
            raise

    async def close(self) -> None:
        """Return when all running commands have ended; call this once no more can begin."""
        if self._running:
            await asyncio.wait(self._running)

    async def _run(
        self,
        service: Service,
        command: str,
        actor: Actor,
        details: dict[str, Any],
        began_s: float,
        once: Once | None,
    ) -> CommandResult:
        outcome, ended, beside = DONE, _Ended(), None
        try:
            async with asyncio.timeout(TIME_LIMIT_S):
                message, data = await self._effects[command](self, service)
            if not data.pop("success", True):
                outcome = "failed"
            duration_ms = round((self._clock.monotonic() - began_s) * 1000, 3)
            ended = _Ended(CommandResult(outcome == DONE, message, data, duration_ms))
        except AppError as refusal:
            outcome = refusal.code.lower()
            beside = None if once is None else once.cancelling()
            raise
        except TimeoutError:
            outcome = "timeout"
            ended = _Ended(failure=f"`{command}` of `{service.name}` took longer than {TIME_LIMIT_S:.0f} s.")
        except Exception as error:
            outcome = "failed"
            ended = _Ended(failure=f"`{command}` of `{service.name}` failed because of a defect: see the log.")
            _log.error("command_crashed", service=service.name, command=command, **exception_fields(error))
        finally:
            self._busy.discard(service.name)
            if once is not None and ended != _Ended():
                beside = once.ending(ended)
            await self._audit_backlog.record(actor, f"services.{command}", service.name, details, outcome, beside)
        if ended.result is None:
            raise CommandFailed(ended.failure or "")
        return ended.result

    def _refuse_if_needed(self, service: Service) -> None:
        needed_by = [name for name in self._registry.dependents(service.name) if self._registry[name].work.running]
        if needed_by:
            shown = ", ".join(needed_by[:10]) + (" and others" if len(needed_by) > 10 else "")
            raise DependencyError(
                f"`{service.name}` is needed by {shown}: stop those first, or set `params.force`.",
                dependents=needed_by[:100],
            )

    # ── effects ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _start(self, service: Service) -> tuple[str, dict[str, Any]]:
        if service.work.running:
            return f"`{service.name}` was already running.", {}
        await service.work.start()
        self._switched(service)
        return f"`{service.name}` was started.", {}

    async def _stop(self, service: Service) -> tuple[str, dict[str, Any]]:
        if not service.work.running:
            return f"`{service.name}` was already stopped.", {}
        await service.work.stop()
        self._switched(service)
        return f"`{service.name}` was stopped.", {}

    async def _restart(self, service: Service) -> tuple[str, dict[str, Any]]:
        await service.work.stop()
        await service.work.start()
        self._switched(service)
        return f"`{service.name}` was restarted.", {}

    async def _reset(self, service: Service) -> tuple[str, dict[str, Any]]:
        self._health.reset(service, "admin")
        return f"The circuit breaker of `{service.name}` was closed.", {}

    async def _check(self, service: Service) -> tuple[str, dict[str, Any]]:
        result = await self._health.check(service, "admin")
        data = {"success": result.healthy, "healthy": result.healthy, "latency_ms": round(result.latency_ms, 3)}
        return result.details, data

    def _switched(self, service: Service) -> None:
        service.alarm.ring()
        self._registry.mark_dirty(service)

    _effects: Mapping[str, Callable[[Commands, Service], Awaitable[tuple[str, dict[str, Any]]]]] = {
        START: _start,
        STOP: _stop,
        RESTART: _restart,
        RESET: _reset,
        HEALTH_CHECK: _check,
    }


def _force(params: Mapping[str, Any]) -> bool:
    for key in params:
        if key != "force":
            raise InvalidRequest("`params` may contain only `force`.", field=f"params.{key[:64]}")
    force = params.get("force", False)
    if not isinstance(force, bool):
        raise InvalidRequest("`params.force` must be true or false.", field="params.force")
    return force
