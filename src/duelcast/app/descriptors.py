"""The number of file descriptors that the process may open, and the connection limits that follow from it."""

from __future__ import annotations

import resource

import structlog

from duelcast.settings import Settings

MOST = 1024 * 1024
"""We ask for at most this many descriptors. Nobody needs more, and some systems report "unlimited" without granting
it."""
MOST_FOR_HTTP = 1024
"""An eighth of all connections is reserved for HTTP, but at most this many."""

log = structlog.get_logger("duelcast")


def raise_limit() -> int:
    """Raise the soft limit on descriptors to the hard limit, or to `MOST` if that is lower. Returns `limit()` as it is
    afterwards."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST if hard == resource.RLIM_INFINITY else min(hard, MOST)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError):
            log.warning("descriptor_limit_not_raised", soft=soft, hard=hard)
    return limit()


def limit() -> int:
    """The soft limit on descriptors, or `MOST` if that is lower."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST if soft == resource.RLIM_INFINITY else min(soft, MOST)


def most_websockets(settings: Settings, descriptors: int) -> int:
    """How many WebSockets fit into `descriptors`, in addition to the reserve and some HTTP connections."""
    clients = max(descriptors - settings.descriptors_reserve, 8)
    return clients - min(clients // 8, MOST_FOR_HTTP)


def max_descriptor(settings: Settings, descriptors: int) -> int:
    """Connections are accepted only on descriptors below this number. It keeps half of the reserve free, but is never
    less than half of `descriptors`."""
    return max(descriptors - settings.descriptors_reserve // 2, descriptors // 2)


def fitted(settings: Settings) -> Settings:
    """Raise the limit on descriptors. Returns `settings` with `max_connections` lowered to the number of WebSockets for
    which there are descriptors, if it is higher or 0."""
    most = most_websockets(settings, raise_limit())
    if 0 < settings.max_connections <= most:
        return settings
    return settings.model_copy(update={"max_connections": most})


def report(configured: Settings, fitting: Settings) -> None:
    """Log how many connections fit, with a warning if an operator configured more."""
    log.info("descriptors", limit=limit(), reserve=fitting.descriptors_reserve, max_connections=fitting.max_connections)
    if "max_connections" in configured.model_fields_set and fitting.max_connections < configured.max_connections:
        log.warning(
            "max_connections_lowered",
            configured=configured.max_connections,
            max_connections=fitting.max_connections,
            reason="The limit on open files is too low for so many connections: raise it (ulimit -Hn, LimitNOFILE).",
        )
