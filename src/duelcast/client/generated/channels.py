"""The names of the channels and groups.

Written by `make docs`; do not edit.
"""

from __future__ import annotations

from typing import Literal

from ..messages import Channel
from .analytics import ActiveUsers, DashboardUpdate, MetricUpdate
from .circuit_breaker import LayerUpdate, ServiceAlert, ServicesState, ServiceUpdate
from .common import MarketPrice, MarketSentiment, MarketVolume
from .contest import (
    AdminPresence,
    AllContests,
    ChatMessage,
    ChatMessageDeleted,
    ContestRemoved,
    ContestState,
    LeaderboardUpdate,
    ParticipantUpdate,
    SpectatorCount,
    UserPresence,
)
from .market_data import TokenMetadataUpdate
from .monitor import (
    AllServices,
    ErrorAlert,
    MaintenanceStatus,
    MonitoredServiceUpdate,
    MonitoredSettings,
    ServerStatusUpdate,
)
from .notifications import NotificationAdded, NotificationBatch, NotificationRemoved, ReadConfirmed, UnreadCount
from .skyduel import ManagedServiceUpdate, ServiceData
from .system_settings import CategorySettings, SettingFound, SettingUpdate
from .token_data import TokenData, TokenListUpdate

ALERTS: Channel[Literal["circuit-breaker"], ServiceAlert] = Channel("alerts")
"""Changes of the breakers and of the health of all services. Users may follow it."""

ANALYTICS_DASHBOARD: Channel[Literal["analytics"], DashboardUpdate | ActiveUsers] = Channel("analytics.dashboard")
"""The figures of the server, and the active users. Admins may follow it."""

MARKET_ALL: Channel[Literal["market-data", "token-data"], MarketPrice | MarketVolume | MarketSentiment] = Channel(
    "market.*"
)
"""The group of all channels `market.{symbol}`. Anyone may follow it."""

METADATA_ALL: Channel[Literal["market-data"], TokenMetadataUpdate] = Channel("metadata.*")
"""The group of all channels `metadata.{symbol}`. Anyone may follow it."""

PUBLIC_BACKGROUND_SCENE: Channel[Literal["monitor"], MonitoredSettings] = Channel("public.background_scene")
"""The background scene. Anyone may follow it."""

PUBLIC_CONTESTS: Channel[Literal["contest"], ContestState | ContestRemoved | AllContests] = Channel("public.contests")
"""The contests of the default list. Anyone may follow it."""

PUBLIC_STATUS: Channel[Literal["monitor"], ServerStatusUpdate] = Channel("public.status")
"""The status of the server, for everybody. Anyone may follow it."""

PUBLIC_TOKEN_LIST: Channel[Literal["token-data"], TokenListUpdate] = Channel("public.token_list")
"""The complete list of tokens, published when anything in it changed, including prices, at most every 10
seconds. Anyone may follow it."""

PUBLIC_TOKENS: Channel[Literal["token-data"], TokenListUpdate] = Channel("public.tokens")
"""The complete list of tokens. Anyone may follow it."""

SERVICES: Channel[Literal["circuit-breaker"], ServiceUpdate | ServicesState] = Channel("services")
"""The group of all channels `service.{service}`. Users may follow it."""

SKYDUEL_ALL: Channel[Literal["skyduel"], ManagedServiceUpdate | ServiceData] = Channel("skyduel.*")
"""The group of all channels `skyduel.{service}`. Admins may follow it."""

SYSTEM_ANNOUNCEMENTS: Channel[Literal["notifications"], NotificationAdded | NotificationRemoved | NotificationBatch] = (
    Channel("system.announcements")
)
"""Announcements for everybody. Anyone may follow it."""

SYSTEM_ERRORS: Channel[Literal["monitor"], ErrorAlert] = Channel("system.errors")
"""Errors of all services. Admins may follow it."""

SYSTEM_MAINTENANCE: Channel[Literal["monitor"], MaintenanceStatus] = Channel("system.maintenance")
"""Whether the server is under maintenance. Anyone may follow it."""

