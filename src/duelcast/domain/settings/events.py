"""Messages of the settings, and their channels (protocol §2, §9)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from duelcast.channels.names import Family, Kind, Role, Unfollowed
from duelcast.store.settings import ValueType, Visibility
from duelcast.wire.messages import Event, Record

KEY_PATTERN = r"[a-z0-9_.\-]{1,128}"
KEY_GRAMMAR = "1 to 128 of a-z 0-9 _ . -"
CATEGORY_PATTERN = r"[a-z0-9_\-]{1,127}"
CATEGORY_GRAMMAR = "1 to 127 of a-z 0-9 _ -"


SEEN_FROM: dict[str, Role] = {"public": Role.ANONYMOUS, "user": Role.USER, "admin": Role.ADMIN}
"""The lowest role that sees a setting, by its visibility."""


class Setting(Record):
    """The present state of a setting (protocol §12).

    `name` is the key without the category; `category` is null if the key has no dot. `value` is null if it is secret.
    `version` is 0, and `updatedAt` null, while no value is stored. `updatedBy` is sent only to admins.
    """

    key: str
    name: str
    category: str | None
    value: Any
    value_type: ValueType
    description: str
    visibility: Visibility
    secret: bool
    version: Annotated[int, Meta(ge=0)]
    updatedAt: str | None
    updatedBy: str | UnsetType | None = UNSET


def highest_version(settings: Iterable[Setting]) -> int:
    """The highest version of `settings`. It does not reveal whether settings that are not shown have changed."""
    return max((setting.version for setting in settings), default=0)


class SettingUpdate(Event, tag="setting_update"):
    """A setting changed. `setting` is null if it no longer exists; `previous` is the value before, or null if there was
    none, if it was secret, or if fewer people could see the setting then than now."""

    key: str
    setting: Setting | None
    previous: Any


def split_key(key: str) -> tuple[str | None, str]:
    """The category and the name, which are the parts before and after the first dot. If there is nothing before a dot,
    the category is None, and the name is the whole key."""
    category, dot, name = key.partition(".")
    return (category, name) if dot and category else (None, key)


def category_group(category: str) -> str:
    """The name of the group of a category."""
    return f"category.{category}"


def _group_of(key: str) -> str | None:
    category, _ = split_key(key)
    return None if category is None else category_group(category)


def _ends(event: Event) -> bool:
    return isinstance(event, SettingUpdate) and event.setting is None


SETTING = Family(
    "setting",
    Kind.LATEST,
    (SettingUpdate,),
    "A setting, for those who may see it.",
    parameter=KEY_PATTERN,
    placeholder="key",
    is_tombstone=_ends,
    group=_group_of,
    group_names=rf"category\.(?P<category>{CATEGORY_PATTERN})",
    unfollowed=Unfollowed.FORGOTTEN,
)
