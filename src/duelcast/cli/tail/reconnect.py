"""Decides whether and when a client reconnects after a connection ends (protocol §1.5)."""

from __future__ import annotations

import re
from dataclasses import dataclass

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0
LONGEST_ASKED_WAIT_S = 300.0

CONNECTION_LOST = 1006
"""The code of a connection that ended without a close frame (RFC 6455, 7.4.1)."""

_STOP = {
    1000: "The server closed the connection normally.",
    1002: "The server refused this client: protocol error.",
    1003: "The server refused this client: binary frame.",
    1007: "The server refused this client: text that is not UTF-8.",
    1009: "The server refused this client: message too big.",
    4001: "Authentication failed or expired; use a new token (--token).",
    4003: "Access denied: this endpoint needs another role, or the wallet is banned.",
}
_STOP_STATUS = {
    401: "The server requires a token (--token).",
    403: "The server refuses this origin or host name.",
}
_RETRY_AFTER = re.compile(r"retry_after_ms=(\d{1,9})")


@dataclass(frozen=True, slots=True)
class Retry:
    """Connect again after `delay_s`, because of `reason`."""

    delay_s: float
    reason: str = "connection lost"


@dataclass(frozen=True, slots=True)
class Stop:
    """Do not reconnect. `failed` is false if the server closed the connection normally."""

    sentence: str
    failed: bool


def after_close(code: int, reason: str, attempt: int, jitter: float) -> Retry | Stop:
    """The reaction to a close. `attempt` counts the connections that failed in a row, from 0; `jitter` is a random
    number from 0 to 1 that keeps clients from reconnecting in step."""
    if code in _STOP:
        return Stop(_STOP[code], failed=code != 1000)
    asked = _RETRY_AFTER.search(reason) if code in (1012, 1013) else None
    if asked:
        return Retry(min(int(asked[1]) / 1000, LONGEST_ASKED_WAIT_S))
    return Retry(backoff_s(attempt, jitter))


def after_refusal(status: int, attempt: int, jitter: float) -> Retry | Stop:
    """The reaction to an HTTP answer that refuses the upgrade to a WebSocket."""
    if 400 <= status < 500 and status not in (408, 429):
        return Stop(_STOP_STATUS.get(status, f"The server refuses the connection (HTTP {status})."), failed=True)
    return Retry(backoff_s(attempt, jitter), f"the server refuses the connection for now (HTTP {status})")


def after_no_answer(server: str, attempt: int, jitter: float) -> Retry:
    """The reaction if no WebSocket could be opened on `server`, for instance because it is not running yet."""
    return Retry(backoff_s(attempt, jitter), f"no WebSocket server answers at {server}")


def backoff_s(attempt: int, jitter: float) -> float:
    """A delay that doubles with each attempt, from half a second to half a minute; `jitter` shortens it by up to
    half."""
    return min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(attempt, 16)) * (0.5 + jitter / 2)
