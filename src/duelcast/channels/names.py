"""Channels, their families and groups (protocol §2).

A family is declared once, beside the domain that publishes it. The declaration contains the first part of the name,
the kind, the key of a message, and the events. Endpoints declare who may join a channel and what its snapshot is.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from weakref import WeakValueDictionary

from duelcast.wire.frames import channel_suffix
from duelcast.wire.messages import Event


class Kind(enum.Enum):
    """How a channel treats messages not yet sent to a subscriber."""

    LATEST = "latest"
    """Only the newest message per key counts; an older unsent one is replaced."""
    EVERY = "every"
    """Every message is sent, and numbers have no gaps."""


class Unfollowed(enum.Enum):
    """The fate of a *latest* channel while nobody follows it."""

    KEPT = "kept"
    """Its newest messages are kept, because they are the snapshot."""
    FORGOTTEN = "forgotten"
    """The channel is forgotten once it is idle, because the endpoint makes the snapshot."""
    SILENT = "silent"
    """Nothing is published on it, so no earlier position can be recovered. The endpoint makes the snapshot."""


class Role(enum.IntEnum):
    """Roles, in ascending order of rights."""

    ANONYMOUS = 0
    USER = 1
    ADMIN = 2
    SUPERADMIN = 3


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Channel:
    """One channel. A family creates one object per name, so channels with equal names are the same object."""

    name: str
    family: Family
    parameter: str
    group: str | None
    least_role: Role
    suffix: bytes

    @property
    def kind(self) -> Kind:
        return self.family.kind

    def __repr__(self) -> str:
        return f"Channel({self.name!r})"


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Group:
    """All present and future channels of a family that belong to this group. A client joins them as one.

    `parameter` is the part of the name that the first capture group of `Family.group_names` matches, if there is one.
    """

    name: str
    family: Family
    parameter: str
    suffix: bytes

    @property
    def kind(self) -> Kind:
        return self.family.kind

    def __repr__(self) -> str:
        return f"Group({self.name!r})"


def _no_key(_event: Event) -> str:
    return ""


_NAMED_GROUP = re.compile(r"\(\?P<(\w+)>([^()]+)\)")


@cache
def _template(pattern: str) -> str:
    """`pattern` with `{name}` in place of each named group."""
    return re.sub(r"\\(\W)", r"\1", _NAMED_GROUP.sub(r"{\1}", pattern))


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """All channels `<prefix>.<parameter>`, or the single channel `<prefix>` if `parameter` is None.

    `parameter` is a regular expression for the part after the dot; its named groups are the parameters of the
    documents. `key` returns the key of a message of a *latest* channel, and `key_paths` are the paths of the fields
    that make the key (such as `data.interval`); a path that ends in `*` stands for the names of an object's members.
    `is_tombstone` returns whether a message ends its key; such a message is in no snapshot, but is kept for recovery.
    `group` returns the name of the one group that a channel belongs to, and `group_names` is a regular expression for
    all group names of the family. `least_role` returns the lowest role that may see a channel; a follower of the group
    who has a lower role does not receive the channel's messages. `unfollowed` applies to *latest* channels. If
    `is_urgent`, messages of these *every* channels are broadcast even while the database is down. `subject` returns the
    subject of a channel (see `Broker.followed`).
    """

    prefix: str
    kind: Kind
    events: tuple[type[Event], ...]
    description: str
    parameter: str | None = None
    key: Callable[[Event], str] = _no_key
    key_paths: tuple[str, ...] = ()
    is_tombstone: Callable[[Event], bool] = field(default=lambda _event: False)
    group: Callable[[str], str | None] = field(default=lambda _parameter: None)
    group_names: str | None = None
    least_role: Callable[[str], Role] = field(default=lambda _parameter: Role.ANONYMOUS)
    unfollowed: Unfollowed = Unfollowed.KEPT
    is_urgent: bool = False
    subject: Callable[[str], str] = field(default=lambda _parameter: "")
    _known: WeakValueDictionary[str, Channel] = field(default_factory=WeakValueDictionary, repr=False)
    _groups: WeakValueDictionary[str, Group] = field(default_factory=WeakValueDictionary, repr=False)

    @property
    def template(self) -> str:
        """The form of the names: `market.{symbol}`."""
        return self.prefix if self.parameter is None else f"{self.prefix}.{_template(self._named_parameter)}"

    @property
    def group_template(self) -> str | None:
        """The form of the names of groups: `market.*`, `category.{category}`; None if there are no groups."""
        return None if self.group_names is None else _template(self.group_names)

    @property
    def parameters(self) -> dict[str, str]:
        """Regular expressions of the parameters in `template` and `group_template`, by name."""
        return dict(_NAMED_GROUP.findall(self._named_parameter) + _NAMED_GROUP.findall(self.group_names or ""))

    @property
    def _named_parameter(self) -> str:
        """`parameter`; without named groups, it is one that is called `name`."""
        parameter = self.parameter or ""
        return f"(?P<name>{parameter})" if parameter and not _NAMED_GROUP.search(parameter) else parameter

    def channel(self, parameter: str = "") -> Channel:
        """The channel with `parameter`; the same object as long as it is referenced."""
        known = self._known.get(parameter)
        if known is None:
            name = self.prefix if self.parameter is None else f"{self.prefix}.{parameter}"
            known = self._known[parameter] = Channel(
                name, self, parameter, self.group(parameter), self.least_role(parameter), channel_suffix(name)
            )
        return known

    def held(self, parameter: str) -> Channel | None:
        """The channel with `parameter`, or None if nothing refers to it."""
        return self._known.get(parameter)

    def match(self, name: str) -> str | None:
        """The parameter of `name`, or None if `name` does not match this family."""
        if self.parameter is None:
            return "" if name == self.prefix else None
        found = re.fullmatch(rf"{re.escape(self.prefix)}\.({self.parameter})", name)
        return found.group(1) if found else None

    def group_named(self, name: str) -> Group | None:
        """The group `name`, or None if this family has no such group; the same object as long as it is referenced."""
        found = re.fullmatch(self.group_names, name) if self.group_names is not None else None
        if found is None:
            return None
        known = self._groups.get(name)
        if known is None:
            parameter = found.group(1) if found.groups() else ""
            known = self._groups[name] = Group(name, self, parameter, channel_suffix(name))
        return known
