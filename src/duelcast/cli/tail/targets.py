"""The symbols and channels that `duelcast tail` follows, and the commands that request them (protocol §1.3, §3)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from duelcast.channels.broker import Position
from duelcast.cli.tail.positions import Positions

Command = dict[str, Any]

ALL_SYMBOLS = "*"
CHANNEL_PREFIX = "channel:"
MAX_SYMBOLS_PER_COMMAND = 1_000
MAX_CHANNELS_PER_COMMAND = 500

_SYMBOL = re.compile(r"[A-Za-z0-9_$-]{1,32}|\*")
_SYMBOL_CHANNELS = {"market-data": ("market", "metadata"), "token-data": ("market", "token")}
"""Endpoints that accept symbols, and the families of channels that a symbol stands for."""


@dataclass(frozen=True, slots=True)
class Item:
    """A requested symbol or channel."""

    name: str
    is_symbol: bool


@dataclass(frozen=True, slots=True)
class Targets:
    """Symbols (upper-case) and channels to follow on an endpoint."""

    endpoint: str
    symbols: tuple[str, ...]
    channels: tuple[str, ...]

    @classmethod
    def parse(cls, endpoint: str, arguments: Sequence[str]) -> Targets:
        """Sort the arguments into symbols and channels. On an endpoint with symbols, a name with a dot, or after
        `channel:`, is a channel, and any other is a symbol; without arguments, all symbols are requested. On other
        endpoints, every name is a channel."""
        has_symbols = endpoint in _SYMBOL_CHANNELS
        if has_symbols and not arguments:
            arguments = (ALL_SYMBOLS,)
        symbols, channels = [], []
        for argument in arguments:
            if has_symbols and _SYMBOL.fullmatch(argument):
                symbols.append(argument.upper())
            else:
                channels.append(argument.removeprefix(CHANNEL_PREFIX))
        return cls(endpoint, tuple(dict.fromkeys(symbols)), tuple(dict.fromkeys(channels)))

    def only(self, items: Iterable[Item]) -> Targets:
        """Targets of the same endpoint that consist of `items`."""
        ordered = sorted(items, key=lambda item: item.name)
        symbols = tuple(item.name for item in ordered if item.is_symbol)
        return Targets(self.endpoint, symbols, tuple(item.name for item in ordered if not item.is_symbol))

    def without(self, items: Collection[Item]) -> Targets:
        """All targets except `items`."""
        symbols = tuple(name for name in self.symbols if Item(name, is_symbol=True) not in items)
        channels = tuple(name for name in self.channels if Item(name, is_symbol=False) not in items)
        return Targets(self.endpoint, symbols, channels)

    def commands(self, positions: Positions) -> list[Command]:
        """The commands that request all targets; those with a known position are resumed from that position."""
        fresh = [symbol for symbol in self.symbols if not self._is_known(symbol, positions)]
        known = [symbol for symbol in self.symbols if self._is_known(symbol, positions)]
        names = [name for symbol in known for name in self._channels_of(symbol)] + list(self.channels)
        entries = [_entry(name, positions.since(name)) for name in dict.fromkeys(names)]
        return [
            *({"type": "SUBSCRIBE_SYMBOLS", "symbols": part} for part in _parts(fresh, MAX_SYMBOLS_PER_COMMAND)),
            *({"type": "subscribe", "channels": part} for part in _parts(entries, MAX_CHANNELS_PER_COMMAND)),
        ]

    def _channels_of(self, symbol: str) -> list[str]:
        return [f"{family}.{symbol}" for family in _SYMBOL_CHANNELS[self.endpoint]]

    def _is_known(self, symbol: str, positions: Positions) -> bool:
        return symbol != ALL_SYMBOLS and any(positions.since(name) for name in self._channels_of(symbol))


def items_of(command: Command) -> list[Item]:
    """The items that `command` requests, in the order of the command."""
    symbols = [Item(symbol, is_symbol=True) for symbol in command.get("symbols", ())]
    return symbols + [Item(entry["channel"], is_symbol=False) for entry in command.get("channels", ())]


def awaited_channels(commands: Sequence[Command]) -> frozenset[str]:
    """The channels that `commands` resume from a position, so that their confirmations will contain `recovered`."""
    return frozenset(
        entry["channel"] for command in commands for entry in command.get("channels", ()) if "since" in entry
    )


def _entry(channel: str, since: Position | None) -> dict[str, Any]:
    return {"channel": channel} if since is None else {"channel": channel, "since": since._asdict()}


def _parts(items: Sequence[Any], size: int) -> Iterator[list[Any]]:
    remaining = iter(items)
    while part := list(islice(remaining, size)):
        yield part
