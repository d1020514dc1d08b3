"""The audit trail: actors, actions, times and outcomes (protocol §13, `GET /audit`)."""

from __future__ import annotations

from typing import Any, Protocol

from msgspec import Struct

from duelcast.channels.names import Role
from duelcast.clock import Clock, time_ms
from duelcast.store import audit
from duelcast.store.audit import AuditFilter, AuditRow
from duelcast.store.database import Database, Transaction

DONE = "ok"
DENIED = "denied"
CONFLICT = "conflict"


class Person(Protocol):
    """Somebody with a wallet and a role."""

    @property
    def wallet(self) -> str: ...

    @property
    def role(self) -> Role: ...


class Actor(Struct, frozen=True):
    """A person who acts, and their role at the time."""

    wallet: str
    role: Role

    @classmethod
    def of(cls, person: Person) -> Actor:
        return cls(person.wallet, person.role)


class AuditTrail:
    """Records privileged actions, each in the transaction that commits it, so that neither the action nor its record
    exists without the other."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def record(
        self,
        transaction: Transaction,
        actor: Actor,
        action: str,
        target: str,
        details: dict[str, Any] | None = None,
        outcome: str = DONE,
        *,
        at_ms: int | None = None,
    ) -> None:
        """Record an action. `action` is a resource and a verb (`users.put`, `contests.create`) of at most 64
        characters; `target` names the object of the action in at most 200 characters; `details` is JSON without
        secrets; `outcome` is `DONE`, `DENIED`, `CONFLICT` if somebody else was faster, or another word of at most 64
        characters. `at_ms` is the time of the action (default: now)."""
        await audit.record(
            transaction,
            at_ms=time_ms(self._clock) if at_ms is None else at_ms,
            wallet=actor.wallet,
            role=actor.role,
            action=action,
            target=target,
            outcome=outcome,
            details=details or {},
        )

    async def newest(self, wanted: AuditFilter, *, limit: int, before_id: int | None = None) -> list[AuditRow]:
        """At most `limit` actions that match `wanted`, newest first; with `before_id`, only those older than the action
        with that id.

        Raises `errors.Unavailable`.
        """
        async with self._database.read() as transaction:
            return list(await audit.newest(transaction, wanted, limit=limit, before_id=before_id))
