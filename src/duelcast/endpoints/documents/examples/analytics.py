"""Ada's page tracks events; Mira watches the dashboard."""

from __future__ import annotations

from duelcast.domain.analytics import events
from duelcast.domain.analytics.tracking import GivenEvent
from duelcast.endpoints import analytics
from duelcast.endpoints.documents.examples.story import ADA, NOW, NOW_S, Examples, before

_FIRST_ID = "1c6f0d7e-9c0a-4b4e-8a8f-2f6f6c1d1e01"
_SECOND_ID = "1c6f0d7e-9c0a-4b4e-8a8f-2f6f6c1d1e02"
_NOW_MS = int(NOW_S * 1000)

_STATS = events.ServerStats(
    startTimeMs=_NOW_MS - 90_412_000,
    uptimeMs=90_412_000,
    connections=events.ConnectionCounts(
        total=318, admin=2, user=241, anonymous=75, byEndpoint={"contest": 120, "market-data": 160, "analytics": 38}
    ),
    messages=events.MessageCounts(received=81_204, sent=9_310_442, perSecondIn=14.2, perSecondOut=1_806.4),
    events=events.EventCounts(received=20_411, stored=20_398),
    activeUsers=112,
    process=events.ProcessFigures(cpuPercent=21.5, memoryBytes=214_958_080, eventLoopLagMs=0.8),
    nodes=1,
)

EXAMPLES = Examples(
    said=[
        analytics.Welcome(message="Welcome to the analytics.", isAdmin=False),
        analytics.TrackEvent(event="contest.view", data={"contestId": 2}, eventId=_FIRST_ID),
        analytics.TrackEvent(
            events=[
                GivenEvent(event="contest.view", eventId=_FIRST_ID, occurredAt=before(95)),
                GivenEvent(event="chat.open", eventId=_SECOND_ID, occurredAt=before(90)),
            ]
        ),
        analytics.EventTracked(event="contest.view", eventId=_FIRST_ID, duplicate=False),
        analytics.EventTracked(
            events=[
                analytics.TrackedEvent(event="contest.view", eventId=_FIRST_ID, duplicate=True),
                analytics.TrackedEvent(event="chat.open", eventId=_SECOND_ID, duplicate=False),
            ]
        ),
        analytics.SubscribeDashboard(),
        analytics.UnsubscribeDashboard(),
        analytics.Unsubscribed(dashboard=True),
        analytics.SubscribeMetric(metric="event:contest.view"),
        analytics.SubscribedMetric(metric="event:contest.view"),
        analytics.UnsubscribeMetric(metric="event:contest.view"),
        analytics.UnsubscribedMetric(metric="event:contest.view"),
        analytics.GetActiveUsers(),
        analytics.GetServerStats(),
        analytics.ServerStatsReport(stats=_STATS),
        analytics.Heartbeat(zone="TRADING"),
    ],
    pushed={
        "analytics.dashboard": [
            events.DashboardUpdate(
                stats=_STATS,
                activeUsers=112,
                topEvents=[
                    events.EventCount(event="contest.view", count=1_840),
                    events.EventCount(event="chat.open", count=611),
                ],
                eventsPerMinute=[*[0] * 57, 12, 31, 9],
            ),
            events.ActiveUsers(
                users=[
                    events.ActiveUser(
                        wallet_address=ADA,
                        nickname="Ada",
                        role="user",
                        zone="TRADING",
                        lastActivityMs=_NOW_MS - 1_200,
                        connectedAtMs=_NOW_MS - 640_000,
                        connections=2,
                        endpoints=["analytics", "contest"],
                    )
                ],
                count=112,
            ),
        ],
        "analytics.metric.event": [
            events.MetricUpdate(
                metric="event",
                data=events.MetricData(
                    value=3.0,
                    timestamp=NOW,
                    events=[
                        events.EventRecord(wallet=ADA, event="contest.view", timestamp=before(0.2)),
                        events.EventRecord(wallet=ADA, event="chat.open", timestamp=before(0.1)),
                    ],
                    skipped=1,
                ),
            )
        ],
    },
)