SYSTEM_SERVICES: Channel[Literal["monitor"], MonitoredServiceUpdate | AllServices] = Channel("system.services")
"""The states of all services. Admins may follow it."""

SYSTEM_SETTINGS: Channel[Literal["monitor"], MonitoredSettings] = Channel("system.settings")
"""The values of all settings. Admins may follow it."""

SYSTEM_STATUS: Channel[Literal["monitor"], ServerStatusUpdate] = Channel("system.status")
"""The full status of the server. Users may follow it."""

TOKEN_ALL: Channel[Literal["token-data"], TokenData] = Channel("token.*")
"""The group of all channels `token.{symbol}`. Anyone may follow it."""


def analytics_metric(metric: str) -> Channel[Literal["analytics"], MetricUpdate]:
    """A metric. Admins may follow it."""
    return Channel(f"analytics.metric.{metric}")


def category(category: str) -> Channel[Literal["system-settings"], SettingUpdate | CategorySettings]:
    """A group of channels `setting.{key}`. Anyone may follow it."""
    return Channel(f"category.{category}")


def chat(contest_id: int) -> Channel[Literal["contest"], ChatMessage | ChatMessageDeleted]:
    """The chat of a contest's room. Anyone may follow it."""
    return Channel(f"chat.{contest_id}")


def contest(contest_id: int) -> Channel[Literal["contest"], ContestState | AdminPresence | SpectatorCount]:
    """The state of a contest, its number of spectators, and whether an admin is present. Anyone may follow it."""
    return Channel(f"contest.{contest_id}")


def layer(layer: str) -> Channel[Literal["circuit-breaker"], LayerUpdate]:
    """A layer with the states of its services. Users may follow it."""
    return Channel(f"layer.{layer}")


def leaderboard(contest_id: int) -> Channel[Literal["contest"], LeaderboardUpdate]:
    """The top 100 of a contest. Anyone may follow it."""
    return Channel(f"leaderboard.{contest_id}")


def market(symbol: str) -> Channel[Literal["market-data", "token-data"], MarketPrice | MarketVolume | MarketSentiment]:
    """Price, volumes and sentiment of a symbol. Anyone may follow it."""
    return Channel(f"market.{symbol}")


def metadata(symbol: str) -> Channel[Literal["market-data"], TokenMetadataUpdate]:
    """Metadata of a token. Anyone may follow it."""
    return Channel(f"metadata.{symbol}")


def participant(wallet: str, contest_id: int) -> Channel[Literal["contest"], ParticipantUpdate]:
    """Rank and value of one participant. The owner of the wallet, and admins may follow it."""
    return Channel(f"participant.{wallet}.{contest_id}")


def presence(contest_id: int) -> Channel[Literal["contest"], UserPresence]:
    """Users who enter or leave a contest's room. Anyone may follow it."""
    return Channel(f"presence.{contest_id}")


def service(service: str) -> Channel[Literal["circuit-breaker"], ServiceUpdate]:
    """The state of a service. Users may follow it."""
    return Channel(f"service.{service}")


def setting(key: str) -> Channel[Literal["system-settings"], SettingUpdate | SettingFound]:
    """A setting, for those who may see it. Anyone may follow it."""
    return Channel(f"setting.{key}")


def skyduel(service: str) -> Channel[Literal["skyduel"], ManagedServiceUpdate]:
    """A service, as shown to those who manage it. Admins may follow it."""
    return Channel(f"skyduel.{service}")


def token(symbol: str) -> Channel[Literal["token-data"], TokenData]:
    """A token with its market fields, at most once per second. Anyone may follow it."""
    return Channel(f"token.{symbol}")


def user_notifications(
    wallet: str,
) -> Channel[
    Literal["notifications"], NotificationAdded | UnreadCount | ReadConfirmed | NotificationRemoved | NotificationBatch
]:
    """The notifications of one user. The owner of the wallet may follow it."""
    return Channel(f"user.notifications.{wallet}")
