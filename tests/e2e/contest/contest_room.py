"""A server with contests, as its people use it: HTTP by wallet, sockets, and time that passes at a word."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx

from duelcast.app import App
from duelcast.channels.names import Role
from duelcast.clock import ManualClock
from duelcast.wire.timestamps import format_time
from tests.serving import Client, Frame, client, http_client, running, token_for

ADMIN = "boss"
ADMINS = frozenset({ADMIN, "chief"})
"""Wallets whose tokens have the role of an admin; all others are users."""
SPECTATORS = "?endpoint=public.contests"
"""The query that lets somebody in without a token."""
SOL_AND_BTC = {"SOL": 60, "BTC": 40}
PAGE_S = 24 * 3600.0


def choices(portfolio: Mapping[str, int]) -> list[dict[str, Any]]:
    """A portfolio as it is sent."""
    return [{"symbol": symbol, "weight": weight} for symbol, weight in portfolio.items()]


class Stage:
    """`clock` stands still until `pass_time`."""

    def __init__(self, app: App, http: httpx.AsyncClient) -> None:
        self.app = app
        assert isinstance(app.clock, ManualClock)
        self.clock = app.clock
        self._http = http

    # ── HTTP ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def call(
        self, method: str, path: str, body: Any = None, *, by: str | None = ADMIN, **headers: str
    ) -> httpx.Response:
        """A request of the wallet `by`, None is nobody; a header `Idempotency_Key` is `Idempotency-Key`."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if by is not None:
            sent["Authorization"] = f"Bearer {self.token(by)}"
        return await self._http.request(method, path, json=body, headers=sent)

    async def do(self, method: str, path: str, body: Any = None, *, by: str | None = ADMIN, **headers: str) -> Any:
        """What is answered to a request that succeeds."""
        answer = await self.call(method, path, body, by=by, **headers)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def refusal(
        self, method: str, path: str, body: Any = None, *, by: str | None = ADMIN, **headers: str
    ) -> tuple[int, str]:
        """Status and code of a request that is refused."""
        answer = await self.call(method, path, body, by=by, **headers)
        assert not answer.is_success, answer.text
        return answer.status_code, answer.json()["code"]

    async def contest(self, *, starts_in_s: float = 60, lasts_s: float = 600, **terms: Any) -> int:
        """The id of a new contest."""
        start_s = self.clock.time() + starts_in_s
        times = {"start_time": format_time(start_s), "end_time": format_time(start_s + lasts_s)}
        made = await self.do("POST", "/contests", {"name": "Cup"} | times | terms)
        number: int = made["id"]
        return number

    async def enter(self, contest: int, *wallets: str, portfolio: Mapping[str, int] = SOL_AND_BTC) -> None:
        for wallet in wallets:
            await self.do("POST", f"/contests/{contest}/entries", {"portfolio": choices(portfolio)}, by=wallet)

    async def prices(self, prices: Mapping[str, float]) -> None:
        rows = [{"symbol": symbol, "price": price} for symbol, price in prices.items()]
        assert (await self.do("POST", "/tokens/prices", rows))["accepted"] == len(rows)

    async def act(self, contest: int, what: str, **body: Any) -> Any:
        """Start, end or cancel a contest."""
        answer = await self.do("POST", f"/contests/{contest}/{what}", body or None)
        await self.app.leader.contests.final_rows.published()
        return answer

    async def set_status(self, contest: int, wallet: str, status: str) -> Any:
        return await self.do("PATCH", f"/contests/{contest}/entries/{wallet}", {"status": status})

    # ── time, tokens, sockets ───────────────────────────────────────────────────────────────────────────────────

    async def pass_time(self, seconds: float) -> None:
        """Let time pass, and the contest clock do what is due by then."""
        await self.clock.advance(seconds)
        await self.app.leader.contests.clock.settle_due()
        await self.app.leader.contests.final_rows.published()

    def token(self, wallet: str) -> str:
        return token_for(self.app, wallet, Role.ADMIN if wallet in ADMINS else Role.USER, nickname=f"N-{wallet}"[:32])

    def socket(self, wallet: str | None = None, **options: Any) -> AbstractAsyncContextManager[Client]:
        """A greeted connection of `wallet`, None is an anonymous one."""
        if wallet is None:
            return client(self.app, "contest", SPECTATORS, **options)
        return client(self.app, "contest", token=self.token(wallet), **options)


@asynccontextmanager
async def stage(clock: ManualClock | None = None, **settings: Any) -> AsyncIterator[Stage]:
    """A server without rate limits unless `settings` say otherwise, with a price of SOL (100) and BTC (50,000)."""
    async with (
        running(clock or ManualClock(), **{"rate_limit_factor": 0} | settings) as app,
        http_client(app) as http,
    ):
        made = Stage(app, http)
        if not app.leader.market.symbols():
            await made.prices({"SOL": 100.0, "BTC": 50_000.0})
        yield made


async def join(member: Client, contest: int, **more: Any) -> Frame:
    """Join the room; the reply. What follows it is read."""
    answer = await member.ask(type="join_contest_room", contestId=contest, **more)
    assert answer["type"] == "contest_room_joined", answer
    await member.drain()
    return answer


async def pushes(member: Client, kind: str) -> list[Frame]:
    """The frames of one type that were sent until now."""
    return [frame for frame in await member.drain() if frame["type"] == kind]


def rows_of(board: Mapping[str, Any]) -> list[tuple[int, str, float, float, int]]:
    """(rank, wallet, value, returnPct, rankChange) of a leaderboard, in the order it lists them."""
    return [(row["rank"], row["wallet"], row["value"], row["returnPct"], row["rankChange"]) for row in board["entries"]]
