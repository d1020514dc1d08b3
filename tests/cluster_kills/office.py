"""Users of the HTTP API of the gateways."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx

from tests.cluster_kills.acts import PAUSE_S, Ledger, Outcome
from tests.cluster_kills.tokens import headers_of

BOSS = "boss"
ANSWER_TIMEOUT_S = 8.0
PAUSES_S = (0.05, 0.2)


class Office:
    """Sends each request to any of the gateways, by an admin unless a wallet is named."""

    def __init__(self, http: httpx.AsyncClient, gateways: Sequence[str], chance: random.Random) -> None:
        self._http = http
        self._gateways = gateways
        self._chance = chance

    async def attempt(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        wallet: str = BOSS,
        key: str | None = None,
        gateway: str | None = None,
    ) -> tuple[Outcome, httpx.Response | None]:
        """Send a request once; `key` is its idempotency key. Returns the outcome, and the answer if there is one."""
        headers = dict(headers_of(wallet, "admin" if wallet == BOSS else "user"))
        if key is not None:
            headers["Idempotency-Key"] = key
        url = f"{gateway or self._chance.choice(self._gateways)}/api/v69{path}"
        try:
            answer = await self._http.request(method, url, json=body, headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            return Outcome.REFUSED, None
        except httpx.TransportError:
            return Outcome.UNKNOWN, None
        if answer.status_code != 503:
            return Outcome.ACKNOWLEDGED, answer
        return Outcome.UNKNOWN if answer.json()["code"] == "OUTCOME_UNKNOWN" else Outcome.REFUSED, answer

    async def insist(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        wallet: str = BOSS,
        refusals: Sequence[str] = (),
        **options: Any,
    ) -> Any:
        """The answer to a request that is repeated with the same key until it is acknowledged. It may be refused with
        one of the codes of `refusals`."""
        key = str(uuid.UUID(int=self._chance.getrandbits(128)))
        while True:
            outcome, answer = await self.attempt(method, path, body, wallet=wallet, key=key, **options)
            if outcome is Outcome.ACKNOWLEDGED:
                assert answer is not None
                found: Any = answer.json() if answer.content else None
                assert answer.is_success or found["code"] in refusals, f"{method} {path}: {answer.text}"
                return found
            await asyncio.sleep(PAUSE_S)


class Poster:
    """Posts rows of one kind, whose keys are unique, until it is over."""

    def __init__(self, office: Office, ledger: Ledger, chance: random.Random) -> None:
        self.acknowledged = 0
        self.ledger = ledger
        self._office = office
        self._chance = chance

    def request(self, number: int) -> tuple[str, str, Any]:
        """The key of a row, and the path and the body of the request that makes it."""
        raise NotImplementedError

    async def work(self, over: asyncio.Event) -> None:
        while not over.is_set():
            row, path, body = self.request(self._chance.getrandbits(48))
            key = str(uuid.UUID(int=self._chance.getrandbits(128)))

            async def attempt(path: str = path, body: Any = body, key: str = key) -> Outcome:
                outcome, answer = await self._office.attempt("POST", path, body, key=key)
                if outcome is Outcome.ACKNOWLEDGED:
                    assert answer is not None
                    assert answer.is_success, f"POST {path} {body}: {answer.text}"
                return outcome

            if await self.ledger.send(row, attempt, self._chance):
                self.acknowledged += 1
            await asyncio.sleep(self._chance.uniform(*PAUSES_S))


class Notifier(Poster):
    """Notifies a wallet, or everybody."""

    def __init__(self, office: Office, ledger: Ledger, chance: random.Random, wallet: str | None) -> None:
        super().__init__(office, ledger, chance)
        self._to = {"broadcast": True} if wallet is None else {"wallets": [wallet]}

    def request(self, number: int) -> tuple[str, str, Any]:
        title = f"News {number}"
        return title, "/notifications", {**self._to, "type": "NEWS", "title": title, "content": "It rains."}


class Trader(Poster):
    """Posts trades of a symbol, each with a quantity of its own."""

    def __init__(self, office: Office, ledger: Ledger, chance: random.Random, symbol: str) -> None:
        super().__init__(office, ledger, chance)
        self._symbol = symbol

    def request(self, number: int) -> tuple[str, str, Any]:
        trade = {"symbol": self._symbol, "price": 100.0, "quantity": float(number + 1), "side": "buy"}
        own_id = {"id": str(number)} if number % 2 else {}
        return str(number + 1), "/tokens/trades", [{**trade, **own_id}]


class Reporter(Poster):
    """Reports errors."""

    def request(self, number: int) -> tuple[str, str, Any]:
        text = f"failure {number}"
        return text, "/errors", {"service": "wire", "level": "error", "error": text}


class Ticker:
    """Posts the prices of some symbols, again and again. `prices` are the last ones that were acknowledged."""

    def __init__(self, office: Office, symbols: Sequence[str], chance: random.Random) -> None:
        self.acknowledged = 0
        self.prices: dict[str, float] = {}
        self._office = office
        self._symbols = symbols
        self._chance = chance

    async def work(self, over: asyncio.Event) -> None:
        while not over.is_set():
            await self.post()
            await asyncio.sleep(self._chance.uniform(*PAUSES_S))

    async def post(self) -> None:
        """Post new prices until they are acknowledged."""
        prices = {symbol: round(self._chance.uniform(50, 150), 6) for symbol in self._symbols}
        body = [{"symbol": symbol, "price": price} for symbol, price in prices.items()]
        await self._office.insist("POST", "/tokens/prices", body)
        self.prices = prices
        self.acknowledged += 1


class Breaker:
    """Reports failures of a service, so that its breaker opens, and defines it again, which closes it: there is an
    alert each time."""

    def __init__(self, office: Office) -> None:
        self.acknowledged = 0
        self._office = office

    async def work(self, over: asyncio.Event) -> None:
        while not over.is_set():
            await self._office.insist("PUT", "/services/wire", {"kind": "reported", "layer": "outside"})
            operations = [{"ok": False, "durationMs": 1}] * 20
            await self._office.insist("POST", "/services/wire/operations", operations)
            self.acknowledged += 1
            await asyncio.sleep(PAUSE_S)


@asynccontextmanager
async def office(gateways: Sequence[str], chance: random.Random) -> AsyncIterator[Office]:
    """For the gateways at these addresses, whether they run or not."""
    async with httpx.AsyncClient(timeout=ANSWER_TIMEOUT_S, trust_env=False) as http:
        yield Office(http, gateways, chance)
