"""A server with a running contest, and an office that keeps its prices and notifications going."""

from __future__ import annotations

import asyncio
import json
import random
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

from duelcast.channels.names import Role
from duelcast.clock import SystemClock
from duelcast.domain.accounts.tokens import TokenIssuer
from tests.serving import SECRET

CONTEST = 1
SETTINGS = {"feed": "none", "jwt_secret": SECRET, "rate_limit_factor": "0"}
SYMBOLS = ("BTC", "ETH", "SOL")
PAUSE_S = 0.05


def token_of(wallet: str, role: Role = Role.USER) -> str:
    return TokenIssuer(SystemClock(), SECRET).issue(wallet, role)


class Town:
    """Sends requests to the server at `port` until they have succeeded, whatever happens to the server."""

    def __init__(self, http: httpx.AsyncClient, port: int, seed: int) -> None:
        self.prices: dict[str, float] = {}
        self._http = http
        self._port = port
        self._rng = random.Random(seed)
        self._admin = {"Authorization": f"Bearer {token_of('boss', Role.ADMIN)}"}
        self._keys = count()

    async def open(self, wallets: list[str]) -> None:
        """Start a contest that all `wallets` have entered."""
        for symbol in SYMBOLS:
            await self._price(symbol, 100.0)
        begins = datetime.now(UTC) + timedelta(hours=1)
        times = {"start_time": begins.isoformat(), "end_time": (begins + timedelta(hours=9)).isoformat()}
        contest = await self.insist("POST", "/contests", {"name": "Friday Cup", **times})
        assert contest["id"] == CONTEST
        for wallet, symbol in zip(wallets, SYMBOLS * len(wallets), strict=False):
            headers = {"Authorization": f"Bearer {token_of(wallet)}"}
            body = {"portfolio": [{"symbol": symbol, "weight": 100}]}
            await self.insist("POST", f"/contests/{CONTEST}/entries", body, headers)
        await self.insist("POST", f"/contests/{CONTEST}/start", {})

    async def trade(self) -> None:
        """Move a price."""
        await self._price(self._rng.choice(SYMBOLS), round(self._rng.uniform(50, 150), 2))
        await asyncio.sleep(PAUSE_S)

    async def notify(self, *wallets: str, content: str = "It starts at nine.") -> None:
        body = {"wallets": wallets, "type": "CONTEST_INVITE", "title": "Join the cup", "content": content}
        await self.insist("POST", "/notifications", body)

    async def insist(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        """The answer to a request, which is repeated with the same key until it has succeeded."""
        headers = {**(headers or self._admin), "Idempotency-Key": f"key-{next(self._keys)}"}
        while True:
            try:
                answer = await self._http.request(method, f"/api/v69{path}", json=body, headers=headers)
            except httpx.TransportError:
                await asyncio.sleep(PAUSE_S)
                continue
            if answer.is_success:
                return answer.json() if answer.content else None
            assert answer.status_code == 503, answer.text
            await asyncio.sleep(PAUSE_S)

    async def chat(self) -> list[tuple[int, str]]:
        """All messages of the chat, in order, as id and text."""
        found: list[tuple[int, str]] = []
        async with connect(self.address("contest", "boss", Role.ADMIN), proxy=None) as socket:
            while True:
                earlier = {"beforeId": found[0][0]} if found else {}
                command = {"type": "get_chat_messages", "contestId": CONTEST, "limit": 100, "requestId": "page"}
                await socket.send(json.dumps({**command, **earlier}))
                page = await _received(socket, "chat_messages", "page")
                found = [(one["id"], one["text"]) for one in page["data"]] + found
                if not page["hasMore"]:
                    return found

    async def unread(self, wallet: str) -> int:
        """How many notifications of a wallet are unread."""
        async with connect(self.address("notifications", wallet), proxy=None) as socket:
            count: int = (await _received(socket, "unread_count"))["count"]
            return count

    async def notifications(self, wallet: str) -> list[int]:
        """The ids of all notifications of a wallet, the newest first."""
        found: list[int] = []
        async with connect(self.address("notifications", wallet), proxy=None) as socket:
            cursor: dict[str, str] = {}
            while True:
                await socket.send(
                    json.dumps({"type": "get_notifications", "limit": 100, "requestId": "page", **cursor})
                )
                page = await _received(socket, "notification_batch", "page")
                found += [one["id"] for one in page["data"]]
                if not page["hasMore"]:
                    return found
                cursor = {"cursor": page["nextCursor"]}

    def address(self, endpoint: str, wallet: str, role: Role = Role.USER) -> str:
        """The address of an endpoint, with the token of a wallet."""
        return f"ws://127.0.0.1:{self._port}/api/v69/ws/{endpoint}?token={token_of(wallet, role)}"

    async def _price(self, symbol: str, price: float) -> None:
        await self.insist("POST", "/tokens/prices", [{"symbol": symbol, "price": price}])
        self.prices[symbol] = price


async def _received(socket: ClientConnection, kind: str, request_id: str | None = None) -> dict[str, Any]:
    """The next message of a type, which answers a request if `request_id` is given."""
    while True:
        message: dict[str, Any] = json.loads(await socket.recv())
        if message["type"] == kind and message.get("requestId") == request_id:
            return message
