"""Settings that change at run time (protocol §9)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from msgspec import UNSET, Meta, structs

from duelcast.channels.names import Channel, Group, Role
from duelcast.domain.settings.changing import MAX_DESCRIPTION_CHARACTERS, SettingChange
from duelcast.domain.settings.current import CurrentSettings
from duelcast.domain.settings.events import (
    CATEGORY_GRAMMAR,
    CATEGORY_PATTERN,
    KEY_GRAMMAR,
    KEY_PATTERN,
    SETTING,
    Setting,
    category_group,
    highest_version,
)
from duelcast.domain.settings.service import SystemSettings
from duelcast.endpoints.context import Context, Snapshot, Target
from duelcast.endpoints.kit import MIB, Auth, Endpoint
from duelcast.store.settings import Visibility
from duelcast.wire.messages import MAX_SAFE_INTEGER, Command, Event

Key = Annotated[str, Meta(pattern=rf"^{KEY_PATTERN}(?!\n)$", description=KEY_GRAMMAR)]
Category = Annotated[str, Meta(pattern=rf"^{CATEGORY_PATTERN}(?!\n)$", description=CATEGORY_GRAMMAR)]
Description = Annotated[str, Meta(max_length=MAX_DESCRIPTION_CHARACTERS)]
Version = Annotated[int, Meta(ge=0, le=MAX_SAFE_INTEGER)]

_CATEGORY = category_group("{category}")

endpoint = Endpoint(
    "system-settings",
    "Settings that change at run time: users read and follow those visible to them, and admins change them.",
    auth=Auth.TOKEN,
    max_message_bytes=1 * MIB,
    messages_per_minute=500,
    successors={"GET_SYSTEM_SETTINGS": "get_all_settings"},
)


# ── messages ────────────────────────────────────────────────────────────────────────────────────────────────────────


class Welcome(Event, tag="welcome"):
    """The first frame of a connection, or the second if the token was sent in a message."""

    canWrite: bool
    """Whether this connection may change settings."""


class GetAllSettings(Command, tag="get_all_settings"):
    """Asks for all settings that the caller may see."""


class AllSettings(Event, tag="all_settings"):
    """All settings that the caller may see."""

    settings: dict[str, Setting]
    """The settings by key."""
    version: int
    """The highest of their versions; 0 if there are no settings."""


class GetSetting(Command, tag="get_setting"):
    """Asks for one setting."""

    key: Key
    """The key of the setting."""


class SettingFound(Event, tag="setting"):
    """The current state of a setting."""

    key: str
    """The key of the setting."""
    setting: Setting
    """The setting."""


class GetCategorySettings(Command, tag="get_category_settings"):
    """Asks for the settings of a category."""

    category: Category
    """The category."""


class CategorySettings(Event, tag="category_settings"):
    """The settings of a category."""

    category: str
    """The category."""
    settings: dict[str, Setting]
    """The settings by key; empty if the category is unknown."""


class SubscribeSetting(Command, tag="subscribe_setting"):
    """Follows a setting, even if it does not exist yet."""

    key: Key
    """The key of the setting."""


class Subscribed(Event, tag="subscribed"):
    """The setting is followed; its state comes next as a `setting`, if the setting exists."""

    key: str
    """The key of the setting."""


class SubscribeCategory(Command, tag="subscribe_category"):
    """Follows the settings of a category, present and future."""

    category: Category
    """The category."""


class SubscribedCategory(Event, tag="subscribed_category"):
    """The category is followed; its `category_settings` comes next."""

    category: str
    """The category."""


class UnsubscribeSetting(Command, tag="unsubscribe_setting"):
    """Stops following a setting."""

    key: Key
    """The key of the setting."""


class Unsubscribed(Event, tag="unsubscribed"):
    """The setting is no longer followed, unless its category is followed."""

    key: str
    """The key of the setting."""


class UnsubscribeCategory(Command, tag="unsubscribe_category"):
    """Stops following a category."""

    category: Category
    """The category."""


class UnsubscribedCategory(Event, tag="unsubscribed_category"):
    """The category is no longer followed."""

    category: str
    """The category."""


class UpdateSetting(Command, tag="update_setting"):
    """Changes a setting, or creates it. Setting an equal value is a change too."""

    key: Key
    """The key of the setting."""
    value: Any
    """The value, of the same type as the first value of the setting; null is a value."""
    description: Description | None = None
    """The purpose of the setting."""
    visibility: Visibility | None = None
    """The clients that may see the setting; without it, a new setting is visible only to admins."""
    secret: bool | None = None
    """Whether the value is shown to nobody; only for a new setting, and false by default."""
    expectedVersion: Version | None = None
    """The change applies only if this is the current version; 0 stands for a setting that is not stored."""


class SettingUpdated(Event, tag="setting_updated"):
    """The change is stored."""

    key: str
    """The key of the setting."""
    setting: Setting
    """The setting as it is now."""


# ── channels ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _unknown(context: Context, target: Target) -> bool:
    settings, role = context.service(SystemSettings), context.role
    if isinstance(target, Group):
        return not settings.is_category(target.parameter, role)
    return not settings.is_there(target.parameter, role)


def _most_unknown(context: Context) -> int:
    return int(context.service(SystemSettings).value("limits.unknown_settings_per_wallet"))


async def current_setting(context: Context, channel: Channel) -> Snapshot:
    """The setting without `updatedBy`, as in pushes, which are the same for everybody."""
    setting = context.service(SystemSettings).find(channel.parameter, context.role)
    return Snapshot([] if setting is None else [SettingFound(key=setting.key, setting=_public(setting))])


async def current_category(context: Context, group: Group) -> Snapshot:
    """The settings of a category that the caller may see, without `updatedBy`, as in pushes."""
    settings = context.service(SystemSettings).all(context.role, group.parameter)
    public = {key: _public(setting) for key, setting in settings.items()}
    return Snapshot([CategorySettings(category=group.parameter, settings=public)], rows=len(public))


def _public(setting: Setting) -> Setting:
    return structs.replace(setting, updatedBy=UNSET)


endpoint.opens(
    SETTING,
    snapshot=current_setting,
    group_snapshot=current_category,
    snapshot_events=(SettingFound,),
    group_snapshot_events=(CategorySettings,),
    seen_from=CurrentSettings.seen_from,
    unknown=_unknown,
    most_unknown=_most_unknown,
)


# ── handlers ────────────────────────────────────────────────────────────────────────────────────────────────────────


@endpoint.on_connect(Welcome, AllSettings)
async def greet(context: Context) -> Sequence[Event]:
    answer = _all_settings(context)
    context.answered_rows = len(answer.settings)
    return [Welcome(canWrite=context.role >= Role.ADMIN), answer]


@endpoint.command(GetAllSettings, safe=True)
def get_all_settings(context: Context, _command: GetAllSettings) -> AllSettings:
    answer = _all_settings(context)
    context.answered_rows = len(answer.settings)
    return answer


@endpoint.command(GetSetting, errors=("SETTING_NOT_FOUND",), safe=True)
def get_setting(context: Context, command: GetSetting) -> SettingFound:
    setting = context.service(SystemSettings).get(command.key, context.role)
    return SettingFound(key=command.key, setting=setting)


@endpoint.command(GetCategorySettings, safe=True)
def get_category_settings(context: Context, command: GetCategorySettings) -> CategorySettings:
    settings = context.service(SystemSettings).all(context.role, command.category)
    context.answered_rows = len(settings)
    return CategorySettings(category=command.category, settings=settings)


@endpoint.command(SubscribeSetting, errors=("TOO_MANY_SUBSCRIPTIONS",), joins=(SETTING.template,))
async def subscribe_setting(context: Context, command: SubscribeSetting) -> Subscribed:
    await context.join([SETTING.channel(command.key)])
    return Subscribed(key=command.key)


@endpoint.command(SubscribeCategory, errors=("TOO_MANY_SUBSCRIPTIONS",), joins=(_CATEGORY,))
async def subscribe_category(context: Context, command: SubscribeCategory) -> SubscribedCategory:
    await context.join([_group(command.category)])
    return SubscribedCategory(category=command.category)


@endpoint.command(UnsubscribeSetting, leaves=(SETTING.template,))
def unsubscribe_setting(context: Context, command: UnsubscribeSetting) -> Unsubscribed:
    context.leave([SETTING.channel(command.key)])
    return Unsubscribed(key=command.key)


@endpoint.command(UnsubscribeCategory, leaves=(_CATEGORY,))
def unsubscribe_category(context: Context, command: UnsubscribeCategory) -> UnsubscribedCategory:
    context.leave([_group(command.category)])
    return UnsubscribedCategory(category=command.category)


@endpoint.command(
    UpdateSetting, least_role=Role.ADMIN, errors=("VALIDATION_FAILED", "VERSION_CONFLICT", "OUTCOME_UNKNOWN")
)
async def update_setting(context: Context, command: UpdateSetting) -> SettingUpdated:
    identity = context.identity
    assert identity is not None
    change = SettingChange(
        value=command.value,
        description=command.description,
        visibility=command.visibility,
        secret=command.secret,
        expected_version=command.expectedVersion,
    )
    setting = await context.service(SystemSettings).update(identity, command.key, change)
    return SettingUpdated(key=command.key, setting=setting)


def _all_settings(context: Context) -> AllSettings:
    shown = context.service(SystemSettings).all(context.role)
    return AllSettings(settings=shown, version=highest_version(shown.values()))


def _group(category: str) -> Group:
    group = SETTING.group_named(category_group(category))
    assert group is not None, "the grammar of the command is that of the group"
    return group
