"""Whatever is renamed, put and restarted in whatever order: memory and store hold what a table by hand holds."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from duelcast.clock import ManualClock
from duelcast.domain.accounts.accounts import MemoryAccounts
from duelcast.errors import Conflict
from duelcast.store.database import Database, Transaction
from duelcast.store.tables import users as users_table
from tests.domain.users.registry import ADMIN, Registry
from tests.examples import examples
from tests.storing import opened_in_runner

WALLETS = ["w1", "w2", "w3"]
NICKNAMES = ["ann", "Ann", "ANN", "bob", "ｂob", "straße", "STRASSE", "ﬁn", "FIN"]
SAME = {
    "ann": "a",
    "Ann": "a",
    "ANN": "a",
    "bob": "b",
    "ｂob": "b",
    "straße": "s",
    "STRASSE": "s",
    "ﬁn": "f",
    "FIN": "f",
}
"""Which of them are the same, as a reader would say."""

renames = st.tuples(st.sampled_from(WALLETS), st.none() | st.sampled_from(NICKNAMES), st.booleans())
groups = st.lists(st.lists(renames, min_size=1, max_size=4), max_size=8)
"""What is in one list is asked for at once."""


async def _forget_users(transaction: Transaction) -> None:
    await transaction.execute(delete(users_table))


async def check(database: Database, asked: list[list[tuple[str, str | None, bool]]]) -> None:
    await database.write(_forget_users)
    users = Registry(database, ManualClock())
    table: dict[str, str | None] = {}
    for group in asked:
        attempts = [
            users.put(ADMIN, wallet, nickname=nickname)
            if by_admin and nickname is not None
            else users.users.rename(wallet, nickname)
            for wallet, nickname, by_admin in group
        ]
        outcomes = await asyncio.gather(*attempts, return_exceptions=True)
        for (wallet, nickname, _), outcome in zip(group, outcomes, strict=True):
            others = {SAME[held] for other, held in table.items() if other != wallet and held is not None}
            assert isinstance(outcome, Conflict) is (nickname is not None and SAME[nickname] in others)
            if not isinstance(outcome, Exception):
                table[wallet] = nickname
        await check_accounts(users.accounts, table)
    restarted = Registry(database, ManualClock())
    await restarted.load()
    await check_accounts(restarted.accounts, table)


async def check_accounts(accounts: MemoryAccounts, table: dict[str, str | None]) -> None:
    for wallet in WALLETS:
        account = await accounts.find(wallet)
        assert (None if account is None else account.nickname) == table.get(wallet)
    for nickname in NICKNAMES:
        owners = {wallet for wallet, held in table.items() if held is not None and SAME[held] == SAME[nickname]}
        for wallet in WALLETS:
            assert await accounts.may_claim(wallet, nickname) is (owners <= {wallet})


def test_a_nickname_belongs_to_one_whatever_happens(tmp_path: Path) -> None:
    with opened_in_runner(tmp_path / "users.db", ManualClock()) as (runner, database):

        @settings(max_examples=examples(60))
        @given(groups)
        def holds(asked: list[list[tuple[str, str | None, bool]]]) -> None:
            runner.run(check(database, asked))

        holds()
