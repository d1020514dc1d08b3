"""The facts of the contract that the behaviour depends on: endpoints, commands and groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

PATH = "/api/v69/ws/"


@dataclass(frozen=True, slots=True)
class EndpointFacts:
    """`public_name` lets clients in without a token. If `is_public`, no client needs a token or such a name."""

    public_name: str | None = None
    is_public: bool = False


ENDPOINTS: Mapping[str, EndpointFacts] = {
    "market-data": EndpointFacts(is_public=True),
    "token-data": EndpointFacts(is_public=True),
    "contest": EndpointFacts("public.contests"),
    "circuit-breaker": EndpointFacts(),
    "monitor": EndpointFacts("public.background_scene"),
    "skyduel": EndpointFacts(),
    "system-settings": EndpointFacts(),
    "notifications": EndpointFacts("system.announcements"),
    "analytics": EndpointFacts(),
}


@dataclass(frozen=True, slots=True)
class CommandFacts:
    """A command that is `safe` changes nothing but what the connection follows. `key` is the member that makes it safe
    to repeat another one. `joins` and `leaves` are channels, in which a member's name in braces stands for its value,
    or for each of its values."""

    safe: bool = False
    key: str | None = None
    joins: tuple[str, ...] = ()
    leaves: tuple[str, ...] = ()

    @property
    def is_repeatable(self) -> bool:
        return self.safe or self.key is not None


_READ = CommandFacts(safe=True)


def _joins(*channels: str) -> CommandFacts:
    return CommandFacts(safe=True, joins=channels)


def _leaves(*channels: str) -> CommandFacts:
    return CommandFacts(safe=True, leaves=channels)


_COMMON: Mapping[str, CommandFacts] = {
    "heartbeat": _READ,
    "ping": _READ,
    "get_subscriptions": _READ,
    "subscribe": _joins("{channel}", "{channels}"),
    "unsubscribe": _leaves("{channel}", "{channels}"),
}
_COMMANDS: Mapping[str, Mapping[str, CommandFacts]] = {
    "market-data": {
        "SUBSCRIBE_SYMBOLS": _joins("market.{symbols}", "metadata.{symbols}"),
        "UNSUBSCRIBE_SYMBOLS": _leaves("market.{symbols}", "metadata.{symbols}"),
    },
    "token-data": {
        "SUBSCRIBE_SYMBOLS": _joins("market.{symbols}", "token.{symbols}"),
        "UNSUBSCRIBE_SYMBOLS": _leaves("market.{symbols}", "token.{symbols}"),
        "get_token": _READ,
        "get_all_tokens": _joins("public.token_list"),
    },
    "contest": {
        "get_all_contests": _joins("public.contests"),
        "get_contest_state": _joins("contest.{contestId}"),
        "get_participant_status": _joins("participant.{wallet}.{contestId}"),
        "get_leaderboard": _joins("leaderboard.{contestId}"),
        "get_chat_messages": _READ,
        "send_chat_message": CommandFacts(key="messageId"),
    },
    "circuit-breaker": {
        "subscribe_all": _joins("services"),
        "subscribe:services": _joins("services"),
        "subscribe:layer": _joins("layer.{layer}"),
        "subscribe:service": _joins("service.{service}"),
    },
    "monitor": {
        "get_system_status": _READ,
        "get_maintenance_status": _READ,
        "get_system_settings": _READ,
        "get_service_status": _READ,
        "get_all_services": _READ,
        "get_recent_errors": _READ,
    },
    "skyduel": {
        "get_services": _READ,
        "subscribe_service": _joins("skyduel.{serviceName}"),
        "unsubscribe_service": _leaves("skyduel.{serviceName}"),
        "service_command": CommandFacts(key="commandId"),
    },
    "system-settings": {
        "get_all_settings": _READ,
        "get_setting": _READ,
        "get_category_settings": _READ,
        "subscribe_setting": _joins("setting.{key}"),
        "unsubscribe_setting": _leaves("setting.{key}"),
        "subscribe_category": _joins("category.{category}"),
        "unsubscribe_category": _leaves("category.{category}"),
    },
    "notifications": {"get_unread": _READ, "get_notifications": _READ},
    "analytics": {
        "track_event": CommandFacts(key="eventId"),
        "subscribe_dashboard": _joins("analytics.dashboard"),
        "unsubscribe_dashboard": _leaves("analytics.dashboard"),
        "subscribe_metric": _joins("analytics.metric.{metric}"),
        "unsubscribe_metric": _leaves("analytics.metric.{metric}"),
        "get_active_users": _READ,
        "get_server_stats": _READ,
    },
}
_UNKNOWN = CommandFacts()

RETRIABLE_CODES = frozenset({"UNAVAILABLE", "OUTCOME_UNKNOWN"})
"""After these the same command may succeed, and does no harm if it is repeatable."""
LATER_CODES = frozenset({"UNKNOWN_CHANNEL", "CONTEST_NOT_FOUND"})
"""What these did not find may appear."""


def command_facts(endpoint: str, command: str) -> CommandFacts:
    """The facts of a command; one that is not known is neither safe nor repeatable."""
    return _COMMANDS.get(endpoint, {}).get(command) or _COMMON.get(command, _UNKNOWN)


def channels_in(templates: tuple[str, ...], command: Mapping[str, Any]) -> Iterator[str]:
    """The channels that `templates` of `command` stand for. Those of members that the command lacks are left out."""
    for template in templates:
        before, _, rest = template.partition("{")
        member, _, after = rest.partition("}")
        if not member:
            yield template
            continue
        given = command.get(member)
        for value in given if isinstance(given, list | tuple) else (given,):
            name = value.get("channel") if isinstance(value, Mapping) else value
            if name is not None:
                for channel in channels_in((after,), command) if "{" in after else (after,):
                    yield f"{before}{name}{channel}"


def group_of(channel: str) -> str | None:
    """The group whose followers get the messages of `channel`, if it has one that its name tells."""
    family, dot, _ = channel.partition(".")
    if not dot:
        return None
    return "services" if family == "service" else f"{family}.*" if family in _WITH_GROUPS else None


_WITH_GROUPS = frozenset({"market", "metadata", "token", "skyduel"})


def ends_with_room(channel: str, contest_id: int) -> bool:
    """Whether leaving the room of a contest leaves `channel` too."""
    family, _, rest = channel.partition(".")
    if family == "participant":
        return rest.rpartition(".")[2] == str(contest_id)
    return family in ("contest", "presence", "leaderboard", "chat") and rest == str(contest_id)
