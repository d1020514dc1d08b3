"""The channels of an endpoint, as declared by their families and access rules."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct

from duelcast.channels.names import Family, Kind, Role
from duelcast.endpoints.documents.fields import Schema
from duelcast.endpoints.kit import AccessRule, Endpoint, anyone
from duelcast.wire.messages import Event, message_type


class ChannelDescription(Struct, frozen=True, rename="camel"):
    """A family of channels that an endpoint opens.

    `name` and `group` are templates, such as `market.{symbol}` and `market.*`; `parameters` has the schemas of the
    parameters in both. `key` lists the paths of the fields that make the key of a message. `snapshot_events` and
    `group_snapshot_events` are sent only in snapshots, of a channel and of the group.
    """

    name: str
    parameters: Mapping[str, Schema]
    group: str | None
    kind: str
    key: Sequence[str]
    events: Sequence[str]
    snapshot_events: Sequence[str]
    group_snapshot_events: Sequence[str]
    who: str
    description: str


def channels_of(endpoint: Endpoint) -> list[ChannelDescription]:
    """The channels of an endpoint, in the order of their declaration."""
    return [_described(rule) for rule in endpoint.access_rules.values()]


def _described(rule: AccessRule) -> ChannelDescription:
    family = rule.family
    return ChannelDescription(
        name=family.template,
        parameters={name: {"type": "string", "pattern": f"^{pattern}$"} for name, pattern in family.parameters.items()},
        group=family.group_template,
        kind="latest" if family.kind is Kind.LATEST else "every",
        key=family.key_paths,
        events=[message_type(event) for event in family.events],
        snapshot_events=_further(rule.snapshot_events, family),
        group_snapshot_events=_further(rule.group_snapshot_events, family),
        who=_followers(rule.right, family),
        description=family.description,
    )


def _further(events: Iterable[type[Event]], family: Family) -> list[str]:
    """The types of `events` that are not published on the channels of a family."""
    return [message_type(event) for event in events if event not in family.events]


def _followers(right: Callable[..., bool], family: Family) -> str:
    """Describes who may follow the channels of a family, among those who may connect. A role required by only some of
    the channels is not named."""
    if right is not anyone:
        return _right_name(right)
    least_role = family.least_role("")
    if least_role is Role.ANONYMOUS:
        return "anyone"
    return "users" if least_role is Role.USER else "admins"


def _right_name(right: Callable[..., bool]) -> str:
    """The first line of the docstring of a right, or its name in words."""
    described = inspect.getdoc(right)
    name = getattr(right, "__name__", "")
    return described.splitlines()[0].rstrip(".") if described else name.strip("_").replace("_", " ")
