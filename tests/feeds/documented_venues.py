"""Venues on loopback whose answers and frames are written after their public documentation.

    async with documented(Kraken("BTC/USD", "DEAD/USD", refused={"DEAD/USD"})) as venue:
        ...  # a feed of `venue`

A venue is quiet but for what a test lets it say: it acknowledges, refuses, and sends `history` to a new subscription.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal, NamedTuple

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from tests.feeds.local_http import Answer, local_http

Kind = Literal["ticker", "trades"]
Frame = dict[str, Any] | list[Any]


class VenueTrade(NamedTuple):
    """A trade as any venue has it; `at_ms` epoch."""

    trade_id: int
    price: float
    quantity: float
    side: Literal["buy", "sell"]
    at_ms: int


class Asked(NamedTuple):
    """A subscription that a client asked for; `request` is its frame."""

    kind: Kind
    pair: str
    request: dict[str, Any]


class DocumentedVenue(ABC):
    """`refused` pairs are refused; the list of markets waits until `may_list` is set, as it is by default."""

    name: ClassVar[str]

    def __init__(
        self, *pairs: str, refused: Iterable[str] = (), history: Sequence[VenueTrade] = (), listed: bool = True
    ) -> None:
        self.pairs = list(pairs)
        self.refused = set(refused)
        self.history = history
        self.may_list = asyncio.Event()
        if listed:
            self.may_list.set()
        self.asked: list[tuple[Kind, str]] = []
        self.connections: set[ServerConnection] = set()
        self.lists_asked = 0
        self.ws_url = self.http_url = ""

    async def say_ticker(self, pair: str, price: float) -> None:
        """Send a ticker to everybody who has subscribed to it."""
        await self._say(self.ticker(pair, price))

    async def say_trade(self, pair: str, trade: VenueTrade) -> None:
        """Send a trade that has just been made."""
        await self._say(self.trade(pair, trade))

    async def _say(self, frame: Frame) -> None:
        for connection in list(self.connections):
            await connection.send(json.dumps(frame))

    async def answer(self, target: str) -> Answer:
        self.lists_asked += 1
        await self.may_list.wait()
        return Answer(json.dumps(self.http_answer(target)).encode())

    async def speak(self, connection: ServerConnection) -> None:
        """Serve one connection."""
        self.connections.add(connection)
        try:
            for frame in self.greeting():
                await connection.send(json.dumps(frame))
            async for text in connection:
                for frame in self._answers(json.loads(text)):
                    await connection.send(json.dumps(frame))
        except ConnectionClosed:
            pass
        finally:
            self.connections.discard(connection)

    def _answers(self, message: dict[str, Any]) -> list[Frame]:
        frames: list[Frame] = []
        for asked in self.subscriptions(message):
            self.asked.append((asked.kind, asked.pair))
            if asked.pair in self.refused:
                frames.append(self.refusal(asked))
                continue
            frames.append(self.acknowledgement(asked))
            if asked.kind == "trades" and self.history:
                frames.append(self.snapshot(asked.pair, self.history))
        return frames

    def greeting(self) -> Sequence[Frame]:
        """What is sent to a new connection."""
        return ()

    @abstractmethod
    def http_answer(self, target: str) -> Any: ...

    @abstractmethod
    def subscriptions(self, message: dict[str, Any]) -> list[Asked]: ...

    @abstractmethod
    def acknowledgement(self, asked: Asked) -> Frame: ...

    @abstractmethod
    def refusal(self, asked: Asked) -> Frame: ...

    @abstractmethod
    def ticker(self, pair: str, price: float) -> Frame: ...

    @abstractmethod
    def trade(self, pair: str, trade: VenueTrade) -> Frame: ...

    @abstractmethod
    def snapshot(self, pair: str, trades: Sequence[VenueTrade]) -> Frame: ...


class Kraken(DocumentedVenue):
    """https://docs.kraken.com/api/docs/websocket-v2/ticker, …/trade, and /0/public/AssetPairs."""

    name = "kraken"

    def greeting(self) -> Sequence[Frame]:
        status = {"version": "2.0.10", "system": "online", "api_version": "v2", "connection_id": 1283459763058062}
        return ({"channel": "status", "type": "update", "data": [status]},)

    def http_answer(self, target: str) -> Any:
        if "AssetPairs" not in target:
            return {"error": [], "result": {}}
        return {"error": [], "result": {pair.replace("/", ""): self._market(pair) for pair in self.pairs}}

    @staticmethod
    def _market(pair: str) -> dict[str, Any]:
        base, quote = pair.split("/")
        return {
            "altname": base + quote,
            "wsname": pair,
            "aclass_base": "currency",
            "base": base,
            "aclass_quote": "currency",
            "quote": quote,
            "pair_decimals": 1,
            "lot_decimals": 8,
            "lot_multiplier": 1,
            "leverage_buy": [],
            "leverage_sell": [],
            "fees": [[0, 0.4]],
            "fees_maker": [[0, 0.25]],
            "fee_volume_currency": "ZUSD",
            "ordermin": "0.0001",
            "costmin": "0.5",
            "tick_size": "0.1",
            "status": "online",
        }

    def subscriptions(self, message: dict[str, Any]) -> list[Asked]:
        if message.get("method") != "subscribe":
            return []
        kinds: dict[str, Kind] = {"ticker": "ticker", "trade": "trades"}
        kind = kinds[message["params"]["channel"]]
        return [Asked(kind, pair, message) for pair in message["params"]["symbol"]]

    def acknowledgement(self, asked: Asked) -> Frame:
        result = {"channel": asked.request["params"]["channel"], "snapshot": True, "symbol": asked.pair}
        return self._reply(asked) | {"result": result, "success": True}

    def refusal(self, asked: Asked) -> Frame:
        return self._reply(asked) | {
            "error": f"Currency pair not supported {asked.pair}",
            "success": False,
            "symbol": asked.pair,
        }

    @staticmethod
    def _reply(asked: Asked) -> dict[str, Any]:
        times = {"time_in": "2023-09-25T09:04:31.742599Z", "time_out": "2023-09-25T09:04:31.742648Z"}
        return {"method": "subscribe", "req_id": asked.request["req_id"]} | times

    def ticker(self, pair: str, price: float) -> Frame:
        data = {
            "symbol": pair,
            "bid": price - 0.1,
            "bid_qty": 0.5,
            "ask": price + 0.1,
            "ask_qty": 0.5,
            "last": price,
            "volume": 100.0,
            "vwap": price,
            "low": price - 10,
            "high": price + 10,
            "change": 1.0,
            "change_pct": 2.5,
        }
        return {"channel": "ticker", "type": "update", "data": [data]}

    def trade(self, pair: str, trade: VenueTrade) -> Frame:
        return {"channel": "trade", "type": "update", "data": [self._trade(pair, trade)]}

    def snapshot(self, pair: str, trades: Sequence[VenueTrade]) -> Frame:
        return {"channel": "trade", "type": "snapshot", "data": [self._trade(pair, trade) for trade in trades]}

    @staticmethod
    def _trade(pair: str, trade: VenueTrade) -> dict[str, Any]:
        at = datetime.fromtimestamp(trade.at_ms / 1000, UTC)
        return {
            "symbol": pair,
            "side": trade.side,
            "price": trade.price,
            "qty": trade.quantity,
            "ord_type": "market",
            "trade_id": trade.trade_id,
            "timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        }


class Bybit(DocumentedVenue):
    """https://bybit-exchange.github.io/docs/v5/websocket/public/ticker, …/trade, and /v5/market/instruments-info."""

    name = "bybit"

    def http_answer(self, target: str) -> Any:
        result = {"category": "spot", "list": [self._market(pair) for pair in self.pairs]}
        return {"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": 1672712468011}

    @staticmethod
    def _market(pair: str) -> dict[str, Any]:
        base, quote = pair.split("/")
        return {
            "symbol": base + quote,
            "baseCoin": base,
            "quoteCoin": quote,
            "innovation": "0",
            "status": "Trading",
            "marginTrading": "none",
            "lotSizeFilter": {
                "basePrecision": "0.000001",
                "quotePrecision": "0.00000001",
                "minOrderQty": "0.000048",
                "maxOrderQty": "71.73956243",
                "minOrderAmt": "1",
                "maxOrderAmt": "4000000",
            },
            "priceFilter": {"tickSize": "0.01"},
        }

    def subscriptions(self, message: dict[str, Any]) -> list[Asked]:
        if message.get("op") != "subscribe":
            return []
        kinds: dict[str, Kind] = {"tickers": "ticker", "publicTrade": "trades"}
        by_id = {pair.replace("/", ""): pair for pair in self.pairs}
        topics = [topic.split(".") for topic in message["args"]]
        return [Asked(kinds[channel], by_id[market], message) for channel, market in topics]

    def acknowledgement(self, asked: Asked) -> Frame:
        return {"success": True, "ret_msg": "subscribe"} | self._reply(asked)

    def refusal(self, asked: Asked) -> Frame:
        return {"success": False, "ret_msg": f"Invalid symbol :[{asked.request['args'][0]}]"} | self._reply(asked)

    @staticmethod
    def _reply(asked: Asked) -> dict[str, Any]:
        return {
            "conn_id": "2324d924-aa4d-45b0-a858-7b8be29ab52b",
            "req_id": asked.request["req_id"],
            "op": "subscribe",
        }

    def ticker(self, pair: str, price: float) -> Frame:
        market = pair.replace("/", "")
        data = {
            "symbol": market,
            "lastPrice": str(price),
            "highPrice24h": str(price + 10),
            "lowPrice24h": str(price - 10),
            "prevPrice24h": str(price / 1.025),
            "volume24h": "100",
            "turnover24h": str(price * 100),
            "price24hPcnt": "0.025",
            "usdIndexPrice": str(price),
        }
        topic = f"tickers.{market}"
        return {"topic": topic, "ts": 1673853746003, "type": "snapshot", "cs": 2588407389, "data": data}

    def trade(self, pair: str, trade: VenueTrade) -> Frame:
        return self.snapshot(pair, [trade])

    def snapshot(self, pair: str, trades: Sequence[VenueTrade]) -> Frame:
        market = pair.replace("/", "")
        data = [
            {
                "T": trade.at_ms,
                "s": market,
                "S": trade.side.capitalize(),
                "v": str(trade.quantity),
                "p": str(trade.price),
                "L": "PlusTick",
                "i": str(trade.trade_id),
                "BT": False,
            }
            for trade in trades
        ]
        return {"topic": f"publicTrade.{market}", "type": "snapshot", "ts": 1672304486868, "data": data}


class Bitfinex(DocumentedVenue):
    """https://docs.bitfinex.com/docs/ws-general, …/reference/ws-public-ticker, …-trades, and /v2/conf. Currencies have
    three letters."""

    name = "bitfinex"

    def __init__(
        self, *pairs: str, refused: Iterable[str] = (), history: Sequence[VenueTrade] = (), listed: bool = True
    ) -> None:
        super().__init__(*pairs, refused=refused, history=history, listed=listed)
        self._next_channel = itertools.count(11)
        self._channels: dict[tuple[Kind, str], int] = {}

    def greeting(self) -> Sequence[Frame]:
        server = "5b73a436-19ca-4a15-8160-9069bdd7f181"
        return ({"event": "info", "version": 2, "serverId": server, "platform": {"status": 1}},)

    def http_answer(self, target: str) -> Any:
        figures = [None, None, None, "0.00006", "2000.0", None, None, None, 0.2, 0.1, None, None]
        if "pub:info:pair" in target or "pub%3Ainfo%3Apair" in target:
            return [[[pair.replace("/", ""), figures] for pair in self.pairs], [], [], []]
        return [[] for _ in target.split(",")]

    def subscriptions(self, message: dict[str, Any]) -> list[Asked]:
        if message.get("event") != "subscribe":
            return []
        by_id = {f"t{pair.replace('/', '')}": pair for pair in self.pairs}
        return [Asked(message["channel"], by_id[message["symbol"]], message)]

    def acknowledgement(self, asked: Asked) -> Frame:
        channel = self._channels[asked.kind, asked.pair] = next(self._next_channel)
        return {"event": "subscribed", "channel": asked.kind, "chanId": channel} | self._named(asked)

    def refusal(self, asked: Asked) -> Frame:
        error = {"event": "error", "msg": "symbol: invalid", "code": 10300, "channel": asked.kind}
        return error | self._named(asked)

    @staticmethod
    def _named(asked: Asked) -> dict[str, Any]:
        return {"symbol": asked.request["symbol"], "pair": asked.pair.replace("/", "")}

    def ticker(self, pair: str, price: float) -> Frame:
        figures = [price - 0.1, 9.0, price + 0.1, 7.1, 1.0, 0.025, price, 100.0, price + 10, price - 10]
        return [self._channels["ticker", pair], figures]

    def trade(self, pair: str, trade: VenueTrade) -> Frame:
        return [self._channels["trades", pair], "te", self._trade(trade)]

    def snapshot(self, pair: str, trades: Sequence[VenueTrade]) -> Frame:
        """The newest first."""
        return [self._channels["trades", pair], [self._trade(trade) for trade in reversed(trades)]]

    @staticmethod
    def _trade(trade: VenueTrade) -> list[Any]:
        return [trade.trade_id, trade.at_ms, trade.quantity if trade.side == "buy" else -trade.quantity, trade.price]


@contextlib.asynccontextmanager
async def documented(venue: DocumentedVenue) -> AsyncIterator[DocumentedVenue]:
    """Serve `venue` on loopback."""
    async with (
        local_http(venue.answer) as http_url,
        serve(venue.speak, "127.0.0.1", 0, compression=None, ping_interval=None, close_timeout=1) as server,
    ):
        venue.http_url = http_url
        venue.ws_url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        yield venue
