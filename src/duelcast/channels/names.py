"""Channels, their families and groups (protocol 2).

A family is declared once, beside the domain that publishes it: the name's first part, the kind, what the key of a
message is, the events it carries. Endpoints say who may join it and what its snapshot is.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

from duelcast.wire.frames import channel_suffix
from duelcast.wire.messages import Event


class Kind(enum.Enum):
    """How a channel treats messages that a subscriber has not been sent yet."""

    LATEST = "latest"
    """The newest message per key counts; an unsent older one is replaced."""
    EVERY = "every"
    """Each message is sent, and numbered without gaps."""


class Unfollowed(enum.Enum):
    """What becomes of a *latest* channel while nobody follows it."""

    KEPT = "kept"
    """Its newest messages stay: they are its snapshot."""
    FORGOTTEN = "forgotten"
    """It is forgotten once it is idle: its snapshot is the endpoint's."""
    SILENT = "silent"
    """Nothing is published on it, so that no position from before is recovered: its snapshot is the endpoint's."""


class Role(enum.IntEnum):
    """Who somebody is, in growing order of rights."""

    ANONYMOUS = 0
    USER = 1
    ADMIN = 2
    SUPERADMIN = 3


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Channel:
    """One stream. Two channels are the same where their names are; a family gives each name one object."""

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
    """All channels of a family that name it as their group, now and later, joined as one.

    `parameter` is what the first group of the family's `group_names` matched, empty where there is none.
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


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """All channels `<prefix>.<parameter>`, or the single channel `<prefix>` where `parameter` is None.

    `parameter` is a regular expression for what follows the dot, `placeholder` its name in the documents.
    `key` gives the key of a message of a *latest* channel; `ends_key` tells a message that ends its key: it is in
    no snapshot, and kept for recovery. `group` gives the name of the one group that a channel belongs to, and
    `group_names` a regular expression of all group names of the family.
    `least_role` gives the least role that may see a channel; holders of the group with less do not get it.
    `unfollowed` is for *latest* channels. `is_urgent`: messages of this *every* channel go out while the database is
    down, too. `subject` gives what a channel is about: see `Broker.followed`.
    """

    prefix: str
    kind: Kind
    events: tuple[type[Event], ...]
    description: str
    parameter: str | None = None
    placeholder: str = ""
    key: Callable[[Event], str] = _no_key
    key_description: str = ""
    ends_key: Callable[[Event], bool] = field(default=lambda _event: False)
    group: Callable[[str], str | None] = field(default=lambda _parameter: None)
    group_names: str | None = None
    least_role: Callable[[str], Role] = field(default=lambda _parameter: Role.ANONYMOUS)
    unfollowed: Unfollowed = Unfollowed.KEPT
    is_urgent: bool = False
    subject: Callable[[str], str] = field(default=lambda _parameter: "")
    _known: WeakValueDictionary[str, Channel] = field(default_factory=WeakValueDictionary, repr=False)
    _groups: WeakValueDictionary[str, Group] = field(default_factory=WeakValueDictionary, repr=False)

    @property
    def form(self) -> str:
        """How its names are written for readers: `<prefix>.<placeholder>`."""
        return self.prefix if self.parameter is None else f"{self.prefix}.<{self.placeholder or 'name'}>"

    def channel(self, parameter: str = "") -> Channel:
        """The channel of `parameter`; the same object for as long as somebody holds it."""
        known = self._known.get(parameter)
        if known is None:
            name = self.prefix if self.parameter is None else f"{self.prefix}.{parameter}"
            known = self._known[parameter] = Channel(
                name, self, parameter, self.group(parameter), self.least_role(parameter), channel_suffix(name)
            )
        return known

    def held(self, parameter: str) -> Channel | None:
        """The channel of `parameter` if somebody holds it."""
        return self._known.get(parameter)

    def match(self, name: str) -> str | None:
        """The parameter of `name`, or None where `name` is not of this family's grammar."""
        if self.parameter is None:
            return "" if name == self.prefix else None
        found = re.fullmatch(rf"{re.escape(self.prefix)}\.({self.parameter})", name)
        return found.group(1) if found else None

    def group_named(self, name: str) -> Group | None:
        """The group `name`, or None where it is none of this family; one object for as long as somebody holds it."""
        found = re.fullmatch(self.group_names, name) if self.group_names is not None else None
        if found is None:
            return None
        known = self._groups.get(name)
        if known is None:
            parameter = found.group(1) if found.groups() else ""
            known = self._groups[name] = Group(name, self, parameter, channel_suffix(name))
        return known
