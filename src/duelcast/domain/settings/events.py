"""Messages of the settings, and their channels (protocol §2, §9)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from duelcast.channels.names import Family, Kind, Role, Unfollowed
from duelcast.store.settings import ValueType, Visibility
from duelcast.wire.messages import Event, Record, Timestamp

KEY_PATTERN = r"[a-z0-9_.\-]{1,128}"
KEY_GRAMMAR = "1 to 128 of a-z 0-9 _ . -"
CATEGORY_PATTERN = r"[a-z0-9_\-]{1,127}"
CATEGORY_GRAMMAR = "1 to 127 of a-z 0-9 _ -"


SEEN_FROM: dict[str, Role] = {"public": Role.ANONYMOUS, "user": Role.USER, "admin": Role.ADMIN}
"""The lowest role that sees a setting, by its visibility."""


class Setting(Record):
    """The present state of a setting (protocol §12)."""

    key: str
    """The key, such as `chat.max_characters`."""
    name: str
    """The key without the category."""
    category: str | None
    """The part of the key before the first dot; null if the key has no dot."""
    value: Any
    """The value; null if it is secret."""
    value_type: ValueType
    """The type of the value."""
    description: str
    """The purpose of the setting; may be empty."""
    visibility: Visibility
    """The clients that may see the setting: all, those with a token, or admins."""
    secret: bool
    """Whether the value is shown to nobody."""
    version: Annotated[int, Meta(ge=0)]
    """Grows with each change; 0 while no value is stored."""
    updatedAt: Timestamp | None
    """When the value was stored; null while none is."""
    updatedBy: str | UnsetType | None = UNSET
    """The wallet that stored the value, null while none is stored; sent only to admins."""


def highest_version(settings: Iterable[Setting]) -> int:
    """The highest version of `settings`. It does not reveal whether settings that are not shown have changed."""
    return max((setting.version for setting in settings), default=0)


class SettingUpdate(Event, tag="setting_update"):
    """A setting changed."""

    key: str
    """The key of the setting."""
    setting: Setting | None
    """The setting as it is now; null if it no longer exists."""
    previous: Any
    """The value before; null if there was none, if it was secret, or if fewer people could see the setting then than
    now."""


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
    parameter=rf"(?P<key>{KEY_PATTERN})",
    is_tombstone=_ends,
    group=_group_of,
    group_names=rf"category\.(?P<category>{CATEGORY_PATTERN})",
    unfollowed=Unfollowed.FORGOTTEN,
)
