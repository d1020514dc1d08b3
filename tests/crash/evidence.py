"""What the database file holds, as another program finds it while no server has it open."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from tests.crash.script import STARTING_BALANCE, Portfolio, Rows

MUST_GIVE_NOTHING = {
    "an entry without its whole portfolio": """
        select wallet, sum(weight) from contest_entries left join holdings on entry_id = contest_entries.id
        group by contest_entries.id having coalesce(sum(weight), 0) != 100""",
    "a quantity before the start, or none behind it": """
        select wallet, symbol, quantity from holdings join contest_entries on entry_id = contest_entries.id
        join contests on contest_id = contests.id where (started_ms is null) != (quantity is null)""",
    "a start without its event, its prices and its status": """
        select id, status from contests where status = 'pending' and (
            started_ms is not null
            or exists (select 1 from domain_events where contest_id = contests.id and kind = 'contest_started')
            or exists (select 1 from contest_prices where contest_id = contests.id and boundary = 'start'))
        union all select id, status from contests where status != 'pending' and (
            started_ms is null
            or (select count(*) from domain_events where contest_id = contests.id and kind = 'contest_started') != 1
            or not exists (select 1 from contest_prices where contest_id = contests.id and boundary = 'start'))""",
    "an end without its prices": """
        select id from contests where (ended_ms is not null)
        != exists (select 1 from contest_prices where contest_id = contests.id and boundary = 'end')""",
    "a completion without its event": """
        select id from contests where (status = 'completed')
        != (select count(*) from domain_events where contest_id = contests.id and kind = 'contest_completed')""",
    "a completion without a rank, or a rank without it": """
        select wallet from contest_entries join contests on contest_id = contests.id
        where (status = 'completed' and not disqualified) != (final_rank is not null)
        or (final_rank is null) != (final_value is null)""",
    "a prize without its event": """
        select wallet, prize from contest_entries as own where (prize is not null) != (
            select count(*) from domain_events
            where kind = 'prize_won' and contest_id = own.contest_id and wallet = own.wallet)""",
}

EVERYTHING = (
    "select id, status, prize_pool from contests order by id",
    "select wallet, nickname, role from users order by wallet",
    "select wallet, disqualified, final_value, final_rank, prize from contest_entries order by id",
    """select wallet, symbol, weight, quantity from holdings join contest_entries on entry_id = contest_entries.id
    order by wallet, symbol""",
    "select wallet, symbol, side, quantity, price from contest_trades order by id",
    "select boundary, symbol, price from contest_prices order by boundary, symbol",
    "select wallet, text, message_id from chat_messages order by id",
    "select symbol, trade_id, price, quantity, side from posted_trades order by id",
    "select kind, wallet from domain_events order by id",
    "select key from idempotent_requests order by key",
)
"""All that must not depend on disturbances: neither times, nor the ids of what was tried again."""


class Evidence:
    """An open database file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self, query: str) -> Rows:
        return self._connection.execute(query).fetchall()

    def everything(self) -> dict[str, Rows]:
        """All rows that a second run of the same script must give again, bit for bit."""
        return {query: self.rows(query) for query in EVERYTHING}

    def assert_nothing_is_half_there(self) -> None:
        for what, query in MUST_GIVE_NOTHING.items():
            assert self.rows(query) == [], what

    def assert_trades_explain_holdings(self, at_start: Mapping[str, Portfolio]) -> None:
        """Of a contest that has begun: what `at_start` bought at the prices of the start, and trades, lead to what is
        held."""
        prices: dict[str, float] = dict(self.rows("select symbol, price from contest_prices where boundary = 'start'"))
        if not prices:
            return
        explained = {
            (wallet, symbol): STARTING_BALANCE * weight / 100 / prices[symbol]
            for wallet, portfolio in at_start.items()
            for symbol, weight in portfolio.items()
        }
        for wallet, symbol, side, quantity in self.rows("select wallet, symbol, side, quantity from contest_trades"):
            change = quantity if side == "buy" else -quantity
            explained[wallet, symbol] = explained.get((wallet, symbol), 0.0) + change
        held = {
            (wallet, symbol): quantity
            for wallet, symbol, quantity in self.rows(
                "select wallet, symbol, quantity from holdings join contest_entries on entry_id = contest_entries.id"
            )
        }
        for key in explained.keys() | held.keys():
            assert math.isclose(explained.get(key, 0.0), held.get(key, 0.0), rel_tol=1e-9, abs_tol=1e-9), key


@contextmanager
def evidence(folder: Path) -> Iterator[Evidence]:
    """The database of a server whose data is in `folder`; it is opened for reading alone."""
    path = folder / "data" / "duelcast.db"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        yield Evidence(connection)
