"""Builds parts of the server from its settings."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from functools import partial
from typing import TypedDict

import msgspec
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector

from duelcast.channels.broker import StoredMessage
from duelcast.channels.names import Channel
from duelcast.clock import Clock
from duelcast.cluster.encryption import LinkTls, link_tls
from duelcast.domain.accounts.accounts import MemoryAccounts
from duelcast.domain.accounts.challenges import Challenges
from duelcast.domain.accounts.sessions import EndedSessions
from duelcast.domain.accounts.sign_in import SignIns
from duelcast.domain.accounts.tokens import PublicKeys, TokenIssuer, TokenVerifier
from duelcast.domain.idempotency import IdempotencyBounds
from duelcast.domain.market.settings import ReceiptSettings
from duelcast.domain.operations.check import BuildCheck
from duelcast.domain.operations.error_events import SYSTEM_ERRORS
from duelcast.domain.operations.events import ALERTS
from duelcast.domain.operations.outside import ServiceDefinition, is_name
from duelcast.errors import InvalidRequest, Unavailable
from duelcast.feeds.source import Feed
from duelcast.feeds.spec import build_feeds
from duelcast.outbound.checks.build import build_check
from duelcast.outbound.checks.targets import TargetRules
from duelcast.outbound.jwks import JwksKeys
from duelcast.peers.addresses import Network
from duelcast.peers.origins import OriginRules
from duelcast.sampling import LogSampler
from duelcast.settings import ConfigurationError, Settings, is_loopback_host
from duelcast.store.backend import Backend
from duelcast.store.database import Database
from duelcast.store.log_retention import LogBounds
from duelcast.wire.refusals import invalid_request


def feeds_of(settings: Settings, clock: Clock) -> list[Feed]:
    """The configured feeds. Raises `ConfigurationError` if one is invalid."""
    try:
        return build_feeds(settings.feed, clock)
    except ValueError as error:
        raise ConfigurationError(f"DUELCAST_FEED: {error}") from None


def database_of(backend: Backend, settings: Settings, clock: Clock) -> Database:
    """The database of a server, not open yet."""
    return Database(
        backend,
        clock,
        lock_notice_ms=settings.database_lock_notice_ms,
        outcome_wait_ms=settings.database_outcome_wait_ms,
        low_room_bytes=settings.database_low_room_bytes,
        urgent=[ALERTS.channel(), SYSTEM_ERRORS.channel()],
        log_bounds=LogBounds(
            messages=settings.history_messages,
            seconds=settings.history_s,
            max_age_s=settings.log_max_age_s,
            max_bytes=settings.log_max_bytes,
        ),
    )


class MemoryBounds(TypedDict):
    """See `MemoryBroker`."""

    history_messages: int
    history_s: float
    max_idle_channels: int


def memory_bounds_of(settings: Settings) -> MemoryBounds:
    return MemoryBounds(
        history_messages=settings.history_messages,
        history_s=settings.history_s,
        max_idle_channels=settings.max_idle_channels,
    )


class NoDatabase:
    """The stored messages, as a node sees them that does not lead: the leader alone reads them."""

    async def position(self, channel: Channel) -> int:
        raise Unavailable("Only the leader reads the database.")

    async def messages(self, channel: Channel) -> Sequence[StoredMessage]:
        raise Unavailable("Only the leader reads the database.")


def cluster_secret_of(settings: Settings) -> bytes:
    """The secret of links."""
    assert settings.cluster_secret is not None, "see `roles.check_role`"
    return settings.cluster_secret.get_secret_value().encode()


def link_tls_of(settings: Settings) -> LinkTls | None:
    """The TLS of links, if it is configured. Raises `ConfigurationError`."""
    if settings.link_tls_cert is None or settings.link_tls_key is None or settings.link_tls_ca is None:
        return None
    try:
        return link_tls(settings.link_tls_cert, settings.link_tls_key, settings.link_tls_ca)
    except (OSError, ValueError):
        raise ConfigurationError(
            "DUELCAST_LINK_TLS_CERT, DUELCAST_LINK_TLS_KEY and DUELCAST_LINK_TLS_CA cannot be used: name PEM files of "
            "a certificate chain, of its key without a passphrase, and of the authority, that the server can read."
        ) from None


def link_address_of(settings: Settings, port: int) -> str:
    """The address at which gateways reach this leader, which listens on `port`."""
    if settings.link_advertise is not None:
        return settings.link_advertise
    host, _, _ = settings.link_listen.rpartition(":")
    return f"{host}:{port}"


def idempotency_bounds_of(settings: Settings) -> IdempotencyBounds:
    return IdempotencyBounds(
        age_s=settings.idempotency_age_s,
        wait_s=settings.idempotency_wait_s,
        requests_per_wallet=settings.idempotency_requests_per_wallet,
        bytes_per_wallet=settings.idempotency_bytes_per_wallet,
        max_bytes=settings.idempotency_max_bytes,
    )


def receipt_settings_of(settings: Settings) -> ReceiptSettings:
    return ReceiptSettings(pace=1 - settings.clock_slew_percent / 100, max_ahead_s=settings.clock_max_ahead_s)


def keys_of(settings: Settings, clock: Clock) -> JwksKeys | None:
    """The keys of the token issuer, if one is configured."""
    return None if settings.jwt_jwks_url is None else JwksKeys(settings.jwt_jwks_url, clock)


def verifier_of(
    settings: Settings,
    accounts: MemoryAccounts,
    clock: Clock,
    ended_sessions: EndedSessions,
    keys: PublicKeys | None,
) -> TokenVerifier:
    return TokenVerifier(
        accounts,
        clock,
        secret=None if settings.jwt_secret is None else settings.jwt_secret.get_secret_value(),
        keys=keys,
        algorithms=settings.accepted_algorithms,
        issuer=settings.jwt_issuer,
        audience=settings.jwt_audience,
        ended_sessions=ended_sessions,
    )


def sign_ins_of(
    settings: Settings, database: Database, clock: Clock, verifier: TokenVerifier, ended_sessions: EndedSessions
) -> SignIns | None:
    """The sign-ins; None if the server does not offer them."""
    if settings.jwt_secret is None or not signs_in(settings):
        return None
    secret = settings.jwt_secret.get_secret_value()
    issuer = TokenIssuer(clock, secret, issuer=settings.jwt_issuer, audience=settings.jwt_audience)
    return SignIns(database, clock, Challenges(secret), issuer, verifier, ended_sessions, settings.max_used_challenges)


def signs_in(settings: Settings) -> bool:
    """Whether users can sign in here: the server has a secret to sign its tokens with, and would not refuse them."""
    return settings.jwt_secret is not None and "HS256" in settings.accepted_algorithms


def configured_services(settings: Settings) -> dict[str, ServiceDefinition]:
    """The services of the configuration file. Raises `ConfigurationError` if one is invalid."""
    found: dict[str, ServiceDefinition] = {}
    build = check_builder_of(settings)
    for number, table in enumerate(settings.services, start=1):
        fields = dict(table)
        name = fields.pop("name", None)
        where = f"`[[services]]` number {number}"
        if not isinstance(name, str) or not is_name(name):
            raise ConfigurationError(f"{where} needs a `name` of 1 to 64 of a-z 0-9 _ -.")
        if name in found:
            raise ConfigurationError(f"{where}: there is a service `{name}` already.")
        try:
            found[name] = definition = msgspec.convert(fields, ServiceDefinition)
            definition.verify()
            if definition.check is not None:
                build(definition.check)
        except msgspec.ValidationError as error:
            refusal = invalid_request(ServiceDefinition, error)
            raise ConfigurationError(f"{where}, `{name}`: {refusal.message}") from None
        except InvalidRequest as error:
            raise ConfigurationError(f"{where}, `{name}`: {error.message}") from None
    return found


def check_builder_of(settings: Settings) -> BuildCheck:
    """A function that builds checks, restricted to the allowed targets. Raises `ConfigurationError` if these are
    invalid."""
    try:
        return partial(build_check, targets=TargetRules(settings.probe_targets))
    except ValueError:
        raise ConfigurationError(
            "DUELCAST_PROBE_TARGETS takes hosts, suffixes, addresses and networks, such as db.example, *.example or "
            "10.0.0.0/8."
        ) from None


def register_process(registry: CollectorRegistry) -> None:
    """Register the metrics of the process."""
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)


def proxies_of(settings: Settings) -> Sequence[Network]:
    """The proxies that may name the address of a client."""
    return [ipaddress.ip_network(entry, strict=False) for entry in settings.trusted_proxies]


def origins_of(settings: Settings, host: str) -> OriginRules:
    """The rules that decide which web pages may call a port at the address `host`."""
    return OriginRules(
        settings.allowed_origins,
        listens_on_loopback_only=is_loopback_host(host),
        default_scheme="https" if settings.tls_cert else "http",
    )


def refusals_of(settings: Settings, clock: Clock) -> LogSampler:
    """Decides which refusals a node logs."""
    return LogSampler(
        clock.monotonic,
        per_minute=settings.refusals_logged_per_minute,
        in_all_per_minute=settings.refusals_logged_in_all_per_minute,
    )


def conflates(feeds: list[Feed]) -> bool:
    """Whether every feed permits publishing its prices less often than they arrive."""
    return all(getattr(feed, "conflate", True) for feed in feeds)
