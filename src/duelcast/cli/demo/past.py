"""The market of the 24 h before the first start of the demo, so that charts and trends are not empty."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from duelcast.domain.market.state import Quote
from duelcast.feeds.known_tokens import KNOWN_TOKENS, KnownToken
from duelcast.feeds.simulated import SimulatedFeed
from duelcast.feeds.simulated_day import made_up_minutes
from duelcast.feeds.source import Feed
from duelcast.store import market
from duelcast.store.database import Transaction
from duelcast.store.market import MarketWrites, MinutePrice, StoredToken

_US_PER_MINUTE = 60_000_000


async def store_past(transaction: Transaction, feeds: Iterable[Feed], now_s: float) -> None:
    """Store the past of the simulated feeds among `feeds`, which ends with the last complete minute before `now_s`
    (epoch). Real feeds, and synthetic tokens, have none."""
    this_minute = int(now_s // 60)
    for feed in feeds:
        if isinstance(feed, SimulatedFeed):
            known = feed.tokens[: len(KNOWN_TOKENS)]
            await market.write(
                transaction,
                MarketWrites(
                    tokens=[_token(token, feed.name, this_minute) for token in known],
                    minutes=[minute for token in known for minute in _minutes(token, this_minute)],
                ),
            )


def _token(token: KnownToken, source: str, this_minute: int) -> StoredToken:
    quote = Quote(token.price, this_minute * 60.0).stored(this_minute * _US_PER_MINUTE - 1)
    return StoredToken(token.symbol, source, told={}, put={}, quote=quote, updated_ms=this_minute * 60_000)


def _minutes(token: KnownToken, this_minute: int) -> Iterator[MinutePrice]:
    prices = list(itertools.pairwise(made_up_minutes(token)))
    for minute, (begin, end) in enumerate(prices, start=this_minute - len(prices)):
        low, high = sorted((begin, end))
        yield MinutePrice(token.symbol, minute, begin, high, low, end, (minute + 1) * _US_PER_MINUTE - 1)
