"""Builds a check from its definition."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from duelcast.domain.operations.check import Check, CheckDefinition, CheckType
from duelcast.errors import InvalidRequest
from duelcast.outbound.checks import http, postgres, redis, tcp, tls, websocket
from duelcast.outbound.checks.check_url import FIELD, CheckUrl, parse_check_url
from duelcast.outbound.checks.dialing import Dialer
from duelcast.outbound.checks.running import Probe, TimedCheck
from duelcast.outbound.checks.targets import TargetRefused, TargetRules

_KINDS: Mapping[CheckType, tuple[Mapping[str, int | None], Callable[[CheckUrl, Dialer], Probe]]] = {
    "http": (http.PORTS, http.HttpProbe),
    "tcp": (tcp.PORTS, tcp.TcpProbe),
    "tls": (tls.PORTS, tls.TlsProbe),
    "websocket": (websocket.PORTS, websocket.WebSocketProbe),
    "postgres": (postgres.PORTS, postgres.PostgresProbe),
    "redis": (redis.PORTS, redis.RedisProbe),
}


def build_check(definition: CheckDefinition, targets: TargetRules) -> Check:
    """The check that `definition` describes, restricted to allowed targets.

    Raises `InvalidRequest` with field `check.url` if the URL does not fit the type of the check, or its host is not
    allowed.
    """
    ports, make_probe = _KINDS[definition.type]
    url = parse_check_url(definition.url, ports)
    try:
        targets.refuse_early(url.host)
    except TargetRefused:
        raise InvalidRequest("The host of `check.url` must not be probed.", field=FIELD) from None
    return TimedCheck(definition, make_probe(url, Dialer(url, targets, definition.timeoutMs / 1000)))
