"""Maps trading pairs to symbols (protocol §3)."""

from __future__ import annotations

import re
from typing import NamedTuple

from duelcast.domain.market.events import SYMBOL_PATTERN

DOLLARS = frozenset({"USD", "USDC", "USDT"})
_SYMBOL = re.compile(SYMBOL_PATTERN)


class Pair(NamedTuple):
    """A spot pair, upper-case."""

    base: str
    quote: str

    @property
    def name(self) -> str:
        """`BASE/QUOTE`, as venues and ccxt spell it."""
        return f"{self.base}/{self.quote}"

    @property
    def symbol(self) -> str:
        """The base if it is quoted in dollars, else `BASE-QUOTE`."""
        return self.base if self.quote in DOLLARS else f"{self.base}-{self.quote}"


def is_symbol(text: str) -> bool:
    """Whether `text` matches the grammar of symbols (protocol §1.1)."""
    return _SYMBOL.fullmatch(text) is not None


def parse_pairs(feed: str, text: str) -> list[Pair]:
    """Parse `SYM/QUOTE,…`; of several pairs with the same symbol, only the one named first is kept.

    Raises ValueError if a part of the text is not a pair, or if there is none.
    """
    by_symbol: dict[str, Pair] = {}
    for part in filter(None, (part.strip().upper() for part in text.split(","))):
        base, separator, quote = part.partition("/")
        pair = Pair(base, quote)
        if not (separator and base and quote and is_symbol(pair.symbol)):
            raise ValueError(f"Feed '{feed}': '{part}' is not a pair such as BTC/USDT.")
        by_symbol.setdefault(pair.symbol, pair)
    if not by_symbol:
        raise ValueError(f"Feed '{feed}' needs at least one pair, such as {feed}:BTC/USDT.")
    return list(by_symbol.values())
