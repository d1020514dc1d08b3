"""The facts of the contract that the client needs at run time.

Written by `make docs`; do not edit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple


class EndpointFacts(NamedTuple):
    """The facts about an endpoint. Templates of channels have the names of a command's fields in braces."""

    auth: Literal["public", "token", "admin"]
    """The clients that may connect: all, those with a token, or those of admins."""
    public_name: str | None = None
    """With this name as `endpoint`, a client may connect without a token."""
    once: Sequence[str] = ()
    """The commands that must not be repeated after a lost connection, as they might take effect twice."""
    keys: Mapping[str, str] = {}
    """The commands that may be repeated if the named field is set."""
    joins: Mapping[str, Sequence[str]] = {}
    """The channels that a command joins."""
    leaves: Mapping[str, Sequence[str]] = {}
    """The channels that a command leaves."""


ENDPOINTS: Mapping[str, EndpointFacts] = {
    "analytics": EndpointFacts(
        auth="token",
        once=[
            "track_event",
            "subscribe_dashboard",
            "unsubscribe_dashboard",
            "subscribe_metric",
            "unsubscribe_metric",
            "get_active_users",
            "get_server_stats",
            "heartbeat",
            "ping",
            "subscribe",
            "unsubscribe",
            "get_subscriptions",
            "auth",
        ],
    ),
    "circuit-breaker": EndpointFacts(
        auth="token",
        once=[
            "subscribe_all",
            "subscribe:services",
            "subscribe:layer",
            "subscribe:service",
            "service:health_check",
            "service:reset_circuit_breaker",
            "heartbeat",
            "ping",
            "subscribe",
            "unsubscribe",
            "get_subscriptions",
            "auth",
        ],
    ),
    "contest": EndpointFacts(
        auth="token",
        public_name="public.contests",
        once=[
            "get_all_contests",
            "get_contest_state",
            "get_participant_status",
            "get_leaderboard",
            "join_contest_room",
            "leave_contest_room",
            "send_chat_message",
            "set_admin_presence",
            "get_chat_messages",
            "heartbeat",
            "ping",
            "subscribe",
            "unsubscribe",
            "get_subscriptions",
            "auth",
        ],
    ),
    "market-data": EndpointFacts(
        auth="public",
        once=[
            "SUBSCRIBE_SYMBOLS",
            "subscribe",
            "UNSUBSCRIBE_SYMBOLS",
            "heartbeat",
            "ping",
            "unsubscribe",
            "get_subscriptions",
            "auth",
        ],
    ),
    "monitor": EndpointFacts(
        auth="token",
        public_name="public.background_scene",
        once=[
            "get_system_status",
            "get_maintenance_status",
            "get_system_settings",
            "get_service_status",
            "get_all_services",
            "get_recent_errors",
            "heartbeat",
            "ping",
            "subscribe",
            "unsubscribe",
            "get_subscriptions",
            "auth",
        ],
    ),
    "notifications": EndpointFacts(
        auth="token",
        public_name="system.announcements",
        once=[
            "mark_read",
            "mark_all_read",
            "get_unread",
            "get_notifications",
            "heartbeat",
            "ping",
            "subscribe",
            "unsubscribe",
            "get_subscriptions",
            "auth",
        ],
    ),
    "skyduel": EndpointFacts(
        auth="admin",
        once=[
            "get_services",
            "subscribe_service",
            "unsubscribe_service",
            "service_command",
            "heartbeat",
            "ping",
            "subscribe",
            "unsubscribe",
            "get_subscriptions",
            "auth",
        ],
    ),
    "system-settings": EndpointFacts(
        auth="token",
        once=[
            "get_all_settings",
            "get_setting",
            "get_category_settings",
            "subscribe_setting",
            "subscribe_category",
            "unsubscribe_setting",
            "unsubscribe_category",
            "update_setting",
            "heartbeat",
            "ping",
            "subscribe",
            "unsubscribe",
            "get_subscriptions",
            "auth",
        ],
    ),
    "token-data": EndpointFacts(
        auth="public",
        once=[
            "SUBSCRIBE_SYMBOLS",
            "UNSUBSCRIBE_SYMBOLS",
            "get_token",
            "get_all_tokens",
            "subscribe",
            "heartbeat",
            "ping",
            "unsubscribe",
            "get_subscriptions",
            "auth",
        ],
    ),
}
"""The facts about each endpoint."""

RETRIABLE: frozenset[str] = frozenset(())
"""The codes of errors after which the same command may succeed later."""

FINAL: frozenset[int] = frozenset((1000, 1002, 1003, 1007, 1009, 4003))
"""The codes of closures after which it is useless to connect again."""
