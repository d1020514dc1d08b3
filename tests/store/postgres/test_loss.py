"""A PostgreSQL server that dies, hangs, or drops a connection at the worst moment: nothing is half done, each write is
known to be committed or refused within seconds, and it goes on by itself."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from duelcast.channels.publisher import Broadcast, Published
from duelcast.clock import SystemClock
from duelcast.domain.contests.events import CHAT, ChatMessageDeleted
from duelcast.errors import OutcomeUnknown, Unavailable
from duelcast.store.database import Database, Transaction
from duelcast.store.postgres import session
from duelcast.store.statements import allow_long_statements
from tests.databases import change_in
from tests.e2e.process import serving
from tests.postgres_server import PostgresServer
from tests.store.facts import figure, put, put_all, stored, until
from tests.store.postgres.place import Place, resumed
from tests.store.postgres.proxy import proxied

pytestmark = pytest.mark.postgres

A = CHAT.channel("1")


class Listener:
    """What was broadcast, in order."""

    def __init__(self, database: Database) -> None:
        self.told: list[int] = []
        database.log.bus = self

    def broadcast(self, _channel: object, seq: int, _body: bytes, _origin: object = None) -> None:
        self.told.append(seq)

    def replace(self, *_: object) -> None: ...


async def say(database: Database, name: str) -> str:
    """Store a fact and publish a message in one transaction."""

    async def work(transaction: Transaction) -> Published[str]:
        return Published(await put(name)(transaction), [Broadcast(A, ChatMessageDeleted(contestId=1, id=1))])

    return await database.publish(work)


END_SESSIONS = """
select pg_terminate_backend(pid) from pg_stat_activity
where datname = current_database() and application_name = 'duelcast'
"""


def end_sessions(place: Place) -> None:
    """End all connections of servers to the database."""
    place.query(END_SESSIONS)


async def refused(database: Database, name: str) -> None:
    with pytest.raises(Unavailable):
        await database.write(put(name))


# ── the server dies ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("end", ["kill", "stop"])
async def test_what_was_acknowledged_survives_the_server_and_it_goes_on_by_itself(
    place: Place, server: PostgresServer, end: str
) -> None:
    acknowledged: set[str] = set()
    async with place.opened() as database:

        async def write(name: str) -> None:
            await (database.write(put(name)) if name.endswith("5") else database.write_batched(put_all, name))
            acknowledged.add(name)

        writes = [asyncio.create_task(write(f"{number:04}")) for number in range(500)]
        await until(lambda: len(acknowledged) > 50)
        await asyncio.to_thread(getattr(server, end))
        outcomes = await asyncio.gather(*writes, return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} <= {type(None), Unavailable, OutcomeUnknown}
        with pytest.raises(Unavailable):
            await stored(database)
        await refused(database, "meanwhile")
        assert database.failure is not None
        await asyncio.to_thread(server.start)
        await resumed(database)
        await database.write(put("after"))
    found = Counter(place.names())
    assert acknowledged | {"after"} <= found.keys()
    assert set(found.values()) == {1}
    assert "meanwhile" not in found


async def test_a_server_that_dies_is_noticed_although_nobody_writes_and_shows_no_text_of_the_driver(
    place: Place, server: PostgresServer
) -> None:
    with capture_logs() as logs:
        async with place.opened() as database:
            await database.write(put("before"))
            await asyncio.to_thread(server.kill)
            await until(lambda: database.failure is not None)
            assert figure(database, "available") == 0
            await asyncio.to_thread(server.start)
            await resumed(database)
    events = [entry["event"] for entry in logs]
    assert events[0] == "store_unavailable"
    assert events[-1] == "store_available"
    reasons = {entry["reason"] for entry in logs if entry["event"] == "store_unavailable"}
    assert all(reason.startswith("The database server ") for reason in reasons)
    assert "asyncpg" not in repr(logs).replace("AsyncAdapt_asyncpg", "")
    assert str(server.port) not in repr(logs)


async def test_a_connection_that_the_server_has_closed_costs_nobody_a_refusal(place: Place) -> None:
    engine = place.backend().engine(writes=False)
    try:
        async with engine.connect() as connection:
            closed = (await connection.get_raw_connection()).driver_connection
        end_sessions(place)
        await until(lambda: bool(closed and closed.is_closed()))
        async with engine.connect() as connection:
            assert await connection.scalar(text("select 1")) == 1
    finally:
        await engine.dispose()


# ── the connection is lost ──────────────────────────────────────────────────────────────────────────────────────────


async def test_a_session_that_is_ended_within_a_transaction_leaves_nothing_of_it(place: Place) -> None:
    async with place.opened() as database:

        async def work(transaction: Transaction) -> None:
            await put("half")(transaction)
            end_sessions(place)
            await put("other half")(transaction)

        with pytest.raises(Unavailable):
            await database.write(work)
        await resumed(database)
        assert await database.write(put("next")) == "next"
    assert place.names() == ["next"]


async def test_a_transaction_that_pauses_for_too_long_is_ended(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "IDLE_TIMEOUT_MS", {True: 50, False: 50})
    async with place.opened() as database:

        async def work(transaction: Transaction) -> None:
            await put("a")(transaction)
            await asyncio.to_thread(time.sleep, 0.5)
            await put("b")(transaction)

        with pytest.raises(Unavailable):
            await database.write(work)
        await resumed(database)
    assert place.names() == []


async def test_a_commit_whose_reply_is_lost_is_acknowledged_nevertheless(place: Place, server: PostgresServer) -> None:
    async with proxied(server.port) as proxy:
        url = server.url(place.name, port=proxy.port)
        async with place.opened(url) as database:
            listener = Listener(database)
            await say(database, "first")
            proxy.loses_commit = True
            assert await say(database, "in doubt") == "in doubt"
            assert proxy.lost == 1
            assert figure(database, "unknown_commits_total") == 1
            assert listener.told == [1, 2]
            await say(database, "next")
            assert listener.told == [1, 2, 3]
    assert place.names() == ["first", "in doubt", "next"]
    assert place.query("select seq from channel_messages order by seq") == [(1,), (2,), (3,)]


async def test_a_commit_that_does_not_reach_the_server_is_refused(place: Place, server: PostgresServer) -> None:
    async with proxied(server.port) as proxy, place.opened(server.url(place.name, port=proxy.port)) as database:
        listener = Listener(database)
        await say(database, "first")
        proxy.drops_commit = True
        with pytest.raises(Unavailable, match="nothing was changed"):
            await say(database, "dropped")
        assert figure(database, "unknown_commits_total") == 1
        await say(database, "next")
        assert listener.told == [1, 2]
    assert place.names() == ["first", "next"]
    assert place.query("select seq from channel_messages order by seq") == [(1,), (2,)]


async def test_an_outcome_that_stays_unknown_is_called_so_and_settled_once_the_server_is_back(
    place: Place, server: PostgresServer
) -> None:
    told: list[str] = []
    async with proxied(server.port) as proxy:
        url = server.url(place.name, port=proxy.port)
        async with place.opened(url, outcome_wait_ms=0) as database:
            proxy.loses_commit = proxy.refuses = True
            with pytest.raises(OutcomeUnknown):
                await database.write(put("in doubt"), lambda _: told.append("committed"))
            assert told == []
            proxy.refuses = False
            await resumed(database)
            assert told == ["committed"]
    assert place.names() == ["in doubt"]


async def test_a_commit_that_the_server_answers_with_an_error_is_refused_without_looking(place: Place) -> None:
    place.query("create function refuse() returns trigger language plpgsql as 'begin raise ''no''; end'")
    place.query(
        "create constraint trigger refuse after insert on facts deferrable initially deferred"
        " for each row when (new.name = 'a') execute function refuse()"
    )
    async with place.opened() as database:
        with pytest.raises(Unavailable, match="nothing was changed"):
            await database.write(put("a"))
        assert figure(database, "unknown_commits_total") == 0
        await database.write(put("b"))
    assert place.names() == ["b"]


async def test_each_commit_is_counted(place: Place) -> None:
    async with place.opened() as database:
        ((before,),) = place.query("select number from store_commits")
        for name in "abc":
            await database.write(put(name))
        assert place.query("select number from store_commits") == [(before + 3,)]


async def test_another_session_that_locks_a_table_is_waited_for_and_then_named(place: Place) -> None:
    async with place.opened() as database:
        with place.databases.locked_tables(place.name):
            await refused(database, "a")
            assert database.failure == "Another session has locked a table of the database."
            assert await stored(database) == []
        await resumed(database)
        await database.write(put("b"))
    assert place.names() == ["b"]


# ── the server hangs ────────────────────────────────────────────────────────────────────────────────────────────────


async def test_waits_for_a_server_that_hangs_end(place: Place, server: PostgresServer) -> None:
    async with place.opened() as database:
        await database.write(put("before"))
        with server.suspended():
            writes = [asyncio.create_task(database.write(put(f"hang {number}"))) for number in range(5)]
            reads = [asyncio.create_task(stored(database)) for _ in range(8)]
            outcomes = await asyncio.wait_for(asyncio.gather(*writes, *reads, return_exceptions=True), 60)
            assert {type(outcome) for outcome in outcomes} == {Unavailable}
            assert database.failure is not None
        await resumed(database)
        await database.write(put("after"))
        assert {"before", "after"} <= set(await stored(database))


async def test_a_long_statement_has_more_time_if_it_asks_for_it(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "ANSWER_TIMEOUT_S", 0.2)

    async def slow(transaction: Transaction) -> None:
        await transaction.execute(text("select pg_sleep(0.5)"))

    async def patient(transaction: Transaction) -> None:
        await allow_long_statements(transaction)
        await slow(transaction)

    async with place.opened() as database:
        await database.write(patient)
        with pytest.raises(Unavailable):
            await database.write(slow)
        await resumed(database)
        with pytest.raises(Unavailable):
            await database.write(slow)  # for the next transaction, the limit is the usual one again


# ── somebody else takes the database ────────────────────────────────────────────────────────────────────────────────


async def test_a_server_whose_database_was_used_by_another_one_meanwhile_ends(place: Place) -> None:
    first = Database(place.backend(), SystemClock())
    first.log.bus = Listener(first)
    await first.open()
    running = asyncio.create_task(first.run())
    await first.write(put("first"))
    first_mark = next(place.data_dir.glob("*.epoch")).read_bytes()
    place.query("update epochs set starts = starts + 1")
    end_sessions(place)
    await asyncio.wait_for(running, 60)
    assert first.failure == "The database was changed or replaced meanwhile: the server has to be restarted."
    with pytest.raises(Unavailable):
        await first.write(put("late"))
    await first.close()
    assert place.names() == ["first"]
    assert next(place.data_dir.glob("*.epoch")).read_bytes() == first_mark, "it does not vouch for the other's numbers"


async def test_its_process_ends_so_that_a_supervisor_restarts_it(tmp_path: Path) -> None:
    path = tmp_path / "data" / "duelcast.db"
    async with serving(tmp_path, feed="none") as server:
        change_in(path, "update epochs set starts = starts + 1")
        change_in(path, END_SESSIONS)
        assert await server.ended() == 1
        reasons = [entry["reason"] for entry in server.log() if entry["event"] == "store_unavailable"]
    assert reasons[-1].endswith("the server has to be restarted.")
    async with serving(tmp_path, feed="none"):
        pass


async def test_while_another_server_holds_the_database_a_server_writes_nothing(place: Place) -> None:
    async with place.opened() as database:
        await database.write(put("before"))
        with place.databases.taken(place.name):
            await refused(database, "its connection is lost")
            await refused(database, "the lock is somebody else's")
            assert database.failure is not None
            assert "Another server uses the database" in database.failure
        await resumed(database)
        await database.write(put("after"))
    assert place.names() == ["after", "before"]
