"""The facts of the contract that the client needs at run time.

Written by `make docs`; do not edit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias


class CommandFacts(NamedTuple):
    """The facts about a command. Templates of channels have the names of its fields in braces."""

    safe: bool = False
    """Whether it may be repeated after a lost connection."""
    key: str | None = None
    """The field that, if it is set, makes it safe to repeat the command."""
    joins: tuple[str, ...] = ()
    """The channels that the command joins."""
    leaves: tuple[str, ...] = ()
    """The channels that the command leaves."""


class EndpointFacts(NamedTuple):
    """The facts about an endpoint."""

    path: str
    auth: Literal["public", "token", "admin"]
    """The clients that may connect: all, those with a token, or those of admins."""
    commands: Mapping[str, CommandFacts]
    public_name: str | None = None
    """With this name as `endpoint`, a client may connect without a token."""
    groups: Mapping[str, str] = {}
    """The groups, each with the beginning of the names of its channels."""


EndpointName: TypeAlias = Literal[
    "analytics",
    "circuit-breaker",
    "contest",
    "market-data",
    "monitor",
    "notifications",
    "skyduel",
    "system-settings",
    "token-data",
]
"""The names of the endpoints."""

ENDPOINTS: Mapping[str, EndpointFacts] = {
    "analytics": EndpointFacts(
        path="/api/v69/ws/analytics",
        auth="token",
        commands={
            "track_event": CommandFacts(key="eventId"),
            "subscribe_dashboard": CommandFacts(safe=True, joins=("analytics.dashboard",)),
            "unsubscribe_dashboard": CommandFacts(safe=True, leaves=("analytics.dashboard",)),
            "subscribe_metric": CommandFacts(safe=True, joins=("analytics.metric.{metric}",)),
            "unsubscribe_metric": CommandFacts(safe=True, leaves=("analytics.metric.{metric}",)),
            "get_active_users": CommandFacts(safe=True),
            "get_server_stats": CommandFacts(safe=True),
            "heartbeat": CommandFacts(safe=True),
            "ping": CommandFacts(safe=True),
            "subscribe": CommandFacts(safe=True, joins=("{channel}", "{channels}")),
            "unsubscribe": CommandFacts(safe=True, leaves=("{channel}", "{channels}")),
            "get_subscriptions": CommandFacts(safe=True),
            "auth": CommandFacts(),
        },
    ),
    "circuit-breaker": EndpointFacts(
        path="/api/v69/ws/circuit-breaker",
        auth="token",
        groups={"services": "service."},
        commands={
            "subscribe_all": CommandFacts(safe=True, joins=("services",)),
            "subscribe:services": CommandFacts(safe=True, joins=("services",)),
            "subscribe:layer": CommandFacts(safe=True, joins=("layer.{layer}",)),
            "subscribe:service": CommandFacts(safe=True, joins=("service.{service}",)),
            "service:health_check": CommandFacts(),
            "service:reset_circuit_breaker": CommandFacts(),
            "heartbeat": CommandFacts(safe=True),
            "ping": CommandFacts(safe=True),
            "subscribe": CommandFacts(safe=True, joins=("{channel}", "{channels}")),
            "unsubscribe": CommandFacts(safe=True, leaves=("{channel}", "{channels}")),
            "get_subscriptions": CommandFacts(safe=True),
            "auth": CommandFacts(),
        },
    ),
    "contest": EndpointFacts(
        path="/api/v69/ws/contest",
        auth="token",
        public_name="public.contests",
        commands={
            "get_all_contests": CommandFacts(safe=True, joins=("public.contests",)),
            "get_contest_state": CommandFacts(safe=True, joins=("contest.{contestId}",)),
            "get_participant_status": CommandFacts(safe=True, joins=("participant.{wallet}.{contestId}",)),
            "get_leaderboard": CommandFacts(safe=True, joins=("leaderboard.{contestId}",)),
            "join_contest_room": CommandFacts(
                safe=True,
                joins=(
                    "contest.{contestId}",
                    "presence.{contestId}",
                    "chat.{contestId}",
                    "leaderboard.{contestId}",
                    "participant.{wallet}.{contestId}",
                ),
            ),
            "leave_contest_room": CommandFacts(
                safe=True,
                leaves=(
                    "contest.{contestId}",
                    "presence.{contestId}",
                    "chat.{contestId}",
                    "leaderboard.{contestId}",
                    "participant.*.{contestId}",
                ),
            ),
            "send_chat_message": CommandFacts(key="messageId"),
            "set_admin_presence": CommandFacts(),
            "get_chat_messages": CommandFacts(safe=True),
            "heartbeat": CommandFacts(safe=True),
            "ping": CommandFacts(safe=True),
            "subscribe": CommandFacts(safe=True, joins=("{channel}", "{channels}")),
            "unsubscribe": CommandFacts(safe=True, leaves=("{channel}", "{channels}")),
            "get_subscriptions": CommandFacts(safe=True),
            "auth": CommandFacts(),
        },
    ),
    "market-data": EndpointFacts(
        path="/api/v69/ws/market-data",
        auth="public",
        groups={"market.*": "market.", "metadata.*": "metadata."},
        commands={
            "SUBSCRIBE_SYMBOLS": CommandFacts(safe=True, joins=("market.{symbols}", "metadata.{symbols}")),
            "subscribe": CommandFacts(safe=True, joins=("{channel}", "{channels}")),
            "UNSUBSCRIBE_SYMBOLS": CommandFacts(safe=True, leaves=("market.{symbols}", "metadata.{symbols}")),
            "heartbeat": CommandFacts(safe=True),
            "ping": CommandFacts(safe=True),
            "unsubscribe": CommandFacts(safe=True, leaves=("{channel}", "{channels}")),
            "get_subscriptions": CommandFacts(safe=True),
            "auth": CommandFacts(),
        },
    ),
    "monitor": EndpointFacts(
        path="/api/v69/ws/monitor",
        auth="token",
        public_name="public.background_scene",
        commands={
            "get_system_status": CommandFacts(safe=True),
            "get_maintenance_status": CommandFacts(safe=True),
            "get_system_settings": CommandFacts(safe=True),
            "get_service_status": CommandFacts(safe=True),
            "get_all_services": CommandFacts(safe=True),
            "get_recent_errors": CommandFacts(safe=True),
            "heartbeat": CommandFacts(safe=True),
            "ping": CommandFacts(safe=True),
            "subscribe": CommandFacts(safe=True, joins=("{channel}", "{channels}")),
            "unsubscribe": CommandFacts(safe=True, leaves=("{channel}", "{channels}")),
            "get_subscriptions": CommandFacts(safe=True),
            "auth": CommandFacts(),
        },
    ),
    "notifications": EndpointFacts(
        path="/api/v69/ws/notifications",
        auth="token",
        public_name="system.announcements",
        commands={
            "mark_read": CommandFacts(),
            "mark_all_read": CommandFacts(),
            "get_unread": CommandFacts(safe=True),
            "get_notifications": CommandFacts(safe=True),
            "heartbeat": CommandFacts(safe=True),
            "ping": CommandFacts(safe=True),
            "subscribe": CommandFacts(safe=True, joins=("{channel}", "{channels}")),
            "unsubscribe": CommandFacts(safe=True, leaves=("{channel}", "{channels}")),
            "get_subscriptions": CommandFacts(safe=True),
            "auth": CommandFacts(),
        },
    ),
    "skyduel": EndpointFacts(
        path="/api/v69/ws/skyduel",
        auth="admin",
        groups={"skyduel.*": "skyduel."},
        commands={
            "get_services": CommandFacts(safe=True),
            "subscribe_service": CommandFacts(safe=True, joins=("skyduel.{serviceName}",)),
            "unsubscribe_service": CommandFacts(safe=True, leaves=("skyduel.{serviceName}",)),
            "service_command": CommandFacts(key="commandId"),
            "heartbeat": CommandFacts(safe=True),
            "ping": CommandFacts(safe=True),
            "subscribe": CommandFacts(safe=True, joins=("{channel}", "{channels}")),
            "unsubscribe": CommandFacts(safe=True, leaves=("{channel}", "{channels}")),
            "get_subscriptions": CommandFacts(safe=True),
            "auth": CommandFacts(),
        },
    ),
    "system-settings": EndpointFacts(
        path="/api/v69/ws/system-settings",
        auth="token",
        commands={
            "get_all_settings": CommandFacts(safe=True),
            "get_setting": CommandFacts(safe=True),
            "get_category_settings": CommandFacts(safe=True),
            "subscribe_setting": CommandFacts(safe=True, joins=("setting.{key}",)),
            "subscribe_category": CommandFacts(safe=True, joins=("category.{category}",)),
            "unsubscribe_setting": CommandFacts(safe=True, leaves=("setting.{key}",)),
            "unsubscribe_category": CommandFacts(safe=True, leaves=("category.{category}",)),
            "update_setting": CommandFacts(),
            "heartbeat": CommandFacts(safe=True),
            "ping": CommandFacts(safe=True),
            "subscribe": CommandFacts(safe=True, joins=("{channel}", "{channels}")),
            "unsubscribe": CommandFacts(safe=True, leaves=("{channel}", "{channels}")),
            "get_subscriptions": CommandFacts(safe=True),
            "auth": CommandFacts(),
        },
    ),
    "token-data": EndpointFacts(
        path="/api/v69/ws/token-data",
        auth="public",
        groups={"market.*": "market.", "token.*": "token."},
        commands={
            "SUBSCRIBE_SYMBOLS": CommandFacts(safe=True, joins=("market.{symbols}", "token.{symbols}")),
            "UNSUBSCRIBE_SYMBOLS": CommandFacts(safe=True, leaves=("market.{symbols}", "token.{symbols}")),
            "get_token": CommandFacts(safe=True),
            "get_all_tokens": CommandFacts(safe=True, joins=("public.token_list",), leaves=("public.tokens",)),
            "subscribe": CommandFacts(safe=True, joins=("{channel}", "{channels}")),
            "heartbeat": CommandFacts(safe=True),
            "ping": CommandFacts(safe=True),
            "unsubscribe": CommandFacts(safe=True, leaves=("{channel}", "{channels}")),
            "get_subscriptions": CommandFacts(safe=True),
            "auth": CommandFacts(),
        },
    ),
}
"""The facts about each endpoint."""

RETRIABLE: frozenset[str] = frozenset(
    (
        "COMMAND_IN_PROGRESS",
        "MAINTENANCE",
        "OUTCOME_UNKNOWN",
        "RATE_LIMIT_EXCEEDED",
        "TOO_MANY_CONNECTIONS",
        "UNAVAILABLE",
    )
)
"""The codes of errors after which the same command may succeed later."""

FINAL: frozenset[int] = frozenset((1000, 1002, 1003, 1007, 1009, 4003))
"""The codes of closures after which it is useless to connect again."""
