"""The facts of the contract that the behaviour depends on: commands, the channels that they join, and groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..generated.contract import ENDPOINTS, CommandFacts

LATER_CODES = frozenset({"UNKNOWN_CHANNEL", "CONTEST_NOT_FOUND"})
"""Errors about what does not exist, but may appear."""

_CATEGORY = "category."
_UNKNOWN = CommandFacts()


def command_facts(endpoint: str, command: str) -> CommandFacts:
    """The facts of a command; one that is not known must not be repeated, and joins nothing."""
    return ENDPOINTS[endpoint].commands.get(command, _UNKNOWN)


def channels_in(templates: tuple[str, ...], command: Mapping[str, Any]) -> Iterator[str]:
    """The channels that `templates` stand for. A name in braces stands for the value of that member of `command`, or
    for each of its values. Templates with members that the command lacks are left out."""
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
                yield from channels_in((f"{before}{name}{after}",), command)


def group_prefix(endpoint: str, channel: str) -> str | None:
    """The beginning of the names of the channels in the group `channel`; None if it is not a group."""
    if channel.startswith(_CATEGORY):
        # The name of a setting does not tell its category. The server sends only settings that somebody here follows.
        return "setting."
    return ENDPOINTS[endpoint].groups.get(channel)


def covers(endpoint: str, followed: str, channel: str) -> bool:
    """Whether following `followed`, a channel or group, brings the messages of `channel`."""
    prefix = group_prefix(endpoint, followed)
    return channel == followed or (prefix is not None and channel.startswith(prefix))


def ends_with_room(channel: str, contest_id: int) -> bool:
    """Whether leaving the room of a contest leaves `channel` too."""
    family, _, rest = channel.partition(".")
    if family == "participant":
        return rest.rpartition(".")[2] == str(contest_id)
    return family in ("contest", "presence", "leaderboard", "chat") and rest == str(contest_id)
