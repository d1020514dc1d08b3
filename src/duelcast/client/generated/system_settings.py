"""The messages of `system-settings`.

Written by `make docs`; do not edit.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from ..messages import Command, Message
from .common import (
    Authenticate as Authenticate,
    AuthSuccess as AuthSuccess,
    ConnectionEstablished as ConnectionEstablished,
    ErrorEvent as ErrorEvent,
    GetSubscriptions as GetSubscriptions,
    Heartbeat as Heartbeat,
    HeartbeatAck as HeartbeatAck,
    Ping as Ping,
    Pong as Pong,
    SessionUpdated as SessionUpdated,
    Subscribe as Subscribe,
    SubscriptionConfirmed as SubscriptionConfirmed,
    SubscriptionList as SubscriptionList,
    Unsubscribe as Unsubscribe,
    UnsubscriptionConfirmed as UnsubscriptionConfirmed,
)
from .records import Setting


class AllSettings(Message, frozen=True, kw_only=True, tag="all_settings"):
    """All settings that the caller may see."""

    settings: dict[str, Setting]
    """The settings by key."""
    version: int
    """The highest of their versions; 0 if there are no settings."""
    timestamp: str


class CategorySettings(Message, frozen=True, kw_only=True, tag="category_settings"):
    """The settings of a category."""

    category: str
    """The category."""
    settings: dict[str, Setting]
    """The settings by key; empty if the category is unknown."""
    timestamp: str


class SettingFound(Message, frozen=True, kw_only=True, tag="setting"):
    """The current state of a setting."""

    key: str
    """The key of the setting."""
    setting: Setting
    """The setting."""
    timestamp: str


class SettingUpdate(Message, frozen=True, kw_only=True, tag="setting_update"):
    """A setting changed."""

    key: str
    """The key of the setting."""
    setting: Setting | None
    """The setting as it is now; null if it no longer exists."""
    previous: Any
    """The value before; null if there was none, if it was secret, or if fewer people could see the setting then than
    now."""
    channel: str
    seq: int
    timestamp: str


class SettingUpdated(Message, frozen=True, kw_only=True, tag="setting_updated"):
    """The change is stored."""

    key: str
    """The key of the setting."""
    setting: Setting
    """The setting as it is now."""
    timestamp: str


class Subscribed(Message, frozen=True, kw_only=True, tag="subscribed"):
    """The setting is followed; its state comes next as a `setting`, if the setting exists."""

    key: str
    """The key of the setting."""
    timestamp: str


class SubscribedCategory(Message, frozen=True, kw_only=True, tag="subscribed_category"):
    """The category is followed; its `category_settings` comes next."""

    category: str
    """The category."""
    timestamp: str


class SystemSettingsUnsubscribed(Message, frozen=True, kw_only=True, tag="unsubscribed"):
    """The setting is no longer followed, unless its category is followed."""

    key: str
    """The key of the setting."""
    timestamp: str


class SystemSettingsWelcome(Message, frozen=True, kw_only=True, tag="welcome"):
    """The first frame of a connection, or the second if the token was sent in a message."""

    canWrite: bool
    """Whether this connection may change settings."""
    timestamp: str


class UnsubscribedCategory(Message, frozen=True, kw_only=True, tag="unsubscribed_category"):
    """The category is no longer followed."""

    category: str
    """The category."""
    timestamp: str


class GetAllSettings(
    Command[AllSettings, Literal["system-settings"]], frozen=True, kw_only=True, tag="get_all_settings"
):
    """Asks for all settings that the caller may see."""


class GetCategorySettings(
    Command[CategorySettings, Literal["system-settings"]], frozen=True, kw_only=True, tag="get_category_settings"
):
    """Asks for the settings of a category."""

    category: str
    """The category. 1 to 127 of a-z 0-9 _ -"""


class GetSetting(Command[SettingFound, Literal["system-settings"]], frozen=True, kw_only=True, tag="get_setting"):
    """Asks for one setting."""

    key: str
    """The key of the setting. 1 to 128 of a-z 0-9 _ . -"""


class SubscribeCategory(
    Command[SubscribedCategory, Literal["system-settings"]], frozen=True, kw_only=True, tag="subscribe_category"
):
    """Follows the settings of a category, present and future."""

    category: str
    """The category. 1 to 127 of a-z 0-9 _ -"""


class SubscribeSetting(
    Command[Subscribed, Literal["system-settings"]], frozen=True, kw_only=True, tag="subscribe_setting"
):
    """Follows a setting, even if it does not exist yet."""

    key: str
    """The key of the setting. 1 to 128 of a-z 0-9 _ . -"""


class UnsubscribeCategory(
    Command[UnsubscribedCategory, Literal["system-settings"]], frozen=True, kw_only=True, tag="unsubscribe_category"
):
    """Stops following a category."""

    category: str
    """The category. 1 to 127 of a-z 0-9 _ -"""


class UnsubscribeSetting(
    Command[SystemSettingsUnsubscribed, Literal["system-settings"]],
    frozen=True,
    kw_only=True,
    tag="unsubscribe_setting",
):
    """Stops following a setting."""

    key: str
    """The key of the setting. 1 to 128 of a-z 0-9 _ . -"""


class UpdateSetting(
    Command[SettingUpdated, Literal["system-settings"]], frozen=True, kw_only=True, tag="update_setting"
):
    """Changes a setting, or creates it. Setting an equal value is a change too."""

    key: str
    """The key of the setting. 1 to 128 of a-z 0-9 _ . -"""
    value: Any
    """The value, of the same type as the first value of the setting; null is a value."""
    description: str | None = None
    """The purpose of the setting."""
    visibility: Literal["admin", "public", "user"] | None = None
    """The clients that may see the setting; without it, a new setting is visible only to admins."""
    secret: bool | None = None
    """Whether the value is shown to nobody; only for a new setting, and false by default."""
    expectedVersion: int | None = None
    """The change applies only if this is the current version; 0 stands for a setting that is not stored."""


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
