from __future__ import annotations

import pytest

from duelcast.cli.tail.positions import Positions
from duelcast.cli.tail.targets import Item, Targets, awaited_channels, items_of


def known(*channels: str) -> Positions:
    positions = Positions()
    positions.observe({"type": "connection_established", "epoch": "e", "positions": dict.fromkeys(channels, 5)})
    return positions


@pytest.mark.parametrize(
    ("endpoint", "arguments", "symbols", "channels"),
    [
        ("market-data", ["sol", "BTC", "SOL"], ("SOL", "BTC"), ()),
        ("market-data", [], ("*",), ()),
        ("token-data", ["public.tokens", "sol"], ("SOL",), ("public.tokens",)),
        ("market-data", ["channel:SOL", "market.*"], (), ("SOL", "market.*")),
        ("circuit-breaker", ["alerts", "channel:services", "alerts"], (), ("alerts", "services")),
        ("circuit-breaker", [], (), ()),
    ],
)
def test_arguments_are_symbols_or_channels(
    endpoint: str, arguments: list[str], symbols: tuple[str, ...], channels: tuple[str, ...]
) -> None:
    targets = Targets.parse(endpoint, arguments)
    assert (targets.symbols, targets.channels) == (symbols, channels)


def test_the_first_connection_asks_for_symbols_and_channels_from_now() -> None:
    targets = Targets.parse("market-data", ["SOL", "token.X"])
    assert targets.commands(Positions()) == [
        {"type": "SUBSCRIBE_SYMBOLS", "symbols": ["SOL"]},
        {"type": "subscribe", "channels": [{"channel": "token.X"}]},
    ]


def test_a_later_connection_asks_for_what_is_known_from_its_position() -> None:
    targets = Targets.parse("market-data", ["SOL", "BTC", "chat.1"])
    commands = targets.commands(known("market.SOL", "chat.1"))
    assert commands == [
        {"type": "SUBSCRIBE_SYMBOLS", "symbols": ["BTC"]},
        {
            "type": "subscribe",
            "channels": [
                {"channel": "market.SOL", "since": {"epoch": "e", "seq": 5}},
                {"channel": "metadata.SOL"},
                {"channel": "chat.1", "since": {"epoch": "e", "seq": 5}},
            ],
        },
    ]
    assert awaited_channels(commands) == {"market.SOL", "chat.1"}


def test_all_symbols_are_asked_for_anew_since_a_group_has_no_position() -> None:
    commands = Targets.parse("market-data", []).commands(known("market.SOL"))
    assert commands == [{"type": "SUBSCRIBE_SYMBOLS", "symbols": ["*"]}]


def test_no_command_holds_more_than_the_contract_allows() -> None:
    symbols = [f"S{number}" for number in range(1_500)]
    fresh = Targets.parse("market-data", symbols).commands(Positions())
    assert [len(command["symbols"]) for command in fresh] == [1_000, 500]
    again = Targets.parse("market-data", symbols[:300]).commands(known(*(f"market.{symbol}" for symbol in symbols)))
    assert [len(command["channels"]) for command in again] == [500, 100]


def test_a_part_of_the_targets_can_be_asked_for() -> None:
    targets = Targets.parse("market-data", ["SOL", "BTC", "market.X", "channel:SOL"])
    symbol, channel = Item("SOL", is_symbol=True), Item("SOL", is_symbol=False)
    assert targets.only({symbol, channel}) == Targets("market-data", ("SOL",), ("SOL",))
    assert targets.without({symbol, channel}) == Targets("market-data", ("BTC",), ("market.X",))


def test_the_items_of_a_command_are_in_its_order() -> None:
    fresh, rest = Targets.parse("market-data", ["SOL", "BTC", "market.X"]).commands(Positions())
    assert items_of(fresh) == [Item("SOL", is_symbol=True), Item("BTC", is_symbol=True)]
    assert items_of(rest) == [Item("market.X", is_symbol=False)]
