"""The web pages that may talk to the server, and the host names under which it answers (protocol §1.2).

An origin is written as in RFC 6454, 6.2, and a `Host` header as in RFC 9110, 7.2. Anything else is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal, NamedTuple

from duelcast.peers.addresses import is_loopback

_MAX_LENGTH = 300
_MAX_PORT = 65_535
_HOST = r"(?P<host>[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?"
_ORIGIN = re.compile(rf"(?P<scheme>[a-z][a-z0-9+.-]*)://{_HOST}", re.ASCII)
_HOST_HEADER = re.compile(_HOST, re.ASCII)
_DEFAULT_PORTS = {"http": 80, "https": 443}

ORIGIN_REFUSED = "Pages of this origin may not connect; the operator can add the origin to DUELCAST_ALLOWED_ORIGINS."
LOOPBACK_ALONE = (
    "This server listens on loopback and answers only to loopback names: use localhost, or add the origin of "
    "your pages to DUELCAST_ALLOWED_ORIGINS."
)


class _Origin(NamedTuple):
    scheme: str
    host: str
    port: int | None


class _Host(NamedTuple):
    name: str
    port: int | None


class OriginRules:
    """The allow-list of origins, and the rules for origins that are not on it.

    `default_scheme` is the scheme of the server itself. A proxy in front of an HTTP server may add TLS, so the `Host`
    of an HTTP server matches origins of both schemes. The `Host` of an HTTPS server matches no `http:` origin. Raises
    `ValueError` if an allowed origin is invalid.
    """

    def __init__(
        self,
        allowed_origins: Iterable[str] = (),
        *,
        listens_on_loopback_only: bool,
        default_scheme: Literal["http", "https"] = "http",
    ) -> None:
        self._allowed = frozenset(_configured(text) for text in allowed_origins)
        self._loopback_only = listens_on_loopback_only
        self._host_schemes = ("https",) if default_scheme == "https" else ("http", "https")

    def origin_allowed(self, origin: str | None, host: str | None) -> bool:
        """Whether a page of `origin` may talk to this server under the name `host`. None for either means that its
        header is missing.

        A server that listens only on loopback must check `host_allowed` too, because the host name of a foreign page
        may resolve to loopback.
        """
        if origin is None:
            return True
        parsed = _parse_origin(origin)
        if parsed is None:
            return False
        if parsed in self._allowed:
            return True
        if self._loopback_only and _is_loopback_name(parsed.host):
            return True
        called = _parse_host(host)
        return called is not None and self._same_place(parsed, called)

    def host_allowed(self, host: str | None) -> bool:
        """Whether the server answers requests for `host`. If it listens only on loopback, `host` must be a loopback
        name or the host of an allowed origin; otherwise any name is accepted."""
        return not self._loopback_only or self.host_known(host)

    def host_known(self, host: str | None) -> bool:
        """Whether `host` is certainly a name of this server: a loopback name, or the host of an allowed origin."""
        called = _parse_host(host)
        if called is None:
            return False
        return _is_loopback_name(called.name) or any(self._same_place(origin, called) for origin in self._allowed)

    def _same_place(self, origin: _Origin, called: _Host) -> bool:
        if origin.host != called.name or origin.scheme not in self._host_schemes:
            return False
        return origin.port == (_DEFAULT_PORTS[origin.scheme] if called.port is None else called.port)


def is_host(text: str) -> bool:
    """Whether `text` is a `Host` header: a name or an address, perhaps with a port."""
    return _parse_host(text) is not None


def _configured(text: str) -> _Origin:
    parsed = _parse_origin(text.rstrip("/"))
    if parsed is None:
        raise ValueError(f"not an origin such as https://play.example.org: {text!r}")
    return parsed


def _parse_origin(text: str) -> _Origin | None:
    found = _ORIGIN.fullmatch(text.lower()) if _is_sane(text) else None
    if found is None:
        return None
    scheme = found["scheme"]
    port = int(found["port"]) if found["port"] else _DEFAULT_PORTS.get(scheme)
    return _Origin(scheme, found["host"].removesuffix("."), port)


def _parse_host(text: str | None) -> _Host | None:
    return _parse_sane_host(text) if text is not None and _is_sane(text) else None


@lru_cache(256)
def _parse_sane_host(text: str) -> _Host | None:
    found = _HOST_HEADER.fullmatch(text.lower())
    if found is None or int(found["port"] or 0) > _MAX_PORT:
        return None
    return _Host(found["host"].removesuffix("."), int(found["port"]) if found["port"] else None)


def _is_sane(text: str) -> bool:
    return len(text) <= _MAX_LENGTH and text.isascii()


def _is_loopback_name(host: str) -> bool:
    return host == "localhost" or host.endswith(".localhost") or is_loopback(host.strip("[]"))
