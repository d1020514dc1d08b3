"""A database that is locked, full or gone while people chat and enter: they are told, nothing is half done, and the
service goes on by itself."""

from __future__ import annotations

import asyncio
import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.crash.evidence import evidence
from tests.crash.opening import open_contest
from tests.crash.people import STORED, UNAVAILABLE, gathered
from tests.e2e.process import Server, serving
from tests.serving import SECRET
from tests.storing import BUSY_TIMEOUT_MS, moved_away

pytestmark = pytest.mark.crash

WRITERS = ("ann", "bob", "cat")
Fault = Callable[[Server, Path], AbstractContextManager[None]]


@contextmanager
def locked(_server: Server, database: Path) -> Iterator[None]:
    """This process, which is not the server's, holds the write lock."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield


@contextmanager
def gone(_server: Server, database: Path) -> Iterator[None]:
    """The file is somewhere else."""
    with moved_away(database):
        yield


@contextmanager
def full(server: Server, database: Path) -> Iterator[None]:
    """The server may write no file beyond the size that its write-ahead log has: what a full disk does to it."""
    size = database.with_name(f"{database.name}-wal").stat().st_size
    assert (database.parents[1] / "server.log").stat().st_size < size / 2, "it can still log"
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


@pytest.mark.parametrize("fault", [locked, gone, full])
async def test_people_are_told_nothing_is_half_done_and_it_goes_on_by_itself(fault: Fault, tmp_path: Path) -> None:
    async with (
        serving(
            tmp_path, feed="none", jwt_secret=SECRET, rate_limit_factor=0, database_busy_timeout_ms=BUSY_TIMEOUT_MS
        ) as server,
        httpx.AsyncClient(base_url=server.url, trust_env=False) as http,
    ):
        await open_contest(http)
        async with gathered(server, WRITERS) as company:
            assert await company.next_outcomes(5) == {STORED}
            with fault(server, tmp_path / "data" / "duelcast.db"):
                state = await readiness(http, 503)
                assert [reason["part"] for reason in state["reasons"]] == ["store"]
                assert await company.next_outcomes(3) == {UNAVAILABLE}
                assert (await readiness(http, 503))["status"] == "unavailable"
            assert await readiness(http, 200) == {"status": "ready", "reasons": []}
            assert await company.next_outcomes(5) == {STORED}
        assert server.process.returncode is None
        events = [entry["event"] for entry in server.log() if entry["event"].startswith("store")]
        assert events == ["store_unavailable", "store_available"]
    with evidence(tmp_path) as file:
        file.assert_nothing_is_half_there()
        texts = [text for (text,) in file.rows("select text from chat_messages order by id")]
        entered = [wallet for (wallet,) in file.rows("select wallet from contest_entries order by id")]
    assert company.heard == list(enumerate(texts, 1)), "the room heard what is stored, in its order"
    assert sorted(texts) == company.written()
    assert entered == company.entrant.named(STORED)


async def readiness(http: httpx.AsyncClient, status: int) -> dict[str, Any]:
    """The body of `/readyz` once it answers with `status`."""
    async with asyncio.timeout(60):
        while (answer := await http.get("/readyz")).status_code != status:  # noqa: ASYNC110 - no event reaches from there
            await asyncio.sleep(0.05)
    body: dict[str, Any] = answer.json()
    return body
