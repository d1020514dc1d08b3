"""Parses the URL of a check."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from duelcast.errors import InvalidRequest

FIELD = "check.url"
_VISIBLE = re.compile(r"[\x21-\x7e]+")
_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_][a-z0-9._-]*\Z")


class CheckUrl(Struct, frozen=True):
    """`host` is a lower-case name, or an address without brackets. `path` begins with a slash or is empty. `user` and
    `password` are decoded, or None."""

    scheme: str
    host: str
    port: int
    user: str | None
    password: str | None
    path: str
    query: str


def parse_check_url(text: str, ports: Mapping[str, int | None]) -> CheckUrl:
    """The parts of `text`. `ports` maps the allowed schemes to their usual ports, or to None if the URL must
    name a port.

    Raises `InvalidRequest` without quoting any part of `text`, because it may contain a password.
    """
    if not _VISIBLE.fullmatch(text):
        raise InvalidRequest("`check.url` must be ASCII without spaces.", field=FIELD)
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise InvalidRequest("`check.url` cannot be read as a URL.", field=FIELD) from None
    if parts.scheme not in ports:
        schemes = " or ".join(f"`{scheme}://`" for scheme in ports)
        raise InvalidRequest(f"`check.url` must begin with {schemes} for this type.", field=FIELD)
    host = parts.hostname or ""
    if not _NAME.match(host) and not _is_address(host):
        raise InvalidRequest("`check.url` has no valid host.", field=FIELD)
    port = ports[parts.scheme] if port is None else port
    if not port:
        raise InvalidRequest("`check.url` must name a port.", field=FIELD)
    return CheckUrl(
        parts.scheme, host, port, _decoded(parts.username), _decoded(parts.password), parts.path, parts.query
    )


def _is_address(host: str) -> bool:
    # A zone id would choose a network interface of this machine.
    try:
        return "%" not in host and bool(ip_address(host))
    except ValueError:
        return False


def _decoded(part: str | None) -> str | None:
    return None if part is None else unquote(part)
