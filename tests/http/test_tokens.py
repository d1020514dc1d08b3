from __future__ import annotations

from typing import Any

import pytest

from tests.http.serving import Serving

SOL = {"name": "Solana", "address": "So11111111111111111111111111111111111111112", "decimals": 9}


async def post_price(server: Serving, symbol: str = "SOL", price: float = 150.5) -> None:
    answer = await server.client.post(
        "/api/v69/tokens/prices", json=[{"symbol": symbol, "price": price}], headers=server.admin
    )
    assert answer.status_code == 200


async def test_without_tokens_the_list_is_empty(server: Serving) -> None:
    answer = await server.client.get("/api/v69/tokens")
    assert answer.status_code == 200
    assert answer.json() == {"data": [], "count": 0}


async def test_a_posted_price_adds_the_token_and_is_read_back(server: Serving) -> None:
    posted = await server.client.post(
        "/api/v69/tokens/prices",
        json=[{"symbol": "SOL", "price": 150.5, "volume_24h": 1e6, "_note": "ours"}, {"symbol": "BTC", "price": 1}],
        headers=server.admin,
    )
    assert posted.status_code == 200
    assert posted.json() == {"accepted": 2, "dropped": 0, "duplicate": 0}
    listed = (await server.client.get("/api/v69/tokens")).json()
    assert [token["symbol"] for token in listed["data"]] == ["BTC", "SOL"]
    assert listed["count"] == 2
    one = (await server.client.get("/api/v69/tokens/sol")).json()
    assert (one["symbol"], one["price"], one["volume_24h"], one["name"]) == ("SOL", 150.5, 1e6, None)


async def test_a_trade_with_a_known_id_is_a_duplicate(server: Serving) -> None:
    trade = {"symbol": "SOL", "price": 150.5, "quantity": 2, "side": "buy", "id": "t-1"}
    answer = await server.client.post("/api/v69/tokens/trades", json=[trade, trade], headers=server.machine)
    assert answer.json() == {"accepted": 1, "dropped": 0, "duplicate": 1}


async def test_metadata_is_put_by_an_admin_and_answered_as_the_token(server: Serving) -> None:
    answer = await server.client.put("/api/v69/tokens/SOL", json=SOL, headers=server.admin)
    assert answer.status_code == 200
    assert answer.json()["name"] == "Solana"
    assert answer.json()["price"] is None
    again = await server.client.put("/api/v69/tokens/SOL", json=SOL, headers=server.admin)
    assert again.json() == answer.json()


async def test_history_has_a_candle_per_minute_with_a_price(server: Serving) -> None:
    for price in (10.0, 12.0, 9.0, 11.0):
        await post_price(server, price=price)
    await server.clock.advance(60)
    await post_price(server, price=20.0)
    answer = (await server.client.get("/api/v69/tokens/SOL/history")).json()
    assert [{key: row[key] for key in ("open", "high", "low", "close")} for row in answer["data"]] == [
        {"open": 10.0, "high": 12.0, "low": 9.0, "close": 11.0},
        {"open": 20.0, "high": 20.0, "low": 20.0, "close": 20.0},
    ]
    first, second = (row["timestamp"] for row in answer["data"])
    later = await server.client.get("/api/v69/tokens/SOL/history", params={"from": second})
    assert [row["timestamp"] for row in later.json()["data"]] == [second]
    earlier = await server.client.get("/api/v69/tokens/SOL/history", params={"to": second, "interval": "1m"})
    assert [row["timestamp"] for row in earlier.json()["data"]] == [first]


async def test_a_long_history_comes_in_pages(server: Serving) -> None:
    for price in (1.0, 2.0, 3.0):
        await post_price(server, price=price)
        await server.clock.advance(60)
    path = "/api/v69/tokens/SOL/history"
    first = (await server.client.get(path, params={"limit": 2})).json()
    assert ([row["close"] for row in first["data"]], first["count"]) == ([1.0, 2.0], 2)
    last = (await server.client.get(path, params={"limit": 2, "cursor": first["nextCursor"]})).json()
    assert [row["close"] for row in last["data"]] == [3.0]
    assert "nextCursor" not in last


async def test_a_time_in_the_query_may_have_an_unescaped_plus_sign(server: Serving) -> None:
    await post_price(server)
    answer = await server.client.get("/api/v69/tokens/SOL/history?from=2027-01-15T08:00:00+00:00")
    assert answer.status_code == 200
    assert answer.json()["count"] == 1


