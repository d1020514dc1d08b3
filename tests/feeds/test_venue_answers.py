"""Which frames are errors, and whose subscription they are about, in the words of many venues' documentation."""

from __future__ import annotations

from typing import Any

import pytest

from duelcast.feeds.subscription import Subscription, refused_by
from duelcast.feeds.venue_answers import is_error, names_of, request_id

ERRORS: list[dict[str, Any]] = [
    {"type": "error", "message": "Failed to subscribe", "reason": "DED-USD is not valid"},
    {"event": "error", "msg": "channel:tickers,instId:DED-USD doesn't exist", "code": "60018"},
    {"event": "error", "msg": "symbol: invalid", "code": 10300, "channel": "ticker", "symbol": "tDEDUSD"},
    {"success": False, "ret_msg": "Invalid symbol :[tickers.DEDUSDT]", "req_id": "2", "op": "subscribe"},
    {"method": "subscribe", "success": False, "error": "Currency pair not supported DED/USD", "req_id": 2},
    {"time": 1, "channel": "spot.tickers", "event": "subscribe", "error": {"code": 2, "message": "unknown DED_USD"}},
    {"id": 2, "code": 40004, "method": "subscribe", "message": 'invalid channel {"channels":["ticker.DED_USD"]}'},
    {"status": "error", "err-code": "bad-request", "err-msg": "invalid symbol dedusd", "id": "2"},
    {"event": "bts:error", "channel": "live_trades_dedusd", "data": {"code": 4009, "message": "Bad channel."}},
    {"reason": "NoValidTradingPairs", "result": "error"},
    {"id": "2", "result": False, "reason": "missing symbol"},
]
OTHERS: list[Any] = [
    {"type": "subscriptions", "channels": []},
    {"event": "subscribe", "arg": {"channel": "tickers", "instId": "DED-USD"}},
    {"success": True, "ret_msg": "", "req_id": "2", "op": "subscribe"},
    {"method": "subscribe", "result": {"symbol": "DED/USD"}, "success": True, "req_id": 2},
    {"id": 2, "code": 0, "method": "subscribe", "message": ""},
    {"id": 2, "code": 20000, "msg": "success"},
    {"code": "0", "data": [{"instId": "DED-USD"}]},
    {"code": "200", "message": "Subscribed"},
    {"channel": "trade", "data": [{"symbol": "DED/USD", "price": 1.0}]},
    {"error": [], "result": {}},
    [11, "hb"],
    "pong",
    None,
]


@pytest.mark.parametrize("message", ERRORS)
def test_an_error_is_known_by_what_it_says(message: dict[str, Any]) -> None:
    assert is_error(message)


@pytest.mark.parametrize("message", OTHERS)
def test_acknowledgements_and_data_are_no_errors(message: Any) -> None:
    assert not is_error(message)


def test_the_number_of_a_request_may_have_many_names() -> None:
    assert [request_id({name: 7}) for name in ("id", "req_id", "reqid", "reqId", "request_id")] == ["7"] * 5
    assert [request_id(message) for message in ({}, {"id": None}, {"id": ""}, {"id": True}, [7])] == [None] * 5


async def never() -> None:
    raise AssertionError("nobody waits for it")


def subscribed(pair: str, market_id: str, request: dict[str, Any]) -> Subscription:
    subscription = Subscription(never, names_of(pair, {"id": market_id}), lambda: None)
    subscription.asked(None, request)
    return subscription


DEAD_TICKER = subscribed("DED/USD", "tDEDUSD", {"event": "subscribe", "channel": "ticker", "symbol": "tDEDUSD"})
DEAD_TRADES = subscribed("DED/USD", "tDEDUSD", {"event": "subscribe", "channel": "trades", "symbol": "tDEDUSD"})
GOOD_TICKER = subscribed("DED/USDT", "tDEDUSDT", {"event": "subscribe", "channel": "ticker", "symbol": "tDEDUSDT"})
NAMED = (DEAD_TICKER, DEAD_TRADES, GOOD_TICKER)


def test_an_error_that_names_pair_and_channel_is_about_one_stream() -> None:
    error = {"event": "error", "channel": "trades", "symbol": "tDEDUSD", "msg": "symbol: invalid"}
    assert refused_by(error, NAMED) == [DEAD_TRADES]


@pytest.mark.parametrize("said", ["DED/USD is not valid", "unknown: tDEDUSD.", '["tDEDUSD"] is unknown', "x.tdedusd"])
def test_an_error_that_names_a_pair_alone_is_about_all_its_streams_and_no_longer_name(said: str) -> None:
    assert refused_by({"event": "error", "msg": said}, NAMED) == [DEAD_TICKER, DEAD_TRADES]


def test_an_error_with_the_number_of_a_request_is_about_that_one() -> None:
    first, second = (
        subscribed(pair, pair, {"op": "subscribe", "req_id": str(number), "args": [f"tickers.{pair}"]})
        for number, pair in enumerate(("AAAUSD", "BBBUSD"))
    )
    assert refused_by({"success": False, "req_id": "1", "ret_msg": "no"}, (first, second)) == [second]


def test_a_number_that_several_pairs_share_says_nothing_without_a_name() -> None:
    pairs = [subscribed(pair, pair, {"id": 1, "params": [pair]}) for pair in ("AAAUSD", "BBBUSD")]
    assert refused_by({"id": 1, "error": "too many"}, pairs) == []
    assert refused_by({"id": 1, "error": "BBBUSD is unknown"}, pairs) == [pairs[1]]


def test_an_error_that_names_nobody_is_about_nobody() -> None:
    assert refused_by({"event": "error", "msg": "The venue is busy."}, NAMED) == []
