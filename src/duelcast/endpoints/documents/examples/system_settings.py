"""Mira shortens the messages of the chat."""

from __future__ import annotations

from msgspec import UNSET
from msgspec.structs import replace

from duelcast.domain.settings import events
from duelcast.endpoints import system_settings
from duelcast.endpoints.documents.examples.story import MIRA, NOW, Examples

_KEY = "chat.max_characters"

_FOR_ADMINS = events.Setting(
    key=_KEY,
    name="max_characters",
    category="chat",
    value=400,
    value_type="number",
    description="Maximum length of a chat message, in characters as a reader counts them.",
    visibility="admin",
    secret=False,
    version=3,
    updatedAt=NOW,
    updatedBy=MIRA,
)
_PUSHED = replace(_FOR_ADMINS, updatedBy=UNSET)

EXAMPLES = Examples(
    said=[
        system_settings.Welcome(canWrite=True),
        system_settings.GetAllSettings(),
        system_settings.AllSettings(settings={_KEY: _FOR_ADMINS}, version=3),
        system_settings.GetSetting(key=_KEY),
        system_settings.SettingFound(key=_KEY, setting=_FOR_ADMINS),
        system_settings.GetCategorySettings(category="chat"),
        system_settings.CategorySettings(category="chat", settings={_KEY: _FOR_ADMINS}),
        system_settings.SubscribeSetting(key=_KEY),
        system_settings.Subscribed(key=_KEY),
        system_settings.SubscribeCategory(category="chat"),
        system_settings.SubscribedCategory(category="chat"),
        system_settings.UnsubscribeSetting(key=_KEY),
        system_settings.Unsubscribed(key=_KEY),
        system_settings.UnsubscribeCategory(category="chat"),
        system_settings.UnsubscribedCategory(category="chat"),
        system_settings.UpdateSetting(key=_KEY, value=400, expectedVersion=2),
        system_settings.SettingUpdated(key=_KEY, setting=_FOR_ADMINS),
    ],
    pushed={
        f"setting.{_KEY}": [
            events.SettingUpdate(key=_KEY, setting=_PUSHED, previous=500),
            system_settings.SettingFound(key=_KEY, setting=_PUSHED),
        ],
        "category.chat": [system_settings.CategorySettings(category="chat", settings={_KEY: _PUSHED})],
    },
)