async def test_sparklines_have_a_price_per_quarter_of_an_hour(server: Serving) -> None:
    await post_price(server, price=10.0)
    await post_price(server, "BTC", 7.0)
    await server.clock.advance(14 * 60)
    await post_price(server, price=12.0)
    await server.clock.advance(31 * 60)
    await post_price(server, price=9.0)
    answer = await server.client.get("/api/v69/tokens/sparklines", params={"symbols": "sol,BTC,NOPE,SOL"})
    start = "2027-01-15T08:00:00.000Z"
    assert answer.json() == {
        "data": [
            {"symbol": "BTC", "start": start, "prices": [7.0, 7.0, 7.0, 7.0]},
            {"symbol": "SOL", "start": start, "prices": [12.0, 12.0, 12.0, 9.0]},
        ],
        "count": 2,
    }


async def test_a_token_without_a_price_has_no_sparkline(server: Serving) -> None:
    await server.client.put("/api/v69/tokens/SOL", json=SOL, headers=server.admin)
    answer = await server.client.get("/api/v69/tokens/sparklines", params={"symbols": "SOL"})
    assert answer.json() == {"data": [], "count": 0}


@pytest.mark.parametrize("query", ["", "?symbols=" + ",".join(f"T{i}" for i in range(101)), "?symbols=" + "x" * 4_000])
async def test_a_request_for_sparklines_names_up_to_100_tokens(server: Serving, query: str) -> None:
    answer = await server.client.get(f"/api/v69/tokens/sparklines{query}")
    assert answer.status_code == 400
    assert (answer.json()["code"], answer.json()["field"]) == ("INVALID_REQUEST", "symbols")


async def test_a_token_may_be_called_sparklines(server: Serving) -> None:
    await post_price(server, "SPARKLINES", 3.0)
    assert (await server.client.get("/api/v69/tokens/SPARKLINES")).json()["price"] == 3.0


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=yesterday", "from"),
        ("to=2027-01-15T08:00:00", "to"),
        ("interval=2m", "interval"),
        ("limit=0", "limit"),
        ("cursor=x", "cursor"),
        ("from=2027-01-15T08:00:00Z&to=2027-01-15T08:00:00Z", "from"),
    ],
)
async def test_a_query_that_cannot_be_read_names_its_field(server: Serving, query: str, field: str) -> None:
    await post_price(server)
    answer = await server.client.get(f"/api/v69/tokens/SOL/history?{query}")
    assert answer.status_code == 400
    assert answer.json()["code"] == "INVALID_REQUEST"
    assert answer.json()["field"] == field


@pytest.mark.parametrize("path", ["/api/v69/tokens/NOPE", "/api/v69/tokens/NOPE/history"])
async def test_an_unknown_token_is_not_found(server: Serving, path: str) -> None:
    answer = await server.client.get(path)
    assert answer.status_code == 404
    assert answer.json()["code"] == "TOKEN_NOT_FOUND"


async def test_a_symbol_outside_the_grammar_cannot_be_put(server: Serving) -> None:
    answer = await server.client.put("/api/v69/tokens/S%20L", json=SOL, headers=server.admin)
    assert answer.status_code == 400
    assert answer.json()["field"] == "symbol"


PRICE = {"symbol": "SOL", "price": 1}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ([{"symbol": "SOL"}], "[0].price"),
        ([PRICE, {"symbol": "SOL", "price": "1"}], "[1].price"),
        ([{**PRICE, "vol_24h": 1}], "[0].vol_24h"),
        ([{**PRICE, "timestamp": "2027-01-15T08:00:00"}], "[0].timestamp"),
        ([{**PRICE, "price": 2**63}], "[0].price"),
        ([{**PRICE, "price": -1}], "[0].price"),
        ([{**PRICE, "symbol": "S\u0000"}], "[0].symbol"),
    ],
)
async def test_a_row_at_fault_is_named_and_nothing_is_taken(server: Serving, body: list[Any], field: str) -> None:
    answer = await server.client.post("/api/v69/tokens/prices", json=body, headers=server.admin)
    assert answer.status_code == 400
    assert answer.json()["code"] == "INVALID_REQUEST"
    assert answer.json()["field"] == field
    assert server.market.tokens() == []


async def test_an_unknown_field_is_answered_with_the_nearest_known_one(server: Serving) -> None:
    body = {**SOL, "decimal": 9}
    answer = await server.client.put("/api/v69/tokens/SOL", json=body, headers=server.admin)
    assert answer.json()["field"] == "decimal"
    assert "`decimals`" in answer.json()["detail"]


async def test_a_long_list_is_taken_in_its_order_and_as_a_whole(server: Serving) -> None:
    rows = [{"symbol": "SOL", "price": price} for price in range(1, 1202)]
    answer = await server.client.post("/api/v69/tokens/prices", json=rows, headers=server.admin)
    assert answer.json() == {"accepted": 1201, "dropped": 0, "duplicate": 0}
    assert server.market.token("SOL").price == 1201
