"""The facts of the contract that the client needs at run time.

Written by `make docs`; do not edit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple


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


ENDPOINTS: Mapping[str, EndpointFacts] = {
    "analytics": EndpointFacts(
        path="/api/v69/ws/analytics",
        auth="token",
        commands={
            "track_event": CommandFacts(),
            "subscribe_dashboard": CommandFacts(),
            "unsubscribe_dashboard": CommandFacts(),
            "subscribe_metric": CommandFacts(),
            "unsubscribe_metric": CommandFacts(),
            "get_active_users": CommandFacts(),
            "get_server_stats": CommandFacts(),
            "heartbeat": CommandFacts(),
            "ping": CommandFacts(),
            "subscribe": CommandFacts(),
            "unsubscribe": CommandFacts(),
            "get_subscriptions": CommandFacts(),
            "auth": CommandFacts(),
        },
    ),
    "circuit-breaker": EndpointFacts(
        path="/api/v69/ws/circuit-breaker",
        auth="token",
        groups={"services": "service."},
        commands={
            "subscribe_all": CommandFacts(),
            "subscribe:services": CommandFacts(),
            "subscribe:layer": CommandFacts(),
            "subscribe:service": CommandFacts(),
            "service:health_check": CommandFacts(),
            "service:reset_circuit_breaker": CommandFacts(),
            "heartbeat": CommandFacts(),
            "ping": CommandFacts(),
            "subscribe": CommandFacts(),
            "unsubscribe": CommandFacts(),
            "get_subscriptions": CommandFacts(),
            "auth": CommandFacts(),
        },
    ),
    "contest": EndpointFacts(
        path="/api/v69/ws/contest",
        auth="token",
        public_name="public.contests",
        commands={
            "get_all_contests": CommandFacts(),
            "get_contest_state": CommandFacts(),
            "get_participant_status": CommandFacts(),
            "get_leaderboard": CommandFacts(),
            "join_contest_room": CommandFacts(),
            "leave_contest_room": CommandFacts(),
            "send_chat_message": CommandFacts(),
            "set_admin_presence": CommandFacts(),
            "get_chat_messages": CommandFacts(),
            "heartbeat": CommandFacts(),
            "ping": CommandFacts(),
            "subscribe": CommandFacts(),
            "unsubscribe": CommandFacts(),
            "get_subscriptions": CommandFacts(),
            "auth": CommandFacts(),
        },
    ),
    "market-data": EndpointFacts(
        path="/api/v69/ws/market-data",
        auth="public",
        groups={"market.*": "market.", "metadata.*": "metadata."},
        commands={
            "SUBSCRIBE_SYMBOLS": CommandFacts(),
            "subscribe": CommandFacts(),
            "UNSUBSCRIBE_SYMBOLS": CommandFacts(),
            "heartbeat": CommandFacts(),
            "ping": CommandFacts(),
            "unsubscribe": CommandFacts(),
            "get_subscriptions": CommandFacts(),
            "auth": CommandFacts(),
        },
    ),
    "monitor": EndpointFacts(
        path="/api/v69/ws/monitor",
        auth="token",
        public_name="public.background_scene",
        commands={
            "get_system_status": CommandFacts(),
            "get_maintenance_status": CommandFacts(),
            "get_system_settings": CommandFacts(),
            "get_service_status": CommandFacts(),
            "get_all_services": CommandFacts(),
            "get_recent_errors": CommandFacts(),
            "heartbeat": CommandFacts(),
            "ping": CommandFacts(),
            "subscribe": CommandFacts(),
            "unsubscribe": CommandFacts(),
            "get_subscriptions": CommandFacts(),
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
            "get_unread": CommandFacts(),
            "get_notifications": CommandFacts(),
            "heartbeat": CommandFacts(),
            "ping": CommandFacts(),
            "subscribe": CommandFacts(),
            "unsubscribe": CommandFacts(),
            "get_subscriptions": CommandFacts(),
            "auth": CommandFacts(),
        },
    ),
    "skyduel": EndpointFacts(
        path="/api/v69/ws/skyduel",
        auth="admin",
        groups={"skyduel.*": "skyduel."},
        commands={
            "get_services": CommandFacts(),
            "subscribe_service": CommandFacts(),
            "unsubscribe_service": CommandFacts(),
            "service_command": CommandFacts(),
            "heartbeat": CommandFacts(),
            "ping": CommandFacts(),
            "subscribe": CommandFacts(),
            "unsubscribe": CommandFacts(),
            "get_subscriptions": CommandFacts(),
            "auth": CommandFacts(),
        },
    ),
    "system-settings": EndpointFacts(
        path="/api/v69/ws/system-settings",
        auth="token",
        commands={
            "get_all_settings": CommandFacts(),
            "get_setting": CommandFacts(),
            "get_category_settings": CommandFacts(),
            "subscribe_setting": CommandFacts(),
            "subscribe_category": CommandFacts(),
            "unsubscribe_setting": CommandFacts(),
            "unsubscribe_category": CommandFacts(),
            "update_setting": CommandFacts(),
            "heartbeat": CommandFacts(),
            "ping": CommandFacts(),
            "subscribe": CommandFacts(),
            "unsubscribe": CommandFacts(),
            "get_subscriptions": CommandFacts(),
            "auth": CommandFacts(),
        },
    ),
    "token-data": EndpointFacts(
        path="/api/v69/ws/token-data",
        auth="public",
        groups={"market.*": "market.", "token.*": "token."},
        commands={
            "SUBSCRIBE_SYMBOLS": CommandFacts(),
            "UNSUBSCRIBE_SYMBOLS": CommandFacts(),
            "get_token": CommandFacts(),
            "get_all_tokens": CommandFacts(),
            "subscribe": CommandFacts(),
            "heartbeat": CommandFacts(),
            "ping": CommandFacts(),
            "unsubscribe": CommandFacts(),
            "get_subscriptions": CommandFacts(),
            "auth": CommandFacts(),
        },
    ),
}
"""The facts about each endpoint."""

RETRIABLE: frozenset[str] = frozenset(())
"""The codes of errors after which the same command may succeed later."""

FINAL: frozenset[int] = frozenset((1000, 1002, 1003, 1007, 1009, 4003))
"""The codes of closures after which it is useless to connect again."""
