"""The leader: the database, the domain and the feeds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack

import structlog
from msgspec import Struct
from prometheus_client import CollectorRegistry

from duelcast.app import live_settings, parts
from duelcast.app.live_settings import LeaderSettings
from duelcast.app.operations import Endless, Operations
from duelcast.app.retention import retention_of
from duelcast.channels.memory import MemoryBroker
from duelcast.channels.publisher import Publisher
from duelcast.clock import Clock
from duelcast.desk.desk import LocalDesk
from duelcast.desk.first_frames import JoinReader, Log
from duelcast.domain.accounts.accounts import MemoryAccounts
from duelcast.domain.accounts.sessions import EndedSessions
from duelcast.domain.accounts.sign_in import load_ended_sessions
from duelcast.domain.analytics.activity import Traffic
from duelcast.domain.analytics.service import Analytics
from duelcast.domain.audit import AuditTrail
from duelcast.domain.contests.service import Contests
from duelcast.domain.idempotency import IdempotentRequests
from duelcast.domain.market.service import Market
from duelcast.domain.notifications.notifier import Notifier
from duelcast.domain.notifications.service import Notifications
from duelcast.domain.operations.internal import STORE
from duelcast.domain.operations.nodes import NodeState
from duelcast.domain.operations.server_status import Surroundings
from duelcast.domain.settings.declared import configured_values
from duelcast.domain.settings.service import SystemSettings
from duelcast.domain.users.service import Users
from duelcast.endpoints.context import Services
from duelcast.endpoints.kit import Endpoint
from duelcast.http.services import Failure
from duelcast.settings import Settings
from duelcast.store import key_values
from duelcast.store.database import Database
from duelcast.tasks import cancel

log = structlog.get_logger("duelcast")

Claim = Callable[[Database], Awaitable[None]]
"""Called with the open database. May write to it, or refuse it with `ConfigurationError`."""


class Audience(Struct, frozen=True, kw_only=True):
    """The connections that the leader serves, and the `nodes`, including its own. `unknown_followed` returns how many
    nonexistent channels a wallet follows."""

    traffic: Callable[[], Traffic]
    connections: Callable[[], int]
    is_draining: Callable[[], bool]
    unknown_followed: Callable[[str], int]
    nodes: Callable[[], Sequence[NodeState]]


class Leader:
    """The domain, which publishes on `broker`, and writes to `database`. It has no sockets of clients: gateways ask its
    desks."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        endpoints: Mapping[str, Endpoint],
        database: Database,
        broker: MemoryBroker,
        audience: Audience,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.endpoints = endpoints
        self.database = database
        self.broker = broker
        self.feeds = parts.feeds_of(settings, clock)
        self._audience = audience
        self.nodes = audience.nodes
        database.log.bus = broker
        self.publisher = Publisher(broker, clock)
        self.accounts = MemoryAccounts(settings.reserved_nicknames)
        self.ended_sessions = EndedSessions(clock)
        self.audit = AuditTrail(database, clock)
        self.idempotency = IdempotentRequests(database, clock, parts.idempotency_bounds_of(settings))
        self.notifications = Notifications(database, broker, self.audit, clock)
        self.users = Users(database, self.accounts, self.audit, self.notifications.inboxes, clock)
        self.system_settings = SystemSettings(
            self.publisher,
            database,
            self.audit,
            clock,
            live_settings.declared_of(endpoints.values()),
            configured_values(settings),
        )
        conflate = parts.conflates(self.feeds)
        market_settings = live_settings.market_settings_of(self.system_settings, conflate=conflate)
        self.market = Market(
            self.publisher, clock, market_settings, database, self.audit, parts.receipt_settings_of(settings)
        )
        self.contests = Contests(
            self.publisher,
            broker,
            clock,
            database,
            self.market,
            self.accounts,
            self.audit,
            live_settings.contest_settings_of(self.system_settings, settings),
        )
        self.notifier = Notifier(database, self.notifications.inboxes, clock)
        self.contests.book.on_event(self.notifier.wake)
        self.analytics = Analytics(
            self.publisher,
            broker,
            clock,
            database,
            audience.traffic,
            [endpoint.name for endpoint in endpoints.values()],
            live_settings.analytics_settings_of(self.system_settings, settings),
        )
        self.operations = Operations(
            publisher=self.publisher,
            broker=broker,
            clock=clock,
            database=database,
            audit=self.audit,
            idempotency=self.idempotency,
            surroundings=Surroundings(
                connections=audience.connections,
                is_ready=lambda: not audience.is_draining() and database.failure is None,
                maintenance=self.system_settings.maintenance,
            ),
            system_settings=self.system_settings,
            build_check=parts.check_builder_of(settings),
            configured=parts.configured_services(settings),
        )
        self.operations.add_parts(
            self.feeds,
            self.market,
            self.contests,
            self.notifier,
            self.analytics,
            feed_attempt_timeout_s=settings.feed_attempt_timeout_s,
        )
        self.retention = retention_of(
            self.system_settings,
            clock,
            market=self.market,
            contests=self.contests,
            errors=self.operations.errors,
            notifications=self.notifications,
            analytics=self.analytics,
            idempotency=self.idempotency,
        )
        self.services = Services(
            {
                Market: self.market,
                Contests: self.contests,
                Analytics: self.analytics,
                Publisher: self.publisher,
                **self.operations.services(),
                SystemSettings: self.system_settings,
                Notifications: self.notifications,
            }
        )
        self._live = LeaderSettings(
            self.system_settings,
            settings,
            self.market,
            self.contests,
            self.analytics,
            self.retention,
            conflate=conflate,
        )
        self._endless: list[asyncio.Task[None]] = []
        self._writing: asyncio.Task[None]

    def desk(self, endpoint: Endpoint, log: Log) -> LocalDesk:
        """The desk of an endpoint, for connections whose node keeps `log`."""
        reader = JoinReader(
            endpoint,
            self.system_settings,
            self.broker,
            log,
            self.clock,
            max_bytes=self.settings.answer_max_bytes,
            unknown_followed=self._audience.unknown_followed,
        )
        return LocalDesk(endpoint, self.services, reader, self.clock)

    # ── lifecycle ───────────────────────────────────────────────────────────────────────────────────────────────

    async def open(self, started: AsyncExitStack) -> None:
        """Open the database of a single server, and begin its epoch. `started` closes it. Raises
        `ConfigurationError`."""
        await self.database.open()
        started.push_async_callback(self.database.close)
        epoch = self.database.epoch
        self.broker.begin(epoch.name, epoch.latest_floor, self.database.urgent_positions)

    def begin_writing(self, started: AsyncExitStack) -> None:
        """Let the open database commit; `started` ends that, once everything is committed."""
        self._writing = asyncio.create_task(self.database.run())
        started.push_async_callback(self._stop_writing)

    async def load(self) -> None:
        """Load the domain from the database. Raises `Unavailable`."""
        await self.system_settings.load()
        self._live.apply()
        await self.users.load()
        await load_ended_sessions(self.database, self.clock, self.ended_sessions)
        await self.market.load()
        await self.contests.load()
        await self.analytics.load()
        await self.operations.load()
        await self.idempotency.load()
        async with self.database.read() as transaction:
            if await key_values.find_value(transaction, key_values.DEMO) is not None:
                log.warning("demo_data", reason="The data in the database was made up by `duelcast demo`.")

    async def begin(self, started: AsyncExitStack) -> None:
        """Start everything that runs by itself; `started` ends it."""
        started.push_async_callback(self.market.close)
        started.push_async_callback(self.contests.clock.release)
        started.push_async_callback(self.operations.errors.close)
        self.operations.log_intake.attach(self.operations.errors)
        started.callback(self.operations.log_intake.detach)
        own: list[Endless] = [
            self.broker,
            self.system_settings,
            self.market,
            self.contests,
            self.notifications,
            self.analytics,
            self.retention,
        ]
        self._endless = [asyncio.create_task(part.run()) for part in (*own, *self.operations.endless)]
        started.push_async_callback(cancel, self._endless)
        started.push_async_callback(self.operations.internal.stop)
        await self.operations.internal.start()
        started.push_async_callback(self.operations.audit_backlog.close)
        started.push_async_callback(self.operations.commands.close)
        started.push_async_callback(self.idempotency.close)
        started.callback(self.database.ignore_guard)

    async def _stop_writing(self) -> None:
        self.database.stop_writing()
        await self._writing

    @property
    def endless(self) -> Sequence[asyncio.Task[None]]:
        """The tasks that must never end."""
        return [*self._endless, self._writing]

    # ── state ───────────────────────────────────────────────────────────────────────────────────────────────────

    def missing(self) -> list[Failure]:
        """The failed parts without which nothing works."""
        return [] if self.database.failure is None else [Failure(STORE, self.database.failure)]

    def failed(self) -> list[Failure]:
        """The failed parts that the rest can do without."""
        missing = self.missing()
        failed = [Failure(part, reason) for part, reason in self.operations.failures() if part != STORE or not missing]
        failed += [Failure(f"feed_{feed}", sentence) for feed, sentence in self.market.feed_gaps()]
        if self.database.shortage is not None and not any(failure.part == STORE for failure in (*missing, *failed)):
            failed.append(Failure(STORE, self.database.shortage))
        return failed

    def register(self, registry: CollectorRegistry) -> None:
        """Register the metrics of all parts."""
        for collector in (
            self.database,
            self.broker,
            self.market,
            self.contests,
            self.notifications,
            self.notifier,
            self.idempotency,
            self.analytics,
            self.retention,
        ):
            registry.register(collector)
        self.operations.register(registry)
