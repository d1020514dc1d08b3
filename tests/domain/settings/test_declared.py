"""The settings of the server."""

from __future__ import annotations

from typing import Any

import pytest

from duelcast.domain.settings.changing import MAX_VALUE_BYTES, check_value
from duelcast.domain.settings.declared import configured_values, declared_settings
from duelcast.domain.settings.errors import ValidationFailed
from duelcast.settings import Settings

DECLARED = declared_settings({"contest": 120, "market-data": 600})


@pytest.mark.parametrize("key", DECLARED)
def test_every_default_fits_its_own_declaration(key: str) -> None:
    setting = DECLARED[key]
    setting.validate(setting.default)
    check_value(setting.default)
    assert setting.description.endswith(".")


def test_there_is_a_limit_for_each_endpoint() -> None:
    assert DECLARED["limits.contest.messages_per_minute"].default == 120
    assert DECLARED["limits.market-data.messages_per_minute"].default == 600


def test_defaults_are_those_of_the_start_configuration() -> None:
    settings = Settings()
    assert DECLARED["gateway.flush_interval_ms"].default == settings.flush_interval_ms
    assert DECLARED["market.feed_stale_ms"].default == settings.feed_stale_s * 1000
    assert DECLARED["limits.rooms_per_connection"].default == settings.max_rooms


def test_what_is_not_configured_is_left_to_the_default() -> None:
    assert configured_values(Settings()) == {}
    configured = configured_values(Settings(feed_stale_s=1.5, chat_max_characters=500))
    assert configured == {"market.feed_stale_ms": 1500, "chat.max_characters": 500}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("gateway.flush_interval_ms", -1),
        ("gateway.flush_interval_ms", 1000.5),
        ("gateway.flush_interval_ms", "10"),
        ("market.price_interval_ms", 60_001),
        ("market.price_interval_ms", 0.5),
        ("chat.messages_per_minute", -1),
        ("chat.messages_per_minute", False),
        ("retention.chat_days", 0),
        ("retention.trades_days", 0.5),
        ("limits.contest.messages_per_minute", None),
        ("limits.rooms_per_connection", 0),
        ("background_scene", "night"),
        ("maintenance_mode", {"enabled": 1}),
        ("maintenance_mode", {"enabled": True, "message": "x" * 1001}),
        ("maintenance_mode", {"enabled": True, "until": "0000-01-01T00:00:00Z"}),
    ],
)
def test_what_the_server_cannot_obey_is_refused(key: str, value: Any) -> None:
    with pytest.raises(ValidationFailed) as refusal:
        DECLARED[key].validate(value)
    assert refusal.value.field is not None
    assert refusal.value.field.startswith("value")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("gateway.flush_interval_ms", 0),
        ("gateway.flush_interval_ms", 2.5),
        ("retention.chat_days", 7),
        ("background_scene", None),
        ("background_scene", {"name": "night", "layers": [1]}),
        ("maintenance_mode", {"enabled": True, "message": None, "until": None}),
        ("maintenance_mode", {"enabled": False, "until": "2027-01-15T09:00:00+01:00"}),
    ],
)
def test_what_the_server_can_obey_is_taken(key: str, value: Any) -> None:
    DECLARED[key].validate(value)


def test_a_value_has_a_bound() -> None:
    check_value("x" * (MAX_VALUE_BYTES - 2))
    with pytest.raises(ValidationFailed):
        check_value("x" * (MAX_VALUE_BYTES - 1))
    with pytest.raises(ValidationFailed):
        check_value("é" * (MAX_VALUE_BYTES // 2))
