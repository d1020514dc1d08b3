from __future__ import annotations

import pytest

from duelcast.cli.tail.targets import channels_of


@pytest.mark.parametrize(
    ("endpoint", "arguments", "channels"),
    [
        ("market-data", ["sol", "BTC", "SOL"], ["market.SOL", "metadata.SOL", "market.BTC", "metadata.BTC"]),
        ("market-data", [], ["market.*", "metadata.*"]),
        ("market-data", ["*"], ["market.*", "metadata.*"]),
        ("token-data", ["public.tokens", "sol"], ["public.tokens", "market.SOL", "token.SOL"]),
        ("market-data", ["channel:SOL", "market.*", "SOL"], ["SOL", "market.*", "market.SOL", "metadata.SOL"]),
        ("circuit-breaker", ["alerts", "channel:services", "alerts"], ["alerts", "services"]),
        ("circuit-breaker", [], []),
    ],
)
def test_arguments_are_symbols_or_channels(endpoint: str, arguments: list[str], channels: list[str]) -> None:
    assert channels_of(endpoint, arguments) == channels
