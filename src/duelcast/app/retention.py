"""The rules of retention, and the settings that they follow."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from duelcast.clock import Clock
from duelcast.domain.analytics.service import Analytics
from duelcast.domain.contests.service import Contests
from duelcast.domain.idempotency import IdempotentRequests
from duelcast.domain.market.service import Market
from duelcast.domain.notifications.service import Notifications
from duelcast.domain.operations.error_records import ErrorRecords
from duelcast.domain.retention import RetentionJob, Rule
from duelcast.domain.settings.service import SystemSettings


def retention_of(
    live: SystemSettings,
    clock: Clock,
    *,
    market: Market,
    contests: Contests,
    errors: ErrorRecords,
    notifications: Notifications,
    analytics: Analytics,
    idempotency: IdempotentRequests,
) -> RetentionJob:
    """The retention job of a server. No rule concerns the audit trail, because it is kept forever."""
    table = {
        "chat": Rule(("retention.chat_days",), contests.chat.delete_old),
        "errors": Rule(("retention.errors_days",), errors.retention.delete_old),
        "notifications": Rule(
            ("retention.read_notifications_days", "retention.unread_notifications_days"),
            notifications.removals.delete_old,
        ),
        "events": Rule(("retention.events_days",), analytics.roll_up.delete_events),
        "minutes_of_events": Rule((), analytics.roll_up.roll_up_minutes),
        "days_of_events": Rule(("retention.daily_events_days",), analytics.roll_up.delete_days),
        "prices": Rule(("retention.prices_days",), market.retention.delete_prices),
        "idempotent_requests": Rule((), idempotency.delete_old),
        "trades": Rule(("retention.trades_days",), market.retention.delete_trades),
    }
    job = RetentionJob(table, days_of(live, table), clock)
    errors.retention.on_crowded = partial(job.hasten, "errors")
    return job


def days_of(live: SystemSettings, table: Mapping[str, Rule]) -> Mapping[str, float]:
    """The values of the settings that the rules use, in days, by key."""
    return {key: float(live.value(key)) for rule in table.values() for key in rule.settings}
