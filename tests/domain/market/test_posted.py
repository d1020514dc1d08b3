"""What a platform may post."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from duelcast.domain.market.posted import PostedPrice, PostedTrade, TokenMetadataInput
from tests.domain.market.market_room import MarketRoom

PRICE = {"symbol": "SOL", "price": 1.5}
TRADE = {"symbol": "SOL", "price": 1.5, "quantity": 2, "side": "buy"}
TOKEN = {"name": "Solana", "address": "So111", "decimals": 9}


@pytest.mark.parametrize(
    ("kind", "base", "wrong"),
    [
        (PostedPrice, PRICE, {"symbol": "SOL/USD"}),
        (PostedPrice, PRICE, {"symbol": "SOL\n"}),
        (PostedPrice, PRICE, {"price": 0}),
        (PostedPrice, PRICE, {"price": -1}),
        (PostedPrice, PRICE, {"price": 1e31}),
        (PostedPrice, PRICE, {"price": "1.5"}),
        (PostedPrice, PRICE, {"change_24h": -100.1}),
        (PostedPrice, PRICE, {"volume_24h": -1}),
        (PostedPrice, PRICE, {"timestamp": "2027-01-15T00:00:00"}),
        (PostedPrice, PRICE, {"volume": 1}),
        (PostedTrade, TRADE, {"side": "long"}),
        (PostedTrade, TRADE, {"quantity": 0}),
        (PostedTrade, TRADE, {"id": ""}),
        (PostedTrade, TRADE, {"id": 2**53}),
        (TokenMetadataInput, TOKEN, {"name": ""}),
        (TokenMetadataInput, TOKEN, {"name": "x" * 101}),
        (TokenMetadataInput, TOKEN, {"name": "a\0b"}),
        (TokenMetadataInput, TOKEN, {"decimals": 256}),
        (TokenMetadataInput, TOKEN, {"decimals": -1}),
        (TokenMetadataInput, TOKEN, {"image_url": "http://sol.example"}),
        (TokenMetadataInput, TOKEN, {"image_url": "https://sol.example/\n"}),
        (TokenMetadataInput, TOKEN, {"image_url": 'https://sol.example/">'}),
        (TokenMetadataInput, TOKEN, {"description": "x" * 2_001}),
        (TokenMetadataInput, TOKEN, {"color": "red"}),
        (TokenMetadataInput, TOKEN, {"socials": {"twitter": "javascript:alert(1)"}}),
        (TokenMetadataInput, TOKEN, {"socials": {f"k{number}": "https://a.example" for number in range(21)}}),
        (TokenMetadataInput, TOKEN, {"websites": [{"label": "Home", "url": "ftp://sol.example"}]}),
        (TokenMetadataInput, TOKEN, {"status": "gone"}),
        (TokenMetadataInput, TOKEN, {"symbol": "SOL"}),
    ],
)
def test_what_breaks_the_contract_is_refused(kind: type[Any], base: dict[str, Any], wrong: dict[str, Any]) -> None:
    msgspec.json.decode(msgspec.json.encode(base), type=kind)
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode(base | wrong), type=kind)


def price(**fields: Any) -> PostedPrice:
    return msgspec.convert(PRICE | fields, PostedPrice)


def trade(**fields: Any) -> PostedTrade:
    return msgspec.convert(TRADE | fields, PostedTrade)


async def test_a_posted_price_adds_its_token_and_is_pushed_with_its_own_time(room: MarketRoom) -> None:
    result = await room.market.post_prices([price(symbol="new", timestamp="2027-01-15T01:00:00+02:00", liquidity=5)])
    assert (result.accepted, result.dropped, result.duplicate) == (1, 0, 0)
    (push,) = room.pushes("MARKET_PRICE", "NEW")
    assert push.data["timestamp"] == "2027-01-14T23:00:00.000Z"
    assert push.data["source"] == "http"
    assert room.market.token("NEW").liquidity == 5.0


async def test_a_trade_id_is_counted_once_per_symbol_a_number_like_its_text(room: MarketRoom) -> None:
    posted = [trade(id="7"), trade(id=7), trade(id="8"), trade(symbol="BTC", id="7")]
    result = await room.market.post_trades(posted)
    assert (result.accepted, result.dropped, result.duplicate) == (3, 0, 1)


async def test_the_last_ten_thousand_ids_are_remembered(room: MarketRoom) -> None:
    await room.market.post_trades([trade(id=number) for number in range(10_000)])
    assert (await room.market.post_trades([trade(id=0)])).duplicate == 1
    assert (await room.market.post_trades([trade(id=10_000)])).accepted == 1
    assert (await room.market.post_trades([trade(id=1)])).duplicate == 1
    assert (await room.market.post_trades([trade(id=0)])).accepted == 1


async def test_a_trade_without_id_is_always_counted(room: MarketRoom) -> None:
    assert (await room.market.post_trades([trade(), trade()])).accepted == 2


async def test_a_trade_whose_volume_is_out_of_range_is_dropped(room: MarketRoom) -> None:
    assert (await room.market.post_trades([trade(price=1e30, quantity=1e30)])).dropped == 1
    assert not room.market.knows("SOL")
