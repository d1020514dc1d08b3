"""Mira restarts the scorer."""

from __future__ import annotations

from duelcast.domain.operations import events
from duelcast.endpoints import skyduel
from duelcast.endpoints.documents.examples.services import METRICS
from duelcast.endpoints.documents.examples.story import NOW, Examples

_SCORER = events.SkyDuelService(
    name="scorer",
    displayName="Scorer",
    description="Values portfolios and ranks them.",
    version="0.1.0",
    kind="internal",
    layer="contest",
    status="healthy",
    isRunning=True,
    hasActiveCircuitBreaker=False,
    dependencies=["store", "broker"],
    dependents=[],
    commands=["start", "stop", "restart", "health_check"],
    lastUpdate=NOW,
    startedAt=NOW,
    restarts=1,
    metrics=METRICS,
)

EXAMPLES = Examples(
    said=[
        skyduel.Welcome(message="Welcome to the services.", connectionId="0b6e1b0e-8a44-4b52-9f0a-7d1c9a0d2f53"),
        skyduel.GetServices(),
        skyduel.SubscribeService(serviceName="scorer"),
        skyduel.ServiceSubscribed(serviceName="scorer"),
        skyduel.UnsubscribeService(serviceName="*"),
        skyduel.ServiceUnsubscribed(serviceName="*"),
        skyduel.ServiceCommand(
            serviceName="scorer", command="restart", commandId="c9a646d3-9c61-4cb7-bfcd-ee2522c8f633"
        ),
        skyduel.ServiceCommand(serviceName="store", command="stop", params={"force": True}),
        skyduel.ServiceCommandResult(
            serviceName="scorer",
            command="restart",
            result=skyduel.Outcome(success=True, message="`scorer` was restarted."),
            durationMs=12.5,
        ),
    ],
    pushed={
        "skyduel.*": [skyduel.ServiceData(services=[_SCORER])],
        "skyduel.scorer": [events.ManagedServiceUpdate(service=_SCORER)],
    },
)
