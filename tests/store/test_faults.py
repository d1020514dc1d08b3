"""A database that is locked, gone, full, or whose server is killed: nothing is half done, and it goes on by itself."""

from __future__ import annotations

import asyncio
import random
import resource
import sqlite3
from contextlib import closing
from itertools import groupby
from pathlib import Path
from typing import Any

import httpx
import pytest

from duelcast.channels.names import Role
from duelcast.clock import ManualClock, SystemClock
from duelcast.domain.accounts.tokens import TokenIssuer
from duelcast.errors import Unavailable
from duelcast.store.availability import PROBE_INTERVAL_S
from duelcast.store.database import Database
from duelcast.store.write_queue import RETRY_MS
from tests.e2e.process import Server, serving
from tests.serving import SECRET
from tests.store.facts import figure, put, put_all, read_names, stored, until
from tests.store.ledger import entries, keeping, once
from tests.storing import BUSY_TIMEOUT_MS, GONE, locked, moved_away, opened


async def refused(database: Database, *names: str) -> None:
    """Ask for writes of all kinds; each must be refused, and nobody told of it as committed."""
    told: list[str] = []
    outcomes: list[Any] = await asyncio.gather(
        *(database.write(put(name), told.append) for name in names),
        *(database.write_batched(put_all, f"{name} of many", told.append) for name in names),
        return_exceptions=True,
    )
    assert {type(outcome) for outcome in outcomes} == {Unavailable}
    assert {outcome.retry_after_ms for outcome in outcomes} == {RETRY_MS}
    assert told == []


async def resumed(database: Database, clock: ManualClock) -> None:
    """Nobody asks for anything, and it works again."""
    await clock.advance(PROBE_INTERVAL_S)
    await until(lambda: database.failure is None)
    assert figure(database, "available") == 1


# ── locked ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_while_another_process_holds_the_write_lock_writes_are_refused_and_reads_go_on(tmp_path: Path) -> None:
    path, clock = tmp_path / "test.db", ManualClock()
    async with opened(path, clock) as database:
        await database.write(put("before"))
        async with locked(path):
            asked = asyncio.create_task(refused(database, "a", "b"))
            await until(lambda: figure(database, "waiting_writes") == 4)
            await clock.advance(BUSY_TIMEOUT_MS / 1000)
            await asked
            assert database.failure == "Another process holds the database."
            assert figure(database, "available") == 0
            assert figure(database, "refused_writes_total") == 4
            assert await stored(database) == ["before"]
            await clock.advance(PROBE_INTERVAL_S)
            await until(lambda: figure(database, "waiting_writes") == 1)
            await clock.advance(BUSY_TIMEOUT_MS / 1000)
            await until(lambda: figure(database, "refused_writes_total") == 5)
            assert database.failure is not None, "the probe was refused too"
        await resumed(database, clock)
        await database.write(put("after"))
    assert read_names(path) == ["after", "before"]


async def test_a_lock_that_is_given_back_in_time_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "test.db"
    async with opened(path) as database:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        writing = asyncio.create_task(database.write(put("a")))
        await until(lambda: figure(database, "waiting_writes") == 1)
        other.close()
        assert await writing == "a"
        assert figure(database, "refused_writes_total") == 0


# ── gone ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_while_the_database_is_away_writes_are_refused_and_nothing_is_lost(tmp_path: Path) -> None:
    path, clock = tmp_path / "test.db", ManualClock()
    async with opened(path, clock) as database:
        await database.write(put("before"))
        with moved_away(path):
            await refused(database, "a", "b")
            assert database.failure in GONE
            assert not path.exists(), "no new one came into being"
        await resumed(database, clock)
        await database.write(put("after"))
    assert read_names(path) == ["after", "before"]


async def test_a_database_that_goes_during_a_transaction_takes_nothing_of_it(tmp_path: Path) -> None:
    path, clock = tmp_path / "test.db", ManualClock()
    async with opened(path, clock) as database:
        wrote, may_end = asyncio.Event(), asyncio.Event()

        async def work(transaction: Any) -> None:
            await put("a")(transaction)
            wrote.set()
            await may_end.wait()

        writing = asyncio.create_task(database.write(work))
        await wrote.wait()
        with moved_away(path):
            may_end.set()
            with pytest.raises(Unavailable):
                await writing
        await resumed(database, clock)
        assert await stored(database) == []
        await database.write(put("a"))
    assert read_names(path) == ["a"]


async def test_the_folder_may_go_and_come_back_too(tmp_path: Path) -> None:
    folder, clock = tmp_path / "data", ManualClock()
    path = folder / "test.db"
    async with opened(path, clock) as database:
        await database.write(put("before"))
        with moved_away(folder):
            await refused(database, "a")
            assert not folder.exists()
        await resumed(database, clock)
        await database.write(put("after"))
    assert read_names(path) == ["after", "before"]


async def test_another_file_in_its_place_is_not_taken_for_it(tmp_path: Path) -> None:
    path, clock = tmp_path / "test.db", ManualClock()
    async with opened(path, clock) as database:
        await database.write(put("before"))
        with moved_away(path):
            path.write_bytes(b"")
            await refused(database, "a")
            with pytest.raises(Unavailable):
                await stored(database)
            assert path.read_bytes() == b""
        await resumed(database, clock)
        assert await stored(database) == ["before"]


async def test_a_database_that_goes_is_noticed_although_nobody_writes(tmp_path: Path) -> None:
    path, clock = tmp_path / "test.db", ManualClock()
    async with opened(path, clock) as database:
        await clock.advance(PROBE_INTERVAL_S)
        assert figure(database, "available") == 1
        with moved_away(path):
            async with asyncio.timeout(60):
                while database.failure is None:
                    await clock.advance(PROBE_INTERVAL_S)
            assert database.failure in GONE
        await resumed(database, clock)


