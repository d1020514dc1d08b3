"""The requests of the core to its shell, and its reports."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from .frames import Failure

ConnectionStatus = Literal["idle", "connecting", "open", "waiting", "signed_out", "refused", "closed"]


@dataclass(frozen=True, slots=True)
class Dial:
    """Open a WebSocket. Its events name `connection`; those of a connection that the core has given up are ignored."""

    endpoint: str
    connection: int
    path: str
    query: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Send:
    """Send a text. It may contain the token."""

    connection: int
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class End:
    """End a connection, or an attempt to open it, with close code `code`. `lost` is true if the peer seems to be gone,
    so that waiting for its answer is useless."""

    connection: int
    code: int = 1000
    lost: bool = False


@dataclass(frozen=True, slots=True)
class AskToken:
    """Ask the token provider. Its answer names `question`."""

    question: int


@dataclass(frozen=True, slots=True)
class ConnectionState:
    """The state of the connection to an endpoint.

    `reason` is a sentence about the end of the last connection, empty if there was none; `code` is its close code (1006
    without one), or the HTTP status with which the server answered the attempt. `retry_in_s` is the time until the next
    attempt while the state is `waiting`; None if the attempt waits for the page to be visible.
    """

    endpoint: str
    status: ConnectionStatus
    reason: str = ""
    code: int | None = None
    retry_in_s: float | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """The server does not let the client follow `name`: a channel, a group, or `room <contest id>`.

    If `asks_again`, the client asks again by itself on the same connection.
    """

    endpoint: str
    name: str
    failure: Failure
    asks_again: bool


Action = Dial | Send | End | AskToken | ConnectionState | Refusal
