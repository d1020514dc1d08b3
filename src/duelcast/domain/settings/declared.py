"""The settings that the server itself obeys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, inspect

from duelcast.domain.settings.errors import ValidationFailed
from duelcast.domain.settings.maintenance import MAINTENANCE_KEY, MaintenanceValue, check_maintenance
from duelcast.settings import Settings
from duelcast.store.settings import ValueType, Visibility
from duelcast.wire.refusals import invalid_request

Milliseconds = Annotated[int, Meta(ge=0, le=60_000)]
LongMilliseconds = Annotated[int, Meta(ge=0, le=24 * 3600 * 1000)]
PerMinute = Annotated[int, Meta(ge=0, le=1_000_000)]
Days = Annotated[float, Meta(gt=0, le=36_500)]


class Bounds(Struct, frozen=True, kw_only=True):
    """The numbers that are valid: whole ones if `integer`, from `minimum` or above `exclusive_minimum`, and up to
    `maximum`. UNSET means no bound."""

    integer: bool
    minimum: float | UnsetType
    exclusive_minimum: float | UnsetType
    maximum: float | UnsetType


@dataclass(frozen=True, slots=True)
class DeclaredSetting:
    """A setting with the constraints on its value: msgspec converts the value to `type`, and `check` verifies what
    types cannot express. `field` names the setting of the start configuration whose value, multiplied by `scale`, this
    setting takes."""

    key: str
    type: Any
    default: Any
    description: str
    visibility: Visibility = "admin"
    check: Callable[[Any], None] | None = None
    field: str | None = None
    scale: int = 1

    @property
    def value_type(self) -> ValueType:
        return "json" if self.bounds is None else "number"

    @property
    def bounds(self) -> Bounds | None:
        """The bounds of a number; None if the value is something else."""
        declared = inspect.type_info(self.type)
        plain = declared.type if isinstance(declared, inspect.Metadata) else declared
        if not isinstance(plain, inspect.IntType | inspect.FloatType):
            return None
        return Bounds(
            integer=isinstance(plain, inspect.IntType),
            minimum=_bound(plain.ge),
            exclusive_minimum=_bound(plain.gt),
            maximum=_bound(plain.le),
        )

    def validate(self, value: Any) -> None:
        """Raises `ValidationFailed` if the server cannot obey `value`."""
        holder = msgspec.defstruct("Value", [("value", self.type)])
        try:
            msgspec.convert({"value": value}, holder)
        except msgspec.ValidationError as error:
            refusal = invalid_request(holder, error)
            raise ValidationFailed(refusal.message, field=refusal.field) from None
        if self.check is not None:
            self.check(value)


def declared_settings(endpoint_limits: Mapping[str, int]) -> dict[str, DeclaredSetting]:
    """All declared settings, by key. `endpoint_limits` has the messages per minute that each endpoint declares, by the
    name of the endpoint."""
    limits = [
        DeclaredSetting(
            limit_key(name),
            PerMinute,
            per_minute,
            f"Maximum number of messages that one wallet may send to {name} in a minute; 0 means no limit.",
        )
        for name, per_minute in endpoint_limits.items()
    ]
    return {setting.key: setting for setting in (*_CONFIGURED, *_OTHERS, *limits)}


def configured_values(settings: Settings) -> dict[str, Any]:
    """By key, the values of those declared settings that are set in the environment, the configuration file or the
    command line."""
    return {
        one.key: _scaled(getattr(settings, one.field), one.scale)
        for one in _CONFIGURED
        if one.field in settings.model_fields_set
    }


def limit_key(endpoint: str) -> str:
    """The key of the setting that limits an endpoint."""
    return f"limits.{endpoint}.messages_per_minute"


def _configured(key: str, type: Any, field: str, *, scale: int = 1) -> DeclaredSetting:
    """A setting that is also in the start configuration, from which it takes its default and description."""
    known = Settings.model_fields[field]
    assert known.description is not None
    default = _scaled(known.default, scale)
    return DeclaredSetting(key, type, default, known.description, field=field, scale=scale)


def _bound(value: float | None) -> float | UnsetType:
    return UNSET if value is None else value


def _scaled(value: Any, scale: int) -> Any:
    return value if scale == 1 else int(value * scale)


_CONFIGURED = (
    _configured("gateway.flush_interval_ms", Annotated[float, Meta(ge=0, le=1_000)], "flush_interval_ms"),
    _configured("market.price_interval_ms", Milliseconds, "price_interval_ms"),
    _configured("market.token_list_interval_ms", LongMilliseconds, "token_list_interval_s", scale=1000),
    _configured("market.feed_stale_ms", LongMilliseconds, "feed_stale_s", scale=1000),
    _configured("market.symbol_stale_ms", LongMilliseconds, "symbol_stale_s", scale=1000),
    _configured("market.posted_stale_ms", LongMilliseconds, "posted_stale_s", scale=1000),
    _configured("contest.leaderboard_interval_ms", Milliseconds, "leaderboard_interval_ms"),
    _configured("contest.portfolio_changes_per_minute", PerMinute, "portfolio_changes_per_minute"),
    _configured("contest.presence_max_members", Annotated[int, Meta(ge=0, le=100_000)], "presence_max_members"),
    _configured("chat.messages_per_minute", PerMinute, "chat_messages_per_minute"),
    _configured("chat.max_characters", Annotated[int, Meta(ge=1, le=4_000)], "chat_max_characters"),
    _configured("analytics.event_bytes_per_day", Annotated[int, Meta(ge=0, le=2**40)], "event_bytes_per_day"),
    _configured("limits.rooms_per_connection", Annotated[int, Meta(ge=1, le=10_000)], "max_rooms"),
    _configured("limits.unknown_settings_per_wallet", Annotated[int, Meta(ge=0, le=100_000)], "max_unknown_settings"),
    _configured("retention.chat_days", Days, "retention_chat_days"),
    _configured("retention.daily_events_days", Days, "retention_daily_events_days"),
    _configured("retention.errors_days", Days, "retention_errors_days"),
    _configured("retention.events_days", Days, "retention_events_days"),
    _configured("retention.prices_days", Days, "retention_prices_days"),
    _configured("retention.read_notifications_days", Days, "retention_read_notifications_days"),
    _configured("retention.unread_notifications_days", Days, "retention_unread_notifications_days"),
    _configured("retention.trades_days", Annotated[float, Meta(ge=1, le=36_500)], "retention_trades_days"),
)
_OTHERS = (
    DeclaredSetting(
        "limits.metrics_per_connection",
        Annotated[int, Meta(ge=1, le=10_000)],
        100,
        "Maximum number of metrics that one connection may follow.",
    ),
    DeclaredSetting(
        MAINTENANCE_KEY,
        MaintenanceValue,
        {"enabled": False},
        "While `enabled`, only admins may write; maintenance ends by itself at `until`.",
        visibility="public",
        check=check_maintenance,
    ),
    DeclaredSetting(
        "background_scene", dict[str, Any] | None, {}, "The background that clients display.", visibility="public"
    ),
)
