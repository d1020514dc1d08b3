"""The feed `dexscreener` polls within the API's limits and takes the deepest pair of each token."""

from __future__ import annotations

import contextlib
import email.utils
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from duelcast.clock import ManualClock
from duelcast.domain.market.ticks import Ticker, TokenInfo
from duelcast.feeds.dexscreener import NO_PAIR_REASON
from duelcast.feeds.dexscreener_records import BAD_ANSWER
from duelcast.feeds.spec import build_feeds
from tests.feeds.collecting import CollectingSink, running, until
from tests.feeds.local_http import Answer, local_http

LIMITED = "The venue limits our requests (HTTP 429)."


def pair(address: str = "A", symbol: str = "TOK", price: str | None = "2.5", **fields: Any) -> dict[str, Any]:
    token = {"address": address, "name": f"Token {symbol}", "symbol": symbol}
    return {"chainId": "solana", "baseToken": token, "priceUsd": price, **fields}


@dataclass
class Api:
    """The answers to give, the last again and again, and the targets asked for."""

    answers: list[Answer]
    asked: list[str] = field(default_factory=list)

    def answer(self, target: str) -> Answer:
        self.asked.append(target)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def found(*pairs: object) -> Answer:
    return Answer(json.dumps(pairs).encode())


@contextlib.asynccontextmanager
async def polling(api: Api, clock: ManualClock, addresses: str = "A") -> AsyncIterator[CollectingSink]:
    """The feed over `api`, once the first poll is answered."""
    sink = CollectingSink()
    async with local_http(api.answer) as url:
        (feed,) = build_feeds(f"dexscreener:solana:{addresses}?base_url={url}", clock)
        async with running(feed, sink):
            await until(lambda: sink.reports)
            yield sink


async def test_a_pair_becomes_metadata_and_a_ticker() -> None:
    info = {
        "imageUrl": "https://cdn.example/t.png",
        "websites": [{"label": "Docs", "url": "https://docs.example"}, {"url": "http://plain.example"}],
        "socials": [{"type": "twitter", "url": "https://x.com/t"}, {"type": "odd", "url": "javascript:alert(1)"}],
    }
    figures: dict[str, Any] = {"priceChange": {"h24": -3.5}, "volume": {"h24": 1000}, "liquidity": {"usd": 50.5}}
    answer = found(pair(info=info, fdv=9e6, marketCap=8e6, **figures))
    async with polling(Api([answer]), ManualClock()) as sink:
        assert sink.ticks == [
            TokenInfo(
                symbol="TOK",
                name="Token TOK",
                address="A",
                image_url="https://cdn.example/t.png",
                socials={"twitter": "https://x.com/t"},
                websites=[{"label": "Docs", "url": "https://docs.example"}],
                active=True,
            ),
            Ticker(symbol="TOK", price=2.5, change_24h=-3.5, volume_24h=1000, market_cap=8e6, fdv=9e6, liquidity=50.5),
        ]


async def test_of_a_tokens_pairs_the_one_with_most_liquidity_counts() -> None:
    shallow, deep = pair(price="1", liquidity={"usd": 10}), pair(price="2", liquidity={"usd": 20})
    async with polling(Api([found(pair(price="3"), shallow, deep, pair(price="4"))]), ManualClock()) as sink:
        assert [ticker.price for ticker in sink.tickers] == [2.0]


async def test_a_pair_that_prices_another_token_is_left_out() -> None:
    other = pair(address="B", symbol="OTHER", liquidity={"usd": 1e9})
    async with polling(Api([found(other, pair())]), ManualClock()) as sink:
        assert [ticker.symbol for ticker in sink.tickers] == ["TOK"]


async def test_where_two_tokens_give_one_symbol_the_one_named_first_is_used() -> None:
    answer = found(pair(address="A", price="1", liquidity={"usd": 99}), pair(address="B", price="2"))
    async with polling(Api([answer]), ManualClock(), addresses="B,A") as sink:
        assert [ticker.price for ticker in sink.tickers] == [2.0]


async def test_hexadecimal_addresses_are_compared_regardless_of_case() -> None:
    async with polling(Api([found(pair(address="0xAbC"))]), ManualClock(), addresses="0xaBc") as sink:
        assert len(sink.tickers) == 1


