"""Channels, rights, errors and close codes, read from where they are declared."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from typing import TypeVar

from msgspec import Struct

from duelcast.channels.names import Kind, Role
from duelcast.endpoints.kit import Auth, CommandSpec, Endpoint, Opening
from duelcast.errors import (
    AppError,
    Disconnect,
    InternalError,
    InvalidMessage,
    InvalidRequest,
    PermissionDenied,
    RateLimitExceeded,
    TokenExpired,
    TooManyConnections,
    Unauthorized,
    UnknownMessageType,
)
from duelcast.wire.messages import message_type

E = TypeVar("E", AppError, Disconnect)

LIVENESS_PER_MINUTE = 60
"""`heartbeat` and `ping` of a connection, which the gateway counts apart."""

OF_EVERY_COMMAND = (InvalidRequest.code, RateLimitExceeded.code, InternalError.code)
_OF_EVERY_CONNECTION = (
    InvalidMessage.code,
    UnknownMessageType.code,
    TooManyConnections.code,
    InternalError.code,
)
_OF_CONNECTIONS_WITH_TOKEN = (Unauthorized.code, PermissionDenied.code, TokenExpired.code)


class ChannelRow(Struct, frozen=True, rename="camel"):
    """A family that an endpoint opens.

    `name` and `group` are for people, `pattern` and `group_pattern` match the whole of a name.
    """

    name: str
    pattern: str
    group: str | None
    group_pattern: str | None
    kind: str
    key: str | None
    events: list[str]
    who: str
    description: str


class ErrorRow(Struct, frozen=True, rename="camel"):
    """A code of an error message."""

    code: str
    http_status: int
    description: str


class CloseRow(Struct, frozen=True, rename="camel"):
    """How a connection ends, and whether a client comes back."""

    code: int
    description: str
    reconnect: bool


def channel_rows(endpoint: Endpoint) -> list[ChannelRow]:
    """The channels of an endpoint, in the order of their declaration."""
    return [_channel_row(opening) for opening in endpoint.openings.values()]


def _channel_row(opening: Opening) -> ChannelRow:
    family = opening.family
    prefix = re.escape(family.prefix)
    is_single = family.parameter is None
    return ChannelRow(
        name=family.form,
        pattern=f"^{prefix}$" if is_single else rf"^{prefix}\.{family.parameter}$",
        group=None if family.group_names is None else re.sub(r"\\(\W)", r"\1", family.group_names),
        group_pattern=None if family.group_names is None else f"^{family.group_names}$",
        kind="latest" if family.kind is Kind.LATEST else "every",
        key=family.key_description or None,
        events=[message_type(event) for event in family.events],
        who=right_name(opening.right),
        description=family.description,
    )


def right_name(right: Callable[..., bool]) -> str:
    """A right as people say it: the first line of its docstring, else its name."""
    described = inspect.getdoc(right)
    name = getattr(right, "__name__", "")
    return described.splitlines()[0].rstrip(".") if described else name.strip("_").replace("_", " ")


def who_may_connect(endpoint: Endpoint) -> str:
    """Who gets past the opening handshake."""
    if endpoint.auth is Auth.PUBLIC:
        return "anyone"
    who = "admins" if endpoint.auth is Auth.ADMIN else "a token"
    return who if endpoint.public_name is None else f"{who}, or `endpoint={endpoint.public_name}`"


def role_name(role: Role) -> str:
    """A role as it is on the wire."""
    return role.name.lower()


def command_errors(spec: CommandSpec) -> list[str]:
    """The codes that a command may be answered with."""
    rights: tuple[str, ...] = ()
    if spec.least_role > Role.ANONYMOUS:
        rights = (Unauthorized.code,)
    if spec.least_role > Role.USER:
        rights = (Unauthorized.code, PermissionDenied.code)
    return list(dict.fromkeys((*OF_EVERY_COMMAND, *rights, *spec.errors)))


def own_errors(spec: CommandSpec) -> list[str]:
    """Those of `command_errors` that not every command has."""
    return [code for code in command_errors(spec) if code not in OF_EVERY_COMMAND]


def endpoint_errors(endpoint: Endpoint) -> list[str]:
    """Every code that a client of the endpoint may meet."""
    codes = [*_OF_EVERY_CONNECTION]
    if endpoint.auth is not Auth.PUBLIC:
        codes += _OF_CONNECTIONS_WITH_TOKEN
    for spec in endpoint.commands.values():
        codes += command_errors(spec)
    return sorted(set(codes))


def error_rows(codes: set[str] | None = None) -> list[ErrorRow]:
    """What `codes` mean, or all there are. Raises `LookupError` for one that no error of the server has."""
    known = {error.code: error for error in _declared(AppError) if "code" in vars(error)}
    known[InternalError.code] = InternalError
    shown = known if codes is None else codes
    return [ErrorRow(code, known[code].http_status, _meaning(known[code])) for code in sorted(shown)]


def close_rows() -> list[CloseRow]:
    """Every close code, in the order of their numbers."""
    known = {end.close_code: end for end in _declared(Disconnect) if "close_code" in vars(end)}
    rows = [CloseRow(code, _meaning(end), end.reconnect) for code, end in known.items()]
    return sorted([*_CLOSED_BY_CLIENTS, *rows], key=lambda row: row.code)


_CLOSED_BY_CLIENTS = (
    CloseRow(1000, "The client is done; its close frame is answered with the same code.", False),
    CloseRow(1001, "An end goes away, such as a page that is left.", True),
)
"""Codes of RFC 6455, 7.4.1, that the server never begins with."""


def _declared(base: type[E]) -> Iterator[type[E]]:
    """The server's own subclasses of `base`; those of tests are none."""
    for found in base.__subclasses__():
        if found.__module__.startswith("duelcast."):
            yield found
        yield from _declared(found)


def _meaning(declared: type[Exception]) -> str:
    return inspect.getdoc(declared) or ""
