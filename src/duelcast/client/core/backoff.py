"""How long to wait before the next attempt to connect."""

from __future__ import annotations

import re

FIRST_WAIT_MS = 500
LONGEST_WAIT_MS = 30_000
LONGEST_ASKED_WAIT_MS = 300_000

_RETRY_AFTER = re.compile(r"retry_after_ms=(\d{1,9})")


def backoff_ms(failed: int, jitter: float) -> int:
    """A delay that doubles with each of the attempts in a row that `failed`, from half a second to half a minute.
    `jitter`, a random number from 0 to 1, shortens it by up to half, so that clients do not reconnect in step."""
    return round(min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2.0 ** min(failed, 16)) * (0.5 + jitter / 2))


def asked_wait_ms(code: int, reason: str) -> int | None:
    """The delay that the server asks for when it closes a connection; None if it asks for none."""
    asked = _RETRY_AFTER.search(reason) if code in (1012, 1013) else None
    return min(int(asked[1]), LONGEST_ASKED_WAIT_MS) if asked else None