async def test_metadata_is_brought_again_only_when_it_changed() -> None:
    clock = ManualClock()
    api = Api([found(pair()), found(pair(price="3")), found(pair(price="4", info={"imageUrl": "https://i.example"}))])
    async with polling(api, clock) as sink:
        await clock.advance(5)
        await until(lambda: len(sink.tickers) == 2)
        await clock.advance(5)
        await until(lambda: len(sink.tickers) == 3)
        assert [type(tick) for tick in sink.ticks] == [TokenInfo, Ticker, Ticker, TokenInfo, Ticker]


@pytest.mark.parametrize(
    "bad", [pair(price="much"), pair(price=None), pair(price="0"), pair(price="nan"), pair(symbol="N Ö"), {}, 7, None]
)
async def test_a_pair_that_cannot_be_used_is_left_out(bad: object) -> None:
    async with polling(Api([found(bad, pair(address="B", symbol="GOOD"))]), ManualClock(), "A,B") as sink:
        assert [ticker.symbol for ticker in sink.tickers] == ["GOOD"]


async def test_an_address_without_a_price_is_named_until_it_has_one() -> None:
    clock = ManualClock()
    api = Api([found(pair(address="A"), pair(address="C", price="0")), found(pair(address="B", symbol="LATE"))])
    async with polling(api, clock, "A,B,C") as sink:
        assert sink.failed_pairs == dict.fromkeys(("B", "C"), NO_PAIR_REASON)
        await clock.advance(5)
        await until(lambda: len(sink.tickers) == 2)
        assert sink.failed_pairs == dict.fromkeys(("C", "A"), NO_PAIR_REASON)
        assert sink.reports[-1] == "connected"


async def test_addresses_are_asked_for_thirty_at_a_time() -> None:
    addresses = [f"T{number}" for number in range(31)]
    api = Api([found()])
    async with polling(api, ManualClock(), ",".join(addresses)):
        assert api.asked == [f"/tokens/v1/solana/{','.join(addresses[:30])}", "/tokens/v1/solana/T30"]


async def test_many_addresses_are_asked_for_no_more_than_300_times_a_minute() -> None:
    clock, api = ManualClock(), Api([found()])
    async with polling(api, clock, ",".join(f"T{number}" for number in range(1500))):
        assert len(api.asked) == 50
        await clock.advance(9.9)
        assert len(api.asked) == 50
        await clock.advance(0.2)
        await until(lambda: len(api.asked) == 100)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(b"{}", status=500), "The venue answered with HTTP 500."),
        (Answer(b"{}", status=429), LIMITED),
        (Answer(b"{}"), BAD_ANSWER),
        (Answer(b"[" * 100_000), BAD_ANSWER),
        (Answer(b"\xff"), BAD_ANSWER),
    ],
)
async def test_a_bad_answer_fails_the_feed_until_a_good_one_comes(answer: Answer, reason: str) -> None:
    clock = ManualClock()
    async with polling(Api([answer, found(pair())]), clock) as sink:
        assert sink.reports == [reason]
        await clock.advance(2)
        await until(lambda: sink.tickers)
        assert sink.reports == [reason, "connected"]


@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_a_limited_feed_asks_again_no_sooner_than_told(form: str) -> None:
    clock = ManualClock()
    told = "30" if form == "seconds" else email.utils.formatdate(clock.time() + 30, usegmt=True)
    api = Api([Answer(b"", status=429, headers={"Retry-After": told}), found(pair())])
    async with polling(api, clock) as sink:
        await clock.advance(29)
        assert len(api.asked) == 1
        await clock.advance(2)
        await until(lambda: sink.tickers)


async def test_a_venue_that_cannot_be_reached_fails_the_feed() -> None:
    async with local_http(lambda _target: found()) as url:
        pass
    (feed,) = build_feeds(f"dexscreener:solana:A?base_url={url}", ManualClock())
    sink = CollectingSink()
    async with running(feed, sink):
        await until(lambda: sink.reports)
    assert sink.reports == ["The venue cannot be reached."]
