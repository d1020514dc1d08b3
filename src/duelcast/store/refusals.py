"""The answers to callers while the database does not work."""

from __future__ import annotations

from duelcast.errors import OutcomeUnknown, Unavailable
from duelcast.store.write_queue import RETRY_MS


def unavailable() -> Unavailable:
    """The answer if nothing was changed."""
    return Unavailable("The database is unreachable; nothing was changed. Try again.", retry_after_ms=RETRY_MS)


def unknown() -> OutcomeUnknown:
    """The answer if nobody knows whether anything was changed."""
    return OutcomeUnknown(
        "The database failed while it stored this, which may have taken effect: repeat it with the same id, or look.",
        retry_after_ms=RETRY_MS,
    )