async def test_readiness_tells_of_a_missing_store_and_of_its_return(tmp_path: Path) -> None:
    async with serving(tmp_path, feed="none") as server, httpx.AsyncClient(trust_env=False) as http:
        with moved_away(tmp_path / "data" / "duelcast.db"):
            state = await readiness(http, server.url, 503)
            assert state["status"] == "unavailable"
            # The first check of the settings may come at the same time.
            assert [reason["part"] for reason in state["reasons"]] in (["store"], ["store", "settings"])
            assert (await http.get(f"{server.url}/healthz")).status_code == 200
        state = await readiness(http, server.url, 200)
        # Whatever else depends on it is looked at anew within a second.
        async with asyncio.timeout(60):
            while state["status"] != "ready":
                state = await readiness(http, server.url, 200)
        assert state["reasons"] == []
        told = [entry["event"] for entry in server.log() if entry["event"].startswith("store")]
        # Several reasons may follow one another.
        assert [event for event, _ in groupby(told)] == ["store_unavailable", "store_available"]


async def readiness(http: httpx.AsyncClient, url: str, status: int) -> dict[str, Any]:
    """The body of `/readyz` once it answers with `status`."""
    async with asyncio.timeout(60):
        while (answer := await http.get(f"{url}/readyz")).status_code != status:  # noqa: ASYNC110 - no event reaches from there
            await asyncio.sleep(0.05)
    body: dict[str, Any] = answer.json()
    return body


# ── full ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_disk_that_is_full_refuses_and_once_there_is_room_again_it_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "data" / "duelcast.db"
    log_file = path.with_name("duelcast.db-wal")
    token = TokenIssuer(SystemClock(), SECRET).issue("platform", Role.ADMIN)
    symbols = (f"T{number}" for number in range(200))
    accepted: set[str] = set()

    async def post(symbol: str) -> httpx.Response:
        answer = await http.post("/api/v69/tokens/prices", json=[{"symbol": symbol, "price": 1}])
        if answer.status_code == 200:
            accepted.add(symbol)
        return answer

    async with (
        serving(tmp_path, feed="none", jwt_secret=SECRET, rate_limit_factor=0) as server,
        httpx.AsyncClient(base_url=server.url, headers={"Authorization": f"Bearer {token}"}, trust_env=False) as http,
    ):
        assert (await post(next(symbols))).status_code == 200
        limit_file_size(server, log_file.stat().st_size + 100_000)
        while (answer := await post(next(symbols))).status_code == 200:
            pass
        assert (answer.status_code, answer.json()["code"]) == (503, "UNAVAILABLE")
        assert int(answer.headers["Retry-After"]) >= 1
        limit_file_size(server, log_file.stat().st_size)
        assert [(await post(next(symbols))).status_code for _ in range(3)] == [503] * 3
        state = await readiness(http, server.url, 503)
        assert [reason["part"] for reason in state["reasons"]] == ["store"]
        tokens = (await http.get("/api/v69/tokens")).json()["data"]
        assert {token["symbol"] for token in tokens} == accepted, "what was refused is not shown either"
        limit_file_size(server, resource.RLIM_INFINITY)
        await readiness(http, server.url, 200)
        assert (await post(next(symbols))).status_code == 200
        assert server.process.returncode is None, "SIGXFSZ did not end it"
    assert symbols_in(path, "tokens") == symbols_in(path, "minute_prices") == sorted(accepted)


def limit_file_size(server: Server, size: int) -> None:
    """Let the process write no file beyond `size` bytes: what a full disk does to it, but for the error's number."""
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def symbols_in(path: Path, table: str) -> list[str]:
    """The symbols of all rows of a table, as another program finds them."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return sorted(symbol for (symbol,) in connection.execute(f"select symbol from {table}"))


# ── killed ──────────────────────────────────────────────────────────────────────────────────────────────────────────


ROUNDS_UNDER_WAY = 6
"""So far the writes are ahead of the acknowledgements that were read."""
LAST_BURST = 300
"""Writes that are asked for at the moment of the kill."""


@pytest.mark.crash
async def test_what_was_acknowledged_is_there_once_however_often_the_server_is_killed(tmp_path: Path) -> None:
    path, chance = tmp_path / "test.db", random.Random(1)
    acknowledged: set[str] = set()
    sent: set[str] = set()
    for run in range(10):
        async with keeping(path) as ledger:
            for number in range(chance.randrange(10, 60)):
                names = names_of(run, number, 6)
                sent.update(names)
                ledger.send(*names)
                if number >= ROUNDS_UNDER_WAY:
                    for _ in names:
                        await ledger.acknowledgement()
            burst = names_of(run, "last", LAST_BURST)
            sent.update(burst)
            ledger.send(*burst)
            ledger.process.kill()
            while await ledger.acknowledgement():
                pass
        acknowledged |= ledger.acknowledged
        found = entries(path)
        names_found = {name for name, _ in found}
        assert found == once(names_found), "each is whole, and there once"
        assert acknowledged <= names_found <= sent
    assert len(acknowledged) < len(sent), "some were under way when it was killed"


def names_of(run: int, round_: int | str, count: int) -> list[str]:
    """Names that nobody else has; every other is written singly (`s`), the rest in batches (`m`)."""
    return [f"{run}-{round_}-{number}{'sm'[number % 2]}" for number in range(count)]
