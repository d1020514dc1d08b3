"""All connections of this node: admission, housekeeping, draining."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from duelcast.channels.broker import Broker, Origin
from duelcast.channels.names import Channel, Role
from duelcast.clock import Clock
from duelcast.desk.defect import defect
from duelcast.desk.port import Desk
from duelcast.domain.accounts.accounts import Account, Accounts
from duelcast.domain.accounts.identity import Identity
from duelcast.domain.accounts.nicknames import shapes
from duelcast.domain.accounts.sessions import EndedSession
from duelcast.domain.accounts.tokens import TokenVerifier
from duelcast.domain.settings.current import CurrentSettings
from duelcast.endpoints.kit import Endpoint
from duelcast.errors import OverCapacity, ServiceRestart, TooManyConnections
from duelcast.gateway.connection import Connection
from duelcast.gateway.hub import Hub
from duelcast.gateway.limits import MessageLimits
from duelcast.gateway.outbox import Outbox
from duelcast.gateway.runtime import EndpointRuntime
from duelcast.gateway.socket import SocketOptions
from duelcast.gateway.timers import TimerWheel
from duelcast.ratelimit import scaled
from duelcast.settings import Settings

DRAIN_TIMEOUT_S = 1.0
"""How long clients may take to answer the close when the server stops."""
COMMAND_TIMEOUT_S = 30.0
"""How long commands that are still running after `DRAIN_TIMEOUT_S` may take to end."""
CAPACITY_RETRY_MS = 10_000


class Gateway:
    """Owns the connections. `run` does the housekeeping, once a second."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        broker: Broker,
        hub: Hub,
        accounts: Accounts,
        verifier: TokenVerifier,
        endpoints: Mapping[str, Endpoint],
        live: CurrentSettings,
        desk_of: Callable[[Endpoint], Desk],
    ) -> None:
        self.clock = clock
        self.broker = broker
        self.hub = hub
        self.accounts = accounts
        self.verifier = verifier
        self.live = live
        self._settings = settings
        self.wheel = TimerWheel(clock.monotonic())
        self.socket_options = SocketOptions(
            clock,
            self.wheel,
            fragments_max_bytes=settings.fragments_max_bytes,
            fragment_timeout_s=settings.fragment_timeout_s,
            small_frames_per_minute=scaled(settings.small_frames_per_minute, settings.rate_limit_factor),
            read_turn_bytes=settings.read_turn_bytes,
            limited_read_bytes=settings.limited_read_bytes,
            heartbeat_interval_s=settings.heartbeat_interval_s,
            heartbeat_timeout_s=settings.heartbeat_timeout_s,
            close_timeout_s=settings.close_timeout_s,
            slow_close_timeout_s=settings.slow_close_timeout_s,
        )
        self.compresses = settings.compression_level > 0
        self.auth_timeout_s = settings.auth_timeout_s
        self.max_subscriptions = settings.max_subscriptions
        self.reply_backlog_bytes = settings.reply_backlog_bytes
        self.slow_reader_bytes = settings.slow_reader_bytes
        self.endpoints = {
            path: EndpointRuntime(
                endpoint,
                MessageLimits(endpoint.messages_per_minute, settings.rate_limit_factor, settings.message_unit_bytes),
                desk_of(endpoint),
                clock,
            )
            for path, endpoint in endpoints.items()
        }
        self.sockets: set[Connection] = set()
        """Every open socket, including those of clients that are being refused."""
        self.blocked: set[Connection] = set()
        self.closes: Counter[int] = Counter()
        self.draining = False
        self.return_floor_ms = settings.drain_floor_ms or 0
        """When the server stops, clients are asked to wait at least this long before they reconnect."""
        self._admitted: dict[str, Connection] = {}
        self._candidates: set[Connection] = set()
        """Connections that count towards the limit of their address but have no place yet, because the last places are
        for superadmins."""
        self._reserve = min(settings.superadmin_connections, settings.max_connections // 10)
        self._by_address: Counter[str] = Counter()
        self._by_wallet: defaultdict[str, set[Connection]] = defaultdict(set)
        self._by_claim: defaultdict[str, set[Connection]] = defaultdict(set)
        """Connections by the shapes (see `shapes`) of the nickname that their token claims."""
        self.elsewhere: dict[str, int] = {}
        """How many connections a wallet has at other nodes, if any."""
        self.on_wallet: Callable[[str], None] = lambda _wallet: None
        """Called with a wallet whenever one of its connections begins, ends or has another identity."""
        self._tasks: set[asyncio.Task[None]] = set()
        self.loop_lag_s = 0.0
        self._account_changes = 0
        self._changed_wallets: deque[str] = deque(maxlen=1000)
        self._all_gone = asyncio.Event()
        # Called ahead of other listeners, because a ban must take effect before anything that depends on it.
        accounts.on_change(self._account_changed, ahead=True)
        accounts.on_owner_change(self._nickname_changed_hands)
        hub.on_lost = self._bus_lost
        hub.find_outbox = self._outbox_of

    # ── connections ─────────────────────────────────────────────────────────────────────────────────────────────

    def admit(self, connection: Connection, *, brings_token: bool) -> None:
        """Count a connection. Raises `TooManyConnections` if the server or the address has too many.

        The last places are reserved for superadmins. Once only those are left, a connection with a token has no place
        until `admit_identified`.
        """
        places = self._free_places()
        if places is not None and (places <= 0 or (places <= self._reserve and not brings_token)):
            raise _no_room()
        bucket = connection.session.address_bucket
        limit = self._settings.max_connections_per_ip
        if limit and bucket is not None and self._by_address[bucket] >= limit:
            raise _too_many("ip", "Your address has reached its limit of connections")
        if places is not None and places <= self._reserve:
            self._candidates.add(connection)
        else:
            self._admitted[connection.session.connection_id] = connection
        if bucket is not None:
            self._by_address[bucket] += 1

    def admit_identified(self, connection: Connection, identity: Identity | None) -> None:
        """Give a place to a connection that waited for one. Raises `TooManyConnections`."""
        if connection not in self._candidates:
            return
        places = self._free_places()
        is_superadmin = identity is not None and identity.role is Role.SUPERADMIN
        if places is not None and places <= (0 if is_superadmin else self._reserve):
            raise _no_room()
        self._candidates.discard(connection)
        self._admitted[connection.session.connection_id] = connection

    def _free_places(self) -> int | None:
        """The number of free places; None if the server has no limit."""
        limit = self._settings.max_connections
        return limit - len(self._admitted) if limit else None

    def move(self, connection: Connection, identity: Identity | None) -> None:
        """Count a connection under `identity` from now on. Raises `TooManyConnections` if the wallet has too many."""
        limit = self._settings.max_connections_per_user
        if identity is not None and limit:
            same = self._by_wallet.get(identity.wallet, set())
            if connection not in same and len(same) + self.elsewhere.get(identity.wallet, 0) >= limit:
                raise _too_many_of_wallet()
        self._leave_identity(connection)
        if identity is not None:
            self._by_wallet[identity.wallet].add(connection)
            self.on_wallet(identity.wallet)
            if identity.claimed_nickname is not None:
                for shape in shapes(identity.claimed_nickname):
                    self._by_claim[shape].add(connection)

    def forget(self, connection: Connection) -> None:
        """Forget a connection whose socket is gone."""
        self.sockets.discard(connection)
        if not self.sockets:
            self._all_gone.set()
        self.blocked.discard(connection)
        counted = connection in self._candidates
        self._candidates.discard(connection)
        if self._admitted.pop(connection.session.connection_id, None) is not None or counted:
            bucket = connection.session.address_bucket
            if bucket is not None:
                self._by_address[bucket] -= 1
                if not self._by_address[bucket]:
                    del self._by_address[bucket]
        self._leave_identity(connection)

    def _leave_identity(self, connection: Connection) -> None:
        identity = connection.session.identity
        if identity is None:
            return
        _discard(self._by_wallet, identity.wallet, connection)
        self.on_wallet(identity.wallet)
        if identity.claimed_nickname is not None:
            for shape in shapes(identity.claimed_nickname):
                _discard(self._by_claim, shape, connection)

    def close_excess(self, wallet: str, earlier: int) -> None:
        """Close the newest connections of a wallet that has too many, of which `earlier` are at other nodes and have
        precedence."""
        limit = self._settings.max_connections_per_user
        if not limit:
            return
        newest_last = sorted(
            (one for one in self.connections_of(wallet) if one.is_open), key=lambda one: one.connected_s
        )
        _each(newest_last[max(limit - earlier, 0) :], lambda connection: connection.refuse(_too_many_of_wallet()))

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run work of a connection as a task. When the server stops, a task that is still running after
        `COMMAND_TIMEOUT_S` is cancelled."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def identify(self, token: str) -> Identity:
        """The current identity of `token`: if the account changes during verification, the token is verified again.

        Raises the errors of `TokenVerifier.verify`.
        """
        while True:
            changes = self._account_changes
            identity = await self.verifier.verify(token)
            missed = self._account_changes - changes
            recent = list(self._changed_wallets)[-missed:] if missed else []
            if missed == len(recent) and identity.wallet not in recent:
                return identity

    def _outbox_of(self, origin: Origin) -> Outbox | None:
        connection = self._admitted.get(origin.connection_id)
        return None if connection is None else connection.outbox

    def _account_changed(self, account: Account) -> None:
        self._account_changes += 1
        self._changed_wallets.append(account.wallet)
        _each(self._by_wallet.get(account.wallet, ()), lambda connection: connection.account_changed(account))

    def _nickname_changed_hands(self, key: str) -> None:
        _each(self._by_claim.get(key, ()), Connection.nickname_changed_hands)

    def session_ended(self, ended: EndedSession) -> None:
        """Act on a logout: open connections with a token of that session are treated as if the token had expired."""
        _each(self._by_wallet.get(ended.wallet, ()), lambda connection: connection.session_ended(ended.session_id))

    def channel_hidden(self, channel: Channel, before: Role, after: Role) -> None:
        """Act on a channel whose least role has risen from `before` to `after`."""
        _each(
            [one for one in self._admitted.values() if channel.family.prefix in one.runtime.endpoint.access_rules],
            lambda connection: connection.channel_hidden(channel, before, after),
        )

    def _bus_lost(self) -> None:
        _each(self._admitted.values(), lambda connection: connection.resynchronise(bus_lost=True))

    def unknown_followed(self, wallet: str) -> int:
        """How many nonexistent channels the connections of a wallet follow."""
        return sum(len(connection.subscriptions.unknown) for connection in self.connections_of(wallet))

    # ── time ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def run(self) -> None:
        """Turn the timer wheel, check slow readers and tidy the hub, once a second."""
        loop = asyncio.get_running_loop()
        while True:
            await self.clock.sleep(1.0)
            woken = loop.time()
            await asyncio.sleep(0)
            self.loop_lag_s = loop.time() - woken
            now = self.clock.monotonic()
            self.wheel.advance(now)
            _each(self.blocked, partial(Connection.check_slow, now=now))
            self.hub.tidy()

    def send_away(self, wait_ms: int) -> None:
        """Close every connection, because this node cannot serve it; the clients are asked to connect again after
        `wait_ms`, and more by up to as much."""
        for connection in list(self.sockets):
            delay_ms = int(wait_ms * random.uniform(1.0, 2.0))  # noqa: S311 - spreads load, guards nothing
            connection.close(OverCapacity(f"retry_after_ms={delay_ms}"))

    async def drain(self) -> None:
        """Close every connection, and ask each client to return after `return_floor_ms` plus a delay of its own. The
        delays are spread evenly over `drain_spread_ms`, in random order."""
        self.draining = True
        sockets = list(self.sockets)
        random.shuffle(sockets)
        for index, connection in enumerate(sockets):
            jitter_ms = int(self._settings.drain_spread_ms * (index + 0.5) / len(sockets))
            delay_ms = self.return_floor_ms + jitter_ms
            connection.close(ServiceRestart(f"retry_after_ms={delay_ms}"), timeout_s=DRAIN_TIMEOUT_S)
        self._all_gone = asyncio.Event()
        if self.sockets:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._all_gone.wait(), DRAIN_TIMEOUT_S)
        for connection in list(self.sockets):
            connection.abort()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=COMMAND_TIMEOUT_S)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def connection_count(self) -> int:
        """The number of admitted connections."""
        return len(self._admitted)

    def admitted(self) -> Iterable[Connection]:
        """The connections that have a place."""
        return self._admitted.values()

    def wallets(self) -> Sequence[str]:
        """The wallets that have connections."""
        return list(self._by_wallet)

    def has_connections(self, wallet: str) -> bool:
        """Whether a wallet has connections, including those that are closing."""
        return wallet in self._by_wallet

    def connections_of(self, wallet: str) -> Collection[Connection]:
        """The connections of a wallet, including those that are closing."""
        return self._by_wallet.get(wallet, ())


def _discard(groups: dict[str, set[Connection]], key: str, connection: Connection) -> None:
    connections = groups.get(key)
    if connections is not None:
        connections.discard(connection)
        if not connections:
            del groups[key]


def _each(connections: Iterable[Connection], act: Callable[[Connection], None]) -> None:
    """Call `act` for each connection; a defect in one call does not affect the others."""
    for connection in list(connections):
        try:
            act(connection)
        except Exception as error:
            defect(error)


def _no_room() -> TooManyConnections:
    return _too_many("server", "The server has no room for another connection")


def _too_many_of_wallet() -> TooManyConnections:
    return _too_many("user", "Your wallet has reached its limit of connections")


def _too_many(scope: str, sentence: str) -> TooManyConnections:
    return TooManyConnections(
        f"{sentence}: try again later, or close another connection.", retry_after_ms=CAPACITY_RETRY_MS, scope=scope
    )
