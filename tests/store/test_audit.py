"""The acts that a filter finds are those that fit all of it."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from sqlalchemy import delete

from duelcast.store import audit as store
from duelcast.store.audit import AuditFilter, AuditRow
from duelcast.store.database import Database, Transaction
from duelcast.store.tables import audit
from tests.examples import examples
from tests.storing import opened_in_runner

words = st.sampled_from(["a", "b", "A"])
times = st.integers(0, 5)
acts = st.lists(
    st.builds(
        AuditRow,
        id=st.just(0),
        at_ms=times,
        wallet=words,
        role=st.integers(1, 3),
        action=words,
        target=words,
        outcome=st.sampled_from(["ok", "denied"]),
        details=st.dictionaries(words, st.none() | st.booleans() | st.text(max_size=3), max_size=2),
    ),
    max_size=12,
)
maybe_word, maybe_time = st.none() | words, st.none() | times
filters = st.builds(
    AuditFilter, wallet=maybe_word, action=maybe_word, target=maybe_word, from_ms=maybe_time, to_ms=maybe_time
)


def fits(act: AuditRow, wanted: AuditFilter) -> bool:
    named = all(getattr(wanted, name) in (None, getattr(act, name)) for name in ("wallet", "action", "target"))
    begun = wanted.from_ms is None or act.at_ms >= wanted.from_ms
    return named and begun and (wanted.to_ms is None or act.at_ms < wanted.to_ms)


async def check(database: Database, recorded: list[AuditRow], wanted: AuditFilter, limit: int) -> None:
    async def work(transaction: Transaction) -> None:
        await transaction.execute(delete(audit))
        for act in recorded:
            values = structs.asdict(act)
            del values["id"]
            await store.record(transaction, **values)

    await database.write(work)
    pages: list[AuditRow] = []
    async with database.read() as transaction:
        while page := await store.newest(transaction, wanted, limit=limit, before_id=pages[-1].id if pages else None):
            assert len(page) <= limit
            pages += page
    assert [structs.replace(act, id=0) for act in pages] == [act for act in reversed(recorded) if fits(act, wanted)]


def test_pages_of_a_filter_hold_what_fits_newest_first(tmp_path: Path) -> None:
    with opened_in_runner(tmp_path / "audit.db") as (runner, database):

        @settings(max_examples=examples(100))
        @given(acts, filters, st.integers(1, 5))
        def holds(recorded: list[AuditRow], wanted: AuditFilter, limit: int) -> None:
            runner.run(check(database, recorded, wanted, limit))

        holds()
