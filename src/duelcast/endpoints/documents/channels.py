"""The channels of an endpoint, as declared by their families and access rules."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable

from msgspec import Struct

from duelcast.channels.names import Family, Kind, Role
from duelcast.endpoints.kit import AccessRule, Endpoint, anyone
from duelcast.wire.messages import message_type

_GROUP_PARAMETER = re.compile(r"\(\?P<(\w+)>(.+)\)")
_UNNAMED = r"(\2)"


class ChannelDescription(Struct, frozen=True, rename="camel"):
    """A family of channels that an endpoint opens.

    `name` and `group` are for readers; `pattern` and `group_pattern` match a whole name.
    """

    name: str
    pattern: str
    group: str | None
    group_pattern: str | None
    kind: str
    key: str | None
    events: list[str]
    who: str
    description: str


def channels_of(endpoint: Endpoint) -> list[ChannelDescription]:
    """The channels of an endpoint, in the order of their declaration."""
    return [_described(rule) for rule in endpoint.access_rules.values()]


def _described(rule: AccessRule) -> ChannelDescription:
    family = rule.family
    prefix = re.escape(family.prefix)
    is_single = family.parameter is None
    return ChannelDescription(
        name=family.form,
        pattern=f"^{prefix}$" if is_single else rf"^{prefix}\.{family.parameter}$",
        group=None if family.group_names is None else _readable(family.group_names),
        group_pattern=None if family.group_names is None else _group_pattern(family.group_names),
        kind="latest" if family.kind is Kind.LATEST else "every",
        key=family.key_description or None,
        events=[message_type(event) for event in family.events],
        who=_followers(rule.right, family),
        description=family.description,
    )


def _group_pattern(group_names: str) -> str:
    """`group_names` as a pattern for a whole name, without Python's group names."""
    return f"^{_GROUP_PARAMETER.sub(_UNNAMED, group_names)}$"


def _readable(group_names: str) -> str:
    """`category\\.(?P<category>…)` → `category.<category>`"""
    return re.sub(r"\\(\W)", r"\1", _GROUP_PARAMETER.sub(r"<\1>", group_names))


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
