"""Checks that the settings of a process suit its role."""

from __future__ import annotations

from hashlib import blake2b

from duelcast.app import parts
from duelcast.channels.shared_log import SharedLog
from duelcast.settings import ConfigurationError, Settings
from duelcast.store.choosing import lease_of

MEMORY = "memory://"


def serves_alone(settings: Settings) -> bool:
    """Whether the process needs no other node."""
    return settings.role == "all" and not settings.workers


def check_role(settings: Settings) -> None:
    """Check that nothing is missing for the role. Raises `ConfigurationError`, which says what to set."""
    if serves_alone(settings):
        if settings.broker_url != MEMORY:
            raise ConfigurationError(
                "DUELCAST_BROKER_URL is for several nodes: set DUELCAST_ROLE to `gateway` or `leader`, or "
                "DUELCAST_WORKERS; or unset it."
            )
        return
    if settings.role != "all" and settings.workers:
        raise ConfigurationError("DUELCAST_WORKERS starts gateways and a leader: unset DUELCAST_ROLE.")
    if settings.broker_url == MEMORY:
        raise ConfigurationError(
            "Several nodes need a log that they share: set DUELCAST_BROKER_URL to a Valkey or Redis server, such as "
            "redis://localhost:6379."
        )
    lease_of(settings, "")
    if settings.cluster_secret is None:
        raise ConfigurationError(
            "Set DUELCAST_CLUSTER_SECRET to the same secret on all nodes; generate one with `openssl rand -base64 32`."
        )
    shared_log_of(settings)
    if settings.jwt_secret is None and settings.jwt_jwks_url is None:
        raise ConfigurationError(
            "All nodes must accept the same tokens: set DUELCAST_JWT_SECRET to the same secret on all of them, or "
            "DUELCAST_JWT_JWKS_URL."
        )


def shared_log_of(settings: Settings) -> SharedLog:
    """The log on the server of `broker_url`. Raises `ConfigurationError`."""
    try:
        from duelcast.channels.valkey import ValkeyLog
    except ModuleNotFoundError as missing:
        if missing.name != "redis":
            raise
        raise ConfigurationError(
            "A log that several nodes share needs another package: `pip install 'duelcast[cluster]'`."
        ) from None
    try:
        return ValkeyLog(settings.broker_url, settings.broker_key_prefix, _mark_of(settings))
    except ValueError:
        raise ConfigurationError(
            "DUELCAST_BROKER_URL is either redis://user:password@host:6379, rediss://… for TLS, or "
            "redis+sentinel://user:password@host:26379,host:26379/service."
        ) from None


def _mark_of(settings: Settings) -> str:
    """A mark of the cluster, from which its secret cannot be found out."""
    return blake2b(parts.cluster_secret_of(settings), digest_size=6, person=b"duelcast-log").hexdigest()
