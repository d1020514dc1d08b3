"""`duelcast copy-database` as an operator sees it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

import duelcast.cli.copy_database as command
from duelcast.store.tables import metadata
from tests.cli.running import Finished, run
from tests.environment import clean_environment as clean_environment
from tests.store.postgres.place import Place
from tests.store.postgres.spots import Ends, PostgresSpot, SqliteSpot, epoch_of_start, fill, is_unused

pytestmark = pytest.mark.postgres

PASSWORD = "hunter2"
Command = Callable[..., Finished]


@pytest.fixture
def duelcast(
    clean_environment: None, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Command]:
    monkeypatch.setenv("DUELCAST_DATA_DIR", str(tmp_path / "data"))
    printed: list[Finished] = []

    def copy(*arguments: str) -> Finished:
        printed.append(run(capsys, monkeypatch, "copy-database", *arguments))
        return printed[-1]

    yield copy
    assert PASSWORD not in repr(printed)


def url_of(place: Place) -> str:
    return place.url.replace("postgres@", f"postgres:{PASSWORD}@")


def name_of(place: Place) -> str:
    return place.url.replace("postgres@", "")


def test_progress_goes_to_stderr_and_a_summary_to_stdout(duelcast: Command, file: SqliteSpot, empty: Place) -> None:
    epoch = asyncio.run(fill(file))
    done = duelcast(file.address, url_of(empty))
    assert done.code == 0
    rows = {name: len(rows) for name, rows in file.rows().items() if name != "alembic_version"}
    tables = [table.name for table in metadata.sorted_tables if table.name != "leaders"]
    assert done.err.splitlines() == [f"{name}: {rows[name]} rows" for name in tables]
    assert done.out.splitlines() == [
        f"{name_of(empty)}: {sum(rows.values())} rows in {len(tables)} tables, copied from {file.path}.",
        f"Clients resume where they left off. A server that is started on {file.path} gets a new epoch.",
    ]
    assert asyncio.run(epoch_of_start(PostgresSpot(empty))) == epoch


def test_an_sqlite_file_can_be_named_by_its_path(
    duelcast: Command, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(fill(PostgresSpot(place)))
    monkeypatch.chdir(tmp_path)
    assert duelcast(url_of(place), "back/duelcast.db").code == 0
    assert SqliteSpot(tmp_path / "back" / "duelcast.db").rows() == PostgresSpot(place).rows()


def test_a_database_that_no_server_used_gives_its_copy_a_new_epoch(
    duelcast: Command, place: Place, file: SqliteSpot
) -> None:
    done = duelcast(url_of(place), file.address)
    assert done.code == 0
    assert "The copy has a new epoch" in done.out


def test_a_refusal_is_a_sentence_with_exit_code_2(duelcast: Command, file: SqliteSpot, place: Place) -> None:
    asyncio.run(fill(file))
    asyncio.run(fill(PostgresSpot(place)))
    refused = duelcast(file.address, url_of(place))
    expected = f"duelcast: The database {name_of(place)} is not empty: name another one, or empty it first.\n"
    assert refused == Finished(2, "", expected)


@pytest.mark.parametrize("address", ["postgresql://db", "mysql://db/duelcast", "sqlite:///", "file:duelcast.db"])
def test_an_address_that_is_none_is_refused(duelcast: Command, file: SqliteSpot, empty: Place, address: str) -> None:
    for arguments in ((address, url_of(empty)), (file.address, address)):
        refused = duelcast(*arguments)
        assert (refused.code, refused.out) == (2, "")
        assert refused.err.startswith("duelcast: The address of ")


@pytest.fixture
def interruptible() -> Iterator[None]:
    """SIGINT as at a terminal: shells let it be ignored by processes that they start in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=["SIGTERM", "SIGINT"])
def test_a_copy_that_is_stopped_leaves_the_target_unused(
    duelcast: Command, ends: Ends, number: signal.Signals, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(fill(ends.source))
    before = ends.source.rows()

    def stop(_reports: object, table: str, _rows: int, *, is_complete: bool) -> None:
        if table == "users" and is_complete:
            os.kill(os.getpid(), number)

    monkeypatch.setattr(command._Reports, "__call__", stop)
    assert duelcast(ends.source.address, ends.target.address) == Finished(code, "", "")
    assert is_unused(ends.target)
    assert ends.source.rows() == before
    folder = ends.target.data_dir
    assert not list(folder.glob(".*")) if folder.exists() else True
    monkeypatch.undo()


def test_progress_within_a_table_is_reported_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    now_s = iter([0.0, 4.9, 5.0, 9.9, 10.0, 10.0])
    reports = command._Reports(partial(next, now_s))
    for rows in (1_000, 2_000, 3_000, 4_000):
        reports("audit", rows, is_complete=False)
    reports("audit", 4_000, is_complete=True)
    assert capsys.readouterr().err.splitlines() == [
        "audit: 2,000 rows so far",
        "audit: 4,000 rows so far",
        "audit: 4,000 rows",
    ]
