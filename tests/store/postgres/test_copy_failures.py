"""Copies that end in the middle: the target stays unused, the source keeps its epoch, and the copy can be repeated."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from signal import SIGKILL

import pytest

from duelcast.settings import ConfigurationError
from duelcast.store.copying import copy_database
from tests.postgres_server import PostgresServer
from tests.store.copies import full_disk, names_in
from tests.store.facts import until
from tests.store.postgres.place import Place
from tests.store.postgres.proxy import proxied
from tests.store.postgres.spots import (
    Ends,
    PostgresSpot,
    SqliteSpot,
    copied,
    epoch_of_start,
    fill,
    is_unused,
)

pytestmark = pytest.mark.postgres

MIDDLE = "contest_entries"
KILLED = f"""
import asyncio, os, sys
from pathlib import Path
from duelcast.settings import Settings
from duelcast.store.choosing import backend_at
from duelcast.store.copying import copy_database

def die(table, rows, *, is_complete):
    if table == "{MIDDLE}":
        os.kill(os.getpid(), {SIGKILL})

source, target, folder = sys.argv[1:]
settings = Settings(data_dir=Path(folder))
asyncio.run(copy_database(backend_at(source, settings), backend_at(target, settings), die))
"""


class Progress:
    """Calls `act` once, in the middle of the copy of a table."""

    def __init__(self, act: Callable[[], object], table: str = MIDDLE) -> None:
        self._act = act
        self._table = table

    def __call__(self, table: str, rows: int, *, is_complete: bool) -> None:
        if table == self._table and not is_complete:
            self._act()


async def test_a_copy_that_is_killed_leaves_the_target_unused(ends: Ends) -> None:
    epoch = await fill(ends.source)
    before = ends.source.rows()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", KILLED, ends.source.address, ends.target.address, str(ends.source.data_dir)
    )
    assert await process.wait() == -SIGKILL
    place = next(end.place for end in ends if isinstance(end, PostgresSpot))
    sessions = "select 1 from pg_stat_activity where datname = $1 and application_name = 'duelcast'"
    await until(lambda: not place.query(sessions, place.name))
    assert is_unused(ends.target)
    assert ends.source.rows() == before
    await copied(ends)
    assert ends.target.rows() == before
    assert await epoch_of_start(ends.target) == epoch


async def test_a_copy_that_fails_leaves_nothing_and_the_source_its_epoch(ends: Ends) -> None:
    epoch = await fill(ends.source)

    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await copied(ends, Progress(fail))
    assert is_unused(ends.target)
    if isinstance(ends.target, SqliteSpot):
        assert names_in(ends.target.path.parent) - names_in(ends.source.data_dir) <= {"duelcast.db.lock"}
    assert await epoch_of_start(ends.source) == epoch


async def test_a_copy_that_is_cancelled_leaves_the_target_unused(ends: Ends) -> None:
    await fill(ends.source)
    copying = asyncio.create_task(copied(ends, Progress(lambda: copying.cancel())))
    with pytest.raises(asyncio.CancelledError):
        await copying
    assert is_unused(ends.target)
    await copied(ends)


async def test_a_postgresql_server_that_ends_the_session(ends: Ends) -> None:
    epoch = await fill(ends.source)
    place = next(end.place for end in ends if isinstance(end, PostgresSpot))

    def end_sessions() -> None:
        place.databases.query(
            "postgres", "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", place.name
        )

    with pytest.raises(ConfigurationError, match=f"The copy failed at the database postgresql://.*/{place.name}. The"):
        await copied(ends, Progress(end_sessions))
    assert is_unused(ends.target)
    assert await epoch_of_start(ends.source) == epoch


async def test_a_disk_that_is_full(place: Place, file: SqliteSpot) -> None:
    epoch = await fill(PostgresSpot(place))
    with full_disk(), pytest.raises(ConfigurationError, match="is the disk full"):
        await copied(Ends(PostgresSpot(place), file))
    assert not file.path.exists()
    assert await epoch_of_start(PostgresSpot(place)) == epoch


@pytest.mark.parametrize("is_lost", [False, True], ids=["commit lost", "reply lost"])
async def test_a_commit_without_a_reply_says_how_to_find_out(
    file: SqliteSpot, empty: Place, server: PostgresServer, is_lost: bool
) -> None:
    epoch = await fill(file)
    before = file.rows()
    await empty.backend().migrate()
    async with proxied(server.port) as proxy:

        def lose() -> None:
            proxy.loses_commit, proxy.drops_commit = is_lost, not is_lost

        target = empty.backend(server.url(empty.name, port=proxy.port))
        with pytest.raises(ConfigurationError, match="if the database is not empty then, the copy is complete"):
            await copy_database(file.backend(), target, Progress(lose, "users"))
    ends = Ends(file, PostgresSpot(empty))
    if is_lost:
        assert ends.target.rows() == before
        assert await epoch_of_start(ends.target) == epoch
    else:
        assert is_unused(ends.target)
        await copied(ends)
        assert await epoch_of_start(ends.target) != epoch, "the source had given it away"
    assert await epoch_of_start(file) != epoch


async def test_progress_is_reported_for_each_table(ends: Ends) -> None:
    await fill(ends.source)
    reported: dict[str, int] = {}

    def report(table: str, rows: int, *, is_complete: bool) -> None:
        if is_complete:
            reported[table] = rows

    await copied(ends, report)
    expected = {name: len(rows) for name, rows in ends.source.rows().items() if name != "alembic_version"}
    assert reported == expected
