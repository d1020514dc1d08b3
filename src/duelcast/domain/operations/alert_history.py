"""The alerts of the recent past (protocol §13, `GET /alerts`)."""

from __future__ import annotations

from collections import deque

from msgspec import Struct

from duelcast.domain.operations.events import Alert
from duelcast.domain.operations.transitions import Transition

KEPT = 200
"""How many alerts of all services together are kept."""
KEPT_OF_SERVICE = 50
"""How many alerts of each service are kept, so that a restless service does not displace those of others."""


class PastAlert(Struct, frozen=True):
    """An alert as it was published at `at_s` (epoch seconds). `transition` is that of the breaker; None if the alert is
    about the health of the service."""

    service: str
    alert: Alert
    at_s: float
    transition: Transition | None


class AlertHistory:
    """The newest alerts, in memory, so that they can be read while the database is out of reach."""

    def __init__(self) -> None:
        self._all: deque[PastAlert] = deque(maxlen=KEPT)
        self._by_service: dict[str, deque[PastAlert]] = {}

    def add(self, past: PastAlert) -> None:
        """Keep an alert, and forget the oldest if there are too many."""
        self._all.append(past)
        self._by_service.setdefault(past.service, deque(maxlen=KEPT_OF_SERVICE)).append(past)

    def forget(self, service: str) -> None:
        """Forget the alerts of a service that was removed; they stay among those of all services."""
        self._by_service.pop(service, None)

    def newest(self, service: str | None = None) -> list[PastAlert]:
        """The alerts of a service, or of all, newest first."""
        kept = self._all if service is None else self._by_service.get(service, ())
        return list(reversed(kept))
