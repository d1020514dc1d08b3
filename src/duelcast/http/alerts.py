"""Alerts of the recent past (protocol §13)."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from litestar import get
from litestar.params import QueryParameter
from msgspec import Struct

from duelcast.domain.operations.alert_history import PastAlert
from duelcast.domain.operations.events import Alert
from duelcast.domain.operations.transitions import Transition, TransitionReason
from duelcast.http.callers import admins_only
from duelcast.http.documents import problems
from duelcast.http.parameters import Count
from duelcast.http.service_registry import TheRegistry
from duelcast.wire.messages import Timestamp
from duelcast.wire.timestamps import format_time

State: TypeAlias = Literal["closed", "open", "half_open"]


class BreakerTransition(Struct):
    """A change of a breaker."""

    before: State
    """The state before."""
    after: State
    """The state after."""
    reason: TransitionReason
    """The cause: calls that failed in a row, the rate of failed or of slow calls in the window, the end of the time for
    which the breaker was open (`timer`), calls of a half-open breaker that all succeeded (`recovered`), of which one
    failed, or of which one took too long, or an operator (`reset`)."""


class RecentAlert(Struct):
    """An alert that was published on `alerts`."""

    service: str
    """The name of the service."""
    timestamp: Timestamp
    """When the alert was raised."""
    alert: Alert
    """The alert."""
    transition: BreakerTransition | None
    """The change of the breaker; null if the alert is about the health of the service."""


class AlertList(Struct):
    """Alerts, newest first."""

    data: list[RecentAlert]
    """The alerts."""
    count: Count


@get(
    "/alerts",
    summary="Recent alerts",
    response_description="The alerts.",
    guards=[admins_only],
    responses=problems(400, 401, 403, 404, 429),
    tags=["Services"],
)
async def list_alerts(
    registered_services: TheRegistry,
    service: Annotated[str | None, QueryParameter(description="The last 50 alerts of this service.")] = None,
) -> AlertList:
    """The last 200 alerts, or those of one service, which include the transitions of its breaker. They are kept in
    memory: they begin anew when the server, or another leader, starts. For admins."""
    name = None if service is None else registered_services[service].name
    data = [_recent(past) for past in registered_services.alerts.newest(name)]
    return AlertList(data, len(data))


def _recent(past: PastAlert) -> RecentAlert:
    transition = None if past.transition is None else _transition(past.transition)
    return RecentAlert(past.service, format_time(past.at_s), past.alert, transition)


def _transition(one: Transition) -> BreakerTransition:
    return BreakerTransition(one.before.value, one.after.value, one.cause)
