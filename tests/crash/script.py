"""What happens in the contest, act by act, and what each act leaves in the database."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from duelcast.channels.names import Role

CONTEST = 1
"""Its id: it is the first one of its database."""
ADMIN = "boss"
STARTING_BALANCE = 1_000.0

Rows = list[tuple[Any, ...]]
Portfolio = Mapping[str, int]
Boundary = Literal["start", "end"]

CURRENT_PRICES = """
select symbol, last from minute_prices as own
where minute = (select max(minute) from minute_prices where symbol = own.symbol) order by symbol
"""


@dataclass(frozen=True, kw_only=True)
class Act:
    """Something that `wallet` asks for.

    `traces` are queries with the rows that each gives once the act is stored. Before, each gives what an earlier act
    left, or nothing. An act that is half there shows as other rows, or as old ones here and new ones there.
    """

    wallet: str
    traces: Mapping[str, Rows]


@dataclass(frozen=True, kw_only=True)
class Request(Act):
    """Over HTTP. `repeated` is the code of the refusal which tells that an earlier attempt has done it already."""

    method: str
    path: str
    body: Any = None
    key: str | None = None
    repeated: str | None = None
    role: Role = Role.USER


@dataclass(frozen=True, kw_only=True)
class Message(Act):
    """Into the room of the contest, over a WebSocket."""

    text: str
    message_id: str


@dataclass
class Script:
    """Acts in their order, with the boundaries between them. What they leave follows from those before."""

    steps: list[Act | Boundary] = field(default_factory=list)
    portfolios: dict[str, Portfolio] = field(default_factory=dict)
    at_start: dict[str, Portfolio] = field(default_factory=dict)
    _prices: dict[str, float] = field(default_factory=dict)
    _trades: dict[str, Rows] = field(default_factory=dict)

    # ── what admins do ──────────────────────────────────────────────────────────────────────────────────────────

    def name(self, wallet: str, nickname: str) -> None:
        traces: dict[str, Rows] = {f"select nickname from users where wallet = '{wallet}'": [(nickname,)]}
        self._admin("PUT", f"/users/{wallet}", {"nickname": nickname}, traces)

    def price(self, **prices: float) -> None:
        body = [{"symbol": symbol, "price": price} for symbol, price in prices.items()]
        self._admin("POST", "/tokens/prices", body, self._priced(prices))

    def trade_elsewhere(self, symbol: str, price: float, trade_id: str) -> None:
        """Report a trade; the price that was posted of the symbol stays."""
        query = f"select symbol, price, quantity from posted_trades where trade_id = '{trade_id}'"
        body = [{"symbol": symbol, "price": price, "quantity": 2, "side": "buy", "id": trade_id}]
        traces: dict[str, Rows] = {query: [(symbol, price, 2.0)]}
        self._admin("POST", "/tokens/trades", body, traces)

    def create(self, start_time: str, end_time: str) -> None:
        body = {
            "name": "Cup",
            "start_time": start_time,
            "end_time": end_time,
            "prize_pool": "1000.123456789",
            "starting_balance": STARTING_BALANCE,
        }
        traces: dict[str, Rows] = {
            "select id, name from contests": [(CONTEST, "Cup")],
            "select json_extract(cast(answer as text), '$.id') from idempotent_requests": [(CONTEST,)],
            _audited("contests.create"): [(f"contests/{CONTEST}",)],
        }
        self._admin("POST", "/contests", body, traces, key="cup")

    def disqualify(self, wallet: str) -> None:
        path = f"/contests/{CONTEST}/entries/{wallet}"
        traces: dict[str, Rows] = {
            f"select disqualified from contest_entries where disqualified and wallet = '{wallet}'": [(1,)],
            f"select kind from domain_events where wallet = '{wallet}'": [("participant_disqualified",)],
            _audited("contests.disqualify"): [(path.removeprefix("/"),)],
        }
        self._admin("PATCH", path, {"status": "disqualified"}, traces)

    def boundary(self, which: Boundary, *, by_admin: bool) -> None:
        """`by_admin`, else by the clock."""
        if which == "start":
            self.at_start = dict(self.portfolios)
        if not by_admin:
            self.steps.append(which)
            return
        traces: dict[str, Rows] = {
            f"select symbol, price from contest_prices where boundary = '{which}' order by symbol": self._price_rows(),
            _audited(f"contests.{which}"): [(f"contests/{CONTEST}",)],
        }
        self._admin("POST", f"/contests/{CONTEST}/{which}", None, traces, repeated="INVALID_STATE")

    # ── what users do ───────────────────────────────────────────────────────────────────────────────────────────

    def enter(self, wallet: str, **portfolio: int) -> None:
        self._portfolio("POST", "", wallet, portfolio, repeated="ALREADY_ENTERED")

    def withdraw(self, wallet: str) -> None:
        del self.portfolios[wallet]
        path = f"/contests/{CONTEST}/entries/me"
        traces: dict[str, Rows] = {_portfolio_of(wallet): []}
        self.steps.append(Request(wallet=wallet, method="DELETE", path=path, repeated="NOT_ENTERED", traces=traces))

    def choose(self, wallet: str, *trades: tuple[str, Literal["buy", "sell"]], **portfolio: int) -> None:
        """Change the portfolio, which takes `trades` in an active contest."""
        self._trades.setdefault(wallet, []).extend(trades)
        self._portfolio("PUT", "/me/portfolio", wallet, portfolio)

    def say(self, wallet: str, text: str) -> None:
        message_id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{wallet} {text}"))
        query = f"select wallet, text from chat_messages where message_id = '{message_id}'"
        self.steps.append(
            Message(wallet=wallet, text=text, message_id=message_id, traces={query: [(wallet, text)]}),
        )

    # ── parts ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _admin(
        self,
        method: str,
        path: str,
        body: Any,
        traces: Mapping[str, Rows],
        *,
        key: str | None = None,
        repeated: str | None = None,
    ) -> None:
        self.steps.append(
            Request(
                wallet=ADMIN,
                role=Role.ADMIN,
                method=method,
                path=path,
                body=body,
                traces=traces,
                key=key,
                repeated=repeated,
            )
        )

    def _portfolio(
        self, method: str, path: str, wallet: str, portfolio: Portfolio, *, repeated: str | None = None
    ) -> None:
        self.portfolios[wallet] = portfolio
        trades = f"select symbol, side from contest_trades where wallet = '{wallet}' order by id"
        self.steps.append(
            Request(
                wallet=wallet,
                method=method,
                path=f"/contests/{CONTEST}/entries{path}",
                body={"portfolio": [{"symbol": symbol, "weight": weight} for symbol, weight in portfolio.items()]},
                repeated=repeated,
                traces={
                    _portfolio_of(wallet): sorted(portfolio.items()),
                    trades: list(self._trades.get(wallet, [])),
                },
            )
        )

    def _priced(self, prices: Mapping[str, float]) -> dict[str, Rows]:
        self._prices |= prices
        return {CURRENT_PRICES: self._price_rows()}

    def _price_rows(self) -> Rows:
        return sorted(self._prices.items())


def _portfolio_of(wallet: str) -> str:
    return (
        "select symbol, weight from contest_entries left join holdings on entry_id = contest_entries.id "
        f"where wallet = '{wallet}' order by symbol"
    )


def _audited(action: str) -> str:
    return f"select target from audit where action = '{action}' and outcome = 'ok'"


def cup(times: Sequence[str], *, by_admin: bool) -> Script:
    """The contest that is disturbed. `times` are its start and end, both far away: they are brought near later."""
    script = Script()
    script.price(SOL=101.37, BTC=50_123.9, ETH=3_011.7)
    script.name("ann", "Ann")
    script.create(*times)
    script.enter("ann", SOL=60, BTC=40)
    script.enter("bob", SOL=100)
    script.say("ann", "Hello, all.")
    script.enter("cat", BTC=33, ETH=33, SOL=34)
    script.enter("dan", SOL=100)
    script.enter("eve", BTC=50, ETH=50)
    script.enter("fay", ETH=7, BTC=93)
    script.price(SOL=103.11)
    script.choose("eve", ETH=100)
    script.withdraw("fay")
    script.say("bob", "Hello, Ann.")
    script.trade_elsewhere("ETH", 3_017.3, "t1")
    script.boundary("start", by_admin=by_admin)
    script.say("cat", "Here we go.")
    script.price(SOL=107.77, BTC=49_876.1)
    script.choose("ann", ("BTC", "buy"), ("SOL", "sell"), BTC=100)
    script.choose("cat", ("BTC", "sell"), ("ETH", "buy"), ("SOL", "buy"), ETH=49, SOL=51)
    script.say("dan", "Bob, we hold the same.")
    script.price(ETH=2_999.9, BTC=50_511.3)
    script.disqualify("eve")
    script.choose("ann", ("BTC", "sell"), ("ETH", "buy"), ("SOL", "buy"), BTC=13, ETH=29, SOL=58)
    script.trade_elsewhere("SOL", 109.01, "t2")
    script.choose("cat", ("BTC", "buy"), ("ETH", "sell"), ("SOL", "sell"), BTC=77, ETH=11, SOL=12)
    script.say("ann", "Nearly over.")
    script.price(SOL=108.13, BTC=50_321.7, ETH=3_021.1)
    script.boundary("end", by_admin=by_admin)
    script.say("bob", "Well played.")
    script.price(SOL=1.5, BTC=1.5, ETH=1.5)
    script.say("ann", "Goodbye.")
    return script
