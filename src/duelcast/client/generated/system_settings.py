"""The messages of `system-settings`.

Written by `make docs`; do not edit.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from ..messages import Command, Message
from .common import (
    AuthSuccess,
    ConnectionEstablished,
    ErrorEvent,
    HeartbeatAck,
    Pong,
    SessionUpdated,
    SubscriptionConfirmed,
    SubscriptionList,
    UnsubscriptionConfirmed,
)
from .records import Setting


class AllSettings(Message, frozen=True, kw_only=True, tag="all_settings"):
    """Settings by key. `version` is the highest of their versions, or 0 if there are no settings."""

    settings: dict[str, Setting]
    version: int
    timestamp: str


class CategorySettings(Message, frozen=True, kw_only=True, tag="category_settings"):
    """The settings of a category by key; empty if the category is unknown."""

    category: str
    settings: dict[str, Setting]
    timestamp: str


class SettingFound(Message, frozen=True, kw_only=True, tag="setting"):
    """The current state of a setting."""

    key: str
    setting: Setting
    timestamp: str


class SettingUpdate(Message, frozen=True, kw_only=True, tag="setting_update"):
    """A setting changed. `setting` is null if it no longer exists; `previous` is the value before, or null if there
    was none, if it was secret, or if fewer people could see the setting then than now."""

    key: str
    setting: Setting | None
    previous: Any
    channel: str
    seq: int
    timestamp: str


class SettingUpdated(Message, frozen=True, kw_only=True, tag="setting_updated"):
    """The change is stored."""

    key: str
    setting: Setting
    timestamp: str


class Subscribed(Message, frozen=True, kw_only=True, tag="subscribed"):
    """The setting is followed; its state comes next as a `setting`, if the setting exists."""

    key: str
    timestamp: str


class SubscribedCategory(Message, frozen=True, kw_only=True, tag="subscribed_category"):
    """The category is followed; its `category_settings` comes next."""

    category: str
    timestamp: str


class SystemSettingsUnsubscribed(Message, frozen=True, kw_only=True, tag="unsubscribed"):
    """The setting is no longer followed, unless its category is followed."""

    key: str
    timestamp: str


class SystemSettingsWelcome(Message, frozen=True, kw_only=True, tag="welcome"):
    """The first frame of a connection, or the second if the token was sent in a message."""

    canWrite: bool
    timestamp: str


class UnsubscribedCategory(Message, frozen=True, kw_only=True, tag="unsubscribed_category"):
    """The category is no longer followed."""

    category: str
    timestamp: str


class GetAllSettings(Command[AllSettings], frozen=True, kw_only=True, tag="get_all_settings"):
    """Asks for all settings that the caller may see."""


class GetCategorySettings(Command[CategorySettings], frozen=True, kw_only=True, tag="get_category_settings"):
    """Asks for the settings of a category."""

    category: str
    """1 to 127 of a-z 0-9 _ -"""


class GetSetting(Command[SettingFound], frozen=True, kw_only=True, tag="get_setting"):
    """Asks for one setting."""

    key: str
    """1 to 128 of a-z 0-9 _ . -"""


class SubscribeCategory(Command[SubscribedCategory], frozen=True, kw_only=True, tag="subscribe_category"):
    """Follows the settings of a category, present and future."""

    category: str
    """1 to 127 of a-z 0-9 _ -"""


class SubscribeSetting(Command[Subscribed], frozen=True, kw_only=True, tag="subscribe_setting"):
    """Follows a setting, even if it does not exist yet."""

    key: str
    """1 to 128 of a-z 0-9 _ . -"""


class UnsubscribeCategory(Command[UnsubscribedCategory], frozen=True, kw_only=True, tag="unsubscribe_category"):
    """Stops following a category."""

    category: str
    """1 to 127 of a-z 0-9 _ -"""


class UnsubscribeSetting(Command[SystemSettingsUnsubscribed], frozen=True, kw_only=True, tag="unsubscribe_setting"):
    """Stops following a setting."""

    key: str
    """1 to 128 of a-z 0-9 _ . -"""


class UpdateSetting(Command[SettingUpdated], frozen=True, kw_only=True, tag="update_setting"):
    """Changes a setting, or creates it. A new setting is visible only to admins, unless `visibility` says otherwise.
    A setting keeps the type of its first value. The value of a `secret` is shown to nobody. With
    `expectedVersion`, the change applies only if that is the current version; 0 stands for a setting that is not
    stored. Setting an equal value is a change too."""

    key: str
    """1 to 128 of a-z 0-9 _ . -"""
    value: Any
    description: str | None = None
    visibility: Literal["admin", "public", "user"] | None = None
    secret: bool | None = None
    expectedVersion: int | None = None


SystemSettingsMessage: TypeAlias = (
    AllSettings
    | SettingFound
    | CategorySettings
    | Subscribed
    | SubscribedCategory
    | SystemSettingsUnsubscribed
    | UnsubscribedCategory
    | SettingUpdated
    | HeartbeatAck
    | Pong
    | SubscriptionConfirmed
    | UnsubscriptionConfirmed
    | SubscriptionList
    | AuthSuccess
    | SystemSettingsWelcome
    | ConnectionEstablished
    | SessionUpdated
    | ErrorEvent
    | SettingUpdate
)


MESSAGES: dict[str, type[Message]] = {
    "all_settings": AllSettings,
    "setting": SettingFound,
    "category_settings": CategorySettings,
    "subscribed": Subscribed,
    "subscribed_category": SubscribedCategory,
    "unsubscribed": SystemSettingsUnsubscribed,
    "unsubscribed_category": UnsubscribedCategory,
    "setting_updated": SettingUpdated,
    "heartbeat_ack": HeartbeatAck,
    "pong": Pong,
    "subscription_confirmed": SubscriptionConfirmed,
    "unsubscription_confirmed": UnsubscriptionConfirmed,
    "subscriptions": SubscriptionList,
    "auth_success": AuthSuccess,
    "welcome": SystemSettingsWelcome,
    "connection_established": ConnectionEstablished,
    "session_updated": SessionUpdated,
    "error": ErrorEvent,
    "setting_update": SettingUpdate,
}
"""The messages of the server on `system-settings`, by `type`."""
