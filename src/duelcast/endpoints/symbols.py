"""Following symbols, shared by market-data and token-data (protocol §3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from msgspec import Meta

from duelcast.channels.names import Channel, Family, Group
from duelcast.domain.market.errors import InvalidSymbols
from duelcast.domain.market.service import Market
from duelcast.endpoints import common
from duelcast.endpoints.context import Context, Join
from duelcast.errors import AppError, InvalidRequest
from duelcast.wire.messages import Command, Event, SymbolOrAll

ALL = "*"

SymbolList = Annotated[list[SymbolOrAll], Meta(min_length=1, max_length=1000)]


class SubscribeSymbols(Command, tag="SUBSCRIBE_SYMBOLS"):
    """Follows symbols, in upper or lower case; `*` stands for every symbol, present and future."""

    symbols: SymbolList
    """The symbols to follow, in upper or lower case; `*` among them stands for all, and the others are then ignored."""


class UnsubscribeSymbols(Command, tag="UNSUBSCRIBE_SYMBOLS"):
    """Stops following symbols; `*` stands for every symbol."""

    symbols: SymbolList
    """The symbols to leave, in upper or lower case; `*` among them ends all subscriptions to symbols."""


class Subscribe(common.Subscribe, tag="subscribe"):
    """Follows `channel`, or each of `channels`.

    A message with `symbols` or `tokens` instead is an old form of `SUBSCRIBE_SYMBOLS`.
    """

    symbols: Annotated[SymbolList | None, Meta(extra_json_schema={"deprecated": True})] = None
    """The symbols to follow; use `SUBSCRIBE_SYMBOLS`."""
    tokens: Annotated[Literal["all"] | SymbolList | None, Meta(extra_json_schema={"deprecated": True})] = None
    """The symbols to follow, or `all` for every symbol; use `SUBSCRIBE_SYMBOLS`."""

    @property
    def old_form(self) -> SubscribeSymbols | None:
        """The command of which this message is an old form; None if it is not an old form. Raises `InvalidRequest` if
        the message mixes forms."""
        named = [name for name in ("channel", "channels", "symbols", "tokens") if getattr(self, name) is not None]
        if self.symbols is None and self.tokens is None:
            return None
        if len(named) > 1 or self.since is not None:
            raise InvalidRequest("Name `channel`, `channels`, `symbols` or `tokens`, and nothing else.", field=named[0])
        if self.tokens == "all":
            return SubscribeSymbols(symbols=[ALL])
        return SubscribeSymbols(symbols=self.symbols or list(self.tokens or ()))


class SymbolsSubscribed(Event, tag="symbols_subscribed"):
    """Symbols are followed; the current state of each comes next."""

    symbols: list[str]
    """The requested symbols that are followed now, in upper case and without repeats; `["*"]` if all are."""
    unknown: list[str]
    """The requested symbols that the server does not know, in upper case; they are not followed."""


class SymbolsUnsubscribed(Event, tag="symbols_unsubscribed"):
    """No further push of these symbols is sent, unless every symbol is followed (`*`)."""

    symbols: list[str]
    """The requested symbols, in upper case and without repeats; `["*"]` if all were left."""


async def subscribe_symbols(
    context: Context, command: SubscribeSymbols, families: Sequence[Family]
) -> SymbolsSubscribed:
    """Join the channels of `families` for each symbol. Raises `InvalidSymbols` if no symbol is known."""
    wanted = _distinct(command.symbols)
    market = context.service(Market)
    if ALL in wanted:
        await context.join(_groups(families))
        context.answered_rows = len(market.symbols())
        return SymbolsSubscribed(symbols=[ALL], unknown=[])
    known = [symbol for symbol in wanted if market.knows(symbol)]
    if not known:
        raise InvalidSymbols("None of these symbols is known; `*` follows every symbol.", field="symbols")
    await context.join(_channels(families, known))
    context.answered_rows = len(known)
    return SymbolsSubscribed(symbols=known, unknown=[symbol for symbol in wanted if symbol not in set(known)])


async def subscribe(
    context: Context, command: Subscribe, families: Sequence[Family]
) -> Sequence[common.SubscriptionConfirmed | Join | AppError] | SymbolsSubscribed:
    """The `subscribe` command that every endpoint has, and the old forms of market-data and token-data."""
    old_form = command.old_form
    if old_form is None:
        return await common.subscribe(context, command)
    return await subscribe_symbols(context, old_form, families)


def unsubscribe_symbols(
    context: Context, command: UnsubscribeSymbols, families: Sequence[Family]
) -> SymbolsUnsubscribed:
    """Leave the channels of `families` for each symbol."""
    wanted = _distinct(command.symbols)
    context.answered_rows = len(wanted)
    if ALL in wanted:
        context.leave_where(lambda target: target.family in families)
        return SymbolsUnsubscribed(symbols=[ALL])
    market = context.service(Market)
    context.leave(_channels(families, [symbol for symbol in wanted if market.knows(symbol)]))
    return SymbolsUnsubscribed(symbols=wanted)


def templates(families: Sequence[Family]) -> tuple[str, ...]:
    """The channels of `families` that the commands in this file join or leave."""
    return tuple(f"{family.prefix}.{{symbols}}" for family in families)


def known_symbol(context: Context, symbol: str) -> bool:
    """Whether the channels of `symbol` exist."""
    return context.service(Market).knows(symbol)


def _distinct(symbols: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(symbol.upper() for symbol in symbols))


def _groups(families: Sequence[Family]) -> list[Group]:
    groups = [family.group_named(f"{family.prefix}.{ALL}") for family in families]
    return [group for group in groups if group is not None]


def _channels(families: Sequence[Family], symbols: Sequence[str]) -> list[Channel]:
    return [family.channel(symbol) for symbol in symbols for family in families]
