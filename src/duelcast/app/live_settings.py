"""Gives the parts of the server the settings that change at run time (`CurrentSettings`)."""

from __future__ import annotations

from collections.abc import Iterable

from duelcast.app.retention import days_of
from duelcast.channels.names import Role
from duelcast.domain.analytics.service import Analytics, AnalyticsSettings
from duelcast.domain.contests.chat import ChatSettings
from duelcast.domain.contests.rooms import RoomSettings
from duelcast.domain.contests.service import Contests, ContestSettings
from duelcast.domain.market.service import Market
from duelcast.domain.market.settings import MarketSettings
from duelcast.domain.retention import RetentionJob
from duelcast.domain.settings.current import CurrentSettings
from duelcast.domain.settings.declared import DeclaredSetting, declared_settings, limit_key
from duelcast.domain.settings.events import SETTING
from duelcast.domain.settings.service import SystemSettings
from duelcast.endpoints.kit import Endpoint
from duelcast.gateway.gateway import Gateway
from duelcast.settings import Settings


def declared_of(endpoints: Iterable[Endpoint]) -> dict[str, DeclaredSetting]:
    """The declared settings of a server with these endpoints."""
    return declared_settings({endpoint.name: endpoint.messages_per_minute for endpoint in endpoints})


def market_settings_of(live: SystemSettings, *, conflate: bool) -> MarketSettings:
    """The settings of the market; without `conflate`, every price is published."""
    return MarketSettings(
        price_interval_ms=live.value("market.price_interval_ms") if conflate else 0,
        token_list_interval_ms=live.value("market.token_list_interval_ms"),
        feed_stale_ms=live.value("market.feed_stale_ms"),
        symbol_stale_ms=live.value("market.symbol_stale_ms"),
        posted_stale_ms=live.value("market.posted_stale_ms"),
    )


def contest_settings_of(live: SystemSettings, start: Settings) -> ContestSettings:
    return ContestSettings(
        leaderboard_interval_ms=live.value("contest.leaderboard_interval_ms"),
        portfolio_changes_per_minute=live.value("contest.portfolio_changes_per_minute"),
        final_rows_waiting=start.final_rows_waiting,
        rate_limit_factor=start.rate_limit_factor,
        rooms=RoomSettings(
            presence_max_members=live.value("contest.presence_max_members"),
            rooms_per_connection=live.value("limits.rooms_per_connection"),
        ),
        chat=ChatSettings(
            messages_per_minute=live.value("chat.messages_per_minute"),
            max_characters=live.value("chat.max_characters"),
            rate_limit_factor=start.rate_limit_factor,
        ),
    )


def analytics_settings_of(live: SystemSettings, start: Settings) -> AnalyticsSettings:
    return AnalyticsSettings(
        metrics_per_connection=live.value("limits.metrics_per_connection"),
        event_bytes_per_day=live.value("analytics.event_bytes_per_day"),
        rate_limit_factor=start.rate_limit_factor,
    )


class LeaderSettings:
    """Gives each part of the leader its settings: once when `Leader` calls `apply` after loading, and again after each
    change.

    The settings in `start` do not change.
    """

    def __init__(
        self,
        live: SystemSettings,
        start: Settings,
        market: Market,
        contests: Contests,
        analytics: Analytics,
        retention: RetentionJob,
        *,
        conflate: bool,
    ) -> None:
        self._live = live
        self._start = start
        self._market = market
        self._contests = contests
        self._analytics = analytics
        self._retention = retention
        self._conflate = conflate
        live.on_change("", lambda _key, _value: self.apply())

    def apply(self) -> None:
        """Apply the settings in force to all parts."""
        self._market.settings = market_settings_of(self._live, conflate=self._conflate)
        self._contests.settings = contest_settings_of(self._live, self._start)
        self._analytics.settings = analytics_settings_of(self._live, self._start)
        self._retention.days = days_of(self._live, self._retention.table)


class GatewaySettings:
    """Gives a gateway its settings: once when `apply` is called after loading, and again after each change."""

    def __init__(self, live: CurrentSettings, gateway: Gateway) -> None:
        self._live = live
        self._gateway = gateway
        for runtime in gateway.endpoints.values():
            runtime.dispatcher.maintenance = live.maintenance_refusal
        live.on_change("", lambda _key, _value: self.apply())
        live.on_hidden(self._hide)

    def apply(self) -> None:
        """Apply the settings in force."""
        self._gateway.hub.flush_interval_ms = self._live.value("gateway.flush_interval_ms")
        for runtime in self._gateway.endpoints.values():
            runtime.dispatcher.limits.change(self._live.value(limit_key(runtime.endpoint.name)))

    def _hide(self, key: str, before: Role, after: Role) -> None:
        channel = SETTING.held(key)
        if channel is not None:
            self._gateway.channel_hidden(channel, before, after)
