"""The services that the composition root passes to the HTTP API, and how handlers find those of their server.

The framework takes a quarter of a second to build its routes, so all servers of a process share the routes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

from litestar import Request
from litestar.types import Receive, Scope, Send
from msgspec import Struct
from prometheus_client import CollectorRegistry

from duelcast.clock import Clock
from duelcast.domain.accounts.sign_in import SignIns
from duelcast.domain.accounts.tokens import TokenVerifier
from duelcast.domain.audit import AuditTrail
from duelcast.domain.contests.service import Contests
from duelcast.domain.idempotency import IdempotentRequests
from duelcast.domain.market.service import Market
from duelcast.domain.notifications.service import Notifications
from duelcast.domain.operations.error_records import ErrorRecords
from duelcast.domain.operations.nodes import NodeState
from duelcast.domain.operations.outside import OutsideServices
from duelcast.domain.operations.registry import Registry
from duelcast.domain.settings.current import CurrentSettings
from duelcast.domain.settings.service import SystemSettings
from duelcast.domain.users.service import Users
from duelcast.http.charges import Charges, RequestLimits
from duelcast.http.console_files import ConsoleFiles
from duelcast.http.upstream import Upstream
from duelcast.peers.addresses import Network
from duelcast.peers.origins import OriginRules
from duelcast.sampling import LogSampler


class Failure(Struct, frozen=True):
    """A part of the server that does not work."""

    part: str
    """The part, such as `storage`."""
    reason: str
    """A sentence that says what is wrong; it contains no text of an exception."""


class Readiness(Struct, frozen=True):
    """The state of the process, as `/readyz` reports it.

    `missing` are failed parts without which nothing works (storage, bus); `failed` are failed parts that the rest can
    do without (feeds, services).
    """

    starting: bool = False
    draining: bool = False
    missing: Sequence[Failure] = ()
    failed: Sequence[Failure] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpDomain:
    """The parts of the domain that the API uses. Without `sign_ins`, nobody can sign in here, and all tokens come from
    elsewhere."""

    market: Market
    users: Users
    contests: Contests
    audit: AuditTrail
    registered_services: Registry
    outside_services: OutsideServices
    errors: ErrorRecords
    settings: SystemSettings
    notifications: Notifications
    idempotency: IdempotentRequests
    nodes: Callable[[], Sequence[NodeState]]
    sign_ins: SignIns | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpServices:
    """`domain` is the domain itself or, on a node that does not lead, the way to the leader, for whose answer at most
    `max_forwarded` requests wait; a port for operators alone needs neither. `signs_in` says whether the API offers
    signing in. `asyncapi` returns the AsyncAPI document. With `public_ops`, metrics, documents and the reasons of
    `/readyz` are for everybody. Without it, metrics and documents are for admins (metrics also for machines with the
    scope `metrics`), and nobody gets the reasons. `refusals` decides which refusals are logged. Without `console`, the
    server has none."""

    domain: HttpDomain | Upstream | None
    live: CurrentSettings
    verifier: TokenVerifier
    clock: Clock
    origins: OriginRules
    ready: Callable[[], Readiness]
    asyncapi: Callable[[], dict[str, Any]]
    registry: CollectorRegistry
    version: str
    trusted_proxies: Sequence[Network] = ()
    limits: RequestLimits = field(default_factory=RequestLimits)
    public_ops: bool = True
    metrics_interval_s: float = 1.0
    body_timeout_s: float = 30.0
    refusals: LogSampler = field(default_factory=lambda: LogSampler(time.monotonic))
    auth_domain: str | None = None
    signs_in: bool = True
    max_forwarded: int = 2_000
    console: ConsoleFiles | None = None


class Forward(Protocol):
    """Has the leader answer a request, see `Forwarding`."""

    async def __call__(self, request: Request[Any, Any, Any], receive: Receive, send: Send) -> None: ...


@dataclass(frozen=True, slots=True)
class ServerState:
    """One server. `provided` is what handlers may request by name. If the domain is on another node, `forward` replaces
    the handlers of the API."""

    services: HttpServices
    charges: Charges
    provided: Mapping[str, object]
    forward: Forward | None = None


def server_of(scope: Scope) -> ServerState:
    """The server that received a request."""
    return cast("ServerState", scope["state"]["server"])
