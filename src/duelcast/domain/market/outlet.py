"""Publishes prices, sentiment, tokens, token lists and metadata. Prices, tokens and lists are each published at most
once per interval."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from duelcast.channels.publisher import Publisher
from duelcast.clock import Clock
from duelcast.domain.conflation import Conflator
from duelcast.domain.market.book import BookEntry, TokenBook, same_token
from duelcast.domain.market.events import (
    MARKET,
    METADATA,
    PUBLIC_TOKEN_LIST,
    PUBLIC_TOKENS,
    TOKEN,
    MarketPrice,
    MarketSentiment,
    Price,
    Sentiment,
    Token,
    TokenData,
    TokenListUpdate,
    TokenMetadataUpdate,
)
from duelcast.domain.market.receipt import ReceiptTime
from duelcast.domain.market.settings import MarketSettings
from duelcast.domain.market.windows import NEUTRAL, Balance
from duelcast.wire.timestamps import format_time

_LIST_SETTLE_S = 1.0
"""Tokens are often added by the dozen, so the list is published only this long after the first of them was added."""
_LIST_AGE_S = 1.0
_LEAST_INTERVAL_S = 0.1
"""The minimum interval of the list with prices, even if the setting is lower, because that list has nearly always
changed."""


class MarketOutlet:
    """Publishes changes of the book. `settings` is called whenever an interval is needed."""

    def __init__(
        self,
        publisher: Publisher,
        clock: Clock,
        receipt: ReceiptTime,
        book: TokenBook,
        settings: Callable[[], MarketSettings],
    ) -> None:
        self._publisher = publisher
        self._clock = clock
        self._receipt = receipt
        self._book = book
        self._settings = settings
        self.prices = Conflator(clock, lambda: settings().price_interval_ms, self._push_price)
        self.tokens = Conflator(clock, lambda: settings().token_data_interval_ms, self._push_token)
        self._pushed_prices: dict[str, Price] = {}
        self._pushed_tokens: dict[str, Token] = {}
        self._pushed_balances: dict[str, Balance] = {}
        self._list_due = asyncio.Event()
        self._list_due.set()  # so that the channel has a list from the start, even without tokens
        self._list = TokenListUpdate(data=[])
        self._list_built_s = 0.0
        self._renewed = False  # whether tokens or metadata may have changed since the list was built
        self._moved = False  # whether a market field may have changed

    def metadata_changed(self, entry: BookEntry) -> None:
        """Publish the metadata of a token that was added, or whose metadata or status changed."""
        self._publisher.publish(METADATA.channel(entry.symbol), TokenMetadataUpdate(data=[entry.metadata]))
        self._renewed = True
        self._list_due.set()

    def restored(self, entry: BookEntry) -> None:
        """Publish a token that was known before the server started."""
        self.metadata_changed(entry)
        if entry.quote is not None:
            self.priced_first(entry)
            self.price_changed(entry)
        self.token_changed(entry)

    def price_changed(self, entry: BookEntry) -> None:
        """Call this after the quote of a token may have changed. The token must have a quote."""
        self.prices.offer(entry.symbol)

    def staleness_changed(self, entry: BookEntry) -> None:
        """Call this after a token became stale or fresh although no record of it was received. Many tokens may change
        in this way at once."""
        if entry.quote is not None:
            self.prices.offer_later(entry.symbol)

    def token_changed(self, entry: BookEntry) -> None:
        """Call this after a market field or the metadata of a token may have changed."""
        self._moved = True
        self.tokens.offer(entry.symbol)

    def priced_first(self, entry: BookEntry) -> None:
        """Publish the sentiment of a token that got its first price."""
        self.push_balance(entry.symbol, NEUTRAL, self._receipt.now_s())

    def push_balance(self, symbol: str, balance: Balance, now_s: float) -> None:
        """Publish the sentiment of `symbol` if it changed."""
        if self._pushed_balances.get(symbol) == balance:
            return
        self._pushed_balances[symbol] = balance
        sentiment = Sentiment(
            symbol=symbol,
            sentiment_score=balance.score,
            buy_pressure=balance.buy_pressure,
            sell_pressure=balance.sell_pressure,
            volume_trend=balance.trend,
            timestamp=format_time(now_s),
        )
        self._publisher.publish(MARKET.channel(symbol), MarketSentiment(data=sentiment))

    def token_list(self) -> TokenListUpdate:
        """All tokens. The set of tokens and their metadata are up to date; market fields are at most a second old.
        Returns the same object until its contents change."""
        is_old = self._clock.monotonic() - self._list_built_s >= _LIST_AGE_S
        return self._current_list() if self._renewed or (self._moved and is_old) else self._list

    def _current_list(self) -> TokenListUpdate:
        if self._renewed or self._moved:
            tokens = self._book.tokens(self._receipt.now_s())
            if len(tokens) != len(self._list.data) or not all(map(same_token, tokens, self._list.data)):
                self._list = TokenListUpdate(data=tokens)
            self._list_built_s = self._clock.monotonic()
            self._renewed = self._moved = False
        return self._list

    async def run_token_list(self) -> None:
        """Publish the complete list, at most once per interval, if tokens were added or their metadata changed."""
        while True:
            await self._list_due.wait()
            interval_s = self._settings().token_list_interval_ms / 1000
            settle_s = min(_LIST_SETTLE_S, interval_s)
            await self._clock.sleep(settle_s)
            self._list_due.clear()
            self._publisher.publish(PUBLIC_TOKENS.channel(), self.token_list())
            await self._clock.sleep(interval_s - settle_s)

    async def run_moving_list(self) -> None:
        """Publish the complete list once per interval, if anything in it changed and somebody follows its channel."""
        channel = PUBLIC_TOKEN_LIST.channel()
        published = self._list
        while True:
            await self._clock.sleep(max(_LEAST_INTERVAL_S, self._settings().token_list_interval_ms / 1000))
            if self._publisher.is_followed(channel) and self._current_list() is not published:
                published = self._list
                self._publisher.publish(channel, published)

    def _push_price(self, symbol: str) -> bool:
        entry = self._book[symbol]
        pushed = self._pushed_prices.get(symbol)
        if pushed is not None and not _is_news(entry, pushed):
            return False
        price = entry.price(self._receipt.now_s())
        self._pushed_prices[symbol] = price
        self._publisher.publish(MARKET.channel(symbol), MarketPrice(data=price))
        return True

    def _push_token(self, symbol: str) -> bool:
        token = self._book[symbol].token(self._receipt.now_s())
        pushed = self._pushed_tokens.get(symbol)
        if pushed is not None and same_token(token, pushed):
            return False
        self._pushed_tokens[symbol] = token
        self._publisher.publish(TOKEN.channel(symbol), TokenData(symbol=symbol, data=token))
        return True


def _is_news(entry: BookEntry, pushed: Price) -> bool:
    """Whether the price itself, its source or its staleness changed, or the 24 h change or volume became known. Other
    changes are published with the next price, and in `token_data`."""
    quote, source = entry.priced()
    return (
        pushed.price != quote.price
        or pushed.stale != entry.stale
        or pushed.source != source.name
        or (pushed.change_24h is None and quote.change_24h is not None)
        or (pushed.volume_24h is None and (quote.volume_24h is not None or entry.windows is not None))
    )
