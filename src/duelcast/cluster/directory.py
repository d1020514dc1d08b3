"""Channels and groups by name, as nodes name them to one another."""

from __future__ import annotations

from collections.abc import Iterable

from duelcast.channels.names import Channel, Family, Group
from duelcast.endpoints.context import Target
from duelcast.endpoints.kit import Endpoint


class Directory:
    """The families of all endpoints. Rights do not matter here: whoever uses a name has checked them."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        families = [rule.family for endpoint in endpoints for rule in endpoint.access_rules.values()]
        self._families: dict[str, Family] = {family.prefix: family for family in families}
        # The names of groups need not begin with the prefix of their family.
        self._with_groups = [family for family in self._families.values() if family.group_names is not None]

    def channel(self, name: str) -> Channel | None:
        """The channel `name`; None if no endpoint has such a channel."""
        found = self._family(name)
        if found is None:
            return None
        family, parameter = found
        held = family.held(parameter)
        if held is None and family.match(name) is not None:
            held = family.channel(parameter)
        return held

    def target(self, name: str) -> Target:
        """The channel or group `name`. Raises `LookupError`."""
        target = self.channel(name) or self._group(name)
        if target is None:
            raise LookupError("no endpoint has a channel of that name")
        return target

    def _group(self, name: str) -> Group | None:
        groups = (family.group_named(name) for family in self._with_groups)
        return next((group for group in groups if group is not None), None)

    def _family(self, name: str) -> tuple[Family, str] | None:
        """The family of a name, and what follows its prefix. The prefix itself may contain dots."""
        end = len(name)
        while end > 0:
            family = self._families.get(name[:end])
            if family is not None:
                return family, name[end + 1 :]
            end = name.rfind(".", 0, end)
        return None
