"""Clients of the Valkey or Redis server at an address, which may be the primary that Sentinels know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff

CONNECT_TIMEOUT_S = 2.0
SENTINEL_PORT = 26379
_make_sentinel: Callable[..., Any] = Sentinel
"""The package does not annotate it."""
_SENTINEL_SCHEMES = {"redis+sentinel": False, "rediss+sentinel": True}


class SentinelAddress(NamedTuple):
    """Sentinels, and the primary that they know as `service`; `options` are those of its clients."""

    sentinels: list[tuple[str, int]]
    service: str
    options: dict[str, Any]
    sentinel_options: dict[str, Any]


class Client(NamedTuple):
    """A client of the server, and those of its Sentinels."""

    server: Redis
    sentinels: Sequence[Redis] = ()

    async def close(self) -> None:
        """Close all connections."""
        for one in (self.server, *self.sentinels):
            await one.aclose()


def client(url: str, answer_timeout_s: float | None) -> Client:
    """A client, whose connections are made when they are needed. Raises `ValueError` if the address is invalid."""
    options: dict[str, Any] = {
        "protocol": 2,
        "client_name": "duelcast",
        "socket_connect_timeout": CONNECT_TIMEOUT_S,
        "socket_timeout": answer_timeout_s,
        "socket_keepalive": True,
        "retry": Retry(NoBackoff(), 0),
        "decode_responses": False,
    }
    address = _sentinel_address(url)
    if address is None:
        return Client(Redis.from_url(url, **options))
    asked = options | address.sentinel_options | {"socket_timeout": CONNECT_TIMEOUT_S}
    sentinel = _make_sentinel(address.sentinels, sentinel_kwargs=asked, **(options | address.options))
    return Client(sentinel.master_for(address.service), sentinel.sentinels)


def _sentinel_address(url: str) -> SentinelAddress | None:
    """`redis+sentinel://user:password@host:port,host:port/service`, or with `rediss+sentinel` for TLS; None for another
    scheme. The query may have `sentinel_username` and `sentinel_password`."""
    parts = urlsplit(url)
    if parts.scheme not in _SENTINEL_SCHEMES:
        return None
    login, _, hosts = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    service = parts.path.strip("/")
    if not service or not hosts:
        raise ValueError("an address of Sentinels ends with /service, the name of the primary")
    tls = {"ssl": _SENTINEL_SCHEMES[parts.scheme]}
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    return SentinelAddress(
        [_host(one) for one in hosts.split(",")],
        service,
        tls | {"username": unquote(user) or None, "password": unquote(password) or None},
        tls | {"username": query.get("sentinel_username"), "password": query.get("sentinel_password")},
    )


def _host(text: str) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    if not parts.hostname:
        raise ValueError("an address of Sentinels needs hosts, separated by commas")
    return parts.hostname, parts.port or SENTINEL_PORT
